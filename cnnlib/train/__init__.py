"""Train a network and measure it: what to do (`Recipe`), doing it (`fit`), how it went (`History`, `evaluate`)."""

from cnnlib.train.augmentation import augment
from cnnlib.train.checkpoints import fingerprint, load, save
from cnnlib.train.history import History
from cnnlib.train.judging import Mistake, confident_mistakes, confusion_matrix
from cnnlib.train.loop import Score, evaluate, fit, predict
from cnnlib.train.preparation import Preparation
from cnnlib.train.recipe import Recipe
from cnnlib.train.watch import Watch

__all__ = [
    "History",
    "Mistake",
    "Preparation",
    "Recipe",
    "Score",
    "Watch",
    "augment",
    "confident_mistakes",
    "confusion_matrix",
    "evaluate",
    "fingerprint",
    "fit",
    "load",
    "predict",
    "save",
]
