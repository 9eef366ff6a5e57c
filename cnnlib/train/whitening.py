"""A first layer that need not be learnt: filters that whiten small patches of the pictures.

Neighbouring pixels are much alike, so most of a patch's numbers repeat each other. Projected on the eigenvectors of
their covariance and divided by the square roots of its eigenvalues, they are uncorrelated and of equal size: what the
second layer sees is easier to learn from.

Source: Page, "How to train your ResNet 8" (2019); as a fixed first layer, with each filter and its negative: Jordan,
"94% on CIFAR-10 in 3.29 seconds on a single GPU" (2024), section 3.2.
"""

from __future__ import annotations

import torch
from torch import nn

from cnnlib.errors import BadInput

SMALLEST = 5e-4  # added to each eigenvalue, so that hardly any noise is blown up


@torch.no_grad()
def whiten(model: nn.Module, x: torch.Tensor) -> nn.Conv2d:
    """Set a network's first convolution to whitening filters and their negatives, and keep it from training.

    Parameters
    ----------
    model : nn.Module
        Its first convolution, in the order of registration, must have an even number of filters, at most twice as many
        as a patch has numbers. A bias is set to 0 and kept, too.
    x : Tensor, shape (N, C, H, W)
        Prepared pictures; some thousands are enough.

    Returns
    -------
    nn.Conv2d
        That layer.

    Raises
    ------
    BadInput
        If the network has no such convolution.

    Examples
    --------
    >>> x = torch.rand(100, 3, 8, 8)
    >>> layer = whiten(nn.Sequential(nn.Conv2d(3, 24, kernel_size=2)), x - x.mean())
    >>> torch.allclose(layer(x - x.mean())[:, :12].var(dim=(0, 2, 3)), torch.ones(12), atol=0.1)
    True
    """
    layer = next((module for module in model.modules() if isinstance(module, nn.Conv2d)), None)
    numbers = 0 if layer is None else layer.weight[0].numel()
    if layer is None or layer.out_channels % 2 or layer.out_channels > 2 * numbers or layer.groups > 1:
        what = "no convolution" if layer is None else f"{layer.out_channels} filters of {numbers} numbers first"
        raise BadInput(
            f"whitening is True, but the network has {what}. It needs an even number of filters, at most twice their "
            "numbers, in one group. Use cnnlib.models.build('airbench'), or whitening=False."
        )
    height, width = layer.kernel_size
    patches = x.unfold(2, height, 1).unfold(3, width, 1).permute(0, 2, 3, 1, 4, 5).reshape(-1, numbers).double()
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))  # the smallest first
    filters = (vectors / (values + SMALLEST).sqrt()).T.flip(0)[: layer.out_channels // 2]
    filters = filters.reshape(-1, *layer.weight.shape[1:]).to(layer.weight.dtype)
    layer.weight.copy_(torch.cat([filters, -filters]))
    if layer.bias is not None:
        layer.bias.zero_()
    return layer.requires_grad_(False)
