"""What is measured: the same work done the notes' way and this book's."""

from __future__ import annotations

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
        How many batches are timed.
    wanted : float
        How many times as fast as the notes' loop this book means to be.
    """

    experiment: str
    variant: str
    steps: int
    wanted: float


@dataclass(frozen=True)
class Time:
    """Seconds to an accuracy that the notes report.

    Attributes
    ----------
    experiment, variant : str
        The notes' own experiment.
    ours : str
        The variant of the experiment ``fast`` that reaches it sooner.
    accuracy : float
        Test accuracy to reach, in percent; the mean over the seeds counts.
    epochs : int
        How many the notes' recipe takes to get there.
    wanted : float
        How many times as fast this book means to be.
    steps : int, optional
        Time so many batches of the notes' way, and count the epoch by them; a whole epoch if left out.
    """

    experiment: str
    variant: str
    ours: str
    accuracy: float
    epochs: int
    wanted: float
    steps: int | None = None


SPEEDS = {
    "lenet": Speed("note001", "as-written", 110, 4.0),
    "lenet-cifar": Speed("0502", "lenet", 300, 4.0),
    "vgg": Speed("0503", "vgg-fp32", 20, 3.5),
}
TIMES = {
    "note001": Time("note001", "as-written", "note001", 77.9, 20, 30),
    # one epoch is the course's recipe and gives less; the record of as many epochs as here is the first to reach it
    "0501": Time("0501", "cnn", "0501", 96.15, 2, 10),
    "0502": Time("0502", "lenet", "0502", 63.0, 10, 15),
    "0503": Time("0503", "vgg-fp32", "0503", 82.57, 10, 50, steps=60),
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
    ['lenet', 'lenet-cifar', 'vgg', 'note001', '0501', '0502', '0503']
    """
    known = [*SPEEDS, *TIMES]
    for name in names or []:
        if name not in known:
            raise unknown("row", name, known)
    return names or known
