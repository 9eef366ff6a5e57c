"""What a training run does, in one frozen record that a ledger can store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import torch

from cnnlib.errors import BadInput, unknown

OPTIMIZERS = ("sgd", "adam")
SCALINGS = ("unit", "standard", "symmetric", "lecun1998")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how a network is trained, beside the network, the data and the seed.

    Parameters
    ----------
    epochs, batch_size : int
        Passes over the training pictures; pictures a step.
    optimizer : {'sgd', 'adam'}
        Rule that turns gradients into steps.
    lr, momentum, weight_decay : float
        Learning rate, above 0; momentum of SGD, from 0 to below 1; L2 penalty, at least 0.
    scaling : {'unit', 'standard', 'symmetric', 'lecun1998'}
        How bytes become numbers: 0 to 1; mean 0 and deviation 1 over the training pictures; -1 to 1; -0.1 to 1.175.
    pad : int
        Black pixels added on each side before scaling: 2 turns 28×28 into the 32×32 of LeNet-5's paper.
    permutation_seed : int, optional
        Shuffle the pixels of every picture, in training and in testing, by the one permutation that this seed draws.
    validation : int or float
        Training pictures held back to choose by: how many, or which fraction. 0 trains on all of them.

    Raises
    ------
    BadInput
        If a value is out of range.

    Examples
    --------
    >>> Recipe(epochs=20, batch_size=256, lr=0.01).optimizer
    'sgd'
    """

    epochs: int = 1
    batch_size: int = 64
    optimizer: str = "sgd"
    lr: float = 0.01
    momentum: float = 0.0
    weight_decay: float = 0.0
    scaling: str = "unit"
    pad: int = 0
    permutation_seed: int | None = None
    validation: int | float = 0.1

    def __post_init__(self):
        if self.optimizer not in OPTIMIZERS:
            raise unknown("optimizer", self.optimizer, OPTIMIZERS)
        if self.scaling not in SCALINGS:
            raise unknown("scaling", self.scaling, SCALINGS)
        for name, minimum in (("epochs", 1), ("batch_size", 1), ("pad", 0), ("weight_decay", 0), ("validation", 0)):
            if not getattr(self, name) >= minimum:
                raise BadInput(f"{name} is {getattr(self, name)}; it must be at least {minimum}.")
        if not 0 < self.lr < float("inf"):
            raise BadInput(f"lr is {self.lr}; it must be a number above 0. Try 0.1 for SGD or 0.001 for Adam.")
        if not 0 <= self.momentum < 1:
            raise BadInput(f"momentum is {self.momentum}; it must be at least 0 and below 1. Try 0.9.")
        if self.optimizer == "adam" and self.momentum:
            raise BadInput(f"momentum is {self.momentum}, but Adam has its own. Leave it at 0, or use optimizer='sgd'.")

    def make_optimizer(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        """Return PyTorch's optimiser for these parameters.

        Examples
        --------
        >>> Recipe(optimizer="adam", lr=1e-3).make_optimizer([torch.nn.Parameter(torch.zeros(1))]).defaults["lr"]
        0.001
        """
        if self.optimizer == "adam":
            return torch.optim.Adam(parameters, lr=self.lr, weight_decay=self.weight_decay)
        return torch.optim.SGD(parameters, lr=self.lr, momentum=self.momentum, weight_decay=self.weight_decay)

    def as_dict(self) -> dict:
        """Return the recipe as plain values, for a ledger; ``Recipe(**values)`` makes it again.

        Examples
        --------
        >>> Recipe(**Recipe(lr=0.5).as_dict()).lr
        0.5
        """
        return asdict(self)
