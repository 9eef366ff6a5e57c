"""Exercises of the chapter "DenseNet, and after"."""

from __future__ import annotations

from fractions import Fraction

import torch
from torch import nn

from cnnlib import models
from cnnlib.arithmetic import conv_macs, conv_parameters
from cnnlib.check.engine import Wrong, call, exercise


def _number(given, wanted: str) -> Fraction:
    try:
        return Fraction(given)
    except (TypeError, ValueError, OverflowError):
        raise Wrong(f"{wanted} is wanted, not {type(given).__name__}") from None


@exercise("densenet.1", "parameters of a DenseNet")
def densenet_parameters(answer) -> str:
    """Judge ``answer(depth, growth, first, num_classes)`` by counting the parameters of built networks."""
    cases = [(40, 1.0, 10), (22, 0.5, 10), (13, 0.25, 100), (7, 2.0, 2)]
    for depth, width, classes in cases:
        growth, first = round(12 * width), round(16 * width)
        with torch.device("meta"):
            net = models.build("densenet40", depth=depth, width=width, num_classes=classes)
        right = sum(p.numel() for p in net.parameters())
        given = _number(call(answer, depth, growth, first, classes), "a whole number")
        if given == right:
            continue
        norms = sum(p.numel() for m in net.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters())
        convs = sum(m.weight[0, 0, 0, 0].numel() * m.out_channels for m in net.modules() if isinstance(m, nn.Conv2d))
        moves = sum(p.numel() for name, part in net.named_children() if "transition" in name for p in part.parameters())
        slips = {
            right - norms: "The batch norms are missing: two numbers for each channel that they see",
            right - norms // 2: "A batch norm has two numbers a channel",
            right + convs: "The convolutions have no biases; a batch norm follows sooner or later and takes them away",
            right - classes: "The linear layer has a bias",
            right - moves: "The two transitions are missing",
        }
        case = f"for depth {depth}, growth {growth}, {first} first maps and {classes} classes there are {right:,}"
        raise Wrong(f"{case}, not {float(given):,g}. {slips.get(given, '')}")
    return f"counts {len(cases)} networks as PyTorch does, the paper's 1,019,722 among them"


@exercise("densenet.2", "a dense block")
def run_dense(answer) -> str:
    """Judge ``answer(layers, x)`` by comparing it with the growing concatenation, on layers of several widths."""
    torch.manual_seed(0)
    for first, growths in ((3, (2, 2, 2)), (4, (1, 5, 3, 2)), (2, ())):
        layers, channels = [], first
        for growth in growths:
            layers.append(nn.Conv2d(channels, growth, 3, padding=1))
            channels += growth
        x = torch.randn(2, first, 6, 6)
        kept = [x]
        for layer in layers:
            kept.append(layer(torch.cat(kept, dim=1)))
        right = torch.cat(kept, dim=1)
        given = call(answer, layers, x.clone())
        if not isinstance(given, torch.Tensor):
            raise Wrong(f"a tensor is wanted, not {type(given).__name__}")
        case = f"for {first} maps and layers that add {', '.join(map(str, growths)) or 'nothing'}"
        if tuple(given.shape) == tuple(right.shape) and torch.allclose(given, right, atol=1e-5):
            continue
        if growths and given.shape == right[:, first:].shape and torch.allclose(given, right[:, first:], atol=1e-5):
            raise Wrong(f"{case} the input itself is missing from what you return")
        if growths and given.shape == kept[-1].shape:
            raise Wrong(f"{case} you return the last layer's maps only; all are to be handed on")
        if given.shape[1:] != right.shape[1:]:
            raise Wrong(f"{case} maps of shape {tuple(right.shape[1:])} are wanted, not {tuple(given.shape[1:])}")
        if torch.allclose(given, torch.cat(kept[::-1], dim=1), atol=1e-5):
            raise Wrong(f"{case} the order is turned round: the input comes first, the newest maps last")
        raise Wrong(f"{case} the numbers differ. Does each layer see the input first and then the maps in their order?")
    return "the same as the growing concatenation, for layers of equal and of different widths"


@exercise("densenet.3", "the share of a separable convolution")
def separable_share(answer) -> str:
    """Judge ``answer(in_channels, out_channels, kernel_size)`` by the multiply-adds that `arithmetic` counts."""
    cases = [(256, 256, 3), (3, 32, 3), (32, 64, 3), (64, 16, 5), (256, 256, 1)]
    for inputs, outputs, k in cases:
        full = conv_macs(inputs, outputs, k, 14)
        around, mix = conv_macs(inputs, inputs, k, 14, groups=inputs), conv_macs(inputs, outputs, 1, 14)
        right = Fraction(around + mix, full)
        given = float(_number(call(answer, inputs, outputs, k), "a number"))
        if abs(given - right) < 1e-9 * max(1, right):
            continue
        slips = {
            Fraction(full, around + mix): "That is how many times more the full one takes. The share is its inverse",
            Fraction(around, full): "That is the depthwise part alone; the 1×1 convolution is missing",
            Fraction(mix, full): "That is the pointwise part alone",
            Fraction(1, inputs) + Fraction(1, k * k): "Which of the two channel numbers cancels in the depthwise part?",
            Fraction(1, outputs) + Fraction(1, k): "A kernel has k·k numbers",
        }
        hint = next((words for slip, words in slips.items() if abs(given - slip) < 1e-9 * max(1, slip)), "")
        raise Wrong(f"for {inputs} → {outputs} channels and {k}×{k} it is {float(right):.4f}, not {given:.4g}. {hint}")
    return f"right for {len(cases)} layers, also where the pair is dearer than the full convolution"


@exercise("densenet.4", "patches for a linear layer")
def to_patches(answer) -> str:
    """Judge ``answer(images, size)``: a linear layer on the patches must equal the strided convolution."""
    torch.manual_seed(0)
    for channels, height, width, size in ((3, 8, 8, 4), (2, 6, 9, 3), (1, 4, 4, 1)):
        images = torch.randn(2, channels, height, width)
        conv = nn.Conv2d(channels, 5, size, stride=size)
        right = nn.functional.unfold(images, size, stride=size).transpose(1, 2)
        given = call(answer, images.clone(), size)
        case = f"for pictures of {channels}×{height}×{width} and patches of {size}×{size}"
        if not isinstance(given, torch.Tensor) or tuple(given.shape) != tuple(right.shape):
            shape = tuple(given.shape) if isinstance(given, torch.Tensor) else type(given).__name__
            raise Wrong(f"{case} a tensor of shape {tuple(right.shape)} is wanted, not {shape}")
        wanted = conv(images).flatten(2).transpose(1, 2)
        if torch.allclose(nn.functional.linear(given, conv.weight.flatten(1), conv.bias), wanted, atol=1e-5):
            continue
        cells = right.view(2, -1, channels, size, size)
        rows, columns = height // size, width // size
        if torch.equal(given, cells.permute(0, 1, 3, 4, 2).reshape(right.shape)):
            raise Wrong(f"{case} your patches have the channels last; conv.weight has them first")
        if torch.equal(given, cells.transpose(3, 4).reshape(right.shape)):
            raise Wrong(f"{case} rows and columns within a patch are exchanged")
        if torch.equal(given, right.view(2, rows, columns, -1).transpose(1, 2).reshape(right.shape)):
            raise Wrong(f"{case} your patches run from top to bottom first; they are wanted row by row")
        if torch.equal(given, images.reshape(right.shape)):
            raise Wrong(f"{case} a bare reshape does not cut patches: it goes on along the row. Permute first")
        raise Wrong(f"{case} a linear layer on your patches differs from the strided convolution")
    return "a linear layer on them equals the strided convolution, on square and oblong pictures"


@exercise("densenet.5", "the widest block for a budget")
def widest(answer) -> str:
    """Judge ``answer(outer, budget, groups)``: the most middle channels whose weights stay within the budget."""
    def weights(outer, middle, groups):
        return 2 * conv_parameters(outer, middle, 1, bias=False) + conv_parameters(
            middle, middle, 3, groups=groups, bias=False
        )

    cases = [(256, 70_144, g) for g in (1, 2, 8, 32)] + [(64, 9000, 4), (128, 4160, 4)]
    for outer, budget, groups in cases:
        right = groups
        while weights(outer, right + groups, groups) <= budget:
            right += groups
        given = _number(call(answer, outer, budget, groups), "a whole number")
        if given == right:
            continue
        case = f"for {outer} channels outside, {budget:,} weights and {groups} group{'s' * (groups > 1)} it is {right}"
        if given.denominator != 1 or given < 1 or given % groups:
            hint = f"{float(given):g} is not divisible by {groups}, and every group needs as many channels as the next"
        elif weights(outer, int(given), groups) > budget:
            hint = f"{given} need {weights(outer, int(given), groups):,}"
        elif given == right - groups:
            hint = "One more multiple fits: the budget may be reached exactly"
        else:
            hint = f"{given} need only {weights(outer, int(given), groups):,}. Does the 3×3 cost 9·middle²/groups?"
        raise Wrong(f"{case}, not {float(given):g}. {hint}")
    return f"right for {len(cases)} budgets; ResNeXt's 128 channels in 32 groups among them"
