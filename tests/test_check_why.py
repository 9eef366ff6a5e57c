"""The judges of "Why convolution": right answers of several kinds pass, typical slips get their own hint."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check import check


def verdict(name, answer, capsys):
    check(name, answer)
    return capsys.readouterr().out


def assert_right(name, answer, capsys):
    said = verdict(name, answer, capsys)
    assert said.startswith(f"✓ {name}"), said


def assert_hint(name, answer, words, capsys):
    said = verdict(name, answer, capsys)
    assert said.startswith(f"✗ {name}"), said
    assert words in said


@pytest.mark.parametrize("stub", [None, ..., lambda *a: None, lambda *a: ...])
@pytest.mark.parametrize("number", [1, 3, 4, 5])
def test_stubs(number, stub, capsys):
    assert "not answered yet" in verdict(f"why.{number}", stub, capsys)


# why.1: parameters ------------------------------------------------------------------------------------------------


def by_formula(side, channels, outputs, kernel):
    return outputs * (side * side * channels + 1), outputs * (kernel * kernel * channels + 1)


def by_torch(side, channels, outputs, kernel):
    layers = (nn.Linear(channels * side**2, outputs, device="meta"),
              nn.Conv2d(channels, outputs, kernel, device="meta"))  # fmt: skip
    return [sum(p.numel() for p in layer.parameters()) for layer in layers]


@pytest.mark.parametrize("answer", [by_formula, by_torch])
def test_parameters_right(answer, capsys):
    assert_right("why.1", answer, capsys)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda s, c, o, k: (by_formula(s, c, o, k)[0], k * k * o + o), "through all channels"),
        (lambda s, c, o, k: (by_formula(s, c, o, k)[0], k * k * c * o), "Does each filter add"),
        (lambda s, c, o, k: (s * s * c * o, by_formula(s, c, o, k)[1]), "Does each unit add"),
        (lambda s, c, o, k: (by_formula(s, c, o, k)[0], (s - k + 1) ** 2 * o), "side should not matter"),
        (lambda s, c, o, k: (s * s * o + o, by_formula(s, c, o, k)[1]), "How many numbers does one picture hold"),
        (lambda s, c, o, k: 3640, "two counts are wanted"),
    ],
)
def test_parameters_wrong(answer, words, capsys):
    assert_hint("why.1", answer, words, capsys)


# why.2: growth ----------------------------------------------------------------------------------------------------

KEYS = ("fully connected parameters", "convolution parameters", "fully connected MACs", "convolution MACs")


@pytest.mark.parametrize("factors", [(4, 1, 4, 4), (4.0, 1.0, 4.0, (630 / 310) ** 2), (3.99999, 1, 4, 4.13)])
def test_growth_right(factors, capsys):
    assert_right("why.2", dict(zip(KEYS, factors, strict=True)), capsys)


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        ((2, 1, 4, 4), "a picture has two sides"),
        ((4, 4, 4, 4), "Where does the side of the picture stand"),
        ((4, 1, 2, 4), "used once a picture"),
        ((4, 1, 4, 1), "How many cells"),
        ((4, "one", 4, 4), "a number is wanted"),
    ],
)
def test_growth_wrong(factors, words, capsys):
    assert_hint("why.2", dict(zip(KEYS, factors, strict=True)), words, capsys)


def test_growth_unfinished_or_misnamed(capsys):
    assert "not answered yet" in verdict("why.2", dict.fromkeys(KEYS, ...), capsys)
    assert "not answered yet" in verdict("why.2", dict(zip(KEYS, (4, 1, 4, ...), strict=True)), capsys)
    assert_hint("why.2", {"parameters": 4}, "a dict with these keys", capsys)


# why.3: locally connected -----------------------------------------------------------------------------------------


def by_loops(picture, weight):
    rows, columns, k, _ = weight.shape
    places = [[(picture[i : i + k, j : j + k] * weight[i, j]).sum() for j in range(columns)] for i in range(rows)]
    return torch.tensor(places)


def by_unfold(picture, weight):
    k = weight.shape[-1]
    return (picture.unfold(0, k, 1).unfold(1, k, 1) * weight).sum(dim=(2, 3)).requires_grad_()


def by_einsum(picture, weight):
    k = weight.shape[-1]
    windows = np.lib.stride_tricks.sliding_window_view(picture.numpy(), (k, k))
    return np.einsum("ijab,ijab->ij", windows, weight.numpy())


@pytest.mark.parametrize("answer", [by_loops, by_unfold, by_einsum])
def test_locally_connected_right(answer, capsys):
    assert_right("why.3", answer, capsys)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda p, w: F.conv2d(p[None, None], w[0, 0][None, None])[0, 0], "That is sharing"),
        (lambda p, w: by_loops(p, w.flip(2, 3)), "half a turn"),
        (lambda p, w: by_loops(p, w)[1:], "the map is"),
        (lambda p, w: by_loops(p, w.transpose(2, 3)), "off by"),
        (lambda p, w: p @ w, "stops with RuntimeError"),
        (lambda p, w: "map", "a tensor is wanted"),
    ],
)
def test_locally_connected_wrong(answer, words, capsys):
    assert_hint("why.3", answer, words, capsys)


def test_an_error_in_the_answer_does_not_print_whole_tensors(capsys):
    assert "with (a tensor of shape (5, 5), a tensor of shape (3, 3, 3, 3))" in verdict(
        "why.3", lambda p, w: p.nothing, capsys
    )


# why.4: equivariance ----------------------------------------------------------------------------------------------


def with_roll(layer, x, by):
    return torch.allclose(layer(torch.roll(x, by, -1)), torch.roll(layer(x), by, -1), atol=1e-6)


def with_slices(layer, x, by):
    def move(t):
        return torch.cat([t[..., -by:], t[..., :-by]], dim=-1)

    return (layer(move(x)) - move(layer(x))).abs().max() < 1e-5


@pytest.mark.parametrize("answer", [with_roll, with_slices])
def test_equivariance_right(answer, capsys):
    assert_right("why.4", answer, capsys)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda f, x, by: torch.allclose(f(torch.roll(x, by, -1)), f(x), atol=1e-5), "That is invariance"),
        (lambda f, x, by: torch.allclose(f(torch.roll(x, by, -1)), torch.roll(f(x), by, -2)), "along the width"),
        (lambda f, x, by: torch.allclose(f(torch.roll(x, 1, -1)), torch.roll(f(x), 1, -1), atol=1e-5), "shifted by 2"),
        (lambda f, x, by: True, "a fully connected layer"),
        (lambda f, x, by: (f(x) == f(x)), "one truth value"),
    ],
)
def test_equivariance_wrong(answer, words, capsys):
    assert_hint("why.4", answer, words, capsys)


# why.5: as a fully connected layer ----------------------------------------------------------------------------------


def to_linear(weight, bias):
    linear = nn.Linear(weight.shape[1], weight.shape[0])
    linear.load_state_dict({"weight": weight, "bias": bias})
    return linear


def by_unit_pictures(conv, height, width):
    size = conv.in_channels * height * width
    dtype = conv.weight.dtype
    with torch.no_grad():
        bias = conv(torch.zeros(1, conv.in_channels, height, width, dtype=dtype)).flatten()
        units = conv(torch.eye(size, dtype=dtype).view(size, conv.in_channels, height, width)).flatten(1)
    return to_linear((units - bias).T, bias)


def by_jacobian(conv, height, width):
    zero = torch.zeros(conv.in_channels * height * width, dtype=conv.weight.dtype)
    flat = lambda x: conv(x.view(1, conv.in_channels, height, width)).flatten()  # noqa: E731
    return to_linear(torch.autograd.functional.jacobian(flat, zero), flat(zero))


@pytest.mark.parametrize("answer", [by_unit_pictures, by_jacobian])
def test_as_linear_right(answer, capsys):
    assert_right("why.5", answer, capsys)


def changed(change):
    """Return the right answer, spoilt by ``change(weight, bias)``."""

    def answer(conv, height, width):
        right = by_unit_pictures(conv, height, width)
        return to_linear(*change(right.weight.detach(), right.bias.detach()))

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (changed(lambda w, b: (w, 0 * b)), "Only the bias is missing"),
        (changed(lambda w, b: (w + b[:, None], b)), "come into the weights"),
        (changed(lambda w, b: (w + b[:, None], 0 * b)), "come into the weights"),
        (changed(lambda w, b: (w.T, b.new_zeros(w.shape[1]))), "and yours from"),
        (changed(lambda w, b: (w.flip(0), b)), "1 in one cell and 0 elsewhere"),
        (lambda conv, h, w: conv, "an nn.Linear is wanted"),
    ],
)
def test_as_linear_wrong(answer, words, capsys):
    assert_hint("why.5", answer, words, capsys)
