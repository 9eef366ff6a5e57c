"""Exercises of the chapter "From 40 minutes to one"."""

from __future__ import annotations

import math
from numbers import Real

import torch
from torch.overrides import TorchFunctionMode

from cnnlib.check.engine import Wrong, call, exercise
from cnnlib.train import Recipe
from cnnlib.train.lookahead import EVERY, FIRST_DECAY

CLOSE = 0.02  # how far a covariance may be from the identity: a small number under the root is no mistake


def _tensor(given, what: str) -> torch.Tensor:
    try:
        return given if isinstance(given, torch.Tensor) else torch.as_tensor(given)
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(f"{what} is wanted as a tensor, not as {type(given).__name__}") from None


def _numbers(given, count: int, what: str) -> list[float]:
    given = given.tolist() if isinstance(given, torch.Tensor) else given
    given = list(given) if isinstance(given, (tuple, list)) else [given]
    if len(given) != count or not all(isinstance(value, (Real, torch.Tensor)) for value in given):
        raise Wrong(f"{what} wanted")
    return [float(value) for value in given]


class _Calls(TorchFunctionMode):
    """Counts the calls into PyTorch while it is active."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.count += 1
        return func(*args, **(kwargs or {}))


@exercise("speed.1", "a crop of its own for each picture, without a loop")
def crops(answer) -> str:
    """Judge ``answer(images, tops, lefts, side)`` against slicing, and by the calls that it makes for more pictures."""
    chance = torch.Generator().manual_seed(0)
    counts, cases = {}, [(1, 1, 6, 4), (4, 3, 10, 6), (64, 3, 10, 6), (5, 2, 9, 9)]
    for n, channels, large, side in cases:
        images = torch.randint(256, (n, channels, large, large), generator=chance).byte()
        tops, lefts = (torch.randint(large - side + 1, (n,), generator=chance) for _ in range(2))
        with _Calls() as calls:
            given = call(answer, images.clone(), tops.clone(), lefts.clone(), side)
        counts[n] = calls.count
        given = _tensor(given, "the batch of crops")

        def cut(first, second, images=images, side=side):
            return torch.stack([one[:, t : t + side, x : x + side] for one, t, x in
                                zip(images, first.tolist(), second.tolist(), strict=True)])  # fmt: skip

        right = cut(tops, lefts)
        if given.shape != right.shape:
            raise Wrong(
                f"for {n} pictures of {channels}×{large}×{large} and side {side} the shape should be "
                f"{tuple(right.shape)}, not {tuple(given.shape)}"
            )
        if torch.equal(given, right):
            if given.dtype != torch.uint8:
                raise Wrong(f"the numbers are right, but bytes should stay bytes: yours are {given.dtype}")
            continue
        if torch.equal(given, cut(lefts, tops)):
            raise Wrong("rows and columns are exchanged: tops are rows, lefts are columns")
        if torch.equal(given, cut(tops[:1].expand(n), lefts[:1].expand(n))):
            raise Wrong("all pictures are cut where the first one is")
        raise Wrong(f"for {n} pictures of {channels}×{large}×{large} and side {side} some pixels are others")
    if counts[64] > counts[4] + 8:
        raise Wrong(
            f"the crops are right, but 64 pictures take {counts[64]} calls into PyTorch, and 4 pictures {counts[4]}: "
            "there is a loop over the pictures"
        )
    return f"the pixels of slicing, in as many calls for 64 pictures as for 4, on {len(cases)} batches"


@exercise("speed.2", "filters that whiten")
def whitening_filters(answer) -> str:
    """Judge ``answer(patches)``: the products with the filters must be uncorrelated and of variance 1."""
    chance = torch.Generator().manual_seed(0)
    for numbers in (2, 4, 12):
        mixed = torch.randn(4000, numbers, generator=chance) @ torch.randn(numbers, numbers, generator=chance)
        patches = mixed / mixed.std() + 0.4 * torch.randn(4000, numbers, generator=chance)
        patches = patches - patches.mean(dim=0)
        given = _tensor(call(answer, patches.clone()), "the matrix of filters")
        if given.shape != (numbers, numbers):
            raise Wrong(f"for patches of {numbers} numbers the shape should be {(numbers, numbers)}, "
                        f"not {tuple(given.shape)}")  # fmt: skip
        filters = given.detach().double()

        def left(filters, patches=patches, numbers=numbers):
            y = patches.double() @ filters.T
            return y.T @ y / len(y) - torch.eye(numbers, dtype=torch.float64)

        error = left(filters)
        if error.abs().max() < CLOSE:
            continue
        if left(filters.T).abs().max() < CLOSE:
            raise Wrong("the filters stand in the columns. eigh gives vectors as columns; a filter is wanted as a row")
        off = error - error.diagonal().diag()
        if off.abs().max() < CLOSE:
            sizes = ", ".join(f"{1 + v:.2f}" for v in error.diagonal()[:3])
            raise Wrong(
                f"what comes out is uncorrelated, but its variances are {sizes} and not 1. By what must a number of "
                "variance v be divided?"
            )
        if error.diagonal().abs().max() < CLOSE:
            raise Wrong("the variances are 1, but what comes out is still correlated")
        raise Wrong(f"for patches of {numbers} numbers what comes out is neither uncorrelated nor of variance 1")
    return "uncorrelated and of variance 1, for patches of 2, 4 and 12 numbers"


@exercise("speed.3", "how long it takes, and what a faster loader is worth")
def plan(answer) -> str:
    """Judge ``answer(pictures, epochs, loader, network, factor)``: seconds, gain, and the gain's bound."""
    cases = [(50_000, 10, 5000.0, 250.0, 10.0), (60_000, 20, 14_000.0, 60_000.0, 4.0), (1000, 1, 100.0, 100.0, 2.0)]
    for pictures, epochs, loader, network, factor in cases:
        given = _numbers(call(answer, pictures, epochs, loader, network, factor), 3,
                         "three numbers are: seconds, gain, bound")  # fmt: skip
        load, compute = (pictures * epochs / rate for rate in (loader, network))
        right = load + compute, (load + compute) / (load / factor + compute), (load + compute) / compute
        if all(map(math.isclose, given, right)):
            continue
        shown = f"pictures={pictures}, epochs={epochs}, loader={loader:g}, network={network:g}, factor={factor:g}"
        slips = [
            (0, max(load, compute), "the two take turns here: add their seconds up"),
            (0, pictures * epochs / (loader + network), "rates do not add up. The seconds that each takes do"),
            (0, (load + compute) / epochs, "that is one epoch"),
            (1, factor, "only the loader becomes so much faster, not the whole"),
            (1, 1 / right[1], "a gain is the time before, divided by the time after"),
            (2, (load + compute) / load, "that is the bound if the network took no time, not the loader"),
            (2, 1 / right[2], "a bound on the gain is at least 1: the time before, divided by what is left"),
        ]
        for place, slip, hint in slips:
            if math.isclose(given[place], slip) and not math.isclose(slip, right[place]):
                raise Wrong(f"for {shown}: {hint}")
        wrong = next(i for i in range(3) if not math.isclose(given[i], right[i]))
        raise Wrong(f"for {shown} the {('seconds are', 'gain is', 'bound is')[wrong]} not {given[wrong]:g}")
    return f"seconds, gain and bound right for {len(cases)} plans"


def _rates(steps: int, peak: float) -> list[float]:
    """Return the learning rate of each step that `Recipe` gives."""
    recipe = Recipe(lr=peak, schedule="triangle")
    optimizer = recipe.make_optimizer([torch.nn.Parameter(torch.zeros(1))])
    schedule = recipe.make_schedule(optimizer, steps)
    rates = []
    for _ in range(steps):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return rates


@exercise("speed.4", "a triangle of learning rates")
def triangle(answer) -> str:
    """Judge ``answer(n, steps, peak)`` against the schedule of `Recipe`."""
    for steps, peak in ((100, 0.9), (528, 0.5), (7, 1.0)):
        right = _rates(steps, peak)
        given = [_numbers(call(answer, n, steps, peak), 1, "one learning rate is")[0] for n in range(steps)]
        wrong = [n for n in range(steps) if not math.isclose(given[n], right[n], rel_tol=1e-6)]
        if not wrong:
            continue
        top = 0.23 * steps
        if math.isclose(given[0], 0.0, abs_tol=1e-12):
            raise Wrong("at step 0 the rate should be a fifth of the peak, and yours is 0: that step would be lost")
        if all(math.isclose(g, r / peak, rel_tol=1e-6) for g, r in zip(given, right, strict=True)):
            raise Wrong("the form is right. It must still be multiplied by the peak")
        if all(n < top for n in wrong):
            raise Wrong(f"the way down is right. On the way up, at step {wrong[0]} of {steps}, yours gives "
                        f"{given[wrong[0]]:g} for a peak of {peak:g}")  # fmt: skip
        if all(n >= top for n in wrong):
            raise Wrong(f"the way up is right. On the way down, at step {wrong[0]} of {steps}, yours gives "
                        f"{given[wrong[0]]:g} for a peak of {peak:g}")  # fmt: skip
        raise Wrong(f"at step {wrong[0]} of {steps} yours gives {given[wrong[0]]:g} for a peak of {peak:g}")
    return "the same rate as Recipe's schedule at every step, for 7, 100 and 528 steps"


@exercise("speed.5", "one step of lookahead")
def lookahead(answer) -> str:
    """Judge ``answer(slow, quick, step, steps)``: both weights after that step."""
    slow, quick = torch.tensor([1.0, -2.0, 0.5]), torch.tensor([3.0, 0.0, 0.25])
    for step, steps in ((3, 100), (5, 100), (50, 100), (52, 100), (100, 100), (60, 80)):
        given = call(answer, slow.clone(), quick.clone(), step, steps)
        if not isinstance(given, (tuple, list)) or len(given) != 2:
            raise Wrong("a pair is wanted: the slow weights and the quick ones")
        new_slow, new_quick = (_tensor(each, "each of the two weights").float() for each in given)
        kept = FIRST_DECAY**EVERY * (step / steps) ** 3
        if step % EVERY:
            if not (torch.equal(new_slow, slow) and torch.equal(new_quick, quick)):
                raise Wrong(f"at step {step} nothing should happen: the two meet at every fifth step only")
            continue
        met = kept * slow + (1 - kept) * quick
        if torch.allclose(new_slow, met, atol=1e-6):
            if torch.allclose(new_quick, met, atol=1e-6):
                continue
            raise Wrong("the slow weights are right, but the quick ones must be set back to them")
        slips = [
            (kept * quick + (1 - kept) * slow, "the roles are exchanged: the share is what the *slow* weights keep"),
            (slow + (1 - FIRST_DECAY * (step / steps) ** 3) * (quick - slow), "the share is 0.95 to the fifth power"),
            (FIRST_DECAY**EVERY * slow + (1 - FIRST_DECAY**EVERY) * quick,
             "the share does not grow with the progress in yours"),
            (FIRST_DECAY**EVERY * (step / steps) * slow + (1 - FIRST_DECAY**EVERY * step / steps) * quick,
             "the share grows with the third power of the progress"),
        ]  # fmt: skip
        for slip, hint in slips:
            if torch.allclose(new_slow, slip, atol=1e-6):
                raise Wrong(f"at step {step} of {steps}: {hint}")
        shown = [round(value, 4) for value in new_slow.tolist()]
        raise Wrong(f"at step {step} of {steps} the slow weights should not be {shown}")
    return "as train.Lookahead does, at six steps of a run"
