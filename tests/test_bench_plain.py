"""The notes' loop does the mathematics of `cnnlib.train.fit`, so that a comparison of their times is fair."""

from dataclasses import replace

import pytest
import torch
from torch.utils.data import RandomSampler
from torchvision import transforms

from cnnlib import data, experiments, models, train
from cnnlib.bench import SPEEDS, TIMES, PlainPictures, plain_fit
from cnnlib.bench.plain import _check, _pictures
from cnnlib.devices import set_seed
from cnnlib.errors import BadInput
from cnnlib.train import Preparation, Recipe


@pytest.fixture(scope="module")
def few():
    """Return 120 colour pictures to train on and 40 to test on."""
    whole = data.load("shapes", quiet=True)
    parts = {f"{part}_{what}": getattr(whole, f"{part}_{what}")[:count]
             for part, count in (("train", 120), ("test", 40)) for what in ("images", "labels")}  # fmt: skip
    return replace(whole, **parts)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(epochs=3, batch_size=32, lr=0.05, momentum=0.9, weight_decay=0.01, scaling="symmetric", validation=0),
        Recipe(epochs=3, batch_size=32, lr=0.001, optimizer="adam", scaling="standard", validation=0),
    ],
    ids=["sgd", "adam"],
)
def test_it_learns_what_fit_learns_from_the_same_batches(few, recipe, monkeypatch):
    order = torch.Generator().manual_seed(0)  # as fit draws it
    monkeypatch.setattr(RandomSampler, "__iter__", lambda self: iter(torch.randperm(120, generator=order).tolist()))
    nets, histories = [], []
    for loop in (lambda net: plain_fit(net, few, recipe), lambda net: train.fit(net, few, recipe, progress=False)):
        set_seed(0)
        nets.append(models.build("lenet5", in_channels=3, image_size=32, padding=0))
        histories.append(loop(nets[-1]))
    set_seed(0)
    nets.append(models.build("lenet5", in_channels=3, image_size=32, padding=0))
    plain, ours, before = (torch.cat([p.detach().flatten() for p in net.parameters()]) for net in nets)
    # of the way that the weights went; another order of the pictures makes a tenth of it and more
    assert (plain - ours).norm() < 0.01 * (plain - before).norm()
    score = train.evaluate(nets[1], few, recipe, device="cpu")
    assert histories[0].last["test_accuracy"] == pytest.approx(score.accuracy, abs=1 / 40)


@pytest.mark.parametrize("scaling", ["unit", "standard", "symmetric"])
def test_its_transforms_prepare_as_ours(few, scaling):
    recipe = Recipe(scaling=scaling, validation=0)
    for part, pictures in zip(("train", "test"), _pictures(few, recipe), strict=True):
        ours = Preparation(few, recipe)(getattr(few, f"{part}_images")[3:4])[0]
        x, y = pictures[3]
        assert torch.allclose(x, ours, atol=1e-4)
        assert y == int(getattr(few, f"{part}_labels")[3])


def test_training_pictures_are_cropped_and_mirrored_and_test_pictures_are_not(few):
    train_pictures, test_pictures = _pictures(few, Recipe(crop=4, flip=True, validation=0))
    names = [[type(step).__name__ for step in part.transform.transforms] for part in (train_pictures, test_pictures)]
    assert names == [["RandomCrop", "RandomHorizontalFlip", "ToTensor"], ["ToTensor"]]


def test_workers_prepare_the_same_pictures(few):
    recipe = Recipe(batch_size=60, lr=0.05, validation=0)
    accuracies = []
    for workers in (0, 1):
        set_seed(0)
        net = models.build("lenet5", in_channels=3, image_size=32, padding=0)
        accuracies.append(plain_fit(net, few, recipe, workers=workers).last["train_loss"])
    assert accuracies[0] == pytest.approx(accuracies[1], rel=1e-4)


def test_it_says_the_loss_every_hundred_steps(few):
    heard = []
    net = models.build("lenet5", in_channels=3, image_size=32, padding=0)
    history = plain_fit(net, few, Recipe(batch_size=1, validation=0), say=heard.append)
    assert [words.split(" loss")[0] for words in heard] == ["epoch 1 step 0", "epoch 1 step 100"]
    assert 0 < history.last["train_seconds"] < history.last["seconds"] == history.seconds


@pytest.mark.parametrize(
    "wish", [{"schedule": "cosine"}, {"optimizer": "adamw"}, {"label_smoothing": 0.1}, {"validation": 0.1},
             {"precision": "bfloat16"}, {"rotation": 10}, {"scaling": "lecun1998"}, {"pad": 2}, {"limit": 100}]
)  # fmt: skip
def test_a_recipe_that_it_would_not_follow_is_refused(few, wish):
    net = models.build("lenet5", in_channels=3, image_size=32, padding=0)
    with pytest.raises(BadInput, match=f"{next(iter(wish))} is .* which the notes' loop does not know"):
        plain_fit(net, few, Recipe(**{"validation": 0} | wish))


def test_it_follows_every_recipe_that_is_benchmarked():
    rows = [row for row in [*SPEEDS.values(), *TIMES.values()] if row.experiment]
    for row in rows:
        _check(experiments.get(row.experiment).variants[row.variant].recipe)
    assert len(rows) >= 7


def test_grey_pictures_keep_their_one_channel():
    digits = data.load("digits")
    x, _ = PlainPictures(digits.test_images, digits.test_labels, transforms.ToTensor())[0]
    assert torch.equal((x * 255).round().byte(), digits.test_images[0])
