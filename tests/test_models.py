"""Every network of the registry: parameter counts, shapes, and the LeNet of 1998 against its paper."""

import inspect

import pytest
import torch
from torch import nn

from cnnlib import models
from cnnlib.errors import BadInput
from cnnlib.inspect import layer_table
from cnnlib.models.lenet import C3_TABLE, ScaledTanh


def parameters(net):
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


LARGE = 200  # pixels: nets for pictures this large are counted without computing, and run narrow
NARROW = 1 / 16


def classes(name):
    """Return how many logits a network has by default."""
    default = inspect.signature(models.card(name).factory).parameters.get("num_classes")
    return default.default if default else 10


def runnable(name):
    """Build a network as it is, or with few channels if its pictures are large."""
    torch.manual_seed(0)
    return models.build(name, **({"width": NARROW} if models.card(name).input_shape[1] >= LARGE else {}))


@pytest.mark.parametrize("name", models.names())
def test_every_network_is_what_its_card_says(name):
    card = models.card(name)
    with torch.device("meta"):  # counts only: a hundred million weights are neither drawn nor stored
        assert parameters(models.build(name)) == card.parameters
    net = runnable(name).eval()
    with torch.no_grad():
        assert net(torch.zeros(2, *card.input_shape)).shape == (2, classes(name))
    assert card.source
    assert card.factory.__doc__


@pytest.mark.parametrize("name", models.names())
def test_every_parameter_gets_a_gradient(name):
    net = runnable(name)
    out = net(torch.rand(4, *models.card(name).input_shape))
    heads = out if isinstance(out, tuple) else (out,)  # in training a net may have auxiliary logits too
    sum(logits.logsumexp(1).sum() for logits in heads).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters() if p.requires_grad)


def test_lenet_1998_has_the_papers_counts_layer_by_layer():
    table = layer_table(models.build("lenet5_1998"), (1, 32, 32))
    printed = {"c1": 156, "s2": 12, "c3": 1516, "s4": 32, "c5": 48_120, "f6": 10_164}  # section II.B
    assert {name: table[name].parameters for name in printed} == printed
    shapes = {"c1": (6, 28, 28), "s2": (6, 14, 14), "c3": (16, 10, 10), "s4": (16, 5, 5), "c5": (120, 1, 1)}
    assert {name: table[name].output_shape for name in shapes} == shapes
    assert table["out"].parameters == 0


def test_c3_is_joined_as_in_table_1():
    assert [len(row) for row in C3_TABLE] == [3] * 6 + [4] * 9 + [6]
    assert all(sum(i in row for row in C3_TABLE) == 10 for i in range(6)), "each S2 map feeds ten C3 maps"
    c3 = models.build("lenet5_1998").c3
    maps = torch.rand(2, 6, 14, 14)
    out, weight = c3(maps), c3.dense_weight()
    for o, inputs in enumerate(C3_TABLE):
        alone = nn.functional.conv2d(maps[:, list(inputs)], weight[o : o + 1, list(inputs)], c3.bias[o : o + 1])
        assert torch.allclose(out[:, o : o + 1], alone, atol=1e-6)


def test_first_weights_are_scaled_by_the_inputs_of_their_unit():
    c3 = models.build("lenet5_1998").c3
    for o, inputs in enumerate(C3_TABLE):  # appendix A: uniform between ±2.4/F, and F differs within C3
        largest = float(c3.kernels[c3.outputs == o].detach().abs().max())
        assert 0.8 * 2.4 < largest * 25 * len(inputs) <= 2.4


def test_the_squashing_function_keeps_one():
    assert torch.allclose(ScaledTanh()(torch.tensor([-1.0, 1.0])), torch.tensor([-1.0, 1.0]), atol=1e-4)


def test_rbf_output_is_the_distance_to_the_code():
    net = models.build("lenet5_1998")
    codes = net.out.codes
    assert codes.shape == (10, 84)
    assert set(codes.unique().tolist()) == {-1.0, 1.0}
    distances = torch.cdist(codes, codes) ** 2
    assert torch.allclose(-net.out(codes), distances, atol=1e-3)
    assert (distances + 1e6 * torch.eye(10)).min() >= 8, "no two digits share a code"


def test_the_notes_net_has_no_activation_between_its_convolutions():
    net = models.build("lenet_note001")
    front = net[: list(net._modules).index("flatten")]
    a, b = torch.rand(1, 1, 28, 28), torch.rand(1, 1, 28, 28)
    zero = front(torch.zeros_like(a))
    assert torch.allclose(front(a + b) - zero, front(a) - zero + front(b) - zero, atol=1e-5), "it is affine"
    mended = models.build("lenet_note001_relu")
    front = mended[: list(mended._modules).index("flatten")]
    a, b = 100 * torch.randn(1, 1, 28, 28), 100 * torch.randn(1, 1, 28, 28)
    zero = front(torch.zeros_like(a))
    assert not torch.allclose(front(a + b) - zero, front(a) - zero + front(b) - zero, atol=1e-2)


def test_lenet5_for_colour_pictures_of_exercise_0502():
    net = models.build("lenet5", in_channels=3, padding=0, image_size=32)
    assert parameters(net) == 62_006
    assert net(torch.zeros(1, 3, 32, 32)).shape == (1, 10)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: models.build("lenet6"), "Did you mean 'lenet5'"),
        (lambda: models.build("lenet5", colour=True), "no setting 'colour'"),
        (lambda: models.build("lenet_note001", classes=3), "It has none"),
        (lambda: models.build("lenet5", activation="gelu"), "no activation 'gelu'"),
        (lambda: models.build("lenet5", pooling="min"), "no pooling 'min'"),
        (lambda: models.build("lenet5", image_size=8, padding=0), "image_size is 8"),
    ],
)
def test_bad_input_is_told_in_one_sentence(call, words):
    with pytest.raises(BadInput, match=words):
        call()
