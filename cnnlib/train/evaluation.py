"""How well a trained network does: its logits, its loss and its accuracy on pictures it was not trained on."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.data import Dataset
from cnnlib.devices import device as choose_device
from cnnlib.errors import unknown
from cnnlib.train import distributed
from cnnlib.train.preparation import Preparation
from cnnlib.train.recipe import Recipe

BATCH = 1000  # pictures; larger is no faster on two cores
PIXELS = 8_000_000  # at once: fewer pictures where they are large, so that their feature maps fit into memory


class Score(NamedTuple):
    """How well a network does on some pictures: mean loss, accuracy from 0 to 1, number of pictures."""

    loss: float
    accuracy: float
    n: int


def evaluate(
    model: nn.Module,
    dataset: Dataset,
    recipe: Recipe,
    split: str = "test",
    device: str | torch.device | None = None,
) -> Score:
    """Measure a trained network, prepared as in its training.

    Parameters
    ----------
    model : nn.Module
        From (N, C, H, W) to logits (N, num_classes). Its training mode stays as it is.
    dataset : Dataset
        The set it was trained on.
    recipe : Recipe
        The recipe it was trained with; only its preparation of pictures is used.
    split : {'test', 'train'}
        Which pictures. Choose nothing by the test pictures: they only report.
    device : str or torch.device, optional
        A GPU when one is present, else the processor.

    Returns
    -------
    Score

    Raises
    ------
    BadInput
        If the split or the device is unknown.

    Examples
    --------
    >>> from cnnlib import data, models
    >>> evaluate(models.build("fc_0501"), data.load("digits"), Recipe(), device="cpu").n
    300
    """
    if split not in ("test", "train"):
        raise unknown("split", split, ("test", "train"))
    place = choose_device(device)
    images, labels = getattr(dataset, f"{split}_images").to(place), getattr(dataset, f"{split}_labels").to(place)
    return measure(model.to(place), images, labels, Preparation(dataset, recipe, place))


def predict(
    model: nn.Module,
    dataset: Dataset,
    recipe: Recipe,
    device: str | torch.device | None = None,
    mirrored: bool = False,
) -> torch.Tensor:
    """Return the logits of all test pictures.

    Parameters
    ----------
    model, dataset, recipe, device
        As in `evaluate`.
    mirrored : bool
        Take the mean of the logits of each picture and of its mirror image. A result reached so says so.

    Returns
    -------
    Tensor, shape (N, num_classes)
        On the processor; its softmax over the second dimension gives probabilities.

    Examples
    --------
    >>> from cnnlib import data, models
    >>> tuple(predict(models.build("fc_0501"), data.load("digits"), Recipe(), device="cpu").shape)
    (300, 10)
    """
    place = choose_device(device)
    prepare = Preparation(dataset, recipe, place)
    images, model = dataset.test_images.to(place), model.to(place)
    logits = logits_of(model, images, prepare)
    if mirrored:
        logits = (logits + logits_of(model, images.flip(3), prepare)) / 2
    return logits.cpu()


def measure(model: nn.Module, images: torch.Tensor, labels: torch.Tensor, prepare: Preparation) -> Score:
    """Return the score on pictures (N, C, H, W), uint8, with labels (N,), on the device where the network is."""
    logits = logits_of(model, images, prepare)
    correct = int((logits.argmax(dim=1) == labels).sum())
    return Score(float(F.cross_entropy(logits, labels)), correct / len(labels), len(labels))


def logits_of(model: nn.Module, images: torch.Tensor, prepare: Preparation) -> torch.Tensor:
    """Return the logits (N, num_classes) of pictures (N, C, H, W), uint8, in evaluation mode and without gradients.

    Of several processes each computes a share, and all get all of them; so all must call it.
    """
    distributed.agree(model)
    part = distributed.share(len(images))
    mine = images[part] if part.stop > part.start else images[:1]  # its row is thrown away
    count = max(1, min(BATCH, PIXELS // math.prod(map(prepare.recipe.side, images.shape[2:]))))
    training = model.training
    model.eval()
    try:
        with torch.inference_mode(), prepare.recipe.autocast(images.device):
            logits = torch.cat([model(prepare(some)).float() for some in mine.split(count)])
    finally:
        model.train(training)
    return distributed.gathered(logits[: part.stop - part.start], len(images))
