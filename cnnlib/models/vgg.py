"""The VGG nets: blocks of 3×3 convolutions, written as one table.

Source: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition",
ICLR 2015, section 2.1 and table 1 (columns A, B, D and E).
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from cnnlib.errors import BadInput
from cnnlib.models.registry import register

# Table 1 of the paper: for each block its convolutions' output channels; a max pooling of 2×2 ends each block.
BLOCKS = {
    "vgg11": ((64,), (128,), (256, 256), (512, 512), (512, 512)),                              # A
    "vgg13": ((64, 64), (128, 128), (256, 256), (512, 512), (512, 512)),                       # B
    "vgg16": ((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3),                       # D
    "vgg19": ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4),                       # E
}  # fmt: skip
PARAMETERS = {"vgg11": 132_863_336, "vgg13": 133_047_848, "vgg16": 138_357_544, "vgg19": 143_667_240}
DEPARTURES = (
    "the convolutions' weights start by He et al.'s rule (2015), the fully connected layers' with deviation 0.01 as "
    "in torchvision; the paper starts from a smaller trained net, and notes that Glorot and Bengio's rule would serve",
)


def vgg_block(in_channels: int, channels: tuple[int, ...], batch_norm: bool = False) -> nn.Sequential:
    """Build one block: 3×3 convolutions that keep height and width, then max pooling that halves them.

    Parameters
    ----------
    in_channels : int
        Channels of the block's input.
    channels : tuple of int
        Output channels of each convolution.
    batch_norm : bool
        Normalise after each convolution. The convolution keeps its bias, as everybody's code does, although the
        normalisation takes it away again.

    Examples
    --------
    >>> import torch
    >>> tuple(vgg_block(3, (64, 64))(torch.zeros(1, 3, 32, 32)).shape)
    (1, 64, 16, 16)
    """
    layers = OrderedDict()
    for number, out_channels in enumerate(channels, start=1):
        layers[f"conv{number}"] = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
        if batch_norm:
            layers[f"norm{number}"] = nn.BatchNorm2d(out_channels)
        layers[f"relu{number}"] = nn.ReLU(inplace=True)
        in_channels = out_channels  # the line that the students' note misspelt
    layers["pool"] = nn.MaxPool2d(2)
    return nn.Sequential(layers)


class VGG(nn.Sequential):
    """Five blocks, then a classifier. Input (N, in_channels, side, side), output logits (N, num_classes).

    Parameters
    ----------
    blocks : tuple of tuple of int
        Output channels of the convolutions of each block.
    in_channels, num_classes : int
        Channels of a picture; classes.
    width : float
        Factor on all channel counts and hidden units.
    image_size : int
        Side of a picture: at least 32, so that 5 halvings leave a pixel.
    hidden : int
        Units of each of the two hidden fully connected layers, before ``width``; 0 for none.
    dropout : float
        Probability that a unit before a fully connected layer is silenced in training.
    batch_norm : bool
        As in `vgg_block`.
    """

    def __init__(self, blocks, in_channels, num_classes, width, image_size, hidden, dropout, batch_norm):
        if image_size < 2 ** len(blocks):
            raise BadInput(
                f"image_size is {image_size}; it must be at least {2 ** len(blocks)}, for the {len(blocks)} poolings "
                "halve it each. Use larger pictures."
            )
        if not width > 0:
            raise BadInput(f"width is {width}; it must be above 0. Use 1 for the paper's channels, 0.25 for a quarter.")
        layers, channels = OrderedDict(), in_channels
        for number, block in enumerate(blocks, start=1):
            scaled = tuple(max(1, round(width * c)) for c in block)
            layers[f"block{number}"] = vgg_block(channels, scaled, batch_norm)
            channels = scaled[-1]
        layers["flatten"] = nn.Flatten()
        features, units = channels * (image_size // 2 ** len(blocks)) ** 2, max(1, round(width * hidden))
        for number in (6, 7) if hidden else ():
            layers[f"fc{number}"] = nn.Linear(features, units)
            layers[f"relu{number}"] = nn.ReLU(inplace=True)
            layers[f"dropout{number}"] = nn.Dropout(dropout)
            features = units
        if dropout and not hidden:
            layers["dropout"] = nn.Dropout(dropout)
        layers["out"] = nn.Linear(features, num_classes)
        super().__init__(layers)


def _draw_first_weights(net: VGG) -> VGG:
    """Draw weights that keep the signal's size through many layers without batch norm; biases start at 0."""
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0, 0.01)
            nn.init.zeros_(layer.bias)
    return net


def _enter(name: str, column: str):
    """Register one column of the paper's table."""

    @register(
        name,
        title=f"VGG-{name[3:]}",
        year=2015,
        idea="blocks of 3×3 convolutions, halved between",
        source=f"Simonyan and Zisserman, ICLR 2015, table 1, column {column}",
        departures=DEPARTURES,
        input_shape=(3, 224, 224),
        parameters=PARAMETERS[name],
    )
    def build(
        in_channels: int = 3,
        num_classes: int = 1000,
        width: float = 1.0,
        image_size: int = 224,
        dropout: float = 0.5,
        batch_norm: bool = False,
    ) -> nn.Module:
        """Build one of the paper's nets; the settings are those of `VGG`."""
        net = VGG(BLOCKS[name], in_channels, num_classes, width, image_size, 4096, dropout, batch_norm)
        return _draw_first_weights(net)


for _name, _column in zip(BLOCKS, "ABDE", strict=True):
    _enter(_name, _column)


@register(
    "vgg11_note000",
    title="VGG-11 of note 000",
    idea="VGG-11 for grey pictures and ten classes",
    source="the students' note 000, which follows Zhang et al., Dive into Deep Learning, section 8.2",
    departures=("the note's block misspells in_channels and mixes tabs with spaces, so it does not run; mended here",),
    input_shape=(1, 224, 224),
    parameters=128_806_154,
)
def vgg11_note000(in_channels: int = 1, num_classes: int = 10, width: float = 1.0, image_size: int = 224) -> nn.Module:
    """Build the note's VGG-11 for grey pictures and ten classes; the settings are those of `VGG`.

    Examples
    --------
    >>> [tuple(conv.weight.shape) for conv in vgg11_note000(width=0.125).block1 if hasattr(conv, "weight")]
    [(8, 1, 3, 3)]
    """
    return VGG(BLOCKS["vgg11"], in_channels, num_classes, width, image_size, 4096, 0.5, batch_norm=False)


@register(
    "vgg_0503",
    title="simplified VGG of 0503",
    idea="VGG's plan with batch norm and one linear layer",
    source="OUCTheoryGroup/colab_demo 05_03, the course behind the notes' exercise 0503",
    departures=(
        "the course's list of layers is undefined where it is used, and its last layer expects 2,048 features where "
        "five poolings of 32×32 leave 512: 512 here",
    ),
    input_shape=(3, 32, 32),
    parameters=9_231_114,
)
def vgg_0503(
    in_channels: int = 3,
    num_classes: int = 10,
    width: float = 1.0,
    image_size: int = 32,
    dropout: float = 0.0,
    batch_norm: bool = True,
) -> nn.Module:
    """Build the exercise's net: VGG-11 with batch norm and one linear layer; the settings are those of `VGG`.

    Examples
    --------
    >>> vgg_0503().out
    Linear(in_features=512, out_features=10, bias=True)
    """
    return VGG(BLOCKS["vgg11"], in_channels, num_classes, width, image_size, 0, dropout, batch_norm)
