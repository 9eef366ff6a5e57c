"""The notes' loop does the mathematics of `cnnlib.train.fit`, so that a comparison of their times is fair."""

from dataclasses import replace

import pytest
import torch
from torchvision import transforms

from cnnlib import data, models, train
from cnnlib.bench import PlainPictures, plain_fit
from cnnlib.bench.plain import _transforms
from cnnlib.devices import set_seed
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
        Recipe(epochs=3, batch_size=120, lr=0.05, momentum=0.9, scaling="symmetric", validation=0),
        Recipe(epochs=3, batch_size=120, lr=0.01, optimizer="adam", scaling="standard", validation=0),
    ],
    ids=["sgd", "adam"],
)
def test_it_learns_what_fit_learns(few, recipe):
    """With all pictures in one batch their order does not matter."""
    nets = []
    for loop in (lambda net: plain_fit(net, few, recipe), lambda net: train.fit(net, few, recipe, progress=False)):
        set_seed(0)
        nets.append(models.build("lenet5", in_channels=3, image_size=32, padding=0))
        history = loop(nets[-1])
        assert len(history.epochs) == 3
    plain, ours = (torch.cat([p.detach().flatten() for p in net.parameters()]) for net in nets)
    assert torch.allclose(plain, ours, atol=2e-4)


@pytest.mark.parametrize("scaling", ["unit", "standard", "symmetric"])
def test_its_transforms_prepare_as_ours(few, scaling):
    recipe = Recipe(scaling=scaling)
    before, after = _transforms(few, recipe)
    assert not before
    x, _ = PlainPictures(few.test_images, few.test_labels, transforms.Compose(after))[3]
    assert torch.allclose(x, Preparation(few, recipe)(few.test_images[3:4])[0], atol=1e-4)


def test_training_pictures_are_cropped_and_mirrored_and_test_pictures_are_not(few):
    before, after = _transforms(few, Recipe(crop=4, flip=True))
    assert [type(step).__name__ for step in before] == ["RandomCrop", "RandomHorizontalFlip"]
    assert [type(step).__name__ for step in after] == ["ToTensor"]


def test_a_shortened_epoch_says_how_many_pictures_it_saw(few):
    net = models.build("lenet5", in_channels=3, image_size=32, padding=0)
    history = plain_fit(net, few, Recipe(batch_size=30), steps=2)
    assert history.last["pictures"] == 60
