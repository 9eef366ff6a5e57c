"""Watching a run: the numbers are those of the gradients and weights, and watching changes nothing."""

import math

import pytest
import torch
from torch import nn

from cnnlib import data, experiments, inspect, models, results, train
from cnnlib.devices import set_seed
from cnnlib.train import Recipe, Watch
from cnnlib.train.watch import QUANTILES


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


def test_gradients_are_those_of_the_inspector(digits):
    """One epoch of one step: its gradients are those before training."""
    net = models.build("lenet5")
    recipe = Recipe(batch_size=2000, limit=64, validation=0)
    prepare = train.Preparation(digits, recipe, torch.device("cpu"))
    drawn = torch.randperm(len(digits.train_images), generator=torch.Generator().manual_seed(0))[:64]
    x, y = prepare(digits.train_images[drawn]), digits.train_labels[drawn]
    expected = inspect.gradient_norms(net, x, y, of="weights")
    watch = Watch(net)
    train.fit(net, digits, recipe, progress=False, device="cpu", watch=watch)
    got = {layer["name"]: layer["gradient_norm"] for layer in watch.layers}
    assert got.keys() == expected.keys()
    for name, norms in got.items():
        assert norms == [pytest.approx(expected[name], rel=1e-3)]


def test_an_epochs_gradient_is_the_root_mean_square_over_its_steps():
    net = nn.Linear(2, 1, bias=False)
    watch = Watch(net)
    for gradient in ([3.0, 4.0], [0.0, 1.0]):
        net.weight.grad = torch.tensor([gradient])
        watch.step()
    watch.epoch()
    net.weight.grad = torch.tensor([[0.0, 2.0]])
    watch.step()
    watch.epoch()
    assert watch.layers[0]["gradient_norm"] == [pytest.approx(13**0.5, rel=1e-4), 2.0]


def test_weights_are_looked_at_before_training_and_after_each_epoch(digits):
    net = models.build("cnn_0501")
    before = net.conv1.weight.norm().item()
    watch = Watch(net)
    train.fit(net, digits, Recipe(epochs=3, lr=0.1), progress=False, device="cpu", watch=watch)
    for layer in watch.layers:
        assert [len(layer[key]) for key in ("weight_norm", "quantiles", "gradient_norm")] == [4, 4, 3]
        assert all(marks == sorted(marks) for marks in layer["quantiles"])
    assert watch.layers[0]["weight_norm"][0] == pytest.approx(before, rel=1e-4)
    assert watch.layers[0]["weight_norm"][-1] == pytest.approx(net.conv1.weight.norm().item(), rel=1e-4)
    marks = net.out.weight.detach().flatten().quantile(torch.tensor(QUANTILES)).tolist()
    assert watch.layers[-1]["quantiles"][-1] == pytest.approx(marks, rel=1e-3, abs=1e-6)


def test_watching_changes_nothing(digits):
    def trained(watched):
        set_seed(0)
        net = models.build("resnet20", in_channels=1, width=0.25)
        recipe = Recipe(limit=64, batch_size=32, lr=0.05)
        train.fit(net, digits, recipe, progress=False, device="cpu", watch=Watch(net) if watched else None)
        return net.state_dict()

    plain, watched = trained(False), trained(True)
    assert all(torch.equal(plain[name], watched[name]) for name in plain)


def test_only_layers_with_a_matrix_are_watched_and_one_that_is_not_used_has_no_gradient():
    net = nn.ModuleDict({"conv": nn.Conv2d(1, 2, 3), "norm": nn.BatchNorm2d(2), "idle": nn.Linear(2, 2)})
    watch = Watch(net)
    net["norm"](net["conv"](torch.rand(2, 1, 5, 5))).square().sum().backward()
    watch.step()
    watch.epoch()
    assert [layer["name"] for layer in watch.layers] == ["conv", "idle"]
    assert watch.layers[1]["gradient_norm"] == [0.0]


def test_a_gradient_too_small_for_its_square_is_not_taken_for_none():
    net = nn.Linear(1, 1, bias=False)
    watch = Watch(net)
    net.weight.grad = torch.tensor([[1e-30]])
    watch.step()
    watch.epoch()
    assert watch.layers[0]["gradient_norm"] == [pytest.approx(1e-30, rel=1e-4)]


def test_a_watched_run_that_diverges_is_recorded_with_its_layers(digits, tmp_path, monkeypatch):
    cell = experiments.Variant("too fast", "fc_0501", Recipe(epochs=3, lr=1e9))
    watched = experiments.Experiment("blown", "", "this test", "digits", {"fc": cell}, watch=True)
    monkeypatch.setitem(experiments.EXPERIMENTS, "blown", watched)
    experiments.run("blown", seeds=1, root=tmp_path, device="cpu", progress=False)
    (run,) = results.load("blown", "fc@digits", tmp_path).runs
    assert math.isnan(run["epochs"][-1]["train_loss"])
    assert [layer["name"] for layer in run["layers"]] == ["fc1", "fc2", "out"]
    assert run["layers"][0]["weight_norm"][-1] is None
    assert run["layers"][0]["weight_norm"][0] > 0
