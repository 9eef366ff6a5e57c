"""Two photographs for looking at kernels and feature maps: scikit-learn's sample images."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from cnnlib.data.kept import kept
from cnnlib.errors import BadInput, unknown

PHOTOGRAPHS = ("china", "flower")


def photograph(name: str = "china", size: int | tuple[int, int] | None = None) -> torch.Tensor:
    """Return a photograph that comes with scikit-learn.

    Parameters
    ----------
    name : {'china', 'flower'}
        A summer palace, or a dahlia; both are 427×640.
    size : int or tuple of int, optional
        The shorter side, or (height, width), to shrink or enlarge to.

    Returns
    -------
    Tensor, shape (3, height, width), dtype uint8
        Red, green and blue from 0 to 255.

    Raises
    ------
    BadInput
        If there is no such photograph, or the size is not one or two whole numbers of at least 1.

    Examples
    --------
    >>> tuple(photograph("flower", size=64).shape)
    (3, 64, 96)
    """
    if name not in PHOTOGRAPHS:
        raise unknown("photograph", name, PHOTOGRAPHS)
    picture = torch.from_numpy(kept("photographs", __file__, _all)[name]).permute(2, 0, 1)
    if size is None:
        return picture
    height, width = picture.shape[1:]
    sides = size if isinstance(size, (tuple, list)) and len(size) == 2 else (size,)
    if not all(isinstance(side, int) and not isinstance(side, bool) and side >= 1 for side in sides):
        raise BadInput(
            f"size is {size!r}; it must be one or two whole numbers of at least 1: size=128, or size=(96, 144)."
        )
    if len(sides) == 1:
        sides = (size, round(size * width / height))
    resized = F.interpolate(picture[None].float(), size=sides, mode="bilinear", antialias=True)
    return resized[0].round().clamp(0, 255).to(torch.uint8)


def _all() -> dict[str, np.ndarray]:
    """Read both photographs: (height, width, 3)."""
    from sklearn.datasets import load_sample_image  # here, because importing scikit-learn takes a second

    return {name: load_sample_image(f"{name}.jpg") for name in PHOTOGRAPHS}
