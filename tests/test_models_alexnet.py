"""The AlexNets: the paper's sizes and counts, torchvision's net as the oracle, the stem for 32×32."""

import pytest
import torch
import torchvision
from torch import nn

from cnnlib import data, models
from cnnlib.errors import BadInput
from cnnlib.inspect import layer_table


def table(name, **settings):
    with torch.device("meta"):  # shapes and counts only
        return layer_table(models.build(name, **settings), models.card(name).input_shape)


def test_the_map_sizes_are_the_papers():
    shapes = {row.name: row.output_shape for row in table("alexnet_2012")}
    printed = {
        "conv1": (96, 55, 55), "conv2": (256, 27, 27), "conv3": (384, 13, 13), "conv4": (384, 13, 13),
        "conv5": (256, 13, 13), "pool5": (256, 6, 6), "fc6": (4096,), "fc7": (4096,), "fc8": (1000,),
    }  # fmt: skip
    assert {name: shapes[name] for name in printed} == printed  # figure 2 and section 3.5


def test_the_kernels_are_the_papers():
    with torch.device("meta"):
        net = models.build("alexnet_2012")
    printed = [(96, 3, 11, 11), (256, 48, 5, 5), (384, 256, 3, 3), (384, 192, 3, 3), (256, 192, 3, 3)]  # section 3.5
    assert [tuple(layer.weight.shape) for layer in net if isinstance(layer, nn.Conv2d)] == printed


def test_the_order_of_normalisation_and_pooling_is_the_papers():
    names = [name for name, _ in models.build("alexnet_2012", width=0.02).named_children()]
    assert names[:8] == ["conv1", "relu1", "norm1", "pool1", "conv2", "relu2", "norm2", "pool2"]
    norms = [layer for layer in models.build("alexnet_2012", width=0.02) if isinstance(layer, nn.LocalResponseNorm)]
    assert len(norms) == 2


def test_the_response_norm_has_the_papers_numbers():
    norm = models.build("alexnet_2012", width=0.02).norm1
    a = torch.full((1, 9, 1, 1), 100.0)
    expected = 100 / (2 + 1e-4 * 5 * 100**2) ** 0.75  # section 3.3: in the middle all five neighbours are there
    assert norm(a)[0, 4].item() == pytest.approx(expected, rel=1e-5)
    at_the_edge = 100 / (2 + 1e-4 * 3 * 100**2) ** 0.75
    assert norm(a)[0, 0].item() == pytest.approx(at_the_edge, rel=1e-5)


def test_groups_halve_three_layers_and_leave_the_others():
    two, one = table("alexnet_2012"), table("alexnet_2012", groups=1)
    halved = {row.name for row in one if row.macs and two[row.name].macs * 2 == row.macs}
    same = {row.name for row in one if row.macs and two[row.name].macs == row.macs}
    assert halved == {"conv2", "conv4", "conv5"}
    assert same == {"conv1", "conv3", "fc6", "fc7", "fc8"}
    assert one.total_parameters == 62_378_344


def test_the_first_weights_are_the_papers():
    torch.manual_seed(0)
    net = models.build("alexnet_2012", width=0.25)
    weights = {name: layer for name, layer in net.named_children() if hasattr(layer, "weight")}
    assert all(layer.weight.std().item() == pytest.approx(0.01, rel=0.05) for layer in weights.values())
    assert {name: layer.bias.unique().tolist() for name, layer in weights.items()} == {
        "conv1": [0], "conv2": [1], "conv3": [0], "conv4": [1], "conv5": [1], "fc6": [1], "fc7": [1], "fc8": [0],
    }  # fmt: skip


def test_the_single_tower_is_torchvisions():
    torch.manual_seed(0)
    oracle, net = torchvision.models.alexnet().eval(), models.build("alexnet").eval()
    theirs, ours = list(oracle.parameters()), list(net.parameters())
    assert [p.shape for p in theirs] == [p.shape for p in ours]
    with torch.no_grad():
        for p, q in zip(ours, theirs, strict=True):
            p.copy_(q)
        for side in (224, 260):
            x = torch.randn(1, 3, side, side)
            assert torch.equal(net(x), oracle(x))


@pytest.mark.parametrize("name", ["alexnet", "alexnet_32"])
def test_dropout_stands_before_the_two_hidden_layers(name):
    net = models.build(name, width=0.02, dropout=0.25)
    layers = [child for child, _ in net.named_children()]
    assert layers.index("drop6") + 1 == layers.index("fc6")
    assert layers.index("drop7") + 1 == layers.index("fc7")
    assert net.drop6.p == net.drop7.p == 0.25


def test_the_stem_for_small_pictures_keeps_what_the_large_one_would_lose():
    shapes = {row.name: row.output_shape[1:] for row in table("alexnet_32")}
    assert [shapes[name] for name in ("conv1", "pool1", "pool2", "pool5")] == [(32, 32), (15, 15), (7, 7), (3, 3)]
    with pytest.raises(BadInput, match="fails at"):
        layer_table(models.build("alexnet", width=0.02), (3, 32, 32))


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_signals_neither_fade_nor_explode_at_the_start(activation):
    torch.manual_seed(0)
    net = models.build("alexnet_32", width=0.25, activation=activation).eval()
    assert isinstance(net.act3, nn.ReLU if activation == "relu" else nn.Tanh)
    logits = net((data.load("shapes").test_images[:64].float() - 90) / 60)  # about standardised
    assert 0.2 < logits.std(dim=0).mean() < 10, "the logits depend on the picture"


@pytest.mark.parametrize("groups", [1, 2])
def test_any_width_can_be_built(groups):
    for width in (0.01, 0.1, 0.3):
        net = models.build("alexnet_2012", width=width, groups=groups, in_channels=1, num_classes=7).eval()
        assert net(torch.zeros(1, 1, 227, 227)).shape == (1, 7)


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("alexnet_2012", {"groups": 3}, "no number of groups 3"),
        ("alexnet_2012", {"width": 0}, "width is 0"),
        ("alexnet", {"width": -1}, "width is -1"),
        ("alexnet_32", {"width": float("nan")}, "width is nan"),
        ("alexnet_32", {"activation": "sigmoid"}, "no activation 'sigmoid'"),
    ],
)
def test_bad_settings_are_told(name, settings, words):
    with pytest.raises(BadInput, match=words):
        models.build(name, **settings)
