"""The exercises of "Debug the notes", parts one and two: programs that stop, and programs that are silently wrong."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check import check
from cnnlib.check.debug.programs import InceptionA, vgg_block

PROGRAM = """
import torch
import torch.nn
import torch.nn.functional as F

class ResidualBlock(nn.Module):
    def __init__(self, channels):
        super(ResidualBlock, self).__init__()
        self.conv1 = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, padding=1)

    def forward(self, x):
        y = F.relu(self.conv1(x))
        y = self.conv2(y)
        return F.relu(y + x)

class Net(nn.Module):
    def __init__(self):
        super(Net2, self).__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=5)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=5)
        self.mp = nn.MaxPool2d(2)
        self.rcblock1 = ResidualBlock(16)
        self.rcblock2 = ResidualBlock(32)
        self.fc = nn.Linear(512, 10)

    def forward(self, x):
        batch_size = x.size(0)
        x = self.mp(F.relu(self.conv1(x)))
        x = self.rcblock1(x)
        x = self.mp(F.relu(self.conv2(x)))
        x = self.rcblock2(x)
        x = x.view(batch_size, -1)
        print(x.size(1))
        x = self.fc(x)
        return x
"""
IMPORTED = PROGRAM.replace("import torch.nn\n", "from torch import nn\n")
NAMED = IMPORTED.replace("Net2", "Net")
QUIET = NAMED.replace("        print(x.size(1))\n", "")
SURVIVORS = {(1, 1, 64): True, (1, 64, 128): True, (2, 128, 256): False, (2, 256, 512): False, (2, 512, 512): True}


def without_relu(n, c_in, c_out):
    return nn.Sequential(*(layer for layer in vgg_block(n, c_in, c_out) if not isinstance(layer, nn.ReLU)))


def flat(cfg, side):
    for entry in cfg:
        side = side // 2 if entry == "M" else side
    return [entry for entry in cfg if entry != "M"][-1] * side**2


def steps(cnn, loader, lr, sign=-1, rebind=False, clear=True, softmax=False):
    loss_func = nn.CrossEntropyLoss()
    for x, y in loader:
        output = cnn(x)
        loss = loss_func(output.softmax(dim=1) if softmax else output, y)
        if clear:
            cnn.zero_grad()
        loss.backward()
        with torch.no_grad():
            for weight in cnn.parameters():
                if rebind:
                    weight = weight + sign * lr * weight.grad  # noqa: PLW2901
                else:
                    weight += sign * lr * weight.grad  # noqa: PLW2901


def with_an_optimizer(cnn, loader, lr):
    optimizer, loss_func = torch.optim.SGD(cnn.parameters(), lr=lr), nn.CrossEntropyLoss()
    for x, y in loader:
        optimizer.zero_grad()
        loss_func(cnn(x), y).backward()
        optimizer.step()


def as_in_note_004(cnn, loader, lr):
    for x, _ in loader:
        cnn(x)
        cnn.zero_grad()
        loss.backward()  # noqa: F821


def measured(net, x, y, evaluate=True, restore=True, scale=1.0):
    mode = net.training
    net.train(not evaluate)
    with torch.no_grad():
        share = scale * (net(x).argmax(dim=1) == y).float().mean().item()
    net.train(mode if restore else True)
    return share


def shifts_the_statistics(net, x, y):
    net.train()
    net(x)
    return measured(net, x, y)


def p_of(layer, n=100_000):
    return (layer.train()(torch.ones(n)) == 0).float().mean().item()


def p_by_scale(layer):
    return 1 - 1 / layer(torch.ones(1000)).max().item()


def by_counting(x):
    ones = F.avg_pool2d(torch.ones_like(x), 3, stride=1, padding=1)
    return F.avg_pool2d(x, 3, stride=1, padding=1) / ones


def scale(train, test, by=None, dims=(0, 2, 3), power=1):
    mean, std = train.mean(dim=dims, keepdim=True), train.std(dim=dims, keepdim=True) ** power
    own = by == "own"
    m, s = (test.mean(dim=dims, keepdim=True), test.std(dim=dims, keepdim=True)) if own else (mean, std)
    return (train - mean) / std, (test if by == "left" else (test - m) / s)


RIGHT = {
    "debug.1": [vgg_block],
    "debug.2": [SURVIVORS],
    "debug.3": [QUIET, PROGRAM.replace("import torch.nn\n", "import torch.nn as nn\n").replace("Net2, self", "")
                .replace("        print(x.size(1))\n", "")],
    "debug.4": [flat],
    "debug.5": [
        lambda model, x, y: tuple(t.to(next(model.parameters()).device) for t in (x, y)),
        lambda model, x, y: [x.to(model.weight.device), y.to(model.weight.device)],
    ],
    "debug.6": [steps, with_an_optimizer],
    "debug.7": [measured],
    "debug.8": [p_of, p_by_scale],
    "debug.9": [by_counting, lambda x: F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)],
    "debug.10": [InceptionA],
    "debug.11": [scale],
}  # fmt: skip

WRONG = {
    "debug.1": [
        (lambda *a: vgg_block(*a, "never updated"), "letter by letter"),
        (lambda *a: vgg_block(*a, "pooling in the loop"), "How far must the line"),
        (without_relu, "ReLU"),
        (lambda n, c_in, c_out: vgg_block(n, c_in, c_out)[:-1], "0 poolings"),
        (lambda n, c_in, c_out: [], "an nn.Module is wanted"),
    ],
    "debug.2": [
        (dict.fromkeys(SURVIVORS, True), "2 of 5"),
        (SURVIVORS | {(2, 512, 512): False}, "1 of 5 is not so. One of them is (2, 512, 512)"),
        (SURVIVORS | {(1, 1, 64): "yes"}, "one of True, False"),
        ([True] * 5, "a dict"),
    ],
    "debug.3": [
        (PROGRAM, "name 'nn' is not defined"),
        (IMPORTED, "Net2"),
        (NAMED, "'512'"),
        (QUIET.replace("y + x", "y"), "something else"),
        (QUIET.replace("kernel_size=3, padding=1", "kernel_size=1"), "the note's parameters"),
        (QUIET.replace("class Net(", "class Nets("), "defines no Net"),
        ("class Net(", "does not parse"),
        ("raise SystemExit", "stops with SystemExit"),
        (7, "the text of the program"),
    ],
    "debug.4": [
        (lambda cfg, side: 2048, "PyTorch has 512"),
        (lambda cfg, side: 512, "How many cells"),
        (lambda cfg, side: 512 * side // 32, "a height and a width"),
        (lambda cfg, side: flat(cfg, side) if "M" not in cfg[-2:-1] and side % 4 == 0
         else [c for c in cfg if c != "M"][-1] * (side / 2 ** cfg.count("M")) ** 2, "drops an odd row"),
    ],
    "debug.5": [
        (lambda model, x, y: (x, y), "the network is on 'meta'"),
        (lambda model, x, y: (x.to(next(model.parameters()).device), y), "your y"),
        (lambda model, x, y: (x.to(model.weight.device) + 1, y.to(model.weight.device)), "x comes back changed"),
        (lambda model, x, y: model.to_empty(device="cpu") and (x, y), "'cpu'"),
        (lambda model, x, y: x, "two tensors"),
    ],
    "debug.6": [
        (as_in_note_004, "Which line calls it?"),
        (lambda *a: steps(*a, rebind=True), "not one weight has moved"),
        (lambda *a: steps(*a, sign=1), "Where does a gradient point?"),
        (lambda *a: steps(*a, clear=False), "earlier steps"),
        (lambda *a: steps(*a, softmax=True), "takes logits"),
        (lambda *a: steps(a[0], a[1], 2 * a[2]), "not by one step"),
        (lambda *a: 3, "never called"),
    ],
    "debug.7": [
        (lambda *a: measured(*a, evaluate=False), "in training mode"),
        (lambda *a: measured(*a, restore=False), "leaves in training mode"),
        (lambda net, x, y: measured(net.eval(), x, y), "leaves in evaluation mode"),
        (lambda *a: measured(*a, scale=100), "in percent"),
        (lambda *a: measured(*a, scale=40), "how many"),
        (shifts_the_statistics, "in training mode"),
        (lambda net, x, y: "all", "one number"),
    ],
    "debug.8": [
        (lambda layer: 1 - p_of(layer) if p_of(layer) != 0.5 else 0.5, "the share that stays"),
        (lambda layer: layer(torch.ones(1000)).max(), "the factor"),
        (lambda layer: 0.5, "not always one half"),
    ],
    "debug.9": [
        (lambda x: F.avg_pool2d(x, 3, 1, 1), "4/9"),
        (lambda x: F.max_pool2d(x, 3, 1, 1), "largest"),
        (lambda x: F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1), "invented cells"),
        (lambda x: F.avg_pool2d(x, 3, 1), "has shape"),
        (lambda x: 0 * x, "should stay one"),
    ],
    "debug.10": [
        (lambda c: InceptionA(c, inner=False, last=False), "as straight as before"),
        (lambda c: InceptionA(c, last=False), "whichever comes next"),
        (lambda c: InceptionA(c, inner=False), "are still one"),
        (lambda c: nn.Conv2d(c, 88, 5, padding=2), "Keep names and sizes"),
        (lambda c: "block", "an nn.Module is wanted"),
    ],
    "debug.11": [
        (lambda *a: scale(*a, by="own"), "by themselves"),
        (lambda *a: scale(*a, by="left"), "as they were"),
        (lambda *a: scale(*a, dims=(0, 1, 2, 3)), "for each channel"),
        (lambda *a: scale(*a, power=2), "not by its square"),
        (lambda train, test: scale(torch.cat([train, test]), test), "has shape"),
        (lambda train, test: train, "two tensors"),
    ],
}  # fmt: skip


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


@pytest.mark.parametrize("name", [name for name in RIGHT if callable(RIGHT[name][0])])
def test_a_stub_is_not_answered(capsys, name):
    def stub(*arguments):
        ...

    assert "not answered yet" in said(capsys, name, stub)


def test_a_prediction_with_a_gap_is_not_answered(capsys):
    assert "not answered yet" in said(capsys, "debug.2", SURVIVORS | {(1, 1, 64): ...})


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name in RIGHT for answer in RIGHT[name]])
def test_right_answers_pass(name, answer):
    check(name, answer, strict=True)


@pytest.mark.parametrize(("name", "answer", "hint"), [(n, a, h) for n in WRONG for a, h in WRONG[n]])
def test_slips_get_their_own_hint(capsys, name, answer, hint):
    out = said(capsys, name, answer)
    assert out.startswith("✗") and hint in out
