"""What first weights do to the size of a signal, and which slip made them so."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn


def change(net: nn.Sequential, x: torch.Tensor) -> float:
    """Return how much larger the root of the mean square is behind the last ReLU than behind the first.

    Parameters
    ----------
    net : nn.Sequential
        With at least two ReLUs.
    x : Tensor
        What goes in.

    Examples
    --------
    >>> double = nn.Conv2d(1, 1, 1, bias=False)
    >>> _ = nn.init.constant_(double.weight, 2.0)
    >>> change(nn.Sequential(nn.ReLU(), double, nn.ReLU()), torch.ones(1, 1, 4, 4))
    2.0
    """
    sizes = []
    with torch.no_grad():
        for layer in net:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                sizes.append(float(x.double().square().mean().sqrt()))
    return max(sizes[-1], 1e-300) / max(sizes[0], 1e-300)


def slip(net: nn.Module) -> str:
    """Return a hint at what is wrong with weights that do not keep the size of a signal.

    Each layer tells by its weights' variance times the number of inputs of one output: 2 keeps the size behind ReLU.

    Examples
    --------
    >>> slip(nn.Linear(160, 160)).split(":")[0]
    'Its layers of the kind Linear are as PyTorch draws them'
    """
    layers = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    inputs = [m.weight[0].numel() for m in layers]
    outputs = [m.weight[:, 0].numel() for m in layers]
    variances = [float(m.weight.detach().var()) for m in layers]

    def all_near(values, wanted):
        return all(0.8 * wanted < value < 1.25 * wanted for value in values)

    products = [v * n for v, n in zip(variances, inputs, strict=True)]
    if all_near(products, 1 / 3):
        kind = type(layers[0]).__name__
        return f"Its layers of the kind {kind} are as PyTorch draws them: each leaves a sixth of the mean square."
    if all_near(products, 1):
        return "A half of the mean square is lost in each layer: what does a ReLU do to it?"
    if all_near([v**0.5 * n for v, n in zip(variances, inputs, strict=True)], 2):
        return "Your deviation is what the variance should be; take the root."
    if all_near([v * m for v, m in zip(variances, outputs, strict=True)], 2):
        return "You count the outputs that one input goes to. How many inputs does one output sum up?"
    if all_near([v * (n + m) for v, n, m in zip(variances, inputs, outputs, strict=True)], 2):
        return "That is Glorot and Bengio's rule: inputs and outputs are averaged, and the ReLU's half is missing."
    if len(set(inputs)) == 1 or max(variances) < 1.3 * min(variances):
        return "How many inputs are summed up in one output of a layer? The variance depends on it."
    return "Does every input of an output count, all channels and all places of the kernel?"


def _convolutions(channels, kernel):
    """Return a maker of a net in which the picture has no edge, so that padding takes nothing away."""

    def make():
        layers = []
        for a, b in pairwise(channels):
            layers += [nn.Conv2d(a, b, kernel, padding="same", padding_mode="circular"), nn.ReLU()]
        return nn.Sequential(*layers), torch.randn(4, channels[0], 12, 12)

    return make


def _fully_connected():
    layers = [part for _ in range(13) for part in (nn.Linear(160, 160), nn.ReLU())]
    return nn.Sequential(*layers), torch.randn(64, 160)


PROBES = (  # words, and a maker of a net with what goes in
    ("in 12 convolutions of 3×3 with 48 channels", _convolutions([48] * 14, 3)),
    ("in 12 convolutions that lead from 4 to 64 channels", _convolutions([4] * 2 + [64] * 12, 3)),
    ("in 12 convolutions of 1×1 with 160 channels", _convolutions([160] * 14, 1)),
    ("in 12 fully connected layers", _fully_connected),
)
