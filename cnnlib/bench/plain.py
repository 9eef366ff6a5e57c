"""The training loop as the notes write it: the plain one that the fast one is measured against.

Each picture goes through torchvision's transforms one by one, a `DataLoader` stacks them, everything is float32, the
loss is printed every hundred steps, and the test pictures are tried after each epoch. `cnnlib.train.fit` does the same
mathematics.
"""

from __future__ import annotations

import time
from dataclasses import fields

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from cnnlib import data
from cnnlib.errors import BadInput
from cnnlib.train import History, Recipe

# What of a recipe the notes' loop knows; everything else must be as it is by default, and nothing held back.
FOLLOWED = ("epochs", "batch_size", "lr", "momentum", "weight_decay", "scaling", "crop", "flip")


class PlainPictures(Dataset):
    """Pictures and labels as torchvision's data sets give them: each is transformed when it is asked for.

    Parameters
    ----------
    images : Tensor, shape (N, C, H, W), uint8
        Pictures.
    labels : Tensor, shape (N,), int64
        Their classes.
    transform : callable
        From a picture of Pillow's to a tensor (C, H, W).

    Examples
    --------
    >>> pictures = PlainPictures(torch.zeros(5, 3, 8, 8, dtype=torch.uint8), torch.arange(5), transforms.ToTensor())
    >>> x, y = pictures[4]
    >>> tuple(x.shape), y, len(pictures)
    ((3, 8, 8), 4, 5)
    """

    def __init__(self, images: torch.Tensor, labels: torch.Tensor, transform):
        self.images, self.labels = images.permute(0, 2, 3, 1).squeeze(3).numpy(), labels.tolist()
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        picture = Image.fromarray(self.images[index])
        return self.transform(picture), self.labels[index]


def plain_fit(
    model: nn.Module,
    dataset: data.Dataset,
    recipe: Recipe,
    seed: int = 0,
    device: str | torch.device = "cpu",
    workers: int = 0,
    say=None,
) -> History:
    """Train a network the notes' way.

    Parameters
    ----------
    model : nn.Module
        From (N, C, H, W) to logits (N, num_classes). Trained in place and left on the device.
    dataset : Dataset
        From `cnnlib.data.load`. All its training pictures are trained on, and the test pictures tried after each epoch.
    recipe : Recipe
        Its epochs, batch size, optimizer (SGD or Adam), learning rate, momentum, weight decay, scaling, crop and flip
        are followed.
    seed : int
        Decides the order of the pictures.
    device : str or torch.device
        Where to compute.
    workers : int
        Processes that prepare pictures; 0 prepares them between the steps.
    say : callable, optional
        Hears the loss, as `print` would, every hundred steps.

    Returns
    -------
    History
        Of each epoch the last batch's ``train_loss``, the ``test_accuracy``, and ``seconds``, of which
        ``train_seconds`` were spent before the test pictures were tried.

    Raises
    ------
    BadInput
        If the recipe asks for something that this loop does not know.

    Examples
    --------
    >>> from cnnlib import models
    >>> recipe = Recipe(batch_size=500, lr=0.1, validation=0)
    >>> history = plain_fit(models.build("fc_0501"), data.load("digits"), recipe)
    >>> sorted(history.last)
    ['epoch', 'seconds', 'test_accuracy', 'train_loss', 'train_seconds']
    """
    train, test = _pictures(dataset, recipe)
    order = torch.Generator().manual_seed(seed)
    train_loader = DataLoader(train, recipe.batch_size, shuffle=True, num_workers=workers, generator=order)
    test_loader = DataLoader(test, recipe.batch_size, num_workers=workers)
    model.to(device)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = _optimizer(model, recipe)

    history = History()
    for epoch in range(1, recipe.epochs + 1):
        start = time.perf_counter()
        model.train()
        for step, (x, y) in enumerate(train_loader):
            x, y = x.to(device), y.to(device)
            loss = loss_fn(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if say and step % 100 == 0:
                say(f"epoch {epoch} step {step} loss {loss.item():.3f}")
        train_loss, trained = loss.item(), time.perf_counter()
        model.eval()
        correct = 0
        with torch.no_grad():
            for x, y in test_loader:
                correct += (model(x.to(device)).argmax(1) == y.to(device)).sum().item()
        history.epochs.append({"epoch": epoch, "train_loss": train_loss, "test_accuracy": correct / len(test),
                               "train_seconds": trained - start, "seconds": time.perf_counter() - start})  # fmt: skip
    return history


def _pictures(dataset: data.Dataset, recipe: Recipe) -> tuple[PlainPictures, PlainPictures]:
    """Return the training and the test pictures, with what is done to each."""
    _check(recipe)
    changed = [transforms.RandomCrop(dataset.size, padding=recipe.crop)] if recipe.crop else []
    changed += [transforms.RandomHorizontalFlip()] if recipe.flip else []
    always = [transforms.ToTensor()]
    if recipe.scaling == "standard":
        pixels = dataset.train_images.float() / 255
        always.append(transforms.Normalize(pixels.mean(dim=(0, 2, 3)).tolist(), pixels.std(dim=(0, 2, 3)).tolist()))
    elif recipe.scaling == "symmetric":
        always.append(transforms.Normalize([0.5] * dataset.channels, [0.5] * dataset.channels))
    return (
        PlainPictures(dataset.train_images, dataset.train_labels, transforms.Compose([*changed, *always])),
        PlainPictures(dataset.test_images, dataset.test_labels, transforms.Compose(always)),
    )


def _optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the recipe's optimizer as PyTorch gives it to who asks for nothing more."""
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(model.parameters(), lr=recipe.lr, momentum=recipe.momentum,
                               weight_decay=recipe.weight_decay)  # fmt: skip
    return torch.optim.Adam(model.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)


def _check(recipe: Recipe) -> None:
    """Refuse a recipe that this loop would not follow in all."""
    allowed = {"optimizer": ("sgd", "adam"), "scaling": ("unit", "standard", "symmetric"), "validation": (0,)}
    for name in (field.name for field in fields(Recipe)):
        value = getattr(recipe, name)
        known = allowed.get(name, () if name in FOLLOWED else (getattr(Recipe, name),))
        if known and value not in known:
            raise BadInput(
                f"{name} is {value!r}, which the notes' loop does not know; it can be "
                f"{' or '.join(map(repr, known))}. Use cnnlib.train.fit for the rest."
            )
