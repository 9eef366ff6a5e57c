"""The exercises on one's own pictures: stubs, right answers in several forms, and slips that get their own hint."""

import copy
import random
from collections import Counter

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check import check


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def by_counter(train, test):
    (label, _), = Counter(train.tolist()).most_common(1)
    return (test == label).double().mean()


def near(images, limit, centred=True, scale=64, upper=True, strict=True):
    small = F.adaptive_avg_pool2d(images.float(), 8).mean(dim=1).flatten(1)
    if centred:
        small = small - small.mean(dim=1, keepdim=True)
    apart = torch.cdist(small, small, p=1) / scale
    pairs = (apart < limit).nonzero().tolist()
    return [(i, j) for i, j in pairs if (i < j if upper else (i != j if strict else True))]


def near_by_loops(images, limit):
    small = [F.adaptive_avg_pool2d(image.double(), 8).mean(dim=0) for image in images]
    small = [s - s.mean() for s in small]
    n = len(small)
    return [(i, j) for i in range(n) for j in range(i + 1, n) if (small[i] - small[j]).abs().mean() < limit]


def split(groups, share, seed, keep=1, shuffle=True, seeded=True, enough=1.0):
    names = sorted(set(groups))
    generator = random.Random(seed) if seeded else random.Random()
    if shuffle:
        generator.shuffle(names)
    chosen, count = set(), 0
    while count < enough * share * len(groups) and len(names) > keep:
        chosen.add(names.pop())
        count = sum(g in chosen for g in groups)
    return [i for i, g in enumerate(groups) if g in chosen]


def split_with_torch(groups, share, seed):
    names = sorted(set(groups))
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed)).tolist()
    test = []
    for place in order[:-1]:
        test += [i for i, g in enumerate(groups) if g == names[place]]
        if len(test) >= share * len(groups):
            break
    return torch.tensor(sorted(test))


def pictures_at_random(groups, share, seed):
    return random.Random(seed).sample(range(len(groups)), round(share * len(groups)))


def new_head(net, classes):
    net = copy.deepcopy(net)
    net[-1] = nn.Linear(net[-1].in_features, classes)
    return net


def new_sequential(net, classes):
    return nn.Sequential(*copy.deepcopy(list(net)[:-1]), nn.Linear(net[-1].in_features, classes))


def shared(net, classes):
    return nn.Sequential(*list(net)[:-1], nn.Linear(net[-1].in_features, classes))


def in_place(net, classes):
    net[-1] = nn.Linear(net[-1].in_features, classes)
    return net


def added(net, classes):
    return nn.Sequential(*copy.deepcopy(list(net)), nn.Linear(net[-1].out_features, classes))


def redrawn(net, classes):
    net = new_head(net, classes)
    for layer in net[:-1]:
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return net


def frozen(net, classes):
    net = new_head(net, classes)
    for p in net[:-1].parameters():
        p.requires_grad_(False)
    return net


def thresholded(logits, threshold):
    sure, label = logits.softmax(1).max(1)
    return torch.where(sure < threshold, -1, label)


def by_mask(logits, threshold):
    p = F.softmax(logits, dim=1)
    out = p.argmax(dim=1)
    out[p.amax(dim=1) < threshold] = -1
    return out


def where(values, logits, threshold):
    return torch.where(values.max(dim=1).values < threshold, -1, logits.argmax(dim=1))


RIGHT = {
    "own.1": [by_counter, lambda a, b: float((b == torch.bincount(a).argmax()).float().mean())],
    "own.2": [near, near_by_loops],
    "own.3": [split, split_with_torch],
    "own.4": [new_head, new_sequential],
    "own.5": [thresholded, by_mask],
}

WRONG = {
    "own.1": [
        (lambda a, b: 100 * by_counter(a, b), "not percent"),
        (lambda a, b: by_counter(b, b), "*training*"),
        (lambda a, b: by_counter(a, a), "among the test labels"),
        (lambda a, b: 1 / len(a.unique()), "at random"),
        (lambda a, b: torch.bincount(a).argmax(), "the class itself"),
        (lambda a, b: "most", "a number is wanted"),
    ],
    "own.2": [
        (lambda x, limit: near(x, limit, centred=False), "own mean"),
        (lambda x, limit: near(x, limit, scale=1), "sum of the differences"),
        (lambda x, limit: near(x, limit, upper=False), "with i < j"),
        (lambda x, limit: near(x, limit, upper=False, strict=False), "like itself"),
        (lambda x, limit: near(x[:, :1], limit), "over all channels"),
        (lambda x, limit: near(x // 2, limit), "Shrink to 8×8"),
        (lambda x, limit: F.adaptive_avg_pool2d(x, 8), "your function stops with"),
        (lambda x, limit: 7, "list of pairs"),
    ],
    "own.3": [
        (pictures_at_random, "both sides"),
        (lambda g, share, seed: split(g, share, seed, keep=0), "left to train on"),
        (lambda g, share, seed: split(g, share, seed, shuffle=False), "one and the same"),
        (lambda g, share, seed: split(g, share, seed, seeded=False), "second call"),
        (lambda g, share, seed: split(g, share, seed, enough=0.5), "fewer than the share"),
        (lambda g, share, seed: split(g, 0.95, seed), "more than needed"),
        (lambda g, share, seed: [], "nothing is left to test on"),
        (lambda g, share, seed: [0, 0], "must be different"),
        (lambda g, share, seed: list(g), "whole numbers"),
    ],
    "own.4": [
        (shared, "share weights"),
        (in_place, "has changed"),
        (added, "*exchanged*"),
        (redrawn, "weights, and the running means"),
        (frozen, "no gradient"),
        (lambda net, classes: copy.deepcopy(net), "logits of shape"),
        (lambda net, classes: 5, "a network is wanted"),
    ],
    "own.5": [
        (lambda x, t: where(x, x, t), "compare the logits"),
        (lambda x, t: where(x.sigmoid(), x, t), "not sigmoid"),
        (lambda x, t: torch.where(x.softmax(1).amax(1) >= t, -1, x.argmax(1)), "refuse the sure"),
        (lambda x, t: x.argmax(dim=1), "nothing is refused"),
        (lambda x, t: where(x.softmax(0), x, t), "over the pictures"),
        (lambda x, t: x, "shape (200,)"),
    ],
}


@pytest.mark.parametrize(("name", "answer"), [(name, one) for name, them in RIGHT.items() for one in them])
def test_right_answers_pass(capsys, name, answer):
    assert f"✓ {name}" in said(capsys, name, answer)


@pytest.mark.parametrize(
    ("name", "answer", "hint"), [(name, *one) for name, them in WRONG.items() for one in them]
)
def test_slips_get_their_hint(capsys, name, answer, hint):
    words = said(capsys, name, answer)
    assert f"✗ {name}" in words
    assert hint in words


@pytest.mark.parametrize("name", RIGHT)
def test_a_stub_is_not_answered(capsys, name):
    assert "not answered yet" in said(capsys, name, lambda *a: None)
