"""A made set of colour pictures, for a machine without CIFAR-10: five shapes in two textures, ten classes.

Nothing in it was photographed. Every picture is 32×32 and drawn from formulas: one textured shape of random place,
size, tilt and colours, before a ground that shades from one colour to another and carries three small textured discs
as clutter; Gaussian noise lies over everything.

What tells the class, and what does not:

* the outline (disc, square, triangle, cross, ring) tells one half, the texture *inside it* (striped, checked) the
  other;
* colour does not: all hues are drawn alike for every class. The shape is only brighter than its ground, as in MNIST;
* texture alone does not: the clutter wears either texture by chance.

The generator was frozen first; then ``python benchmarks/shapes_orders.py`` measured on it, over five new training
seeds each, the orders that the chapters teach, and all of them showed: a LeNet is clearly below a small VGG; a tenfold
learning rate hurts the LeNet, and scatters its seeds; average pooling is below max pooling; one permutation of all
pixels takes a convolutional net down to the level of a fully connected one, which it leaves as it was.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from cnnlib.data.dataset import Dataset
from cnnlib.data.kept import kept
from cnnlib.errors import BadInput

SHAPES = ("disc", "square", "triangle", "cross", "ring")
TEXTURES = ("striped", "checked")
CLASSES = tuple(f"{texture} {shape}" for shape in SHAPES for texture in TEXTURES)

_SIDE = 32
_BLOCK = 50  # pictures drawn at once: few enough to stay in the processor's cache
_CLUTTER = 3
_NOISE = 14.0  # standard deviation, grey levels
_TRAIN_SEED, _TEST_SEED = 1, 2


def generate(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw pictures of the ten classes, which take turns.

    Parameters
    ----------
    count : int
        How many pictures, at least 1.
    seed : int
        Which ones, at least 0. The first pictures of a seed do not depend on `count`.

    Returns
    -------
    tuple of torch.Tensor
        Pictures, uint8 of shape (count, 3, 32, 32), and labels, int64 of shape (count,).

    Raises
    ------
    BadInput
        If `count` or `seed` is too small.

    Examples
    --------
    >>> images, labels = generate(20, seed=7)
    >>> images.shape, labels[:12].tolist()
    (torch.Size([20, 3, 32, 32]), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
    """
    for what, value, least in (("count", count, 1), ("seed", seed, 0)):
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise BadInput(f"{what} is {value!r}; it must be a whole number of at least {least}.")
    labels = np.arange(count) % len(CLASSES)
    images = np.empty((count, 3, _SIDE, _SIDE), np.uint8)
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        # A whole block is always drawn from its own stream, so that a longer set begins with the shorter one.
        random = np.random.RandomState([seed, start // _BLOCK])
        drawn = _draw(np.arange(start, start + _BLOCK) % len(CLASSES), random)
        images[start:stop] = drawn[: stop - start]
    return torch.from_numpy(images), torch.from_numpy(labels)


def shapes() -> Dataset:
    """Return the generated colour set: 10,000 training and 2,000 test pictures, always the same.

    Returns
    -------
    Dataset
        Ten classes of 32×32 colour pictures, equally many of each.

    Examples
    --------
    >>> shapes().classes[:3]
    ('striped disc', 'checked disc', 'striped square')
    """
    arrays = kept("shapes", __file__, _parts)
    return Dataset(
        "shapes",
        "Generated shapes",
        **{name: torch.from_numpy(array) for name, array in arrays.items()},
        classes=CLASSES,
        source="Drawn by a program (cnnlib.data.shapes): five shapes in two textures; no photographs.",
        embedded=True,
    )


def _parts() -> dict[str, np.ndarray]:
    """Draw both parts."""
    parts = ("train", *generate(10_000, _TRAIN_SEED)), ("test", *generate(2_000, _TEST_SEED))
    return {
        f"{part}_{what}": array.numpy()
        for part, images, labels in parts
        for what, array in (("images", images), ("labels", labels))
    }


def _draw(labels: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """Draw one picture a label: (N,) -> (N, 3, 32, 32) uint8.

    Everything is float64, so that the last bit in which machines differ is lost when rounding to 256 levels.
    """
    count = len(labels)
    rows, columns = np.mgrid[0:_SIDE, 0:_SIDE] - (_SIDE - 1) / 2  # pixels from the middle of the picture
    canvas = _ground(rows, columns, count, random)

    for _ in range(_CLUTTER):
        y, x = _place(rows, columns, random.uniform(-15, 15, (2, count)))
        cover = np.clip(random.uniform(3, 5, (count, 1, 1)) - np.sqrt(x * x + y * y), 0, 1)
        checked = random.randint(0, 2, count).astype(bool)
        _paint(canvas, cover, _texture(y, x, checked, random), _colours(count, 90, 200, random))

    y, x = _place(rows, columns, random.uniform(-4, 4, (2, count)))
    radius = random.uniform(9.5, 13.5, (count, 1, 1))
    v, u = _turn(y / radius, x / radius, random.uniform(-math.pi / 6, math.pi / 6, count))
    # `outside` is a distance in radii, so times the radius it fades the rim over one pixel.
    cover = np.clip(0.5 - _outside(v, u, labels // len(TEXTURES)) * radius, 0, 1)
    _paint(canvas, cover, _texture(y, x, labels % 2 == 1, random), _colours(count, 110, 235, random))

    canvas += random.standard_normal(canvas.shape) * _NOISE
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)


def _place(rows: np.ndarray, columns: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of all pixels as seen from each centre: (2, N) -> twice (N, 32, 32)."""
    return rows - centre[0][:, None, None], columns - centre[1][:, None, None]


def _turn(y: np.ndarray, x: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn coordinates by an angle a picture, in radians."""
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    return cos * y - sin * x, sin * y + cos * x


def _colours(count: int, low: float, high: float, random: np.random.RandomState) -> np.ndarray:
    """Two colours a picture, (2, N, 3): any hue, a light and a dark one whose mean brightness is low to high."""
    hue = random.uniform(-1, 1, (2, count, 3))
    hue -= hue.mean(axis=2, keepdims=True)  # takes hue apart from brightness
    brightness = random.uniform(low, high, (1, count, 1))
    contrast = random.uniform(25, 60, (1, count, 1)) * np.array([1, -1])[:, None, None]
    return brightness + contrast + 70 * hue


def _ground(rows: np.ndarray, columns: np.ndarray, count: int, random: np.random.RandomState) -> np.ndarray:
    """Shade every picture from one dark colour to another, in any direction: (N, 3, 32, 32)."""
    one, other = _colours(count, 40, 110, random)
    _, x = _turn(rows, columns, random.uniform(0, 2 * math.pi, count))
    share = np.clip(x / _SIDE + 0.5, 0, 1)[:, None]
    return one[:, :, None, None] * (1 - share) + other[:, :, None, None] * share


def _paint(canvas: np.ndarray, cover: np.ndarray, light: np.ndarray, colours: np.ndarray) -> None:
    """Lay a thing over the canvas: `cover` (N, 32, 32) is where, `light` the share of the first of its colours."""
    one, other = colours[:, :, :, None, None]
    light, cover = light[:, None], cover[:, None]
    canvas += cover * (other + (one - other) * light - canvas)


def _texture(y: np.ndarray, x: np.ndarray, checked: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """Stripes or checks of random direction, width and phase, as a share of the light colour: (N, 32, 32), 0 to 1."""
    count = len(checked)
    y, x = _turn(y, x, random.uniform(0, math.pi, count))
    period = random.uniform(4.5, 6.5, (count, 1, 1))  # pixels
    phase = random.uniform(0, 2 * math.pi, (2, count, 1, 1))
    along = np.sin(2 * math.pi * x / period + phase[0])
    across = np.sin(2 * math.pi * y / period + phase[1])
    wave = np.where(checked[:, None, None], along * across * 1.5, along)
    return np.clip(0.5 + wave, 0, 1)


def _outside(v: np.ndarray, u: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Distance beyond the outline, negative inside; the picture's axes are v (down) and u (right), in radii."""
    far = np.empty_like(v)
    for index, name in enumerate(SHAPES):
        chosen = shape == index
        far[chosen] = _OUTLINES[name](v[chosen], u[chosen])
    return far


def _disc(v: np.ndarray, u: np.ndarray) -> np.ndarray:
    return np.sqrt(u * u + v * v) - 0.85


def _square(v: np.ndarray, u: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(u), np.abs(v)) - 0.75


def _triangle(v: np.ndarray, u: np.ndarray) -> np.ndarray:
    slanted = math.sqrt(0.75) * np.abs(u) - 0.5 * v
    return np.maximum(slanted, v) - 0.58


def _cross(v: np.ndarray, u: np.ndarray) -> np.ndarray:
    long, short = np.maximum(np.abs(u), np.abs(v)), np.minimum(np.abs(u), np.abs(v))
    return np.maximum(long - 1.0, short - 0.33)


def _ring(v: np.ndarray, u: np.ndarray) -> np.ndarray:
    return np.abs(np.sqrt(u * u + v * v) - 0.68) - 0.28


_OUTLINES = {"disc": _disc, "square": _square, "triangle": _triangle, "cross": _cross, "ring": _ring}
