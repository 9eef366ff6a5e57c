"""The LeNets: the paper's of 1998, the one everybody builds today, and the one of the students' note.

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86(11), 1998, section II.B, figure 2 and table I.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from cnnlib.errors import BadInput, unknown
from cnnlib.models.digit_codes import DIGIT_CODES
from cnnlib.models.registry import register

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "none": nn.Identity}
POOLINGS = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}

# Table I of the paper: the S2 maps that each of the sixteen C3 maps is joined to.
C3_TABLE = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip


class ScaledTanh(nn.Module):
    """The paper's squashing function ``1.7159 tanh(2/3 a)``, which maps ±1 to ±1 (its appendix A)."""

    def forward(self, a):
        """Return the squashed values, same shape."""
        return 1.7159 * torch.tanh(2 / 3 * a)


class Subsampling(nn.Module):
    """The paper's pooling: the sum of four cells, times one trainable number a map, plus another.

    Parameters
    ----------
    channels : int
        Feature maps, each with its own two numbers.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.coefficient = nn.Parameter(torch.full((channels, 1, 1), 0.25))  # starts as the mean of the four cells
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, maps):
        """Return maps of half the height and width."""
        return self.coefficient * (4 * nn.functional.avg_pool2d(maps, 2)) + self.bias


class SparseConv(nn.Module):
    """C3: a convolution whose filters each see only some of the input maps.

    Parameters
    ----------
    table : tuple of tuple of int
        For each output map, the input maps that it sees.
    in_channels, kernel_size : int
        As in ``nn.Conv2d``.
    """

    def __init__(self, table, in_channels: int, kernel_size: int):
        super().__init__()
        pairs = [(o, i) for o, inputs in enumerate(table) for i in inputs]
        self.shape = (len(table), in_channels, kernel_size, kernel_size)
        self.register_buffer("outputs", torch.tensor([o for o, _ in pairs]))
        self.register_buffer("inputs", torch.tensor([i for _, i in pairs]))
        self.kernels = nn.Parameter(torch.empty(len(pairs), kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(len(table)))

    def dense_weight(self):
        """Return the kernels as a weight of ``nn.Conv2d``'s shape, zero where two maps are not joined."""
        return self.kernels.new_zeros(self.shape).index_put((self.outputs, self.inputs), self.kernels)

    def forward(self, maps):
        """Return one feature map for each row of the table."""
        return nn.functional.conv2d(maps, self.dense_weight(), self.bias)


class EuclideanRBF(nn.Module):
    """The output layer: for each class, the squared distance of F6 to a fixed code of ±1.

    The paper trains by making the right class's distance small (equation 8) and the others' large (equation 9).
    With the distances' negatives as logits, PyTorch's cross-entropy is equation 9 without its constant ``exp(-j)``.
    """

    def __init__(self):
        super().__init__()
        self.register_buffer("codes", torch.tensor(DIGIT_CODES, dtype=torch.float32))

    def forward(self, features):
        """Return logits (N, 10): minus the squared distances."""
        return -((features[:, None] - self.codes) ** 2).sum(dim=2)


@register(
    "lenet5_1998",
    title="LeNet-5 (1998)",
    year=1998,
    idea="convolution and subsampling, trained as one",
    source="LeCun et al., Proceedings of the IEEE 86(11), 1998, section II.B, figure 2, table I",
    departures=(
        "the output codes: the paper shows its 7×12 pictures of the digits only as a figure; ours are drawn anew",
        "logits are minus the paper's distances, so that the largest wins, and the loss can be cross-entropy",
        "plain SGD in our recipes; the paper uses a stochastic diagonal Levenberg-Marquardt step",
    ),
    input_shape=(1, 32, 32),
    parameters=60_000,
)
class LeNet5Of1998(nn.Sequential):
    """LeNet-5 as printed: sparse C3, trainable subsampling, scaled tanh, distances to fixed codes.

    Input (N, 1, 32, 32), output logits (N, 10).
    """

    def __init__(self):
        super().__init__(
            OrderedDict(
                c1=nn.Conv2d(1, 6, kernel_size=5),        # 6×28×28
                squash1=ScaledTanh(),
                s2=Subsampling(6),                        # 6×14×14
                squash2=ScaledTanh(),
                c3=SparseConv(C3_TABLE, 6, kernel_size=5),  # 16×10×10
                squash3=ScaledTanh(),
                s4=Subsampling(16),                       # 16×5×5
                squash4=ScaledTanh(),
                c5=nn.Conv2d(16, 120, kernel_size=5),     # 120×1×1
                squash5=ScaledTanh(),
                flatten=nn.Flatten(),
                f6=nn.Linear(120, 84),
                squash6=ScaledTanh(),
                out=EuclideanRBF(),
            )
        )
        inputs_of_c3 = torch.tensor([25 * len(inputs) for inputs in C3_TABLE for _ in inputs]).view(-1, 1, 1)
        fan_ins = {self.c1: 25, self.c3: inputs_of_c3, self.c5: 400, self.f6: 120}  # how many inputs one unit has
        for layer, fan_in in fan_ins.items():
            weight = layer.kernels if layer is self.c3 else layer.weight
            nn.init.uniform_(weight, -2.4, 2.4).data /= fan_in  # appendix A: from -2.4/F to 2.4/F
            nn.init.zeros_(layer.bias)


@register(
    "lenet5",
    title="LeNet-5 (modern)",
    year=1998,
    idea="the plan of 1998 with ReLU and max pooling",
    source="LeCun et al. 1998 as it is usually built today",
    departures=(
        "ReLU for the scaled tanh, max pooling without parameters for trainable subsampling",
        "C3 joined to all six maps; a fully connected output for the distances to codes",
        "28×28 input with padding 2 in C1 for the 32×32 input of the paper",
    ),
    input_shape=(1, 28, 28),
    parameters=61_706,
)
def lenet5(
    in_channels: int = 1,
    num_classes: int = 10,
    activation: str = "relu",
    pooling: str = "max",
    padding: int = 2,
    image_size: int = 28,
) -> nn.Module:
    """Build LeNet-5 as it is usually built today.

    Parameters
    ----------
    in_channels, num_classes : int
        3 for colour pictures; the number of logits.
    activation : {'relu', 'sigmoid', 'tanh', 'none'}
        What follows each convolution and hidden layer.
    pooling : {'max', 'average'}
        What follows each convolution's activation.
    padding : int
        In the first convolution: 2 keeps its size.
    image_size : int
        Height and width of the input.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, image_size, image_size) to logits (N, num_classes).

    Raises
    ------
    BadInput
        If the activation or the pooling is unknown, or the pictures are too small.

    Examples
    --------
    The net of exercise 0502, for 32×32 colour pictures, has 62,006 parameters:

    >>> net = lenet5(in_channels=3, padding=0, image_size=32)
    >>> sum(p.numel() for p in net.parameters())
    62006
    """
    if activation not in ACTIVATIONS:
        raise unknown("activation", activation, ACTIVATIONS)
    if pooling not in POOLINGS:
        raise unknown("pooling", pooling, POOLINGS)
    act, pool = ACTIVATIONS[activation], POOLINGS[pooling]
    side = ((image_size + 2 * padding - 4) // 2 - 4) // 2  # 5 for 28 with padding 2, and for 32 without
    if side < 1:
        raise BadInput(
            f"image_size is {image_size}; with padding {padding} it must be at least {16 - 2 * padding}, or nothing is "
            "left after the second pooling. Use larger pictures or more padding."
        )
    return nn.Sequential(
        OrderedDict(
            c1=nn.Conv2d(in_channels, 6, kernel_size=5, padding=padding), act1=act(), s2=pool(2),
            c3=nn.Conv2d(6, 16, kernel_size=5), act3=act(), s4=pool(2),
            flatten=nn.Flatten(),
            c5=nn.Linear(16 * side * side, 120), act5=act(),
            f6=nn.Linear(120, 84), act6=act(),
            out=nn.Linear(84, num_classes),
        )
    )  # fmt: skip


def _note001(conv_activation: type[nn.Module]) -> nn.Module:
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 6, kernel_size=5), act1=conv_activation(), pool1=nn.AvgPool2d(2),
            conv2=nn.Conv2d(6, 16, kernel_size=5), act2=conv_activation(), pool2=nn.AvgPool2d(2),
            flatten=nn.Flatten(),
            fc1=nn.Linear(16 * 4 * 4, 320), relu1=nn.ReLU(),
            fc2=nn.Linear(320, 80), relu2=nn.ReLU(),
            fc3=nn.Linear(80, 10),
        )
    )  # fmt: skip


@register(
    "lenet_note001",
    title="LeNet of note 001",
    idea="LeNet's plan without activations between the convolutions",
    source="the students' note 001, its PyTorch listing",
    departures=("modules in one nn.Sequential, with nn.Identity where the note's forward applies no activation",),
    input_shape=(1, 28, 28),
    parameters=111_302,
)
def lenet_note001() -> nn.Module:
    """Build the net of note 001 as its code has it: 320 and 80 units, and no activation after the convolutions.

    Examples
    --------
    >>> sum(p.numel() for p in lenet_note001().parameters())
    111302
    """
    return _note001(nn.Identity)


@register(
    "lenet_note001_relu",
    title="LeNet of note 001, with ReLU after the convolutions",
    idea="the same with the two forgotten activations",
    source="the students' note 001, its PyTorch listing",
    departures=("a ReLU after each convolution, which the note leaves out",),
    input_shape=(1, 28, 28),
    parameters=111_302,
)
def lenet_note001_relu() -> nn.Module:
    """Build the net of note 001 with the two activations that it forgets.

    Examples
    --------
    >>> lenet_note001_relu().act1
    ReLU()
    """
    return _note001(nn.ReLU)
