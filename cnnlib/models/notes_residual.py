"""The students' own residual and pre-activation nets: note 002's on MNIST, note 003's on CIFAR-10."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from cnnlib.errors import BadInput
from cnnlib.models.building import scaled
from cnnlib.models.registry import register


class Note002Block(nn.Module):
    """Note 002's residual block: two 3×3 convolutions with bias, no batch norm, the sum before the last ReLU.

    Parameters
    ----------
    channels : int
        In and out.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.relu2 = nn.ReLU()

    def forward(self, x):
        """Return ``relu(F(x) + x)``, same shape."""
        y = self.conv2(self.relu1(self.conv1(x)))
        return self.relu2(y + x)


@register(
    "residual_note002",
    title="residual net of note 002",
    idea="residual blocks as a student wrote them",
    source="the students' note 002, its second listing",
    departures=(
        "super().__init__() for super(Net2, self).__init__() in a class named Net, which cannot run",
        "no print in forward",
    ),
    input_shape=(1, 28, 28),
    parameters=41_514,
)
def residual_note002() -> nn.Module:
    """Build the residual net of note 002: two convolutions of 5×5, each followed by pooling and one residual block.

    Examples
    --------
    >>> sum(p.numel() for p in residual_note002().parameters())
    41514
    """
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 16, kernel_size=5),    # 16×24×24
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),                    # 16×12×12
            block1=Note002Block(16),
            conv2=nn.Conv2d(16, 32, kernel_size=5),   # 32×8×8
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),                    # 32×4×4
            block2=Note002Block(32),
            flatten=nn.Flatten(),                     # 512
            fc=nn.Linear(512, 10),
        )
    )  # fmt: skip


def _unit(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return the note's unit: batch norm, ReLU, convolution, in that order."""
    return nn.Sequential(
        OrderedDict(
            bn=nn.BatchNorm2d(in_channels),
            relu=nn.ReLU(),
            conv=nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1),
        )
    )


@register(
    "preact_note003",
    title="pre-activation net of note 003",
    idea="batch norm, ReLU, convolution, nine times; no shortcut",
    source="the students' note 003 (a translation of J. Olafenwa, Components of convolutional neural networks, 2018), "
    "its description: the listings were pictures",
    departures=(
        "what the note does not say: after the dropout come global average pooling and one fully connected layer",
        "the weights start as PyTorch draws them; the note's Keras draws Glorot's and starts biases at 0",
        "batch norm with PyTorch's momentum and epsilon, not Keras's",
    ),
    input_shape=(3, 32, 32),
    parameters=1_924_752,
)
def preact_note003(
    in_channels: int = 3, num_classes: int = 10, width: float = 1, dropout: float = 0.5
) -> nn.Module:
    """Build the net of note 003: nine units of batch norm, ReLU and 3×3 convolution, in three sizes.

    It puts the activation first, as pre-activation ResNets do, but it has no shortcut: it is a plain net.

    Parameters
    ----------
    in_channels, num_classes : int
        3 for colour pictures; the number of logits.
    width : float
        Factor on all channel counts; 1 is the note's.
    dropout : float
        Probability with which an activation is set to 0 in training.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, 32, 32) to logits (N, num_classes).

    Raises
    ------
    BadInput
        If the width is not above 0, or the dropout no probability.

    Examples
    --------
    >>> sum(p.numel() for p in preact_note003().parameters())
    1924752
    """
    if not 0 <= dropout < 1:
        raise BadInput(f"dropout is {dropout}; it is a probability, at least 0 and below 1. The note has 0.5.")
    c1, c2, c3 = scaled(width, 64, 128, 256)
    return nn.Sequential(
        OrderedDict(
            unit1=_unit(in_channels, c1), unit2=_unit(c1, c1), unit3=_unit(c1, c1),  # 64×32×32
            pool1=nn.MaxPool2d(2),                                                   # 64×16×16
            unit4=_unit(c1, c2), unit5=_unit(c2, c2), unit6=_unit(c2, c2),           # 128×16×16
            pool2=nn.MaxPool2d(2),                                                   # 128×8×8
            unit7=_unit(c2, c3), unit8=_unit(c3, c3), unit9=_unit(c3, c3),           # 256×8×8
            dropout=nn.Dropout(dropout),
            pool3=nn.AdaptiveAvgPool2d(1),                                           # 256×1×1
            flatten=nn.Flatten(),
            fc=nn.Linear(c3, num_classes),
        )
    )  # fmt: skip
