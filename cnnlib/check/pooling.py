"""Exercises of the chapter "Pooling"."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check.engine import Wrong, call, exercise


@exercise("pooling.1", "the size with ceil_mode")
def pool_size(answer) -> str:
    """Judge ``answer(n, k, s, p, ceil_mode)`` by running PyTorch's own layer."""
    grid = itertools.product((5, 6, 7, 27, 55), (1, 2, 3), (1, 2, 3), (0, 1), (False, True))
    settings = [(n, k, s, p, ceil) for n, k, s, p, ceil in grid if 2 * p <= k]
    for n, k, s, p, ceil in settings:
        right = nn.MaxPool1d(k, s, p, ceil_mode=ceil)(torch.zeros(1, 1, n)).shape[2]
        given = call(answer, n, k, s, p, ceil)
        if given == right:
            continue
        case = f"with n={n}, k={k}, s={s}, p={p}, ceil_mode={ceil} PyTorch makes {right} and you {given!r}"
        if ceil and given == right + 1:
            raise Wrong(f"{case}. Where does your last window start? It must not start beyond the input")
        if ceil and given == (n + 2 * p - k) // s + 1:
            raise Wrong(f"{case}. That is the floor; ceil_mode rounds up")
        if given == (n - k) // s + 1:
            raise Wrong(f"{case}. The padding is missing")
        raise Wrong(case)
    return f"equals PyTorch's MaxPool1d on {len(settings)} settings"


def _batches() -> list[torch.Tensor]:
    """Return batches of even and odd sizes, all values negative so that a zero never wins."""
    generator = torch.Generator().manual_seed(5)
    return [-1 - torch.rand(2, 3, h, w, generator=generator) for h, w in ((4, 6), (5, 7), (2, 3))]


@exercise("pooling.2", "pooling without loops")
def max_pool(answer) -> str:
    """Judge ``answer(x)`` by PyTorch, on sizes that are not even too."""
    for x in _batches():
        right = F.max_pool2d(x, 2)
        given = torch.as_tensor(call(answer, x.clone()))
        if given.shape != right.shape:
            raise Wrong(f"a batch of {tuple(x.shape)} becomes {tuple(right.shape)}, and yours has {tuple(given.shape)}")
        if torch.equal(given, right):
            continue
        if torch.allclose(given, F.avg_pool2d(x, 2)):
            raise Wrong("that is the average of each window; asked is the largest")
        if torch.equal(given, x[..., ::2, ::2][..., : right.shape[2], : right.shape[3]]):
            raise Wrong("that takes the first cell of each window, not the largest")
        raise Wrong("the values differ from the largest of each window. Which dimensions do you take the maximum over?")
    return "equals PyTorch's max_pool2d on three batches, of odd sizes too"


@exercise("pooling.3", "the gradient of max pooling")
def max_pool_backward(answer) -> str:
    """Judge ``answer(x, g)`` by autograd."""
    generator = torch.Generator().manual_seed(6)
    for h, w in ((2, 2), (4, 6), (8, 4)):
        x = torch.randperm(h * w, generator=generator).float().reshape(h, w) - h * w / 2
        g = torch.randn(h // 2, w // 2, generator=generator)
        leaf = x.clone().requires_grad_()
        F.max_pool2d(leaf[None], 2)[0].backward(g)
        given = torch.as_tensor(call(answer, x.clone(), g.clone())).detach()
        if given.shape != x.shape:
            raise Wrong(f"the gradient of x has its shape {tuple(x.shape)}, and yours {tuple(given.shape)}")
        if torch.allclose(given.float(), leaf.grad, atol=1e-6):
            continue
        spread = g.repeat_interleave(2, 0).repeat_interleave(2, 1)
        if torch.allclose(given.float(), spread / 4, atol=1e-6):
            raise Wrong("that shares the gradient among all four: so does average pooling")
        if torch.allclose(given.float(), spread, atol=1e-6):
            raise Wrong("every cell got the whole gradient; only the winner of each window should")
        if torch.equal(given != 0, leaf.grad != 0):
            raise Wrong("the right cells have a gradient, but not the right one: hand `g` down, whatever its sign")
        raise Wrong("the gradient sits in the wrong cells: it belongs to the largest of each window")
    return "equals autograd on three sizes"


@exercise("pooling.4", "how the head grows")
def growth(answer) -> str:
    """Judge ``answer(n)`` by building the layers."""
    for n in (28, 29, 32, 64, 224):
        front = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.Flatten()
        )
        features = front(torch.zeros(1, 1, n, n)).shape[1]
        right, given = 120 * features + 120, call(answer, n)
        if given == right:
            continue
        if given == 120 * features:
            raise Wrong(f"for n={n} the 120 biases are missing")
        if given == 120 * features // 16 + 120:
            raise Wrong(f"for n={n} only one of the 16 maps is counted")
        raise Wrong(f"for n={n} the layer has {right:,} parameters, and you say {given!r}")
    return "equals the parameters of the layer that PyTorch builds, for five sizes"
