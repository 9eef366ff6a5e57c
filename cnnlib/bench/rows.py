"""What is measured: the same work done the notes' way and this book's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cnnlib.errors import unknown


@dataclass(frozen=True)
class Speed:
    """Pictures a second of one network, by one recipe but for the engine.

    Attributes
    ----------
    experiment, variant : str
        Whose network, data and recipe (`cnnlib.experiments`).
    steps : int
        How many batches are timed at once.
    wanted : float
        How many times as fast as the other loop this book means to be.
    title : str
        What to call it in a table.
    workers : int
        Processes that prepare pictures for the other loop.
    other_workers : int, optional
        Told beside it: the same loop with so many.
    """

    experiment: str
    variant: str
    steps: int
    wanted: float
    title: str = ""
    workers: int = 0
    other_workers: int | None = None


@dataclass(frozen=True)
class Time:
    """Seconds of training to an accuracy.

    Attributes
    ----------
    ours : str
        The variant of the experiment ``fast`` that reaches it.
    accuracy : float
        Test accuracy to reach, in percent; the mean over the seeds counts.
    title : str
        What to call it in a table.
    experiment, variant : str
        The notes' own way there; empty where the notes have none.
    epochs : int
        The most that the notes' way is given; the first in which its mean accuracy reaches the aim counts, or else all.
    seeds : int
        The most runs of the notes' way: one can take long.
    wanted : float, optional
        How many times as fast as the notes' way this book means to be.
    within : mapping of str to float
        Seconds that it means to stay below, by kind of device.
    """

    ours: str
    accuracy: float
    title: str = ""
    experiment: str = ""
    variant: str = ""
    epochs: int = 0
    seeds: int = 5
    wanted: float | None = None
    within: Mapping[str, float] | None = None


# Exercises 0502 and 0503 print num_workers=2. On two cores these hinder the training, so the loop is judged without.
SPEEDS = {
    "lenet": Speed("note001", "as-written", 110, 4.0, "LeNet of note 001, batch 256"),
    "lenet-cifar": Speed("0502", "lenet", 300, 4.0, "LeNet of 0502, batch 64", other_workers=2),
    "vgg": Speed("0503", "vgg-fp32", 30, 3.5, "VGG of 0503, batch 128", other_workers=2),
    # no experiment of this book's: the network and the loop are d2l's, with the four workers that its data sets have
    "d2l": Speed("", "", 220, 8.0, "LeNet of d2l with its Trainer, batch 128", workers=4, other_workers=0),
}
TIMES = {
    "note001": Time("note001", 77.9, "LeNet of note 001", "note001", "as-written", 20, wanted=30),
    "0501": Time("0501", 96.15, "convolutional net of 0501", "0501", "cnn", 5, wanted=10),  # its one epoch gives less
    "0502": Time("0502", 63.0, "LeNet of 0502", "0502", "lenet", 10, wanted=15),
    "0503": Time("0503", 82.57, "0503's accuracy, any network", "0503", "vgg-fp32", 10, seeds=1, wanted=50),
    "best": Time("best", 91.0, "the best in ten minutes", within={"cpu": 600, "cuda": 4}),
}


def chosen(names: list[str] | None) -> list[str]:
    """Return these rows' names, or all.

    Raises
    ------
    BadInput
        If there is no such row.

    Examples
    --------
    >>> chosen(None)
    ['lenet', 'lenet-cifar', 'vgg', 'd2l', 'note001', '0501', '0502', '0503', 'best']
    """
    known = [*SPEEDS, *TIMES]
    for name in names or []:
        if name not in known:
            raise unknown("row", name, known)
    return names or known
