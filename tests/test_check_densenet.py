"""The exercises on DenseNet and after: stubs, right answers in several forms, and slips that get their own hint."""

import math
from fractions import Fraction

import pytest
import torch
from torch.nn import functional as F

from cnnlib import models
from cnnlib.check import check


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def count(depth, growth, first, classes, norm=2, bias=False, head_bias=True, transitions=True):
    layers = (depth - 4) // 3
    total, channels = 27 * first + bias * first, first
    for block in range(3):
        for _ in range(layers):
            total += norm * channels + 9 * channels * growth + bias * growth
            channels += growth
        if block < 2 and transitions:
            total += norm * channels + channels**2 + bias * channels
    return total + norm * channels + classes * (channels + head_bias)


def by_building(depth, growth, first, classes):
    net = models.build("densenet40", depth=depth, width=growth / 12, num_classes=classes)
    return sum(p.numel() for p in net.parameters())


def dense(layers, x, order=1, returned=slice(None)):
    kept = [x]
    for layer in layers:
        kept.append(layer(torch.cat(kept, dim=1)))
    return torch.cat(kept[returned][::order], dim=1)


def dense_in_place(layers, x):
    for layer in layers:
        x = torch.cat([x, layer(x)], dim=1)
    return x


def dense_backwards(layers, x):
    for layer in layers:
        x = torch.cat([layer(x), x], dim=1)
    return x


def by_reshape(images, size, order=(0, 2, 4, 1, 3, 5)):
    n, c, h, w = images.shape
    cut = images.reshape(n, c, h // size, size, w // size, size).permute(*order)
    return cut.reshape(n, (h // size) * (w // size), c * size * size)


def by_unfold(images, size):
    return F.unfold(images, size, stride=size).transpose(1, 2)


def by_loop(images, size):
    n, _, h, w = images.shape
    cut = [images[:, :, i : i + size, j : j + size].reshape(n, -1)
           for i in range(0, h, size) for j in range(0, w, size)]  # fmt: skip
    return torch.stack(cut, dim=1)


def bare(images, size):
    n, c, h, w = images.shape
    return images.reshape(n, (h // size) * (w // size), c * size * size)


def cost(outer, middle, groups):
    return 2 * outer * middle + 9 * middle * middle // groups


def by_steps(outer, budget, groups, below=False, every=False, grouped=True):
    step = 1 if every else groups
    best = step
    for middle in range(step, 2000, step):
        spent = cost(outer, middle, groups if grouped else 1)
        if spent < budget or (spent == budget and not below):
            best = middle
    return best


def by_formula(outer, budget, groups):
    a, b = 9 / groups, 2 * outer
    return int((-b + math.sqrt(b * b + 4 * a * budget)) / (2 * a) + 1e-9) // groups * groups


RIGHT = {
    "densenet.1": [count, by_building],
    "densenet.2": [dense, dense_in_place],
    "densenet.3": [
        lambda i, o, k: 1 / o + 1 / k**2,
        lambda i, o, k: Fraction(i * k * k + i * o, i * o * k * k),
    ],
    "densenet.4": [by_reshape, by_unfold, by_loop],
    "densenet.5": [by_steps, by_formula],
}

WRONG = {
    "densenet.1": [
        (lambda *a: count(*a, norm=0), "batch norms are missing"),
        (lambda *a: count(*a, norm=1), "two numbers a channel"),
        (lambda *a: count(*a, bias=True), "no biases"),
        (lambda *a: count(*a, head_bias=False), "has a bias"),
        (lambda *a: count(*a, transitions=False), "transitions are missing"),
        (lambda *a: "many", "a whole number is wanted"),
    ],
    "densenet.2": [
        (lambda layers, x: dense(layers, x, returned=slice(1, None)), "input itself is missing"),
        (lambda layers, x: dense(layers, x, returned=slice(-1, None)), "last layer's maps only"),
        (lambda layers, x: dense(layers, x, order=-1), "order is turned round"),
        (dense_backwards, "input first and then"),
        (lambda layers, x: dense(layers[:1], x), "maps of shape"),
        (lambda layers, x: [x], "a tensor is wanted"),
    ],
    "densenet.3": [
        (lambda i, o, k: 1 / (1 / o + 1 / k**2), "its inverse"),
        (lambda i, o, k: 1 / o, "depthwise part alone"),
        (lambda i, o, k: 1 / k**2, "pointwise part alone"),
        (lambda i, o, k: 1 / i + 1 / k**2, "cancels"),
        (lambda i, o, k: 1 / o + 1 / k, "k·k"),
        (lambda i, o, k: "less", "a number is wanted"),
    ],
    "densenet.4": [
        (lambda x, s: by_reshape(x, s, (0, 2, 4, 3, 5, 1)), "channels last"),
        (lambda x, s: by_reshape(x, s, (0, 2, 4, 1, 5, 3)), "exchanged"),
        (lambda x, s: by_reshape(x, s, (0, 4, 2, 1, 3, 5)), "row by row"),
        (bare, "bare reshape"),
        (lambda x, s: by_unfold(x, s).transpose(1, 2), "of shape"),
        (lambda x, s: by_unfold(x, s).flip(2), "differs from the strided"),
    ],
    "densenet.5": [
        (lambda *a: by_steps(*a, below=True), "reached exactly"),
        (lambda *a: by_steps(*a, every=True), "not divisible"),
        (lambda *a: by_steps(*a, grouped=False), "need only"),
        (lambda *a: 10 * by_steps(*a), "need"),
        (lambda *a: "wide", "a whole number is wanted"),
    ],
}


@pytest.mark.parametrize(("name", "answer"), [(name, one) for name, them in RIGHT.items() for one in them])
def test_right_answers_pass(capsys, name, answer):
    assert f"✓ {name}" in said(capsys, name, answer)


@pytest.mark.parametrize(("name", "answer", "hint"), [(name, *one) for name, them in WRONG.items() for one in them])
def test_slips_get_their_hint(capsys, name, answer, hint):
    words = said(capsys, name, answer)
    assert f"✗ {name}" in words
    assert hint in words


@pytest.mark.parametrize("name", RIGHT)
def test_a_stub_is_not_answered(capsys, name):
    assert "not answered yet" in said(capsys, name, lambda *a: None)
