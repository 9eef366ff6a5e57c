"""The exercises on GoogLeNet: right answers in several forms, and slips that get their own hint."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check import check
from cnnlib.models.googlenet import Inception
from cnnlib.widgets import CostCalculator


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def costs(i, o, k, s, r):
    return s * s * k * k * i * o, s * s * (i * r + k * k * r * o)


def by_widget(i, o, k, s, r):
    maps = {"in_channels": i, "out_channels": o, "height": s, "width": s}
    w = CostCalculator(comparison="bottleneck", kernel_size=k, reduced=r, **maps)
    return [w.first.macs, w.second.macs]


def pays(i, o, k, side=math.floor, shift=0):
    return side(k * k * i * o / (i + k * k * o)) + shift


def by_counting(i, o, k):
    r = 0
    while (r + 1) * (i + k * k * o) < k * k * i * o:
        r += 1
    return r


def composed(first, second, bias="right", flip=True):
    weight = F.conv2d(first.weight.transpose(0, 1), second.weight.flip(2, 3) if flip else second.weight,
                      padding=second.kernel_size[0] - 1).transpose(0, 1)  # fmt: skip
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2])
    conv.weight.data = weight.detach().contiguous()
    through = (second.weight * first.bias.view(1, -1, 1, 1)).sum(dim=(1, 2, 3))
    conv.bias.data = (second.bias + (through if bias == "right" else 0)).detach()
    if bias == "none":
        conv.bias = None
    return conv


def by_impulses(first, second):
    side = first.kernel_size[0] + second.kernel_size[0] - 1
    blank = torch.zeros(1, first.in_channels, side, side)
    both = nn.Sequential(first, second)
    conv = nn.Conv2d(first.in_channels, second.out_channels, side)
    conv.bias.data = both(blank).detach().flatten()
    conv.weight.data = torch.autograd.functional.jacobian(both, blank).view(conv.weight.shape)
    return conv


def turned(first, second):
    conv = composed(first, second)
    conv.weight.data = conv.weight.data.flip(2, 3)
    return conv


class Block(nn.Module):
    def __init__(self, ins, c, relu=True, reduce_relu=True, pool=F.max_pool2d, dim=1, padding=True, order=0):
        super().__init__()
        self.one = nn.Conv2d(ins, c.one, 1)
        self.reduce3, self.three = nn.Conv2d(ins, c.reduce3, 1), nn.Conv2d(c.reduce3, c.three, 3, padding=padding * 1)
        self.reduce5, self.five = nn.Conv2d(ins, c.reduce5, 1), nn.Conv2d(c.reduce5, c.five, 5, padding=padding * 2)
        self.pooled = nn.Conv2d(ins, c.pool, 1)
        self.relu, self.dim, self.order = F.relu if relu else lambda x: x, dim, order
        self.reduce_relu, self.pool = F.relu if reduce_relu else lambda x: x, pool

    def forward(self, x):
        out = [self.one(x), self.three(self.reduce_relu(self.reduce3(x))), self.five(self.reduce_relu(self.reduce5(x))),
               self.pooled(self.pool(x, 3, stride=1, padding=1))]  # fmt: skip
        if self.order:
            out = out[1:3] + [out[0], out[3]]
        return torch.cat([self.relu(o) for o in out], dim=self.dim)


class Disordered(Block):
    def __init__(self, ins, c):
        super().__init__(ins, c)
        one = self.one
        del self.one
        self.one = one


def summands(conv, maps, sizes, bias=False):
    start, parts = 0, []
    for size in sizes:
        piece = slice(start, start + size)
        parts.append(F.conv2d(maps[:, piece], conv.weight[:, piece], conv.bias if bias else None, padding=conv.padding))
        start += size
    return parts


def by_masks(conv, maps, sizes):
    parts, start = [], 0
    for size in sizes:
        masked = torch.zeros_like(maps)
        masked[:, start : start + size] = maps[:, start : start + size]
        parts.append(conv(masked) - conv.bias.view(-1, 1, 1))
        start += size
    return tuple(parts)


RIGHT = {
    "googlenet.1": [costs, by_widget],
    "googlenet.2": [by_counting, lambda i, o, k: (k * k * i * o - 1) // (i + k * k * o)],
    "googlenet.3": [composed, by_impulses],
    "googlenet.4": [Block, Inception],
    "googlenet.5": [summands, by_masks],
}

WRONG = [
    ("googlenet.1", lambda i, o, k, s, r: tuple(n // s**2 for n in costs(i, o, k, s, r)), "size × size places"),
    ("googlenet.1", lambda i, o, k, s, r: (s * s * k * i * o, 0), "kernel has two dimensions"),
    ("googlenet.1", lambda *a: (costs(*a)[0], a[3] ** 2 * a[2] ** 2 * a[4] * a[1]), "the 1×1 is not for nothing"),
    ("googlenet.1", lambda i, o, k, s, r: (costs(i, o, k, s, r)[0], s * s * k * k * (i * r + r * o)), "kernel of 1×1"),
    ("googlenet.1", lambda i, o, k, s, r: costs(i, o, k, s, r)[0], "two numbers"),
    ("googlenet.2", lambda i, o, k: pays(i, o, k), "cost exactly as much"),
    ("googlenet.2", lambda i, o, k: pays(i, o, k, math.ceil), "To which side"),
    ("googlenet.2", lambda i, o, k: pays(i, o, k, float), "Channels are whole"),
    ("googlenet.2", lambda i, o, k: min(i, o), "map size cancels"),
    ("googlenet.3", lambda a, b: composed(a, b, bias="second"), "bias of the first passes through"),
    ("googlenet.3", lambda a, b: composed(a, b, bias="none"), "What comes out for zeros"),
    ("googlenet.3", lambda a, b: nn.Conv2d(a.in_channels, b.out_channels, 3), "Which pixels does one output see"),
    ("googlenet.3", turned, "turned by 180°"),
    ("googlenet.3", lambda a, b: composed(a, b, flip=False), "other numbers"),
    ("googlenet.3", lambda a, b: nn.Sequential(a, b), "nn.Conv2d is wanted"),
    ("googlenet.4", lambda i, c: Block(i, c, relu=False), "ReLU at the end of each branch"),
    ("googlenet.4", lambda i, c: Block(i, c, reduce_relu=False), "1×1 convolutions that reduce"),
    ("googlenet.4", lambda i, c: Block(i, c, pool=F.avg_pool2d), "takes averages"),
    ("googlenet.4", lambda i, c: Block(i, c, padding=False), "keep height and width"),
    ("googlenet.4", lambda i, c: Block(i, c, order=1), "in the order 1×1, 3×3, 5×5, pool"),
    ("googlenet.4", Disordered, "declare the layers in the order"),
    ("googlenet.4", lambda i, c: nn.Conv2d(i, c.one, 1), "no parameter of yours has the shape"),
    ("googlenet.5", lambda c, m, s: summands(c, m, s, bias=True), "counted once for each"),
    ("googlenet.5", lambda c, m, s: list(m.split(s, dim=1)), "as much as the layer gives"),
    ("googlenet.5", lambda c, m, s: [c(m)], "branches, and you return 1"),
    ("googlenet.5", lambda c, m, s: [c(m) / len(s)] * len(s), "Which slice of conv.weight"),
]


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name, answers in RIGHT.items() for answer in answers])
def test_right_answers_pass(capsys, name, answer):
    assert said(capsys, name, answer).startswith(f"✓ {name}")


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_slips_get_their_hint(capsys, name, answer, hint):
    words = said(capsys, name, answer)
    assert words.startswith(f"✗ {name}") and hint in words


@pytest.mark.parametrize("name", RIGHT)
def test_a_stub_is_not_answered(capsys, name):
    assert "not answered yet" in said(capsys, name, lambda *a: None)
