"""The exercises of "Debug the notes", parts three and four: wrong numbers and wrong explanations."""

import math

import pytest
import torch
from torch import nn

from cnnlib.arithmetic import conv_output_size
from cnnlib.check import check
from cnnlib.check.debug.explanations import TERMS, claims, layers_until_zero
from cnnlib.check.debug.numbers import best_of


def inputs_of(o, k, s, p):
    first = (o - 1) * s + k - 2 * p
    return range(max(1, first), first + s)


def by_trying(o, k, s, p):
    sizes = [n for n in range(1, 400) if n + 2 * p >= k]
    return [n for n in sizes if conv_output_size(n, k, s, p) == o]


def hears(layer, channels):
    torch.manual_seed(0)
    x = torch.randn(1, channels, 8, 8, requires_grad=True)
    y = layer(x)
    rows = [torch.autograd.grad(y[:, o].square().sum(), x, retain_graph=True)[0] for o in range(y.shape[1])]
    return [[bool(row[0, i].any()) for i in range(channels)] for row in rows]


def hears_by_change(layer, channels, blank=False):
    x = torch.zeros(1, channels, 8, 8) if blank else torch.rand(1, channels, 8, 8)
    columns = []
    for i in range(channels):
        other = x.clone()
        other[:, i] -= 1
        columns.append((layer(other) != layer(x)).flatten(2).any(dim=2)[0])
    return torch.stack(columns, dim=1)


def mend(printed, pictures, size):
    return printed * pictures / -(-pictures // size)


def flatter(accuracy, n, k, repeats=2000):
    random = torch.Generator().manual_seed(0)
    scores = torch.binomial(torch.full((repeats, k), float(n)), torch.full((repeats, k), accuracy), random) / n
    return scores.max(dim=1).values.mean().item() - accuracy


def jacobian(dF, s):
    return (dF + torch.eye(len(s))) * (s > 0)[:, None]


LAYERS = {name: layers_until_zero(getattr(torch, name)) for name in ("float32", "bfloat16", "float16")}
TARGETS = {
    "one-hot rows, float": "the same", "one-hot rows, int64": "an error", "class indices, float": "an error",
    "class indices as a column (N, 1)": "an error", "class indices that start at 1": "another loss",
    "one-hot rows smoothed by 0.1": "another loss",
}  # fmt: skip
MEANT = {word: term for word, (term, _) in TERMS.items()}

RIGHT = {
    "debug.12": [inputs_of, by_trying],
    "debug.13": [hears, hears_by_change],
    "debug.14": [mend],
    "debug.15": [flatter, lambda p, n, k: best_of(p, n, k) - p],
    "debug.16": [jacobian, lambda dF, s: torch.diag((s > 0).double()) @ (dF + torch.eye(len(s)))],
    "debug.17": [LAYERS],
    "debug.18": [TARGETS],
    "debug.19": [claims()],
    "debug.20": [MEANT],
}

WRONG = {
    "debug.12": [
        (lambda o, k, s, p: [(o - 1) * s + k - 2 * p], "there are more than"),
        (lambda o, k, s, p: range((o - 1) * s + k - 2 * p, (o - 1) * s + k - 2 * p + s + 1), "you name 231"),
        (lambda o, k, s, p: range((o - 1) * s + k - 2 * p, (o - 1) * s + k - 2 * p + s) if o > 1 else [0, 1, 2],
         "at least one pixel"),
        (lambda o, k, s, p: 227, "a list"),
    ],
    "debug.13": [
        (lambda layer, c: torch.eye(c), "has shape"),
        (lambda layer, c: torch.ones(layer(torch.ones(1, c, 8, 8)).shape[1], c), "output 0 hears input 1"),
        (lambda layer, c: hears_by_change(layer, c, blank=True), "not blank"),
    ],
    "debug.14": [
        (lambda printed, n, size: printed * size, "one batch more"),
        (lambda printed, n, size: printed * n / (n // size if size < n else 1), "shorter batch"),
        (lambda printed, n, size: printed * n, "the sum"),
        (lambda printed, n, size: printed / size, "too small"),
        (lambda printed, n, size: printed, "itself"),
    ],
    "debug.15": [
        (lambda p, n, k: best_of(p, n, k), "the winner's score"),
        (lambda p, n, k: 100 * flatter(p, n, k), "percentage points"),
        (lambda p, n, k: 0.0, "not an average network"),
        (lambda p, n, k: p - best_of(p, n, k), "turned round"),
    ],
    "debug.16": [
        (lambda dF, s: dF + torch.eye(len(s)), "before the last ReLU"),
        (lambda dF, s: dF + 1, "every entry"),
        (lambda dF, s: (dF + 1) * (s > 0)[:, None], "every entry"),
        (lambda dF, s: (dF + torch.eye(len(s))) * (s > 0), "columns"),
        (lambda dF, s: dF * (s > 0)[:, None], "where is the shortcut"),
        (lambda dF, s: dF * (s > 0)[:, None] + torch.eye(len(s)), "goes through the last ReLU"),
        (lambda dF, s: 1.0, "has shape"),
    ],
    "debug.17": [(LAYERS | {"float32": 56}, "float32"), (LAYERS | {"float16": 12}, "float16"), ([75], "a dict")],
    "debug.18": [
        (dict.fromkeys(TARGETS, "the same"), "5 of 6"),
        (TARGETS | {"class indices that start at 1": "an error"}, "still one"),
        (TARGETS | {"one-hot rows, int64": "crash"}, "'the same', 'another loss', 'an error'"),
    ],
    "debug.19": [
        ({claim: not so for claim, so in claims().items()}, "12 of 12"),
        (claims() | {"networks with equally many parameters do equally much work": True}, "how often is a weight used"),
        (claims() | {"AlexNet was the first network with ReLU": True}, "whom does AlexNet's paper cite"),
        (claims() | {"it is settled that internal covariate shift is why batch norm works": True}, "noise was added"),
        ({}, "a dict"),
    ],
    "debug.20": [(MEANT | {"触发器": "strided convolution"}, "flip-flop"), (MEANT | {"covnets": "AlexNet"}, "letters")],
}  # fmt: skip


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


@pytest.mark.parametrize("name", RIGHT)
def test_a_stub_is_not_answered(capsys, name):
    def stub(*arguments):
        ...

    right = RIGHT[name][0]
    gaps = dict.fromkeys(right, ...) if isinstance(right, dict) else stub
    assert "not answered yet" in said(capsys, name, gaps)


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in RIGHT for answer in RIGHT[name]])
def test_right_answers_pass(name, answer):
    check(name, answer, strict=True)


@pytest.mark.parametrize(("name", "answer", "hint"), [(n, a, h) for n in WRONG for a, h in WRONG[n]])
def test_slips_get_their_own_hint(capsys, name, answer, hint):
    out = said(capsys, name, answer)
    assert out.startswith("✗") and hint in out


def test_the_exact_flattery_agrees_with_a_simulation_and_with_two_coins():
    assert best_of(0.5, 1, 2) == pytest.approx(0.75)  # the better of two coins shows heads three times in four
    assert best_of(0.8, 500, 8) - 0.8 == pytest.approx(flatter(0.8, 500, 8, repeats=20_000), abs=5e-4)
    assert math.isclose(best_of(0.3, 50, 1), 0.3)


def test_the_claims_are_not_all_of_one_kind():
    assert 2 <= sum(claims().values()) <= len(claims()) - 2


def test_a_pooling_layer_holds_no_parameters():
    assert not list(nn.MaxPool2d(2).parameters())
