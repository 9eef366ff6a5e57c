"""The judges of "Convolution arithmetic": right answers of several kinds pass, typical slips get their own hint."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib import arithmetic
from cnnlib.check import check


def verdict(name, answer, capsys):
    check(name, answer)
    return capsys.readouterr().out


def assert_right(name, answer, capsys):
    said = verdict(name, answer, capsys)
    assert said.startswith(f"✓ {name}"), said


def assert_hint(name, answer, words, capsys):
    said = verdict(name, answer, capsys)
    assert said.startswith(f"✗ {name}"), said
    assert words in said


@pytest.mark.parametrize("stub", [None, ..., lambda *a: None, lambda *a: ...])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_stubs(number, stub, capsys):
    assert "not answered yet" in verdict(f"arithmetic.{number}", stub, capsys)


# arithmetic.1: output size ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        lambda n, k, s, p: (n + 2 * p - k) // s + 1,
        lambda n, k, s, p: math.floor((n + 2 * p - k) / s + 1),
        lambda n, k, s, p: len(range(-p, n + p - k + 1, s)),
        lambda n, k, s, p: nn.Conv1d(1, 1, k, s, p)(torch.zeros(1, n)).shape[-1],
    ],
)
def test_output_size_right(answer, capsys):
    assert_right("arithmetic.1", answer, capsys)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda n, k, s, p: (n + 2 * p - k) / s + 1, "what rounds it?"),
        (lambda n, k, s, p: (n + p - k) // s + 1, "both sides"),
        (lambda n, k, s, p: (n + 2 * p - k) // s, "fence posts"),
        (lambda n, k, s, p: math.ceil((n + 2 * p - k) / s) + 1, "hang over the edge"),
        (lambda n, k, s, p: n, "PyTorch makes"),
    ],
)
def test_output_size_wrong(answer, words, capsys):
    assert_hint("arithmetic.1", answer, words, capsys)


# arithmetic.2: unseen cells ---------------------------------------------------------------------------------------


def by_sets(n, k, s, p):
    covered = {start + a for start in range(-p, n + p - k + 1, s) for a in range(k)}
    return n - len(covered & set(range(n)))


def by_marks(n, k, s, p):
    marks = torch.zeros(n + 2 * p)
    for start in range(0, n + 2 * p - k + 1, s):
        marks[start : start + k] = 1
    return (marks[p : p + n] == 0).sum()


@pytest.mark.parametrize("answer", [by_sets, by_marks])
def test_unseen_right(answer, capsys):
    assert_right("arithmetic.2", answer, capsys)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda n, k, s, p: (n + 2 * p - k) % s, "gaps between the windows"),
        (lambda n, k, s, p: by_sets(n, k, s, p) if s > k else (n + 2 * p - k) % s, "is padding"),
        (lambda n, k, s, p: max(0, (n + 2 * p - k) % s - p), "gaps between the windows"),
        (lambda n, k, s, p: 0, "Go through the windows"),
    ],
)
def test_unseen_wrong(answer, words, capsys):
    assert_hint("arithmetic.2", answer, words, capsys)


# arithmetic.3: one filter -----------------------------------------------------------------------------------------


def by_loops(picture, kernels, bias):
    k = kernels.shape[-1]
    rows, columns = picture.shape[1] - k + 1, picture.shape[2] - k + 1
    return torch.tensor(
        [[(picture[:, i : i + k, j : j + k] * kernels).sum() + bias for j in range(columns)] for i in range(rows)]
    )


def by_parts(picture, kernels, bias):
    return sum(F.conv2d(c[None, None], w[None, None])[0, 0] for c, w in zip(picture, kernels, strict=True)) + bias


def by_torch(picture, kernels, bias):
    return F.conv2d(picture[None], kernels[None], torch.tensor([bias]))[0]


@pytest.mark.parametrize("answer", [by_loops, by_parts, by_torch])
def test_one_filter_right(answer, capsys):
    assert_right("arithmetic.3", answer, capsys)


def parts(picture, kernels):
    return F.conv2d(picture[None], kernels[:, None], groups=len(picture))[0]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x, w, b: parts(x, w) + b, "One filter gives one"),
        (lambda x, w, b: parts(x, w).sum(dim=0), "only the bias is missing"),
        (lambda x, w, b: (parts(x, w) + b).sum(dim=0), "It belongs to the filter"),
        (lambda x, w, b: parts(x, w).mean(dim=0) + b, "the parts are added"),
        (lambda x, w, b: parts(x, w.flip(1, 2)).sum(dim=0) + b, "off by"),
        (lambda x, w, b: by_torch(x, w, b)[0, 1:], "has shape"),
    ],
)
def test_one_filter_wrong(answer, words, capsys):
    assert_hint("arithmetic.3", answer, words, capsys)


# arithmetic.4: costs ----------------------------------------------------------------------------------------------

RIGHT = {
    "output size": arithmetic.conv_output_size(27, 5, padding=2),
    "input channels of one filter": 96 // 2,
    "parameters": arithmetic.conv_parameters(96, 256, 5, groups=2),
    "MACs": arithmetic.conv_macs(96, 256, 5, 27, groups=2),
}


def test_costs_right(capsys):
    assert_right("arithmetic.4", RIGHT, capsys)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"output size": 23}, "padding of 2"),
        ({"input channels of one filter": 96}, "two groups"),
        ({"parameters": 614_656}, "how many input channels"),
        ({"parameters": 307_200}, "one bias"),
        ({"MACs": 447_897_600}, "in each cell of the map"),
    ],
)
def test_costs_wrong(change, words, capsys):
    assert_hint("arithmetic.4", RIGHT | change, words, capsys)


def test_costs_unfinished_or_misnamed(capsys):
    assert "not answered yet" in verdict("arithmetic.4", RIGHT | {"MACs": ...}, capsys)
    assert_hint("arithmetic.4", {"size": 27}, "a dict with these keys", capsys)


# arithmetic.5: design ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stack",
    [
        [(3, 2, 1), (3, 2, 1), (3, 1, 1)],
        [[3, 3, 0], [3, 1, 0], [3, 1, 1]],
        ((3, 3, 0), (3, 1, 1), (3, 1, 0)),
    ],
)
def test_design_right(stack, capsys):
    assert_right("arithmetic.5", stack, capsys)


@pytest.mark.parametrize(
    ("stack", "words"),
    [
        ([(3, 1, 1), (3, 2, 1), (3, 2, 1)], "farthest apart"),
        ([(3, 2, 1), (3, 2, 1)], "farthest apart"),
        ([(3, 2, 1), (3, 2, 1), (3, 1, 0)], "8 are wanted"),
        ([(3, 2, 1)] * 2 + [(3, 1, 1)] * 2, "one to three"),
        ([(5, 2, 1), (3, 2, 1)], "out of bounds"),
        ([(3, 4, 1), (3, 1, 1), (3, 1, 1)], "leave gaps"),
        ("stack", "one to three"),
        (15, "has not the form"),
    ],
)
def test_design_wrong(stack, words, capsys):
    assert_hint("arithmetic.5", stack, words, capsys)


def test_design_unfinished(capsys):
    assert "not answered yet" in verdict("arithmetic.5", [...], capsys)
