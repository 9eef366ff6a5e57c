"""`cnnlib.arithmetic` against PyTorch's own layers: same sizes, same refusals, same parameter counts."""

import random

import pytest
import torch
from torch import nn

from cnnlib import arithmetic
from cnnlib.errors import BadInput

CASES_A_LAYER = 500  # four kinds of layer: 2,000 settings
CONVS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
MAX_POOLS = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}
AVERAGE_POOLS = {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d}


def int_or_tuple(rng, dims, low, high):
    """Draw one int for all dimensions, or one a dimension."""
    return rng.randint(low, high) if rng.random() < 0.5 else tuple(rng.randint(low, high) for _ in range(dims))


def torch_size(make_layer, sizes):
    """Return the layer's spatial output size, or None where PyTorch refuses or leaves no cell."""
    try:
        out = make_layer()(torch.zeros(1, 1, *sizes))
    except (RuntimeError, ValueError):
        return None
    return tuple(out.shape[2:]) if out.numel() else None


def our_size(function, sizes, **settings):
    try:
        return function(sizes, **settings)
    except BadInput:
        return None


def compare(function, layers, draw, share_of_answers):
    """Compare sizes over random settings; both answers and refusals must really occur."""
    rng = random.Random(20_26)
    answered = 0
    for _ in range(CASES_A_LAYER):
        dims = rng.randint(1, 3)
        sizes = tuple(rng.randint(1, 12) for _ in range(dims))
        settings = draw(rng, dims)
        if layers[dims] is nn.AvgPool3d:  # it alone refuses an input smaller than the kernel, whatever the padding
            sizes = tuple(n + 4 for n in sizes)
        expected = torch_size(lambda s=settings, d=dims: layers[d](**s), sizes)
        ours = {k: v for k, v in settings.items() if k not in ("in_channels", "out_channels")}
        assert our_size(function, sizes, **ours) == expected, (sizes, settings)
        answered += expected is not None
    assert share_of_answers < answered / CASES_A_LAYER < 1


def test_convolution_equals_torch():
    def draw(rng, dims):
        settings = {"in_channels": 1, "out_channels": 1, "kernel_size": int_or_tuple(rng, dims, 1, 5)}
        settings["dilation"] = int_or_tuple(rng, dims, 1, 3)
        settings["padding"] = rng.choice([int_or_tuple(rng, dims, 0, 4), "same", "valid"])
        settings["stride"] = int_or_tuple(rng, dims, 1, 4)
        if settings["padding"] == "same" and rng.random() < 0.8:
            settings["stride"] = 1
        return settings

    compare(arithmetic.conv_output_size, CONVS, draw, 0.5)


def test_transposed_convolution_equals_torch():
    def draw(rng, dims):
        return {
            "in_channels": 1,
            "out_channels": 1,
            "kernel_size": int_or_tuple(rng, dims, 1, 5),
            "stride": int_or_tuple(rng, dims, 1, 4),
            "padding": int_or_tuple(rng, dims, 0, 3),
            "output_padding": int_or_tuple(rng, dims, 0, 2),
            "dilation": int_or_tuple(rng, dims, 1, 3),
        }

    compare(arithmetic.conv_transpose_output_size, TRANSPOSED, draw, 0.3)


@pytest.mark.parametrize("kind", ["max", "average"])
def test_pooling_equals_torch(kind):
    def draw(rng, dims):
        settings = {
            "kernel_size": int_or_tuple(rng, dims, 1, 5),
            "stride": rng.choice([None, int_or_tuple(rng, dims, 1, 5)]),
            "padding": int_or_tuple(rng, dims, 0, 2),
            "ceil_mode": rng.random() < 0.5,
        }
        if kind == "max":
            settings["dilation"] = int_or_tuple(rng, dims, 1, 3)
        return settings

    compare(arithmetic.pool_output_size, MAX_POOLS if kind == "max" else AVERAGE_POOLS, draw, 0.3)


def test_padding_of_each_side_equals_padding_first():
    rng = random.Random(7)
    for _ in range(200):
        sizes, kernel = (rng.randint(3, 12), rng.randint(3, 12)), rng.randint(1, 3)
        top, bottom, left, right = (rng.randint(0, 3) for _ in range(4))
        stride = rng.randint(1, 3)
        padded = nn.functional.pad(torch.zeros(1, 1, *sizes), (left, right, top, bottom))
        expected = tuple(nn.Conv2d(1, 1, kernel, stride)(padded).shape[2:])
        padding = ((top, bottom), (left, right))
        assert arithmetic.conv_output_size(sizes, kernel, stride, padding) == expected


def test_ints_stay_ints_and_a_tuple_makes_tuples():
    assert arithmetic.conv_output_size(28, 5) == 24
    assert arithmetic.conv_output_size(28, (5, 3)) == (24, 26)
    assert arithmetic.same_padding((3, 4), dilation=2) == ((2, 2), (3, 3))


@pytest.mark.parametrize("transposed", [False, True])
def test_parameters_and_macs_equal_torch(transposed):
    rng = random.Random(3)
    for _ in range(200):
        groups = rng.randint(1, 3)
        ins, outs = groups * rng.randint(1, 4), groups * rng.randint(1, 4)
        dims = rng.randint(1, 3)
        kernel = tuple(rng.randint(1, 4) for _ in range(dims))
        bias = rng.random() < 0.5
        layer = (TRANSPOSED if transposed else CONVS)[dims](ins, outs, kernel, groups=groups, bias=bias)
        count = sum(p.numel() for p in layer.parameters())
        assert arithmetic.conv_parameters(ins, outs, kernel, groups, bias) == count
    assert arithmetic.linear_parameters(7, 3) == sum(p.numel() for p in nn.Linear(7, 3).parameters())


def test_macs_count_every_product():
    """A convolution of ones with ones adds up exactly its products."""
    layer = nn.Conv2d(4, 6, (3, 2), stride=2, groups=2, bias=False)
    nn.init.ones_(layer.weight)
    out = layer(torch.ones(1, 4, 9, 8))
    assert arithmetic.conv_macs(4, 6, (3, 2), tuple(out.shape[2:]), groups=2) == int(out.sum())


def test_receptive_field_equals_the_reach_of_the_gradient():
    """The input cells with a gradient are exactly the field, for random stacks in one dimension."""
    rng = random.Random(11)
    for _ in range(100):
        windows = [
            arithmetic.Window(rng.randint(1, 4), rng.randint(1, 3), rng.randint(0, 2), rng.randint(1, 2))
            for _ in range(rng.randint(1, 4))
        ]
        x = torch.ones(1, 1, 400, requires_grad=True)
        y = x
        for w in windows:
            layer = nn.Conv1d(1, 1, w.kernel_size, w.stride, w.padding, w.dilation, bias=False)
            nn.init.ones_(layer.weight)
            y = layer(y)
        index = y.shape[2] // 2
        y[0, 0, index].backward()
        reached = x.grad[0, 0].nonzero().flatten()
        assert arithmetic.receptive_field(windows)[-1].cells(index) == (int(reached[0]), int(reached[-1]))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: arithmetic.conv_output_size(4, 5), "kernel_size=5"),
        (lambda: arithmetic.conv_output_size(5, 3, dilation=3), "spans 7"),
        (lambda: arithmetic.conv_output_size(5, 3, stride=0), "stride is 0"),
        (lambda: arithmetic.conv_output_size(5, 3, stride=-2), "stride is -2"),
        (lambda: arithmetic.conv_output_size(5, 3, stride=2, padding="same"), "stride 1 only"),
        (lambda: arithmetic.conv_output_size(5, 3, padding="full"), "'full'"),
        (lambda: arithmetic.conv_output_size(5.5, 3), "5.5"),
        (lambda: arithmetic.conv_output_size((5, 5), (3, 3, 3)), "differ in length"),
        (lambda: arithmetic.conv_output_size((5, 5, 5, 5), 3), "4 entries"),
        (lambda: arithmetic.pool_output_size(8, 2, padding=2), "at most half"),
        (lambda: arithmetic.pool_output_size(2, 3), "no output is left"),
        (lambda: arithmetic.conv_transpose_output_size(4, 3, output_padding=1), "output_padding is 1"),
        (lambda: arithmetic.conv_transpose_output_size(1, 1, padding=1), "must be at least 1"),
        (lambda: arithmetic.conv_parameters(3, 10, 3, groups=2), "groups=2 does not divide"),
        (lambda: arithmetic.Window(3, stride=0), "stride is 0"),
    ],
)
def test_one_error_names_the_value_and_the_mend(call, words):
    with pytest.raises(BadInput, match=words) as caught:
        call()
    assert any(mend in str(caught.value) for mend in ("Use", "Give", "use"))
