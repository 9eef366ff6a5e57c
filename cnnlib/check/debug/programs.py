"""The notes' programs, whole and with their mistakes, so that an exercise can tell which of them is left."""

from __future__ import annotations

import contextlib
import io

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check.engine import Wrong


def vgg_block(num_convs: int, in_channels: int, out_channels: int, slip: str = "") -> nn.Sequential:
    """Return the VGG block of note 000.

    Parameters
    ----------
    num_convs, in_channels, out_channels : int
        Convolutions of 3×3; channels that come in and go out.
    slip : {'', 'never updated', 'pooling in the loop'}
        The note's ``in_chanels``, or the line behind the tab one level too deep.

    Examples
    --------
    >>> vgg_block(2, 3, 8)[2].in_channels, vgg_block(2, 3, 8, "never updated")[2].in_channels
    (8, 3)
    """
    layers, came_in = [], in_channels
    for _ in range(num_convs):
        layers += [nn.Conv2d(came_in, out_channels, kernel_size=3, padding=1), nn.ReLU()]
        came_in = in_channels if slip == "never updated" else out_channels
        if slip == "pooling in the loop":
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
    if slip != "pooling in the loop":
        layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
    return nn.Sequential(*layers)


class ResidualNet(nn.Module):
    """The small residual network of note 002: (N, 1, 28, 28) to logits (N, 10)."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 16, 5), nn.Conv2d(16, 32, 5)
        self.rcblock1, self.rcblock2 = (
            nn.ModuleDict({f"conv{i}": nn.Conv2d(c, c, 3, padding=1) for i in (1, 2)}) for c in (16, 32)
        )
        self.fc = nn.Linear(512, 10)

    def forward(self, x):
        """Return the logits."""
        for conv, block in ((self.conv1, self.rcblock1), (self.conv2, self.rcblock2)):
            x = F.max_pool2d(F.relu(conv(x)), 2)
            x = F.relu(x + block["conv2"](F.relu(block["conv1"](x))))
        return self.fc(x.flatten(1))


class InceptionA(nn.Module):
    """The Inception block of note 002, with or without activations: (N, C, H, W) to (N, 88, H, W).

    Parameters
    ----------
    in_channels : int
        Channels C that come in.
    inner, last : bool
        A ReLU behind each convolution that another one follows in its branch; behind each that ends a branch.
    """

    BRANCHES = (("branch1x1",), ("branch5x5_1", "branch5x5_2"),
                ("branch3x3_1", "branch3x3_2", "branch3x3_3"), ("branch_pool",))  # fmt: skip

    def __init__(self, in_channels: int, inner: bool = True, last: bool = True):
        super().__init__()
        self.inner, self.last = inner, last
        for name, c_in, c_out, k in (
            ("branch1x1", in_channels, 16, 1), ("branch5x5_1", in_channels, 16, 1), ("branch5x5_2", 16, 24, 5),
            ("branch3x3_1", in_channels, 16, 1), ("branch3x3_2", 16, 24, 3), ("branch3x3_3", 24, 24, 3),
            ("branch_pool", in_channels, 24, 1),
        ):  # fmt: skip
            self.add_module(name, nn.Conv2d(c_in, c_out, k, padding=k // 2))

    def forward(self, x):
        """Return the four branches' maps, one behind the other."""
        ends = []
        for names in self.BRANCHES:
            y = F.avg_pool2d(x, 3, stride=1, padding=1) if names == ("branch_pool",) else x
            for name in names:
                y = self.get_submodule(name)(y)
                y = y.relu() if (self.last if name == names[-1] else self.inner) else y
            ends.append(y)
        return torch.cat(ends, dim=1)


class LeNetOfNote001(nn.Module):
    """The LeNet of note 001, (N, 1, 28, 28) to logits (N, 10), with a ReLU behind the layers named.

    Parameters
    ----------
    bends : tuple of str
        Of ``conv1``, ``pool1``, ``conv2``, ``pool2``, those with a ReLU behind them; none in the note.
    """

    def __init__(self, bends: tuple[str, ...] = ()):
        super().__init__()
        self.bends = bends
        self.conv1, self.pool1 = nn.Conv2d(1, 6, 5), nn.AvgPool2d(2, stride=2)
        self.conv2, self.pool2 = nn.Conv2d(6, 16, 5), nn.AvgPool2d(2, stride=2)
        self.fc1, self.fc2, self.fc3 = nn.Linear(256, 320), nn.Linear(320, 80), nn.Linear(80, 10)

    def forward(self, x):
        """Return the logits."""
        for name in ("conv1", "pool1", "conv2", "pool2"):
            x = self.get_submodule(name)(x)
            x = x.relu() if name in self.bends else x
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x.flatten(1))))))


def run_text(text: str) -> dict:
    """Run a program given as text, as a fresh notebook would; return what it has defined.

    Raises
    ------
    Wrong
        If it does not parse or stops with an error, with the line where it happened.
    """
    space: dict = {"__name__": "program"}
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(text, "<program>", "exec"), space)
    except SyntaxError as problem:
        raise Wrong(f"your program does not parse: {problem.msg}, line {problem.lineno}") from None
    except (Exception, SystemExit) as problem:
        raise Wrong(f"your program stops with {type(problem).__name__}: {problem}") from problem
    return space
