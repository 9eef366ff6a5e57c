"""Convolutions of tiny maps as matrix products: the numbers and gradients are PyTorch's own."""

import contextlib

import pytest
import torch
from torch import nn

from cnnlib import data, models, train
from cnnlib.train import tiny_maps
from cnnlib.train.tiny_maps import TinyMaps


def both_ways(layer, x, precision=torch.float32):
    """Pair output and gradients of input, weights and bias: as PyTorch has them, and inside `TinyMaps`."""
    answers = []
    for mode in (contextlib.nullcontext(), TinyMaps()):
        x = x.detach().requires_grad_()
        layer.zero_grad()
        with mode, torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
            y = layer(x)
        weights = torch.linspace(-1, 1, y.numel()).view_as(y).to(y.dtype)
        (y * weights).sum().backward()
        answers.append([t.detach().float().clone() for t in (y, x.grad, layer.weight.grad, layer.bias.grad)])
    return zip(*answers, strict=True)


@pytest.fixture
def products(monkeypatch):
    """Count how many convolutions are computed as products."""
    counted, compute = [], tiny_maps._AsProduct.apply

    def apply(x, weight):
        counted.append(tuple(x.shape))
        return compute(x, weight)

    monkeypatch.setattr(tiny_maps._AsProduct, "apply", staticmethod(apply))
    return counted


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 2)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("inputs", "outputs"), [(128, 3), (130, 128)])
def test_numbers_and_gradients_are_pytorchs(size, layout, inputs, outputs, products):
    torch.manual_seed(0)
    layer = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1).to(memory_format=layout)
    x = torch.randn(7, inputs, *size).to(memory_format=layout)
    for ours, theirs in both_ways(layer, x):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    assert products == [(7, inputs, *size)]


def test_in_bfloat16_they_differ_by_no_more_than_its_rounding(products):
    torch.manual_seed(0)
    layer, x = nn.Conv2d(128, 64, kernel_size=3, padding=1), torch.randn(9, 128, 4, 4)
    for ours, theirs in both_ways(layer, x, torch.bfloat16):
        assert (ours - theirs).abs().max() <= 2**-7 * theirs.abs().max()
    assert products == [(9, 128, 4, 4)]


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        ({"padding": 0}, 3),
        ({"padding": "same"}, 2),
        ({"padding": 1, "stride": 2}, 2),
        ({"padding": 2, "dilation": 2}, 2),
        ({"padding": 1, "groups": 2}, 2),
        ({"padding": 1}, 3),
        ({"kernel_size": 1}, 2),
        ({"kernel_size": 5, "padding": 2}, 2),
    ],
)
def test_every_other_convolution_is_left_to_pytorch(settings, size, products):
    layer, x = nn.Conv2d(128, 4, **{"kernel_size": 3, **settings}), torch.randn(2, 128, size, size)
    for ours, theirs in both_ways(layer, x):
        assert torch.equal(ours, theirs)
    assert not products


def test_few_channels_a_single_picture_and_no_gradient_are_no_trouble(products):
    few, many = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(128, 8, 3, padding=1)
    with TinyMaps():
        few(torch.randn(2, 8, 2, 2))
        assert many(torch.randn(128, 2, 2)).shape == (8, 2, 2)  # one picture without a batch
        assert not products
        with torch.no_grad():
            assert not many(torch.randn(1, 128, 2, 2)).requires_grad
    assert products == [(1, 128, 2, 2)]


def test_training_uses_it_and_learns_the_same(products, monkeypatch):
    dataset = data.load("shapes", quiet=True)
    recipe = train.Recipe(batch_size=50, limit=100, validation=100, lr=0.05)

    def trained():
        torch.manual_seed(0)
        model = models.build("vgg_0503", width=0.25)
        train.fit(model, dataset, recipe, device="cpu", progress=False)
        return torch.cat([p.detach().flatten() for p in model.parameters()])

    ours = trained()
    assert products == 2 * [(50, 128, 2, 2), (50, 128, 2, 2)]
    monkeypatch.setattr(tiny_maps, "LARGEST_SIDE", {})
    theirs = trained()
    assert len(products) == 4
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-4)
