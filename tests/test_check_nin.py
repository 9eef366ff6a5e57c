"""The exercises on NiN: right answers in several forms, and slips that get their own hint."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check import check
from cnnlib.models.nin import mlpconv as build_mlpconv


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def conv_of(linear, weight=None, bias=True):
    weight = linear.weight[:, :, None, None] if weight is None else weight
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], 1, bias=bias and linear.bias is not None)
    conv.weight.data = weight.detach().clone()
    if conv.bias is not None:
        conv.bias.data = linear.bias.detach().clone()
    return conv


def by_state(linear):
    conv = nn.Conv2d(linear.in_features, linear.out_features, kernel_size=1, bias=linear.bias is not None)
    conv.load_state_dict({k: v.reshape(*v.shape, 1, 1) if k == "weight" else v for k, v in linear.state_dict().items()})
    return conv


def transposed_where_square(fc):
    square = fc.in_features == fc.out_features
    return conv_of(fc, fc.weight.T[:, :, None, None] if square else None)


def with_random_bias(linear):
    conv = conv_of(linear)
    return conv if conv.bias is not None else nn.Conv2d(linear.in_features, linear.out_features, 1)


def block(ins, channels, kernel_size, stride, padding, relus=(1, 1, 1), spread=False):
    a, b, c = channels
    extra = (stride, padding) if spread else ()
    layers = [nn.Conv2d(ins, a, kernel_size, stride, padding), nn.Conv2d(a, b, 1, *extra), nn.Conv2d(b, c, 1)]
    return nn.Sequential(
        *(m for layer, relu in zip(layers, relus, strict=True) for m in (layer, *[nn.ReLU()] * relu))
    )


class Functional(nn.Module):
    def __init__(self, ins, channels, kernel_size, stride, padding):
        super().__init__()
        a, b, c = channels
        self.conv = nn.Conv2d(ins, a, kernel_size, stride=stride, padding=padding)
        self.one, self.two = nn.Conv2d(a, b, 1), nn.Conv2d(b, c, 1)

    def forward(self, x):
        return F.relu(self.two(F.relu(self.one(F.relu(self.conv(x))))))


RIGHT = {
    "nin.1": [conv_of, by_state],
    "nin.2": [lambda c, s, k: (k * (c * s * s + 1), k * (c + 1)),
              lambda c, s, k: [sum(p.numel() for p in nn.Linear(c * s * s, k).parameters()),
                               sum(p.numel() for p in nn.Conv2d(c, k, 1).parameters())]],
    "nin.3": [block, Functional, lambda *a: build_mlpconv(*a)],
    "nin.4": [lambda f, fc: F.conv2d(f, fc.weight[:, :, None, None], fc.bias),
              lambda f, fc: torch.einsum("oc,nchw->nohw", fc.weight, f) + fc.bias[:, None, None],
              lambda f, fc: fc(f.movedim(1, -1)).movedim(-1, 1)],
}  # fmt: skip

WRONG = [
    ("nin.1", transposed_where_square, "transposed"),
    ("nin.1", lambda fc: nn.Conv2d(fc.out_features, fc.in_features, 1), "outputs first"),
    ("nin.1", lambda fc: conv_of(fc, bias=False), "only the bias is missing"),
    ("nin.1", with_random_bias, "without a bias wants"),
    ("nin.1", lambda fc: nn.Conv2d(fc.in_features, fc.out_features, 1), "other numbers"),
    ("nin.1", lambda fc: fc, "nn.Conv2d is wanted"),
    ("nin.2", lambda c, s, k: (k * c * s * s, k * (c + 1)), "Each unit has a bias"),
    ("nin.2", lambda c, s, k: (k * (c * s + 1), k * (c + 1)), "side × side"),
    ("nin.2", lambda c, s, k: (k * (c * s * s + 1), k * c), "Each filter has a bias"),
    ("nin.2", lambda c, s, k: (k * (c * s * s + 1), k * (c * s * s + 1)), "share one filter"),
    ("nin.2", lambda c, s, k: k * c, "two numbers are wanted"),
    ("nin.3", lambda *a: block(*a, relus=(1, 1, 0)), "last ReLU is missing"),
    ("nin.3", lambda *a: block(*a, relus=(0, 1, 1)), "missing after the convolution"),
    ("nin.3", lambda *a: block(*a, relus=(1, 0, 1)), "between the two 1×1"),
    ("nin.3", lambda *a: block(*a, relus=(0, 0, 1)), "one linear map"),
    ("nin.3", lambda *a: block(*a, spread=True), "first convolution only"),
    ("nin.3", lambda i, c, *a: block(i, (c[0],) * 3, *a), "one number for all three"),
    ("nin.3", lambda i, c, *a: nn.Conv2d(i, c[2], *a), "what goes in and what comes out"),
    ("nin.4", lambda f, fc: fc(f.mean(dim=(2, 3))), "averaged away"),
    ("nin.4", lambda f, fc: fc(f.movedim(1, -1)), "classes stand last"),
    ("nin.4", lambda f, fc: F.conv2d(f, fc.weight[:, :, None, None]), "bias is missing"),
    ("nin.4", lambda f, fc: F.conv2d(f, fc.weight[:, :, None, None])
     + fc.bias[:, None, None] / f[0, 0].numel(), "must not be shared out"),
    ("nin.4", lambda f, fc: F.conv2d(f, fc.weight[:, :, None, None], fc.bias) / f[0, 0].numel(), "not their sum"),
    ("nin.4", lambda f, fc: F.conv2d(f.flip(-1), fc.weight[:, :, None, None], fc.bias), "at some place"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer"), [(name, answer) for name, answers in RIGHT.items() for answer in answers])
def test_right_answers_pass(capsys, name, answer):
    assert said(capsys, name, answer).startswith(f"✓ {name}")


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_slips_get_their_hint(capsys, name, answer, hint):
    words = said(capsys, name, answer)
    assert words.startswith(f"✗ {name}") and hint in words


@pytest.mark.parametrize("name", RIGHT)
def test_a_stub_is_not_answered(capsys, name):
    assert "not answered yet" in said(capsys, name, lambda *a: None)
