"""The exercises on LeNet and CIFAR-10: stubs, right answers in several forms, and slips that get their own hint."""

import math

import pytest
import torch

from cnnlib import models
from cnnlib.check import check


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def by_formula(in_channels, side, num_classes):
    side = ((side - 4) // 2 - 4) // 2
    return (6 * (25 * in_channels + 1) + 16 * (25 * 6 + 1) + 120 * (16 * side**2 + 1) + 84 * 121 + num_classes * 85)


def by_building(in_channels, side, num_classes):
    net = models.build("lenet5", in_channels=in_channels, image_size=side, padding=0, num_classes=num_classes)
    return sum(p.numel() for p in net.parameters())


def without_rounding(in_channels, side, num_classes):
    cells = int((((side - 4) / 2 - 4) / 2) ** 2)
    return by_formula(in_channels, 32, num_classes) + 120 * 16 * (cells - 25)


def second(r, b1=0.9, b2=0.999):
    return -(b1 + r) / (1 + b1) * ((1 + b2) / (b2 + r * r)) ** 0.5


def second_by_torch(r):
    w = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    adam, places = torch.optim.Adam([w], lr=0.001), []
    for g in (1.0, r):
        w.grad = torch.tensor([g], dtype=torch.float64)
        adam.step()
        places.append(w.item())
    return (places[1] - places[0]) / 0.001


def dead_by_flattening(a):
    return (a.transpose(0, 1).flatten(1).amax(dim=1) == 0).float().mean()


def dead_by_loop(a):
    return sum(1 for unit in range(a.shape[1]) if a[:, unit].max() <= 0) / a.shape[1]


def pair_by_rates(matrix):
    rates = matrix / matrix.sum(1, keepdim=True)
    both = (rates + rates.T).fill_diagonal_(0)
    place = int(both.argmax())
    return sorted((place // len(matrix), place % len(matrix)))


def pair_by_loops(matrix):
    found, best = None, -1.0
    for a in range(len(matrix)):
        for b in range(a + 1, len(matrix)):
            rate = float(matrix[a, b] / matrix[a].sum() + matrix[b, a] / matrix[b].sum())
            if rate > best:
                found, best = torch.tensor([a, b]), rate
    return found


def pair_by_counts(matrix):
    both = (matrix + matrix.T).triu(1)
    return divmod(int(both.argmax()), len(matrix))


def pair_one_way(matrix):
    rates = matrix / matrix.sum(1, keepdim=True)
    rates = rates.clone().fill_diagonal_(0)
    return sorted(divmod(int(rates.argmax()), len(matrix)))


def differences(a, b, n):
    def range_of(p):
        fits = [c for c in range(n + 1) if ("%d" % (100 * c / n)) == str(p)]  # noqa: UP031 as the course prints it
        return min(fits), max(fits)

    (low_a, high_a), (low_b, high_b) = range_of(a), range_of(b)
    return 100 * (low_a - high_b) / n, 100 * (high_a - low_b) / n


def differences_by_formula(a, b, n):
    def range_of(p):
        return -(-p * n // 100), min(n, -(-(p + 1) * n // 100) - 1)

    (low_a, high_a), (low_b, high_b) = range_of(a), range_of(b)
    return torch.tensor([low_a - high_b, high_a - low_b], dtype=torch.float64) * 100 / n


RIGHT = {
    "cifar_lenet.1": [by_formula, by_building],
    "cifar_lenet.2": [second, second_by_torch],
    "cifar_lenet.3": [dead_by_flattening, dead_by_loop],
    "cifar_lenet.4": [pair_by_rates, pair_by_loops],
    "cifar_lenet.5": [differences, differences_by_formula],
}
WRONG = {
    "cifar_lenet.1": [
        (lambda c, s, k: by_formula(c, s, k) - (6 + 16 + 120 + 84 + k), "adds a bias"),
        (lambda c, s, k: by_formula(1, s, k), "for each input channel"),
        (lambda c, s, k: by_formula(c, s, k) - 5 * 16 * 25, "each of the six maps"),
        (lambda c, s, k: by_formula(c, s, 10), "is an argument"),
        (lambda c, s, k: by_formula(c, s, k) - 85 * k, "last layer is missing"),
        (without_rounding, "rounds down"),
        (lambda c, s, k: 62_006, "you return 62,006"),
        (lambda c, s, k: [62_006, 1], "a number is wanted"),
    ],
    "cifar_lenet.2": [
        (lambda r: -second(r), "mind the sign"),
        (lambda r: second(r) - 1, "both steps together"),
        (lambda r: -(0.09 + 0.1 * r) / (0.000999 + 0.001 * r * r) ** 0.5, "bias correction is missing"),
        (lambda r: -(0.9 + r) / 1.9, "alone"),
        (lambda r: -(0.9 + r) / 1.9 / ((0.999 + r * r) / 1.999), "root"),
        (lambda r: -math.copysign(1, r), "the sign alone"),
        (lambda r: -(0.9 + r) / (0.999 + r * r) ** 0.5, "not 1 - β"),
        (lambda r: 5.0, "you return +5.0000"),
    ],
    "cifar_lenet.3": [
        (lambda a: (a == 0).float().mean(), "share of zeros"),
        (lambda a: 1 - dead_by_loop(a), "alive"),
        (lambda a: 100 * dead_by_loop(a), "percentage"),
        (lambda a: a.shape[1] * dead_by_loop(a), "number of units"),
        (lambda a: (a == 0).all(dim=0).float().mean(), "at *all* places"),
        (lambda a: (a == 0).flatten(1).all(dim=1).float().mean(), "you return"),
        (lambda a: a.zero_().mean() * 0 + 0.25, "changes the activations"),
    ],
    "cifar_lenet.4": [
        (pair_by_counts, "By counts, yes"),
        (pair_one_way, "one direction"),
        (lambda m: pair_by_rates(m)[::-1], "smaller number comes first"),
        (lambda m: divmod(int(m.argmax()), len(m)), "no pair"),
        (lambda m: pair_by_rates(m.fill_(0) + torch.eye(len(m)))[:2], "changes the matrix"),
        (lambda m: 3, "two class numbers"),
    ],
    "cifar_lenet.5": [
        (lambda a, b, n: (a - b, a - b), "cuts the decimals"),
        (lambda a, b, n: (a - b - 1, a - b + 1), "a picture less"),
        (lambda a, b, n: tuple(v / 100 for v in differences(a, b, n)), "not shares"),
        (lambda a, b, n: tuple(v * n / 100 for v in differences(a, b, n)), "not pictures"),
        (lambda a, b, n: differences(a, b, n)[::-1], "smallest comes first"),
        (lambda a, b, n: (a - b - 1 + 100 / n, a - b + 1 - 100 / n), "case of its own"),
        (lambda a, b, n: 1.0, "two numbers"),
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
