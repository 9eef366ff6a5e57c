"""Exercises of the chapter "Convolution arithmetic"."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check.engine import NotAnswered, Wrong, call, exercise


@exercise("arithmetic.1", "the output size of a convolution")
def output_size(answer) -> str:
    """Judge ``answer(n, k, s, p)``: the output size, by running PyTorch's own layer."""
    grid = itertools.product((4, 7, 28, 227), (1, 3, 5, 11), (1, 2, 4), (0, 1, 2))
    settings = [(n, k, s, p) for n, k, s, p in grid if n + 2 * p >= k]
    for n, k, s, p in settings:
        right = nn.Conv1d(1, 1, k, s, p)(torch.zeros(1, 1, n)).shape[2]
        given = call(answer, n, k, s, p)
        if given == right:
            continue
        case = f"with n={n}, k={k}, s={s}, p={p} PyTorch makes {right} and you {given!r}"
        if not float(given).is_integer():
            raise Wrong(f"{case}. A size is a whole number: where the stride does not divide, what rounds it?")
        if p and given == (n + p - k) // s + 1:
            raise Wrong(f"{case}. Padding is added on both sides")
        if given == (n + 2 * p - k) // s:
            raise Wrong(f"{case}. Count the fence posts, not the gaps")
        if given == -(-(n + 2 * p - k) // s) + 1:
            raise Wrong(f"{case}. You round up; may the last window hang over the edge?")
        raise Wrong(case)
    return f"equals PyTorch's Conv1d on {len(settings)} settings"


@exercise("arithmetic.2", "cells that no window sees")
def unseen(answer) -> str:
    """Judge ``answer(n, k, s, p)``: how many of the n input cells get no gradient from any output."""
    grid = itertools.product((4, 6, 7, 10, 24), (1, 2, 3, 5), (1, 2, 3, 4), (0, 1, 2))
    settings = [(n, k, s, p) for n, k, s, p in grid if n + 2 * p >= k]
    for n, k, s, p in settings:
        x = torch.zeros(1, 1, n, requires_grad=True)
        F.conv1d(x, torch.ones(1, 1, k), stride=s, padding=p).sum().backward()
        right = int((x.grad == 0).sum())
        given = call(answer, n, k, s, p)
        if given == right:
            continue
        case = f"with n={n}, k={k}, s={s}, p={p} no window sees {right} of the {n} cells, and you say {given!r}"
        at_the_end = (n + 2 * p - k) % s
        if p and given == at_the_end:
            raise Wrong(f"{case}. Some of what is left over is padding, and not input")
        if s > k and given == max(0, at_the_end - p):
            raise Wrong(f"{case}. A stride larger than the kernel leaves gaps between the windows, too")
        raise Wrong(f"{case}. Go through the windows and note which cells each of them covers")
    return f"equals the cells without a gradient on {len(settings)} settings"


@exercise("arithmetic.3", "one filter on a colour picture")
def one_filter(answer) -> str:
    """Judge ``answer(picture, kernels, bias)``: one feature map, against `F.conv2d` with one filter."""
    draw = torch.Generator().manual_seed(3)
    shapes = [(1, 4, 4, 1), (3, 6, 6, 3), (3, 5, 7, 2), (8, 6, 6, 5)]
    for channels, height, width, k in shapes:
        picture = torch.randn(channels, height, width, generator=draw)
        kernels = torch.randn(channels, k, k, generator=draw)
        parts = F.conv2d(picture[None], kernels[:, None], groups=channels)[0]
        right = parts.sum(dim=0) + 0.5
        given = torch.as_tensor(call(answer, picture, kernels, 0.5)).detach().float()
        case = f"for a picture of {channels}×{height}×{width} and kernels of {k}×{k}"
        if channels > 1 and given.shape == parts.shape:
            raise Wrong(f"{case} you return {channels} maps. One filter gives one: what becomes of its parts?")
        if given.shape == (1, *right.shape):
            given = given[0]  # one map in a stack of one, as PyTorch would have it
        if given.shape != right.shape:
            raise Wrong(f"{case} the map has shape {tuple(right.shape)}, and yours {tuple(given.shape)}")
        if torch.allclose(given, right, atol=1e-4):
            continue
        if torch.allclose(given, parts.sum(dim=0), atol=1e-4):
            raise Wrong(f"{case} only the bias is missing")
        if torch.allclose(given, parts.sum(dim=0) + 0.5 * channels, atol=1e-4):
            raise Wrong(f"{case} the bias is in it {channels} times. It belongs to the filter, not to its channels")
        if torch.allclose(given - 0.5, parts.mean(dim=0), atol=1e-4):
            raise Wrong(f"{case} you average over the channels; the parts are added")
        raise Wrong(f"{case} a value is off by {(given - right).abs().max():.2g}")
    return f"equals F.conv2d with one filter on {len(shapes)} shapes"


def _alexnet_conv2() -> nn.Conv2d:
    return nn.Conv2d(96, 256, 5, padding=2, groups=2, device="meta")


@exercise("arithmetic.4", "what AlexNet's second convolution costs")
def costs(answer) -> str:
    """Judge a dict of whole numbers, against the layer itself on the ``meta`` device."""
    layer = _alexnet_conv2()
    size = layer(torch.empty(1, 96, 27, 27, device="meta")).shape[-1]
    weights = layer.weight.numel()
    right = {
        "output size": (size, "What does a padding of 2 do to a kernel of 5?"),
        "input channels of one filter": (layer.weight.shape[1], "The channels are split into two groups"),
        "parameters": (weights + 256, "Each filter has its weights and one bias; how many input channels does it see?"),
        "MACs": (weights * size**2, "Every weight is used once in each cell of the map; the bias is not counted"),
    }
    if not isinstance(answer, dict) or set(answer) != set(right):
        raise Wrong(f"a dict with these keys is wanted: {', '.join(map(repr, right))}")
    if any(value is None or value is ... for value in answer.values()):
        raise NotAnswered
    for name, (value, hint) in right.items():
        if answer[name] != value:
            raise Wrong(f"{name!r} is not {answer[name]!r}. {hint}")
    return "equals PyTorch's nn.Conv2d(96, 256, 5, padding=2, groups=2)"


@exercise("arithmetic.5", "design a stack of windows")
def design(answer) -> str:
    """Judge a list of up to three ``(kernel_size, stride, padding)`` by running it: 32 to 8, a field of at least 15."""
    layers = list(answer)
    if any(layer is ... or layer is None for layer in layers):
        raise NotAnswered
    if not 1 <= len(layers) <= 3:
        raise Wrong(f"your stack has {len(layers)} layers; one to three are allowed")
    for layer in layers:
        k, s, p = layer
        if not (1 <= k <= 3 and 1 <= s <= 8 and 0 <= p <= 1):
            raise Wrong(f"{layer} is out of bounds: a kernel of 1 to 3, a stride of 1 to 8, a padding of 0 or 1")
    size = _run(layers, torch.ones(1, 1, 32)).shape[-1]
    if size != 8:
        raise Wrong(f"your stack makes {size} of 32, and 8 are wanted")
    x = torch.ones(1, 1, 512, requires_grad=True)  # long, so that the cell in the middle sees no edge
    out = _run(layers, x)
    out[0, 0, out.shape[-1] // 2].backward()
    seen = x.grad[0, 0].nonzero().flatten()
    side = int(seen.max() - seen.min()) + 1
    if side < 15:
        raise Wrong(f"a cell of your output sees {side} cells of the input, and at least 15 are wanted. A window "
                    "counts in cells of the layer below: where in the stack are those farthest apart?")  # fmt: skip
    if len(seen) < side:
        raise Wrong(f"a cell of your output reaches over {side} cells but sees only {len(seen)} of them. Where do the "
                    "windows leave gaps?")  # fmt: skip
    return f"run by PyTorch it makes 8 of 32, and each cell sees {side} cells"


def _run(layers, x):
    for k, s, p in layers:
        x = F.conv1d(x, torch.ones(1, 1, k), stride=s, padding=p)
    return x
