"""The training loop as the notes write it: the plain one that the fast one is measured against.

Each picture goes through torchvision's transforms one by one, a `DataLoader` stacks them, everything is float32, and
the test pictures are tried after each epoch. `cnnlib.train.fit` does the same mathematics.
"""

from __future__ import annotations

import time

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from cnnlib import data
from cnnlib.train import History, Recipe


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
        self.images, self.labels = images.permute(0, 2, 3, 1).numpy(), labels.tolist()
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        picture = Image.fromarray(self.images[index].squeeze())
        return self.transform(picture), self.labels[index]


def plain_fit(
    model: nn.Module, dataset: data.Dataset, recipe: Recipe, seed: int = 0, steps: int | None = None
) -> History:
    """Train a network the notes' way, on the processor.

    Parameters
    ----------
    model : nn.Module
        From (N, C, H, W) to logits (N, num_classes). Trained in place.
    dataset : Dataset
        From `cnnlib.data.load`. All its training pictures are trained on, and the test pictures tried after each epoch.
    recipe : Recipe
        Its epochs, batch size, optimizer, learning rate, momentum, weight decay, scaling, crop and flip are followed.
    seed : int
        Decides the order of the pictures.
    steps : int, optional
        Stop each epoch after so many, and try as large a part of the test pictures.

    Returns
    -------
    History
        ``seconds`` are those of an epoch, trying included; ``test_accuracy`` is what was found.

    Examples
    --------
    >>> from cnnlib import models
    >>> history = plain_fit(models.build("fc_0501"), data.load("digits"), Recipe(lr=0.1), steps=3)
    >>> sorted(history.last)
    ['epoch', 'pictures', 'seconds', 'test_accuracy', 'train_loss']
    """
    before, after = _transforms(dataset, recipe)
    train = PlainPictures(dataset.train_images, dataset.train_labels, transforms.Compose([*before, *after]))
    test = PlainPictures(dataset.test_images, dataset.test_labels, transforms.Compose(after))
    order = torch.Generator().manual_seed(seed)
    train_loader = DataLoader(train, batch_size=recipe.batch_size, shuffle=True, generator=order)
    test_loader = DataLoader(test, batch_size=recipe.batch_size)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = _optimizer(model, recipe)
    steps = steps or len(train_loader)

    history = History()
    for epoch in range(1, recipe.epochs + 1):
        start, total, seen = time.perf_counter(), 0.0, 0
        model.train()
        for step, (x, y) in enumerate(train_loader, start=1):
            loss = loss_fn(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, seen = total + loss.item() * len(y), seen + len(y)
            if step == steps:
                break
        model.eval()
        correct = tried = 0
        with torch.no_grad():
            for x, y in test_loader:
                correct, tried = correct + (model(x).argmax(1) == y).sum().item(), tried + len(y)
                if tried >= len(test) * steps / len(train_loader):
                    break
        history.epochs.append({"epoch": epoch, "train_loss": total / seen, "test_accuracy": correct / tried,
                               "pictures": seen, "seconds": time.perf_counter() - start})  # fmt: skip
    return history


def _transforms(dataset: data.Dataset, recipe: Recipe) -> tuple[list, list]:
    """Return what is done to a picture in training only, and always."""
    before = [transforms.RandomCrop(dataset.size, padding=recipe.crop)] if recipe.crop else []
    before += [transforms.RandomHorizontalFlip()] if recipe.flip else []
    after = [transforms.ToTensor()]
    if recipe.scaling == "standard":
        pixels = dataset.train_images.float() / 255
        after.append(transforms.Normalize(pixels.mean(dim=(0, 2, 3)).tolist(), pixels.std(dim=(0, 2, 3)).tolist()))
    elif recipe.scaling == "symmetric":
        after.append(transforms.Normalize([0.5] * dataset.channels, [0.5] * dataset.channels))
    return before, after


def _optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the recipe's optimizer as PyTorch gives it to who asks for nothing more."""
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(model.parameters(), lr=recipe.lr, momentum=recipe.momentum,
                               weight_decay=recipe.weight_decay)  # fmt: skip
    return torch.optim.Adam(model.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
