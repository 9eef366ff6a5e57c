"""Exercises of the chapter "One fair ladder"."""

from __future__ import annotations

import math
import random
import statistics
from numbers import Real

from cnnlib.check.engine import Wrong, call, exercise


def _number(given) -> float:
    if not isinstance(given, Real) or isinstance(given, bool):
        raise Wrong(f"a number is wanted, not {type(given).__name__}")
    return float(given)


@exercise("ladder.1", "what a run costs")
def training_macs(answer) -> str:
    """Judge ``answer(macs, pictures, epochs)`` against three forward passes."""
    cases = [(1, 1, 1), (10_200_000, 45_000, 5), (651_720, 50_000, 10), (7, 11, 13)]
    for macs, pictures, epochs in cases:
        given, forward = _number(call(answer, macs, pictures, epochs)), macs * pictures * epochs
        if given == 3 * forward:
            continue
        slips = {
            forward: "that is the forward passes alone. The backward passes cost twice as much again",
            2 * forward: "the backward pass costs two forward passes, not one: gradients of inputs and of weights",
            3 * macs * pictures: "one epoch is counted, and there are several",
            3 * macs * epochs: "one picture is counted, and there are many",
        }
        raise Wrong(slips.get(given, f"for macs={macs}, pictures={pictures}, epochs={epochs} yours gives {given:g}"))
    return f"three forward passes for each picture in each epoch, on {len(cases)} cases"


def _front(networks) -> set:
    return {
        name for name, (cost, gain) in networks.items()
        if not any(c <= cost and g >= gain and (c, g) != (cost, gain) for c, g in networks.values())
    }  # fmt: skip


@exercise("ladder.2", "the networks that nobody beats")
def front(answer) -> str:
    """Judge ``answer(networks)`` on given and on drawn dictionaries."""
    draw = random.Random(0)
    cases = [
        {"a": (1, 60.0)},
        {"a": (1, 60.0), "b": (2, 60.0)},
        {"a": (1, 60.0), "b": (1, 61.0)},
        {"a": (1, 60.0), "b": (1, 60.0)},
        {"a": (3, 50.0), "b": (2, 60.0), "c": (1, 40.0)},
    ]
    cases += [{f"net {i}": (draw.randint(1, 9), float(draw.randint(50, 59))) for i in range(8)} for _ in range(30)]
    for networks in cases:
        kept = dict(networks)
        given = call(answer, networks)
        if networks != kept:
            raise Wrong("your function changes the dictionary that it was given")
        try:
            names = set(given)
        except TypeError:
            raise Wrong(f"a set of names is wanted, not {type(given).__name__}") from None
        if names == _front(networks):
            continue
        missing, extra = _front(networks) - names, names - _front(networks)
        if missing and len(set(networks.values())) < len(networks):
            raise Wrong(f"in {networks} nobody beats {sorted(missing)}: equal networks do not beat each other")
        if extra:
            raise Wrong(f"in {networks} your answer holds {sorted(map(str, extra))}, which another one beats")
        raise Wrong(f"in {networks} nobody beats {sorted(missing)}, and your answer lacks it")
    return f"the same as comparing every pair, on {len(cases)} sets of networks"


@exercise("ladder.3", "choose a learning rate")
def choose(answer) -> str:
    """Judge ``answer(grid)``: best last accuracy, ties to the smaller rate, diverged runs never."""
    nan = math.nan
    cases = [
        ({0.1: [0.5]}, 0.1, "there is only one rate to choose"),
        ({0.01: [0.2, 0.5], 0.1: [0.4, 0.6], 0.3: [0.3, 0.4]}, 0.1, "the best after the last epoch is 0.1"),
        ({0.01: [0.2, 0.6], 0.1: [0.7, 0.5]}, 0.01, "the last epoch counts, not the best one on the way"),
        ({0.1: [0.5, 0.6], 0.01: [0.5, 0.6]}, 0.01, "among equals the smaller rate is wanted"),
        ({1.0: [nan, nan], 0.1: [0.3, 0.4]}, 0.1, "the run at 1.0 has diverged, and was chosen"),
        ({0.1: [0.3, 0.4], 1.0: [0.9, nan]}, 0.1, "the run at 1.0 has diverged after its first epoch, and was chosen"),
        ({3.0: [nan], 0.03: [0.2], 0.3: [0.5], 1.0: [nan]}, 0.3, "diverged runs confuse the comparison"),
    ]
    for grid, wanted, hint in cases:
        given = call(answer, {lr: list(values) for lr, values in grid.items()})
        if isinstance(given, (tuple, list)):
            raise Wrong("the rate alone is wanted, not a pair")
        if _number(given) != wanted:
            raise Wrong(hint + f" (yours gives {given})")
    return f"right on {len(cases)} grids, with ties and diverged runs"


@exercise("ladder.4", "is the difference real")
def difference(answer) -> str:
    """Judge ``answer(a, b)`` against the two-sample standard error."""
    cases = [
        ([78.2, 78.8, 78.9], [76.6, 77.4, 76.8]),
        ([60.0, 62.0], [61.0, 61.5, 60.5, 61.0]),
        ([1.0, 3.0], [2.0, 2.0]),
    ]
    for a, b in cases:
        given = call(answer, list(a), list(b))
        try:
            gap, error = (_number(value) for value in given)
        except (TypeError, ValueError):
            raise Wrong("two numbers are wanted: the difference of the means, and its standard error") from None
        true_gap = statistics.fmean(a) - statistics.fmean(b)
        if math.isclose(gap, -true_gap) and not math.isclose(gap, true_gap, abs_tol=1e-12):
            raise Wrong("the sign is turned round: the mean of a minus the mean of b")
        if not math.isclose(gap, true_gap, abs_tol=1e-9):
            raise Wrong(f"for a={a} and b={b} the difference of the means is not {gap:g}")
        va, vb, n, m = statistics.variance(a), statistics.variance(b), len(a), len(b)
        if math.isclose(error, math.sqrt(va / n + vb / m)):
            continue
        slips = [
            (va / n + vb / m, "that is the square of the standard error. Take the root"),
            (math.sqrt(statistics.pvariance(a) / n + statistics.pvariance(b) / m),
             "your variances divide by n. Seeds are a sample: divide by n - 1"),
            (math.sqrt(va + vb), "that is how two single runs differ. Means of n runs spread less"),
            (math.sqrt(va / n) + math.sqrt(vb / m), "errors of independent means add as squares, under one root"),
        ]  # fmt: skip
        for value, hint in slips:
            if math.isclose(error, value):
                raise Wrong(hint)
        raise Wrong(f"for a={a} and b={b} the standard error is not {error:g}")
    return f"difference and standard error right for {len(cases)} pairs of networks"
