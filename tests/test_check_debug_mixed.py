"""The exercises of "Debug the notes", part five: mistakes of every kind, in no order."""

import functools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.arithmetic import conv_output_size, conv_parameters
from cnnlib.check import check
from cnnlib.check.debug.counts import lenet_parameters
from cnnlib.check.debug.measured import CHANGES, DIGITS, lies
from cnnlib.check.debug.programs import LeNetOfNote001


def saved(side, channels, outputs, k, spans=True, biases=(True, True), out=None, turned=False):
    dense = side**2 * channels * outputs + biases[0] * outputs
    conv = (channels if spans else 1) * k**2 * outputs + biases[1] * outputs
    places = conv_output_size(side, k) ** 2 if out is None else out(side, k)
    work = k**2 * places / side**2
    return dense / conv, work if turned else 1 / work


def units(total, flat, first, convolutions=2572, bias=1, end=10):
    return (total - convolutions - (flat + 1) * first - end) / (first + bias + 10)


def units_or_none(total, flat, first):
    found = units(total, flat, first)
    return int(found) if found == int(found) else 0


def multiplied(channels, kernels, side, spans=True, sums=True):
    layers = [
        (a if spans else 1) * b * k * k * side**2 for a, b, k in zip(channels, channels[1:], kernels, strict=False)
    ]
    return sum(layers) if sums else layers[-1]


def by_eye(f, shape, answers=1, start=True):
    n = torch.Size(shape).numel()
    with torch.no_grad():
        b = f(torch.zeros(1, *shape)).flatten()
        columns = f(torch.eye(n).view(n, *shape)).flatten(1)
    return (columns - answers * b).T, start * b


def by_jacobian(f, shape):
    x = torch.randn(1, *shape)
    A = torch.autograd.functional.jacobian(lambda v: f(v).flatten(), x).flatten(1)
    return A, f(x).flatten() - A @ x.flatten()


def staged(*layers):
    made = {
        "relu": nn.ReLU(),
        "pool": nn.MaxPool2d(3, stride=2),
        "norm": nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0),
        "weak": nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2.0),
    }
    return lambda conv: nn.Sequential(conv, *(made[name] for name in layers))


def top_k(logits, labels, k):
    best = logits.topk(k, dim=1).indices
    return 1 - (best == labels[:, None]).any(dim=1).double().mean().item()


def by_sorting(logits, labels, k):
    order = logits.argsort(dim=1, descending=True)[:, :k]
    return sum(y not in row for y, row in zip(labels.tolist(), order.tolist(), strict=True)) / len(labels)


def honest(changes, pictures, labels, labelled=True):
    def bad(change):
        same = (change(pictures)[:, None] == pictures[None]).flatten(2).all(dim=2)
        return (same & (labels[:, None] != labels[None]) if labelled else same).any()

    return [name for name, change in changes.items() if not bad(change)]


def vector(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()])


def moved(net, optimizer, x, y, clear=True, measure=lambda old, new: (new - old).norm() / old.norm()):
    old = vector(net)
    if clear:
        optimizer.zero_grad()
    F.cross_entropy(net(x), y).backward()
    optimizer.step()
    return measure(old, vector(net))


def moved_without_a_copy(net, optimizer, x, y):
    old = [p.data for p in net.parameters()]
    moved(net, optimizer, x, y)
    return sum((a - b).norm() for a, b in zip(old, net.parameters(), strict=True)) / vector(net).norm()


RIGHT = {
    "debug.21": [saved],
    "debug.22": [by_eye, by_jacobian],
    "debug.23": [lambda: LeNetOfNote001(("conv1", "conv2"))],
    "debug.24": [units_or_none],
    "debug.25": [multiplied],
    "debug.26": [staged("relu", "norm", "pool")],
    "debug.27": [top_k, by_sorting],
    "debug.28": [honest, lambda *a: set(honest(*a))],
    "debug.29": [moved],
}

WRONG = {
    "debug.21": [
        (lambda *a: saved(*a, spans=False, biases=(False, False)), "the note's way"),
        (lambda *a: saved(*a, spans=False), "one filter on a picture of several channels"),
        (lambda *a: saved(*a, biases=(True, False)), "The filters have biases"),
        (lambda *a: saved(*a, biases=(False, True)), "The fully connected units"),
        (lambda *a: (1 / saved(*a)[0], 1), "FEWER"),
        (lambda *a: (saved(*a)[0],) * 2, "at every place"),
        (lambda *a: saved(*a, out=lambda n, k: 1), "How many places"),
        (lambda *a: saved(*a, out=lambda n, k: n**2), "smaller than the picture"),
        (lambda *a: saved(*a, out=conv_output_size), "a height and a width"),
        (lambda *a: saved(*a, turned=True), "how many times MORE"),
        (lambda *a: 3376.0, "two numbers"),
    ],
    "debug.22": [
        (lambda *a: by_eye(*a, answers=0), "a blank picture"),
        (lambda *a: by_eye(*a, start=False), "b is not"),
        (lambda *a: (by_eye(*a)[0].T, by_eye(*a)[1]), "transposed"),
        (lambda *a: (2 * by_eye(*a)[0], by_eye(*a)[1]), "random picture"),
        (lambda *a: by_eye(*a)[0], "two tensors"),
        (lambda *a: (by_eye(*a)[0], 0.0), "b, a vector"),
    ],
    "debug.23": [
        (lambda: LeNetOfNote001(), "as straight as the note's"),
        (lambda: LeNetOfNote001(("conv1",)), "fc1"),
        (lambda: LeNetOfNote001(("conv2",)), "are still one"),
        (lambda: LeNetOfNote001(("pool1", "pool2")), "behind the poolings"),
        (lambda: nn.Linear(784, 10), "not the note's"),
        (lambda: 7, "an nn.Module"),
    ],
    "debug.24": [
        (units, "no whole number fits"),
        (lambda *a: round(units(*a, convolutions=0)), "two convolutions"),
        (lambda *a: round(units(*a, bias=0)), "a bias"),
        (lambda *a: 0, "There is a whole number"),
        (lambda *a: 84, "with as many units"),
    ],
    "debug.25": [
        (lambda *a: multiplied(*a, spans=False, sums=False), "the broken program still"),
        (lambda *a: multiplied(*a, spans=False), "spans all the channels"),
        (lambda *a: multiplied(*a, sums=False), "The other layers"),
        (lambda c, k, s: multiplied(c, k, s) // s, "a height and a width"),
        (lambda c, k, s: multiplied(c, k, 1), "at one place"),
        (lambda c, k, s: sum(conv_parameters(*t) for t in zip(c, c[1:], k, strict=False)), "the parameters"),
        (lambda c, k, s: "much", "one number"),
    ],
    "debug.26": [
        (staged("relu", "pool", "weak"), "the slide's order"),
        (staged("relu", "pool", "norm"), "alpha is right"),
        (staged("relu", "weak", "pool"), "which alpha"),
        (staged("norm", "relu", "pool"), "what comes out of the ReLU"),
        (staged("norm", "pool"), "where is the ReLU"),
        (staged("relu", "pool"), "where is the normalisation"),
        (staged("relu", "norm"), "has shape"),
    ],
    "debug.27": [
        (lambda z, y, k: top_k(z, y, 5), "top-5 error, whatever k is"),
        (lambda z, y, k: top_k(z, y, 1), "top-1 error, whatever k is"),
        (lambda z, y, k: 1 - top_k(z, y, k), "right answers"),
        (lambda z, y, k: top_k(-z, y, k), "smallest"),
        (lambda z, y, k: (z.topk(k).indices != y[:, None]).any(dim=1).double().mean(), "NONE"),
        (lambda z, y, k: (z.topk(k).indices[:, -1] != y).double().mean(), "not the k-th alone"),
        (lambda z, y, k: 100 * top_k(z, y, k), "percent"),
    ],
    "debug.28": [
        (lambda changes, *a: list(changes), "you trust 'mirrored'"),
        (lambda *a: honest(*a, labelled=False), "itself for example"),
        (lambda changes, *a: [], "need not stay as it is"),
        (lambda changes, *a: set(changes) - set(honest(changes, *a)), "name the others"),
        (lambda changes, *a: ["one row down", "darker"], "you reject 'mirrored'"),
        (lambda changes, *a: True, "a list of names"),
    ],
    "debug.29": [
        (moved_without_a_copy, "or a copy"),
        (functools.partial(moved, clear=False), "before you came"),
        (functools.partial(moved, measure=lambda old, new: (new - old).norm()), "compared with the weights"),
        (functools.partial(moved, measure=lambda old, new: (new - old).abs().max()), "the largest change"),
        (functools.partial(moved, measure=lambda old, new: (new - old).abs().mean()), "the mean change"),
        (functools.partial(moved, measure=lambda old, new: ((new - old) / old).abs().mean()), "nearly zero"),
        (lambda *a: 0.01, "of the weights' length"),
    ],
}  # fmt: skip


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


@pytest.mark.parametrize("name", RIGHT)
def test_a_stub_is_not_answered(capsys, name):
    def stub(*arguments):
        ...

    assert "not answered yet" in said(capsys, name, stub)


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in RIGHT for answer in RIGHT[name]])
def test_right_answers_pass(name, answer):
    check(name, answer, strict=True)


@pytest.mark.parametrize(("name", "answer", "hint"), [(n, a, h) for n in WRONG for a, h in WRONG[n]])
def test_slips_get_their_own_hint(capsys, name, answer, hint):
    out = said(capsys, name, answer)
    assert out.startswith("✗") and hint in out


def test_the_numbers_of_the_notes():
    assert saved(640, 3, 10, 11) == pytest.approx((12_288_010 / 3640, 12_288_000 / (363 * 10 * 630**2)))
    assert lenet_parameters(400, 120, 80) == 61_182 and lenet_parameters(256, 120, 84) == 44_426
    assert sum(p.numel() for p in LeNetOfNote001().parameters()) == lenet_parameters(256, 320, 80) == 111_302
    assert multiplied([192, 32], [5], 28) == 120_422_400
    assert multiplied([192, 16, 32], [1, 5], 28) == 12_443_648


def test_which_digits_lie():
    labels = torch.arange(10)
    assert torch.equal(DIGITS[6:7].flip(2, 3), DIGITS[9:10]) and torch.equal(DIGITS[2:3].flip(3), DIGITS[5:6])
    assert [lies(change, DIGITS, labels) for change in CHANGES.values()] == [True, True, True, False, False]
    assert not any(lies(change, DIGITS[[0, 1, 8]], labels[[0, 1, 8]]) for change in CHANGES.values())
