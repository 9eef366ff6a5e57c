"""Exercises of the chapter "Exercise 0502: LeNet on CIFAR-10"."""

from __future__ import annotations

import math

import torch

from cnnlib import models
from cnnlib.check.engine import Wrong, call, exercise


def _number(given, wanted: str = "a number") -> float:
    try:
        return float(given)
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(f"{wanted} is wanted, not {type(given).__name__}") from None


def _pair(given, wanted: str) -> list[float]:
    """Return two numbers out of whatever holds two: a tuple, a list, a tensor."""
    try:
        one, other = given
    except (TypeError, ValueError):
        raise Wrong(f"{wanted}, and you return {given!r}") from None
    return [_number(one), _number(other)]


@exercise("cifar_lenet.1", "the parameters of LeNet for pictures of any size")
def lenet_parameters(answer) -> str:
    """Judge ``answer(in_channels, side, num_classes)`` by building the net."""
    settings = [(3, 32, 10), (1, 32, 10), (3, 33, 10), (3, 28, 100), (4, 47, 7), (3, 16, 2)]
    for channels, side, classes in settings:
        net = models.build("lenet5", in_channels=channels, image_size=side, padding=0, num_classes=classes)
        counts = {name: sum(p.numel() for p in layer.parameters()) for name, layer in net.named_children()}
        right, biases = sum(counts.values()), sum(len(p) for p in net.parameters() if p.dim() == 1)
        given = _number(call(answer, channels, side, classes))
        if given == right:
            continue
        cells = net.c5.in_features // 16
        exact = int((((side - 4) / 2 - 4) / 2) ** 2)  # as if pooling did not round each time
        rounded_up = math.ceil((math.ceil((side - 4) / 2) - 4) / 2) ** 2
        slips = {
            right - biases: "Each output, map or unit, adds a bias",
            right - (channels - 1) * 150: "A filter has a kernel of its own for each input channel",
            right - 5 * 16 * 25: "A filter of c3 has a kernel for each of the six maps before it",
            right + 120 * 16 * (exact - cells): "Pooling rounds down, each time",
            right + 120 * 16 * (rounded_up - cells): "Pooling rounds down, not up",
            right - counts["out"]: "The last layer is missing",
            right - counts["out"] + 850: "The number of classes is an argument",
        }
        case = f"for {channels} channels, side {side} and {classes} classes it is {right:,}, and you return {given:,g}"
        raise Wrong(f"{case}. {slips[given]}" if given in slips else case)
    return f"equals the count of PyTorch's layers in {len(settings)} settings"


@exercise("cifar_lenet.2", "Adam's second step")
def second_step(answer) -> str:
    """Judge ``answer(r)`` by two steps of ``torch.optim.Adam`` on the gradients 1 and r."""
    ratios = (1.0, -1.0, -0.9, 0.0, 3.0, -20.0, 1e4, 0.25)
    for r in ratios:
        weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.Adam([weight], lr=1.0, eps=0.0)
        for g in (1.0, r):
            before = weight.item()
            weight.grad = torch.full_like(weight, g)
            optimizer.step()
        right, given = weight.item() - before, _number(call(answer, r))
        if abs(given - right) < 1e-6:
            continue
        m, s = 0.9 * 0.1 + 0.1 * r, 0.999 * 0.001 + 0.001 * r**2
        m_hat, s_hat = m / (1 - 0.9**2), s / (1 - 0.999**2)
        slips = {
            -right: "The step goes against the gradient: mind the sign",
            weight.item(): "That is both steps together",
            -m / s**0.5: "The bias correction is missing. Without it steps are too long at first",
            -m_hat / s_hat: "The gradient is divided by the *root* of the second mean",
            -m_hat: "That is the corrected mean alone. What is it divided by?",
            -math.copysign(1, r) if r else 0.0: "Only the *first* step is the sign alone. Here two gradients are mixed",
            -m / (1 - 0.9) / (s / (1 - 0.999)) ** 0.5: "In step 2 the correction is 1 - β², not 1 - β",
        }
        hints = [hint for value, hint in slips.items() if abs(given - value) < 1e-6]
        case = f"for r = {r:g} the second step is {right:+.4f} learning rates, and you return {given:+.4f}"
        raise Wrong(f"{case}. {hints[0]}" if hints else case)
    return f"equals torch.optim.Adam for {len(ratios)} values of r"


@exercise("cifar_lenet.3", "the share of dead units")
def dead_units(answer) -> str:
    """Judge ``answer(activations)`` by looking at every unit in turn."""
    draw = torch.Generator().manual_seed(3)
    cases = []
    for shape, off in (((20, 8), 2), ((15, 6, 4, 4), 3), ((1, 5), 0), ((12, 4, 3, 5), 4)):
        x = torch.randn(shape, generator=draw).relu()
        x[:, :off] = 0
        x[0, off:] += 0.1  # every other unit is on for one picture at least
        if len(shape) == 4 and off < shape[1]:
            x[:, off] = 0
            x[-1, off, 0, 0] = 0.5  # on for one picture, at one place only
        cases.append(x)
    for x in cases:
        right = sum(not bool((x[:, unit] > 0).any()) for unit in range(x.shape[1])) / x.shape[1]
        kept = x.clone()
        given = _number(call(answer, x))
        if not torch.equal(x, kept):
            raise Wrong("your function changes the activations that it was given")
        if abs(given - right) < 1e-6:
            continue
        zero = (x == 0).flatten(2) if x.dim() == 4 else (x == 0)[:, :, None]
        slips = {
            1 - right: "That is the share of units that are alive",
            100 * right: "Return a share from 0 to 1, not a percentage",
            right * x.shape[1]: "That is a number of units. Divide by how many there are",
            zero.float().mean().item(): "That is the share of zeros. A unit is dead if it is zero for *every* picture",
            zero.any(0).any(1).float().mean().item(): "A unit that is zero for some picture is not dead yet",
            zero.all(0).float().mean().item(): "A channel is one unit with one set of weights: it is dead if it is "
            "zero at *all* places",
            zero.all(1).float().mean().item(): "Those are pictures where nothing is on. Which dimension is the unit?",
        }
        hints = [hint for value, hint in slips.items() if abs(given - value) < 1e-6]
        case = f"for activations of shape {tuple(x.shape)} the share is {right:.3f}, and you return {given:.3f}"
        raise Wrong(f"{case}. {hints[0]}" if hints else case)
    return "right for units and for channels, one picture or many"


@exercise("cifar_lenet.4", "the pair of classes most often mixed up")
def most_confused(answer) -> str:
    """Judge ``answer(matrix)`` by comparing all pairs."""
    three = [[50, 9, 1], [3, 40, 6], [4, 8, 47]]  # one direction is largest for 0 and 1, both for 1 and 2
    uneven = [[900, 60, 40, 0], [5, 90, 5, 0], [0, 1, 6, 3], [0, 0, 2, 8]]  # counts favour 0 and 1, rates 2 and 3
    torch.manual_seed(4)
    many = torch.randint(0, 30, (10, 10)) + 300 * torch.eye(10, dtype=torch.long)
    many[7, 4], many[4, 7] = 80, 61
    for matrix in (torch.tensor(three), torch.tensor(uneven), many):
        rates = matrix / matrix.sum(dim=1, keepdim=True)
        pairs = [(a, b) for a in range(len(matrix)) for b in range(a + 1, len(matrix))]
        right = max(pairs, key=lambda p: float(rates[p] + rates[p[::-1]]))
        kept = matrix.clone()
        given = tuple(_pair(call(answer, matrix), "two class numbers are wanted"))
        if not torch.equal(matrix, kept):
            raise Wrong("your function changes the matrix that it was given. Work on a copy: matrix.clone()")
        if given == right:
            continue
        if given == right[::-1]:
            raise Wrong(f"the pair is right, but the smaller number comes first: {right}")
        if given[0] == given[1]:
            raise Wrong(f"a class and itself are no pair: the diagonal holds what is right, and you return {given}")
        one_way = max(pairs + [p[::-1] for p in pairs], key=lambda p: float(rates[p]))
        slips = {
            max(pairs, key=lambda p: int(matrix[p] + matrix[p[::-1]])): "By counts, yes. By rates a rare class weighs "
            "as much as a frequent one",
            tuple(sorted(one_way)): "That is the largest in one direction. Add both directions",
        }
        case = f"for a matrix of {len(matrix)} classes the pair is {right}, and you return {given}"
        raise Wrong(f"{case}. {slips[given]}" if given in slips else case)
    return "right also where the classes are not equally frequent"


@exercise("cifar_lenet.5", "the difference of two truncated percentages")
def possible_differences(answer) -> str:
    """Judge ``answer(a, b, n)`` by trying every number of right answers."""
    settings = [(63, 62, 10_000), (63, 50, 10_000), (62, 63, 10_000), (63, 62, 200), (70, 70, 1000), (100, 99, 300)]
    for a, b, n in settings:
        printed: dict[int, list[int]] = {}
        for correct in range(n + 1):
            printed.setdefault(math.trunc(100 * correct / n), []).append(correct)  # %d cuts off
        low = 100 * (printed[a][0] - printed[b][-1]) / n
        high = 100 * (printed[a][-1] - printed[b][0]) / n
        given = _pair(call(answer, a, b, n), "two numbers are wanted, the smallest difference and the largest")
        if max(abs(given[0] - low), abs(given[1] - high)) < 1e-6:
            continue
        case = (f"for {a} % and {b} % of {n:,} pictures the difference lies between {low:.2f} and {high:.2f} points, "
                f"and you return {given[0]:.2f} and {given[1]:.2f}")  # fmt: skip
        half = [a - b - 1 + 100 / n, a - b + 1 - 100 / n]
        slips = [
            ((low / 100, high / 100), "Percentage points are wanted, not shares"),
            ((low * n / 100, high * n / 100), "Percentage points are wanted, not pictures"),
            ((high, low), "The smallest comes first"),
            ((a - b, a - b), "`%d` cuts the decimals off: 63.99 prints as 63"),
            ((a - b - 1, a - b + 1), "Nearly. 64.00 prints as 64, so the largest that prints as 63 is a picture less"),
            ((-high, -low), "The first minus the second"),
            (half if half != [low, high] else (math.nan,) * 2, "100 % is a case of its own: nothing lies above it"),
        ]
        hints = [hint for (x, y), hint in slips if abs(given[0] - x) < 1e-6 and abs(given[1] - y) < 1e-6]
        raise Wrong(f"{case}. {hints[0]}" if hints else case)
    return f"agrees with trying every number of right answers in {len(settings)} settings"
