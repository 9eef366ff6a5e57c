"""`cnnlib.inspect` against PyTorch: any network, modules or functions, branches, shared layers."""

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from cnnlib import models
from cnnlib.errors import BadInput
from cnnlib.inspect import feature_maps, layer_table


def parameters(net):
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


@pytest.mark.parametrize("name", ["alexnet", "squeezenet1_1", "resnet18", "densenet121", "mobilenet_v2"])
def test_parameters_of_torchvision_networks(name):
    net = torchvision.models.get_model(name, weights=None)
    assert layer_table(net, (3, 224, 224)).total_parameters == parameters(net)


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "resnet50", "vgg11"])
def test_macs_of_torchvision_networks_equal_the_published_ones(name):
    """torchvision publishes the multiply-adds of each weight entry as ``_ops``, in 10⁹."""
    published = torchvision.models.get_model_weights(name).DEFAULT.meta["_ops"]
    net = torchvision.models.get_model(name, weights=None)
    assert layer_table(net, (3, 224, 224)).total_macs / 1e9 == pytest.approx(published, rel=0.01)


class Functional(nn.Module):
    """As many tutorials write it: pooling and activation as functions, two branches, a sum, one layer used twice."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.again = nn.Conv2d(4, 4, 3, padding=1)
        self.scale = nn.Parameter(torch.ones(1))
        self.fc = nn.Linear(8 * 7 * 7, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        x = self.again(self.again(x)) + x
        x = F.avg_pool2d(x, kernel_size=2)
        return self.fc(torch.cat([x, self.scale * x], 1).flatten(1))


def test_functions_branches_and_shared_layers():
    net = Functional()
    table = layer_table(net, (1, 28, 28))
    assert table.total_parameters == parameters(net)
    kinds = [row.kind for row in table]
    assert kinds[:3] == ["Conv2d", "F.relu", "F.max_pool2d"]
    again = [row for row in table if row.name == "again"]
    assert [row.parameters for row in again] == [148, 0], "a layer used twice is counted once"
    assert [row.macs for row in again] == [28_224, 28_224], "but it computes twice"
    total = next(row for row in table if row.kind == "F.add")
    assert total.receptive_field == again[-1].receptive_field == (12, 12)


def gradient_field(net, shape):
    """Return the height and width of the input patch that a middle output cell depends on."""
    x = torch.rand(1, *shape, requires_grad=True)
    out = net(x)
    out[0, :, out.shape[2] // 2, out.shape[3] // 2].sum().backward()
    rows, columns = x.grad[0].abs().sum(0).nonzero().T
    return int(rows.max() - rows.min() + 1), int(columns.max() - columns.min() + 1)


def test_receptive_fields_equal_the_reach_of_the_gradient():
    branches = nn.ModuleList([nn.Conv2d(4, 2, (3, 5), padding=(1, 2)), nn.AvgPool2d(3, 1, 1)])

    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.branches = branches

        def forward(self, x):
            return torch.cat([branch(x) for branch in self.branches], 1)

    nets = [
        nn.Sequential(nn.Conv2d(1, 4, 5, stride=2), nn.Tanh(), nn.AvgPool2d(3, 2), nn.Conv2d(4, 4, (3, 1), dilation=2)),
        nn.Sequential(nn.Conv2d(1, 4, 3), Inception(), nn.AvgPool2d(2), nn.Conv2d(6, 2, 3, padding="same")),
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.LPPool2d(2, 3), nn.AdaptiveAvgPool2d(10)),
    ]
    for net, size in zip(nets, (64, 40, 62), strict=True):
        last = layer_table(net, (1, size, size)).rows[-1]
        assert last.receptive_field == gradient_field(net, (1, size, size))


def test_the_network_stays_as_it_was():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout())
    net[2].eval()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    layer_table(net, (1, 8, 8))
    feature_maps(net, torch.rand(1, 8, 8))
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    assert (net.training, net[1].training, net[2].training) == (True, True, False)
    assert not net[0]._forward_hooks


def test_feature_maps_are_the_layers_outputs_in_order():
    net = models.build("lenet5").eval()
    image = torch.rand(1, 28, 28)
    maps = feature_maps(net, image, device="cpu")
    x = image[None]
    for name, layer in net.named_children():
        x = layer(x)
        assert torch.equal(maps[name], x[0])
    assert list(maps) == list(net._modules)


def test_a_layer_that_runs_twice_has_both_outputs():
    maps = feature_maps(Functional(), torch.rand(1, 28, 28))
    assert [name for name in maps if "again" in name] == ["again", "again (2)"]


def test_the_printed_table_adds_up():
    text = str(layer_table(models.build("lenet5"), (1, 28, 28)))
    assert "61,706" in text.splitlines()[-1]
    assert all(len(line) <= 100 for line in text.splitlines())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: layer_table(models.build("lenet5"), (3, 28, 28)), "fails at c1"),
        (lambda: layer_table(models.build("lenet5"), (1, 8, 8)), "fails at c3.*came from 's2' as 6×4×4"),
        (lambda: layer_table(models.build("lenet5"), (1, 40, 40)), "fails at c5"),
        (lambda: layer_table(models.build("lenet5"), (1, 28, 28))["c9"], "no layer 'c9'"),
        (lambda: feature_maps(models.build("lenet5"), torch.rand(28, 28)), r"images\[0\]"),
        (lambda: feature_maps(models.build("lenet5"), torch.rand(1, 28, 28), device="gpu"), "Present: .*cpu"),
    ],
)
def test_bad_input_names_the_layer_and_the_mend(call, words):
    with pytest.raises(BadInput, match=words):
        call()
