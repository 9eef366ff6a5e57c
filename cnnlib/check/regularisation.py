"""Exercises of the chapter "Regularisation and normalisation"."""

from __future__ import annotations

import copy
import functools
import math
from dataclasses import replace

import torch
from torch import nn

from cnnlib import data, devices, train
from cnnlib.check.engine import NotAnswered, Wrong, call, exercise
from cnnlib.check.norm_slips import same_fold, same_norm


def _tensor(given, shape: tuple[int, ...], what: str) -> torch.Tensor:
    """Return what was given as a tensor, if it is one of this shape."""
    if not isinstance(given, torch.Tensor) or tuple(given.shape) != shape:
        said = f"a tensor of shape {tuple(given.shape)}" if isinstance(given, torch.Tensor) else type(given).__name__
        raise Wrong(f"{what} is a tensor of shape {shape}, and you give {said}")
    return given.detach()


@exercise("regularisation.1", "dropout")
def dropout(answer) -> str:
    """Judge ``answer(x, p, training)`` by what it drops, how it scales, and that it draws anew."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        x = 1 + torch.rand(64, 16, 6, 6)
        before = x.clone()
        for p in (0.5, 0.2, 0.8):
            _dropout_evaluation(_tensor(call(answer, x, p, False), x.shape, "the result"), x, p)
            y, again = (_tensor(call(answer, x, p, True), x.shape, "the result") for _ in range(2))
            if not torch.equal(x, before):
                raise Wrong("your function changes the numbers that it was given. Make a new tensor")
            _dropout_training(y, again, x, p)
        if not torch.allclose(call(answer, x, 0.0, True), x):
            raise Wrong("with p = 0 nothing is dropped and nothing is scaled")
        all_gone = call(answer, x, 1.0, True)
        if not torch.equal(all_gone, torch.zeros_like(x)):
            was = "nan: 0 times 1/0" if all_gone.isnan().any() else "something else"
            raise Wrong(f"with p = 1 everything is dropped and PyTorch gives zeros; you give {was}")
    return "drops with p, keeps the mean, draws anew for every number, and does nothing in evaluation"


def _dropout_evaluation(y, x, p) -> None:
    if torch.allclose(y, x):
        return
    if torch.allclose(y, (1 - p) * x):
        raise Wrong("in evaluation you multiply by 1 - p. So did the paper of 2014, which did not scale in training; "
                    "in PyTorch training does the scaling, and evaluation returns x as it is")  # fmt: skip
    raise Wrong("in evaluation the numbers must come back as they are" + ("; you drop some" * bool((y == 0).any())))


def _dropout_training(y, again, x, p) -> None:
    kept = y != 0
    dropped = 1 - float(kept.float().mean())
    if abs(dropped - p) > 0.02:
        hint = ". p is the probability to be dropped, not to be kept" if abs(dropped - 1 + p) < 0.02 else ""
        raise Wrong(f"with p = {p} in training you drop {dropped:.0%} of the numbers{hint}")
    factor = y[kept] / x[kept]
    slips = {
        1.0: "their mean over many draws is then (1 - p) x, and the next layer sees less in training than afterwards",
        1 - p: "that makes them smaller still; they shall make up for those that are gone",
        1 / p: "which p is meant: that of being dropped, or that of being kept?",
        math.sqrt(1 / (1 - p)): "that keeps the mean square; dropout keeps the mean",
    }
    if not torch.allclose(factor, torch.tensor(1 / (1 - p)), rtol=1e-4):
        hints = [hint for f, hint in slips.items() if torch.allclose(factor, torch.tensor(f), rtol=1e-4)]
        raise Wrong(f"with p = {p} the numbers that stay are multiplied by {float(factor.mean()):.3g}, not by "
                    f"{1 / (1 - p):.3g}" + (f": {hints[0]}" if hints else ""))  # fmt: skip
    if (kept == kept[:1]).all():
        raise Wrong("all pictures of the batch lose the same units. Each draws for itself")
    if (kept == kept[:, :1]).all() or (kept == kept[:, :, :1, :1]).all():
        raise Wrong("whole channels or whole places go together. That is Dropout2d or a relative; here each number "
                    "is drawn for itself")  # fmt: skip
    if torch.equal(kept, again != 0):
        raise Wrong("two calls drop the same numbers. Draw anew at every call, without setting a seed")


@exercise("regularisation.2", "batch normalisation in both modes")
def batch_norm(answer) -> str:
    """Judge ``answer(x, weight, bias, running_mean, running_var, training, momentum, eps)`` against PyTorch."""
    draw = torch.Generator().manual_seed(0)
    cases = [((4, 3, 5, 4), 0.3, 0.2), ((2, 4, 3, 3), 0.1, 1e-5), ((5, 2, 1, 1), 0.01, 1e-3)]
    for shape, momentum, eps in cases:
        c = shape[1]
        x = torch.randn(shape, generator=draw) * torch.rand(1, c, 1, 1, generator=draw) + 2
        weight, bias, mean = (torch.randn(c, generator=draw) for _ in range(3))
        given = (x, weight, bias, mean, 0.5 + torch.rand(c, generator=draw))
        for training in (True, False):
            result = call(answer, *(t.clone() for t in given), training, momentum, eps)
            if not isinstance(result, tuple | list) or len(result) != 3:
                raise Wrong("three things are wanted, in this order: the output, the new running mean, the new "
                            "running variance")  # fmt: skip
            parts = [_tensor(result[0], shape, "the output")]
            parts += [_tensor(torch.as_tensor(part).flatten(), (c,), "a running statistic") for part in result[1:]]
            same_norm(parts, given, training, momentum, eps)
    return f"equals PyTorch's batch_norm in both modes, running statistics too, on {len(cases)} batches"


@exercise("regularisation.3", "measuring without changing")
def accuracy(answer) -> str:
    """Judge ``answer(net, images, labels, batch_size)`` by its number and by how it treats the network."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.Dropout(0.5), nn.Flatten(), nn.Linear(128, 5))
        images, labels = 3 + torch.randn(50, 1, 6, 6), torch.randint(5, (50,))
        net(images)  # the running statistics leave their start
        right = float((copy.deepcopy(net).eval()(images).argmax(dim=1) == labels).float().mean())
        seen = []
        net.register_forward_pre_hook(lambda module, _: seen.append((module.training, torch.is_grad_enabled())))
        kept = copy.deepcopy(net.state_dict())
        wrong, numbers = set(), []
        for mode in (True, False):
            for size in (50, 7):
                net.train(mode)
                numbers.append(_fraction(call(functools.partial(answer, net, images, labels, size))))
                if net.training != mode:
                    wrong.add("restores")
        if not seen:
            raise Wrong("the network was never called")
        slips = {
            "mode": any(training for training, _ in seen),
            "graph": any(graph for _, graph in seen),
            "state": any(not torch.equal(kept[name], value) for name, value in net.state_dict().items()),
        }
        wrong |= {name for name, found in slips.items() if found}
    if {"mode", "graph"} <= wrong and "restores" not in wrong:
        raise NotAnswered
    for name, hint in MEASURE_SLIPS.items():
        if name in wrong:
            raise Wrong(hint)
    for given in numbers:
        if not math.isclose(given, right, abs_tol=1e-6):
            percent = ". A fraction from 0 to 1 is wanted" if math.isclose(given, 100 * right, abs_tol=1e-4) else ""
            raise Wrong(f"{right:.4f} of the pictures are right, and you return {given:.4f}{percent}")
    return "the same number for every batch size and in every mode, and the network is left as it was found"


MEASURE_SLIPS = {
    "mode": "the network is called in training mode: dropout drops, and batch norm looks at the neighbours",
    "state": "the network is not the same afterwards: its weights or running statistics have changed",
    "graph": "the mode is right. But PyTorch still keeps everything for a backward pass that nobody will ask for",
    "restores": "the number may be right, but a training loop that measures in its middle would go on in another mode "
                "than before. How was it when you came?",
}  # fmt: skip


def _fraction(given) -> float:
    try:
        return float(given)
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(f"one number is wanted, not {type(given).__name__}") from None


@exercise("regularisation.4", "batch normalisation folded into the convolution")
def fold(answer) -> str:
    """Judge ``answer(conv, norm)``: one `nn.Conv2d` that equals both in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        pairs = [
            (nn.Conv2d(3, 5, 3, padding=1), nn.BatchNorm2d(5)),
            (nn.Conv2d(4, 4, 3, stride=2, bias=False), nn.BatchNorm2d(4, eps=0.3)),
            (nn.Conv2d(4, 6, (3, 5), padding=(2, 1), dilation=2, groups=2), nn.BatchNorm2d(6)),
        ]
        for conv, norm in pairs:
            c = norm.num_features
            norm.weight.data, norm.bias.data = torch.randn(c), torch.randn(c)
            norm.running_mean, norm.running_var = torch.randn(c), 0.5 + 2 * torch.rand(c)
            same_fold(answer, conv, norm.eval(), torch.randn(2, conv.in_channels, 11, 12))
    return f"equals convolution and batch norm on {len(pairs)} pairs, with stride, groups, dilation and without bias"


@exercise("regularisation.5", "an honest ablation")
def ablation(answer) -> str:
    """Judge ``answer(build, dataset, recipes, seed)``: histories of runs that differ in nothing but their recipe."""
    digits = data.load("digits")
    dataset = replace(digits, train_images=digits.train_images[:100], train_labels=digits.train_labels[:100])
    plain = train.Recipe(epochs=2, batch_size=10, lr=0.1, validation=40)
    recipes = {"plain": plain, "shifted": replace(plain, shift=0.2), "smoothed": replace(plain, label_smoothing=0.2)}
    seed, built = 3, []

    def build():
        built.append(1)
        return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 10))

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)  # what the reader's notebook has drawn before must not matter
        given = call(functools.partial(answer, build, dataset, recipes, seed))
        if not isinstance(given, dict) or list(given) != list(recipes):
            raise Wrong(f"a dictionary with the names {', '.join(recipes)}, in this order, is wanted")
        if not all(isinstance(history, train.History) for history in given.values()):
            raise Wrong("each value is to be the History that train.fit returns")
        right = _ablation(build, dataset, recipes, seed)
        for slip, hint in ABLATION_SLIPS.items():
            if not _same_runs(given, right) and _same_runs(given, _ablation(build, dataset, recipes, seed, slip)):
                raise Wrong(hint)
        if not _same_runs(given, right):
            first = next(iter(recipes))
            which = "the first is right, a later" if _same_runs({first: given[first]}, right) else "already the first"
            raise Wrong(f"{which} run is not that of a net built after set_seed(seed) and fitted with seed=seed")
    return f"{len(recipes)} runs from the same first weights, on the same pictures in the same order"


ABLATION_SLIPS = {
    "one net": "the second run goes on with the net that the first has trained. Build a new one for each recipe",
    "seed once": "each net starts from other weights. Set the seed before you build each of them, not once",
    "order": "the seed does not reach train.fit: it decides which pictures are held back, and their order",
    "one recipe": "all runs have the same recipe",
}


def _ablation(build, dataset, recipes, seed, slip="") -> dict:
    """Return the runs as they should be, or with one slip."""
    devices.set_seed(seed)
    net, runs = build(), {}
    for number, (name, recipe) in enumerate(recipes.items()):
        if slip not in ("one net", "seed once"):
            devices.set_seed(seed)
        if slip != "one net" and (number or slip != "seed once"):
            net = build()
        chosen = next(iter(recipes.values())) if slip == "one recipe" else recipe
        runs[name] = train.fit(net, dataset, chosen, seed=0 if slip == "order" else seed, progress=False)
    return runs


def _same_runs(given, right) -> bool:
    losses = [(history.last["val_loss"], right[name].last["val_loss"]) for name, history in given.items()]
    return all(math.isclose(one, other, rel_tol=1e-4) for one, other in losses)
