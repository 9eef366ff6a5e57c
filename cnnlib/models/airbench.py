"""A net made to be trained in seconds: a fixed whitening layer, then three blocks of two convolutions.

Source: Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", arXiv:2404.00498 (2024), section 3.1 and appendix A.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from cnnlib.errors import BadInput
from cnnlib.models.building import scaled
from cnnlib.models.registry import register

ACTIVATIONS = {"gelu": nn.GELU, "relu": nn.ReLU}


class Block(nn.Sequential):
    """Two 3×3 convolutions, each normalised, with a 2×2 max pooling after the first.

    From (N, in_channels, H, W) to (N, out_channels, H // 2, W // 2). The normalisations shift but do not scale,
    and forget quickly: 0.4 of each batch enters the running statistics.
    """

    def __init__(self, in_channels: int, out_channels: int, activation: type[nn.Module]):
        layers = OrderedDict()
        for number in (1, 2):
            layers[f"conv{number}"] = _identity_first(nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False))
            if number == 1:
                layers["pool"] = nn.MaxPool2d(2)
            layers[f"norm{number}"] = nn.BatchNorm2d(out_channels, eps=1e-12, momentum=0.4)
            layers[f"norm{number}"].weight.requires_grad_(False)
            layers[f"act{number}"] = activation()
            in_channels = out_channels
        super().__init__(layers)


class Airbench(nn.Module):
    """Whitening layer, blocks, global max pooling, logits divided by 9.

    Input (N, in_channels, H, W) of any size from 9 pixels up, output logits (N, num_classes).

    Parameters
    ----------
    widths : tuple of int
        Output channels of each block.
    activation : {'gelu', 'relu'}
        After each normalisation and after the whitening layer.
    in_channels, num_classes : int
        Channels of a picture; classes.
    filters : int
        Of the whitening layer: an even number, at most twice as many as a 2×2 patch has numbers.
    """

    def __init__(self, widths: tuple[int, ...], activation: str, in_channels: int, num_classes: int, filters: int):
        super().__init__()
        act = ACTIVATIONS[activation]
        self.whitening = nn.Conv2d(in_channels, filters, 2, bias=False)
        self.act = act()
        inputs = (filters, *widths)
        self.blocks = nn.Sequential(*(Block(i, o, act) for i, o in zip(inputs, widths, strict=False)))
        self.pool = nn.AdaptiveMaxPool2d(1)
        self.flatten = nn.Flatten()
        self.out = nn.Linear(widths[-1], num_classes, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (N, num_classes) for pictures (N, in_channels, H, W)."""
        x = self.blocks(self.act(self.whitening(x)))
        return self.out(self.flatten(self.pool(x))) / 9


def _identity_first(layer: nn.Conv2d) -> nn.Conv2d:
    """Let the first filters pass each input channel through unchanged; the others start as PyTorch draws them."""
    with torch.no_grad():
        nn.init.dirac_(layer.weight[: layer.in_channels])
    return layer


@register(
    "airbench",
    title="airbench",
    year=2024,
    idea="a fixed whitening layer first; made to be trained in seconds",
    source="Jordan, arXiv:2404.00498 (2024), section 3.1; made to be trained with whitening, see cnnlib.train.whiten",
    departures=("the whitening layer has no bias; the paper trains one for three epochs and then keeps it",),
    input_shape=(3, 32, 32),
    parameters=1_971_616,
)
def airbench(
    widths: tuple[int, ...] = (64, 256, 256),
    activation: str = "gelu",
    in_channels: int = 3,
    num_classes: int = 10,
    width: float = 1.0,
    filters: int = 24,
) -> Airbench:
    """Build the net; `cnnlib.train.fit` sets its first layer when the recipe says ``whitening``.

    Parameters
    ----------
    widths, activation, in_channels, num_classes, filters
        As in `Airbench`; the paper's by default. To whiten grey pictures take 8 filters.
    width : float
        Factor on all widths.

    Raises
    ------
    BadInput
        If one of the widths is below 1, none is given, the factor is not above 0, or the activation is unknown.

    Examples
    --------
    >>> net = airbench(widths=(32, 64, 128), activation="relu")
    >>> tuple(net(torch.zeros(2, 3, 24, 24)).shape)
    (2, 10)
    """
    if not widths or min(widths) < 1:
        raise BadInput(f"widths is {widths}; it must hold numbers of channels, at least 1 each. Try (32, 64, 128).")
    if activation not in ACTIVATIONS:
        raise BadInput(f"activation is {activation!r}; it must be one of {', '.join(ACTIVATIONS)}.")
    return Airbench(scaled(width, *widths), activation, in_channels, num_classes, filters)
