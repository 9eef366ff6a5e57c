"""What a data set promises: its checks, its split, the two embedded sets and the photographs."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits, load_sample_image

from cnnlib import data
from cnnlib.data.shapes import generate
from cnnlib.errors import BadInput


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


@pytest.fixture(scope="module")
def shapes():
    return data.load("shapes")


def made(labels, classes=("cat", "dog"), **changed):
    """Return a set of black 1×1 pictures with these labels."""
    labels = torch.as_tensor(labels, dtype=torch.int64)
    images = torch.zeros(len(labels), 1, 1, 1, dtype=torch.uint8)
    fields = {"train_images": images, "train_labels": labels, "test_images": images, "test_labels": labels}
    return data.Dataset(**{"name": "made", "title": "Made", "classes": classes, "source": "", **fields, **changed})


# Dataset


def test_a_dataset_tells_about_itself():
    images = torch.zeros(1200, 3, 8, 6, dtype=torch.uint8)
    labels = torch.arange(1200) % 3
    known = made(
        [], classes=tuple("abc"), train_images=images, train_labels=labels, test_images=images[:30],
        test_labels=labels[:30],
    )
    assert repr(known) == "Made: 1,200 training and 30 test pictures, 3 channels of 8×6, 3 classes"
    assert (known.channels, known.size, known.num_classes, known.requested) == (3, 8, 3, "made")
    with pytest.raises(dataclasses.FrozenInstanceError):
        known.title = "Other"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"train_images": torch.zeros(2, 1, 1, 1)}, "train_images is torch.float32"),
        ({"test_images": torch.zeros(2, 1, 1, dtype=torch.uint8)}, r"test_images .* of shape \(2, 1, 1\)"),
        ({"train_images": torch.zeros(2, 0, 1, 1, dtype=torch.uint8)}, "every size at least 1"),
        ({"train_labels": torch.zeros(3, dtype=torch.int64)}, "one label for each of the 2 pictures"),
        ({"test_labels": torch.zeros(2, dtype=torch.int32)}, "test_labels is torch.int32"),
        ({"test_labels": torch.tensor([0, 2])}, "test_labels go from 0 to 2; with 2 classes"),
        ({"train_labels": torch.tensor([-1, 0])}, "train_labels go from -1 to 0"),
        ({"test_images": torch.zeros(2, 1, 2, 1, dtype=torch.uint8)}, "1×1×1 and test pictures 1×2×1"),
        ({"classes": ["cat", "dog"]}, "must be a tuple of names"),
        ({"classes": (0, 1)}, "must be a tuple of names"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(changed, said):
    with pytest.raises(BadInput, match=f"^made: .*{said}"):
        made([0, 1], **changed)


@pytest.mark.parametrize("field", ["train_images", "train_labels", "test_images", "test_labels"])
def test_the_fingerprint_depends_on_every_array_and_on_nothing_else(field):
    one = made([0, 1, 0])
    assert one.fingerprint == made([0, 1, 0], title="Other", source="elsewhere").fingerprint
    array = getattr(one, field).clone()
    array[-1] += 1
    assert one.fingerprint != dataclasses.replace(one, **{field: array}).fingerprint


# split

LABELS = st.lists(st.integers(0, 3), min_size=2, max_size=200)


@settings(max_examples=100, deadline=None)
@given(LABELS, st.data(), st.integers(0, 2**32 - 1))
def test_split_is_disjoint_complete_balanced_and_repeatable(labels, draw, seed):
    total = len(labels)
    count = draw.draw(st.integers(1, total - 1), label="validation")
    known = made(labels, classes=tuple("abcd"))
    train, val = known.split(count, seed=seed)
    assert len(val) == count
    assert sorted([*train.tolist(), *val.tolist()]) == list(range(total))
    for part in (train, val):
        assert part.dtype == torch.int64
        assert part.tolist() == sorted(part.tolist())
    all_of, held_back = (np.bincount(known.train_labels[chosen], minlength=4) for chosen in (slice(None), val))
    assert (abs(held_back - all_of * count / total) < 1).all()
    again = known.split(count, seed=seed)
    assert torch.equal(again[0], train) and torch.equal(again[1], val)


@pytest.mark.parametrize(
    ("total", "validation", "expected"),
    [(100, None, 10), (59, None, 5), (60_000, None, 5_000), (100, 0.25, 25), (10, 0.14, 1), (100, 99, 99)],
)
def test_split_takes_a_number_a_fraction_or_a_tenth(total, validation, expected):
    assert len(made([0] * total).split(validation)[1]) == expected


def test_split_draws_the_same_pictures_on_every_machine_and_others_with_another_seed(digits):
    assert digits.split()[1][:8].tolist() == [21, 23, 38, 61, 64, 80, 111, 115]
    assert digits.split(seed=1)[1].tolist() != digits.split(seed=0)[1].tolist()


@pytest.mark.parametrize(
    ("validation", "said"),
    [
        (0, "choose 1 to 9"),
        (10, "validation=10 holds back 10 of 10 training pictures"),
        (-1, "holds back -1"),
        (0.01, "holds back 0 of 10"),
        (0.99, "holds back 10 of 10"),
        *((wrong, "must be a number of pictures") for wrong in (0.0, 1.0, 1.5, float("nan"), True, "5", [5])),
    ],
)
def test_split_refuses_what_leaves_one_side_empty(validation, said):
    with pytest.raises(BadInput, match=said):
        made([0] * 10).split(validation)


def test_split_refuses_a_set_too_small_for_a_tenth():
    with pytest.raises(BadInput, match="validation=None holds back 0 of 9"):
        made([0] * 9).split()


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, "0", None])
def test_split_refuses_a_seed_that_is_none(seed):
    with pytest.raises(BadInput, match="seed is .* whole number from 0"):
        made([0] * 10).split(seed=seed)


# The embedded sets: recorded results name their fingerprints, so these must never change


def test_digits_are_the_ones_that_results_were_recorded_on(digits):
    assert digits.fingerprint == "3d6c26c03d1046e4"
    assert digits.train_images.shape == (1497, 1, 28, 28)
    assert torch.bincount(digits.test_labels).tolist() == [30] * 10
    assert digits.num_classes == 10 and digits.embedded


def test_digits_hold_every_picture_once(digits):
    counts = torch.bincount(torch.cat([digits.train_labels, digits.test_labels])).tolist()
    assert counts == np.bincount(load_digits().target).tolist()
    pictures = torch.cat([digits.train_images, digits.test_images]).flatten(1)
    assert len(pictures.unique(dim=0)) == len(np.unique(load_digits().images, axis=0))


def test_digits_are_enlarged_as_pytorch_would(digits):
    """Whole numbers give the same as bilinear interpolation of PyTorch, but for rounding."""
    small = torch.from_numpy(load_digits().images[:50]).double()[:, None]
    large = torch.nn.functional.interpolate(small, size=28, mode="bilinear", align_corners=False) * 255 / 16
    every = torch.cat([digits.train_images, digits.test_images]).double()
    for wanted in large:
        assert (every - wanted).abs().amax((1, 2, 3)).min() <= 0.5 + 1e-9


def test_shapes_are_the_ones_that_results_were_recorded_on(shapes):
    assert shapes.fingerprint == "291a0e4b450fed16"
    assert (shapes.train_images.shape, shapes.test_images.shape) == ((10_000, 3, 32, 32), (2_000, 3, 32, 32))
    assert torch.bincount(shapes.train_labels).tolist() == [1_000] * 10
    assert torch.bincount(shapes.test_labels).tolist() == [200] * 10
    assert len(set(shapes.classes)) == 10 and shapes.embedded


def test_a_spoilt_copy_of_shapes_does_not_spoil_the_next(shapes):
    before = shapes.train_images[0].clone()
    copy = data.load("shapes")
    copy.train_images[0] = 0
    assert torch.equal(shapes.train_images[0], before)
    assert torch.equal(data.load("shapes").train_images[0], before)


def test_colour_does_not_tell_the_class_of_a_shape(shapes):
    """Each class has the same mean colour as all, within four standard errors."""
    means = shapes.train_images.double().mean((2, 3))
    for label in range(10):
        chosen = means[shapes.train_labels == label]
        hue, every_hue = (m - m.mean(1, keepdim=True) for m in (chosen, means))
        error = every_hue.std(0) / len(chosen) ** 0.5
        assert ((hue.mean(0) - every_hue.mean(0)).abs() < 4 * error).all()


def test_generated_pictures_do_not_depend_on_how_many_are_asked_for(shapes):
    images, labels = generate(73, seed=1)
    assert torch.equal(images, shapes.train_images[:73])
    assert labels.tolist() == shapes.train_labels[:73].tolist()
    assert not torch.equal(generate(10, seed=2)[0], images[:10])


@pytest.mark.parametrize("wrong", [{"count": 0}, {"count": 2.0}, {"count": True}, {"seed": -1}, {"seed": "0"}])
def test_generate_refuses_what_is_no_number_of_pictures(wrong):
    with pytest.raises(BadInput, match=f"{next(iter(wrong))} is .*whole number"):
        generate(**{"count": 1, "seed": 0, **wrong})


def test_cifar10_has_the_shapes_as_its_stand_in(tmp_path, capsys, shapes):
    loaded = data.load("cifar10", root=tmp_path)
    assert capsys.readouterr().out.startswith("CIFAR-10 is not on this machine; using the embedded set 'shapes'")
    assert (loaded.title, loaded.requested, loaded.fingerprint) == ("Generated shapes", "cifar10", shapes.fingerprint)


# Photographs


@pytest.mark.parametrize("name", ["china", "flower"])
def test_photographs_are_scikit_learns(name):
    picture = data.photograph(name)
    assert picture.shape == (3, 427, 640) and picture.dtype == torch.uint8
    assert np.array_equal(picture.permute(1, 2, 0).numpy(), load_sample_image(f"{name}.jpg"))


@pytest.mark.parametrize(
    ("size", "expected"), [(427, (427, 640)), (128, (128, 192)), ((96, 144), (96, 144)), (1, (1, 1))]
)
def test_photographs_shrink_to_the_size_asked_for(size, expected):
    picture = data.photograph("china", size=size)
    assert picture.shape == (3, *expected) and picture.dtype == torch.uint8
    means = [p.double().mean((1, 2)) for p in (picture, data.photograph("china"))]
    assert torch.allclose(*means, atol=25 if size == 1 else 1)


@pytest.mark.parametrize("size", [0, -5, 12.5, True, "64", (0, 3), (3,), (3, 4, 5), (3.0, 4)])
def test_photographs_refuse_sizes_that_are_none(size):
    with pytest.raises(BadInput, match="size is .*whole numbers of at least 1"):
        data.photograph("china", size=size)


def test_an_unknown_photograph_is_answered_with_the_nearest():
    with pytest.raises(BadInput, match="no photograph 'flowers'. Did you mean 'flower'"):
        data.photograph("flowers")
