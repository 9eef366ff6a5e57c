"""GoogLeNet: 22 layers of Inception blocks, and a version of it for 32×32 pictures.

Source: Szegedy et al., "Going deeper with convolutions", CVPR 2015, table 1 and section 5.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import nn

from cnnlib.models.building import draw_weights, scaled
from cnnlib.models.registry import register


class Branches(NamedTuple):
    """Channels of an Inception block: of its four branches, and of the 1×1 convolutions that reduce two of them."""

    one: int      # 1×1
    reduce3: int  # 1×1 before the 3×3
    three: int    # 3×3
    reduce5: int  # 1×1 before the 5×5
    five: int     # 5×5
    pool: int     # 1×1 after the pooling

    @property
    def out_channels(self) -> int:
        """Channels of the block's output: the four branches stacked."""
        return self.one + self.three + self.five + self.pool


# Table 1 of the paper, from the first Inception block to the last.  Output for 224×224 pictures, for 32×32 ones
TABLE = {
    "3a": Branches(one=64, reduce3=96, three=128, reduce5=16, five=32, pool=32),       # 256×28×28  256×32×32
    "3b": Branches(one=128, reduce3=128, three=192, reduce5=32, five=96, pool=64),     # 480×28×28  480×32×32
    "pool3": None,                                                                     # 480×14×14  480×16×16
    "4a": Branches(one=192, reduce3=96, three=208, reduce5=16, five=48, pool=64),      # 512×14×14  512×16×16
    "4b": Branches(one=160, reduce3=112, three=224, reduce5=24, five=64, pool=64),     # 512×14×14  512×16×16
    "4c": Branches(one=128, reduce3=128, three=256, reduce5=24, five=64, pool=64),     # 512×14×14  512×16×16
    "4d": Branches(one=112, reduce3=144, three=288, reduce5=32, five=64, pool=64),     # 528×14×14  528×16×16
    "4e": Branches(one=256, reduce3=160, three=320, reduce5=32, five=128, pool=128),   # 832×14×14  832×16×16
    "pool4": None,                                                                     # 832×7×7    832×8×8
    "5a": Branches(one=256, reduce3=160, three=320, reduce5=32, five=128, pool=128),   # 832×7×7    832×8×8
    "5b": Branches(one=384, reduce3=192, three=384, reduce5=48, five=128, pool=128),   # 1024×7×7   1024×8×8
}  # fmt: skip
HEADS_ON = ("4a", "4d")  # the blocks whose output an auxiliary head classifies


def _conv(inputs: int, outputs: int, kernel_size: int, batch_norm: bool, name: str = "") -> OrderedDict:
    """Return a convolution that keeps the size, perhaps a batch normalisation, and a ReLU, each with its name."""
    conv = nn.Conv2d(inputs, outputs, kernel_size, padding=kernel_size // 2, bias=not batch_norm)
    norm = {f"{name}norm": nn.BatchNorm2d(outputs)} if batch_norm else {}
    return OrderedDict({f"{name}conv": conv, **norm, f"{name}relu": nn.ReLU()})


class Inception(nn.Module):
    """Four branches side by side on the same input; their feature maps are stacked.

    Parameters
    ----------
    in_channels : int
        Of the input.
    channels : Branches
        What each branch makes.
    batch_norm : bool
        Whether each convolution is followed by a batch normalisation; the paper's are not.

    Examples
    --------
    >>> block = Inception(192, TABLE["3a"])
    >>> tuple(block(torch.zeros(1, 192, 28, 28)).shape)
    (1, 256, 28, 28)
    """

    def __init__(self, in_channels: int, channels: Branches, batch_norm: bool = False):
        super().__init__()
        c, norm = channels, batch_norm
        self.branch1 = nn.Sequential(_conv(in_channels, c.one, 1, norm))
        self.branch3 = nn.Sequential(
            _conv(in_channels, c.reduce3, 1, norm, "reduce_") | _conv(c.reduce3, c.three, 3, norm)
        )
        self.branch5 = nn.Sequential(
            _conv(in_channels, c.reduce5, 1, norm, "reduce_") | _conv(c.reduce5, c.five, 5, norm)
        )
        pool = OrderedDict(pool=nn.MaxPool2d(3, stride=1, padding=1))
        self.branch_pool = nn.Sequential(pool | _conv(in_channels, c.pool, 1, norm))

    def forward(self, x):
        """Return the branches' maps, (N, out_channels, H, W): all of them, one after the other."""
        return torch.cat([self.branch1(x), self.branch3(x), self.branch5(x), self.branch_pool(x)], dim=1)


def auxiliary_head(in_channels: int, num_classes: int, width: float = 1.0) -> nn.Sequential:
    """Build a small classifier for maps of 14×14 or 16×16 in the middle of the network (section 5).

    Parameters
    ----------
    in_channels, num_classes : int
        Of the maps; logits.
    width : float
        Factor on its own channels and units.

    Examples
    --------
    >>> sum(p.numel() for p in auxiliary_head(512, 1000).parameters())
    3188840
    """
    channels, units = scaled(width, 128, 1024)
    return nn.Sequential(
        OrderedDict(
            pool=nn.AvgPool2d(5, stride=3),                                      # in×4×4
            point=nn.Conv2d(in_channels, channels, kernel_size=1), relu1=nn.ReLU(),  # 128×4×4
            flatten=nn.Flatten(),
            hidden=nn.Linear(channels * 4 * 4, units), relu2=nn.ReLU(),
            drop=nn.Dropout(0.7),
            out=nn.Linear(units, num_classes),
        )
    )  # fmt: skip


class GoogLeNet(nn.Module):
    """A stem, nine Inception blocks, global average pooling and one linear layer.

    In training with auxiliary heads it returns (logits, logits of the head on 4a, logits of the head on 4d), else the
    logits alone: the heads only help to train, and are not used afterwards.

    Parameters
    ----------
    stem : nn.Sequential
        From the picture to the maps that block 3a sees.
    stem_channels : int
        Channels of those maps.
    num_classes : int
        Logits.
    width : float
        Factor on all channel counts.
    auxiliary, batch_norm : bool
        Whether to have the two heads; as in `Inception`.
    """

    def __init__(self, stem: nn.Sequential, stem_channels: int, num_classes: int, width: float, auxiliary: bool,
                 batch_norm: bool = False):  # fmt: skip
        super().__init__()
        self.stem, channels = stem, stem_channels
        self.blocks, self.heads = nn.ModuleDict(), nn.ModuleDict()
        for name, paper in TABLE.items():
            if paper is None:
                self.blocks[name] = nn.MaxPool2d(3, stride=2, ceil_mode=True)
                continue
            branches = Branches(*scaled(width, *paper))
            self.blocks[name] = Inception(channels, branches, batch_norm)
            channels = branches.out_channels
            if auxiliary and name in HEADS_ON:
                self.heads[name] = auxiliary_head(channels, num_classes, width)
        self.average = nn.AdaptiveAvgPool2d(1)    # 1024×1×1
        self.flatten = nn.Flatten()
        self.drop = nn.Dropout(0.4)
        self.out = nn.Linear(channels, num_classes)
        draw_weights(self)

    def forward(self, x):
        """Return logits (N, num_classes); in training with heads a tuple of three such tensors."""
        x, guesses = self.stem(x), []
        for name, block in self.blocks.items():
            x = block(x)
            if self.training and name in self.heads:
                guesses.append(self.heads[name](x))
        logits = self.out(self.drop(self.flatten(self.average(x))))
        return (logits, *guesses) if guesses else logits


@register(
    "googlenet",
    title="GoogLeNet",
    year=2015,
    idea="four branches side by side, made cheap by 1×1 convolutions",
    source="Szegedy et al., CVPR 2015, table 1 and section 5",
    departures=(
        "weights are drawn with He et al.'s deviation (2015); the paper does not say how",
        "local response normalisation as in the authors' Caffe model: over 5 channels, alpha 0.0001, k = 1",
    ),
    input_shape=(3, 224, 224),
    parameters=13_378_280,
)
def googlenet(in_channels: int = 3, num_classes: int = 1000, width: float = 1.0, auxiliary: bool = True) -> nn.Module:
    """Build GoogLeNet as its paper has it.

    Parameters
    ----------
    in_channels, num_classes : int
        3 for colour pictures; the number of logits.
    width : float
        Factor on all channel counts; 1 is the paper's.
    auxiliary : bool
        Whether to have the two heads that help in training; they hold 6,379,728 of the parameters.

    Returns
    -------
    GoogLeNet
        From (N, in_channels, 224, 224) to logits (N, num_classes).

    Raises
    ------
    BadInput
        If the width is not above 0.

    Examples
    --------
    Without its heads it has half as many parameters:

    >>> with torch.device("meta"):
    ...     net = googlenet(auxiliary=False)
    >>> sum(p.numel() for p in net.parameters())
    6998552
    """
    one, two = scaled(width, 64, 192)
    stem = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(in_channels, one, kernel_size=7, stride=2, padding=3), relu1=nn.ReLU(),  # 64×112×112
            pool1=nn.MaxPool2d(3, stride=2, ceil_mode=True),                                         # 64×56×56
            norm1=nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0),
            reduce2=nn.Conv2d(one, one, kernel_size=1), relu_reduce2=nn.ReLU(),                      # 64×56×56
            conv2=nn.Conv2d(one, two, kernel_size=3, padding=1), relu2=nn.ReLU(),                    # 192×56×56
            norm2=nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0),
            pool2=nn.MaxPool2d(3, stride=2, ceil_mode=True),                                         # 192×28×28
        )
    )  # fmt: skip
    return GoogLeNet(stem, two, num_classes, width, auxiliary)


@register(
    "googlenet_32",
    title="GoogLeNet for 32×32 pictures",
    year=2015,
    idea="GoogLeNet with a stem for small pictures and batch norm",
    source="Szegedy et al., CVPR 2015, table 1, with a stem for small pictures",
    departures=(
        "a stem of one 3×3 convolution to 192 channels, which keeps 32×32; the paper's takes 224×224 down to 28×28",
        "batch normalisation after each convolution (none with batch_norm=False), as in the authors' next paper",
        "no auxiliary heads unless auxiliary=True; weights are drawn with He et al.'s deviation (2015)",
    ),
    input_shape=(3, 32, 32),
    parameters=5_871_914,
)
def googlenet_32(
    in_channels: int = 3,
    num_classes: int = 10,
    width: float = 1.0,
    auxiliary: bool = False,
    batch_norm: bool = True,
) -> nn.Module:
    """Build GoogLeNet with a stem for 32×32 pictures; a width of 0.25 suits a laptop.

    Parameters
    ----------
    in_channels, num_classes : int
        3 for colour pictures; the number of logits.
    width : float
        Factor on all channel counts; 1 is the paper's.
    auxiliary : bool
        Whether to have the two heads that help in training.
    batch_norm : bool
        Whether each convolution is followed by a batch normalisation.

    Returns
    -------
    GoogLeNet
        From (N, in_channels, 32, 32) to logits (N, num_classes).

    Raises
    ------
    BadInput
        If the width is not above 0.

    Examples
    --------
    >>> tuple(googlenet_32(width=0.125)(torch.zeros(2, 3, 32, 32)).shape)
    (2, 10)
    """
    (channels,) = scaled(width, 192)
    stem = nn.Sequential(_conv(in_channels, channels, 3, batch_norm))  # 192×32×32
    return GoogLeNet(stem, channels, num_classes, width, auxiliary, batch_norm)
