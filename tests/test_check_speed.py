"""The judges of From 40 minutes to one: stubs, right answers in several forms, slips with their own hints."""

import pytest
import torch
from torch.nn import functional as F

from cnnlib.check import check


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def crops(images, tops, lefts, side):
    rows, columns = tops[:, None] + torch.arange(side), lefts[:, None] + torch.arange(side)
    which = torch.arange(len(images))[:, None, None]
    return images[which, :, rows[:, :, None], columns[:, None]].permute(0, 3, 1, 2)


def crops_by_gather(images, tops, lefts, side):
    n, channels, _, width = images.shape
    rows = (tops[:, None] + torch.arange(side))[:, None, :, None].expand(n, channels, side, width)
    columns = (lefts[:, None] + torch.arange(side))[:, None, None, :].expand(n, channels, side, side)
    return images.gather(2, rows).gather(3, columns)


def crops_by_unfold(images, tops, lefts, side):
    return images.unfold(2, side, 1).unfold(3, side, 1)[torch.arange(len(images)), :, tops, lefts]


def crops_in_a_loop(images, tops, lefts, side):
    return torch.stack([one[:, t : t + side, x : x + side] for one, t, x in zip(images, tops, lefts, strict=True)])


def whitening(patches, scale=lambda values: values.sqrt(), small=0.0):
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    return (vectors / scale(values + small)).T


def zca(patches):
    values, vectors = torch.linalg.eigh(patches.T.cov())
    return vectors @ torch.diag(values**-0.5) @ vectors.T


def by_cholesky(patches):
    return torch.linalg.inv(torch.linalg.cholesky(patches.T @ patches / len(patches)))


def plan(pictures, epochs, loader, network, factor):
    load, compute = pictures * epochs / loader, pictures * epochs / network
    return load + compute, (load + compute) / (load / factor + compute), 1 + load / compute


def triangle(n, steps, peak, first=0.2, last=0.07, share=0.23):
    top = share * steps
    up, down = first + (1 - first) * n / top, 1 - (1 - last) * (n - top) / (steps - top)
    return peak * (up if n < top else down)


def lookahead(slow, quick, step, steps, power=3, decay=0.95**5, back=True, every=5):
    if step % every:
        return slow, quick
    met = slow.lerp(quick, 1 - decay * (step / steps) ** power)
    return met, met if back else quick


def changed(answer, place, change):
    """Return an answer that is wrong in one of its three numbers."""

    def other(*plan):
        numbers = list(answer(*plan))
        numbers[place] = change(numbers, *plan)
        return numbers

    return other


RIGHT = {
    "speed.1": [crops, crops_by_gather, crops_by_unfold],
    "speed.2": [whitening, lambda p: whitening(p).flip(0), lambda p: -whitening(p, small=5e-4), zca, by_cholesky],
    "speed.3": [plan, lambda *a: torch.tensor(plan(*a), dtype=torch.float64)],
    "speed.4": [triangle, lambda n, steps, peak: torch.tensor(triangle(n, steps, peak), dtype=torch.float64)],
    "speed.5": [lookahead, lambda s, q, n, m: [x.tolist() for x in lookahead(s, q, n, m)]],
}
WRONG = {
    "speed.1": [
        (crops_in_a_loop, "a loop over the pictures"),
        (lambda i, t, x, s: crops(i, x, t, s), "rows and columns are exchanged"),
        (lambda i, t, x, s: i[:, :, t[0] : t[0] + s, x[0] : x[0] + s], "where the first one is"),
        (lambda i, t, x, s: crops(i, t, x, s).float(), "bytes should stay bytes"),
        (lambda i, t, x, s: crops(i, t, x, s).flip(3), "some pixels are others"),
        (lambda i, t, x, s: i, "the shape should be"),
    ],
    "speed.2": [
        (lambda p: whitening(p).T, "stand in the columns"),
        (lambda p: whitening(p, torch.ones_like), "and not 1"),
        (lambda p: whitening(p, lambda v: v), "and not 1"),
        (lambda p: (1 / p.std(0)).diag(), "still correlated"),
        (lambda p: torch.eye(p.shape[1]), "neither"),
        (lambda p: whitening(p)[:1], "the shape should be"),
        (lambda p: "white", "is wanted as a tensor"),
    ],
    "speed.3": [
        (changed(plan, 0, lambda n, p, e, a, b, f: p * e / min(a, b)), "add their seconds up"),
        (changed(plan, 0, lambda n, p, e, a, b, f: p * e / (a + b)), "rates do not add up"),
        (changed(plan, 0, lambda n, p, e, a, b, f: n[0] / e), "one epoch"),
        (changed(plan, 1, lambda n, p, e, a, b, f: f), "only the loader"),
        (changed(plan, 1, lambda n, *_: 1 / n[1]), "the time before"),
        (changed(plan, 2, lambda n, p, e, a, b, f: 1 + a / b), "if the network took no time"),
        (changed(plan, 2, lambda n, *_: 1 / n[2]), "at least 1"),
        (changed(plan, 2, lambda *_: 7.0), "bound is not 7"),
        (lambda *a: plan(*a)[0], "three numbers"),
    ],
    "speed.4": [
        (lambda n, steps, peak: triangle(n, steps, peak, first=0.0), "is 0"),
        (lambda n, steps, peak: triangle(n, steps, 1.0), "multiplied by the peak"),
        (lambda n, steps, peak: triangle(n, steps, peak, first=0.1), "the way down is right"),
        (lambda n, steps, peak: triangle(n, steps, peak, last=0.0), "the way up is right"),
        (lambda n, steps, peak: triangle(n, steps, peak, share=0.3), "at step"),
        (lambda n, steps, peak: "high", "one learning rate"),
    ],
    "speed.5": [
        (lambda *a: lookahead(*a, every=1), "nothing should happen"),
        (lambda *a: lookahead(*a, back=False), "must be set back"),
        (lambda *a: lookahead(*a, power=0), "does not grow"),
        (lambda *a: lookahead(*a, power=1), "third power"),
        (lambda *a: lookahead(*a, decay=0.95), "to the fifth power"),
        (lambda s, q, n, m: lookahead(q, s, n, m) if n % 5 == 0 else (s, q), "roles are exchanged"),
        (lambda s, q, n, m: (s, q), "should not be"),
        (lambda s, q, n, m: s, "a pair is wanted"),
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


def test_the_crops_wanted_are_those_that_padding_and_slicing_give():
    images = torch.arange(2 * 16, dtype=torch.uint8).view(2, 1, 4, 4)
    padded = F.pad(images, [1] * 4)
    assert torch.equal(crops(padded, torch.tensor([1, 1]), torch.tensor([1, 1]), 4), images)
