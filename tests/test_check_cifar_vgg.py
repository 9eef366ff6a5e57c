"""The exercises on the simplified VGG: stubs, right answers in several forms, and slips that get their own hint."""

import itertools
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib import models
from cnnlib.check import check

CFG = [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"]


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def layers(cfg=CFG, norm=True, bias=True, channels=3, pool=nn.MaxPool2d, activation=nn.ReLU):
    made = []
    for entry in cfg:
        if entry == "M":
            made.append(pool(2))
        else:
            made.append(nn.Conv2d(channels, entry, 3, padding=1, bias=bias))
            made += [nn.BatchNorm2d(entry)] * norm + [activation()]
            channels = entry
    return made


class AsTheCourseHasIt(nn.Module):
    """The class of notebook 05_03, its two mistakes mended, its idle average pooling kept."""

    def __init__(self):
        super().__init__()
        self.classifier = nn.Linear(512, 10)  # registered first: the order must not matter
        self.features = nn.Sequential(*layers(), nn.AvgPool2d(kernel_size=1, stride=1))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def sequential(end=(), features=512, **settings):
    return lambda: nn.Sequential(*layers(**settings), nn.Flatten(), nn.Linear(features, 10), *end)


def norm_after_relu():
    made = []
    for layer in layers():
        if isinstance(layer, nn.ReLU):
            made.insert(-1, layer)
        else:
            made.append(layer)
    return nn.Sequential(*made, nn.Flatten(), nn.Linear(512, 10))


def macs(cfg, side, num_classes, factor=1, linear=True, halve=True, channels=3):
    total, first = 0, side
    for entry in cfg:
        if entry == "M":
            side //= 2
        else:
            total += 9 * channels * entry * (side if halve else first) ** 2
            channels = entry
    return factor * (total + linear * channels * side**2 * num_classes)


def macs_by_shapes(cfg, side, num_classes):
    x, total = torch.zeros(1, 3, side, side), 0
    for entry in cfg:
        if entry == "M":
            x = F.max_pool2d(x, 2)
        else:
            conv = nn.Conv2d(x.shape[1], entry, 3, padding=1)
            x = conv(x)
            total += conv.weight.numel() * x[0, 0].numel()
    return torch.tensor(total + x.numel() * num_classes)


def parameters(cfg, side, num_classes):
    total, channels = 0, 3
    for entry in cfg:
        if entry == "M":
            side //= 2
        else:
            total += entry * (9 * channels + 1)
            channels = entry
    return total + num_classes * (channels * side**2 + 1)


def cut(images, padding, tops, lefts):
    padded, (h, w) = F.pad(images, [padding] * 4), images.shape[2:]
    return torch.stack([p[:, t : t + h, left : left + w] for p, t, left in zip(padded, tops, lefts, strict=True)])


def cut_without_padding(images, padding, tops, lefts):
    made = torch.zeros_like(images)
    h, w = images.shape[2:]
    for i, (down, right) in enumerate(zip((tops - padding).tolist(), (lefts - padding).tolist(), strict=True)):
        rows, columns = slice(max(down, 0), min(h + down, h)), slice(max(right, 0), min(w + right, w))
        here = slice(max(-down, 0), max(-down, 0) + rows.stop - rows.start)
        there = slice(max(-right, 0), max(-right, 0) + columns.stop - columns.start)
        made[i, :, here, there] = images[i, :, rows, columns]
    return made


def mirror_cut(images, padding, tops, lefts):
    if not padding:
        return images
    padded, (h, w) = F.pad(images.float(), [padding] * 4, mode="reflect").byte(), images.shape[2:]
    return torch.stack([p[:, t : t + h, left : left + w] for p, t, left in zip(padded, tops, lefts, strict=True)])


def by_orders(table):
    names = max(table, key=len)
    shares = dict.fromkeys(names, 0.0)
    orders = list(itertools.permutations(names))
    for order in orders:
        have = frozenset()
        for name in order:
            shares[name] += (table[have | {name}] - table[have]) / len(orders)
            have |= {name}
    return shares


def by_weights(table):
    names = max(table, key=len)
    n = len(names)
    return {
        name: torch.tensor(sum(
            math.factorial(len(s)) * math.factorial(n - len(s) - 1) / math.factorial(n) * (table[s | {name}] - table[s])
            for s in table if name not in s
        ))
        for name in names
    }  # fmt: skip


def alone(table):
    return {name: table[frozenset({name})] - table[frozenset()] for name in max(table, key=len)}


def taken_away(table):
    full = max(table, key=len)
    return {name: table[full] - table[full - {name}] for name in full}


def all_sets_alike(table):
    names = max(table, key=len)
    return {n: sum(table[s | {n}] - table[s] for s in table if n not in s) / 2 ** (len(names) - 1) for n in names}


def places(values, single):
    n, below = len(values), sum(v < single for v in values)
    return min(1.0, 2 * (min(below, n - below) + 1) / (n + 1))


def places_by_listing(values, single):
    ranked = sorted([*values, single])
    i, n = ranked.index(single), len(values)
    far = abs(i - n / 2)
    return torch.tensor([abs(p - n / 2) >= far for p in range(n + 1)]).double().mean()


RIGHT = {
    "cifar_vgg.1": [AsTheCourseHasIt, sequential(), lambda: models.build("vgg_0503")],
    "cifar_vgg.2": [macs, macs_by_shapes],
    "cifar_vgg.3": [cut, cut_without_padding],
    "cifar_vgg.4": [by_orders, by_weights],
    "cifar_vgg.5": [places, places_by_listing],
}
WRONG = {
    "cifar_vgg.1": [
        (sequential(features=2048), "How many features"),
        (sequential(norm=False), "batch norms are missing"),
        (sequential(bias=False), "have biases"),
        (sequential(channels=1), "three channels"),
        (sequential(pool=nn.AvgPool2d), "averages"),
        (sequential(activation=nn.Identity), "ReLUs are missing"),
        (sequential(end=[nn.Softmax(dim=1)]), "return the logits"),
        (sequential(end=[nn.ReLU()]), "negative logits"),
        (norm_after_relu, "convolution, batch norm, ReLU"),
        (lambda: nn.Linear(3, 3), "one by one"),
        (lambda: 9_231_114, "a network is wanted"),
    ],
    "cifar_vgg.2": [
        (lambda *a: macs(*a, factor=2), "count as one"),
        (lambda *a: macs(*a, linear=False), "linear layer"),
        (lambda *a: macs(*a, halve=False), "halves the side"),
        (lambda *a: macs(*a, channels=1), "three channels"),
        (parameters, "Those are the parameters"),
        (lambda *a: 1, "you return 1"),
        (lambda *a: "many", "a number is wanted"),
    ],
    "cifar_vgg.3": [
        (lambda x, p, t, left: cut(x, p, left, t), "exchanged"),
        (lambda x, p, t, left: cut(x, p, t[:1].expand_as(t), left[:1].expand_as(left)), "the same place"),
        (lambda x, p, t, left: cut(x, p, 2 * p - t, 2 * p - left), "opposite direction"),
        (mirror_cut, "not with a mirror image"),
        (lambda x, p, t, left: x, "themselves"),
        (lambda x, p, t, left: cut(x, p, t, left).float(), "uint8"),
        (lambda x, p, t, left: F.pad(x, [p] * 4), "as many pictures as before"),
    ],
    "cifar_vgg.4": [
        (alone, "on top of nothing"),
        (taken_away, "taken away from all"),
        (all_sets_alike, "come up more often"),
        (lambda t: {n: v + 1 for n, v in by_orders(t).items()}, "add up"),
        (lambda t: 20.0, "a dictionary"),
    ],
    "cifar_vgg.5": [
        (lambda v, s: places(v, s) / 2, "both ends"),
        (lambda v, s: 2 / len(v), "n + 1 places"),
        (lambda v, s: 0.0, "includes the place itself"),
        (lambda v, s: 100 * places(v, s), "percentage"),
        (lambda v, s: 0.123, "you return 0.123"),
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
