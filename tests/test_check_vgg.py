"""The exercises on VGG: stubs, right answers in several forms, and slips that get their own hint."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check import check


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def block(in_channels, layers, padding=lambda k: k // 2, carry=True, relu=nn.ReLU, pools=1, first_pool=False):
    parts, came_in = [nn.MaxPool2d(2) for _ in range(first_pool)], in_channels
    for kernel, out in layers:
        parts += [nn.Conv2d(came_in, out, kernel, padding=padding(kernel)), relu()]
        came_in = out if carry else in_channels
    return nn.Sequential(*parts, *(nn.MaxPool2d(2) for _ in range(pools - first_pool)))


class BlockByHand(nn.Module):
    """Another right answer: functions in `forward`."""

    def __init__(self, in_channels, layers):
        super().__init__()
        outs = [out for _, out in layers]
        ins = [in_channels, *outs]
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, k, padding="same") for a, b, (k, _) in zip(ins, outs, layers, strict=False)
        )
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)

    def forward(self, x):
        for conv in self.convs:
            x = F.relu(conv(x))
        return self.pool(x)


def tally(arch, in_channels, side, classes, bias=1, carry=True, left=None, before=False, grey=False):
    shapes, count = [], 0
    in_channels = 1 if grey else in_channels
    for number, out in arch:
        for _ in range(number):
            count += out * (9 * in_channels + bias)
            in_channels = out if carry else in_channels
        in_channels = out
        shapes.append((out, side if before else side // 2))
        side //= 2
    units = [shapes[-1][0] * (left or side) ** 2, 4096, 4096, classes]
    return shapes, count + sum(b * (a + bias) for a, b in zip(units, units[1:], strict=False))


def tally_by_building(arch, in_channels, side, classes):
    """Another right answer: build it without memory, and ask."""
    with torch.device("meta"):
        x, shapes, count = torch.empty(1, in_channels, side, side), [], 0
        for number, out in arch:
            part = block(x.shape[1], [(3, out)] * number)
            x = part(x)
            shapes.append([out, x.shape[2]])
            count += sum(p.numel() for p in part.parameters())
        units = [x.numel(), 4096, 4096, classes]
        ends = [nn.Linear(a, b) for a, b in zip(units, units[1:], strict=False)]
    return shapes, count + sum(p.numel() for end in ends for p in end.parameters())


def search(ins, outs, kernel, allowed=lambda stack, whole: stack < whole, layers=None, square=True):
    layers, middle = layers or (kernel - 1) // 2, 0
    while True:
        m = middle + 1
        stack = 9 * (ins * m + (layers - 2) * (m * m if square else m) + m * outs)
        if not allowed(stack, kernel**2 * ins * outs):
            return middle
        middle = m


def by_formula(ins, outs, kernel):
    """Another right answer: solve a·m² + b·m < c."""
    a, b, c = 9 * ((kernel - 1) // 2 - 2), 9 * (ins + outs), kernel**2 * ins * outs
    root = c / b if a == 0 else (-b + math.sqrt(b * b + 4 * a * c)) / (2 * a)
    m = math.ceil(root - 1e-9) - 1
    return max(m, 0)


def rank(kernels, channels):
    """Another right answer: measure it."""
    torch.manual_seed(5)
    sizes = [(channels, channels, k, k) for k in kernels]
    theta = torch.randn(sum(math.prod(size) for size in sizes), dtype=torch.float64)
    side = sum(kernels) - len(kernels) + 1
    x = torch.eye(channels, dtype=torch.float64).reshape(channels, channels, 1, 1)

    def whole(theta):
        parts = theta.split([math.prod(size) for size in sizes])
        y = F.pad(x, (side - 1,) * 4)
        for part, size in zip(parts, sizes, strict=True):
            y = F.conv2d(y, part.view(size))
        return y.flatten()

    return int(torch.linalg.matrix_rank(torch.autograd.functional.jacobian(whole, theta)))


def draw(net, rule=lambda ins, outs: (2 / ins) ** 0.5, kinds=(nn.Conv2d, nn.Linear)):
    for layer in net.modules():
        if isinstance(layer, kinds):
            nn.init.normal_(layer.weight, 0, rule(layer.weight[0].numel(), layer.weight[:, 0].numel()))
            nn.init.zeros_(layer.bias)
    return net


def draw_with(function, **named):
    def answer(net):
        for layer in net:
            if hasattr(layer, "weight"):
                function(layer.weight, **named)
        return net

    return answer


RIGHT = {
    "vgg.1": [block, BlockByHand],
    "vgg.2": [tally, tally_by_building],
    "vgg.3": [search, by_formula],
    "vgg.4": [lambda ks, c: c * c * (sum(k * k for k in ks) - len(ks) + 1), rank],
    "vgg.5": [
        draw,
        draw_with(nn.init.kaiming_normal_, nonlinearity="relu"),
        draw_with(nn.init.kaiming_uniform_, nonlinearity="relu"),
        draw_with(nn.init.orthogonal_, gain=2**0.5),
    ],
}
STUBS = {
    "vgg.1": lambda in_channels, layers: ...,
    "vgg.2": lambda conv_arch, in_channels, side, num_classes: None,
    "vgg.3": lambda in_channels, out_channels, kernel_size: ...,
    "vgg.4": lambda kernel_sizes, channels: ...,
    "vgg.5": lambda net: ...,
}


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in RIGHT for answer in RIGHT[name]])
def test_right_answers_in_any_form(name, answer, capsys):
    assert said(capsys, name, answer).startswith(f"✓ {name}")
    check(name, answer, strict=True)


@pytest.mark.parametrize("name", STUBS)
def test_stubs_are_not_answered_yet(name, capsys):
    assert "not answered yet" in said(capsys, name, STUBS[name])
    assert "not answered yet" in said(capsys, name, ...)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda c, layers: block(c, layers, carry=False), "carry the channels on"),
        (lambda c, layers: block(c, layers, padding=lambda k: 1), "A 1×1 kernel needs no padding"),
        (lambda c, layers: block(c, layers, padding=lambda k: 0), "must keep the size"),
        (lambda c, layers: block(c, layers, relu=nn.Identity), "Is a ReLU behind every convolution"),
        (lambda c, layers: block(c, layers, first_pool=True), "the pooling last"),
        (lambda c, layers: block(c, layers, pools=len(layers)), "Is it inside the loop?"),
        (lambda c, layers: block(c, [(3, out) for _, out in layers]), "the kernels are"),
        (lambda c, layers: block(c, layers[:1]), "there are 1 convolutions"),
        (lambda c, layers: layers, "an nn.Module is wanted"),
        (lambda c, layers: nn.Conv2d(c, 0, -1), "your function stops"),
    ],
)
def test_slips_in_the_block(answer, hint, capsys):
    assert hint in said(capsys, "vgg.1", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda *a: tally(*a, bias=0), "biases are missing"),
        (lambda *a: tally(*a, carry=False), "gets what the first one gives"),
        (lambda *a: tally(*a, left=7), "7×7 is what is left of 224"),
        (lambda *a: tally(*a, left=1), "Flatten"),
        (lambda *a: tally(*a, before=True), "in front of the poolings"),
        (lambda *a: tally(*a, grey=True), "more than one channel"),
        (lambda *a: (tally(*a)[0], 128_806_154), "the number of parameters is not"),
        (lambda *a: tally(*a)[0], "two things are wanted"),
        (lambda *a: (tally(*a)[0][:2], 0), "one pair for each block"),
    ],
)
def test_slips_in_the_tally(answer, hint, capsys):
    assert hint in said(capsys, "vgg.2", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda i, o, k: search(i, o, k, allowed=lambda stack, whole: stack <= whole), "and not fewer"),
        (lambda i, o, k: search(i, o, k, layers=2), "see 5×5; 7×7 needs 3"),
        (lambda i, o, k: search(i, o, k, square=False), "count twice"),
        (lambda i, o, k: min(i, o), "wider than both ends"),
        (lambda i, o, k: 25 * i * o / (9 * (i + o)), "is whole"),
        (lambda i, o, k: 12, "up to 88 channels"),
    ],
)
def test_slips_in_the_widest_middle(answer, hint, capsys):
    assert hint in said(capsys, "vgg.3", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda ks, c: c * c * sum(k * k for k in ks), "all weights of the stack"),
        (lambda ks, c: c * c * (sum(ks) - len(ks) + 1) ** 2, "the one large kernel"),
        (lambda ks, c: c * c * sum(k * k for k in ks) - (len(ks) - 1), "mixed by any matrix"),
        (lambda ks, c: c * c * (sum(k * k for k in ks) - (len(ks) > 1)), "at every joint"),
        (lambda ks, c: 4, "measuring gives 17"),
    ],
)
def test_slips_in_the_free_numbers(answer, hint, capsys):
    assert hint in said(capsys, "vgg.4", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda net: net, "of the kind Conv2d are as PyTorch draws them"),
        (lambda net: draw(net, kinds=nn.Conv2d), "of the kind Linear are as PyTorch draws them"),
        (lambda net: draw(net, lambda ins, outs: (1 / ins) ** 0.5), "A half of the mean square"),
        (lambda net: draw(net, lambda ins, outs: (2 / outs) ** 0.5), "You count the outputs"),
        (lambda net: draw(net, lambda ins, outs: 2 / ins), "take the root"),
        (lambda net: draw(net, lambda ins, outs: 0.01), "The variance depends on it"),
        (lambda net: net[0], "Conv2d"),
        (lambda net: [p.data for p in net.parameters()], "the net is wanted back"),
    ],
)
def test_slips_in_the_first_weights(answer, hint, capsys):
    assert hint in said(capsys, "vgg.5", answer)


def test_glorots_rule_is_told_from_a_lost_half_where_layers_widen():
    from cnnlib.check.signal_size import slip

    net = draw(nn.Sequential(nn.Conv2d(4, 64, 3), nn.ReLU(), nn.Conv2d(64, 200, 3)), lambda a, b: (2 / (a + b)) ** 0.5)
    assert "Glorot" in slip(net)
