"""Exercises of the chapter "Training a network"."""

from __future__ import annotations

import functools
import math

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check.broken_loops import batches_for_it, epoch, mixes, net_from_a_test
from cnnlib.check.engine import NotAnswered, Wrong, call, exercise
from cnnlib.train import History


@exercise("training.1", "cross-entropy from logits")
def cross_entropy(answer) -> str:
    """Judge ``answer(z, y)``: the mean loss of a batch, against PyTorch, also where exponentials overflow."""
    random = torch.Generator().manual_seed(0)
    sizes = [(1, 3), (4, 3), (7, 5), (32, 10), (16, 100)]
    cases = [(3 * torch.randn(n, c, generator=random), torch.randint(c, (n,), generator=random)) for n, c in sizes]
    for z, y in cases:
        _same_loss(call(answer, z, y), z, y)
    huge = torch.tensor([[1000.0, 990.0, 0.0], [-1000.0, -1001.0, -999.0]])
    for z, y in ((huge[:1], torch.tensor([1])), (huge, torch.tensor([1, 0]))):
        given = _number(call(answer, z, y))
        if not math.isfinite(given):
            where = "that differ much from row to row" if len(z) > 1 else "of 1000"
            raise Wrong(
                f"with logits {where} you give {given}. e^1000 is more than 32 bits can hold, and e^-1000 is 0: "
                "subtract from each row its own largest logit first"
            )
        _same_loss(given, z, y)
    return f"equals PyTorch's cross_entropy on {len(cases)} batches, and holds with logits of 1000"


def _same_loss(given, z, y) -> None:
    """Raise unless a given loss is PyTorch's, with a hint at the slip that it shows."""
    given, right = _number(given), float(F.cross_entropy(z, y))
    if math.isclose(given, right, rel_tol=1e-3, abs_tol=1e-5):
        return
    p = float(z.softmax(dim=1).gather(1, y[:, None]).mean())  # the right classes' mean probability
    slips = {
        "that is the sum over the batch; the loss is the mean over its pictures": right * len(y),
        "the sign is turned round: a loss is positive": -right,
        "that is the logarithm to base 2; the loss takes the natural one": right / math.log(2),
        "that is the logarithm to base 10; the loss takes the natural one": right / math.log(10),
        "the sum of exponentials runs over the classes of one picture, which is dim=1":
            -float(z.log_softmax(dim=0).gather(1, y[:, None]).mean()),
        "softmax was taken twice": float(F.cross_entropy(z.softmax(dim=1), y)),
        "that is the mean over pictures and classes; only the right class has a price": right / z.shape[1],
        "that is the probability of the right class, without the logarithm": p,
        "that is -log of the mean probability; first take the logarithm of each, then the mean": -math.log(p),
    }  # fmt: skip
    case = f"on {len(y)} pictures with {z.shape[1]} classes PyTorch gives {right:.4f} and you {given:.4f}"
    raise Wrong(f"{case}{_slip(slips, given)}")


@exercise("training.2", "one step of SGD with momentum")
def sgd_step(answer) -> str:
    """Judge ``answer(w, g, v, lr, momentum)`` by the weights of six steps, against torch.optim.SGD."""
    random = torch.Generator().manual_seed(0)
    start, gradients = torch.randn(4, generator=random), torch.randn(6, 4, generator=random)
    settings = [(0.1, 0.0), (0.1, 0.9), (0.5, 0.5)]
    for lr, momentum in settings:
        right = _walk(start, gradients, lr, momentum, "right")
        w, v = start.clone(), torch.zeros(4)
        for step, g in enumerate(gradients):
            pair = call(answer, w.clone(), g.clone(), v.clone(), lr, momentum)
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise Wrong("two things are wanted, in this order: the new weights and the new velocity")
            w, v = (torch.as_tensor(part).detach() for part in pair)
            if w.shape != start.shape or v.shape != start.shape:
                raise Wrong(f"w and v have the shape of the weights, {tuple(start.shape)}; yours have "
                            f"{tuple(w.shape)} and {tuple(v.shape)}")  # fmt: skip
            if torch.allclose(w, right[step], atol=1e-5):
                continue
            case = f"with lr={lr} and momentum={momentum} step {step + 1} leaves PyTorch's path"
            for slip, hint in STEP_SLIPS.items():
                if torch.allclose(w, _walk(start, gradients, lr, momentum, slip)[step], atol=1e-5):
                    raise Wrong(f"{case}: {hint}")
            raise Wrong(case)
    return f"walks with torch.optim.SGD for {len(gradients)} steps, with {len(settings)} settings"


STEP_SLIPS = {
    "uphill": "you walk up. The gradient points to where the loss grows",
    "stale": "the step is taken along the velocity of the step before; take in the new gradient first",
    "forgets": "the velocity that you return forgets the earlier gradients",
    "damped": "the new gradient is multiplied by 1 - momentum. PyTorch takes the whole of it",
    "nesterov": "that is Nesterov's variant, which adds the gradient once more",
    "no rate": "where is the learning rate?",
}


def _walk(start, gradients, lr, momentum, kind) -> list[torch.Tensor]:
    """Return the weights after each step of SGD with momentum: PyTorch's, or with one slip."""
    w, v, track = start.clone(), torch.zeros_like(start), []
    if kind == "right":
        w = nn.Parameter(w)
        optimizer = torch.optim.SGD([w], lr=lr, momentum=momentum)
    for g in gradients:
        if kind == "right":
            w.grad = g.clone()
            optimizer.step()
        else:
            old = v
            v = (0 if kind == "forgets" else momentum) * v + (1 - momentum if kind == "damped" else 1) * g
            along = {"uphill": -v, "stale": old, "nesterov": g + momentum * v}.get(kind, v)
            w = w - (1 if kind == "no rate" else lr) * along
        track.append(w.detach().clone())
    return track


# What is wrong with the loop of training.3 as the reader finds it, and a hint at each.
LOOP_SLIPS = {
    "mode": "the network came from a test, and your loop trains it in evaluation mode",
    "softmax": "the loss has a floor that it cannot get below: what does cross_entropy expect to get?",
    "adds up": "the second step repeats a part of the first: what does backward() do with a gradient already there?",
    "uphill": "the loss grows from step to step",
    "account": "the weights move as they should, or nearly, but what you return is not the mean loss over all pictures",
}


@exercise("training.3", "five bugs in a training loop")
def training_loop(answer) -> str:
    """Judge ``answer(net, batches, lr)`` by its weights and its result, against loops with every mix of the slips."""
    lr, batches = 0.5, batches_for_it()
    net = net_from_a_test()
    given = _number(_run(answer, net, batches, lr))
    modes = net[-1].modes
    if not modes:
        raise Wrong("the network was never called. For each batch: forward, loss, backward, step")
    moved = any(not torch.equal(a, b) for a, b in zip(net.parameters(), net_from_a_test().parameters(), strict=True))
    if not moved:
        raise Wrong("the weights are what they were before. Which line was to change them?")
    for slips in mixes("softmax", "adds up", "uphill"):
        weights, means = epoch(batches, lr, slips)
        if all(torch.allclose(a, b, atol=1e-5) for a, b in zip(net.parameters(), weights, strict=True)):
            break
    else:
        raise Wrong(
            "the weights are not where one step of plain SGD for each batch would leave them. "
            "Five lines are to be mended; leave the others as they were"
        )
    sizes = [len(y) for _, y in batches]
    right = sum(mean * size for mean, size in zip(means, sizes, strict=True)) / sum(sizes)
    left = [slip for slip in LOOP_SLIPS if slip in slips]
    left += ["mode"] * (not all(modes)) + ["account"] * (not math.isclose(given, right, rel_tol=1e-4))
    if len(left) == len(LOOP_SLIPS):
        raise NotAnswered
    if left:
        hint = LOOP_SLIPS[left[0]]
        if left[0] == "account":
            hint += f": it is {right:.4f}, for batches of {', '.join(map(str, sizes))}, and you say {given:.4f}"
        raise Wrong(f"{len(left)} of the 5 mistakes {'is' if len(left) == 1 else 'are'} left. One: {hint}")
    return "the weights and the mean loss are those of plain SGD, in training mode"


@exercise("training.4", "a learning rate by validation")
def choose(answer) -> str:
    """Judge ``answer(histories)``: the rate whose last validation loss is lowest, among runs that diverged too."""
    nan = float("nan")
    cases = {  # learning rate: training losses, validation losses, last validation accuracy
        "of three healthy runs": {0.01: ([2, 1.5], [2, 1.6], 0.5), 0.1: ([1, 0.4], [1, 0.5], 0.8),
                                  0.3: ([1.5, 0.9], [1.6, 0.8], 0.7)},
        "where one run has overfitted": {0.1: ([1, 0.5], [1, 0.6], 0.7), 0.3: ([0.9, 0.1], [0.9, 1.4], 0.6)},
        "where one run was better before its end": {0.1: ([1, 0.6], [1, 0.7], 0.7), 0.3: ([0.9, 0.7], [0.4, 0.9], 0.6)},
        "where loss and accuracy disagree": {0.1: ([1, 0.6], [1, 0.7], 0.7), 0.3: ([0.9, 0.7], [1, 0.9], 0.8)},
        "where the first run diverged": {1.0: ([nan], [nan], 0.1), 0.1: ([1, 0.6], [1, 0.7], 0.7)},
        "where the last run diverged": {0.1: ([1, 0.6], [1, 0.7], 0.7), 1.0: ([nan], [nan], 0.1)},
    }  # fmt: skip
    for name, runs in cases.items():
        histories = {lr: _history(*run) for lr, run in runs.items()}
        healthy = {lr: h for lr, h in histories.items() if not h.diverged}
        right = min(healthy, key=lambda lr: healthy[lr].last["val_loss"])
        given = _run(answer, histories)
        if given == right:
            continue
        case = f"{name} you choose {given!r}"
        if given not in list(runs):
            raise Wrong(f"{case}, which is none of the rates {', '.join(map(str, runs))}")
        if given not in list(healthy):
            raise Wrong(f"{case}, whose loss is nan. What does < say when one side is nan?")
        lowest = {
            "it has the lowest training loss, and overfitting hides there": lambda h: h.last["train_loss"],
            "it has the lowest validation loss of any epoch, but you would use the network of the last":
                lambda h: min(h.column("val_loss")),
            "it has the highest validation accuracy; the loss was asked for": lambda h: -h.last["val_accuracy"],
            "it has the highest validation loss": lambda h: -h.last["val_loss"],
        }  # fmt: skip
        hints = [hint for hint, key in lowest.items() if given == min(healthy, key=lambda lr, k=key: k(healthy[lr]))]
        raise Wrong(f"{case}, and {right} is better{': ' + hints[0] if hints else ''}")
    return f"right in {len(cases)} sets of runs, diverged ones among them"


def _history(train_losses, val_losses, val_accuracy) -> History:
    rows = zip(train_losses, val_losses, strict=True)
    return History([{"epoch": i, "train_loss": t, "val_loss": v, "val_accuracy": val_accuracy, "seconds": 1.0}
                    for i, (t, v) in enumerate(rows, start=1)])  # fmt: skip


@exercise("training.5", "from (N, H, W, C) to rows")
def to_rows(answer) -> str:
    """Judge ``answer(pictures)``: rows with one channel after the other, on pictures whose pixels are numbered."""
    shapes = [(2, 4, 5, 3), (1, 3, 3, 3), (6, 2, 7, 1), (3, 5, 4, 2)]
    for n, h, w, c in shapes:
        pictures = torch.arange(n * h * w * c).view(n, h, w, c)
        right = nn.Flatten()(pictures.permute(0, 3, 1, 2))
        given = call(answer, pictures)
        case = f"{n} pictures of {h}×{w} with {c} channels"
        if not isinstance(given, torch.Tensor) or given.shape != right.shape:
            shape = tuple(given.shape) if isinstance(given, torch.Tensor) else type(given).__name__
            raise Wrong(f"{case} make rows of shape {tuple(right.shape)}, and you give {shape}")
        if torch.equal(given, right):
            continue
        slips = {
            "the shape is right, but the numbers are in their old order: view and reshape never reorder":
                pictures.reshape(n, -1),
            "height and width are exchanged: the channels move to the front, and the other two keep their order":
                pictures.permute(0, 3, 2, 1).reshape(n, -1),
        }  # fmt: skip
        hints = [hint for hint, rows in slips.items() if torch.equal(given, rows)]
        raise Wrong(hints[0] if hints else f"the rows of {case} hold the right number of values in a wrong order")
    return f"equals permute and nn.Flatten on {len(shapes)} batches of numbered pixels"


def _run(answer, *arguments):
    """Call a reader's function; an error's message then leaves out what it was given, which would fill a page."""
    return call(functools.partial(answer, *arguments) if callable(answer) else answer)


def _number(given) -> float:
    """Return a number, or a tensor that holds one, as a float."""
    try:
        return float(given.detach() if isinstance(given, torch.Tensor) else given)
    except (TypeError, ValueError, RuntimeError) as problem:
        what = f"a tensor of shape {tuple(given.shape)}" if isinstance(given, torch.Tensor) else type(given).__name__
        raise Wrong(f"one number is wanted, not {what}") from problem


def _slip(slips, given) -> str:
    """Return the hint whose value was given, if any."""
    for hint, value in slips.items():
        if math.isclose(given, value, rel_tol=1e-3, abs_tol=1e-6):
            return f": {hint}"
    return ""
