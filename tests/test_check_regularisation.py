"""The exercises on regularisation: stubs, right answers in several forms, and slips that get their own hint."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib import devices, train
from cnnlib.check import check
from cnnlib.check.norm_slips import NORM_SLIPS, norm_by_hand


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def dropout(x, p, training, keep=None, factor=None, shape=None, seed=None, evaluation=1.0):
    """Dropout by hand, with any one thing done otherwise."""
    if not training:
        return x * (evaluation if evaluation != "keep" else 1 - p)
    if p == 1:
        return torch.zeros_like(x)
    if seed is not None:
        torch.manual_seed(seed)
    drawn = torch.rand([n if i < 0 else i for i, n in zip(shape or [-1] * x.dim(), x.shape, strict=True)])
    return x * (drawn >= (p if keep is None else keep(p))) * (1 / (1 - p) if factor is None else factor(p))


def changes_x(x, p, training):
    if training:
        x *= torch.rand_like(x) >= p
        x /= 1 - p
    return x


def slip_of_norm(slip):
    return lambda *given: norm_by_hand(*given, slip=slip)


def with_pytorch(x, weight, bias, mean, var, training, momentum, eps):
    return F.batch_norm(x, mean, var, weight, bias, training, momentum, eps), mean, var


def with_a_layer(x, weight, bias, mean, var, training, momentum, eps):
    layer = nn.BatchNorm2d(len(weight), eps=eps, momentum=momentum).train(training)
    state = {"weight": weight, "bias": bias, "running_mean": mean, "running_var": var}
    layer.load_state_dict(state, strict=False)
    return [layer(x), layer.running_mean, layer.running_var]


def measure(net, images, labels, size, *, mode=True, graph=True, back=True, scale=1, mean_of_means=False):
    before = net.training
    if mode:
        net.eval()
    with torch.set_grad_enabled(not graph):
        hits = [(net(x).argmax(1) == y).float() for x, y in zip(images.split(size), labels.split(size), strict=True)]
    if back:
        net.train(before)
    return scale * float(torch.stack([h.mean() for h in hits]).mean() if mean_of_means else torch.cat(hits).mean())


def measure_a_copy(net, images, labels, size):
    with torch.inference_mode():
        return (copy.deepcopy(net).eval()(images).argmax(1) == labels).float().mean()


def as_found(net, images, labels, batch_size):
    right = 0
    for x, y in zip(images.split(batch_size), labels.split(batch_size), strict=True):
        right += int((net(x).argmax(dim=1) == y).sum())
    return right / len(labels)


def forgets_and_counts(net, images, labels, size):
    with torch.no_grad():
        return as_found(net, images, labels, size)


def spoils(net, images, labels, size):
    with torch.no_grad():
        net[1].running_mean.zero_()
    return measure(net, images, labels, size)


def fold(conv, norm, *, eps=True, root=True, affine=True, variance=True, by_input=False, bias="right", **changed):
    a = torch.ones_like(norm.weight) if not affine else norm.weight.detach()
    spread = norm.running_var + (norm.eps if eps else 0)
    a = a / (spread.sqrt() if root else spread) if variance else a
    old = torch.zeros_like(a) if conv.bias is None else conv.bias.detach()
    beta, mean = norm.bias.detach(), norm.running_mean
    biases = {"right": a * old + beta - a * mean, "lost": beta - a * mean, "unscaled": old + beta - a * mean,
              "no mean": a * old + beta, "late mean": a * old + beta - mean, "no beta": a * (old - mean)}  # fmt: skip
    settings = {name: getattr(conv, name) for name in ("stride", "padding", "dilation", "groups")} | changed
    one = nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, **settings)
    by_input = by_input and conv.in_channels == conv.out_channels
    one.weight.data = conv.weight.detach() * a.view((1, -1, 1, 1) if by_input else (-1, 1, 1, 1))
    one.bias.data = biases[bias]
    return one


def fold_with_pytorch(conv, norm):
    return torch.nn.utils.fusion.fuse_conv_bn_eval(conv.eval(), norm)


def fold_in_place(conv, norm):
    conv.weight.data *= 2
    return fold(conv, norm)


def ablation(build, dataset, recipes, seed, *, reseed=True, rebuild=True, order=True, value=lambda h: h):
    devices.set_seed(seed)
    net, runs = build(), {}
    for i, (name, recipe) in enumerate(recipes.items()):
        if reseed and rebuild:
            devices.set_seed(seed)
        if rebuild and (i or reseed):
            net = build()
        runs[name] = value(train.fit(net, dataset, recipe, seed=seed if order else 0, progress=False))
    return runs


def with_copies(build, dataset, recipes, seed):
    torch.manual_seed(seed)
    first = build()
    return {k: train.fit(copy.deepcopy(first), dataset, r, seed, progress=False) for k, r in recipes.items()}


def one_recipe(build, dataset, recipes, seed):
    return ablation(build, dataset, dict.fromkeys(recipes, next(iter(recipes.values()))), seed)


def another_rate(build, dataset, recipes, seed):
    return ablation(build, dataset, {name: replace(r, lr=0.01) for name, r in recipes.items()}, seed)


RIGHT = {
    "regularisation.1": [dropout, lambda x, p, training: F.dropout(x, p, training),
                         lambda x, p, training: nn.Dropout(p).train(training)(x)],
    "regularisation.2": [with_pytorch, with_a_layer, norm_by_hand],
    "regularisation.3": [measure, measure_a_copy],
    "regularisation.4": [fold, fold_with_pytorch],
    "regularisation.5": [ablation, with_copies],
}  # fmt: skip

WRONG = {
    "regularisation.1": [
        (lambda x, p, t: dropout(x, p, t, keep=lambda p: 1 - p), "not to be kept"),
        (lambda x, p, t: dropout(x, p, t, factor=lambda p: 1), "sees less in training"),
        (lambda x, p, t: dropout(x, p, t, factor=lambda p: 1 - p), "smaller still"),
        (lambda x, p, t: dropout(x, p, t, factor=lambda p: (1 / (1 - p)) ** 0.5), "mean square"),
        (lambda x, p, t: dropout(x, p, t, evaluation="keep"), "paper of 2014"),
        (lambda x, p, t: dropout(x, p, True), "you drop some"),
        (lambda x, p, t: dropout(x, p, t, shape=[1, -1, -1, -1]), "Each draws for itself"),
        (lambda x, p, t: dropout(x, p, t, shape=[-1, -1, 1, 1]), "Dropout2d"),
        (lambda x, p, t: dropout(x, p, t, seed=0), "Draw anew"),
        (lambda x, p, t: x * (torch.rand_like(x) >= p) / torch.tensor(1 - p) if t else x, "nan"),
        (lambda x, p, t: x * (torch.rand_like(x) >= p) * (1 / (1 - p)) if t else x, "ZeroDivisionError"),
        (lambda x, p, t: x, "you drop 0%"),
        (changes_x, "Make a new tensor"),
        (lambda x, p, t: x[0], "is a tensor of shape"),
    ],
    "regularisation.2": [
        *[(slip_of_norm(slip), hint[:30]) for slip, hint in NORM_SLIPS.items()],
        (lambda *given: with_pytorch(*given)[0], "three things"),
        (lambda x, *rest: (x, rest[2], rest[3]), "the output differs"),
        (lambda x, *rest: (x[0], rest[2], rest[3]), "the output is a tensor of shape"),
    ],
    "regularisation.3": [
        (forgets_and_counts, "in training mode"),
        (lambda *a: measure(*a, graph=False), "backward pass"),
        (lambda *a: measure(*a, back=False), "How was it when you came?"),
        (lambda *a: measure(*a, scale=100), "fraction from 0 to 1"),
        (lambda *a: measure(*a, mean_of_means=True), "and you return"),
        (spoils, "not the same afterwards"),
        (lambda *a: 0.5, "never called"),
    ],
    "regularisation.4": [
        (lambda c, n: fold(c, n, eps=False), "eps is missing"),
        (lambda c, n: fold(c, n, root=False), "root of the variance"),
        (lambda c, n: fold(c, n, affine=False), "the norm's weight"),
        (lambda c, n: fold(c, n, variance=False), "running variance is missing"),
        (lambda c, n: fold(c, n, by_input=True), "first dimension"),
        (lambda c, n: fold(c, n, bias="lost"), "that the convolution had is missing"),
        (lambda c, n: fold(c, n, bias="unscaled"), "scale it"),
        (lambda c, n: fold(c, n, bias="no mean"), "running mean is missing"),
        (lambda c, n: fold(c, n, bias="late mean"), "*before* the scaling"),
        (lambda c, n: fold(c, n, bias="no beta"), "own bias"),
        (lambda c, n: fold(c, n, stride=1), "your stride is"),
        (lambda c, n: fold(c, n, padding=0), "your padding is"),
        (fold_in_place, "Make a new convolution"),
        (lambda c, n: nn.Sequential(c, n), "an nn.Conv2d is wanted"),
    ],
    "regularisation.5": [
        (lambda *a: ablation(*a, rebuild=False), "goes on with the net"),
        (lambda *a: ablation(*a, reseed=False), "not once"),
        (lambda *a: ablation(*a, order=False), "does not reach train.fit"),
        (lambda *a: ablation(*a, value=lambda h: h.last["val_accuracy"]), "History"),
        (lambda *a: list(ablation(*a).values()), "a dictionary"),
        (one_recipe, "the same recipe"),
        (another_rate, "already the first"),
    ],
}


@pytest.mark.parametrize(("name", "answer"), [(name, a) for name, answers in RIGHT.items() for a in answers])
def test_right_answers_in_several_forms_pass(name, answer, capsys):
    assert said(capsys, name, answer).startswith("✓")


@pytest.mark.parametrize(("name", "answer", "hint"), [(n, a, h) for n, slips in WRONG.items() for a, h in slips])
def test_slips_get_their_own_hint(name, answer, hint, capsys):
    words = said(capsys, name, answer)
    assert words.startswith("✗")
    assert hint in words


@pytest.mark.parametrize("name", RIGHT)
def test_a_stub_is_not_answered(name, capsys):
    assert "not answered yet" in said(capsys, name, lambda *anything, **more: None)


def test_the_broken_function_as_the_chapter_prints_it_counts_as_not_answered(capsys):
    assert "not answered yet" in said(capsys, "regularisation.3", as_found)


@pytest.mark.parametrize("training", [True, False])
def test_the_norm_by_hand_is_pytorchs(training):
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(6, 3, 4, 2, generator=draw)
    given = [torch.rand(3, generator=draw) for _ in range(4)]
    ours = norm_by_hand(x, *given, training, 0.2, 0.01)
    theirs = with_pytorch(x, *(t.clone() for t in given), training, 0.2, 0.01)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(ours, theirs, strict=True))


def test_judging_leaves_the_readers_random_numbers_alone(capsys):
    for name, answers in RIGHT.items():
        torch.manual_seed(5)
        state = torch.random.get_rng_state()
        said(capsys, name, answers[0])
        assert torch.equal(torch.random.get_rng_state(), state), name
