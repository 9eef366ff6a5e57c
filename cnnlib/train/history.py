"""How a training run went, epoch by epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from cnnlib.errors import unknown


@dataclass
class History:
    """The record of one training run.

    Attributes
    ----------
    epochs : list of dict
        For each epoch ``epoch`` (from 1), ``train_loss``, ``train_accuracy`` (running, over the epoch),
        ``val_loss``, ``val_accuracy`` (at its end; missing where nothing was held back) and ``seconds``.
        Accuracies are fractions from 0 to 1.
    label : str
        How to call the run in a legend.
    elsewhere : float
        Seconds to add to the time that a call of `fit` took: that of the run's parts before an interruption, less what
        the writing of checkpoints took.

    Examples
    --------
    >>> history = History([{"epoch": 1, "train_loss": 0.5}, {"epoch": 2, "train_loss": 0.25}])
    >>> history.column("train_loss")
    [0.5, 0.25]
    """

    epochs: list[dict] = field(default_factory=list)
    label: str = ""
    elsewhere: float = 0.0

    def column(self, name: str) -> list[float]:
        """Return one quantity over the epochs.

        Parameters
        ----------
        name : str
            A key of the epochs, such as ``"val_accuracy"``.

        Raises
        ------
        BadInput
            If the run did not record it.
        """
        if any(name not in epoch for epoch in self.epochs):
            raise unknown("column", name, self.epochs[0])
        return [epoch[name] for epoch in self.epochs]

    @property
    def last(self) -> dict:
        """The last epoch."""
        return self.epochs[-1]

    @property
    def diverged(self) -> bool:
        """Whether the loss stopped being a finite number: the learning rate was too large."""
        return bool(self.epochs) and not math.isfinite(self.last["train_loss"])

    @property
    def seconds(self) -> float:
        """Time of all epochs together, validation included."""
        return sum(epoch["seconds"] for epoch in self.epochs)

    def __str__(self) -> str:
        return "\n".join(_line(epoch) for epoch in self.epochs)

    __repr__ = __str__


def _line(epoch: dict) -> str:
    parts = [f"epoch {epoch['epoch']:>3}"]
    for part, name in (("train", "training"), ("val", "validation")):
        if f"{part}_loss" in epoch:
            parts.append(f"{name}: loss {epoch[f'{part}_loss']:.3f}, accuracy {epoch[f'{part}_accuracy']:.1%}")
    return "   ".join(parts)
