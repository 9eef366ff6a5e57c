"""Network in Network: convolutions followed by 1×1 convolutions, and no fully connected layer at the end.

Source: Lin, Chen and Yan, "Network in network", ICLR 2014. The paper leaves kernel sizes and channels to its
supplement; ours are those of the network that its authors published for CIFAR-10, and of their ImageNet network.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from cnnlib.models.building import draw_weights, scaled
from cnnlib.models.registry import register


def mlpconv(
    in_channels: int, channels: tuple[int, int, int], kernel_size: int, stride: int = 1, padding: int = 0
) -> nn.Sequential:
    """Build a convolution and two 1×1 convolutions, each with a ReLU: a small fully connected net at every place.

    Parameters
    ----------
    in_channels : int
        Of the input.
    channels : tuple of int
        Filters of the convolution, then of the two 1×1 convolutions.
    kernel_size, stride, padding : int
        Of the first convolution.

    Examples
    --------
    >>> block = mlpconv(3, (192, 160, 96), kernel_size=5, padding=2)
    >>> block.point2
    Conv2d(160, 96, kernel_size=(1, 1), stride=(1, 1))
    """
    first, second, third = channels
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(in_channels, first, kernel_size, stride, padding), relu0=nn.ReLU(),
            point1=nn.Conv2d(first, second, kernel_size=1), relu1=nn.ReLU(),
            point2=nn.Conv2d(second, third, kernel_size=1), relu2=nn.ReLU(),
        )
    )  # fmt: skip


@register(
    "nin",
    title="NiN (CIFAR-10)",
    year=2014,
    idea="a small network at every pixel; a mean a class at the end",
    source="Lin, Chen and Yan, ICLR 2014, section 4.2; channels and kernel sizes of the authors' published network",
    departures=(
        "weights are drawn with He et al.'s deviation (2015); the published network uses fixed small ones",
        "plain scaling of the pixels; the paper whitens the pictures and normalises their contrast",
    ),
    input_shape=(3, 32, 32),
    parameters=966_986,
)
def nin(in_channels: int = 3, num_classes: int = 10, width: float = 1.0, dropout: float = 0.5) -> nn.Module:
    """Build the Network in Network for 32×32 pictures.

    Parameters
    ----------
    in_channels, num_classes : int
        3 for colour pictures; the number of logits.
    width : float
        Factor on all channel counts but the classes; 1 is the published network.
    dropout : float
        Share of the values dropped after the first and the second block.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, 32, 32) to logits (N, num_classes); any picture of at least 4×4 passes, since the last
        layer averages whatever places are left.

    Raises
    ------
    BadInput
        If the width is not above 0.

    Examples
    --------
    >>> net = nin(width=0.25)
    >>> net.block1.point1
    Conv2d(48, 40, kernel_size=(1, 1), stride=(1, 1))
    """
    one = scaled(width, 192, 160, 96)
    two = scaled(width, 192, 192, 192)
    three = (*scaled(width, 192, 192), num_classes)
    net = nn.Sequential(
        OrderedDict(
            block1=mlpconv(in_channels, one, kernel_size=5, padding=2),   # 96×32×32
            pool1=nn.MaxPool2d(3, stride=2, ceil_mode=True),              # 96×16×16
            drop1=nn.Dropout(dropout),
            block2=mlpconv(one[-1], two, kernel_size=5, padding=2),       # 192×16×16
            pool2=nn.AvgPool2d(3, stride=2, ceil_mode=True),              # 192×8×8
            drop2=nn.Dropout(dropout),
            block3=mlpconv(two[-1], three, kernel_size=3, padding=1),     # classes×8×8
            average=nn.AdaptiveAvgPool2d(1),                              # classes×1×1: global average pooling
            flatten=nn.Flatten(),
        )
    )  # fmt: skip
    return draw_weights(net)


@register(
    "nin_224",
    title="NiN (ImageNet)",
    idea="the same for ImageNet",
    source="the NiN authors' ImageNet network of Caffe's model zoo, as Dive into Deep Learning, section 8.3, has it",
    departures=(
        "the last block has as many channels as classes throughout; the zoo's has 1,024, 1,024 and 1,000",
        "weights are drawn with He et al.'s deviation (2015)",
    ),
    input_shape=(3, 224, 224),
    parameters=7_439_608,
)
def nin_224(in_channels: int = 3, num_classes: int = 1000, width: float = 1.0, dropout: float = 0.5) -> nn.Module:
    """Build the Network in Network for 224×224 pictures: AlexNet's convolutions, each followed by two of 1×1.

    Parameters
    ----------
    in_channels, num_classes : int
        3 for colour pictures; the number of logits.
    width : float
        Factor on all channel counts but the classes; 1 is the published network.
    dropout : float
        Share of the values dropped before the last block.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, 224, 224) to logits (N, num_classes).

    Raises
    ------
    BadInput
        If the width is not above 0.

    Examples
    --------
    >>> nin_224(num_classes=10, width=0.1).block4.conv
    Conv2d(38, 10, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
    """
    one, two, three = ((channels,) * 3 for channels in scaled(width, 96, 256, 384))
    net = nn.Sequential(
        OrderedDict(
            block1=mlpconv(in_channels, one, kernel_size=11, stride=4),              # 96×54×54
            pool1=nn.MaxPool2d(3, stride=2),                                         # 96×26×26
            block2=mlpconv(one[-1], two, kernel_size=5, padding=2),                  # 256×26×26
            pool2=nn.MaxPool2d(3, stride=2),                                         # 256×12×12
            block3=mlpconv(two[-1], three, kernel_size=3, padding=1),                # 384×12×12
            pool3=nn.MaxPool2d(3, stride=2),                                         # 384×5×5
            drop3=nn.Dropout(dropout),
            block4=mlpconv(three[-1], (num_classes,) * 3, kernel_size=3, padding=1),  # classes×5×5
            average=nn.AdaptiveAvgPool2d(1),                                         # classes×1×1
            flatten=nn.Flatten(),
        )
    )  # fmt: skip
    return draw_weights(net)
