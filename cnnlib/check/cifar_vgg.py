"""Exercises of the chapter "Exercise 0503: a simplified VGG on CIFAR-10"."""

from __future__ import annotations

import copy
import itertools
import statistics

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.transforms import functional as vision

from cnnlib import models
from cnnlib.check.engine import Wrong, call, exercise


def _number(given) -> float:
    try:
        return float(given)
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(f"a number is wanted, not {type(given).__name__}") from None


@exercise("cifar_vgg.1", "the course's VGG, mended")
def mended(answer) -> str:
    """Judge ``answer()``: give its net the weights of ``models.build("vgg_0503")`` and compare the logits."""
    torch.manual_seed(0)
    net, oracle = call(answer), models.build("vgg_0503")
    if not isinstance(net, nn.Module):
        raise Wrong(f"a network is wanted, an nn.Module, and you return {type(net).__name__}")
    net = copy.deepcopy(net)
    count, right = sum(p.numel() for p in net.parameters()), models.card("vgg_0503").parameters
    if count != right:
        channels = 64 + 128 + 2 * 256 + 4 * 512
        slips = {
            right + 10 * (2048 - 512): "Five poolings leave one cell of 32×32. How many features is that?",
            right - 2 * channels: "The batch norms are missing",
            right - channels: "The course's convolutions have biases, as PyTorch's have by default",
            right - 64 * 9 * 2: "The pictures have three channels",
        }
        hint = slips.get(count, "Compare its layers with the table of the chapter, one by one")
        raise Wrong(f"{right:,} parameters are wanted and yours has {count:,}. {hint}")
    for kind in (nn.Conv2d, nn.BatchNorm2d, nn.Linear):
        ours, theirs = ([m for m in n.modules() if isinstance(m, kind)] for n in (oracle, net))
        if [m.weight.shape for m in ours] != [m.weight.shape for m in theirs]:
            raise Wrong(f"the layers of kind {kind.__name__} differ in number or shape from those of the course's list")
        for one, other in zip(ours, theirs, strict=True):
            if kind is nn.BatchNorm2d:  # statistics and weights as after some training, so that their place matters
                one.running_mean.normal_(std=0.1)
                one.running_var.uniform_(0.5, 2)
                nn.init.uniform_(one.weight, 0.5, 1.5)
                nn.init.normal_(one.bias, std=0.3)
            other.load_state_dict(one.state_dict())
    x = torch.randn(6, 3, 32, 32)
    given = call(net.eval(), x)
    if not isinstance(given, torch.Tensor) or tuple(given.shape) != (6, 10):
        raise Wrong("6 pictures of 3×32×32 must give logits of shape (6, 10)")
    with torch.no_grad():
        wanted, given = oracle.eval()(x), given.detach()
        if torch.allclose(given, wanted, atol=1e-4):
            return f"{right:,} parameters, and the same logits as the book's net when it has the same weights"
        if torch.allclose(given, wanted.softmax(dim=1), atol=1e-4):
            raise Wrong("return the logits. The softmax is part of the loss, nn.CrossEntropyLoss")
        if torch.allclose(given, wanted.relu(), atol=1e-4):
            raise Wrong("a ReLU after the last layer cuts off all negative logits")
        for swap, hint in (
            ({nn.ReLU: nn.Identity}, "the ReLUs are missing"),
            ({nn.MaxPool2d: lambda: nn.AvgPool2d(2)}, "it pools by averages; the course's list means max pooling"),
        ):
            if torch.allclose(given, _with(oracle, swap)(x), atol=1e-4):
                raise Wrong(hint)
    raise Wrong("with the same weights it gives other logits. The order in a block is convolution, batch norm, ReLU, "
                "and a pooling stands at each \"M\"")  # fmt: skip


def _with(net: nn.Module, swap: dict) -> nn.Module:
    """Return a copy of a net with some kinds of layers exchanged."""
    made = copy.deepcopy(net)
    for module in made.modules():
        for name, child in module.named_children():
            if type(child) in swap:
                setattr(module, name, swap[type(child)]())
    return made.eval()


def _built(cfg, side: int, num_classes: int) -> nn.Module:
    layers, channels = [], 3
    for entry in cfg:
        if entry == "M":
            layers.append(nn.MaxPool2d(2))
            side //= 2
        else:
            layers.append(nn.Conv2d(channels, entry, kernel_size=3, padding=1))
            channels = entry
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * side * side, num_classes))


@exercise("cifar_vgg.2", "the multiply-adds of a list")
def macs(answer) -> str:
    """Judge ``answer(cfg, side, num_classes)`` by PyTorch's own counter, which counts two operations for each."""
    cases = [
        ([64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"], 32, 10),
        ([64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"], 64, 200),
        ([8, 8, "M", 16], 12, 10),
        ([4, "M", 6, "M"], 15, 3),
    ]
    for cfg, side, classes in cases:
        net = _built(cfg, side, classes)
        with FlopCounterMode(display=False) as counter:
            net(torch.zeros(1, 3, side, side))
        right, given = counter.get_total_flops() // 2, _number(call(answer, list(cfg), side, classes))
        if given == right:
            continue
        convs = [n for n in cfg if n != "M"]
        pairs = list(zip([3, *convs], convs, strict=False))
        slips = {
            2 * right: "A multiplication and its addition count as one",
            right - net[-1].in_features * classes: "The linear layer at the end counts too",
            sum(p.numel() for p in net.parameters()): "Those are the parameters. A weight of a convolution is used "
            "once for every cell of its map",
            sum(9 * i * o * side**2 for i, o in pairs) + net[-1].in_features * classes: "Each \"M\" halves the side "
            "for all that follows",
            right - (3 - 1) * 9 * convs[0] * side**2: "The pictures have three channels",
        }
        case = f"for {cfg} and pictures of {side}×{side} it is {right:,}, and you return {given:,g}"
        raise Wrong(f"{case}. {slips[given]}" if given in slips else case)
    return f"agrees with PyTorch's counter for {len(cases)} lists, odd sides included"


@exercise("cifar_vgg.3", "crops out of a padded picture")
def crops(answer) -> str:
    """Judge ``answer(images, padding, tops, lefts)`` by torchvision, picture by picture."""
    draw = torch.Generator().manual_seed(1)
    for shape, padding in (((5, 3, 32, 32), 4), ((3, 1, 9, 12), 2), ((2, 3, 8, 8), 0)):
        images = torch.randint(1, 256, shape, generator=draw, dtype=torch.uint8)
        tops, lefts = (torch.randint(2 * padding + 1, (shape[0],), generator=draw) for _ in range(2))
        if padding:
            tops[0], lefts[0] = 2 * padding, 0  # a corner, where black comes into view

        def cut(padded, tops, lefts, size=shape[2:]):
            return torch.stack([vision.crop(p, int(t), int(left), *size)
                                for p, t, left in zip(padded, tops, lefts, strict=True)])  # fmt: skip

        kept = images.clone()
        padded = vision.pad(images, padding)
        wanted = cut(padded, tops, lefts)
        given = call(answer, images, padding, tops, lefts)
        if not isinstance(given, torch.Tensor) or given.shape != wanted.shape:
            got = tuple(given.shape) if isinstance(given, torch.Tensor) else type(given).__name__
            raise Wrong(f"as many pictures as before and as large are wanted, {tuple(wanted.shape)}, not {got}")
        if not torch.equal(images, kept):
            raise Wrong("your function changes the pictures that it was given")
        if given.dtype != torch.uint8:
            raise Wrong(f"the pictures come as uint8 and should leave so, and yours are {given.dtype}")
        if torch.equal(given, wanted):
            continue
        slips = [
            (cut(padded, lefts, tops), "tops and lefts are exchanged: rows are dimension 2, columns dimension 3"),
            (cut(padded, tops[:1].expand_as(tops), lefts[:1].expand_as(lefts)), "all pictures are cut at the same "
             "place. Each has a top and a left of its own"),
            (cut(padded, 2 * padding - tops, 2 * padding - lefts), "your windows move in the opposite direction"),
            (images, "these are the pictures themselves"),
        ]  # fmt: skip
        if padding:
            mirrored = vision.pad(images, padding, padding_mode="reflect")
            slips.append((cut(mirrored, tops, lefts), "pad with black, that is 0, not with a mirror image"))
        hints = [hint for value, hint in slips if torch.equal(given, value)]
        raise Wrong(hints[0] if hints else f"with padding {padding} other pixels are wanted")
    return "the same pixels as torchvision, for three sizes"


@exercise("cifar_vgg.4", "what each change brought, averaged over all orders")
def fair_shares(answer) -> str:
    """Judge ``answer(accuracy)`` by walking through all orders."""
    draw = torch.Generator().manual_seed(2)
    tables = [{frozenset(): 60.0, frozenset("a"): 70.0, frozenset("b"): 62.0, frozenset("ab"): 80.0}]
    for names in ("ab", "abc", "abcd"):
        sets = [frozenset(c) for k in range(len(names) + 1) for c in itertools.combinations(names, k)]
        tables.append({s: 50 + 10 * len(s) + 20 * torch.rand(1, generator=draw).item() for s in sets})
    for table in tables:
        names = sorted(max(table, key=len))
        gains = {name: [] for name in names}
        for order in itertools.permutations(names):
            for i, name in enumerate(order):
                gains[name].append(table[frozenset(order[: i + 1])] - table[frozenset(order[:i])])
        right = {name: statistics.fmean(values) for name, values in gains.items()}
        kept = dict(table)
        given = call(answer, table)
        if table != kept:
            raise Wrong("your function changes the table that it was given")
        if not isinstance(given, dict) or set(given) != set(names):
            raise Wrong(f"a dictionary with the keys {', '.join(names)} is wanted")
        given = {name: _number(value) for name, value in given.items()}
        if all(abs(given[name] - right[name]) < 1e-6 for name in names):
            continue
        everything, nothing = table[frozenset(names)], table[frozenset()]
        slips = [
            ({n: table[frozenset(n)] - nothing for n in names}, "That is each change alone, on top of nothing"),
            ({n: everything - table[frozenset(names) - {n}] for n in names}, "That is each change taken away from all"),
            ({n: statistics.fmean(table[s | {n}] - table[s] for s in table if n not in s) for n in names},
             "That weighs all sets of other changes alike. In *orders*, the smallest and largest come up more often"),
            ({n: gains[n][0] for n in names}, "That is one order only. Average over all of them"),
        ]  # fmt: skip
        hints = [hint for value, hint in slips if all(abs(given[n] - value[n]) < 1e-6 for n in names)]
        if not hints and abs(sum(given.values()) - (everything - nothing)) > 1e-6:
            hints = ["The shares must add up to the whole gain"]
        words = ", ".join(f"{n}: {right[n]:.3f}" for n in names)
        case = f"with {len(names)} changes the shares are {words}, and you return " + ", ".join(
            f"{n}: {given[n]:.3f}" for n in names
        )
        raise Wrong(f"{case}. {hints[0]}" if hints else case)
    return f"agrees with walking through all orders in {len(tables)} tables"


@exercise("cifar_vgg.5", "how surprising one more run is")
def surprise(answer) -> str:
    """Judge ``answer(values, single)`` by listing all places that one more run may take."""
    cases = [
        ([80.0, 81.0, 82.0], 79.0), ([80.0, 81.0, 82.0], 83.0), ([80.0, 81.0, 82.0], 81.5), ([80.0], 90.0),
        ([float(v) for v in range(39)], 100.0), ([5.0, 1.0, 4.0, 2.0], 4.5), ([3.0, 1.0, 2.0, 9.0, 7.0], 2.5),
    ]  # fmt: skip
    for values, single in cases:
        n, below = len(values), sum(v < single for v in values)
        places = range(n + 1)  # how many of the n lie below: all equally likely
        outermost = min(below, n - below)
        right = sum(min(p, n - p) <= outermost for p in places) / (n + 1)
        given = _number(call(answer, list(values), single))
        if abs(given - right) < 1e-9:
            continue
        slips = {
            (outermost + 1) / (n + 1): "Either end would have surprised you: count the places at both ends",
            min(1.0, 2 * (outermost + 1) / n): "Among n other runs there are n + 1 places",
            (below + 1) / (n + 1): "Count the places that are at least as far out as this one, at both ends",
            outermost / n: "At least as far out includes the place itself",
            2 * outermost / (n + 1): "At least as far out includes the place itself",
            100 * right: "Return a share from 0 to 1, not a percentage",
        }
        hints = [hint for value, hint in slips.items() if abs(given - value) < 1e-9]
        case = f"for {n} runs and {below} of them below, it is {right:.3f}, and you return {given:.3f}"
        raise Wrong(f"{case}. {hints[0]}" if hints else case)
    return f"agrees with listing all places in {len(cases)} cases"
