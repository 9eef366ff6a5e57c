"""What a training run does, in one frozen record that a ledger can store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import torch

from cnnlib.devices import fastest_precision
from cnnlib.errors import BadInput, unknown

OPTIMIZERS = ("sgd", "adam", "adamw")
SCALINGS = ("unit", "standard", "symmetric", "lecun1998")
SCHEDULES = ("constant", "step", "cosine", "onecycle", "triangle")
PRECISIONS = ("float32", "bfloat16", "fastest")

_AT_LEAST = {
    "epochs": 1, "batch_size": 1, "pad": 0, "crop": 0, "cutout": 0, "rotation": 0, "weight_decay": 0, "validation": 0,
    "early_size": 0, "early_epochs": 0, "resize": 0,
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how a network is trained, beside the network, the data and the seed.

    Parameters
    ----------
    epochs, batch_size : int
        Passes over the training pictures; pictures a step.
    optimizer : {'sgd', 'adam', 'adamw'}
        Rule that turns gradients into steps; AdamW keeps the weight decay out of Adam's scaling.
    lr, momentum, weight_decay : float
        Learning rate, above 0; momentum of SGD, from 0 to below 1; pull of each weight towards 0, at least 0.
    nesterov : bool
        Nesterov's momentum, which looks a step ahead.
    bias_lr : float
        The learning rate of all biases as a multiple of ``lr``; their weight decay is divided by it.
    schedule : {'constant', 'step', 'cosine', 'onecycle', 'triangle'}
        How the learning rate changes: not at all; a tenth after half and after three quarters of the steps; down to 0
        along half a cosine; up to ``lr`` over the first 30 % of the steps and down again along a cosine; up from a
        fifth of ``lr`` over the first 23 % of the steps and down to a fourteenth, both along straight lines.
    lookahead : bool
        Every five steps, pull the weights towards a slow average of themselves (`cnnlib.train.Lookahead`).
    whitening : bool
        Set the first convolution to filters that whiten the pictures' patches, and keep it (`cnnlib.train.whiten`).
    label_smoothing : float
        Share of the target spread evenly over all classes, from 0 to below 1.
    scaling : {'unit', 'standard', 'symmetric', 'lecun1998'}
        How bytes become numbers: 0 to 1; mean 0 and deviation 1 over the training pictures; -1 to 1; -0.1 to 1.175.
    resize : int
        Side that pictures are brought to before padding, by bilinear interpolation: 224 for networks made for
        ImageNet's pictures. 0 leaves them as they are.
    pad : int
        Black pixels added on each side before scaling: 2 turns 28×28 into the 32×32 of LeNet-5's paper.
    crop : int
        In training, cut each picture at random out of itself with this many black pixels added on each side.
    reflect : bool
        The pixels that ``crop`` adds mirror the picture at its edge instead.
    flip : bool
        In training, mirror each picture left to right with probability one half.
    alternate : bool
        With ``flip``, chance decides in the first epoch only; then a picture is mirrored in every second epoch.
    cutout : int
        In training, grey out a square with this many pixels a side, its middle anywhere in the picture.
    rotation, shift : float
        In training, turn each picture by up to this many degrees, and move it by up to this fraction of its side.
    early_size, early_epochs : int
        In the first epochs, so many, shrink the pictures to this side: most is learnt from them for less computation.
        The network must take pictures of any size. 0 shrinks none.
    precision : {'float32', 'bfloat16', 'fastest'}
        Numbers that convolutions and matrix products compute in; the weights stay in float32. The fastest is found
        by a trial (`cnnlib.devices.fastest_precision`): not every processor gains from bfloat16.
    compiled : bool
        Have PyTorch compile the network before training, where this machine can.
    permutation_seed : int, optional
        Shuffle the pixels of every picture, in training and in testing, by the one permutation that this seed draws.
    limit : int, optional
        Train on only so many of the pictures that are not held back, drawn by the seed.
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
    nesterov: bool = False
    bias_lr: float = 1.0
    schedule: str = "constant"
    lookahead: bool = False
    whitening: bool = False
    label_smoothing: float = 0.0
    scaling: str = "unit"
    resize: int = 0
    pad: int = 0
    crop: int = 0
    reflect: bool = False
    flip: bool = False
    alternate: bool = False
    cutout: int = 0
    rotation: float = 0.0
    shift: float = 0.0
    early_size: int = 0
    early_epochs: int = 0
    precision: str = "float32"
    compiled: bool = False
    permutation_seed: int | None = None
    limit: int | None = None
    validation: int | float = 0.1

    def __post_init__(self):
        for name, allowed in (("optimizer", OPTIMIZERS), ("scaling", SCALINGS), ("schedule", SCHEDULES),
                              ("precision", PRECISIONS)):  # fmt: skip
            if getattr(self, name) not in allowed:
                raise unknown(name, getattr(self, name), allowed)
        for name, minimum in _AT_LEAST.items():
            if not getattr(self, name) >= minimum:
                raise BadInput(f"{name} is {getattr(self, name)}; it must be at least {minimum}.")
        if self.limit is not None and not self.limit >= 1:
            raise BadInput(f"limit is {self.limit}; it must be at least 1, or None to train on all pictures.")
        for name, usual in (("lr", "0.1 for SGD or 0.001 for Adam"), ("bias_lr", "1 to treat biases as all weights")):
            if not 0 < getattr(self, name) < float("inf"):
                raise BadInput(f"{name} is {getattr(self, name)}; it must be a number above 0. Try {usual}.")
        for name, usual in (("momentum", 0.9), ("label_smoothing", 0.1), ("shift", 0.1)):
            if not 0 <= getattr(self, name) < 1:
                raise BadInput(f"{name} is {getattr(self, name)}; it must be at least 0 and below 1. Try {usual}.")
        if self.optimizer != "sgd" and self.momentum:
            raise BadInput(f"momentum is {self.momentum}, but Adam has its own. Leave it at 0, or use optimizer='sgd'.")
        if self.nesterov and not self.momentum:
            raise BadInput("nesterov is True, but momentum is 0.0: it needs some. Try momentum=0.9 with SGD.")
        for name, other in (("alternate", "flip"), ("reflect", "crop"), ("early_size", "early_epochs"),
                            ("early_epochs", "early_size")):  # fmt: skip
            if getattr(self, name) and not getattr(self, other):
                raise BadInput(f"{name} is {getattr(self, name)}, but {other} is {getattr(self, other)}: set both.")

    def make_optimizer(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        """Return PyTorch's optimiser for those of these parameters that are trained.

        Examples
        --------
        >>> Recipe(optimizer="adam", lr=1e-3).make_optimizer([torch.nn.Parameter(torch.zeros(1))]).defaults["lr"]
        0.001
        """
        trained = [p for p in parameters if p.requires_grad]
        groups = [{"params": trained}]
        if self.bias_lr != 1:  # a bias, also that of a normalisation, has one dimension
            biases = {"lr": self.lr * self.bias_lr, "weight_decay": self.weight_decay / self.bias_lr}
            groups = [{"params": [p for p in trained if p.dim() == 1]} | biases,
                      {"params": [p for p in trained if p.dim() != 1]}]  # fmt: skip
        common = {"lr": self.lr, "weight_decay": self.weight_decay, "fused": True}  # one call for all of a step
        if self.optimizer != "sgd":
            return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[self.optimizer](groups, **common)
        return torch.optim.SGD(groups, momentum=self.momentum, nesterov=self.nesterov, **common)

    def make_schedule(self, optimizer: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
        """Return PyTorch's schedule of the learning rate over this many steps; call its ``step`` after each.

        Examples
        --------
        >>> recipe = Recipe(lr=0.1, schedule="step")
        >>> optimizer = recipe.make_optimizer([torch.nn.Parameter(torch.zeros(1))])
        >>> schedule = recipe.make_schedule(optimizer, steps=8)
        >>> rates = []
        >>> for _ in range(8):
        ...     rates.append(round(schedule.get_last_lr()[0], 6))
        ...     optimizer.step()
        ...     schedule.step()
        >>> rates
        [0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001]
        """
        schedules = torch.optim.lr_scheduler
        if self.schedule == "step":
            return schedules.MultiStepLR(optimizer, [steps // 2, 3 * steps // 4])
        if self.schedule == "cosine":
            return schedules.CosineAnnealingLR(optimizer, steps)
        if self.schedule == "onecycle":
            peaks = [group["lr"] for group in optimizer.param_groups]
            return schedules.OneCycleLR(optimizer, peaks, total_steps=steps + 1, cycle_momentum=False)
        if self.schedule == "triangle":
            top = 0.23 * steps
            return schedules.LambdaLR(
                optimizer, lambda n: 0.2 + 0.8 * n / top if n < top else 1 - 0.93 * (n - top) / (steps - top)
            )
        return schedules.ConstantLR(optimizer, factor=1)

    def precision_on(self, device: torch.device) -> str:
        """Return the precision that the recipe computes in there, where ``"fastest"`` has to be found out.

        Examples
        --------
        >>> Recipe().precision_on(torch.device("cpu"))
        'float32'
        """
        return fastest_precision(device) if self.precision == "fastest" else self.precision

    def autocast(self, device: torch.device) -> torch.autocast:
        """Return the context in which a forward pass computes in the recipe's precision.

        Examples
        --------
        >>> with Recipe(precision="bfloat16").autocast(torch.device("cpu")):
        ...     (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
        torch.bfloat16
        """
        return torch.autocast(device.type, torch.bfloat16, enabled=self.precision_on(device) == "bfloat16")

    def side(self, picture: int) -> int:
        """Return the side of what the network sees of a square picture with this side, in pixels.

        Examples
        --------
        >>> Recipe(resize=224).side(28), Recipe(pad=2).side(28)
        (224, 32)
        """
        return (self.resize or picture) + 2 * self.pad

    def as_dict(self) -> dict:
        """Return the recipe as plain values, for a ledger; ``Recipe(**values)`` makes it again.

        Examples
        --------
        >>> Recipe(**Recipe(lr=0.5).as_dict()).lr
        0.5
        """
        return asdict(self)
