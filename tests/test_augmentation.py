"""Augmentation: each picture on its own, inside the limits of the recipe, the same from the same generator."""

import pytest
import torch
from torchvision.transforms import functional as TF

from cnnlib.train import Recipe, augment


@pytest.fixture
def images():
    return torch.randint(1, 256, (64, 3, 8, 8), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_asking_for_nothing_changes_nothing(images):
    assert augment(images, Recipe()) is images


def test_each_picture_is_mirrored_or_not(images):
    out = augment(images, Recipe(flip=True), generator())
    mirrored = [torch.equal(a, b.flip(2)) for a, b in zip(out, images, strict=True)]
    same = [torch.equal(a, b) for a, b in zip(out, images, strict=True)]
    assert all(m != s for m, s in zip(mirrored, same, strict=True))
    assert 16 < sum(mirrored) < 48


def test_each_crop_is_a_window_of_the_padded_picture_and_all_windows_occur(images):
    out = augment(images.repeat(8, 1, 1, 1), Recipe(crop=1), generator())
    places = set()
    for picture, original in zip(out, images.repeat(8, 1, 1, 1), strict=True):
        padded = TF.pad(original, [1])
        found = [(r, c) for r in range(3) for c in range(3) if torch.equal(picture, padded[:, r : r + 8, c : c + 8])]
        assert len(found) == 1
        places.update(found)
    assert len(places) == 9


def test_a_shift_of_whole_pixels_is_a_shift(images, monkeypatch):
    chances = iter([torch.zeros(64), torch.full((64,), 0.25), torch.full((64,), -0.125)])  # angle, across, down
    monkeypatch.setattr(torch.Tensor, "uniform_", lambda self, *_, **__: next(chances))
    out = augment(images, Recipe(shift=0.5))
    assert torch.equal(out[:, :, :7, 2:], images[:, :, 1:, :6]), "2 to the right, 1 up"
    assert not out[:, :, :, :2].any()
    assert not out[:, :, 7:].any(), "black comes into view"


@pytest.mark.parametrize(("angle", "turns"), [(90, 1), (180, 2)])
def test_a_quarter_turn_is_a_quarter_turn(images, monkeypatch, angle, turns):
    chances = iter([torch.full((64,), float(angle)), torch.zeros(64), torch.zeros(64)])
    monkeypatch.setattr(torch.Tensor, "uniform_", lambda self, *_, **__: next(chances))
    out = augment(images, Recipe(rotation=180))
    assert (out.int() - images.rot90(-turns, (2, 3)).int()).abs().max() <= 1 or (
        out.int() - images.rot90(turns, (2, 3)).int()
    ).abs().max() <= 1


def test_the_same_generator_gives_the_same_pictures_and_another_does_not(images):
    recipe = Recipe(crop=2, flip=True, rotation=10, shift=0.1)
    a, b, c = (augment(images, recipe, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert a.dtype == torch.uint8
    assert a.shape == images.shape


def test_pictures_that_are_not_square_keep_their_form():
    tall = torch.zeros(4, 1, 12, 6, dtype=torch.uint8)
    tall[:, :, 5:7, 2:4] = 255  # a square in the middle
    turned = augment(tall, Recipe(rotation=90), generator())
    assert turned.shape == tall.shape
    for before, after in zip(tall, turned, strict=True):
        inks = (float(after.float().sum()), float(before.float().sum()))
        assert inks[0] == pytest.approx(inks[1], rel=0.15), "turned, not stretched"
