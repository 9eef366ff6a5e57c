"""The exercises on permuted pixels: stubs, right answers in several forms, and slips that get their own hint."""

import copy
import itertools

import pytest
import torch

from cnnlib.check import check


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def scatter_undo(order):
    back = torch.empty_like(order)
    back[order] = torch.arange(len(order))
    return back


def permuted_columns(net, order):
    made = copy.deepcopy(net)
    with torch.no_grad():
        made.fc1.weight.copy_(net.fc1.weight[:, order])
    return made


class Unpermuting(torch.nn.Module):
    """Another right answer: put the pixels back in front of the old net."""

    def __init__(self, net, order):
        super().__init__()
        self.net, self.back = copy.deepcopy(net), order.argsort()

    def forward(self, x):
        return self.net(x.flatten(2)[:, :, self.back].view(x.shape))


def new_first_layer(net, order):
    made = copy.deepcopy(net)
    made.fc1.weight = torch.nn.Parameter(net.fc1.weight.detach()[:, order].clone())
    return made


def kept_by_loops(order, side, diagonal=False, columns=True, flat=False):
    place = {int(old): new for new, old in enumerate(order)}
    near = total = 0
    for r, c in itertools.product(range(side), range(side)):
        for r2, c2 in ((r, c + 1), (r + 1, c)) if columns else ((r, c + 1),):
            if r2 < side and c2 < side:
                a, b = place[r * side + c], place[r2 * side + c2]
                dr, dc = abs(a // side - b // side), abs(a % side - b % side)
                hit = abs(a - b) in (1, side) if flat else max(dr, dc) == 1 if diagonal else dr + dc == 1
                near, total = near + hit, total + 1
    return near / total


def kept_by_tensors(order, side):
    """The same pairs seen from the new picture: neighbours in both are the same pairs either way."""
    old = torch.as_tensor(order).view(side, side)
    row, column = old // side, old % side
    across = (row.diff(dim=1).abs() + column.diff(dim=1).abs()) == 1
    down = (row.diff(dim=0).abs() + column.diff(dim=0).abs()) == 1
    return torch.cat([across.flatten(), down.flatten()]).float().mean()


def blockwise(side, block, seed, alike=False, use_seed=True):
    draw = torch.Generator().manual_seed(seed if use_seed else 0)
    order = torch.arange(side * side).view(side, side)
    shuffle = torch.randperm(block * block, generator=draw)
    for r, c in itertools.product(range(0, side, block), range(0, side, block)):
        cell = order[r : r + block, c : c + block]
        if not alike:
            shuffle = torch.randperm(block * block, generator=draw)
        order[r : r + block, c : c + block] = cell.flatten()[shuffle].view(block, block)
    return order.flatten()


def blockwise_as_list(side, block, seed):
    import random

    dice, order = random.Random(seed), list(range(side * side))
    for top, left in itertools.product(range(0, side, block), range(0, side, block)):
        places = [(top + i) * side + left + j for i in range(block) for j in range(block)]
        mixed = places[:]
        dice.shuffle(mixed)
        for place, old in zip(places, mixed, strict=True):
            order[place] = old
    return order


def pairs_by_loops(values, gap):
    hits = [abs(a - b) >= gap for i, a in enumerate(values) for b in values[i + 1 :]]
    return sum(hits) / len(hits)


def pairs_by_tensors(values, gap):
    v = torch.tensor(values)
    far = (v[:, None] - v).abs() >= gap
    return far.sum() / (len(v) * (len(v) - 1))


RIGHT = {
    "permuted.1": [scatter_undo, lambda o: o.argsort(), lambda o: [o.tolist().index(i) for i in range(len(o))]],
    "permuted.2": [permuted_columns, Unpermuting, new_first_layer],
    "permuted.3": [kept_by_loops, kept_by_tensors],
    "permuted.4": [blockwise, blockwise_as_list],
    "permuted.5": [pairs_by_loops, pairs_by_tensors],
}


def changes_the_order(order):
    back = order.argsort()
    order.copy_(back)
    return back


def changes_the_net(net, order):
    with torch.no_grad():
        net.fc1.weight.copy_(net.fc1.weight[:, order])
    return copy.deepcopy(net)


def wrong_way(net, order):
    return permuted_columns(net, order.argsort())


WRONG = {
    "permuted.1": [
        (lambda o: o, "order itself"),
        (lambda o: o.flip(0), "backwards"),
        (lambda o: o.float().argsort().float(), "whole numbers"),
        (lambda o: o[:-1], "shape (1,) is wanted"),
        (changes_the_order, "changes the order"),
        (lambda o: torch.zeros_like(o), "each place once"),
        (lambda o: 1 / 0, "ZeroDivisionError"),
    ],
    "permuted.2": [
        (lambda net, order: net, "given net itself"),
        (lambda net, order: copy.deepcopy(net), "Nothing has moved"),
        (changes_the_net, "given net has changed"),
        (wrong_way, "undoes the inverse"),
        (lambda net, order: lambda x: net(x)[:, :5], "logits of the shape"),
        (lambda net, order: 3, "a function is wanted"),
    ],
    "permuted.3": [
        (lambda o, s: kept_by_loops(o, s, diagonal=True), "Diagonal"),
        (lambda o, s: kept_by_loops(o, s, columns=False), "above one another"),
        (lambda o, s: kept_by_loops(o, s, flat=True), "end of a row"),
        (lambda o, s: 100 * kept_by_loops(o, s), "percentage"),
        (lambda o, s: "all", "a number from 0 to 1"),
    ],
    "permuted.4": [
        (lambda side, block, seed: blockwise(side, side, seed), "leave their block"),
        (lambda side, block, seed: blockwise(side, block, seed, alike=True), "shuffled alike"),
        (lambda side, block, seed: blockwise(side, block, seed, use_seed=False), "Use the seed"),
        (lambda side, block, seed: torch.arange(side * side), "stay where they are"),
        (lambda side, block, seed: blockwise(side, block, seed).view(side, side), "one list"),
        (lambda side, block, seed: torch.zeros(side * side, dtype=torch.int64), "no permutation"),
        (lambda side, block, seed: torch.rand(side * side), "whole numbers"),
    ],
    "permuted.5": [
        (lambda v, gap: sum(abs(a - b) > gap for a, b in itertools.combinations(v, 2)) / 3, "exactly the gap"),
        (lambda v, gap: sum(abs(a - b) >= gap for a in v for b in v) / len(v) ** 2, "no pair"),
        (lambda v, gap: sum(abs(a - b) >= gap for a, b in itertools.combinations(v, 2)), "Divide"),
        (lambda v, gap: 100 * pairs_by_loops(v, gap), "percentage"),
        (lambda v, gap: 0.123, "you return 0.123"),
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_stub_is_not_answered(capsys, name):
    def stub(*arguments):
        ...

    for empty in (None, ..., stub):
        assert "not answered yet" in said(capsys, name, empty)


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in RIGHT for answer in RIGHT[name]])
def test_right_answers_pass(name, answer):
    check(name, answer, strict=True)


@pytest.mark.parametrize(("name", "answer", "hint"), [(n, a, h) for n in WRONG for a, h in WRONG[n]])
def test_slips_get_their_own_hint(capsys, name, answer, hint):
    out = said(capsys, name, answer)
    assert out.startswith("✗") and hint in out


def test_the_share_of_kept_neighbours_is_right_where_it_can_be_known():
    grid = torch.arange(16).view(4, 4)
    assert kept_by_loops(grid.T.flatten(), 4) == kept_by_loops(grid.flip(0).flatten(), 4) == 1
    # rolled by two columns, each row loses one of its three pairs: 4 of 24
    assert kept_by_loops(grid.roll(2, 1).flatten(), 4) == pytest.approx(20 / 24)
