"""The residual networks for 32×32 pictures, of 20 to 110 layers, and their plain twins without shortcuts.

Source: He et al. 2016, section 4.2. A net of depth 6n + 2 has one convolution, three stages of n blocks of two
convolutions, and one fully connected layer.

=========== ======== ======== ========
stage       1        2        3
=========== ======== ======== ========
map size    32×32    16×16    8×8
layers      1 + 2n   2n       2n
channels    16       32       64
=========== ======== ======== ========
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from cnnlib.errors import BadInput
from cnnlib.models.building import draw_weights, scaled
from cnnlib.models.registry import register
from cnnlib.models.residual_blocks import BasicBlock, conv3x3

PARAMETERS = {20: 269_722, 32: 464_154, 44: 658_586, 56: 853_018, 110: 1_727_962}  # table 6: 0.27 M … 1.7 M


def blocks_per_stage(depth: int) -> int:
    """Return n of a net of depth 6n + 2.

    Raises
    ------
    BadInput
        If the depth is not 6n + 2.

    Examples
    --------
    >>> blocks_per_stage(56)
    9
    """
    n, rest = divmod(depth - 2, 6)
    if rest or n < 1:
        raise BadInput(f"depth is {depth}; these nets have 6n + 2 layers, such as 8, 14, 20, 32, 44, 56 or 110.")
    return n


def cifar_resnet(
    depth: int,
    in_channels: int = 3,
    num_classes: int = 10,
    width: float = 1,
    shortcut: str = "A",
    batch_norm: bool = True,
) -> nn.Module:
    """Build a residual network for 32×32 pictures.

    Parameters
    ----------
    depth : int
        6n + 2: layers with weights, without projections.
    in_channels, num_classes : int
        3 for colour pictures; the number of logits.
    width : float
        Factor on all channel counts; 1 is the paper's.
    shortcut : {'A', 'B', 'none'}
        Zero padding where the shape changes (the paper's choice here), projections, or a plain net.
    batch_norm : bool
        The paper's nets have it. Without it, plain nets show what it does for the gradients.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, 32, 32) to logits (N, num_classes); any size divisible by 4 will do.

    Raises
    ------
    BadInput
        If the depth, the width or the shortcut is impossible.

    Examples
    --------
    >>> net = cifar_resnet(20)
    >>> sum(p.numel() for p in net.parameters())
    269722
    """
    n = blocks_per_stage(depth)
    c1, c2, c3 = scaled(width, 16, 32, 64)

    def stage(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
        first = BasicBlock(in_channels, out_channels, stride, shortcut, batch_norm)
        rest = [BasicBlock(out_channels, out_channels, 1, shortcut, batch_norm) for _ in range(n - 1)]
        return nn.Sequential(first, *rest)

    net = nn.Sequential(
        OrderedDict(
            conv1=conv3x3(in_channels, c1, bias=not batch_norm),   # 16×32×32
            bn1=nn.BatchNorm2d(c1) if batch_norm else nn.Identity(),
            relu1=nn.ReLU(),
            stage1=stage(c1, c1, stride=1),                        # 16×32×32
            stage2=stage(c1, c2, stride=2),                        # 32×16×16
            stage3=stage(c2, c3, stride=2),                        # 64×8×8
            pool=nn.AdaptiveAvgPool2d(1),                          # 64×1×1
            flatten=nn.Flatten(),
            fc=nn.Linear(c3, num_classes),
        )
    )  # fmt: skip
    return draw_weights(net)


def _enter(depth: int, kind: str) -> None:
    """Enter the net of one depth, residual or plain, into the registry."""
    residual = kind == "resnet"

    @register(
        f"{kind}{depth}",
        title=f"{'ResNet' if residual else 'plain net'}-{depth} for CIFAR-10",
        year=2016,
        idea="shortcuts that cost nothing let depth pay" if residual else "ResNet's layers without its shortcuts",
        source="He et al., CVPR 2016, section 4.2"
        + (" and table 6, option-A shortcuts" if residual else ": the same layers without shortcuts"),
        input_shape=(3, 32, 32),
        parameters=PARAMETERS[depth],
    )
    def build(
        in_channels: int = 3,
        num_classes: int = 10,
        width: float = 1,
        shortcut: str = "A" if residual else "none",
        batch_norm: bool = True,
    ) -> nn.Module:
        """Build the net of this depth; the settings are those of `cifar_resnet`."""
        return cifar_resnet(depth, in_channels, num_classes, width, shortcut, batch_norm)


for _depth in PARAMETERS:
    _enter(_depth, "resnet")
    _enter(_depth, "plain")
