"""The VGG family against torchvision, the paper's table and the notes."""

import pytest
import torch
import torchvision

from cnnlib import models
from cnnlib.errors import BadInput
from cnnlib.inspect import layer_table


def parameters(net):
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("depth", [11, 13, 16, 19])
def test_has_torchvisions_parameters_and_the_papers_number_of_weight_layers(depth):
    with torch.device("meta"):
        ours, theirs = models.build(f"vgg{depth}"), getattr(torchvision.models, f"vgg{depth}")()
    assert parameters(ours) == parameters(theirs) == models.card(f"vgg{depth}").parameters
    assert sum(hasattr(layer, "weight") for layer in ours.modules()) == depth


@pytest.mark.parametrize(("depth", "millions"), [(11, 133), (13, 133), (16, 138), (19, 144)])
def test_parameters_are_those_of_the_papers_table_2(depth, millions):
    assert round(models.card(f"vgg{depth}").parameters / 1e6) == millions


@pytest.mark.parametrize("batch_norm", [False, True])
def test_computes_what_torchvisions_convolutions_compute(batch_norm):
    theirs = getattr(torchvision.models, "vgg13_bn" if batch_norm else "vgg13")().eval().features
    ours = models.build("vgg13", image_size=32, width=1, num_classes=10, batch_norm=batch_norm).eval()
    blocks = torch.nn.Sequential(*(getattr(ours, f"block{n}") for n in range(1, 6)))
    blocks.load_state_dict(dict(zip(blocks.state_dict(), theirs.state_dict().values(), strict=True)))
    images = torch.rand(1, 3, 32, 32)
    assert torch.allclose(blocks(images), theirs(images), atol=1e-5)


def test_shapes_of_the_notes_vgg11():
    table = layer_table(models.build("vgg11_note000", width=0.125), (1, 224, 224))
    sides = [table[f"block{n}.pool"].output_shape[1] for n in range(1, 6)]
    assert sides == [112, 56, 28, 14, 7]
    with torch.device("meta"):
        net = models.build("vgg11_note000")
        assert net(torch.zeros(1, 1, 224, 224)).shape == (1, 10)
    assert net.fc6.in_features == 512 * 7 * 7


def test_the_net_of_0503_is_the_courses():
    net = models.build("vgg_0503")
    convolutions = [layer.out_channels for layer in net.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert convolutions == [64, 128, 256, 256, 512, 512, 512, 512]
    assert (net.out.in_features, net.out.out_features) == (512, 10), "not the 2,048 of the course's page"
    narrow = models.build("vgg_0503", width=0.25, dropout=0.3, batch_norm=False)
    assert narrow.block1.conv1.out_channels == 16
    assert narrow.dropout.p == 0.3
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in narrow.modules())


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"image_size": 16}, "image_size is 16; it must be at least 32"), ({"width": 0}, "width is 0")],
)
def test_bad_settings_are_told_in_one_sentence(settings, words):
    with pytest.raises(BadInput, match=words):
        models.build("vgg_0503", **settings)
