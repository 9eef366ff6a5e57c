"""How fast this machine trains, measured: the notes' own loop beside `cnnlib.train.fit`, and times to an accuracy."""

from cnnlib.bench.measuring import plain_seconds, speed
from cnnlib.bench.plain import PlainPictures, plain_fit
from cnnlib.bench.report import bench, line, read, time_row
from cnnlib.bench.rows import SPEEDS, TIMES, Speed, Time, chosen

__all__ = [
    "SPEEDS",
    "TIMES",
    "PlainPictures",
    "Speed",
    "Time",
    "bench",
    "chosen",
    "line",
    "plain_fit",
    "plain_seconds",
    "read",
    "speed",
    "time_row",
]
