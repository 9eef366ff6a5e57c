"""The Networks in Network: channels, shapes, 1×1 convolutions as linear layers, first weights, bad settings."""

import pytest
import torch
from torch import nn

from cnnlib import models
from cnnlib.errors import BadInput
from cnnlib.inspect import layer_table
from cnnlib.models.building import draw_weights, scaled
from cnnlib.models.nin import mlpconv


def parameters(net):
    return sum(p.numel() for p in net.parameters())


def test_the_counts_are_those_of_the_published_channels():
    blocks = [(3, 5, (192, 160, 96)), (96, 5, (192, 192, 192)), (192, 3, (192, 192, 10))]
    by_hand = sum(a * (k * k * before + 1) + b * (a + 1) + c * (b + 1) for before, k, (a, b, c) in blocks)
    assert parameters(models.build("nin")) == by_hand == models.card("nin").parameters
    blocks = [(3, 11, (96,) * 3), (96, 5, (256,) * 3), (256, 3, (384,) * 3), (384, 3, (1000,) * 3)]
    by_hand = sum(a * (k * k * before + 1) + b * (a + 1) + c * (b + 1) for before, k, (a, b, c) in blocks)
    with torch.device("meta"):
        assert parameters(models.build("nin_224")) == by_hand == models.card("nin_224").parameters


def test_the_shapes_of_the_imagenet_version_are_those_of_dive_into_deep_learning():
    table = layer_table(models.build("nin_224", num_classes=10), (3, 224, 224))
    printed = {"block1.relu2": (96, 54, 54), "pool1": (96, 26, 26), "block2.relu2": (256, 26, 26),
               "pool2": (256, 12, 12), "block3.relu2": (384, 12, 12), "pool3": (384, 5, 5),
               "block4.relu2": (10, 5, 5), "average": (10, 1, 1), "flatten": (10,)}  # fmt: skip
    assert {name: table[name].output_shape for name in printed} == printed


def test_the_maps_of_the_small_version_halve_twice():
    table = layer_table(models.build("nin"), (3, 32, 32))
    shapes = [table[name].output_shape for name in ("block1.relu2", "pool1", "pool2", "block3.relu2", "average")]
    assert shapes == [(96, 32, 32), (96, 16, 16), (192, 8, 8), (10, 8, 8), (10, 1, 1)]


def test_the_logits_are_the_means_of_the_class_maps_and_any_picture_size_will_do():
    net = models.build("nin", width=0.125).eval()
    for size in ((32, 32), (40, 28), (4, 4)):
        x = torch.rand(2, 3, *size)
        maps = net[: list(net._modules).index("average")](x)
        assert maps.shape[1] == 10
        assert torch.allclose(net(x), maps.mean(dim=(2, 3)), atol=1e-6)


def test_a_block_is_a_convolution_and_then_linear_layers_over_the_channels():
    block, x = mlpconv(3, (5, 4, 6), kernel_size=3, padding=1), torch.rand(2, 3, 7, 7)
    pixels = block.conv(x).relu().movedim(1, -1)  # (N, H, W, C): nn.Linear works on the last dimension
    for layer in (block.point1, block.point2):
        pixels = nn.functional.linear(pixels, layer.weight[:, :, 0, 0], layer.bias).relu()
    assert torch.allclose(block(x), pixels.movedim(-1, 1), atol=1e-6)


def test_the_first_weights_keep_the_size_of_the_signal():
    torch.manual_seed(0)
    net = nn.Sequential(*(layer for _ in range(20) for layer in (nn.Conv2d(64, 64, 1), nn.ReLU())))
    x = torch.randn(64, 64, 4, 4)
    assert net(x).std(dim=0).max() < 1e-3, "PyTorch's own choice: what differs from picture to picture fades"
    assert 0.2 < draw_weights(net)(x).std(dim=0).max() < 5


def test_width_scales_the_channels_but_not_the_classes():
    net = models.build("nin", width=0.25, num_classes=7, in_channels=1)
    assert [m.out_channels for m in net.modules() if isinstance(m, nn.Conv2d)] == [48, 40, 24, 48, 48, 48, 48, 48, 7]
    assert scaled(0.001, 96, 3) == (1, 1)


@pytest.mark.parametrize("name", ["nin", "nin_224"])
@pytest.mark.parametrize("width", [0, -1, float("nan")])
def test_a_width_must_be_above_zero(name, width):
    with pytest.raises(BadInput, match="width is .* above 0"):
        models.build(name, width=width)
