"""The residual families: counts against the papers, outputs against torchvision, blocks against their formulas."""

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from cnnlib import models
from cnnlib.errors import BadInput
from cnnlib.inspect import layer_table
from cnnlib.models.cifar_resnet import PARAMETERS, cifar_resnet
from cnnlib.models.notes_residual import Note002Block
from cnnlib.models.preact_resnet import preact_resnet
from cnnlib.models.residual_blocks import BasicBlock, PreActivationBlock, ZeroPadShortcut, make_shortcut


def parameters(net):
    return sum(p.numel() for p in net.parameters())


def convolutions(net):
    return [m for m in net.modules() if isinstance(m, nn.Conv2d)]


def shake(net):
    """Give batch norm numbers that are not the first ones, so that forgetting or swapping one is seen."""
    generator = torch.Generator().manual_seed(1)
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
                values.data.uniform_(0.5, 1.5, generator=generator)
    return net.eval()


@pytest.mark.parametrize(("depth", "printed"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)])
def test_cifar_resnets_have_the_papers_depth_and_parameters(depth, printed):
    with torch.device("meta"):
        net, plain = models.build(f"resnet{depth}"), models.build(f"plain{depth}")
    assert round(parameters(net) / 1e6, 2 if printed < 1 else 1) == printed  # table 6
    assert parameters(net) == parameters(plain) == PARAMETERS[depth], "option-A shortcuts have no parameters"
    assert len(convolutions(net)) + 1 == len(convolutions(plain)) + 1 == depth


def test_the_stages_are_those_of_section_4_2():
    table = layer_table(models.build("resnet20"), (3, 32, 32))
    shapes = {"stage1.2.relu2": (16, 32, 32), "stage2.2.relu2": (32, 16, 16), "stage3.2.relu2": (64, 8, 8)}
    assert {name: table[name].output_shape for name in shapes} == shapes
    assert [row.output_shape for row in table if row.kind == "Conv2d"].count((16, 32, 32)) == 1 + 2 * 3
    assert table["pool"].output_shape == (64, 1, 1)


def test_option_a_is_the_subsampled_input_and_zeros():
    x = torch.randn(2, 16, 8, 8)
    out = ZeroPadShortcut(16, 2)(x)
    assert torch.equal(out[:, :16], x[:, :, ::2, ::2])
    assert out.shape == (2, 32, 4, 4) and not out[:, 16:].any()


def test_a_plain_net_is_the_residual_net_without_its_sums():
    torch.manual_seed(0)
    residual, plain = models.build("resnet20", width=0.25), models.build("plain20", width=0.25)
    plain.load_state_dict(residual.state_dict())
    x = torch.rand(2, 3, 32, 32)
    assert not torch.allclose(residual.eval()(x), plain.eval()(x))
    a = plain.stage1[0]
    y = torch.rand(2, 4, 8, 8)
    assert torch.allclose(residual.stage1[0].eval()(y), F.relu(a.bn2(a.conv2(F.relu(a.bn1(a.conv1(y))))) + y))
    assert torch.allclose(a.eval()(y), F.relu(a.bn2(a.conv2(F.relu(a.bn1(a.conv1(y)))))))


def test_option_b_adds_a_projection_where_the_shape_changes():
    with torch.device("meta"):
        a, b = cifar_resnet(20), cifar_resnet(20, shortcut="B")
    assert parameters(b) - parameters(a) == (16 * 32 + 2 * 32) + (32 * 64 + 2 * 64)
    assert isinstance(make_shortcut("B", 16, 16, 1), nn.Identity)


def test_without_batch_norm_the_convolutions_have_biases():
    net = models.build("plain20", batch_norm=False)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in net.modules())
    assert all(conv.bias is not None and not conv.bias.any() for conv in convolutions(net))
    assert all(conv.bias is None for conv in convolutions(models.build("plain20")))


def test_first_weights_have_variance_two_over_fan_in():
    torch.manual_seed(0)
    for conv in convolutions(models.build("resnet20")):
        fan_in = conv.weight[0].numel()
        assert float(conv.weight.detach().std()) == pytest.approx((2 / fan_in) ** 0.5, rel=0.15)


def test_width_channels_and_classes():
    net = models.build("resnet20", in_channels=1, num_classes=7, width=0.5)
    assert net(torch.rand(2, 1, 28, 28)).shape == (2, 7)
    assert net.fc.in_features == 32


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50"])
def test_with_torchvisions_weights_the_outputs_are_torchvisions(name):
    torch.manual_seed(0)
    oracle = shake(torchvision.models.get_model(name, weights=None))
    with torch.device("meta"):  # its weights are about to be replaced
        ours = models.build(name).eval()
    theirs = list(oracle.state_dict().values())  # both define their layers in the order in which they run
    assert [v.shape for v in theirs] == [v.shape for v in ours.state_dict().values()]
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs, strict=True)), assign=True)
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        wanted = oracle(x)
        assert wanted.std() > 0.01 and torch.allclose(ours(x), wanted, rtol=1e-4, atol=1e-4 * float(wanted.std()))


def test_the_sizes_of_table_1():
    table = layer_table(models.build("resnet18", width=0.0625), (3, 224, 224))
    shapes = {"conv1": 112, "pool1": 56, "conv2_x.1.relu2": 56, "conv3_x.1.relu2": 28, "conv4_x.1.relu2": 14,
              "conv5_x.1.relu2": 7, "pool5": 1}  # fmt: skip
    assert {name: table[name].output_shape[1] for name in shapes} == shapes


@pytest.mark.parametrize("depth", PARAMETERS)
def test_pre_activation_only_changes_the_order(depth):
    with torch.device("meta"):
        net = models.build(f"preact_resnet{depth}")
    assert parameters(net) == PARAMETERS[depth]
    assert len(convolutions(net)) + 1 == depth


def test_pre_activation_blocks_are_figure_4e():
    torch.manual_seed(0)
    block, x = shake(PreActivationBlock(4, 4)), torch.randn(2, 4, 6, 6)
    F_of_x = block.conv2(F.relu(block.bn2(block.conv1(F.relu(block.bn1(x))))))
    assert torch.allclose(block(x), F_of_x + x, atol=1e-6)
    assert (block(x) < 0).any(), "nothing stands behind the sum"
    block.first = True
    assert torch.allclose(block(x), F_of_x + F.relu(block.bn1(x)), atol=1e-6)


def test_only_the_very_first_block_activates_before_the_ways_part():
    net = preact_resnet(20, width=0.25)
    assert [m.first for m in net.modules() if isinstance(m, PreActivationBlock)] == [True] + 8 * [False]


def test_residual_net_of_note_002():
    table = layer_table(models.build("residual_note002"), (1, 28, 28))
    assert table["flatten"].output_shape == (512,), "what the note's print in forward showed"
    block, x = Note002Block(4), torch.randn(1, 4, 5, 5)
    assert torch.equal(block(x), F.relu(block.conv2(F.relu(block.conv1(x))) + x))


def test_net_of_note_003():
    net = models.build("preact_note003")
    table = layer_table(net, (3, 32, 32))
    shapes = {"unit3.conv": (64, 32, 32), "pool1": (64, 16, 16), "pool2": (128, 8, 8), "unit9.conv": (256, 8, 8)}
    assert {name: table[name].output_shape for name in shapes} == shapes
    assert [type(m).__name__ for m in net.unit4] == ["BatchNorm2d", "ReLU", "Conv2d"]
    assert net.dropout.p == 0.5
    assert len(convolutions(net)) == 9


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: cifar_resnet(18), "depth is 18"),
        (lambda: preact_resnet(21), "depth is 21"),
        (lambda: models.build("resnet20", width=0), "width is 0"),
        (lambda: models.build("resnet18", width=-1), "width is -1"),
        (lambda: models.build("resnet20", shortcut="C"), "no shortcut 'C'"),
        (lambda: models.build("preact_note003", dropout=1), "dropout is 1"),
        (lambda: BasicBlock(8, 8, shortcut=None), "shortcut"),
    ],
)
def test_bad_input_is_told_in_one_sentence(call, words):
    with pytest.raises(BadInput, match=words):
        call()
