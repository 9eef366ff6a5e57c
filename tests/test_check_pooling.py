"""The judges of "Pooling": right answers pass however they are written, slips get their own hint."""

import math

import pytest
import torch
from torch.nn import functional as F

from cnnlib import arithmetic
from cnnlib.check import check


def unfold_pool(x):
    windows = x.unfold(2, 2, 2).unfold(3, 2, 2)
    return windows.flatten(4).max(dim=4).values


def autograd_backward(x, g):
    x = x.requires_grad_()
    F.max_pool2d(x[None], 2)[0].backward(g)
    return x.grad


def ceil_only(n, k, s, p, ceil):
    return (math.ceil if ceil else math.floor)((n + 2 * p - k) / s) + 1


def spread(g):
    return g.repeat_interleave(2, 0).repeat_interleave(2, 1)


def winners(x):
    return x == spread(F.max_pool2d(x[None], 2)[0])


RIGHT = {
    "pooling.1": [lambda n, k, s, p, ceil: arithmetic.pool_output_size(n, k, s, p, ceil_mode=ceil)],
    "pooling.2": [
        unfold_pool,
        lambda x: torch.stack([x[..., i : x.shape[2] // 2 * 2 : 2, j : x.shape[3] // 2 * 2 : 2]
                               for i in (0, 1) for j in (0, 1)]).amax(0),
    ],  # fmt: skip
    "pooling.3": [autograd_backward, lambda x, g: winners(x) * spread(g)],
    "pooling.4": [lambda n: 120 * (16 * ((n // 2 - 4) // 2) ** 2 + 1)],
}
WRONG = {
    "pooling.1": [
        (ceil_only, "must not start beyond"),
        (lambda n, k, s, p, ceil: (n + 2 * p - k) // s + 1, "rounds up"),
        (lambda n, k, s, p, ceil: ceil_only(n, k, s, 0, ceil), "PyTorch makes"),
        (lambda n, k, s, p, ceil: n // s, "PyTorch makes"),
    ],
    "pooling.2": [
        (lambda x: F.avg_pool2d(x, 2), "average"),
        (lambda x: x[:, :, : x.shape[2] // 2 * 2 : 2, : x.shape[3] // 2 * 2 : 2], "first cell"),
        (lambda x: x, "becomes (2, 3, 2, 3)"),
        (lambda x: F.max_pool2d(x, 2, ceil_mode=True), "becomes (2, 3, 2, 3)"),
        (lambda x: F.max_pool2d(x.relu(), 2), "differ"),
    ],
    "pooling.3": [
        (lambda x, g: spread(g) / 4, "shares"),
        (lambda x, g: spread(g), "only the winner"),
        (lambda x, g: winners(x) * 1.0, "hand `g` down"),
        (lambda x, g: winners(-x) * spread(g), "wrong cells"),
        (lambda x, g: g, "has its shape"),
    ],
    "pooling.4": [
        (lambda n: 120 * 16 * ((n // 2 - 4) // 2) ** 2, "biases"),
        (lambda n: 120 * ((n // 2 - 4) // 2) ** 2 + 120, "one of the 16"),
        (lambda n: 48_120, "for n=32"),
    ],
}


@pytest.mark.parametrize(("name", "answer"), [(n, a) for n, answers in RIGHT.items() for a in answers])
def test_right_answers_pass(name, answer):
    check(name, answer, strict=True)


@pytest.mark.parametrize(("name", "answer", "hint"), [(n, a, h) for n, slips in WRONG.items() for a, h in slips])
def test_slips_get_their_own_hint(name, answer, hint, capsys):
    check(name, answer)
    said = capsys.readouterr().out
    assert said.startswith(f"✗ {name}")
    assert hint in said
