"""The training loop: seven steps, on a GPU when one is present."""

from __future__ import annotations

import time
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from cnnlib.data import Dataset
from cnnlib.devices import device as choose_device
from cnnlib.errors import unknown
from cnnlib.train.augmentation import augment
from cnnlib.train.history import History
from cnnlib.train.preparation import Preparation
from cnnlib.train.recipe import Recipe
from cnnlib.train.tiny_maps import TinyMaps
from cnnlib.train.watch import Watch

EVALUATION_BATCH = 1000  # pictures; larger is no faster on two cores
AUXILIARY_WEIGHT = 0.3  # of each further head's loss in training (Szegedy et al. 2015, section 5)


class Score(NamedTuple):
    """How well a network does on some pictures: mean loss, accuracy from 0 to 1, number of pictures."""

    loss: float
    accuracy: float
    n: int


def fit(
    model: nn.Module,
    dataset: Dataset,
    recipe: Recipe,
    seed: int = 0,
    device: str | torch.device | None = None,
    progress: bool = True,
    label: str = "",
    watch: Watch | None = None,
) -> History:
    """Train a network on the training pictures; the test pictures are never looked at.

    Parameters
    ----------
    model : nn.Module
        From (N, C, H, W) to logits (N, num_classes), or in training mode to a tuple of the logits and those of
        auxiliary heads, whose losses then count 0.3 each. Trained in place and left on the device.
    dataset : Dataset
        From `cnnlib.data.load`.
    recipe : Recipe
        What to do.
    seed : int
        Decides the order of the pictures and which are held back. The first weights are the model's own.
    device : str or torch.device, optional
        A GPU when one is present, else the processor.
    progress : bool
        Show a progress bar.
    label : str
        How the run is called in a legend.
    watch : Watch, optional
        Of the same network: it notes how large each layer's weights and gradients are.

    Returns
    -------
    History
        It ends early when the loss is no longer a number (`History.diverged`).

    Raises
    ------
    BadInput
        If the device is unknown, or the recipe holds back all pictures.

    Examples
    --------
    >>> from cnnlib import data, models
    >>> digits = data.load("digits")
    >>> history = fit(models.build("fc_0501"), digits, Recipe(lr=0.1), progress=False, device="cpu")
    >>> sorted(history.last)
    ['epoch', 'seconds', 'train_accuracy', 'train_loss', 'val_accuracy', 'val_loss']
    """
    place = choose_device(device)
    images, labels = dataset.train_images.to(place), dataset.train_labels.to(place)
    chosen, held_back = _split(dataset, recipe, seed)
    prepare = Preparation(dataset, recipe, place)
    order = torch.Generator().manual_seed(seed)  # its own, so that dropout does not change the order
    # Weights with the channels innermost make convolutions on a processor up to half as fast again.
    model.to(place, memory_format=torch.channels_last)
    optimizer = recipe.make_optimizer(model.parameters())
    schedule = recipe.make_schedule(optimizer, steps=recipe.epochs * -(-len(chosen) // recipe.batch_size))
    chance = torch.Generator().manual_seed(seed)  # for augmentation; its own for the same reason
    history = History(label=label)

    bar = tqdm(total=recipe.epochs * len(chosen), unit=" pictures", disable=not progress, leave=False, mininterval=0.5)
    for epoch in range(1, recipe.epochs + 1):
        start, total_loss, correct = time.perf_counter(), 0.0, 0
        model.train()
        for batch in chosen[torch.randperm(len(chosen), generator=order)].split(recipe.batch_size):
            # 1. a batch of pictures, each augmented anew, and their labels
            x, y = prepare(augment(images[batch.to(place)], recipe, chance)), labels[batch.to(place)]
            with recipe.autocast(place), TinyMaps():  # the latter for speed on a processor; the numbers are the same
                logits, loss = _forward(model, x, y, recipe)  # 2. forward: scores; 3. loss: how wrong they are
            optimizer.zero_grad()               # 4. forget the last gradients
            loss.backward()                     # 5. backward: new gradients
            if watch:
                watch.step()
            optimizer.step()                    # 6. weight = weight - lr · gradient
            schedule.step()                     #    and the lr of the next step
            # 7. keep account
            total_loss += loss.detach() * len(y)
            correct += (logits.detach().argmax(dim=1) == y).sum()
            bar.update(len(y))
        row = {"epoch": epoch, "train_loss": float(total_loss) / len(chosen),
               "train_accuracy": int(correct) / len(chosen)}  # fmt: skip
        if len(held_back):
            score = _measure(model, images[held_back.to(place)], labels[held_back.to(place)], prepare)
            row |= {"val_loss": score.loss, "val_accuracy": score.accuracy}
            bar.set_postfix_str(f"epoch {epoch}, validation accuracy {score.accuracy:.1%}")
        history.epochs.append(row | {"seconds": time.perf_counter() - start})
        if watch:
            watch.epoch()
        if history.diverged:
            break
    bar.close()
    model.to(memory_format=torch.contiguous_format)
    return history


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
    return _measure(model.to(place), images, labels, Preparation(dataset, recipe, place))


def predict(
    model: nn.Module, dataset: Dataset, recipe: Recipe, device: str | torch.device | None = None
) -> torch.Tensor:
    """Return the logits of all test pictures.

    Parameters
    ----------
    model, dataset, recipe, device
        As in `evaluate`.

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
    return _logits(model.to(place), dataset.test_images.to(place), prepare).cpu()


def _forward(model, x, y, recipe) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the logits and the loss to train by."""
    logits, *auxiliary = outputs if isinstance(outputs := model(x), tuple) else (outputs,)
    losses = [F.cross_entropy(head.float(), y, label_smoothing=recipe.label_smoothing) for head in (logits, *auxiliary)]
    return logits, losses[0] + AUXILIARY_WEIGHT * sum(losses[1:])


def _measure(model, images, labels, prepare) -> Score:
    logits = _logits(model, images, prepare)
    correct = int((logits.argmax(dim=1) == labels).sum())
    return Score(float(F.cross_entropy(logits, labels)), correct / len(labels), len(labels))


def _logits(model, images, prepare) -> torch.Tensor:
    """Return the logits of all pictures in evaluation mode, without gradients."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad(), prepare.recipe.autocast(images.device):
            return torch.cat([model(prepare(part)).float() for part in images.split(EVALUATION_BATCH)])
    finally:
        model.train(training)


def _split(dataset: Dataset, recipe: Recipe, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return indices to train on and to validate on."""
    if recipe.validation == 0:
        chosen, held_back = torch.arange(len(dataset.train_images)), torch.arange(0)
    else:
        chosen, held_back = dataset.split(recipe.validation, seed)
    if recipe.limit is not None and recipe.limit < len(chosen):
        drawn = torch.randperm(len(chosen), generator=torch.Generator().manual_seed(seed))[: recipe.limit]
        chosen = chosen[drawn.sort().values]
    return chosen, held_back
