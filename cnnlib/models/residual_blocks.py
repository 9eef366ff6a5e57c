"""The building blocks of the residual networks: shortcuts, and the basic, bottleneck and pre-activation block.

Sources: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, figures 2 and 5, section
3.3; and the same authors' "Identity mappings in deep residual networks", ECCV 2016, figure 4(e).
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.errors import unknown

SHORTCUTS = ("A", "B", "none")


class ZeroPadShortcut(nn.Module):
    """Option A: the identity, without parameters. It drops every second row and column, and adds channels of zeros.

    Parameters
    ----------
    extra_channels : int
        Channels of zeros behind the input's own.
    stride : int
        Keeps one row and column in so many.
    """

    def __init__(self, extra_channels: int, stride: int):
        super().__init__()
        self.extra_channels, self.stride = extra_channels, stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return maps (N, C + extra, H / stride, W / stride)."""
        x = F.avg_pool2d(x, kernel_size=1, stride=self.stride)  # a window of one pixel: x[:, :, ::stride, ::stride]
        return F.pad(x, (0, 0, 0, 0, 0, self.extra_channels))


def make_shortcut(option: str, in_channels: int, out_channels: int, stride: int) -> nn.Module | None:
    """Return what leads a block's input to its sum.

    Parameters
    ----------
    option : {'A', 'B', 'none'}
        Where the shape changes: zero padding, or a projection by a 1×1 convolution (section 3.3 of the paper).
        Both are the identity where it does not. ``'none'`` makes a plain block.
    in_channels, out_channels, stride : int
        Of the block.

    Returns
    -------
    nn.Module or None
        None for a plain block.

    Raises
    ------
    BadInput
        If the option is unknown.

    Examples
    --------
    >>> tuple(make_shortcut("A", 16, 32, 2)(torch.zeros(1, 16, 8, 8)).shape)
    (1, 32, 4, 4)
    """
    if option not in SHORTCUTS:
        raise unknown("shortcut", option, SHORTCUTS)
    if option == "none":
        return None
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    if option == "A":
        return ZeroPadShortcut(out_channels - in_channels, stride)
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride, bias=False),
            bn=nn.BatchNorm2d(out_channels),
        )
    )


class BasicBlock(nn.Module):
    """Two convolutions of 3×3, and the input added to their result before the last ReLU.

    Parameters
    ----------
    in_channels, out_channels, stride : int
        The stride is that of the first convolution.
    shortcut : {'A', 'B', 'none'}
        As in `make_shortcut`; ``'none'`` is the plain twin, with the same layers and nothing added.
    batch_norm : bool
        Normalise after each convolution. Without it the convolutions have a bias.

    Examples
    --------
    >>> block = BasicBlock(16, 16)
    >>> sum(p.numel() for p in block.parameters())
    4672
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int = 1, shortcut: str = "B", batch_norm: bool = True
    ):
        super().__init__()
        self.conv1 = conv3x3(in_channels, out_channels, stride, bias=not batch_norm)
        self.bn1 = nn.BatchNorm2d(out_channels) if batch_norm else nn.Identity()
        self.relu1 = nn.ReLU()
        self.conv2 = conv3x3(out_channels, out_channels, bias=not batch_norm)
        self.bn2 = nn.BatchNorm2d(out_channels) if batch_norm else nn.Identity()
        self.shortcut = make_shortcut(shortcut, in_channels, out_channels, stride)
        self.relu2 = nn.ReLU()

    def forward(self, x):
        """Return ``relu(F(x) + x)``, or ``relu(F(x))`` in the plain block."""
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        return self.relu2(y)


class BottleneckBlock(nn.Module):
    """1×1 down to few channels, 3×3 on those few, 1×1 up again (figure 5, right).

    Parameters
    ----------
    in_channels, channels, out_channels, stride : int
        ``channels`` are the few in the middle. The stride is that of the 3×3 convolution, as in torchvision; the
        paper has it in the first 1×1, which then never looks at three quarters of its input.

    Examples
    --------
    >>> block = BottleneckBlock(256, 64, 256)
    >>> sum(p.numel() for p in block.parameters())
    70400
    """

    def __init__(self, in_channels: int, channels: int, out_channels: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU()
        self.conv2 = conv3x3(channels, channels, stride)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(channels, out_channels, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.shortcut = make_shortcut("B", in_channels, out_channels, stride)
        self.relu3 = nn.ReLU()

    def forward(self, x):
        """Return ``relu(F(x) + shortcut(x))``."""
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.relu2(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu3(y + self.shortcut(x))


class PreActivationBlock(nn.Module):
    """Batch norm and ReLU *before* each convolution, so that nothing stands behind the sum.

    Parameters
    ----------
    in_channels, out_channels, stride : int
        The stride is that of the first convolution.
    first : bool
        In the network's first block the activation comes before the two ways part, since only a convolution stands
        in front of it (the paper's appendix).

    Examples
    --------
    >>> block = PreActivationBlock(16, 16)
    >>> sum(p.numel() for p in block.parameters())
    4672
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1, first: bool = False):
        super().__init__()
        self.first = first
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.relu1 = nn.ReLU()
        self.conv1 = conv3x3(in_channels, out_channels, stride)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.relu2 = nn.ReLU()
        self.conv2 = conv3x3(out_channels, out_channels)
        self.shortcut = make_shortcut("A", in_channels, out_channels, stride)

    def forward(self, x):
        """Return ``F(x) + x``; in the first block ``F(a) + a`` with ``a = relu(bn(x))``."""
        activated = self.relu1(self.bn1(x))
        y = self.conv1(activated)
        y = self.conv2(self.relu2(self.bn2(y)))
        return y + self.shortcut(activated if self.first else x)


def conv3x3(in_channels: int, out_channels: int, stride: int = 1, bias: bool = False) -> nn.Conv2d:
    """Return a 3×3 convolution that keeps the size, or divides it by the stride. Batch norm brings its own bias.

    Examples
    --------
    >>> conv3x3(16, 32, stride=2)
    Conv2d(16, 32, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), bias=False)
    """
    return nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1, bias=bias)
