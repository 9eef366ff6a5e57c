"""Exercises of the chapter "LeNet"."""

from __future__ import annotations

import copy
import math
import statistics

import torch
from torch import nn

from cnnlib import models
from cnnlib.check.engine import Wrong, call, exercise
from cnnlib.models.digit_codes import DIGIT_CODES
from cnnlib.models.lenet import C3_TABLE, SparseConv


def _number(given, wanted: str) -> float:
    try:
        return float(given)
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(f"{wanted} is wanted, not {type(given).__name__}") from None


@exercise("lenet.1", "parameters of a sparse convolution")
def sparse_parameters(answer) -> str:
    """Judge ``answer(table, kernel_size)`` by counting the parameters of `SparseConv`."""
    tables = {"C3's table": (C3_TABLE, 6), "((0,), (0, 1), (1,))": (((0,), (0, 1), (1,)), 2)}
    for words, (table, inputs) in tables.items():
        for k in (5, 3, 1):
            right = sum(p.numel() for p in SparseConv(table, inputs, k).parameters())
            given = _number(call(answer, table, k), "a number")
            if given == right:
                continue
            dense = len(table) * inputs * k * k
            slips = {
                right - len(table): "Does each output map add a number of its own?",
                dense + len(table): "That joins every output map to every input map. The table leaves some out",
                dense: "That joins every output map to every input map, and forgets the biases",
                sum(len(row) * (k * k + 1) for row in table): "A map has one bias, not one for each map that it sees",
            }
            case = f"for {words} and kernels of {k}×{k} there are {right:,}, and you return {given:,g}"
            raise Wrong(f"{case}. {slips[given]}" if given in slips else case)
    return f"{sum(p.numel() for p in SparseConv(C3_TABLE, 6, 5).parameters()):,} for C3, and right for other tables"


@exercise("lenet.2", "distances to codes as a linear layer")
def as_linear(answer) -> str:
    """Judge ``answer(codes)``: an `nn.Linear` with the same softmax as minus the squared distances."""
    torch.manual_seed(0)
    tests = {
        "for the digits' codes": torch.tensor(DIGIT_CODES, dtype=torch.float32),
        "for other codes of ±1": torch.randint(0, 2, (4, 9)).float() * 2 - 1,
        "for codes of any numbers": torch.randn(5, 7),
    }
    for words, codes in tests.items():
        layer = call(answer, codes.clone())
        if not isinstance(layer, nn.Linear):
            raise Wrong(f"an nn.Linear is wanted, and you return {type(layer).__name__}")
        if tuple(layer.weight.shape) != tuple(codes.shape):
            raise Wrong(f"{words} your weight has shape {tuple(layer.weight.shape)}; it must be {tuple(codes.shape)}")
        x = torch.randn(50, codes.shape[1]) / 2
        wanted = (-(torch.cdist(x, codes) ** 2)).log_softmax(dim=1)
        given = layer(x).detach().log_softmax(dim=1)
        if torch.allclose(given, wanted, atol=1e-3):
            continue
        weight, lengths = layer.weight.detach(), (codes**2).sum(dim=1)
        if torch.allclose(weight, codes, atol=1e-5):
            raise Wrong(f"{words} the softmax differs. Write out (x - w)²: what stands before x·w?")
        if torch.allclose(weight, -2 * codes, atol=1e-5):
            raise Wrong(f"{words} it prefers the farthest code. The logits are *minus* the distances")
        if torch.allclose(weight, 2 * codes, atol=1e-5):
            now = (x @ weight.T - lengths).log_softmax(dim=1)
            if torch.allclose(now, wanted, atol=1e-3):
                raise Wrong(f"{words} the bias is not right yet. Which term of (x - w)² differs from code to code, "
                            "if codes have different lengths?")  # fmt: skip
        raise Wrong(f"{words} the softmax differs from that of minus the squared distances")
    return "the same softmax as the distances, also for codes of different lengths"


@exercise("lenet.3", "many linear layers as one convolution")
def one_convolution(answer) -> str:
    """Judge ``answer(layers)``: one `nn.Conv2d` that computes the same on pictures of several sizes."""
    torch.manual_seed(0)
    stacks = [
        nn.Sequential(nn.Conv2d(1, 6, 5), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.AvgPool2d(2)),
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.AvgPool2d(2), nn.Conv2d(4, 2, 3)),
        nn.Sequential(nn.Conv2d(2, 3, 5, stride=2), nn.AvgPool2d(3)),
    ]
    for layers in stacks:
        before = copy.deepcopy(layers.state_dict())
        channels, words = layers[0].in_channels, " – ".join(_short(layer) for layer in layers)
        conv = call(answer, layers)
        if any(not torch.equal(before[name], value) for name, value in layers.state_dict().items()):
            raise Wrong("your function changes the layers that it was given")
        if not isinstance(conv, nn.Conv2d):
            raise Wrong(f"an nn.Conv2d is wanted, and you return {type(conv).__name__}")
        for side in (28, 31):
            x = torch.rand(2, channels, side, side)
            with torch.no_grad():
                wanted, given = layers(x), conv(x)
                blank = layers(torch.zeros_like(x))
            if given.shape != wanted.shape:
                shapes = f"{tuple(wanted.shape[1:])}, and your convolution gives {tuple(given.shape[1:])}"
                raise Wrong(f"for {words} a {side}×{side} picture gives {shapes}. The kernel is as large as the "
                            "stack's receptive field, and the stride is its jump")  # fmt: skip
            if torch.allclose(given, wanted, atol=1e-4):
                continue
            if torch.allclose(given, wanted - blank, atol=1e-4):
                raise Wrong(f"for {words} only the bias is missing. What do the layers give for a picture of zeros?")
            raise Wrong(f"for {words} your convolution gives other numbers than the layers do")
    return f"equals {len(stacks)} stacks of layers on pictures of two sizes"


def _short(layer: nn.Module) -> str:
    if isinstance(layer, nn.Conv2d):
        return f"conv {layer.kernel_size[0]}×{layer.kernel_size[0]}"
    return f"average pooling {layer.kernel_size}"


@exercise("lenet.4", "LeNet-5 as it is built today")
def lenet5(answer) -> str:
    """Judge ``answer()``: give its net the weights of `models.build("lenet5")` and compare the logits."""
    torch.manual_seed(0)
    net, oracle = call(answer), models.build("lenet5")
    if not isinstance(net, nn.Module):
        raise Wrong(f"a network is wanted, an nn.Module, and you return {type(net).__name__}")
    count, right = sum(p.numel() for p in net.parameters()), models.card("lenet5").parameters
    if count != right:
        slips = {
            right - (400 - 256) * 120: "Without padding in C1 only 4×4 cells are left for C5",
            right + 2 * 150: "The pictures are grey: one input channel",
            60_000 - 12 - 32 + 850: "C3 is joined to all six maps in this version",
        }
        raise Wrong(f"{right:,} parameters are wanted and yours has {count:,}. "
                    + slips.get(count, "Compare your layers with the table above, one by one"))  # fmt: skip
    weights = {_key(p): p.detach() for p in oracle.parameters()}
    for p in net.parameters():
        if _key(p) not in weights:
            raise Wrong(f"no layer of LeNet-5 has a parameter of shape {tuple(p.shape)}")
        p.data = weights[_key(p)].view(p.shape).clone()
    x = 3 * torch.randn(20, 1, 28, 28)
    given = call(net.eval(), x)
    if not isinstance(given, torch.Tensor) or tuple(given.shape) != (20, 10):
        raise Wrong("20 pictures of 28×28 must give logits of shape (20, 10). Is everything flattened but the batch?")
    given = given.detach()
    wanted = oracle(x).detach()
    if torch.allclose(given, wanted, atol=1e-4):
        return f"{right:,} parameters, and the same logits as the book's net when it has the same weights"
    if torch.allclose(given, wanted.softmax(dim=1), atol=1e-4) or torch.allclose(
        given, wanted.log_softmax(dim=1), atol=1e-4
    ):
        raise Wrong("return the logits. The softmax is part of the loss, nn.CrossEntropyLoss")
    if torch.allclose(given, wanted.relu(), atol=1e-4):
        raise Wrong("a ReLU after the last layer cuts off all negative logits")
    for settings, hint in (
        ({"activation": "none"}, "the activations are missing: after both convolutions and both hidden layers"),
        ({"activation": "sigmoid"}, "it has sigmoids; ReLU is asked for"),
        ({"activation": "tanh"}, "it has tanh; ReLU is asked for"),
        ({"pooling": "average"}, "it pools by averages; max pooling is asked for"),
    ):
        other = models.build("lenet5", **settings)
        other.load_state_dict(oracle.state_dict())
        if torch.allclose(given, other(x).detach(), atol=1e-4):
            raise Wrong(hint)
    raise Wrong("with the same weights it gives other logits than the book's net. Is there a ReLU after every "
                "convolution and every hidden layer, and a max pooling of 2×2 after each convolution?")  # fmt: skip


def _key(parameter: torch.Tensor) -> tuple[int, int]:
    """Return what tells LeNet-5's parameters apart, whether C5 is a convolution or a linear layer."""
    return len(parameter), parameter.numel()


@exercise("lenet.5", "a difference and its standard error")
def difference(answer) -> str:
    """Judge ``answer(a, b, paired)``: the difference of two means with its standard error."""
    cases = [
        ([80.0, 82.0, 84.0], [79.0, 80.0, 84.0]),
        ([90.0, 91.5, 87.0, 89.0, 90.5], [91.0, 92.0, 88.5, 90.0, 91.0]),
        ([50.0, 60.0], [45.0, 58.0]),
    ]
    for a, b in cases:
        n, d = len(a), [x - y for x, y in zip(a, b, strict=True)]
        mean = statistics.fmean(a) - statistics.fmean(b)
        apart = math.sqrt(statistics.variance(a) / n + statistics.variance(b) / n)
        together = statistics.stdev(d) / math.sqrt(n)
        for paired, right in ((False, apart), (True, together)):
            given = call(answer, list(a), list(b), paired)
            if not isinstance(given, tuple | list) or len(given) != 2:
                raise Wrong("two numbers are wanted: the difference of the means and its standard error")
            shift, error = (_number(value, "a number") for value in given)
            case = f"for a={a}, b={b}, paired={paired}"
            if abs(shift - mean) > 1e-6:
                sign = " It is a minus b, not the other way round" if abs(shift + mean) < 1e-6 else ""
                raise Wrong(f"{case} the difference of the means is {mean:.3f}, and you return {shift:.3f}.{sign}")
            if abs(error - right) < 1e-6:
                continue
            slips = {
                right * math.sqrt(n): "That is a standard deviation. A mean of n values is √n times as certain",
                right * math.sqrt((n - 1) / n): "Divide by n - 1 in the variance: these are a few runs out of many",
                together if not paired else apart: "You have taken the runs "
                + ("one by one" if not paired else "as if they had nothing to do with one another"),
                (statistics.stdev(a) + statistics.stdev(b)) / math.sqrt(n): "Add the variances, not the deviations",
            }
            hints = [hint for value, hint in slips.items() if abs(error - value) < 1e-6]
            case += f" the standard error is {right:.3f}, and you return {error:.3f}"
            raise Wrong(f"{case}. {hints[0]}" if hints else case)
    return f"agrees on {len(cases)} pairs of runs, paired and unpaired"
