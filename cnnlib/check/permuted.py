"""Exercises of the chapter "Exercise 0501: permuted pixels"."""

from __future__ import annotations

import itertools

import numpy as np
import torch

from cnnlib import models
from cnnlib.check.engine import Wrong, call, exercise


def _order(side: int, seed: int) -> torch.Tensor:
    return torch.randperm(side * side, generator=torch.Generator().manual_seed(seed))


def _whole_numbers(given, length: int) -> torch.Tensor:
    """Return a reader's list of places as a flat int64 tensor, or say what is wrong with it."""
    try:
        places = torch.as_tensor(given)
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(f"a tensor of {length} whole numbers is wanted, not {type(given).__name__}") from None
    if places.shape != (length,):
        hint = ". Lay it out as one list with .flatten()" if places.numel() == length else ""
        raise Wrong(f"a tensor of shape ({length},) is wanted, and yours has {tuple(places.shape)}{hint}")
    if places.is_floating_point():
        raise Wrong(f"places are whole numbers, and your tensor holds {places.dtype}")
    return places.long()


@exercise("permuted.1", "undo a permutation")
def undo(answer) -> str:
    """Judge ``answer(order)`` by bringing a list back."""
    sizes = (1, 5, 28, 784)
    for seed, n in enumerate(sizes):
        order = torch.randperm(n, generator=torch.Generator().manual_seed(seed + 3))
        kept = order.clone()
        back = _whole_numbers(call(answer, order), n)
        if not torch.equal(order, kept):
            raise Wrong("your function changes the order that it was given. Make a tensor of your own to fill")
        if not torch.equal(back.sort().values, torch.arange(n)):
            raise Wrong(f"for an order of {n} places yours does not hold each place once")
        if torch.equal(order[back], torch.arange(n)):
            continue
        if torch.equal(back, order):
            raise Wrong("that is the order itself. Applied twice it shuffles twice; try it on the order [1, 2, 0]")
        if torch.equal(back, order.flip(0)):
            raise Wrong("that is the list read backwards, which is not the same as going back")
        raise Wrong(f"for an order of {n} places, x[order][undo(order)] is not x")
    return f"brings lists of {', '.join(map(str, sizes))} back exactly"


@exercise("permuted.2", "a net for permuted pictures")
def net_for_permuted(answer) -> str:
    """Judge ``answer(net, order)``: on permuted pictures its net must give the given net's logits."""
    for seed, hidden in enumerate((8, 20, 3)):
        torch.manual_seed(seed)
        net, order = models.build("fc_0501", hidden=hidden), _order(28, seed)
        before = {name: value.clone() for name, value in net.state_dict().items()}
        made = call(answer, net, order)
        if any(not torch.equal(before[name], value) for name, value in net.state_dict().items()):
            raise Wrong("the given net has changed. Work on a copy: copy.deepcopy(net)")
        if made is net:
            raise Wrong("that is the given net itself. It must stay as it is; return another one")
        x = torch.rand(16, 1, 28, 28)
        shuffled = x.flatten(2)[:, :, order].view(x.shape)
        with torch.no_grad():
            wanted, given = net(x), call(made, shuffled)
            if not isinstance(given, torch.Tensor) or given.shape != wanted.shape:
                raise Wrong("your net must return logits of the shape (pictures, 10)")
            if torch.allclose(given, wanted, atol=1e-4):
                continue
            if torch.allclose(given, net(shuffled), atol=1e-4):
                raise Wrong("your net gives on permuted pictures what the old one gives on them. Nothing has moved")
            if torch.allclose(made(x.flatten(2)[:, :, order.argsort()].view(x.shape)), wanted, atol=1e-4):
                raise Wrong("your net undoes the inverse permutation. Which weight has to meet pixel order[i]?")
        raise Wrong("on permuted pictures your net's logits differ from those of the given net on ordinary ones")
    return "gives the same logits as the old net on ordinary pictures, for three nets and orders"


def _examples(side: int) -> dict[str, torch.Tensor]:
    grid = torch.arange(side * side).view(side, side)
    return {
        "left as it is": grid.flatten(),
        "mirrored": grid.flip(1).flatten(),
        "transposed": grid.T.flatten(),
        "with rows shifted by half": grid.roll(side // 2, 1).flatten(),
        "shifted by one place in the list": grid.flatten().roll(1),
        "rows in random order": grid[torch.randperm(side, generator=torch.Generator().manual_seed(1))].flatten(),
        "in random order": _order(side, 2),
    }


def _steps(a, b, side: int):
    return abs(a // side - b // side), abs(a % side - b % side)


NEAR = {  # ways of being near: the right one, and two slips
    "side by side": lambda a, b, side: sum(_steps(a, b, side)) == 1,
    "or diagonal": lambda a, b, side: np.maximum(*_steps(a, b, side)) == 1,
    "next in the list": lambda a, b, side: np.isin(abs(a - b), (1, side)),
}


def _kept(order: torch.Tensor, side: int, near: str = "side by side", columns: bool = True) -> float:
    """Return the share of old neighbours that are still near one another, in NumPy and pair by pair."""
    place = np.argsort(order.numpy()).reshape(side, side)  # where each old pixel is now
    pairs = [(place[:, 1:], place[:, :-1])] + [(place[1:], place[:-1])] * columns
    return float(np.concatenate([NEAR[near](a, b, side).ravel() for a, b in pairs]).mean())


@exercise("permuted.3", "the share of neighbours kept")
def kept(answer) -> str:
    """Judge ``answer(order, side)`` on seven kinds of permutation."""
    sides = (4, 7, 28)
    for side in sides:
        for name, order in _examples(side).items():
            right, given = _kept(order, side), call(answer, order, side)
            try:
                given = float(given)
            except (TypeError, ValueError, RuntimeError):
                raise Wrong(f"a number from 0 to 1 is wanted, not {type(given).__name__}") from None
            if abs(given - right) < 1e-6:
                continue
            case = f"for a {side}×{side} picture {name} the share is {right:.3f}, and you return {given:.3f}"
            slips = {
                100 * right: "Return a share from 0 to 1, not a percentage",
                _kept(order, side, columns=False): "Pixels above one another are neighbours too",
                _kept(order, side, "or diagonal"): "Diagonal neighbours do not count",
                _kept(order, side, "next in the list"): "The end of a row is no neighbour of the next row's beginning",
            }
            hints = [hint for value, hint in slips.items() if abs(given - value) < 1e-6]
            raise Wrong(f"{case}. {hints[0]}" if hints else case)
    return f"right for {len(_examples(4))} kinds of permutation and sides of {', '.join(map(str, sides))}"


@exercise("permuted.4", "a permutation within blocks")
def within_blocks(answer) -> str:
    """Judge ``answer(side, block, seed)``: a permutation, inside of blocks, each with a shuffle of its own."""
    settings = [(28, 1), (28, 2), (28, 4), (28, 7), (28, 14), (28, 28), (12, 3)]
    for side, block in settings:
        case = f"with side={side}, block={block}"
        order = _whole_numbers(call(answer, side, block, 5), side * side)
        if not torch.equal(order.sort().values, torch.arange(side * side)):
            raise Wrong(f"{case} your order is no permutation: some pixels are lost and others stand twice")
        places = torch.arange(side * side)
        if not torch.equal(_block_of(order, side, block), _block_of(places, side, block)):
            raise Wrong(f"{case} pixels leave their block. A block is a square of neighbouring rows and columns")
        if block > 1 and (order == places).float().mean() > 0.6:
            raise Wrong(f"{case} most pixels stay where they are. Shuffle every block, the last ones too")
        if block > 1 and block < side and _same_everywhere(order, side, block):
            raise Wrong(f"{case} all blocks are shuffled alike. Draw a new shuffle for every block")
        if not torch.equal(order, _whole_numbers(call(answer, side, block, 5), side * side)):
            raise Wrong(f"{case} the same seed gives two different orders. Let a generator with that seed draw them")
        if block > 1 and torch.equal(order, _whole_numbers(call(answer, side, block, 6), side * side)):
            raise Wrong(f"{case} two seeds give the same order. Use the seed")
    return f"permutes within blocks, each by itself, in {len(settings)} settings"


def _block_of(places: torch.Tensor, side: int, block: int) -> torch.Tensor:
    return places // side // block * (side // block) + places % side // block


def _same_everywhere(order: torch.Tensor, side: int, block: int) -> bool:
    """Return whether every block sends its pixels to the same places inside of it."""
    inside = (order // side % block) * block + order % side % block
    n = side // block
    blocks = inside.view(n, block, n, block).permute(0, 2, 1, 3).reshape(n * n, -1)
    return bool((blocks == blocks[0]).all())


@exercise("permuted.5", "how often two runs of one cell differ so much")
def share_of_pairs(answer) -> str:
    """Judge ``answer(values, gap)`` by counting all pairs; halves and quarters are exact in floating point."""
    cases = [([80.0, 84.0, 88.0], 4), ([1.5, 1.5, 4.0, 9.25], 2.5), ([5.0, 5.0], 1), ([90.0, 86.0, 83.5, 88.0], 4)]
    for values, gap in cases:
        pairs = list(itertools.combinations(values, 2))
        right = sum(abs(a - b) >= gap for a, b in pairs) / len(pairs)
        given = call(answer, list(values), gap)
        try:
            given = float(given)
        except (TypeError, ValueError, RuntimeError):
            raise Wrong(f"a number from 0 to 1 is wanted, not {type(given).__name__}") from None
        if abs(given - right) < 1e-6:
            continue
        case = f"for values {values} and gap {gap} the share is {right:.3f}, and you return {given:.3f}"
        n = len(values)
        slips = {
            sum(abs(a - b) > gap for a, b in pairs) / len(pairs): "A difference of exactly the gap counts too",
            sum(a - b >= gap for a, b in pairs) / len(pairs): "A pair may differ in either direction",
            2 * right * len(pairs) / n**2: "A run and itself are no pair",
            right * len(pairs): "That is a number of pairs. Divide by how many pairs there are",
            100 * right: "Return a share from 0 to 1, not a percentage",
        }
        hints = [hint for value, hint in slips.items() if abs(given - value) < 1e-6]
        raise Wrong(f"{case}. {hints[0]}" if hints else case)
    return f"agrees with counting all pairs of {len(cases)} lists"
