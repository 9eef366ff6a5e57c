"""The Inception net of note 002, for MNIST: twice its block Inception-A, which has no activation inside."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from cnnlib.errors import unknown
from cnnlib.models.registry import register

ACTIVATIONS = {"none": nn.Identity, "relu": nn.ReLU}


class InceptionA(nn.Module):
    """The note's block: branches of 16, 24, 24 and 24 channels, 88 together.

    Parameters
    ----------
    in_channels : int
        Of the input.
    activation : {'none', 'relu'}
        What follows each convolution: nothing in the note.

    Examples
    --------
    >>> tuple(InceptionA(10)(torch.zeros(1, 10, 12, 12)).shape)
    (1, 88, 12, 12)
    """

    def __init__(self, in_channels: int, activation: str = "none"):
        super().__init__()
        act = ACTIVATIONS[activation]
        self.branch1 = nn.Sequential(
            OrderedDict(point=nn.Conv2d(in_channels, 16, kernel_size=1), act=act())
        )
        self.branch5 = nn.Sequential(
            OrderedDict(
                point=nn.Conv2d(in_channels, 16, kernel_size=1), act1=act(),
                conv=nn.Conv2d(16, 24, kernel_size=5, padding=2), act2=act(),
            )
        )  # fmt: skip
        self.branch3 = nn.Sequential(
            OrderedDict(
                point=nn.Conv2d(in_channels, 16, kernel_size=1), act1=act(),
                conv1=nn.Conv2d(16, 24, kernel_size=3, padding=1), act2=act(),
                conv2=nn.Conv2d(24, 24, kernel_size=3, padding=1), act3=act(),
            )
        )  # fmt: skip
        self.branch_pool = nn.Sequential(
            OrderedDict(
                pool=nn.AvgPool2d(3, stride=1, padding=1), point=nn.Conv2d(in_channels, 24, kernel_size=1), act=act()
            )
        )

    def forward(self, x):
        """Return 88 maps of the input's height and width, in the note's order."""
        return torch.cat([self.branch1(x), self.branch5(x), self.branch3(x), self.branch_pool(x)], dim=1)


@register(
    "inception_note002",
    title="Inception net of note 002",
    idea="two Inception blocks as a student wrote them",
    source="the students' note 002, its PyTorch listing",
    departures=("modules for the functions of the note's forward, with nn.Identity where it applies no activation",),
    input_shape=(1, 28, 28),
    parameters=97_298,
)
def inception_note002(in_channels: int = 1, num_classes: int = 10, activation: str = "none") -> nn.Module:
    """Build the net of note 002 with two blocks Inception-A.

    Parameters
    ----------
    in_channels, num_classes : int
        1 for grey pictures; the number of logits.
    activation : {'none', 'relu'}
        What follows each convolution inside the blocks: ``'none'`` as the note has it, ``'relu'`` mends it.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, 28, 28) to logits (N, num_classes).

    Raises
    ------
    BadInput
        If the activation is unknown.

    Examples
    --------
    >>> inception_note002(activation="relu").fc
    Linear(in_features=1408, out_features=10, bias=True)
    """
    if activation not in ACTIVATIONS:
        raise unknown("activation", activation, ACTIVATIONS)
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(in_channels, 10, kernel_size=5),  # 10×24×24
            pool1=nn.MaxPool2d(2), relu1=nn.ReLU(),           # 10×12×12
            incep1=InceptionA(10, activation),                # 88×12×12
            conv2=nn.Conv2d(88, 20, kernel_size=5),           # 20×8×8
            pool2=nn.MaxPool2d(2), relu2=nn.ReLU(),           # 20×4×4
            incep2=InceptionA(20, activation),                # 88×4×4
            flatten=nn.Flatten(),                             # 1408
            fc=nn.Linear(88 * 4 * 4, num_classes),
        )
    )  # fmt: skip
