"""Pictures to start from in the widgets that run a network: the embedded digits, photographs, and drawings by code.

None of them belongs to MNIST, Fashion-MNIST or CIFAR-10, and the words beside them say so.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image, ImageDraw

from cnnlib import data
from cnnlib.data.shapes import generate

_FINE = 8  # everything is drawn so many times larger, and then averaged: soft rims, as a camera has them


def examples(family: str) -> list[dict[str, str]]:
    """Return pictures for one kind of network.

    Parameters
    ----------
    family : {'digits', 'clothes', 'colours'}
        What the network was trained on.

    Returns
    -------
    list of dict
        ``name``, a key of the widget's words, and ``pixels``: bytes channel by channel, row by row, in base64.

    Examples
    --------
    >>> [each["name"] for each in examples("clothes")]
    ['t_shirt', 'trousers', 'dress', 'coat', 'sneaker', 'bag', 'boot']
    """
    made = {"digits": _digits, "clothes": _clothes, "colours": _colours}[family]()
    return [{"name": name, "pixels": encode(image)} for name, image in made]


def encode(image: torch.Tensor) -> str:
    """Return the bytes of a uint8 picture (C, H, W) as text in base64."""
    return base64.b64encode(image.contiguous().numpy().tobytes()).decode()


def _digits() -> list[tuple[str, torch.Tensor]]:
    """Return the embedded digit of each class that is nearest to the mean of its class, 1×28×28, from the test part."""
    digits = data.load("digits")
    chosen = []
    for label in range(10):
        images = digits.test_images[digits.test_labels == label]
        distances = (images.float() - images.float().mean(dim=0)).pow(2).sum(dim=(1, 2, 3))
        chosen.append((f"digit_{label}", images[distances.argmin()]))
    return chosen


def _clothes() -> list[tuple[str, torch.Tensor]]:
    """Draw garments, 1×28×28: light on black, as Fashion-MNIST has them."""
    return [(name, _drawn("L", 28, draw)) for name, draw in _GARMENTS.items()]


def _colours() -> list[tuple[str, torch.Tensor]]:
    """Draw three things of CIFAR-10's classes, and add two photographs and two generated shapes, 3×32×32."""
    drawn = [(name, _drawn("RGB", 32, draw)) for name, draw in _THINGS.items()]
    photographs = [(name, _middle(name)) for name in ("china", "flower")]
    shapes, _ = generate(4, seed=3)
    return [*drawn, *photographs, ("disc", shapes[1]), ("square", shapes[2])]


def _middle(name: str) -> torch.Tensor:
    """Return the middle square of a photograph."""
    photograph = data.photograph(name, size=32)
    left = (photograph.shape[2] - 32) // 2
    return photograph[:, :, left : left + 32]


def _drawn(mode: str, side: int, draw: Callable[[ImageDraw.ImageDraw], None]) -> torch.Tensor:
    canvas = Image.new(mode, (side * _FINE, side * _FINE))
    draw(ImageDraw.Draw(canvas))
    small = np.array(canvas.reduce(_FINE))
    return torch.from_numpy(small[None] if mode == "L" else small.transpose(2, 0, 1).copy())


def _points(*places: tuple[float, float]) -> list[tuple[float, float]]:
    """Scale points (column, row) of the small picture to the fine one."""
    return [(x * _FINE, y * _FINE) for x, y in places]


def _mirrored(*places: tuple[float, float]) -> list[tuple[float, float]]:
    """Close an outline that is given on the left half of a picture of 28 columns, from top to bottom."""
    return _points(*places, *((28 - x, y) for x, y in reversed(places)))


def _t_shirt(pen: ImageDraw.ImageDraw) -> None:
    pen.polygon(_mirrored((11, 2), (8, 3), (1, 8), (4, 13), (7.5, 11), (7.5, 26)), fill=190)
    pen.polygon(_mirrored((11, 2), (12, 4.5), (14, 5)), fill=60)


def _trousers(pen: ImageDraw.ImageDraw) -> None:
    pen.polygon(_mirrored((9, 0.5), (8, 12), (7.5, 27.5), (12.5, 27.5), (13.7, 9)), fill=200)
    pen.rectangle(_points((9, 0.5), (19, 2)), fill=150)


def _dress(pen: ImageDraw.ImageDraw) -> None:
    pen.polygon(_mirrored((11, 0.5), (10, 4), (11, 11), (7, 27.5)), fill=205)
    pen.polygon(_mirrored((11.8, 0.5), (12.5, 3), (14, 3.5)), fill=0)
    pen.rectangle(_points((11, 10.5), (17, 11.5)), fill=140)


def _coat(pen: ImageDraw.ImageDraw) -> None:
    pen.polygon(_mirrored((11, 1), (7, 3), (3.5, 24), (6.5, 25), (8.5, 13), (8, 27.5)), fill=150)
    pen.polygon(_mirrored((11, 1), (12.5, 7), (14, 8)), fill=210)
    pen.line(_points((14, 8), (14, 27.5)), fill=60, width=_FINE // 2)
    for row in (12, 16, 20):
        pen.ellipse(_points((15, row), (16, row + 1)), fill=230)


def _sneaker(pen: ImageDraw.ImageDraw) -> None:
    outline = (27, 12), (24, 11), (21, 13.5), (16, 11), (13, 13), (8, 16), (2, 17), (1, 20)  # the toe points left
    pen.polygon(_points(*outline, (1, 22), (27, 22)), fill=180)
    pen.rectangle(_points((1, 20.3), (27, 22)), fill=240)
    for left in (17, 15, 13):
        pen.line(_points((left, 12.4), (left + 1.5, 15.5)), fill=60, width=_FINE // 2)


def _bag(pen: ImageDraw.ImageDraw) -> None:
    pen.arc(_points((8, 2), (20, 18)), 180, 360, fill=150, width=_FINE + 4)
    pen.polygon(_mirrored((3, 10), (1.5, 25)), fill=190)
    pen.rectangle(_points((3, 10), (25, 13.5)), fill=140)
    pen.rectangle(_points((13, 12), (15, 15)), fill=240)


def _boot(pen: ImageDraw.ImageDraw) -> None:
    pen.polygon(_points((26, 2), (16, 2), (15, 12), (11, 16), (3, 18), (1.5, 22), (1.5, 24), (26, 24)), fill=175)
    pen.rectangle(_points((1.5, 23), (26, 25)), fill=90)
    pen.rectangle(_points((20, 23), (26, 26.5)), fill=90)
    pen.rectangle(_points((16, 2), (26, 4)), fill=225)


def _airplane(pen: ImageDraw.ImageDraw) -> None:
    for row in range(32 * _FINE):
        share = row / (32 * _FINE)
        pen.line([(0, row), (32 * _FINE, row)], fill=tuple(int(a + (b - a) * share) for a, b in _SKY))
    pen.polygon(_points((15, 15), (7, 25), (10, 25.5), (20, 16)), fill=(120, 126, 136))
    pen.polygon(_points((17, 14), (11, 8), (13, 7.5), (21, 13.5)), fill=(190, 195, 202))
    pen.ellipse(_points((3, 12.5), (29.5, 17.5)), fill=(232, 234, 238))
    pen.polygon(_points((4, 14), (1.5, 8), (4.5, 8), (9, 13.3)), fill=(176, 60, 52))


def _ship(pen: ImageDraw.ImageDraw) -> None:
    pen.rectangle(_points((0, 0), (32, 20)), fill=(172, 200, 224))
    pen.rectangle(_points((0, 20), (32, 32)), fill=(46, 88, 122))
    pen.polygon(_points((2, 16), (30, 16), (26, 23), (6, 23)), fill=(70, 42, 40))
    pen.rectangle(_points((8, 11), (22, 16)), fill=(236, 236, 232))
    pen.rectangle(_points((12, 7), (18, 11)), fill=(214, 214, 210))
    pen.rectangle(_points((14, 3), (16.5, 7)), fill=(190, 66, 50))


def _automobile(pen: ImageDraw.ImageDraw) -> None:
    pen.rectangle(_points((0, 0), (32, 18)), fill=(196, 204, 206))
    pen.rectangle(_points((0, 18), (32, 32)), fill=(112, 112, 112))
    pen.polygon(_points((8, 14), (12, 8.5), (21, 8.5), (25, 14)), fill=(150, 26, 30))
    pen.polygon(_points((10, 13.5), (12.8, 9.7), (16, 9.7), (16, 13.5)), fill=(60, 76, 92))
    pen.polygon(_points((17, 13.5), (17, 9.7), (20.4, 9.7), (23, 13.5)), fill=(60, 76, 92))
    pen.rounded_rectangle(_points((2, 13.5), (30, 21.5)), radius=2 * _FINE, fill=(186, 34, 38))
    for left in (5.5, 20.5):
        pen.ellipse(_points((left, 18), (left + 6, 24)), fill=(26, 26, 28))
        pen.ellipse(_points((left + 2, 20), (left + 4, 22)), fill=(170, 170, 174))


_SKY = (96, 186), (146, 212), (206, 236)  # red, green, blue: above and below
_GARMENTS = {
    "t_shirt": _t_shirt, "trousers": _trousers, "dress": _dress, "coat": _coat, "sneaker": _sneaker, "bag": _bag,
    "boot": _boot,
}  # fmt: skip
_THINGS = {"airplane": _airplane, "ship": _ship, "automobile": _automobile}
