"""ResNet-18, 34 and 50 for 224×224 pictures, block by block as in the paper's table 1.

Source: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, table 1.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from cnnlib.models.building import draw_weights, scaled
from cnnlib.models.registry import register
from cnnlib.models.residual_blocks import BasicBlock, BottleneckBlock

#                 blocks in conv2_x to conv5_x, and whether they are bottlenecks
TABLE_1 = {
    18: ((2, 2, 2, 2), False),
    34: ((3, 4, 6, 3), False),
    50: ((3, 4, 6, 3), True),
}


def _stage(blocks: int, bottleneck: bool, in_channels: int, channels: int, stride: int) -> nn.Sequential:
    """Return one group of blocks; only the first has a stride."""
    if bottleneck:  # 1×1 back up to four times the channels
        first = BottleneckBlock(in_channels, channels, 4 * channels, stride)
        return nn.Sequential(first, *(BottleneckBlock(4 * channels, channels, 4 * channels) for _ in range(blocks - 1)))
    first = BasicBlock(in_channels, channels, stride)
    return nn.Sequential(first, *(BasicBlock(channels, channels) for _ in range(blocks - 1)))


def _resnet(depth: int, in_channels: int, num_classes: int, width: float) -> nn.Module:
    (n2, n3, n4, n5), bottleneck = TABLE_1[depth]
    stem, c2, c3, c4, c5 = scaled(width, 64, 64, 128, 256, 512)
    up = 4 if bottleneck else 1
    net = nn.Sequential(
        OrderedDict(                                                                                # ResNet-18 / 50
            conv1=nn.Conv2d(in_channels, stem, kernel_size=7, stride=2, padding=3, bias=False),     # 64×112×112
            bn1=nn.BatchNorm2d(stem),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),                                 # 64×56×56
            conv2_x=_stage(n2, bottleneck, stem, c2, stride=1),                                     # 64 / 256 ×56×56
            conv3_x=_stage(n3, bottleneck, up * c2, c3, stride=2),                                  # 128 / 512 ×28×28
            conv4_x=_stage(n4, bottleneck, up * c3, c4, stride=2),                                  # 256 / 1024 ×14×14
            conv5_x=_stage(n5, bottleneck, up * c4, c5, stride=2),                                  # 512 / 2048 ×7×7
            pool5=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            fc=nn.Linear(up * c5, num_classes),
        )
    )  # fmt: skip
    return draw_weights(net)


_SOURCE = "He et al., CVPR 2016, table 1, with projections where the shape changes (option B)"


@register(
    "resnet18",
    title="ResNet-18",
    year=2016,
    idea="each block learns the difference from its input",
    source=_SOURCE,
    input_shape=(3, 224, 224),
    parameters=11_689_512,
)
def resnet18(in_channels: int = 3, num_classes: int = 1000, width: float = 1) -> nn.Module:
    """Build ResNet-18: eight basic blocks.

    Parameters
    ----------
    in_channels, num_classes : int
        3 for colour pictures; the number of logits.
    width : float
        Factor on all channel counts; 1 is the paper's.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, 224, 224) to logits (N, num_classes); any size from 32 up will do.

    Raises
    ------
    BadInput
        If the width is not above 0.

    Examples
    --------
    >>> sum(p.numel() for p in resnet18().parameters())
    11689512
    """
    return _resnet(18, in_channels, num_classes, width)


@register(
    "resnet34",
    title="ResNet-34",
    year=2016,
    idea="each block learns the difference from its input",
    source=_SOURCE,
    input_shape=(3, 224, 224),
    parameters=21_797_672,
)
def resnet34(in_channels: int = 3, num_classes: int = 1000, width: float = 1) -> nn.Module:
    """Build ResNet-34: sixteen basic blocks. The settings are those of `resnet18`.

    Examples
    --------
    >>> [len(stage) for stage in resnet34(width=0.125)[4:8]]
    [3, 4, 6, 3]
    """
    return _resnet(34, in_channels, num_classes, width)


@register(
    "resnet50",
    title="ResNet-50",
    year=2016,
    idea="residual blocks as bottlenecks of 1×1, 3×3, 1×1",
    source=_SOURCE,
    departures=("a bottleneck's stride is in its 3×3 convolution, as in torchvision; the paper: in the first 1×1",),
    input_shape=(3, 224, 224),
    parameters=25_557_032,
)
def resnet50(in_channels: int = 3, num_classes: int = 1000, width: float = 1) -> nn.Module:
    """Build ResNet-50: sixteen bottleneck blocks. The settings are those of `resnet18`.

    Examples
    --------
    >>> resnet50(width=0.125).fc.in_features
    256
    """
    return _resnet(50, in_channels, num_classes, width)
