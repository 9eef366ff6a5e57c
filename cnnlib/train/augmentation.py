"""Augmentation: each time a training picture is seen, it is cropped, mirrored, turned, moved or hidden in part anew."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from cnnlib.train.recipe import Recipe

GREY = 128  # a byte in the middle between black and white


def augment(
    images: torch.Tensor,
    recipe: Recipe,
    generator: torch.Generator | None = None,
    mirrored: torch.Tensor | None = None,
    part: slice = slice(None),
    whole: int | None = None,
) -> torch.Tensor:
    """Return a batch of pictures, each changed at random on its own, as the recipe says.

    Parameters
    ----------
    images : Tensor, shape (N, C, H, W), uint8
        Pictures as stored. What comes into view from outside is black, or with ``reflect`` the picture's mirror image.
    recipe : Recipe
        Its ``crop``, ``flip``, ``cutout``, ``rotation`` and ``shift`` say how far a picture may be changed.
    generator : torch.Generator, optional
        Draws the chances, on the processor; the global one if left out.
    mirrored : Tensor, shape (N,), bool, optional
        Which pictures ``flip`` mirrors, instead of chance.
    part, whole : slice and int, optional
        The pictures are this part of a batch of so many. The chances are drawn for the batch, so that each picture is
        changed just as if all were there.

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
        return torch.empty(whole or n).uniform_(low, high, generator=generator)[part].to(place)

    def pick(count: int) -> torch.Tensor:
        return torch.randint(count, (whole or n,), generator=generator)[part]

    if recipe.rotation or recipe.shift:
        angles = draw(-recipe.rotation, recipe.rotation) * (math.pi / 180)
        across, down = (draw(-recipe.shift, recipe.shift) for _ in range(2))
        images = _turn_and_move(images, angles, across, down)
    if recipe.crop:
        tops, lefts = (pick(2 * recipe.crop + 1).to(place) for _ in range(2))
        images = _cut(_surround(images, recipe.crop, recipe.reflect), tops, lefts, images.shape[2:])
    if recipe.flip:
        if mirrored is None:
            mirrored = draw(0, 1) < 0.5
        images = torch.where(mirrored.view(n, 1, 1, 1), images.flip(3), images)
    if recipe.cutout:
        height, width = images.shape[2:]
        rows = _near(pick(height), height, recipe.cutout)
        columns = _near(pick(width), width, recipe.cutout)
        images = images.masked_fill((rows[:, :, None] & columns[:, None, :]).unsqueeze(1).to(place), GREY)
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


def _surround(images, margin, reflect) -> torch.Tensor:
    """Add a margin on each side, black or the mirror image of what lies inside of the edge."""
    if not reflect:
        return F.pad(images, [margin] * 4)
    rows, columns = (_mirror(side, margin, images.device) for side in images.shape[2:])
    return images[:, :, rows][:, :, :, columns]


def _mirror(side, margin, place) -> torch.Tensor:
    """Return for each position from -margin to side + margin - 1 the one inside that a mirror at the edge shows."""
    inside = torch.arange(-margin, side + margin, device=place).abs()
    return (side - 1) - ((side - 1) - inside).abs()


def _cut(images, tops, lefts, size) -> torch.Tensor:
    """Cut out of each picture the window of this size at its own row and column."""
    rows = tops[:, None] + torch.arange(size[0], device=images.device)
    columns = lefts[:, None] + torch.arange(size[1], device=images.device)
    which = torch.arange(len(images), device=images.device)[:, None, None]
    # an index before and after the channels puts them last, (N, H, W, C), and so they stay in memory
    return images[which, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _near(middles, side, length) -> torch.Tensor:
    """Return for each middle (N,) which of the positions 0 to side - 1 lie in a stretch of this length around it."""
    first = middles[:, None] - length // 2
    places = torch.arange(side)
    return (places >= first) & (places < first + length)
