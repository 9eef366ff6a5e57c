"""The exercises on LeNet: stubs, right answers in several forms, and slips that get their own hint."""

import math
import statistics

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib import models
from cnnlib.check import check
from cnnlib.inspect import layer_table


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def linear_of(codes, scale=2.0, sign=1.0, bias=True):
    layer = nn.Linear(codes.shape[1], codes.shape[0])
    layer.weight.data = sign * scale * codes
    layer.bias.data = -sign * (codes**2).sum(dim=1) if bias else torch.zeros(len(codes))
    return layer


def by_jacobian(layers, bias=True, stride=None):
    channels = layers[0].in_channels
    last = layer_table(layers, (channels, 40, 40)).rows[-1]
    size = last.receptive_field[0]
    blank = torch.zeros(1, channels, size, size)
    out = layers(blank).flatten().detach()
    conv = nn.Conv2d(channels, len(out), size, stride or last.jump[0])
    conv.weight.data = torch.autograd.functional.jacobian(layers, blank).view(conv.weight.shape)
    conv.bias.data = out if bias else torch.zeros_like(out)
    return conv


def by_impulses(layers):
    """Another right answer: one bright pixel at a time."""
    channels = layers[0].in_channels
    last = layer_table(layers, (channels, 40, 40)).rows[-1]
    size = last.receptive_field[0]
    impulses = torch.eye(channels * size * size).view(-1, channels, size, size)
    with torch.no_grad():
        bias = layers(torch.zeros(1, channels, size, size)).flatten()
        weight = (layers(impulses).flatten(1) - bias).T.reshape(-1, channels, size, size)
    conv = nn.Conv2d(channels, len(bias), size, last.jump[0])
    conv.weight.data, conv.bias.data = weight.contiguous(), bias
    return conv


def net(*, act=nn.ReLU, pool=nn.MaxPool2d, padding=2, channels=1, end=(), conv_act=True):
    between = act if conv_act else nn.Identity
    side = 5 if padding else 4
    return nn.Sequential(
        nn.Conv2d(channels, 6, 5, padding=padding), between(), pool(2), nn.Conv2d(6, 16, 5), between(), pool(2),
        nn.Flatten(), nn.Linear(16 * side * side, 120), act(), nn.Linear(120, 84), act(), nn.Linear(84, 10), *end,
    )  # fmt: skip


class Functional(nn.Module):
    """LeNet-5 with C5 as a convolution, its layers declared in another order."""

    def __init__(self):
        super().__init__()
        self.out, self.f6 = nn.Linear(84, 10), nn.Linear(120, 84)
        self.c5, self.c3, self.c1 = nn.Conv2d(16, 120, 5), nn.Conv2d(6, 16, 5), nn.Conv2d(1, 6, 5, padding=2)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.c1(x), 2))
        x = F.relu(F.max_pool2d(self.c3(x), 2))
        return self.out(F.relu(self.f6(F.relu(self.c5(x)).flatten(1))))


def difference(a, b, paired, ddof=1, root=True, swap=False):
    a, b = np.array(a), np.array(b)
    shift = (b - a if swap else a - b).mean()
    variance = (a - b).var(ddof=ddof) if paired else a.var(ddof=ddof) + b.var(ddof=ddof)
    return shift, math.sqrt(variance / (len(a) if root else 1))


def with_statistics(a, b, paired):
    if paired:
        d = [x - y for x, y in zip(a, b, strict=True)]
        return [statistics.fmean(d), statistics.stdev(d) / len(d) ** 0.5]
    return [statistics.fmean(a) - statistics.fmean(b),
            math.hypot(statistics.stdev(a) / len(a) ** 0.5, statistics.stdev(b) / len(b) ** 0.5)]  # fmt: skip


def changes_its_layers(layers):
    conv = by_jacobian(layers)
    layers[0].weight.data.zero_()
    return conv


RIGHT = {
    "lenet.1": [
        lambda table, k: k * k * sum(map(len, table)) + len(table),
        lambda table, k: sum(len(row) * k**2 + 1 for row in table),
    ],
    "lenet.2": [linear_of],
    "lenet.3": [by_jacobian, by_impulses],
    "lenet.4": [net, Functional, lambda: models.build("lenet5")],
    "lenet.5": [difference, with_statistics],
}

WRONG = {
    "lenet.1": [
        (lambda table, k: k * k * sum(map(len, table)), "add a number of its own"),
        (lambda table, k: 6 * len(table) * k * k + len(table), "leaves some out"),
        (lambda table, k: sum(len(row) * (k * k + 1) for row in table), "one bias"),
        (lambda table, k: "many", "a number is wanted"),
    ],
    "lenet.2": [
        (lambda codes: linear_of(codes, scale=1.0, bias=False), "what stands before"),
        (lambda codes: linear_of(codes, sign=-1.0), "*minus*"),
        (lambda codes: linear_of(codes, bias=False), "different lengths"),
        (lambda codes: nn.Linear(*codes.shape), "must be"),
        (lambda codes: lambda x: -torch.cdist(x, codes) ** 2, "nn.Linear is wanted"),
    ],
    "lenet.3": [
        (lambda layers: by_jacobian(layers, bias=False), "only the bias"),
        (lambda layers: by_jacobian(layers, stride=1), "stride is its jump"),
        (lambda layers: layers, "nn.Conv2d is wanted"),
        (lambda layers: layers[0], "receptive field"),
        (changes_its_layers, "changes the layers"),
    ],
    "lenet.4": [
        (lambda: net(padding=0), "Without padding"),
        (lambda: net(channels=3), "grey"),
        (lambda: net(end=[nn.Softmax(dim=1)]), "softmax is part of the loss"),
        (lambda: net(end=[nn.LogSoftmax(dim=1)]), "softmax is part of the loss"),
        (lambda: net(end=[nn.ReLU()]), "cuts off"),
        (lambda: net(act=nn.Identity), "activations are missing"),
        (lambda: net(act=nn.Sigmoid), "sigmoids"),
        (lambda: net(act=nn.Tanh), "tanh"),
        (lambda: net(pool=nn.AvgPool2d), "averages"),
        (lambda: net(conv_act=False), "after every convolution"),
        (lambda: 61_706, "a network is wanted"),
    ],
    "lenet.5": [
        (lambda a, b, paired: difference(a, b, paired, root=False), "√n"),
        (lambda a, b, paired: difference(a, b, paired, ddof=0), "n - 1"),
        (lambda a, b, paired: difference(a, b, False), "nothing to do with one another"),
        (lambda a, b, paired: difference(a, b, True), "one by one"),
        (lambda a, b, paired: difference(a, b, paired, swap=True), "a minus b"),
        (lambda a, b, paired: difference(a, b, paired)[0], "two numbers"),
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_stub_is_not_answered(capsys, name):
    def stub(*arguments):
        ...

    for empty in (None, ..., stub):
        assert "not answered yet" in said(capsys, name, empty)


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in RIGHT for answer in RIGHT[name]])
def test_right_answers_pass(name, answer):
    check(name, answer, strict=True)


@pytest.mark.parametrize(("name", "answer", "hint"), [(n, a, h) for n in WRONG for a, h in WRONG[n]])
def test_slips_get_their_own_hint(capsys, name, answer, hint):
    out = said(capsys, name, answer)
    assert out.startswith("✗") and hint in out
