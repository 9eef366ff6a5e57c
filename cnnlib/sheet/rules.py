"""The formulas that return and the rules of thumb, each with an example that is computed."""

from __future__ import annotations

import inspect as signatures
import math
import statistics
from dataclasses import dataclass

import torch

from cnnlib import arithmetic
from cnnlib.arithmetic import Window
from cnnlib.experiments import ladder


@dataclass(frozen=True)
class Rule:
    """One line of the sheet.

    Attributes
    ----------
    section, name : str
        Where it stands, and what it is about.
    formula : str
        TeX, or empty for a rule that is words only.
    example : str
        Plain text whose numbers were computed.
    """

    section: str
    name: str
    formula: str
    example: str


def rules() -> tuple[Rule, ...]:
    """Return the sheet's formulas and rules of thumb, in order.

    Returns
    -------
    tuple of Rule

    Examples
    --------
    >>> first = rules()[0]
    >>> first.name, first.example
    ('output, convolution or pooling', 'i = 224, k = 7, s = 2, p = 3: o = 112')
    """
    return (*_sizes(), *_fields(), *_parameters(), *_costs(), *_starts(), *_training(), *_rates())


def _sizes():
    a = arithmetic
    return (
        Rule("Sizes", "output, convolution or pooling",
             r"o = \left\lfloor \frac{i + 2p - d\,(k - 1) - 1}{s} \right\rfloor + 1",
             f"i = 224, k = 7, s = 2, p = 3: o = {a.conv_output_size(224, 7, 2, 3)}"),
        Rule("Sizes", "padding that keeps the size (s = 1, odd k)", r"p = \frac{d\,(k - 1)}{2}",
             f"k = 3: p = {a.same_padding(3)[0]}; k = 5: p = {a.same_padding(5)[0]}"),
        Rule("Sizes", "output, transposed convolution", r"o = (i - 1)\,s - 2p + d\,(k - 1) + 1",
             f"i = 14, k = 2, s = 2: o = {a.conv_transpose_output_size(14, 2, 2)}"),
    )  # fmt: skip


def _fields():
    three = arithmetic.receptive_field([Window(3)] * 3)[-1].size
    halved = arithmetic.receptive_field([Window(3), Window(2, stride=2), Window(3)])[-1]
    return (
        Rule("Receptive field", "side, layer by layer, from r = j = 1", r"r_l = r_{l-1} + d\,(k - 1)\,j_{l-1}",
             f"three convolutions of 3×3: r = {three}"),
        Rule("Receptive field", "jump: input pixels between neighbours", r"j_l = s\,j_{l-1}",
             f"3×3, pooling 2×2, 3×3: r = {halved.size}, j = {halved.jump}"),
    )  # fmt: skip


def _parameters():
    a = arithmetic
    norm = sum(p.numel() for p in torch.nn.BatchNorm2d(64).parameters())
    return (
        Rule("Parameters", "convolution", r"C_\text{out} \left( \frac{C_\text{in}}{g}\,k^2 + 1 \right)",
             f"3 to 64 channels, k = 7: {a.conv_parameters(3, 64, 7):,}"),
        Rule("Parameters", "fully connected, n to m units", r"m\,(n + 1)",
             f"512 to 10: {a.linear_parameters(512, 10):,}"),
        Rule("Parameters", "batch norm", r"2\,C", f"64 channels: {norm}, and as many running means and variances"),
        Rule("Parameters", "depthwise separable, without biases", r"C_\text{in}\,k^2 + C_\text{in}\,C_\text{out}",
             f"64 to 128 channels, k = 3: {separable(64, 128, 3):,} instead of "
             f"{a.conv_parameters(64, 128, 3, bias=False):,}"),
    )  # fmt: skip


def separable(in_channels: int, out_channels: int, kernel_size: int) -> int:
    """Count the weights of a depthwise convolution and the 1×1 convolution behind it, without biases.

    Examples
    --------
    >>> separable(64, 128, 3)
    8768
    """
    depthwise = arithmetic.conv_parameters(in_channels, in_channels, kernel_size, groups=in_channels, bias=False)
    return depthwise + arithmetic.conv_parameters(in_channels, out_channels, 1, bias=False)


def _costs():
    a = arithmetic
    return (
        Rule("Multiply-adds a picture", "convolution; H, W of the output",
             r"H\,W\,C_\text{out}\,\frac{C_\text{in}}{g}\,k^2",
             f"3 to 64, k = 7, to 112×112: {a.conv_macs(3, 64, 7, (112, 112)):,}"),
        Rule("Multiply-adds a picture", "fully connected, n to m units", r"m\,n",
             f"512 to 10: {a.linear_macs(512, 10):,}"),
        Rule("Multiply-adds a picture", "bytes of a batch of maps, float32", r"4\,N\,C\,H\,W",
             f"128 × 64×32×32: {torch.empty(128, 64, 32, 32, device='meta').nbytes / 2**20:g} MiB"),
    )  # fmt: skip


def _starts():
    fan = arithmetic.conv_parameters(64, 1, 3, bias=False)
    return (
        Rule("First weights", "He, before ReLU; n numbers are summed", r"\sigma = \sqrt{\frac{2}{n}}",
             f"64 channels, k = 3: n = {fan}, σ = {math.sqrt(2 / fan):.3f}"),
        Rule("First weights", "Glorot, before tanh; n summed, m feeds", r"\sigma = \sqrt{\frac{2}{n + m}}",
             f"n = m = {fan}: σ = {math.sqrt(2 / (2 * fan)):.3f}"),
        Rule("First weights", "PyTorch's own: evenly between", r"\pm \frac{1}{\sqrt{n}}",
             f"n = {fan}: ±{1 / math.sqrt(fan):.3f}, σ = {1 / math.sqrt(3 * fan):.3f}"),
    )  # fmt: skip


def _training():
    return (
        Rule("Training", "first loss, K classes", r"\ln K",
             f"K = 10: {math.log(10):.3f}; K = 1000: {math.log(1000):.3f}"),
        Rule("Training", "steps an epoch, n pictures", r"\left\lceil \frac{n}{N} \right\rceil",
             f"50,000 in batches of 128: {math.ceil(50_000 / 128)}"),
        Rule("Training", "momentum lengthens the steps by", r"\frac{1}{1 - \mu}",
             f"μ = 0.9: {1 / (1 - 0.9):.0f} times"),
        Rule("Training", "standard error of accuracy a on n pictures", r"\sqrt{\frac{a\,(1 - a)}{n}}",
             f"90 % of 10,000: {100 * math.sqrt(0.9 * 0.1 / 10_000):.1f} points"),
    )  # fmt: skip


def _rates():
    chosen = sorted(rate for _, _, rate in ladder.NETS.values())
    adam = signatures.signature(torch.optim.Adam).parameters["lr"].default
    grid = ", ".join(f"{rate:g}" for rate in ladder.LEARNING_RATES)
    return (
        Rule("Learning rate", "Adam", "", f"start at {adam:g}, PyTorch's own; a tenth of it for a trained network"),
        Rule("Learning rate", "SGD, momentum 0.9", "",
             f"{len(chosen)} nets of the ladder chose {chosen[0]:g} to {chosen[-1]:g}, in the middle "
             f"{statistics.median(chosen):g}"),
        Rule("Learning rate", "choose it", "", f"on validation pictures, a few epochs each, three apart: {grid}"),
        Rule("Learning rate", "read the loss", "",
             "grows: a third of it; falls slowly: three times it; shakes at the end: a schedule"),
    )  # fmt: skip
