"""The DenseNets: equal to torchvision's, counts and shapes of the paper, width, depth and dropout."""

import pytest
import torch
import torchvision

from cnnlib import models
from cnnlib.errors import BadInput
from cnnlib.inspect import layer_table
from cnnlib.models.densenet import DenseLayer, Transition


def parameters(net):
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


def test_densenet121_gives_torchvisions_outputs_with_its_weights():
    torch.manual_seed(0)
    oracle, ours = torchvision.models.densenet121(num_classes=7).eval(), models.build("densenet121", num_classes=7)
    for module in oracle.modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # fresh ones are the identity, and could hide a mistake
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 1.5)
    theirs, mine = oracle.state_dict(), ours.state_dict()
    assert [v.shape for v in theirs.values()] == [v.shape for v in mine.values()]
    ours.load_state_dict(dict(zip(mine, theirs.values(), strict=True)))
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        wanted, given = oracle(x), ours.eval()(x)
    assert wanted.std() > 0.1
    assert torch.allclose(given, wanted, atol=1e-4)


def test_counts_are_the_papers():
    with torch.device("meta"):
        assert parameters(models.build("densenet121")) == 7_978_856
        assert round(parameters(models.build("densenet40")) / 1e6, 1) == 1.0  # table 2: L = 40, k = 12
        assert round(parameters(models.build("densenet40", depth=100)) / 1e6, 1) == 7.0  # table 2: L = 100, k = 12


def test_maps_have_the_papers_sizes():
    table = layer_table(models.build("densenet121", num_classes=2), (3, 224, 224))
    shapes = {  # table 1
        "conv0": (64, 112, 112), "pool0": (64, 56, 56),
        "transition1.pool": (128, 28, 28), "transition2.pool": (256, 14, 14), "transition3.pool": (512, 7, 7),
        "relu": (1024, 7, 7), "pool": (1024, 1, 1),
    }  # fmt: skip
    assert {name: table[name].output_shape for name in shapes} == shapes
    convolutions = sum(row.kind in ("Conv2d", "Linear") for row in table)
    assert convolutions == 121


def test_densenet40_has_forty_layers_and_grows_by_twelve():
    net = models.build("densenet40")
    table = layer_table(net, (3, 32, 32))
    assert sum(row.kind in ("Conv2d", "Linear") for row in table) == 40
    joined = [row.output_shape for row in table if row.kind == "F.cat"]
    assert joined[:12] == [(16 + 12 * i, 32, 32) for i in range(1, 13)]
    assert joined[12:24] == [(160 + 12 * i, 16, 16) for i in range(1, 13)]
    assert joined[24:] == [(304 + 12 * i, 8, 8) for i in range(1, 13)]


def test_a_layer_hands_its_input_on_unchanged():
    torch.manual_seed(0)
    layer, maps = DenseLayer(8, 3, bottleneck=True), torch.randn(2, 8, 6, 6)
    out = layer(maps)
    assert out.shape == (2, 11, 6, 6)
    assert torch.equal(out[:, :8], maps)
    assert layer.conv1.out_channels == 12


def test_a_transition_halves_the_sides():
    assert Transition(8, 5)(torch.randn(2, 8, 6, 6)).shape == (2, 5, 3, 3)


@pytest.mark.parametrize(("name", "side"), [("densenet121", 32), ("densenet40", 32)])
def test_channels_classes_and_width_are_settings(name, side):
    net = models.build(name, in_channels=1, num_classes=3, width=0.25)
    assert net(torch.randn(2, 1, side, side)).shape == (2, 3)
    assert parameters(net) < models.card(name).parameters / 8


def test_depth_counts_the_layers():
    for depth in (7, 10, 22):
        net = models.build("densenet40", depth=depth, width=0.25)
        assert sum(isinstance(m, torch.nn.Conv2d | torch.nn.Linear) for m in net.modules()) == depth


def test_dropout_acts_on_the_new_maps_in_training_only():
    torch.manual_seed(0)
    layer, maps = DenseLayer(4, 8, bottleneck=False, dropout=0.5), torch.randn(1, 4, 16, 16)
    out = layer(maps)
    assert torch.equal(out[:, :4], maps)
    assert 0.4 < (out[:, 4:] == 0).float().mean() < 0.6
    assert (layer.eval()(maps)[:, 4:] == 0).float().mean() < 0.01
    net = models.build("densenet40", depth=10, dropout=0.2)
    assert sum(isinstance(m, torch.nn.Dropout) for m in net.modules()) == 6
    assert not any(isinstance(m, torch.nn.Dropout) for m in models.build("densenet40", depth=10).modules())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"width": 0}, "width is 0"),
        ({"width": float("nan")}, "width is nan"),
        ({"depth": 41}, "depth is 41; it must be 4 more than a multiple of 3"),
        ({"depth": 4}, "depth is 4"),
        ({"depth": 40.0}, "depth is 40.0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_bad_settings_are_told(settings, words):
    with pytest.raises(BadInput, match=words):
        models.build("densenet40", **settings)
