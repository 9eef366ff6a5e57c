"""Train a network and measure it: what to do (`Recipe`), doing it (`fit`), how it went (`History`, `evaluate`)."""

from cnnlib.train.augmentation import augment
from cnnlib.train.batches import Batches
from cnnlib.train.checkpoints import fingerprint, load, save
from cnnlib.train.evaluation import Score, evaluate, predict
from cnnlib.train.history import History
from cnnlib.train.judging import Mistake, confident_mistakes, confusion_matrix
from cnnlib.train.lookahead import Lookahead
from cnnlib.train.loop import fit
from cnnlib.train.preparation import Preparation
from cnnlib.train.recipe import Recipe
from cnnlib.train.watch import Watch
from cnnlib.train.whitening import whiten

__all__ = [
    "Batches",
    "History",
    "Lookahead",
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
    "whiten",
]
