"""Exercises of the chapter "ResNet"."""

from __future__ import annotations

import itertools
import math

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check.engine import Wrong, call, exercise
from cnnlib.models.cifar_resnet import cifar_resnet
from cnnlib.models.residual_blocks import BasicBlock


def _number(given) -> float:
    try:
        return float(given)
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(f"a number is wanted, not {type(given).__name__}") from None


@exercise("resnet.1", "parameters of a ResNet of 6n + 2 layers")
def parameters(answer) -> str:
    """Judge ``answer(n)`` by counting the parameters of `cifar_resnet`."""
    for n in (3, 1, 9, 18):
        with torch.device("meta"):
            right, projected = (
                sum(p.numel() for p in cifar_resnet(6 * n + 2, shortcut=s).parameters()) for s in ("A", "B")
            )
        given = _number(call(answer, n))
        if given == right:
            continue
        maps = 16 + 2 * n * (16 + 32 + 64)  # that a batch norm follows
        slips = {
            right - 2 * maps: "Batch norm has two trainable numbers a channel",
            right - maps: "Batch norm has *two* trainable numbers a channel, a scale and a shift",
            right + maps: "Batch norm follows each convolution, so these have no bias",
            right + 2 * maps: "Running means and variances are not trained",
            projected: "Option A pads with zeros: its shortcuts have no parameters",
            right - 650: "The fully connected layer is missing",
            right - 10: "The fully connected layer has biases",
        }
        case = f"for n = {n} there are {right:,}, and you return {given:,g}"
        hint = slips.get(given, "The first convolution of a stage has fewer input channels than the others")
        raise Wrong(f"{case}. {hint}")
    return "agrees with the networks of 8, 20, 56 and 110 layers"


@exercise("resnet.2", "a residual block")
def block(answer) -> str:
    """Judge ``answer(in_channels, out_channels, stride)``: give it a `BasicBlock`'s weights and compare."""
    torch.manual_seed(0)
    for setting in ((8, 8, 1), (8, 16, 2), (8, 16, 1)):
        oracle, mine = BasicBlock(*setting, shortcut="B").eval(), call(answer, *setting)
        words = "for {} → {} channels and stride {}".format(*setting)
        if not isinstance(mine, nn.Module):
            raise Wrong(f"an nn.Module is wanted, and you return {type(mine).__name__}")
        x = torch.randn(4, setting[0], 6, 6)
        call(mine.eval(), x.clone())  # a stub's forward returns nothing
        _compare_layers(mine, oracle, words)
        for layer in oracle.modules():
            if isinstance(layer, nn.BatchNorm2d):
                for values in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
                    values.data.uniform_(0.5, 1.5)
        with torch.no_grad():
            outputs = [call(twin.eval(), x.clone()) for twin in _with_weights_of(mine, oracle)]
            if not all(isinstance(given, torch.Tensor) and given.shape == oracle(x).shape for given in outputs):
                raise Wrong(f"{words} the output must be {tuple(oracle(x).shape)} for 4 pictures of 6×6")
            for hint, wanted in _readings(oracle, x).items():
                if any(torch.allclose(given, wanted, atol=1e-4) for given in outputs):
                    if hint:
                        raise Wrong(f"{words}: {hint}")
                    break
            else:
                raise Wrong(f"{words} it gives other numbers than the book's block with the same weights. "
                            "Conv, batch norm, ReLU, conv, batch norm, sum, ReLU: is that your order?")  # fmt: skip
    return "equals the book's block on three settings when it has the same weights"


def _compare_layers(mine: nn.Module, oracle: nn.Module, words: str) -> None:
    """Refuse a block that has not the oracle's convolutions and batch norms."""
    for kind, name in ((nn.Conv2d, "convolutions"), (nn.BatchNorm2d, "batch norms")):
        given, right = (sum(isinstance(m, kind) for m in net.modules()) for net in (mine, oracle))
        if given != right:
            hint = "Where the shape changes, a 1×1 convolution and its batch norm stand in the shortcut; nowhere else"
            raise Wrong(f"{words} the block has {right} {name}, and yours has {given}. {hint}")
    if any(conv.bias is not None for conv in mine.modules() if isinstance(conv, nn.Conv2d)):
        raise Wrong("the convolutions need no bias: batch norm takes it away again and has one of its own")
    shapes = [sorted(tuple(p.shape) for p in net.parameters()) for net in (mine, oracle)]
    if shapes[0] != shapes[1]:
        raise Wrong(f"{words} the parameters must have the shapes {shapes[1]}, and yours have {shapes[0]}")


def _with_weights_of(mine: nn.Module, oracle: nn.Module):
    """Yield the block with the oracle's weights, in each order in which its layers may have been declared."""
    orders = []  # of the convolutions, and of the batch norms
    for kind in (nn.Conv2d, nn.BatchNorm2d):
        ours, theirs = ([m for m in net.modules() if isinstance(m, kind)] for net in (mine, oracle))
        orders.append([(ours, order) for order in itertools.permutations(theirs) if _alike(ours, order)])
    for pairs in itertools.product(*orders):
        for ours, order in pairs:
            for layer, source in zip(ours, order, strict=True):
                layer.load_state_dict(source.state_dict())
        yield mine


def _alike(ours, theirs) -> bool:
    return all(a.weight.shape == b.weight.shape for a, b in zip(ours, theirs, strict=True))


def _readings(b: BasicBlock, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the right output under '', and those of typical slips under their hints."""
    inner = b.bn1(b.conv1(x))
    y, linear, short = b.bn2(b.conv2(F.relu(inner))), b.bn2(b.conv2(inner)), b.shortcut(x)
    return {
        "": F.relu(y + short),
        "nothing is added: this is the plain block": F.relu(y),
        "the sum comes first, and then the last ReLU": F.relu(y) + short,
        "the last ReLU is missing, behind the sum": y + short,
        "between the two convolutions a ReLU is missing": F.relu(linear + short),
        "the two ways are added, not subtracted": F.relu(y - short),
        "the shortcut has no ReLU of its own": F.relu(y + F.relu(short)),
    }


@exercise("resnet.3", "which sums clash")
def clash(answer) -> str:
    """Judge ``answer(in_channels, out_channels, kernel_size, stride, padding, size)`` by asking PyTorch to add."""
    cases = [
        (16, 16, 3, 1, 1, 32), (16, 32, 3, 1, 1, 32), (16, 16, 3, 2, 1, 32), (16, 16, 3, 1, 0, 32),
        (16, 16, 5, 1, 2, 7), (16, 16, 2, 1, 1, 8), (1, 16, 3, 1, 1, 28), (16, 1, 3, 1, 1, 28),
        (16, 16, 2, 2, 2, 3), (16, 16, 7, 1, 0, 7), (16, 16, 3, 2, 1, 2), (16, 16, 3, 2, 1, 1),
        (1, 16, 3, 2, 1, 28), (1, 16, 7, 1, 0, 7), (16, 32, 3, 2, 1, 1),
    ]  # fmt: skip
    for case in cases:
        c_in, c_out, k, stride, padding, size = case
        x = torch.zeros(1, c_in, size, size, device="meta")
        y = nn.Conv2d(c_in, c_out, k, stride, padding, device="meta")(x)
        try:
            right = "fits" if (y + x).shape == x.shape == y.shape else "broadcasts"
        except RuntimeError:
            right = "clashes"
        given = call(answer, *case)
        if given not in ("fits", "clashes", "broadcasts"):
            raise Wrong(f"'fits', 'clashes' or 'broadcasts' is wanted, and you return {given!r}")
        if given == right:
            continue
        shapes = " + ".join("×".join(str(n) for n in t.shape[1:]) for t in (y, x))
        hint = {
            "broadcasts": "PyTorch adds these without a word. What does it do with a dimension of 1?",
            "clashes": "Neither of two sizes that differ is 1, so PyTorch refuses",
            "fits": "The shapes are the same. Did you compute the output size, with its floor?",
        }[right]
        raise Wrong(f"{case} adds {shapes}: that {right}, and you say {given!r}. {hint}")
    return f"agrees with PyTorch on {len(cases)} sums"


@exercise("resnet.4", "a branch that stops the gradient in spite of the shortcut")
def dead_branch(answer) -> str:
    """Judge ``answer(channels)``: a branch F for which F(x) + x has derivative 0 wherever x is positive."""
    torch.manual_seed(0)
    for channels in (1, 3):
        branch = call(answer, channels)
        if not isinstance(branch, nn.Module):
            raise Wrong(f"an nn.Module is wanted, and you return {type(branch).__name__}")
        convs = [m for m in branch.modules() if isinstance(m, nn.Conv2d)]
        if [conv.kernel_size for conv in convs] != [(3, 3)] * 2:
            raise Wrong("the branch is two convolutions of 3×3 with a ReLU between them")
        x = torch.rand(1, channels, 5, 5) + 0.1
        out = call(branch, x)
        if not isinstance(out, torch.Tensor) or out.shape != x.shape:
            raise Wrong("the branch must give as many channels and pixels as it gets. Which padding keeps the size?")
        size, unit = x.numel(), torch.eye(x.numel())
        slope = torch.autograd.functional.jacobian(lambda x, f=branch: f(x) + x, x).reshape(size, size)
        if torch.allclose(slope, torch.zeros_like(slope), atol=1e-5):
            continue
        slips = {
            "the branch has derivative 0, so the sum has derivative I: all of the gradient passes. What must F be, "
            "to undo the shortcut?": unit,
            "the branch doubles the input. Mind the sign": 2 * unit,
        }
        hints = [hint for hint, wrong in slips.items() if torch.allclose(slope, wrong, atol=1e-5)]
        raise Wrong(hints[0] if hints else f"the derivative of F(x) + x has entries up to {slope.abs().max():.2g}, "
                    f"for {channels} channels. Which 3×3 kernels leave a picture as it is?")  # fmt: skip
    return "the sum's derivative is 0 at every positive input, with 1 channel and with 3"


@exercise("resnet.5", "what one layer does to the gradient's size")
def backward_factor(answer) -> str:
    """Judge ``answer(in_channels, out_channels, kernel_size, variance)`` by gradients that PyTorch computes."""
    generator = torch.Generator().manual_seed(0)
    cases = [(32, 32, 3, 2 / 288), (32, 32, 3, 1 / (3 * 288)), (64, 16, 3, 0.01), (16, 64, 1, 0.01), (32, 32, 5, 0.004)]
    for c_in, c_out, k, variance in cases:
        x = torch.randn(4, c_in, 24, 24, generator=generator, requires_grad=True)
        weight = variance**0.5 * torch.randn(c_out, c_in, k, k, generator=generator)
        y = F.conv2d(F.relu(x), weight)
        y.backward(torch.randn(y.shape, generator=generator))
        inside = x.grad[:, :, k:-k, k:-k]  # near the edge fewer windows see a pixel
        measured = float(inside.pow(2).mean().sqrt())
        given = _number(call(answer, c_in, c_out, k, variance))
        if math.isclose(given, measured, rel_tol=0.08):
            continue
        right = (c_out * k * k * variance / 2) ** 0.5
        slips = {
            right**2: "Is that a variance? The factor is for the gradient itself",
            right * 2**0.5: "The ReLU passes nothing back where its input was negative",
            right * (c_in / c_out) ** 0.5: "Going back, a number collects from all the outputs that it had a part in",
            right / k**0.5: "A kernel of side k has k · k weights",
            right / k: "A pixel had a part in k · k outputs of each map",
        }
        hints = [hint for slip, hint in slips.items() if math.isclose(given, slip, rel_tol=0.02)]
        case = f"for {c_in} → {c_out} channels, {k}×{k} and variance {variance:.4f} PyTorch's gradient changes by a " \
               f"factor of {measured:.3f}, and you return {given:.3f}"  # fmt: skip
        raise Wrong(f"{case}. {hints[0]}" if hints else case)
    return f"within 8 % of the gradients that PyTorch computes for {len(cases)} layers"
