"""Read one picture from any common file: upright, cropped to a square, three channels of 8 bits."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from cnnlib.errors import BadInput

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_LEAST_SIDE, _MOST_SIDE = 8, 1024
_GROUND = (255, 255, 255)  # shines through where a picture is transparent, as paper does


def picture(path: str | os.PathLike, size: int = 32) -> torch.Tensor:
    """Read one picture, crop its middle square and shrink or enlarge that.

    Grey pictures get three equal channels, transparent ones a white ground, those with 16 bits are scaled to 8, and
    photographs that a camera stored on their side are turned upright. Of an animation the first frame is taken.

    Parameters
    ----------
    path : path
        The file: .jpg, .png, .bmp, .gif, .webp or .tif.
    size : int
        Side of the result in pixels, 8 to 1024.

    Returns
    -------
    Tensor, shape (3, size, size), dtype uint8
        Red, green and blue from 0 to 255.

    Raises
    ------
    BadInput
        If the size is out of range, or the file is missing, broken or no picture.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "grey.png"
    >>> Image.new("L", (40, 20), color=7).save(path)
    >>> tuple(picture(path, size=16).shape), picture(path).unique().tolist()
    ((3, 16, 16), [7])
    """
    if not isinstance(size, int) or isinstance(size, bool) or not _LEAST_SIDE <= size <= _MOST_SIDE:
        raise BadInput(f"size is {size!r}; it must be a whole number from {_LEAST_SIDE} to {_MOST_SIDE}, such as 32.")
    path = Path(path).expanduser()
    if not path.is_file():
        raise BadInput(f"There is no file {path}. Give the whole path of one picture.")
    try:
        with Image.open(path) as image:
            image.draft("RGB", (4 * size, 4 * size))  # lets a large JPEG be decoded small: many times faster
            square = ImageOps.fit(_eight_bits(ImageOps.exif_transpose(image)), (size, size))
    except Exception as problem:  # the decoders of broken files end in errors of many kinds
        raise BadInput(
            f"{path} cannot be read as a picture ({problem}). Open it in a picture viewer and save it anew as .jpg or "
            ".png, or take it away."
        ) from problem
    return torch.from_numpy(np.array(square)).permute(2, 0, 1).contiguous()


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a picture of any mode as RGB with 8 bits a channel."""
    if image.mode.startswith("I"):  # whole numbers; a grey picture of 16 bits comes in one of these modes
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError(f"its grey values go from {values.min()} to {values.max()}, and 16 bits end at 65535")
        image = Image.fromarray(np.rint(values / 257).astype(np.uint8))  # 65535 = 257 · 255
    elif image.mode == "F":
        raise ValueError("its grey values are decimal fractions, without a known white")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (*_GROUND, 255)), image)
    return image.convert("RGB")
