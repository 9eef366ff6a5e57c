"""DenseNets: every layer of a block sees the maps of all layers before it, side by side.

Source: Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks", CVPR 2017,
table 1 (ImageNet) and table 2 (CIFAR-10).
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from cnnlib.errors import BadInput
from cnnlib.models.building import draw_weights, scaled
from cnnlib.models.registry import register

SOURCE = "Huang et al., Densely Connected Convolutional Networks, CVPR 2017"


class DenseLayer(nn.Sequential):
    """Compute `growth` new maps and hand them on together with everything that came in.

    Parameters
    ----------
    channels : int
        Maps that come in.
    growth : int
        Maps that this layer adds, the paper's growth rate k.
    bottleneck : bool
        Reduce to 4 · growth channels by a 1×1 convolution first (the paper's DenseNet-B).
    dropout : float
        Share of the new activations set to zero in training.
    """

    def __init__(self, channels: int, growth: int, bottleneck: bool, dropout: float = 0.0):
        layers = OrderedDict()
        if bottleneck:
            layers |= _norm_relu_conv("1", channels, 4 * growth, kernel_size=1)
            layers |= _norm_relu_conv("2", 4 * growth, growth, kernel_size=3)
        else:
            layers |= _norm_relu_conv("", channels, growth, kernel_size=3)
        if dropout:
            layers["dropout"] = nn.Dropout(dropout)
        super().__init__(layers)

    def forward(self, maps):
        """Return the input maps, then the new ones: `channels` + `growth` of them, of the same size."""
        return torch.cat([maps, super().forward(maps)], dim=1)


class Transition(nn.Sequential):
    """Between two blocks: mix the channels by a 1×1 convolution, then halve height and width.

    Parameters
    ----------
    channels, out_channels : int
        Maps that come in and go out; fewer go out where the paper compresses (its DenseNet-C).
    """

    def __init__(self, channels: int, out_channels: int):
        super().__init__(_norm_relu_conv("", channels, out_channels, kernel_size=1) | {"pool": nn.AvgPool2d(2)})


def _norm_relu_conv(suffix: str, channels: int, out_channels: int, kernel_size: int) -> OrderedDict:
    """Batch norm and ReLU stand before the convolution, as in pre-activation ResNets."""
    conv = nn.Conv2d(channels, out_channels, kernel_size, padding=kernel_size // 2, bias=False)
    named = (("norm", nn.BatchNorm2d(channels)), ("relu", nn.ReLU()), ("conv", conv))
    return OrderedDict((name + suffix, layer) for name, layer in named)


def _body(channels: int, growth: int, blocks: tuple[int, ...], bottleneck: bool, compression: float, dropout: float):
    """Return the blocks with their transitions by name, and the number of maps that come out."""
    layers = OrderedDict()
    for i, depth in enumerate(blocks, start=1):
        block = (DenseLayer(channels + j * growth, growth, bottleneck, dropout) for j in range(depth))
        layers[f"block{i}"] = nn.Sequential(OrderedDict((f"layer{j}", layer) for j, layer in enumerate(block, 1)))
        channels += depth * growth
        if i < len(blocks):
            layers[f"transition{i}"] = Transition(channels, int(channels * compression))
            channels = int(channels * compression)
    return layers, channels


def _head(channels: int, num_classes: int) -> OrderedDict:
    return OrderedDict(
        norm=nn.BatchNorm2d(channels), relu=nn.ReLU(),
        pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(),
        out=nn.Linear(channels, num_classes),
    )  # fmt: skip


@register(
    "densenet121",
    title="DenseNet-121",
    year=2017,
    idea="every layer keeps all maps before it; bottlenecks, compression",
    source=f"{SOURCE}, table 1",
    input_shape=(3, 224, 224),
    parameters=7_978_856,
)
def densenet121(in_channels: int = 3, num_classes: int = 1000, width: float = 1.0) -> nn.Module:
    """Build DenseNet-121, with bottlenecks and compression (DenseNet-BC), as torchvision has it.

    Parameters
    ----------
    in_channels, num_classes : int
        3 for colour pictures; the number of logits.
    width : float
        Factor on the growth rate 32 and on the 64 maps of the stem.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, 224, 224) to logits (N, num_classes); other sizes from 29 on work as well.

    Raises
    ------
    BadInput
        If `width` is not above 0.

    Examples
    --------
    >>> sum(p.numel() for p in densenet121().parameters())
    7978856
    """
    growth, channels = scaled(width, 32, 64)
    stem = OrderedDict(
        conv0=nn.Conv2d(in_channels, channels, kernel_size=7, stride=2, padding=3, bias=False),  # 64×112×112
        norm0=nn.BatchNorm2d(channels), relu0=nn.ReLU(),
        pool0=nn.MaxPool2d(3, stride=2, padding=1),                                              # 64×56×56
    )  # fmt: skip
    # 256×56×56 → 128×28×28; 512×28×28 → 256×14×14; 1024×14×14 → 512×7×7; 1024×7×7
    body, channels = _body(channels, growth, (6, 12, 24, 16), bottleneck=True, compression=0.5, dropout=0.0)
    return draw_weights(nn.Sequential(stem | body | _head(channels, num_classes)))


@register(
    "densenet40",
    title="DenseNet-40 (k = 12)",
    year=2017,
    idea="every layer keeps all maps before it",
    source=f"{SOURCE}, table 2, first DenseNet row",
    departures=("no dropout by default: the paper drops 0.2 where it trains without augmentation; set dropout=0.2",),
    input_shape=(3, 32, 32),
    parameters=1_019_722,
)
def densenet40(
    in_channels: int = 3, num_classes: int = 10, width: float = 1.0, depth: int = 40, dropout: float = 0.0
) -> nn.Module:
    """Build the plain DenseNet for 32×32 pictures: three blocks, neither bottlenecks nor compression.

    Parameters
    ----------
    in_channels, num_classes : int
        3 for colour pictures; the number of logits.
    width : float
        Factor on the growth rate 12 and on the 16 maps of the first convolution.
    depth : int
        The paper's L: convolutions and the fully connected layer; 4 more than a multiple of 3.
    dropout : float
        Share of each layer's new activations set to zero in training, from 0 to below 1.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, 32, 32) to logits (N, num_classes); other sizes from 4 on work as well.

    Raises
    ------
    BadInput
        If a setting is out of range.

    Examples
    --------
    The paper's 1.0 million parameters, and a narrow one for a laptop:

    >>> sum(p.numel() for p in densenet40().parameters())
    1019722
    >>> sum(p.numel() for p in densenet40(width=0.5, depth=22).parameters())
    69674
    """
    if not isinstance(depth, int) or depth < 7 or depth % 3 != 1:
        raise BadInput(f"depth is {depth!r}; it must be 4 more than a multiple of 3, such as 10, 22 or the paper's 40.")
    if not 0 <= dropout < 1:
        raise BadInput(f"dropout is {dropout!r}; it must be at least 0 and below 1. The paper has 0.2.")
    growth, channels = scaled(width, 12, 16)
    stem = OrderedDict(conv0=nn.Conv2d(in_channels, channels, kernel_size=3, padding=1, bias=False))  # 16×32×32
    # 160×32×32 → 160×16×16; 304×16×16 → 304×8×8; 448×8×8
    blocks = ((depth - 4) // 3,) * 3
    body, channels = _body(channels, growth, blocks, bottleneck=False, compression=1.0, dropout=dropout)
    return draw_weights(nn.Sequential(stem | body | _head(channels, num_classes)))
