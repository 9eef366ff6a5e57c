"""Exercises of the chapter "VGG"."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.arithmetic import conv_parameters, linear_parameters
from cnnlib.check.engine import Wrong, call, exercise
from cnnlib.check.signal_size import PROBES, change, slip

BLOCKS = (  # channels that come in, and layers of (kernel_size, out_channels); the third is of the paper's column C
    (3, ((3, 8),)),
    (3, ((3, 8), (3, 8))),
    (4, ((3, 6), (3, 6), (1, 6))),
    (5, ((3, 4), (1, 7), (3, 5))),
    (2, ((5, 3), (3, 9))),
)
NOTE_000 = ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))
NETS = (  # blocks of (num_convs, out_channels), channels of a picture, its side, classes
    (NOTE_000, 1, 224, 10),
    (NOTE_000, 3, 224, 1000),
    (((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), 3, 96, 100),
    (((1, 16), (3, 24)), 2, 27, 7),
)
HIDDEN = 4096
STACKS = (  # kernel sizes, and channels
    ((3, 3), 1), ((5,), 1), ((3, 3, 3), 1), ((5, 3), 1), ((3, 3), 2), ((3, 3), 3), ((1, 3), 2), ((3, 1, 3), 2),
)  # fmt: skip


@exercise("vgg.1", "a block for every column of the table")
def block(answer) -> str:
    """Judge ``answer(in_channels, layers)`` by its layers, and with the same weights by what it computes."""
    for in_channels, layers in BLOCKS:
        case = f"with in_channels={in_channels} and layers={list(layers)}"
        built = call(answer, in_channels, list(layers))
        if not isinstance(built, nn.Module):
            raise Wrong(f"an nn.Module is wanted, and you return {type(built).__name__}")
        convs = [m for m in built.modules() if isinstance(m, nn.Conv2d)]
        pools = [m for m in built.modules() if isinstance(m, nn.MaxPool2d)]
        if len(convs) != len(layers):
            raise Wrong(f"{case} there are {len(convs)} convolutions")
        if len(pools) != 1:
            raise Wrong(f"{case} there are {len(pools)} max poolings; a block ends in one. Is it inside the loop?")
        channels = [in_channels, *(out for _, out in layers)]
        wanted = list(pairwise(channels))
        given = [(conv.in_channels, conv.out_channels) for conv in convs]
        if given != wanted:
            slip = [(in_channels, out) for _, out in layers]
            hint = " Which line is to carry the channels on to the next convolution?" if given == slip else ""
            raise Wrong(f"{case} the convolutions go {_arrows(given)}; they should go {_arrows(wanted)}.{hint}")
        sides = [conv.kernel_size for conv in convs]
        if sides != [(k, k) for k, _ in layers]:
            raise Wrong(f"{case} the kernels are {', '.join('×'.join(map(str, side)) for side in sides)}")
        x = torch.randn(2, in_channels, 12, 12, generator=torch.Generator().manual_seed(0))
        wanted = x
        for (kernel, _), conv in zip(layers, convs, strict=True):
            wanted = F.relu(F.conv2d(wanted, conv.weight, conv.bias, padding=kernel // 2))
        wanted = F.max_pool2d(wanted, 2)
        said = call(built.eval(), x)
        if not isinstance(said, torch.Tensor) or said.shape != wanted.shape:
            shape = tuple(said.shape[2:]) if isinstance(said, torch.Tensor) else type(said).__name__
            grown = " A 1×1 kernel needs no padding" if (1, 1) in sides else ""
            raise Wrong(f"{case} maps of 12×12 become {shape}; convolutions must keep the size, and the pooling halves "
                        f"it.{grown}")  # fmt: skip
        if not torch.allclose(said, wanted, atol=1e-5):
            raise Wrong(f"{case} it computes something else. Is a ReLU behind every convolution, and the pooling last?")
    return f"computes what the block should, for {len(BLOCKS)} settings, 1×1 kernels among them"


def _arrows(channels) -> str:
    return ", ".join(f"{a}→{b}" for a, b in channels)


@exercise("vgg.2", "the note's VGG-11, recomputed")
def tally(answer) -> str:
    """Judge ``answer(conv_arch, in_channels, side, num_classes)``: shapes behind each block, and parameters."""
    for arch, in_channels, side, classes in NETS:
        case = f"for {list(arch)}, {in_channels} channel{'s' * (in_channels > 1)}, {side} pixels and {classes} classes"
        given = call(answer, list(arch), in_channels, side, classes)
        try:
            shapes, count = given
            shapes = [tuple(int(number) for number in shape) for shape in shapes]
        except (TypeError, ValueError):
            raise Wrong("two things are wanted: a list of (channels, side), and the number of parameters") from None
        right = [(out, side // 2 ** (number + 1)) for number, (_, out) in enumerate(arch)]
        if shapes != right:
            before = [(out, side // 2**number) for number, (_, out) in enumerate(arch)]
            hint = " Those are the sides in front of the poolings" if shapes == before else ""
            hint = hint or (" Is a list with one pair for each block returned?" if len(shapes) != len(right) else "")
            raise Wrong(f"{case} the blocks give {right}, and you say {shapes}.{hint}")
        wanted = _parameters(arch, in_channels, right[-1], classes)
        if count == wanted:
            continue
        slips = {
            _parameters(arch, in_channels, right[-1], classes, bias=False): "The biases are missing",
            _parameters(arch, in_channels, right[-1], classes, carry=False): "The second convolution of a block gets "
            "what the first one gives",
            _parameters(arch, in_channels, (right[-1][0], 7), classes): "7×7 is what is left of 224; here it is "
            f"{right[-1][1]}×{right[-1][1]}",
            _parameters(arch, in_channels, (right[-1][0], 1), classes): "How many numbers does Flatten give to the "
            "first fully connected layer?",
            _parameters(arch, in_channels, right[-1], classes, part="convolutions"): "Those are only the convolutions",
            _parameters(arch, in_channels, right[-1], classes, part="end"): "Those are only the fully connected layers",
            _parameters(arch, 1, right[-1], classes): "The pictures have more than one channel",
        }
        hint = slips.get(count, "Count block by block, each filter with its bias")
        raise Wrong(f"{case} the shapes are right and the number of parameters is not. {hint}")
    return f"right for {len(NETS)} nets; the note's has {_parameters(NOTE_000, 1, (512, 7), 10):,} parameters"


def _parameters(arch, in_channels, last, classes, bias=True, carry=True, part="all") -> int:
    """Count a VGG's parameters, with a slip on request."""
    convolutions = 0
    for number, out in arch:
        for i in range(number):
            convolutions += conv_parameters(out if i and carry else in_channels, out, 3, bias=bias)
        in_channels = out
    units = (last[0] * last[1] ** 2, HIDDEN, HIDDEN, classes)
    end = sum(linear_parameters(a, b, bias) for a, b in pairwise(units))
    return {"all": convolutions + end, "convolutions": convolutions, "end": end}[part]


@exercise("vgg.3", "when a stack of 3×3 is cheaper")
def widest_middle(answer) -> str:
    """Judge ``answer(in_channels, out_channels, kernel_size)`` by trying all numbers of middle channels."""
    settings = ((64, 64, 5), (64, 64, 7), (3, 64, 5), (3, 64, 7), (64, 128, 5), (128, 128, 11), (18, 18, 5), (1, 1, 5))
    for ins, outs, kernel in settings:
        given = call(answer, ins, outs, kernel)
        right = _widest(ins, outs, kernel)
        if given == right and not isinstance(given, bool):
            continue
        case = f"from {ins} to {outs} channels and instead of {kernel}×{kernel}"
        if isinstance(given, float) and math.floor(given) == right:
            raise Wrong(f"{case} you say {given:g}: a number of channels is whole")
        layers = (kernel - 1) // 2
        slips = (
            (_widest(ins, outs, kernel, strict=False), "There the stack has as many weights, and not fewer"),
            (_widest(ins, outs, kernel, layers=2), f"Two layers of 3×3 see 5×5; {kernel}×{kernel} needs {layers}"),
            (_widest(ins, outs, kernel, inner=False), "From middle to middle, the middle channels count twice"),
            (min(ins, outs), "The middle may be wider than both ends, if that is still cheaper"),
        )
        hint = next((f". {words}" for slip, words in slips if given == slip), "")
        raise Wrong(f"{case} the stack may have up to {right} channels between its layers, and you say {given}{hint}")
    return f"right for {len(settings)} settings"


def _widest(ins, outs, kernel, strict=True, layers=None, inner=True) -> int:
    """Return the largest number of middle channels with fewer weights; 0 if there is none."""
    layers, whole, middle = layers or (kernel - 1) // 2, kernel**2 * ins * outs, 0
    while True:
        m = middle + 1
        between = (layers - 2) * (m * m if inner else m)
        stack = 9 * (ins * m + between + m * outs)
        if stack > whole or (strict and stack == whole):
            return middle
        middle = m


@exercise("vgg.4", "how many free numbers has a stack of convolutions?")
def free_numbers(answer) -> str:
    """Judge ``answer(kernel_sizes, channels)`` by the rank of the derivative of the composed kernel."""
    for kernels, channels in STACKS:
        given = call(answer, list(kernels), channels)
        rank = _rank(kernels, channels)
        if given == rank:
            continue
        weights, joints = channels**2 * sum(k * k for k in kernels), len(kernels) - 1
        whole = channels**2 * (sum(kernels) - joints) ** 2
        slips = {
            weights: "Those are all weights of the stack. Multiply one layer by 2 and halve the next: what changes?",
            whole: "Those are the weights of the one large kernel; the stack reaches only a part of all such kernels",
            weights - joints: "Between two layers not only one number can be moved: their channels can be mixed by any "
            "matrix, if the next layer unmixes them",
            weights - channels**2: "There is something to be taken away at every joint between two layers",
        }
        case = f"for kernels {list(kernels)} and {channels} channel{'s' * (channels > 1)}"
        raise Wrong(f"{case} measuring gives {rank}, and you say {given}. {slips.get(given, '')}".strip())
    return f"equals the rank of the derivative for {len(STACKS)} stacks"


def _rank(kernels, channels) -> int:
    """Return in how many directions the composed kernel can be moved, at random weights."""
    draw = torch.Generator().manual_seed(0)
    weights = [torch.randn(channels, channels, k, k, generator=draw, dtype=torch.float64) for k in kernels]

    def composed(*layers):
        whole = layers[0]
        for layer in layers[1:]:
            whole = F.conv_transpose2d(whole.transpose(0, 1), layer.transpose(0, 1)).transpose(0, 1)
        return whole.flatten()

    parts = torch.autograd.functional.jacobian(composed, tuple(weights))
    return int(torch.linalg.matrix_rank(torch.cat([part.flatten(1) for part in parts], dim=1)))


@exercise("vgg.5", "first weights for a deep net")
def first_weights(answer) -> str:
    """Judge ``answer(net)`` by how the size of a signal changes on its way through 12 layers."""
    for words, make in PROBES:
        changes = []
        for seed in range(3):
            torch.manual_seed(seed)
            net, x = make()
            drawn = call(answer, net)
            if not isinstance(drawn, nn.Module):
                raise Wrong(f"the net is wanted back, and you return {type(drawn).__name__}")
            changes.append(change(drawn, x))
        factor = math.exp(sum(map(math.log, changes)) / len(changes))
        if not 0.4 < factor < 2.5:
            said = f"{words} the signal behind the last ReLU is {factor:.2g} times as large as behind the first"
            raise Wrong(f"{said}. {slip(drawn)}")
    return "the signal keeps its size through convolutions of several sizes, and through fully connected layers"
