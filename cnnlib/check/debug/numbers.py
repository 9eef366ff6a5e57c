"""Part three: wrong numbers."""

from __future__ import annotations

import math

import torch
from torch import nn

from cnnlib.arithmetic import conv_output_size
from cnnlib.check.debug.asking import a_number, a_tensor
from cnnlib.check.engine import Wrong, call, exercise


@exercise("debug.12", "all the pictures that give this map")
def inputs_of(answer) -> str:
    """Judge ``answer(o, k, s, p)`` by trying all sizes of input."""
    cases = [(55, 11, 4, 0), (55, 11, 4, 2), (27, 3, 2, 0), (8, 3, 1, 1), (4, 5, 3, 2), (1, 3, 2, 1)]
    for o, k, s, p in cases:
        fits = [n for n in range(1, o * s + k + s) if n + 2 * p >= k]
        right = [n for n in fits if conv_output_size(n, k, s, p) == o]
        given, case = call(answer, o, k, s, p), f"for a map of {o}, k={k}, s={s}, p={p}"
        try:
            sizes = sorted({int(n) for n in given})
        except (TypeError, ValueError):
            raise Wrong(f"a list of sizes is wanted, and you return {type(given).__name__}") from None
        if sizes == right:
            continue
        if len(sizes) < len(right) and set(sizes) < set(right):
            raise Wrong(f"{case} there are more than {sizes}: at stride {s} a picture may be a little larger, and "
                        "still no further window fits")  # fmt: skip
        if any(n < 1 for n in sizes):
            raise Wrong(f"{case} you name {min(sizes)}; a picture has at least one pixel")
        wrong = next((n for n in sizes if n not in right), None)
        if wrong is not None:
            gives = conv_output_size(wrong, k, s, p) if wrong in fits else "no map, since the kernel does not fit,"
            raise Wrong(f"{case} you name {wrong}, which gives {gives} and not {o}")
        raise Wrong(f"{case} your list {sizes} is not complete")
    return f"complete in {len(cases)} cases; 227 gives AlexNet's 55 without padding, and 224 does with a padding of 2"


@exercise("debug.13", "who hears whom?")
def who_hears_whom(answer) -> str:
    """Judge ``answer(layer, channels)`` on layers whose connections between channels are known."""
    torch.manual_seed(13)
    every, own = torch.ones(3, 3).bool(), torch.eye(3).bool()
    pairs = torch.block_diag(torch.ones(2, 2), torch.ones(2, 2)).bool()
    cases = [
        ("a convolution from 3 to 4 channels", nn.Conv2d(3, 4, 3), 3, torch.ones(4, 3).bool()),
        ("one filter on a colour picture", nn.Conv2d(3, 1, 3), 3, torch.ones(1, 3).bool()),
        ("a depthwise convolution", nn.Conv2d(3, 3, 3, groups=3), 3, own),
        ("a convolution in two groups", nn.Conv2d(4, 4, 3, groups=2), 4, pairs),
        ("a convolution of 1×1", nn.Conv2d(3, 3, 1), 3, every),
        ("max pooling", nn.MaxPool2d(2), 3, own),
        ("average pooling", nn.AvgPool2d(2), 3, own),
        ("batch norm", nn.BatchNorm2d(3).eval(), 3, own),
        ("ReLU", nn.ReLU(), 3, own),
        ("channels that change places", lambda x: x.flip(1), 3, torch.eye(3).flip(1).bool()),
    ]
    for words, layer, channels, right in cases:
        matrix = call(answer, layer, channels)
        given = a_tensor(matrix, tuple(right.shape), "a matrix (output channels, input channels)") != 0
        if torch.equal(given, right):
            continue
        if right.shape[0] == right.shape[1] and torch.equal(given.T, right):
            raise Wrong(f"for {words} the matrix is transposed: a row belongs to an output channel")
        o, i = (given != right).nonzero()[0].tolist()
        say, so = ("hears", "it does not") if given[o, i] else ("does not hear", "it does")
        raise Wrong(f"for {words} you say that output {o} {say} input {i}, and {so}. Change one input channel, and see "
                    "which outputs change; take a picture that is not blank")  # fmt: skip
    return f"right for {len(cases)} layers: a convolution hears all channels, pooling only its own"


@exercise("debug.14", "the log of a night's training")
def mend_the_log(answer) -> str:
    """Judge ``answer(printed, pictures, batch_size)``: the mean of the batch means behind note 001's printed number."""
    cases = [(0.0024, 10_000, 256), (0.01, 1000, 100), (0.05, 300, 64), (0.5, 7, 8)]
    for printed, pictures, size in cases:
        batches = math.ceil(pictures / size)
        right, given = printed * pictures / batches, a_number(call(answer, printed, pictures, size))
        if math.isclose(given, right, rel_tol=1e-6):
            continue
        slips = {
            printed * size: "With a shorter last batch there is one batch more than pictures // batch_size",
            printed * pictures / max(1, pictures // size): "The last, shorter batch has its mean in the sum, too",
            printed * pictures: "That is the sum of the batch means. How many are there?",
            printed * pictures / size: "The sum of the batch means is divided by how many they are, not by their size",
            printed / size: "The printed number is too small, not too large",
            printed: "That is the printed number itself",
        }
        hint = next((words for value, words in slips.items() if math.isclose(given, value, rel_tol=1e-6)), "")
        case = f"{printed} printed, {pictures:,} pictures in batches of {size}"
        raise Wrong(f"{case}: the mean of the {batches} means is {right:.4g}; you say {given:.4g}. {hint}".rstrip())
    return f"right for {len(cases)} logs"


def best_of(accuracy: float, n: int, k: int) -> float:
    """Return the expected largest share of right answers among k equally good networks, each on n pictures of its own.

    Examples
    --------
    >>> round(best_of(0.8, 1000, 1), 6), round(best_of(0.8, 1000, 10), 3)
    (0.8, 0.819)
    """
    logs = (
        math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1)
        + i * math.log(accuracy) + (n - i) * math.log1p(-accuracy)
        for i in range(n + 1)
    )  # fmt: skip
    below, at_most = 0.0, []
    for log in logs:
        below += math.exp(log)
        at_most.append(min(1.0, below))
    return sum(1 - share**k for share in at_most[:-1]) / n  # E[max] = the sum over i of P(max > i)


@exercise("debug.15", "how much the test set flatters")
def flattery(answer) -> str:
    """Judge ``answer(accuracy, n, k)`` against the exact expectation, with room for a simulation's noise."""
    for accuracy, n, k in ((0.8, 1000, 10), (0.8, 1000, 1), (0.5, 200, 30), (0.9, 4000, 5)):
        torch.manual_seed(15)
        best, one = best_of(accuracy, n, k), math.sqrt(accuracy * (1 - accuracy) / n)
        right, given = best - accuracy, a_number(call(answer, accuracy, n, k))
        if abs(given - right) <= 0.12 * one:
            continue
        slips = {
            best: "That is the winner's score. By how much is it better than the winner really is?",
            0.0: "That is the bias of one network, or of the average. The winner is not an average network",
            -right: "The sign is turned round: the winner's score is too good",
            one: "That is the standard deviation of one network's score",
        }
        hint = next((words for value, words in slips.items() if abs(given - value) <= 0.12 * one), "")
        if abs(given / 100 - right) <= 0.12 * one:
            hint = "That is in percentage points; a share is wanted, as `accuracy` is one"
        case = f"with accuracy={accuracy}, n={n}, k={k} the winner is flattered by"
        raise Wrong(f"{case} {right:.4f}, and you say {given:.4f}. {hint}".rstrip())
    return "agrees with the exact expectation, and is zero where there is nothing to choose"
