"""The exercises on AlexNet: stubs, right answers in several forms, and slips that get their own hint."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check import check


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def column(size, layers, divide=lambda free, s: free // s, lost=lambda free, s, p: max(0, free % s - p), chain=True):
    rows = []
    for k, s, p in layers:
        free = size + 2 * p - k
        rows.append((divide(free, s) + 1, lost(free, s, p)))
        size = rows[-1][0] if chain else size
    return rows


def column_by_marking(size, layers):
    """Another right answer: lay every window and mark what it touches."""
    rows = []
    for k, s, p in layers:
        touched, start, places = set(), -p, 0
        while start + k <= size + p:
            touched |= set(range(start, start + k))
            start, places = start + s, places + 1
        rows.append([places, len(set(range(size)) - touched)])
        size = places
    return rows


def norm(a, n, k, alpha, beta, damp=None):
    activity = sum(F.pad(a**2, (0, 0, 0, 0, n // 2, n // 2))[:, i : i + a.shape[1]] for i in range(n))
    return damp(a, k, alpha, activity, beta) if damp else a / (k + alpha * activity) ** beta


def norm_by_loop(a, n, k, alpha, beta, edge=True):
    b = a.clone()
    for c in range(a.shape[1]):
        low, high = (max(0, c - n // 2), c + n // 2 + 1) if edge else (c - n // 2, c + n // 2 + 1)
        channels = [j % a.shape[1] for j in range(low, min(high, a.shape[1]) if edge else high)]
        b[:, c] = a[:, c] / (k + alpha * (a[:, channels] ** 2).sum(dim=1)) ** beta
    return b


def norm_in_space(a, n, k, alpha, beta):
    sums = F.avg_pool2d(a**2, n, 1, n // 2, divisor_override=1)
    return a / (k + alpha * sums) ** beta


def dense(weight, groups, order=lambda g, groups: g):
    outs, ins = weight.shape[0] // groups, weight.shape[1]
    full = torch.zeros(weight.shape[0], ins * groups, *weight.shape[2:])
    for g in range(groups):
        at = order(g, groups) * ins
        full[g * outs : (g + 1) * outs, at : at + ins] = weight[g * outs : (g + 1) * outs]
    return full


def dense_by_block_diag(weight, groups):
    """Another right answer: a block-diagonal matrix for each place of the kernel."""
    side = weight.shape[2]
    parts = [torch.block_diag(*weight[:, :, i, j].chunk(groups)) for i in range(side) for j in range(side)]
    return torch.stack(parts, dim=-1).view(*parts[0].shape, side, side)


def topk(logits, labels, k, mix=lambda z: z.softmax(dim=2).mean(dim=0)):
    hits = mix(logits).topk(k, dim=1).indices == labels[:, None]
    return 1 - hits.any(dim=1).double().mean()


def topk_by_rank(logits, labels, k):
    """Another right answer: count the classes that are more probable than the right one."""
    p = torch.stack([F.softmax(z, dim=1) for z in logits]).sum(dim=0)
    rank = (p > p.gather(1, labels[:, None])).sum(dim=1)
    return (rank >= k).double().mean().item()


def step(w, v, g, lr, decay=True, pytorch=False, uphill=False, old=False):
    if pytorch:
        v = 0.9 * v + g + 0.0005 * w
        return w - lr * v, v
    new = 0.9 * v - (0.0005 * lr * w if decay else 0) + (lr * g if uphill else -lr * g)
    return w + (v if old else new), new


RIGHT = {
    "alexnet.1": [column, column_by_marking],
    "alexnet.2": [norm, norm_by_loop, lambda a, n, k, alpha, beta: nn.LocalResponseNorm(n, n * alpha, beta, k)(a)],
    "alexnet.3": [dense, dense_by_block_diag],
    "alexnet.4": [topk, topk_by_rank],
    "alexnet.5": [step],
}
STUBS = {
    "alexnet.1": lambda size, layers: ...,
    "alexnet.2": lambda a, n, k, alpha, beta: None,
    "alexnet.3": lambda weight, groups: ...,
    "alexnet.4": lambda logits, labels, k: ...,
    "alexnet.5": lambda w, v, g, lr: ...,
}


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in RIGHT for answer in RIGHT[name]])
def test_right_answers_in_any_form(name, answer, capsys):
    assert said(capsys, name, answer).startswith(f"✓ {name}")
    check(name, answer, strict=True)


@pytest.mark.parametrize("name", STUBS)
def test_stubs_are_not_answered_yet(name, capsys):
    assert "not answered yet" in said(capsys, name, STUBS[name])
    assert "not answered yet" in said(capsys, name, ...)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda size, layers: column(size, layers, divide=lambda free, s: free / s), "Half a place"),
        (lambda size, layers: column(size, layers, divide=lambda free, s: -(-free // s)), "hang over"),
        (lambda size, layers: column(size, layers, lost=lambda free, s, p: free % s), "not part of the picture"),
        (lambda size, layers: column(size, layers, lost=lambda free, s, p: 0), "1 cells are in no window"),
        (lambda size, layers: column(size, layers, chain=False), "there are"),
        (lambda size, layers: [row[0] for row in column(size, layers)], "a pair"),
        (lambda size, layers: column(size, layers)[:1], "one pair for each"),
        (lambda size, layers: 55, "a list"),
    ],
)
def test_slips_in_the_size_column(answer, hint, capsys):
    assert hint in said(capsys, "alexnet.1", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda a, n, k, alpha, beta: F.local_response_norm(a, n, alpha, beta, k), "divide alpha by n"),
        (lambda a, n, k, alpha, beta: norm(a, n, k, alpha, 1), "beta is missing"),
        (lambda a, n, k, alpha, beta: norm(a, n, 0, alpha, beta), "constant k"),
        (lambda a, n, k, alpha, beta: norm(a, 1, k, alpha, beta), "Where are the neighbours"),
        (lambda a, n, k, alpha, beta: norm(a, n, k, alpha, -beta), "must damp"),
        (lambda a, n, k, alpha, beta: norm_by_loop(a, n, k, alpha, beta, edge=False), "first and last channels"),
        (norm_in_space, "other channels at the same place"),
        (lambda a, n, k, alpha, beta: a[:, 1:], "the shape must be"),
        (lambda a, n, k, alpha, beta: a.div_(2), "changes the tensor"),
        (lambda a, n, k, alpha, beta: 3.0, "a tensor is wanted"),
        (lambda a, n, k, alpha, beta: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_slips_in_the_response_norm(answer, hint, capsys):
    assert hint in said(capsys, "alexnet.2", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda weight, groups: weight.repeat(1, groups, 1, 1), "must not see the channels of other groups"),
        (lambda weight, groups: dense(weight, groups, order=lambda g, n: n - 1 - g), "the two convolutions differ"),
        (lambda weight, groups: weight, "the shape must be"),
    ],
)
def test_slips_in_the_dense_weight(answer, hint, capsys):
    assert hint in said(capsys, "alexnet.3", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda logits, labels, k: 1 - topk(logits, labels, k), "the share that is right"),
        (lambda logits, labels, k: 100 * topk(logits, labels, k), "not percent"),
        (lambda logits, labels, k: len(labels) * topk(logits, labels, k), "Divide by"),
        (lambda logits, labels, k: topk(logits, labels, k, mix=lambda z: z.mean(dim=0)), "average the logits"),
        (lambda logits, labels, k: topk(logits, labels, 1), "first answer only"),
        (lambda logits, labels, k: sum(topk(z[None], labels, k) for z in logits) / len(logits), "the nets' errors"),
        (lambda logits, labels, k: logits, "a number is wanted"),
    ],
)
def test_slips_in_the_top_k_error(answer, hint, capsys):
    assert hint in said(capsys, "alexnet.4", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda w, v, g, lr: step(w, v, g, lr, decay=False), "weight decay is missing"),
        (lambda w, v, g, lr: step(w, v, g, lr, pytorch=True), "PyTorch's velocity"),
        (lambda w, v, g, lr: (w + 0.9 * v - 0.0005 * w - lr * g, 0.9 * v - 0.0005 * w - lr * g), "learning rate too"),
        (lambda w, v, g, lr: step(w, 0 * v, g, lr), "momentum is missing"),
        (lambda w, v, g, lr: step(w, v, g, lr, uphill=True), "v is wrong"),
        (lambda w, v, g, lr: step(w, v, g, lr, old=True), "w is wrong"),
        (lambda w, v, g, lr: step(w, v, g, lr)[0], "two tensors"),
    ],
)
def test_slips_in_the_papers_step(answer, hint, capsys):
    assert hint in said(capsys, "alexnet.5", answer)
