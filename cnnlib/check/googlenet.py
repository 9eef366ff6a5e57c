"""Exercises of the chapter "GoogLeNet"."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib import arithmetic
from cnnlib.check.engine import Wrong, call, exercise
from cnnlib.models.googlenet import Branches, Inception


def _close(given: torch.Tensor, wanted: torch.Tensor) -> bool:
    return given.shape == wanted.shape and torch.allclose(given, wanted, atol=1e-4)


def _whole(given) -> int | float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise Wrong(f"a whole number is wanted, not {type(given).__name__}")
    return given


def _costs(ins: int, outs: int, kernel: int, size: int, reduced: int) -> tuple[int, int]:
    direct = arithmetic.conv_macs(ins, outs, kernel, size)
    return direct, arithmetic.conv_macs(ins, reduced, 1, size) + arithmetic.conv_macs(reduced, outs, kernel, size)


@exercise("googlenet.1", "multiply-adds with and without a bottleneck")
def bottleneck(answer) -> str:
    """Judge ``answer(in_channels, out_channels, kernel_size, size, reduced)``: multiply-adds directly and through."""
    for case in ((192, 32, 5, 28, 16), (480, 208, 3, 14, 96), (7, 5, 1, 3, 2)):
        ins, outs, kernel, size, reduced = case
        right, given = _costs(*case), call(answer, *case)
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise Wrong("two numbers are wanted: directly, and through the bottleneck")
        places = size * size
        slips = (
            {right[0] // places: "There are size × size places", right[0] // kernel: "The kernel has two dimensions",
             right[0] // size: "The map has two dimensions"},
            {right[1] // places: "There are size × size places",
             places * ins * reduced: "That is the 1×1 convolution alone",
             places * kernel**2 * reduced * outs: "That is the second convolution alone; the 1×1 is not for nothing",
             places * kernel**2 * (ins * reduced + reduced * outs): "The first of the two has a kernel of 1×1",
             places * (ins * reduced + kernel**2 * ins * outs): "The second sees only the reduced channels"},
        )  # fmt: skip
        for which, n, wanted, known in zip(("directly", "through"), map(_whole, given), right, slips, strict=True):
            if n != wanted:
                words = f"for {ins} to {outs} channels, {kernel}×{kernel}, maps of {size}×{size}, through {reduced}"
                raise Wrong(f"{words} it is {wanted:,} {which}, not {n:,}. {known.get(n, '')}".rstrip(" ."))
    return f"{_costs(192, 32, 5, 28, 16)[0]:,} and {_costs(192, 32, 5, 28, 16)[1]:,} for the usual example"


@exercise("googlenet.2", "where a bottleneck stops paying")
def largest_that_pays(answer) -> str:
    """Judge ``answer(in_channels, out_channels, kernel_size)``: most reduced channels with fewer multiply-adds."""
    for ins, outs, kernel in ((192, 32, 5), (256, 256, 3), (64, 64, 1), (2, 3, 3), (1, 9, 3), (4, 4, 1)):
        direct = _costs(ins, outs, kernel, 1, 1)[0]
        # through all channels or more it never pays, since the second convolution alone costs as much
        right = max((r for r in range(1, ins + 1) if _costs(ins, outs, kernel, 1, r)[1] < direct), default=0)
        given, case = _whole(call(answer, ins, outs, kernel)), f"for {ins} to {outs} channels and {kernel}×{kernel}"
        if given == right:
            continue
        if given == right + 1 and _costs(ins, outs, kernel, 1, right + 1)[1] == direct:
            raise Wrong(f"{case}, {given} reduced channels cost exactly as much; fewer multiply-adds are asked for")
        if isinstance(given, float) and round(given) != given:
            raise Wrong(f"{case} you return {given:g}. Channels are whole; round to the side on which it still pays")
        if given == right + 1:
            raise Wrong(f"{case}, {given} reduced channels cost more already. To which side must be rounded?")
        raise Wrong(f"{case} it is {right}, and you return {given:g}. Set both costs equal; the map size cancels out")
    return "right also where a bottleneck never pays, and where the costs are equal"


@exercise("googlenet.3", "two convolutions as one")
def compose(answer) -> str:
    """Judge ``answer(first, second)``: one unpadded convolution equal to two in a row, without an activation."""
    torch.manual_seed(0)
    for ins, mid, outs, k1, k2 in ((3, 4, 2, 3, 3), (2, 5, 3, 1, 5), (1, 2, 1, 5, 3)):
        first, second = nn.Conv2d(ins, mid, k1), nn.Conv2d(mid, outs, k2)
        conv, words = call(answer, first, second), f"for {k1}×{k1} and then {k2}×{k2}"
        if not isinstance(conv, nn.Conv2d):
            raise Wrong(f"an nn.Conv2d is wanted, and you return {type(conv).__name__}")
        side = k1 + k2 - 1
        if tuple(conv.weight.shape) != (outs, ins, side, side):
            raise Wrong(f"{words} the weight must have the shape {(outs, ins, side, side)}, and yours has "
                        f"{tuple(conv.weight.shape)}. Which pixels does one output see?")  # fmt: skip
        x = torch.randn(2, ins, 12, 12)
        with torch.no_grad():
            wanted, given, constant = second(first(x)), call(conv, x), second(first(torch.zeros_like(x)))
        if given.shape != wanted.shape:
            raise Wrong(f"{words} the output has {tuple(given.shape[2:])} cells and {tuple(wanted.shape[2:])} is right")
        if _close(given, wanted):
            continue
        own = 0 if conv.bias is None else conv.bias.detach().view(-1, 1, 1)
        if _close(given - own, wanted - constant):
            only_second = conv.bias is not None and torch.allclose(conv.bias, second.bias)
            hint = "The bias of the first passes through the second" if only_second else "What comes out for zeros?"
            raise Wrong(f"{words} only the bias is wrong. {hint}")
        flipped = F.conv2d(x, conv.weight.detach().flip(2, 3))
        if _close(flipped, wanted - constant):
            raise Wrong(f"{words} your kernel is turned by 180°. PyTorch's convolution does not flip its kernel")
        raise Wrong(f"{words} your convolution gives other numbers. Feed in single bright pixels and compare")
    return "equals two layers for three pairs of kernels"


@exercise("googlenet.4", "an Inception block")
def inception(answer) -> str:
    """Judge ``answer(in_channels, channels)`` against `Inception` with the same weights."""
    torch.manual_seed(0)
    for ins, channels in ((6, Branches(2, 3, 4, 2, 5, 1)), (5, Branches(4, 2, 3, 3, 2, 6))):
        block, oracle = call(answer, ins, channels), Inception(ins, channels)
        if not isinstance(block, nn.Module):
            raise Wrong(f"an nn.Module is wanted, and you return {type(block).__name__}")
        shapes, wanted = ([tuple(p.shape) for p in net.parameters()] for net in (block, oracle))
        if sorted(shapes) != sorted(wanted):
            missing = [shape for shape in wanted if shape not in shapes]
            raise Wrong(f"for {ins} channels in and {channels}, no parameter of yours has the shape {missing[0]}"
                        if missing else f"yours has {len(shapes)} parameters, and {len(wanted)} are right")  # fmt: skip
        if shapes != wanted:
            raise Wrong("declare the layers in the order of the branches: 1×1; 1×1 and 3×3; 1×1 and 5×5; pool and 1×1")
        for mine, theirs in zip(block.parameters(), oracle.parameters(), strict=True):
            mine.data = theirs.detach().clone()
        x = 2 * torch.randn(2, ins, 8, 7)
        with torch.no_grad():
            try:
                given = block(x)
            except RuntimeError as problem:
                raise Wrong(f"it stops: {problem}. All branches must keep height and width") from None
            right = oracle(x)
            parts = [oracle.branch1, oracle.branch3, oracle.branch5, oracle.branch_pool]
            bare = torch.cat([branch[:-1](x) for branch in parts], dim=1)  # without each branch's last ReLU
            average = oracle.branch_pool[1:](F.avg_pool2d(x, 3, 1, 1))
            early = torch.cat([b[0](x) if len(b) == 2 else nn.Sequential(b[0], *b[2:])(x) for b in parts[:3]], dim=1)
        if not isinstance(given, torch.Tensor):
            raise Wrong(f"its forward must return a tensor, and it returns {type(given).__name__}")
        if _close(given, right):
            continue
        if given.shape != right.shape:
            raise Wrong(f"an input of {tuple(x.shape)} must give {tuple(right.shape)}, and yours gives "
                        f"{tuple(given.shape)}. Stack the branches along the channels")  # fmt: skip
        if _close(given, bare):
            raise Wrong("the ReLU at the end of each branch is missing")
        if _close(given[:, -channels.pool :], average):
            raise Wrong("your pooling takes averages; the paper's takes the maximum")
        if _close(given[:, channels.one : -channels.pool], early[:, channels.one :]):
            raise Wrong("a ReLU is missing behind the 1×1 convolutions that reduce")
        raise Wrong("with the same weights it gives other numbers. Are the branches in the order 1×1, 3×3, 5×5, pool?")
    return "equals the book's block when it has the same weights"


@exercise("googlenet.5", "what each branch contributes")
def contributions(answer) -> str:
    """Judge ``answer(conv, maps, sizes)``: one tensor a branch; with the bias they add up to ``conv(maps)``."""
    torch.manual_seed(0)
    for kernel, sizes in ((1, (2, 3, 1)), (3, (4, 1, 2, 3))):
        conv = nn.Conv2d(sum(sizes), 4, kernel, padding=kernel // 2)
        maps = torch.randn(2, sum(sizes), 6, 5)
        given = call(answer, conv, maps, sizes)
        if not isinstance(given, tuple | list) or not all(isinstance(part, torch.Tensor) for part in given):
            raise Wrong("a list of tensors is wanted, one for each branch")
        if len(given) != len(sizes):
            raise Wrong(f"there are {len(sizes)} branches, and you return {len(given)} tensors")
        pieces = zip(maps.split(sizes, dim=1), conv.weight.split(sizes, dim=1), strict=True)
        wanted = [F.conv2d(part, weight, padding=conv.padding).detach() for part, weight in pieces]
        bias = conv.bias.detach().view(-1, 1, 1)
        for i, (mine, right) in enumerate(zip(given, wanted, strict=True)):
            if _close(mine.detach(), right):
                continue
            if mine.shape != right.shape:
                raise Wrong(f"branch {i} must contribute {tuple(right.shape)}, as much as the layer gives, "
                            f"and yours is {tuple(mine.shape)}")  # fmt: skip
            if _close(mine.detach(), right + bias):
                raise Wrong("the bias is no branch's: leave it out, or it is counted once for each")
            raise Wrong(f"branch {i} contributes other numbers. Which slice of conv.weight meets its maps?")
    return "with the bias they add up to what the layer gives"
