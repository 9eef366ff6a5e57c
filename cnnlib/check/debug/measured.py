"""Part five, what is measured: an error by its right name, a changed picture, a first step."""

from __future__ import annotations

import copy
import functools

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check.debug.asking import a_number
from cnnlib.check.engine import Wrong, call, exercise


@exercise("debug.27", "whose error is it?")
def top_k_error(answer) -> str:
    """Judge ``answer(logits, labels, k)`` by the place that the right class has among the logits."""
    random = torch.Generator().manual_seed(27)
    logits, labels = torch.randn(400, 12, generator=random), torch.randint(12, (400,), generator=random)
    logits[torch.arange(400), labels] += 1.0  # better than chance, at each k
    place = (logits > logits[torch.arange(400), labels][:, None]).sum(dim=1)  # 0: the largest
    for k in (1, 2, 5, 12):
        right, given = (place >= k).double().mean().item(), a_number(call(answer, logits.clone(), labels.clone(), k))
        if abs(given - right) < 1e-6:
            continue
        top = logits.topk(k, dim=1).indices
        slips = {
            (place >= 5).double().mean().item(): "That is the top-5 error, whatever k is",
            1 - right: "That is the share of right answers; an error is the share of wrong ones",
            (top[:, -1] != labels).double().mean().item(): "All k guesses count, and not the k-th alone",
            (place >= 1).double().mean().item(): "That is the top-1 error, whatever k is",
            (top != labels[:, None]).any(dim=1).double().mean().item(): "A picture is wrong if NONE of its k guesses "
            "is right; you ask whether one of them is wrong",
            ((-logits).topk(k, dim=1).indices != labels[:, None]).all(dim=1).double().mean().item():
                "You take the k smallest logits",
            100 * right: "That is in percent; a share from 0 to 1 is wanted",
            400 * right: "That is how many, and not which share",
        }  # fmt: skip
        hint = next((words for value, words in slips.items() if abs(given - value) < 1e-6), "")
        raise Wrong(f"the top-{k} error is {right:.4f}, and you say {given:.4f}. {hint}".rstrip())
    return "right for k = 1, 2, 5 and all, where it is zero"


def glyphs(*rows: str) -> torch.Tensor:
    """Return pictures of 5×3 pixels, drawn in zeros and ones line by line.

    Parameters
    ----------
    *rows : str
        One string of 15 characters for each picture.

    Returns
    -------
    Tensor, shape (N, 1, 5, 3)

    Examples
    --------
    >>> glyphs("111100111101111").flip(2, 3)[0, 0, 1].tolist()
    [1.0, 0.0, 1.0]
    """
    return torch.tensor([[float(c) for c in row] for row in rows]).view(-1, 1, 5, 3)


DIGITS = glyphs(
    "111101101101111", "001001001001001", "111001111100111", "111001111001111", "101101111001001",
    "111100111001111", "111100111101111", "111001001001001", "111101111101111", "111101111001111",
)  # fmt: skip
CHANGES = {
    "mirrored": lambda x: x.flip(3),
    "upside down": lambda x: x.flip(2),
    "turned by half a turn": lambda x: x.flip(2, 3),
    "one row down": lambda x: F.pad(x, (0, 0, 1, -1)),
    "darker": lambda x: x / 2,
}


def lies(change, pictures: torch.Tensor, labels: torch.Tensor) -> bool:
    """Return whether a change makes of some picture one that has another label.

    Examples
    --------
    >>> [name for name, change in CHANGES.items() if lies(change, DIGITS, torch.arange(10))]
    ['mirrored', 'upside down', 'turned by half a turn']
    """
    equal = (change(pictures)[:, None] == pictures[None]).flatten(2).all(dim=2)
    return bool((equal & (labels[:, None] != labels[None])).any())


@exercise("debug.28", "a six that becomes a nine")
def honest(answer) -> str:
    """Judge ``answer(changes, pictures, labels)``: the names of the changes after which the labels are still true."""
    bdpq = glyphs("100100111101111", "001001111101111", "111101111100100", "111101111001001")
    arrows = glyphs("100010001010100", "001010100010001", "010010010111010")  # right, left: one class; down: another
    cases = (
        ("the ten digits of a pocket calculator", DIGITS, torch.arange(10)),
        ("0, 1 and 8", DIGITS[[0, 1, 8]], torch.tensor([0, 1, 8])),
        ("the letters b, d, p and q", bdpq, torch.arange(4)),
        ("arrows, left and right in one class", arrows, torch.tensor([0, 0, 1])),
    )
    for words, pictures, labels in cases:
        given = call(answer, dict(CHANGES), pictures.clone(), labels.clone())
        if not isinstance(given, list | tuple | set) or not set(given) <= set(CHANGES):
            raise Wrong("a list of names out of `changes` is wanted")
        right = {name for name, change in CHANGES.items() if not lies(change, pictures, labels)}
        if set(given) == right:
            continue
        if set(given) == set(CHANGES) - right:
            raise Wrong(f"for {words} these are the changes that lie; name the others")
        trusted = [name for name in given if name not in right]
        if trusted:
            raise Wrong(f"for {words} you trust {trusted[0]!r}. One of the pictures becomes another one of them, which "
                        "has another label")  # fmt: skip
        missed = next(name for name in CHANGES if name in right and name not in given)
        own = (CHANGES[missed](pictures)[:, None] == pictures[None]).flatten(2).all(dim=2).any()
        raise Wrong(f"for {words} you reject {missed!r}. " + (
            "A picture may become one of its own class, itself for example: that is no lie" if own else
            "No picture becomes another one of them; it need not stay as it is"))  # fmt: skip
    return f"right for {len(cases)} sets of signs: which changes are honest depends on the classes"


@exercise("debug.29", "a first step, measured by the weights")
def first_step(answer) -> str:
    """Judge ``answer(net, optimizer, x, y)``: the length of the first step over the length of the weights."""
    random = torch.Generator().manual_seed(29)
    x, y = torch.randn(32, 20, generator=random), torch.randint(4, (32,), generator=random)
    shares = []
    for kind, lr in ((torch.optim.SGD, 0.01), (torch.optim.Adam, 0.01), (torch.optim.Adam, 0.001)):
        torch.manual_seed(29)
        net = nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.Linear(30, 4))
        (5 * F.cross_entropy(net(x), (y + 1) % 4)).backward()  # gradients that somebody has left behind
        before = torch.cat([p.detach().flatten() for p in net.parameters()])
        fresh, stale = copy.deepcopy(net), copy.deepcopy(net)  # without the gradients
        for ours, theirs in zip(stale.parameters(), net.parameters(), strict=True):
            ours.grad = theirs.grad.clone()
        for twin in (fresh, stale):
            optimizer = kind(twin.parameters(), lr=lr)
            F.cross_entropy(twin(x), y).backward()
            optimizer.step()
        ends = [torch.cat([p.detach().flatten() for p in twin.parameters()]) for twin in (fresh, stale)]
        step, old = ends[0] - before, (ends[1] - before).norm() / before.norm()
        right = (step.norm() / before.norm()).item()
        optimizer = kind(net.parameters(), lr=lr)
        given = a_number(call(functools.partial(answer, net, optimizer, x, y) if callable(answer) else answer))
        if abs(given - right) <= 1e-3 * right:
            shares.append(right)
            continue
        slips = {
            0.0: "Nothing seems to have moved. Did you keep the weights themselves, which the step has changed, or a "
            "copy? And did you take a step?",
            step.norm().item(): "That is how long the step is. How long is it compared with the weights?",
            (step.abs().max() / before.abs().max()).item(): "Lengths, please: the norm of all weights together",
            step.abs().max().item(): "That is the largest change of one weight. The norm of all of them is wanted",
            step.abs().mean().item(): "That is the mean change of one weight. The norm of all of them is wanted",
            (step.abs() / before.abs()).mean().item(): "A mean of ratios is ruled by weights that are nearly zero",
            old.item(): "There were gradients in the network before you came, and you have added yours to them",
            1 / right: "That is the other way round",
            100 * right: "That is in percent; a share is wanted",
            right**2: "That is the square of the share: a norm has a root",
        }
        hint = next((words for value, words in slips.items() if abs(given - value) <= 1e-3 * value), "")
        raise Wrong(f"with {kind.__name__} at {lr} the first step is {right:.3g} of the weights' length, and you say "
                    f"{given:.3g}. {hint}".rstrip())  # fmt: skip
    sgd, adam, _ = shares
    return f"in the network of the check, the same 0.01 is {sgd:.1%} of the weights with SGD and {adam:.0%} with Adam"
