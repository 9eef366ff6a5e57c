"""The exercises on ResNet: stubs, right answers in several forms, and slips that get their own hint."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib import arithmetic
from cnnlib.check import check
from cnnlib.models.cifar_resnet import cifar_resnet
from cnnlib.models.residual_blocks import BasicBlock


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def count(n, norm=2, bias=0, fc=650):
    convs = [(3, 16), (16, 32), (32, 64)] + [(16, 16)] * 2 * n + [(32, 32), (64, 64)] * (2 * n - 1)
    return sum(9 * a * b + (norm + bias) * b for a, b in convs) + fc


class Block(nn.Module):
    """Written as many would: layers declared in another order, functions for ReLU, a slip on request."""

    def __init__(self, a, b, stride, slip="", bias=False, always=False):
        super().__init__()
        self.slip = slip
        self.short = nn.Sequential()
        if always or stride > 1 or a != b:
            self.short = nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=bias), nn.BatchNorm2d(b))
        self.second_norm, self.first_norm = nn.BatchNorm2d(b), nn.BatchNorm2d(b)
        self.second = nn.Conv2d(b, b, 3, padding=1, bias=bias)
        self.first = nn.Conv2d(a, b, 3, stride, padding=1, bias=bias)

    def forward(self, x):
        y = self.first_norm(self.first(x))
        y = self.second_norm(self.second(y if self.slip == "linear" else F.relu(y)))
        if self.slip == "plain":
            return F.relu(y)
        if self.slip == "order":
            return F.relu(y) + self.short(x)
        if self.slip == "open":
            return y + self.short(x)
        if self.slip == "minus":
            return F.relu(y - self.short(x))
        return F.relu(y + self.short(x))


def block(**slip):
    return lambda a, b, stride: Block(a, b, stride, **slip)


class InPlace(BasicBlock):
    def forward(self, x):
        y = self.bn1(self.conv1(x)).relu_()
        y = self.bn2(self.conv2(y))
        y += self.shortcut(x)
        return y.relu_()


def verdict(a, b, k, s, p, size, broadcast=True, floor=True, channels=True):
    out = (size + 2 * p - k) / s + 1
    pairs = [(size, int(out) if floor else out)] + [(a, b)] * channels
    if all(x == y for x, y in pairs):
        return "fits"
    return "broadcasts" if broadcast and all(x == y or 1 in (x, y) for x, y in pairs) else "clashes"


def by_arithmetic(a, b, k, s, p, size):
    shapes = (b, *[arithmetic.conv_output_size(size, k, s, p)] * 2), (a, size, size)
    if shapes[0] == shapes[1]:
        return "fits"
    try:
        torch.broadcast_shapes(*shapes)
    except RuntimeError:
        return "clashes"
    return "broadcasts"


def branch(channels, first=1.0, second=-1.0, padding=1):
    convs = [nn.Conv2d(channels, channels, 3, padding=padding, bias=False) for _ in range(2)]
    for conv, factor in zip(convs, (first, second), strict=True):
        nn.init.dirac_(conv.weight).data.mul_(factor)
    return nn.Sequential(convs[0], nn.ReLU(), convs[1])


def saturated(channels):
    """Another right answer: three times the input less two of its own, by a bias that keeps the ReLU open."""
    net = branch(channels, first=-0.5, second=2.0)
    net[0].bias = nn.Parameter(torch.full((channels,), 9.0))
    return net


def factor(a, b, k, variance, halves=2, fan=None, root=True):
    square = (fan or b) * k * k * variance / halves
    return square**0.5 if root else square


RIGHT = {
    "resnet.1": [
        count,
        lambda n: sum(p.numel() for p in cifar_resnet(6 * n + 2).parameters()),
        lambda n: 97_216 * n - 21_926,
    ],
    "resnet.2": [block(), InPlace, lambda a, b, s: BasicBlock(a, b, s)],
    "resnet.3": [verdict, by_arithmetic],
    "resnet.4": [branch, saturated, lambda c: branch(c, 2.0, -0.5)],
    "resnet.5": [factor, lambda a, b, k, v: torch.tensor(b * k**2 * v / 2).sqrt()],
}

WRONG = {
    "resnet.1": [
        (lambda n: count(n, norm=0), "two trainable numbers"),
        (lambda n: count(n, norm=1), "*two*"),
        (lambda n: count(n, bias=1), "no bias"),
        (lambda n: count(n, norm=4), "not trained"),
        (lambda n: count(n, fc=0), "fully connected layer is missing"),
        (lambda n: count(n, fc=640), "has biases"),
        (lambda n: sum(p.numel() for p in cifar_resnet(6 * n + 2, shortcut="B").parameters()), "Option A"),
        (lambda n: count(n) + 1, "fewer input channels"),
        (lambda n: "many", "a number is wanted"),
    ],
    "resnet.2": [
        (block(slip="plain"), "plain block"),
        (block(slip="order"), "the sum comes first"),
        (block(slip="open"), "last ReLU is missing"),
        (block(slip="linear"), "between the two"),
        (block(slip="minus"), "not subtracted"),
        (block(bias=True), "need no bias"),
        (block(always=True), "nowhere else"),
        (lambda a, b, s: nn.Identity(), "convolutions"),
        (lambda a, b, s: BasicBlock(a, b, s, shortcut="A"), "Where the shape changes"),
        (lambda a, b, s: 3, "nn.Module is wanted"),
    ],
    "resnet.3": [
        (lambda *case: verdict(*case, broadcast=False), "dimension of 1"),
        (lambda *case: verdict(*case, channels=False), "clashes"),
        (lambda *case: verdict(*case, floor=False), "floor"),
        (lambda *case: "fits", "refuses"),
        (lambda *case: True, "is wanted"),
    ],
    "resnet.4": [
        (lambda c: branch(c, 0.0), "derivative 0, so the sum has derivative I"),
        (lambda c: branch(c, 1.0, 1.0), "Mind the sign"),
        (lambda c: branch(c, padding=0), "Which padding"),
        (lambda c: branch(c, 1.0, -0.5), "entries up to 0.5"),
        (lambda c: nn.Conv2d(c, c, 3, padding=1), "two convolutions"),
        (lambda c: lambda x: -x, "nn.Module is wanted"),
    ],
    "resnet.5": [
        (lambda *case: factor(*case, root=False), "variance"),
        (lambda *case: factor(*case, halves=1), "negative"),
        (lambda a, b, k, v: factor(a, b, k, v, fan=a), "collects"),
        (lambda a, b, k, v: factor(a, b, 1, v) * k**0.5, "k · k weights"),
        (lambda a, b, k, v: factor(a, b, 1, v), "k · k outputs"),
        (lambda *case: 0.5, "and you return 0.500"),
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_stub_is_not_answered(capsys, name):
    def stub(*arguments):
        ...

    for empty in (None, ..., stub):
        assert "not answered yet" in said(capsys, name, empty)


def test_a_class_without_layers_is_not_answered(capsys):
    class Stub(nn.Module):
        def __init__(self, in_channels, out_channels, stride):
            super().__init__()

        def forward(self, x):
            ...

    assert "not answered yet" in said(capsys, "resnet.2", Stub)


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in RIGHT for answer in RIGHT[name]])
def test_right_answers_pass(name, answer):
    check(name, answer, strict=True)


@pytest.mark.parametrize(("name", "answer", "hint"), [(n, a, h) for n in WRONG for a, h in WRONG[n]])
def test_slips_get_their_own_hint(capsys, name, answer, hint):
    out = said(capsys, name, answer)
    assert out.startswith("✗") and hint in out
