"""Part four: wrong explanations."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.arithmetic import conv_macs, conv_output_size, conv_parameters, linear_macs, linear_parameters
from cnnlib.check.debug.asking import a_prediction, a_tensor, how_many_are_wrong
from cnnlib.check.engine import Wrong, call, exercise


@exercise("debug.16", "plus one, or plus the identity?")
def block_jacobian(answer) -> str:
    """Judge ``answer(dF, s)``: the derivative of ReLU(F(x) + x), against autograd."""
    for n, seed in ((3, 0), (5, 1)):
        random = torch.Generator().manual_seed(seed)
        A, x = (torch.randn(*shape, generator=random, dtype=torch.float64) for shape in ((n, n), (n,)))

        def residual(v, A=A):
            return torch.tanh(A @ v)

        def block(v, F=residual):
            return torch.relu(F(v) + v)

        dF, s = torch.autograd.functional.jacobian(residual, x), residual(x) + x
        right, eye, on = torch.autograd.functional.jacobian(block, x), torch.eye(n).double(), (s > 0).double()
        given = a_tensor(call(answer, dF.clone(), s.clone()), (n, n), "the derivative, a matrix,")
        if torch.allclose(given, right):
            continue
        for wrong, hint in (
            (dF + eye, "that holds before the last ReLU. What does the ReLU do to a row whose sum is negative?"),
            (dF + 1, "`dF + 1` adds 1 to every entry. Which matrix is the derivative of x with respect to x?"),
            ((dF + 1) * on[:, None], "`dF + 1` adds 1 to every entry. Which matrix is the derivative of x itself?"),
            ((dF + eye) * on, "the ReLU acts on outputs, and an output is a row; you have blanked columns"),
            (dF * on[:, None] + eye, "the shortcut goes through the last ReLU as well: it is added before it"),
            (dF * on[:, None], "where is the shortcut?"),
        ):
            if torch.allclose(given, wrong):
                raise Wrong(hint)
        raise Wrong(f"an entry is off by {(given - right).abs().max():.2g} from what autograd finds")
    return "equals autograd's derivative of the whole block"


def layers_until_zero(dtype: torch.dtype, slope: float = 0.25) -> int:
    """Return how many times 1 must be multiplied by a slope below 1, in this number format, until it is zero.

    Examples
    --------
    >>> layers_until_zero(torch.float32)
    75
    """
    value, count = torch.ones((), dtype=dtype), 0
    while value > 0:
        value, count = value * slope, count + 1
    return count


@exercise("debug.17", "when does a gradient underflow?")
def underflow(answer) -> str:
    """Judge a dict from number format to the number of layers, by multiplying."""
    truth = {name: layers_until_zero(getattr(torch, name)) for name in ("float32", "bfloat16", "float16")}
    hints = {
        "float32": "the smallest positive number is 2^-149, and ¼ is 2^-2. What is half of the smallest rounded to?",
        "bfloat16": "it has float32's exponents and 7 bits behind the point; the smallest number is 2^-133",
        "float16": "it has 5 bits of exponent and 10 behind the point; the smallest number is 2^-24",
    }
    how_many_are_wrong(a_prediction(answer, truth), truth, hints)
    return f"{truth['float32']} layers at the sigmoid's steepest slope; 56 do not underflow in float32"


@exercise("debug.18", "what may stand in the place of the labels?")
def targets(answer) -> str:
    """Judge a dict of predictions about nn.CrossEntropyLoss by handing it such labels."""
    z, y = torch.randn(6, 4, generator=torch.Generator().manual_seed(18)), torch.tensor([0, 1, 2, 0, 1, 2])
    right = F.cross_entropy(z, y)
    kinds = {
        "one-hot rows, float": F.one_hot(y, 4).float(),
        "one-hot rows, int64": F.one_hot(y, 4),
        "class indices, float": y.float(),
        "class indices as a column (N, 1)": y[:, None],
        "class indices that start at 1": y + 1,
        "one-hot rows smoothed by 0.1": 0.9 * F.one_hot(y, 4) + 0.1 / 4,
    }
    truth = {}
    for name, target in kinds.items():
        try:
            truth[name] = "the same" if torch.allclose(F.cross_entropy(z, target), right) else "another loss"
        except (RuntimeError, IndexError):
            truth[name] = "an error"
    hints = {
        "one-hot rows, float": "rows of C numbers are read as probabilities of the classes",
        "one-hot rows, int64": "rows are read as probabilities; can whole numbers be that to PyTorch?",
        "class indices, float": "an index is a whole number; what does PyTorch say of tensor[1.0]?",
        "class indices as a column (N, 1)": "neither (N,) nor (N, C): is anything stretched to fit?",
        "class indices that start at 1": "of four classes, 2 + 1 is still one. Of which picture?",
        "one-hot rows smoothed by 0.1": "a valid distribution; but is it the same one?",
    }
    how_many_are_wrong(a_prediction(answer, truth, ("the same", "another loss", "an error")), truth, hints)
    return "three kinds are refused, one is the same, and two are accepted and mean something else"


def claims() -> dict[str, bool]:
    """Return twelve claims of the notes, or what follows from them, each with what a computation says (but for two).

    Examples
    --------
    >>> claims()["padding is needed where the stride does not come out even"]
    False
    """
    random = torch.Generator().manual_seed(19)
    x = torch.randn(2, 6, 9, 9, generator=random)
    car, cat = torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8)
    car[..., 1, 1], cat[..., 6, 6] = 1.0, 3.0  # the answer of one filter to each, the stranger's the louder
    dropped = nn.Sequential(nn.Linear(6, 6), nn.Dropout(0.5)).train()
    dropped(x[:, :, 0, 0])
    conv, one = nn.Conv2d(6, 16, 5), nn.Conv2d(6, 4, 1)
    everywhere = F.linear(x.movedim(1, -1), one.weight[:, :, 0, 0], one.bias).movedim(-1, 1)
    rectified = {"Jarrett and others": 2009, "Nair and Hinton": 2010, "AlexNet": 2012}
    slid = conv_macs(1, 6, 5, 24) + conv_macs(6, 6, 5, 8)  # the convolutions of 0501, without its head
    dense = sum(linear_macs(a, b) for a, b in ((784, 8), (8, 8), (8, 10)))
    return {
        "pooling reduces the parameters of the convolution behind it":
            sum(p.numel() for p in nn.Sequential(nn.MaxPool2d(2), conv).parameters()) < conv_parameters(6, 16, 5),
        "pooling reduces the parameters of a fully connected layer behind it":
            linear_parameters(6 * 4 * 4, 10) < linear_parameters(6 * 9 * 9, 10),
        "half the side, twice the channels: a 3×3 convolution costs the same":
            len({conv_macs(c, c, 3, side) for side, c in ((32, 64), (16, 128), (8, 256))}) == 1,
        "padding is needed where the stride does not come out even": conv_output_size(6, 3, 2) < 1,
        "max pooling and ReLU may change places":
            torch.equal(F.max_pool2d(x, 3, 2).relu(), F.max_pool2d(x.relu(), 3, 2)),
        "average pooling and ReLU may change places":
            torch.allclose(F.avg_pool2d(x, 3, 2).relu(), F.avg_pool2d(x.relu(), 3, 2)),
        "max pooling keeps a louder stranger elsewhere in the picture out":
            F.max_pool2d(car + cat, 8).item() == car.max().item(),
        "dropout with p = 0.5 sets half of the layer's parameters to zero":
            any((p == 0).any().item() for p in dropped.parameters()),
        "a 1×1 convolution is a fully connected layer over the channels, at every pixel":
            torch.allclose(one(x), everywhere, atol=1e-6),
        "networks with equally many parameters do equally much work": slid < 2 * dense,
        "AlexNet was the first network with ReLU": min(rectified, key=rectified.get) == "AlexNet",
        "it is settled that internal covariate shift is why batch norm works": False,  # Santurkar and others, 2018
    }  # fmt: skip


@exercise("debug.19", "twelve claims")
def twelve_claims(answer) -> str:
    """Judge a dict from claim to True or False by computing each of them that can be computed."""
    truth = claims()
    hints = dict(zip(truth, (
        "where does the side of the picture stand in C_out (C_in k² + 1)?",
        "how many numbers does flattening hand on, before and after?",
        "a quarter of the places; and how many pairs of channels?",
        "try 6 cells, a kernel of 3, a stride of 2 and no padding",
        "ReLU never turns the order of two numbers round",
        "take the cells 4 and -4",
        "what is the largest number of the whole picture?",
        "count the zeros in the layer's weight, and in its output",
        "at one pixel, what does each output add up, and over what?",
        "how often is a weight used in a convolution, and how often in a fully connected layer?",
        "whom does AlexNet's paper cite for it?",
        "what became of batch norm's help where noise was added behind it, so that the shift came back?",
    ), strict=True))  # fmt: skip
    how_many_are_wrong(a_prediction(answer, truth, (True, False)), truth, hints)
    return f"{sum(truth.values())} of the {len(truth)} are so; ten are computed, one needs a date and one a paper"


TERMS = {
    "触发器": ("floating-point operations", "literally 'flip-flop'. What is proportional to the size of a map?"),
    "分段卷积": ("strided convolution", "literally 'segmented'. Which convolution shrinks a map as pooling does?"),
    "单位差异": ("unit variance", "batch norm gives mean zero and one more thing"),
    "功能": ("features", "a network that overfits relies too much on certain … of the training set"),
    "运行的时期": ("epochs to run", "how often all the training pictures are gone through"),
    "covnets": ("convnets", "two letters have changed places"),
    "AlesNet": ("AlexNet", "a letter's neighbour on the keyboard"),
    "32*32GB": ("32×32 RGB", "how many bytes has a gigabyte, and how many has a small colour picture?"),
    "3128个过滤器": ("3 units of 128 filters", "the sentence before has 3 units of 64 filters"),
    "3个函数": ("a third function", "how many functions does a convolution of f and g make?"),
}


@exercise("debug.20", "translate back")
def translate(answer) -> str:
    """Judge a dict from the notes' words to the English terms that were meant."""
    truth = {word: term for word, (term, _) in TERMS.items()}
    hints = {word: hint for word, (_, hint) in TERMS.items()}
    how_many_are_wrong(a_prediction(answer, truth, tuple(truth.values())), truth, hints)
    return f"all {len(truth)}: none of them is a mistake of thought"
