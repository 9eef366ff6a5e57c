"""Part five, what is counted: a layer's saving, a head's units, the cost of a detour."""

from __future__ import annotations

import math

from cnnlib.arithmetic import conv_macs, conv_output_size, conv_parameters, linear_macs, linear_parameters
from cnnlib.check.debug.asking import a_number
from cnnlib.check.engine import Wrong, call, exercise


def _slip(given: float, slips: dict) -> str:
    """Return the hint of the first slip whose value was given, or nothing."""
    return next((words for value, words in slips.items() if math.isclose(given, value, rel_tol=1e-6)), "")


@exercise("debug.21", "ten thousand times fewer?")
def saving(answer) -> str:
    """Judge ``answer(side, channels, outputs, kernel)``: parameters and multiply-adds, fully connected over conv."""
    cases = ((640, 3, 10, 11), (28, 1, 6, 5), (32, 3, 64, 3), (9, 4, 2, 9))
    for side, channels, outputs, kernel in cases:
        pair = call(answer, side, channels, outputs, kernel)
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise Wrong("two numbers are wanted: how many times fewer parameters, how many times fewer multiply-adds")
        fewer, less = map(a_number, pair)
        case = f"for {outputs} filters of {kernel}×{kernel} on {channels}×{side}×{side}"
        pixels, weights = side * side * channels, outputs * kernel * kernel
        dense, conv = linear_parameters(pixels, outputs), conv_parameters(channels, outputs, kernel)
        if not math.isclose(fewer, dense / conv, rel_tol=1e-6):
            hint = _slip(fewer, {
                pixels * outputs / weights: "That is the note's way: how many numbers has ONE filter on a picture of "
                "several channels, and what does each filter add?",
                dense / (weights + outputs): "How many numbers has one filter on a picture of several channels?",
                dense / (weights * channels): "The filters have biases, too",
                pixels * outputs / (weights * channels): "Both kinds of layer have biases",
                pixels * outputs / conv: "The fully connected units have biases, too",
                conv / dense: "That is the other way round: how many times FEWER has the convolution?",
            })  # fmt: skip
            raise Wrong(f"{case} the convolution has {dense / conv:.5g} times fewer parameters, and you say {fewer:.5g}"
                        f". {hint}".rstrip())  # fmt: skip
        out = conv_output_size(side, kernel)
        products, slid = linear_macs(pixels, outputs), conv_macs(channels, outputs, kernel, out)
        if not math.isclose(less, products / slid, rel_tol=1e-6):
            hint = _slip(less, {
                dense / conv: "That is the number for the parameters. A parameter of the convolution is used at every "
                "place",
                products / (weights * channels): "That is the work at one place. How many places has the map?",
                products / (weights * channels * side * side): "Without padding the map is smaller than the picture",
                products / (weights * channels * out): "A map has a height and a width",
                products / (weights * out * out): "Each place multiplies as many numbers as a filter has weights",
                slid / products: "That is how many times MORE; fewer is asked for, and may be below one",
            })  # fmt: skip
            raise Wrong(f"{case} the parameters are right, but you say {less:.5g} times fewer multiply-adds. "
                        f"{hint}".rstrip())  # fmt: skip
    return "3,376 times fewer parameters, and 0.0085 times 'fewer' multiply-adds, which is 117 times more"


CONVOLUTIONS = conv_parameters(1, 6, 5) + conv_parameters(6, 16, 5)  # of LeNet-5 as it is built today: 2,572


def lenet_parameters(flat: int, first: int, second: int) -> int:
    """Return the parameters of a LeNet with two convolutions and three fully connected layers, the last with 10 units.

    Examples
    --------
    >>> lenet_parameters(400, 120, 84), lenet_parameters(256, 320, 80)
    (61706, 111302)
    """
    sizes = ((flat, first), (first, second), (second, 10))
    return CONVOLUTIONS + sum(linear_parameters(a, b) for a, b in sizes)


@exercise("debug.24", "which head was it?")
def second_layer(answer) -> str:
    """Judge ``answer(total, flat, first)``: the units of a LeNet's second hidden layer, from its parameter count."""
    cases = [(flat, first, s) for flat, first, s in ((400, 120, 84), (400, 120, 80), (256, 320, 80), (256, 30, 7))]
    cases = [(lenet_parameters(*case), *case) for case in cases] + [(111_302, 256, 120, 0), (111_302, 400, 120, 0)]
    for total, flat, first, right in cases:
        given = a_number(call(answer, total, flat, first))
        if given == right:
            continue
        case = f"with total={total:,}, flat={flat}, first={first}"
        if not right:
            raise Wrong(f"{case} you say {given:g}. With {math.floor(given)} units the total is "
                        f"{lenet_parameters(flat, first, math.floor(given)):,}, so no whole number fits, and 0 is "
                        "wanted: this is not the program that was described")  # fmt: skip
        rest = total - CONVOLUTIONS - (flat + 1) * first - 10
        slips = {
            (rest + CONVOLUTIONS) / (first + 11): "The two convolutions have 2,572 parameters of the total",
            rest / (first + 10): "A unit has weights from the layer before, weights to the layer behind, and a bias",
            rest / (first + 1): "A unit also has a weight to each of the ten outputs",
            rest / first: "A unit has a bias, and a weight to each of the ten outputs",
            (rest + 10) / (first + 11): "The ten outputs have biases of their own",
            (rest + first) / (first + 11): "The units of the first hidden layer have biases",
        }
        hint = next((words for value, words in slips.items() if given in (value, round(value), int(value))), "")
        if given == 0:
            hint = "There is a whole number that fits. Which weights and biases have you counted, and which not?"
        raise Wrong(f"{case} you say {given:g}, and with as many units a LeNet has another total. {hint}".rstrip())
    return "84 units in the 61,706 of LeNet-5, 80 in the text's 61,182; and no 120 units first in the code's 111,302"


@exercise("debug.25", "the detour that seems to save nothing")
def multiplications(answer) -> str:
    """Judge ``answer(channels, kernels, side)``: the multiply-adds of convolutions in a row that keep the size."""
    cases = (((192, 16, 32), (1, 5), 28), ((192, 32), (5,), 28), ((3, 8, 8, 4), (3, 1, 5), 10), ((2, 7), (1,), 3))
    for channels, kernels, side in cases:
        steps = list(zip(channels, channels[1:], kernels, strict=False))
        each = [conv_macs(a, b, k, side) for a, b, k in steps]
        right, given = sum(each), a_number(call(answer, list(channels), list(kernels), side))
        if given == right:
            continue
        area = side * side
        slips = {
            steps[-1][1] * steps[-1][2] ** 2 * area: "That is the broken program still: it forgets what was before the "
            "last layer, and what a filter spans",
            each[-1]: "The other layers cost something, too: the 1×1 has 192 channels to read. Is the total added up?",
            sum(b * k * k * area for _, b, k in steps): "A filter spans all the channels that come in",
            sum(a * b * k * area for a, b, k in steps): "A kernel has a height and a width",
            right // side: "A map has a height and a width",
            right // area: "That is the work at one place",
            right + sum(b * area for _, b, _ in steps): "Multiplications are counted, and a bias is only added",
            sum(conv_parameters(a, b, k) for a, b, k in steps): "Those are the parameters",
        }
        case = f"for channels={list(channels)}, kernels={list(kernels)}, side={side}"
        raise Wrong(f"{case} it is {right:,}, and you say {given:,.0f}. {_slip(given, slips)}".rstrip())
    return "120,422,400 directly and 12,443,648 through 16 channels, 9.7 times fewer"
