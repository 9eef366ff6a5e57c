"""How fast this machine trains, measured: the notes' own loop beside `cnnlib.train.fit`, and times to an accuracy."""

from cnnlib.bench.plain import PlainPictures, plain_fit

__all__ = ["PlainPictures", "plain_fit"]
