"""Exercises of the chapter "Network in Network"."""

from __future__ import annotations

import torch
from torch import nn

from cnnlib.check.engine import Wrong, call, exercise
from cnnlib.models.nin import mlpconv as build_mlpconv


def _close(given: torch.Tensor, wanted: torch.Tensor) -> bool:
    return given.shape == wanted.shape and torch.allclose(given, wanted, atol=1e-5)


@exercise("nin.1", "a fully connected layer as a 1×1 convolution")
def as_convolution(answer) -> str:
    """Judge ``answer(linear)``: an `nn.Conv2d` that does at every place what the linear layer does to the channels."""
    torch.manual_seed(0)
    for linear in (nn.Linear(3, 5), nn.Linear(4, 4), nn.Linear(6, 2, bias=False)):
        ins, outs = linear.in_features, linear.out_features
        before = linear.weight.detach().clone()
        conv = call(answer, linear)
        if not isinstance(conv, nn.Conv2d):
            raise Wrong(f"an nn.Conv2d is wanted, and you return {type(conv).__name__}")
        if not torch.equal(before, linear.weight):
            raise Wrong("your function changes the linear layer that it was given")
        shape = tuple(conv.weight.shape)
        if shape != (outs, ins, 1, 1):
            slips = {
                (ins, outs, 1, 1): "A weight has the outputs first",
                (outs, ins): "Two dimensions of size 1 are missing: the kernel's height and width",
            }
            raise Wrong(f"for Linear({ins}, {outs}) the weight of your convolution has shape {shape}; it must be "
                        f"({outs}, {ins}, 1, 1). {slips.get(shape, '')}".rstrip())  # fmt: skip
        x = torch.randn(2, ins, 3, 4)
        wanted, given = linear(x.movedim(1, -1)).movedim(-1, 1), call(conv, x)
        if _close(given, wanted):
            continue
        if linear.bias is not None and _close(given, wanted - linear.bias.view(-1, 1, 1)):
            raise Wrong(f"for Linear({ins}, {outs}) only the bias is missing")
        if linear.bias is None and conv.bias is not None:
            raise Wrong("a linear layer without a bias wants a convolution without one; its own would start at random")
        if ins == outs and torch.equal(conv.weight[:, :, 0, 0], linear.weight.T):
            raise Wrong("the weight is transposed; with as many outputs as inputs its shape does not show it")
        raise Wrong(f"for Linear({ins}, {outs}) your convolution gives other numbers. Have you copied the weight?")
    return "the same numbers at every place, with and without a bias"


@exercise("nin.2", "parameters of two ways to end a network")
def two_heads(answer) -> str:
    """Judge ``answer(channels, side, classes)``: parameters of flattening + linear, and of 1×1 + average."""
    for channels, side, classes in ((192, 8, 10), (512, 7, 1000), (3, 1, 2)):
        right = (classes * (channels * side * side + 1), classes * (channels + 1))
        given = call(answer, channels, side, classes)
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise Wrong("two numbers are wanted, one for each of the two ways")
        if any(isinstance(n, bool) or not isinstance(n, int | float) for n in given):
            raise Wrong("two whole numbers are wanted")
        case = f"for {channels} maps of {side}×{side} and {classes} classes"
        slips = (
            {right[0] - classes: "Each unit has a bias",
             classes * (channels * side + 1): "A map has side × side values",
             right[1]: "Flattening gives a number for every place of every map"},
            {right[1] - classes: "Each filter has a bias", right[0]: "All places share one filter; averaging has none",
             classes * (channels + 1) + channels * side * side: "Averaging has nothing to learn"},
        )  # fmt: skip
        for which, n, wanted, known in zip(("first", "second"), given, right, slips, strict=True):
            if n != wanted:
                raise Wrong(f"{case} the {which} number is {wanted:,}, not {n:,}. {known.get(n, '')}".rstrip(" ."))
    return "right for NiN's last maps and for VGG's"


@exercise("nin.3", "an mlpconv block")
def mlpconv(answer) -> str:
    """Judge ``answer(in_channels, channels, kernel_size, stride, padding)`` against the book's block."""
    torch.manual_seed(0)
    for ins, channels, *settings in ((3, (8, 6, 4), 5, 1, 2), (2, (3, 5, 4), 3, 2, 0)):
        block, oracle = call(answer, ins, channels, *settings), build_mlpconv(ins, channels, *settings)
        if not isinstance(block, nn.Module):
            raise Wrong(f"an nn.Module is wanted, and you return {type(block).__name__}")
        shapes = [tuple(p.shape) for p in block.parameters()]
        wanted = [tuple(p.shape) for p in oracle.parameters()]
        if shapes != wanted:
            same = [tuple(p.shape) for p in build_mlpconv(ins, (channels[0],) * 3, *settings).parameters()]
            hint = "Those of the notes' nin_block, which has one number for all three" if shapes == same else \
                "Write down for each of the three what goes in and what comes out"  # fmt: skip
            raise Wrong(f"for channels={channels} the weights have the shapes {shapes[::2]}; "
                        f"they must be {wanted[::2]}. {hint}")  # fmt: skip
        for mine, theirs in zip(block.parameters(), oracle.parameters(), strict=True):
            mine.data = theirs.detach().clone()
        x = 3 * torch.randn(2, ins, 11, 11)
        given, right = call(block, x), oracle(x)
        if _close(given, right):
            continue
        if given.shape != right.shape:
            raise Wrong(f"for an 11×11 picture and kernel_size, stride, padding = {tuple(settings)} your block gives "
                        f"{tuple(given.shape[2:])}, and {tuple(right.shape[2:])} is right. "
                        "Stride and padding belong to the first convolution only")  # fmt: skip
        if _close(given, oracle[:-1](x)):
            raise Wrong("the last ReLU is missing: in the paper each of the three layers has one")
        for gone, hint in (((1,), "after the convolution"), ((3,), "between the two 1×1 convolutions"),
                           ((1, 3), "between the layers, so the three are one linear map")):  # fmt: skip
            layers = [layer for i, layer in enumerate(oracle) if i not in gone]
            if _close(given, nn.Sequential(*layers)(x)) or _close(given, nn.Sequential(*layers[:-1])(x)):
                raise Wrong(f"a ReLU is missing {hint}")
        raise Wrong("with the same weights it gives other numbers than the book's block")
    return "equals the book's block when it has the same weights, also with a stride"


@exercise("nin.4", "class maps behind a global average")
def class_maps(answer) -> str:
    """Judge ``answer(features, linear)``: maps whose mean over the places is ``linear`` of the averaged features."""
    torch.manual_seed(0)
    for linear, (height, width) in ((nn.Linear(6, 4), (3, 5)), (nn.Linear(5, 5), (4, 4))):
        features = torch.rand(2, linear.in_features, height, width)
        given = call(answer, features, linear)
        if not isinstance(given, torch.Tensor):
            raise Wrong(f"a tensor is wanted, and you return {type(given).__name__}")
        given = given.detach()
        wanted = nn.functional.conv2d(features, linear.weight[:, :, None, None], linear.bias).detach()
        if _close(given, wanted):
            continue
        if given.shape != wanted.shape:
            if given.shape == wanted.movedim(1, -1).shape:
                raise Wrong("the classes stand last; they must stand where the channels stood")
            if given.shape == wanted.mean(dim=(2, 3)).shape:
                raise Wrong("these are the logits: the places are averaged away already")
            raise Wrong(f"the shape must be {tuple(wanted.shape)}, and yours is {tuple(given.shape)}")
        bias = linear.bias.detach().view(-1, 1, 1)
        if _close(given, wanted - bias):
            raise Wrong("the mean over the places is not the logit yet: the bias is missing")
        if _close(given, wanted - bias + bias / (height * width)):
            raise Wrong("the bias must not be shared out: the mean of a constant is that constant")
        if _close(given, wanted * height * width) or _close(given, wanted / (height * width)):
            raise Wrong("the mean over the places must be the logit, not their sum")
        raise Wrong("at some place the map is not what the linear layer makes of the channels there")
    return "their means are the logits, and each place has its own"
