"""The pictures of a training run: in memory once, and in each epoch drawn in a new order, each changed anew."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.nn import functional as F

from cnnlib.data import Dataset
from cnnlib.errors import BadInput
from cnnlib.train import distributed
from cnnlib.train.augmentation import augment
from cnnlib.train.preparation import Preparation
from cnnlib.train.recipe import Recipe

SAMPLE = 5000  # pictures


class Batches:
    """The batches of a run, as the recipe asks for them.

    All pictures lie on the device as bytes, a byte a pixel and channel: 154 MB for CIFAR-10, 47 MB for MNIST. Only the
    batch at hand becomes floating-point numbers. Of several processes (`cnnlib.train.distributed`) each gets its share
    of every batch, changed just as a single process would change it.

    Parameters
    ----------
    dataset : Dataset
        From `cnnlib.data.load`; its test pictures are not looked at.
    recipe : Recipe
        Says which pictures are held back, how large a batch is, and how pictures are changed and scaled.
    seed : int
        Decides which pictures are held back, their order, and each change.
    place : torch.device
        Where the batches are wanted.

    Raises
    ------
    BadInput
        If a batch has fewer pictures than there are processes, or all pictures are held back.

    Attributes
    ----------
    prepare : Preparation
        From bytes to the numbers that the network sees.
    size, steps : int
        Pictures to train on; batches an epoch.
    held_back : tuple of Tensor, or None
        Pictures (N, C, H, W), uint8, and labels (N,) to validate on.
    generators : list of torch.Generator
        Where the order and the changes come from: all that changes from epoch to epoch.
    whole, mine : int
        Pictures of the batch at hand; how many of them this process has. Alone it has them all.

    Examples
    --------
    >>> from cnnlib import data
    >>> batches = Batches(data.load("digits"), Recipe(batch_size=500, validation=97), 0, torch.device("cpu"))
    >>> batches.size, batches.steps, [tuple(x.shape) for x, y in batches.epoch(1)]
    (1400, 3, [(500, 1, 28, 28), (500, 1, 28, 28), (400, 1, 28, 28)])
    """

    def __init__(self, dataset: Dataset, recipe: Recipe, seed: int, place: torch.device):
        if recipe.batch_size < distributed.size():
            raise BadInput(
                f"batch_size is {recipe.batch_size}, but there are {distributed.size()} processes; each needs a "
                "picture of every batch. Start fewer processes, or take larger batches."
            )
        self.recipe = recipe
        chosen, held_back = _split(dataset, recipe, seed)
        self._images = _channels_last(dataset.train_images).to(place)
        if recipe.early_size:  # shrunk once, not in each epoch
            small = F.interpolate(dataset.train_images, [recipe.early_size] * 2, mode="bilinear", antialias=True)
            self._small = _channels_last(small).to(place)
        self._labels = dataset.train_labels.to(place)
        self._chosen = chosen
        self.prepare = Preparation(dataset, recipe, place)
        self.size, self.steps = len(chosen), -(-len(chosen) // recipe.batch_size)
        self.held_back = self._take(held_back) if len(held_back) else None
        # Both their own, so that dropout changes neither.
        order, chance = (torch.Generator().manual_seed(seed) for _ in range(2))
        self.generators = [order, chance]
        self.whole = self.mine = 0
        coins = torch.Generator().manual_seed(seed)
        self._mirrored = torch.randint(2, (len(dataset.train_images),), generator=coins).bool().to(place)

    def epoch(self, number: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield pictures (N, C, H, W), float32, and labels (N,), int64, until all were seen once.

        Parameters
        ----------
        number : int
            Of the epoch, from 1: the first may shrink pictures, and which are mirrored may alternate.
        """
        order, chance = self.generators
        for which in self._chosen[torch.randperm(self.size, generator=order)].split(self.recipe.batch_size):
            part = distributed.share(len(which))
            self.whole, self.mine = len(which), part.stop - part.start
            if not self.mine:  # the others wait for every process's gradients: it computes with theirs, at no weight
                part = slice(0, 2)
            which = which[part]
            images, labels = self._take(which, early=number <= self.recipe.early_epochs)
            mirrored = self._mirrored[which.to(labels.device)] ^ (number % 2 == 0) if self.recipe.alternate else None
            yield self.prepare(augment(images, self.recipe, chance, mirrored, part, self.whole)), labels

    @property
    def weight(self) -> float:
        """What this process's mean loss counts, so that the mean over all processes is that of the whole batch."""
        return self.mine * distributed.size() / self.whole

    def sample(self) -> torch.Tensor:
        """Return up to 5,000 prepared training pictures (N, C, H, W), float32, unchanged."""
        return self.prepare(self._take(self._chosen[:SAMPLE])[0])

    def _take(self, which: torch.Tensor, early: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
        which = which.to(self._images.device)
        images = self._small if early else self._images
        return images[which].permute(0, 3, 1, 2), self._labels[which]


def _channels_last(images: torch.Tensor) -> torch.Tensor:
    """Return (N, H, W, C): a batch of these, and what is cut out of it, lies as convolutions on a processor like it."""
    return images.permute(0, 2, 3, 1).contiguous()


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
