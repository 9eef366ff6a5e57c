"""The judges of "Kernels and feature maps": right answers pass however they are written, slips get their own hint."""

import pytest
import torch
from scipy.signal import convolve2d
from torch.nn import functional as F

from cnnlib.check import check

SOBEL = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def correlate(x, w):
    return F.conv2d(x[None, None], w[None, None])[0, 0]


def gradients(x):
    return correlate(x, SOBEL), correlate(x, SOBEL.T)


def least_squares(x, y):
    patches = F.unfold(x[None, None], 5)[0].T
    return torch.linalg.lstsq(patches, y.flatten()[:, None]).solution.reshape(5, 5)


RIGHT = {
    "kernels.1": [
        lambda x, w: correlate(x, w.flip(0, 1)),
        lambda x, w: correlate(x, w.rot90(2)),
        lambda x, w: convolve2d(x.numpy(), w.numpy(), mode="valid"),
    ],
    "kernels.2": [
        [[2, 1, 0], [1, 0, -1], [0, -1, -2]],
        torch.tensor([[1.0, 0, 0], [0, 0, 0], [0, 0, -1]]),
        [[-1, -1, 0], [-1, 0, 1], [0, 1, 1]],
    ],
    "kernels.3": [
        lambda x: torch.hypot(*gradients(x)),
        lambda x: torch.stack(gradients(x)).norm(dim=0).numpy(),
        lambda x: (correlate(x, -SOBEL) ** 2 + correlate(x, SOBEL.T) ** 2) ** 0.5,
    ],
    "kernels.4": [least_squares, lambda x, y: least_squares(x, y) + 0.001],
}
WRONG = {
    "kernels.1": [
        (correlate, "cross-correlation"),
        (lambda x, w: correlate(x, w.flip(0)), "one direction only"),
        (lambda x, w: correlate(x, w.T), "flips both"),
        (lambda x, w: F.conv2d(x[None, None], w.flip(0, 1)[None, None], padding=1)[0, 0], "should have shape"),
        (lambda x, w: correlate(x, w.flip(0, 1)) + 1, "differ"),
        (lambda x, w: F.conv2d(x, w), "RuntimeError"),
    ],
    "kernels.2": [
        (SOBEL, "falling diagonal"),
        ([[1, 1, 1]] * 3, "sum to 9"),
        (torch.zeros(3, 3), "finds nothing"),
        ([[0, 1, 0], [1, -4, 1], [0, 1, 0]], "finds nothing"),
        (torch.zeros(2, 2), "(3, 3)"),
        ([[float("nan")] * 3] * 3, "finite"),
    ],
    "kernels.3": [
        (lambda x: gradients(x)[0] ** 2 + gradients(x)[1] ** 2, "root is missing"),
        (lambda x: sum(g.abs() for g in gradients(x)), "absolute"),
        (lambda x: sum(gradients(x)), "cancel"),
        (lambda x: x, "should have shape"),
    ],
    "kernels.4": [
        (lambda x, y: least_squares(x, y).flip(0, 1), "180°"),
        (lambda x, y: least_squares(x, y) + 0.2, "off by up to 0.2"),
        (lambda x, y: y, "should have shape (5, 5)"),
    ],
}


@pytest.mark.parametrize(("name", "answer"), [(n, a) for n, answers in RIGHT.items() for a in answers])
def test_right_answers_pass(name, answer):
    check(name, answer, strict=True)


@pytest.mark.parametrize(("name", "answer", "hint"), [(n, a, h) for n, slips in WRONG.items() for a, h in slips])
def test_slips_get_their_own_hint(name, answer, hint, capsys):
    check(name, answer)
    said = capsys.readouterr().out
    assert said.startswith(f"✗ {name}")
    assert hint in said
