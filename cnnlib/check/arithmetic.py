"""Exercises of the chapter "Convolution arithmetic"."""

from __future__ import annotations

import itertools

import torch
from torch import nn

from cnnlib.check.engine import Wrong, call, exercise


@exercise("arithmetic.1", "the output size of a convolution")
def output_size(answer) -> str:
    """Judge ``answer(n, k, s, p)``: the output size, by running PyTorch's own layer."""
    grid = itertools.product((4, 7, 28, 227), (1, 3, 5, 11), (1, 2, 4), (0, 1, 2))
    settings = [(n, k, s, p) for n, k, s, p in grid if n + 2 * p >= k]
    for n, k, s, p in settings:
        right = nn.Conv1d(1, 1, k, s, p)(torch.zeros(1, 1, n)).shape[2]
        given = call(answer, n, k, s, p)
        if given == right:
            continue
        case = f"with n={n}, k={k}, s={s}, p={p} PyTorch makes {right} and you {given!r}"
        if not float(given).is_integer():
            raise Wrong(f"{case}. A size is a whole number: where the stride does not divide, what rounds it?")
        if p and given == (n + p - k) // s + 1:
            raise Wrong(f"{case}. Padding is added on both sides")
        if given == (n + 2 * p - k) // s:
            raise Wrong(f"{case}. Count the fence posts, not the gaps")
        raise Wrong(case)
    return f"equals PyTorch's Conv1d on {len(settings)} settings"
