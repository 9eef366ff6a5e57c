"""Augmentation: each time a training picture is seen, it is cropped, mirrored, turned or moved anew."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from cnnlib.train.recipe import Recipe


def augment(images: torch.Tensor, recipe: Recipe, generator: torch.Generator | None = None) -> torch.Tensor:
    """Return a batch of pictures, each changed at random on its own, as the recipe says.

    Parameters
    ----------
    images : Tensor, shape (N, C, H, W), uint8
        Pictures as stored. What comes into view from outside is black.
    recipe : Recipe
        Its ``crop``, ``flip``, ``rotation`` and ``shift`` say how far a picture may be changed.
    generator : torch.Generator, optional
        Draws the chances, on the processor; the global one if left out.

    Returns
    -------
    Tensor, shape (N, C, H, W), uint8
        The same tensor where the recipe asks for nothing.

    Examples
    --------
    >>> pictures = torch.arange(3, dtype=torch.uint8).repeat(2, 1, 3, 1)
    >>> mirrored = augment(pictures, Recipe(flip=True), torch.Generator().manual_seed(1))
    >>> mirrored[:, 0, 0].tolist()
    [[0, 1, 2], [2, 1, 0]]
    """
    n, place = len(images), images.device

    def draw(low: float, high: float) -> torch.Tensor:  # on the processor, so that every device sees the same chances
        return torch.empty(n).uniform_(low, high, generator=generator).to(place)

    if recipe.rotation or recipe.shift:
        angles = draw(-recipe.rotation, recipe.rotation) * (math.pi / 180)
        across, down = (draw(-recipe.shift, recipe.shift) for _ in range(2))
        images = _turn_and_move(images, angles, across, down)
    if recipe.crop:
        tops, lefts = (torch.randint(2 * recipe.crop + 1, (n,), generator=generator).to(place) for _ in range(2))
        images = _cut(F.pad(images, [recipe.crop] * 4), tops, lefts, images.shape[2:])
    if recipe.flip:
        images = torch.where((draw(0, 1) < 0.5).view(n, 1, 1, 1), images.flip(3), images)
    return images


def _turn_and_move(images, angles, across, down) -> torch.Tensor:
    """Rotate by angles in radians and shift by fractions of the side, between pixels by bilinear interpolation."""
    cos, sin = angles.cos(), angles.sin()
    height, width = images.shape[2:]
    # affine_grid's coordinates run from -1 to 1 on both sides, hence the ratios of the sides and the factor 2
    matrices = torch.stack(
        [cos, -sin * height / width, -2 * across, sin * width / height, cos, -2 * down], dim=1
    ).view(-1, 2, 3)
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    return F.grid_sample(images.float(), grid, align_corners=False).round().to(images.dtype)


def _cut(images, tops, lefts, size) -> torch.Tensor:
    """Cut out of each picture the window of this size at its own row and column."""
    rows = tops[:, None] + torch.arange(size[0], device=images.device)
    columns = lefts[:, None] + torch.arange(size[1], device=images.device)
    which = torch.arange(len(images), device=images.device)[:, None, None]
    # an index before and after the channels puts them last: (N, H, W, C)
    return images[which, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()
