"""Exercises of the chapter "Why convolution"."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check.engine import NotAnswered, Wrong, call, exercise

GROWTH = {
    "fully connected parameters": (640 * 640 * 3 + 1) / (320 * 320 * 3 + 1),
    "convolution parameters": 1.0,
    "fully connected MACs": 4.0,
    "convolution MACs": 630**2 / 310**2,
}


@exercise("why.1", "parameters of the two layers")
def parameters(answer) -> str:
    """Judge ``answer(side, channels, outputs, kernel)``: a pair of counts, by counting PyTorch's own tensors."""
    settings = list(itertools.product((28, 640), (1, 3), (1, 10), (5, 11)))
    for side, channels, outputs, kernel in settings:
        given = call(answer, side, channels, outputs, kernel)
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise Wrong(f"two counts are wanted, (fully connected, convolution), and you return {given!r}")
        layers = (
            nn.Linear(side * side * channels, outputs, device="meta"),
            nn.Conv2d(channels, outputs, kernel, device="meta"),
        )
        right = tuple(sum(p.numel() for p in layer.parameters()) for layer in layers)
        case = f"with side={side}, channels={channels}, outputs={outputs}, kernel={kernel} PyTorch counts"
        if given[1] != right[1]:
            raise Wrong(f"{case} {right[1]:,} in the convolution and you {given[1]:,}. " + _filter_slip(
                given[1], channels, outputs, kernel))  # fmt: skip
        if given[0] != right[0]:
            raise Wrong(f"{case} {right[0]:,} in the fully connected layer and you {given[0]:,}. " + (
                "Does each unit add a number of its own?" if given[0] == right[0] - outputs
                else "How many numbers does one picture hold, and who has a weight for each?"))  # fmt: skip
    return f"equals the counts of nn.Linear and nn.Conv2d on {len(settings)} settings"


def _filter_slip(given, channels, outputs, kernel) -> str:
    if given in (kernel * kernel * outputs, kernel * kernel * outputs + outputs) and channels > 1:
        return "A filter reaches through all channels of the picture"
    if given == kernel * kernel * channels * outputs:
        return "Does each filter add a number of its own?"
    return "How many weights has one filter, and how many filters are there? The picture's side should not matter"


@exercise("why.2", "what doubling the picture does")
def growth(answer) -> str:
    """Judge a dict of four factors, given to within 5 %."""
    if not isinstance(answer, dict) or set(answer) != set(GROWTH):
        raise Wrong(f"a dict with these keys is wanted: {', '.join(map(repr, GROWTH))}")
    if any(value is None or value is ... for value in answer.values()):
        raise NotAnswered
    for name, right in GROWTH.items():
        try:
            given = float(answer[name])
        except (TypeError, ValueError):
            raise Wrong(f"{name!r} is {answer[name]!r}; a number is wanted, the factor of growth") from None
        if abs(given - right) > 0.05 * right:
            hint = {
                "fully connected parameters": "Each unit has a weight for every number of the picture, and a picture "
                "has two sides",
                "convolution parameters": "Where does the side of the picture stand in the formula?",
                "fully connected MACs": "Every weight is used once a picture",
                "convolution MACs": "Every weight is used once in each cell of the map. How many cells has it before "
                "and after?",
            }[name]
            raise Wrong(f"{name} do not grow {given:g} times. {hint}")
    return f"exactly: {', '.join(f'{name} ×{factor:.3f}' for name, factor in GROWTH.items())}"


@exercise("why.3", "a convolution that does not share")
def locally_connected(answer) -> str:
    """Judge ``answer(picture, weight)`` against a sum over PyTorch's own windows, `F.unfold`."""
    draw = torch.Generator().manual_seed(3)
    shapes = [(5, 5, 3), (6, 4, 3), (7, 7, 2), (4, 6, 1), (3, 3, 3)]
    for height, width, k in shapes:
        rows, columns = height - k + 1, width - k + 1
        picture = torch.randn(height, width, generator=draw)
        weight = torch.randn(rows, columns, k, k, generator=draw)
        windows = F.unfold(picture[None, None], k)[0].T.view(rows, columns, k, k)
        right = (windows * weight).sum(dim=(2, 3))
        given = _tensor(call(answer, picture, weight))
        case = f"for a picture of {height}×{width} and kernels of {k}×{k}"
        if given.shape != right.shape:
            raise Wrong(f"{case} the map is {rows}×{columns}, and yours has shape {tuple(given.shape)}")
        if torch.allclose(given, right, atol=1e-4):
            continue
        if torch.allclose(given, (windows * weight[0, 0]).sum(dim=(2, 3)), atol=1e-4):
            raise Wrong(f"{case} you use weight[0, 0] at every place. That is sharing; here each place has its own")
        if torch.allclose(given, (windows * weight.flip(2, 3)).sum(dim=(2, 3)), atol=1e-4):
            raise Wrong(f"{case} your kernels are turned by half a turn. Lay them on as they are")
        raise Wrong(f"{case} a value is off by {(given - right).abs().max():.2g}. Which cells does place (i, j) see?")
    equal = torch.randn(3, 3, generator=draw)
    picture = torch.randn(8, 8, generator=draw)
    shared = _tensor(call(answer, picture, equal.expand(6, 6, 3, 3)))
    if not torch.allclose(shared, F.conv2d(picture[None, None], equal[None, None])[0, 0], atol=1e-4):
        raise Wrong("with the same kernel at every place it should be F.conv2d, and is not")
    return f"equals the sum over PyTorch's own windows on {len(shapes)} shapes, and F.conv2d where all kernels are one"


def _tensor(given) -> torch.Tensor:
    try:
        return torch.as_tensor(given).detach().float()
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(f"a tensor is wanted, the map, and you return {type(given).__name__}") from None


@exercise("why.4", "is a layer equivariant?")
def is_equivariant(answer) -> str:
    """Judge ``answer(layer, x, by)`` on layers whose behaviour under shifts along the width is known."""
    draw = torch.Generator().manual_seed(4)
    x = torch.randn(1, 1, 8, 8, generator=draw)
    mask = torch.rand(8, 8, generator=draw)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        conv = nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular").requires_grad_(False)
        dense = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.Unflatten(1, (1, 8, 8))).requires_grad_(False)
    cases = [
        ("a convolution with circular padding", conv, 1, True),
        ("the same convolution, shifted by 3", conv, 3, True),
        ("a ReLU", torch.relu, 1, True),
        ("a fully connected layer", dense, 1, False),
        ("a layer that multiplies each pixel by its own number", lambda t: t * mask, 1, False),
        ("a layer that keeps every second pixel and blanks the rest", _every_second, 1, False),
        ("the same layer, shifted by 2", _every_second, 2, True),
        ("a layer that fills each row with its mean", lambda t: t.mean(dim=-1, keepdim=True).expand_as(t), 1, True),
    ]
    given = []
    for _, layer, by, _ in cases:
        verdict = call(answer, layer, x.clone(), by)
        if getattr(verdict, "numel", lambda: 1)() != 1:
            raise Wrong("one truth value is wanted, True or False; torch.allclose gives one")
        given.append(bool(verdict))
    if given == [torch.allclose(layer(torch.roll(x, by, -1)), layer(x), atol=1e-5) for _, layer, by, _ in cases]:
        raise Wrong("you ask whether the output stays as it was. That is invariance; does it move along?")
    for said, (name, _, by, right) in zip(given, cases, strict=True):
        if said != right:
            raise Wrong(
                f"for {name}, by={by}, you say {said}. Compare 'move, then layer' with 'layer, then move', along the "
                "width, by as many columns, and allow for rounding"
            )
    return f"all {len(cases)} layers and shifts are judged rightly"


def _every_second(x):
    kept = torch.zeros_like(x)
    kept[..., ::2] = x[..., ::2]
    return kept


@exercise("why.5", "any convolution as a fully connected layer")
def as_linear(answer) -> str:
    """Judge ``answer(conv, height, width)``: an ``nn.Linear`` that computes the same on flattened pictures."""
    settings = [
        ((1, 1, 3), {"bias": False}),
        ((1, 1, 3), {}),
        ((3, 2, 3), {"padding": 1}),
        ((2, 4, 2), {"stride": 2}),
        ((4, 4, 3), {"dilation": 2, "groups": 2}),
    ]
    height, width = 6, 7
    draw = torch.Generator().manual_seed(5)
    for channels_and_kernel, options in settings:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            conv = nn.Conv2d(*channels_and_kernel, **options).double()
        x = torch.randn(2, conv.in_channels, height, width, generator=draw, dtype=torch.float64)
        right = conv(x).flatten(1).detach()
        linear = call(answer, conv, height, width)
        case = f"for {conv} on {height}×{width}"
        if not isinstance(linear, nn.Linear):
            raise Wrong(f"an nn.Linear is wanted, and you return {type(linear).__name__}")
        if (linear.in_features, linear.out_features) != (x[0].numel(), right.shape[1]):
            raise Wrong(f"{case} the layer goes from {x[0].numel()} to {right.shape[1]} numbers, "
                        f"and yours from {linear.in_features} to {linear.out_features}")  # fmt: skip
        if linear.weight.shape != (linear.out_features, linear.in_features):
            raise Wrong(f"{case} the weight has shape {tuple(linear.weight.shape)}; a row belongs to each output. "
                        "Is it transposed?")  # fmt: skip
        given = linear.double()(x.flatten(1)).detach()
        if not torch.allclose(given, right, atol=1e-5):
            raise Wrong(f"{case} an output is off by {(given - right).abs().max():.2g}. "
                        + _bias_slip(conv, x, given, right))  # fmt: skip
    return f"computes what nn.Conv2d does on {len(settings)} settings"


def _bias_slip(conv, x, given, right) -> str:
    if conv.bias is not None:
        bias = conv.bias.detach()[:, None, None].expand_as(conv(x)[0]).flatten()
        if torch.allclose(given + bias, right, atol=1e-5):
            return "Only the bias is missing: each output cell has the bias of its channel"
        through_weights = x.flatten(1).sum(dim=1, keepdim=True) * bias
        if any(torch.allclose(given - through_weights, right - lacking, atol=1e-5) for lacking in (0, bias)):
            return "The bias has come into the weights: the output for a unit picture holds it too. Take it off first"
    return "What does the convolution make of a picture that is 1 in one cell and 0 elsewhere?"
