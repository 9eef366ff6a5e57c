"""From stored bytes to what a network sees: size, padding, scaling, and the fixed permutation of pixels."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from cnnlib.data import Dataset
from cnnlib.train.recipe import Recipe


class Preparation:
    """Turn uint8 pictures into the numbers that a recipe feeds to a network.

    Parameters
    ----------
    dataset : Dataset
        Its *training* pictures, held-back ones included, give the mean and the deviation; test pictures must not.
    recipe : Recipe
        Gives the size, the padding, the scaling and the permutation.
    device : torch.device
        Where batches will be.

    Examples
    --------
    >>> from cnnlib import data
    >>> digits = data.load("digits")
    >>> batch = Preparation(digits, Recipe(scaling="symmetric"))(digits.train_images[:8])
    >>> tuple(batch.shape), batch.dtype, float(batch.min())
    ((8, 1, 28, 28), torch.float32, -1.0)
    """

    def __init__(self, dataset: Dataset, recipe: Recipe, device: torch.device | str = "cpu"):
        self.recipe = recipe
        self.pad = recipe.pad
        self.shift, self.scale = (part.to(device) for part in _affine(dataset.train_images, recipe.scaling))
        self.order = None
        if recipe.permutation_seed is not None:
            height, width = (recipe.side(side) for side in dataset.train_images.shape[2:])
            generator = torch.Generator().manual_seed(recipe.permutation_seed)
            self.order = torch.randperm(height * width, generator=generator).to(device)

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Return float32 pictures for uint8 pictures (N, C, H, W), each side as long as `Recipe.side` says."""
        batch = torch.sub(images, self.shift).mul_(self.scale)
        if self.recipe.resize:
            batch = F.interpolate(batch, [self.recipe.resize] * 2, mode="bilinear", antialias=True)
        if self.pad:
            black = (-self.shift * self.scale).expand(batch.shape[1], 1, 1)
            canvas = black.expand(*batch.shape[:2], *(side + 2 * self.pad for side in batch.shape[2:])).clone()
            canvas[:, :, self.pad : -self.pad, self.pad : -self.pad] = batch
            batch = canvas
        if self.order is not None:
            batch = batch.flatten(2)[:, :, self.order].view(batch.shape)
        return batch


def _affine(images: torch.Tensor, scaling: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (shift, scale), each (C, 1, 1), so that a byte b becomes ``(b - shift) * scale``."""
    if scaling == "standard":
        means, deviations = _statistics(images)
        return means, 1 / deviations.clamp(min=1e-3)
    low, high = {"unit": (0, 1), "symmetric": (-1, 1), "lecun1998": (-0.1, 1.175)}[scaling]
    scale = torch.tensor((high - low) / 255).view(1, 1, 1)
    return -low / scale, scale


def _statistics(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and deviation of each channel of uint8 pictures, both (C, 1, 1).

    Counting how often each byte occurs is exact, several times faster than turning all pictures into floats, and takes
    none of their memory.
    """
    counts = torch.stack([channel.flatten().bincount(minlength=256) for channel in images.unbind(1)])  # (C, 256)
    shares, values = counts.double() / counts.sum(dim=1, keepdim=True), torch.arange(256, dtype=torch.float64)
    means = shares @ values
    variances = shares @ values**2 - means**2
    return tuple(part.float().view(-1, 1, 1) for part in (means, variances.clamp(min=0).sqrt()))
