"""The judges of the chapter One fair ladder: stubs, right answers in several forms, slips with their own hints."""

import math
import statistics

import pytest

from cnnlib.check import check


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def choose(grid, value=lambda values: values[-1], rate=lambda lr: -lr):
    finished = {lr: value(v) for lr, v in grid.items() if not math.isnan(v[-1])}
    return max(finished, key=lambda lr: (finished[lr], rate(lr)))


def front(networks):
    names = set(networks)
    for a, (ca, ga) in networks.items():
        for cb, gb in networks.values():
            if cb <= ca and gb >= ga and (cb < ca or gb > ga):
                names.discard(a)
    return names


def difference(a, b, variance=statistics.variance, power=0.5):
    return statistics.fmean(a) - statistics.fmean(b), (variance(a) / len(a) + variance(b) / len(b)) ** power


RIGHT = {
    "ladder.1": [lambda m, p, e: 3 * m * p * e, lambda macs, pictures, epochs: float(macs * pictures * epochs * 3)],
    "ladder.2": [front, lambda n: sorted(front(n)), lambda n: frozenset(front(n))],
    "ladder.3": [choose],
    "ladder.4": [difference, lambda a, b: list(difference(a, b))],
}
WRONG = {
    "ladder.1": [
        (lambda m, p, e: m * p * e, "forward passes alone"),
        (lambda m, p, e: 2 * m * p * e, "not one"),
        (lambda m, p, e: 3 * m * p, "one epoch"),
        (lambda m, p, e: "much", "a number is wanted"),
    ],
    "ladder.2": [
        (lambda n: set(n), "which another one beats"),
        (lambda n: {k for k in front(n) if n[k][0] == min(cost for cost, _ in n.values())}, "lacks it"),
        (lambda n: {k for k in n if not any(j != k and n[j][0] <= n[k][0] and n[j][1] >= n[k][1] for j in n)}, "equal"),
        (lambda n: 3, "a set of names"),
        (lambda n: [n.popitem()], "changes the dictionary"),
    ],
    "ladder.3": [
        (lambda grid: choose(grid, value=max), "the last epoch counts"),
        (lambda grid: choose(grid, rate=lambda lr: lr), "the smaller rate"),
        (lambda grid: max(grid, key=lambda lr: (grid[lr][-1], -lr)), "diverged"),
        (lambda grid: (choose(grid), 0.5), "not a pair"),
    ],
    "ladder.4": [
        (lambda a, b: difference(a, b, statistics.pvariance), "divide by n - 1"),
        (lambda a, b: difference(a, b, power=1), "Take the root"),
        (lambda a, b: difference(b, a), "turned round"),
        (lambda a, b: (difference(a, b)[0], math.sqrt(statistics.variance(a) + statistics.variance(b))), "spread less"),
        (lambda a, b: difference(a, b)[0], "two numbers"),
    ],
}


@pytest.mark.parametrize(("name", "answer"), [(n, a) for n, answers in RIGHT.items() for a in answers])
def test_right_answers_pass(name, answer):
    check(name, answer, strict=True)


@pytest.mark.parametrize(("name", "answer", "hint"), [(n, a, h) for n, pairs in WRONG.items() for a, h in pairs])
def test_slips_get_their_own_hint(capsys, name, answer, hint):
    out = said(capsys, name, answer)
    assert out.startswith(f"✗ {name}: not yet")
    assert hint in out


@pytest.mark.parametrize("name", RIGHT)
def test_stubs_are_not_answered(capsys, name):
    assert "not answered yet" in said(capsys, name, lambda *_: None)
    assert "not answered yet" in said(capsys, name, ...)
