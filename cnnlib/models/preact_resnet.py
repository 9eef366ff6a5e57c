"""The pre-activation ResNets for 32×32 pictures, of 20 to 110 layers.

Source: He, Zhang, Ren and Sun, "Identity mappings in deep residual networks", ECCV 2016, figure 4(e) and appendix.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from cnnlib.models.building import draw_weights, scaled
from cnnlib.models.cifar_resnet import PARAMETERS, blocks_per_stage
from cnnlib.models.registry import register
from cnnlib.models.residual_blocks import PreActivationBlock, conv3x3


def preact_resnet(depth: int, in_channels: int = 3, num_classes: int = 10, width: float = 1) -> nn.Module:
    """Build a pre-activation ResNet of basic blocks.

    It has as many parameters as the ResNet of the same depth: only the order of the layers is another.

    Parameters
    ----------
    depth : int
        6n + 2.
    in_channels, num_classes : int
        3 for colour pictures; the number of logits.
    width : float
        Factor on all channel counts; 1 is the paper's.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, 32, 32) to logits (N, num_classes); any size divisible by 4 will do.

    Raises
    ------
    BadInput
        If the depth is not 6n + 2, or the width not above 0.

    Examples
    --------
    >>> sum(p.numel() for p in preact_resnet(20).parameters())
    269722
    """
    n = blocks_per_stage(depth)
    c1, c2, c3 = scaled(width, 16, 32, 64)

    def stage(in_channels: int, out_channels: int, stride: int, first: bool = False) -> nn.Sequential:
        blocks = [PreActivationBlock(in_channels, out_channels, stride, first)]
        return nn.Sequential(*blocks, *(PreActivationBlock(out_channels, out_channels) for _ in range(n - 1)))

    net = nn.Sequential(
        OrderedDict(
            conv1=conv3x3(in_channels, c1),                    # 16×32×32
            stage1=stage(c1, c1, stride=1, first=True),        # 16×32×32
            stage2=stage(c1, c2, stride=2),                    # 32×16×16
            stage3=stage(c2, c3, stride=2),                    # 64×8×8
            bn=nn.BatchNorm2d(c3),  # what comes out of the last sum has not been activated yet
            relu=nn.ReLU(),
            pool=nn.AdaptiveAvgPool2d(1),                      # 64×1×1
            flatten=nn.Flatten(),
            fc=nn.Linear(c3, num_classes),
        )
    )  # fmt: skip
    return draw_weights(net)


def _enter(depth: int) -> None:
    """Enter the net of one depth into the registry."""

    @register(
        f"preact_resnet{depth}",
        title=f"pre-activation ResNet-{depth} for CIFAR-10",
        year=2016,
        idea="norm and activation before each convolution",
        source="He et al., ECCV 2016, figure 4(e) and appendix, in the layout of CVPR 2016, section 4.2",
        departures=(
            "basic blocks at every depth; the paper's 164 and 1,001 layers are made of bottlenecks",
            "where the shape changes, zero padding (option A) on the input before its activation; the code released "
            "for the 1,001 layers projects it, after the activation",
        ),
        input_shape=(3, 32, 32),
        parameters=PARAMETERS[depth],
    )
    def build(in_channels: int = 3, num_classes: int = 10, width: float = 1) -> nn.Module:
        """Build the net of this depth; the settings are those of `preact_resnet`."""
        return preact_resnet(depth, in_channels, num_classes, width)


for _depth in PARAMETERS:
    _enter(_depth)
