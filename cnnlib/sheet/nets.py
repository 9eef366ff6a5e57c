"""Every network of the book in one list: year, input, depth, parameters, multiply-adds and idea."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch

from cnnlib import inspect, models


@dataclass(frozen=True)
class Net:
    """One network of the book as the sheet lists it; counts are those of the network as built without arguments.

    Attributes
    ----------
    title, idea : str
        Its name; what is new or special in it.
    year : int or None
        Of its paper.
    input_shape : tuple of int
        (channels, height, width).
    depth, parameters, macs : int
        Layers with weights on the longest way; trainable numbers; multiply-adds a picture.
    """

    title: str
    year: int | None
    input_shape: tuple[int, int, int]
    depth: int
    parameters: int
    macs: int
    idea: str

    @property
    def size(self) -> str:
        """The input as text, such as 3×32×32."""
        return "×".join(map(str, self.input_shape))


@cache
def nets() -> tuple[Net, ...]:
    """Return every network of the registry: those of papers by year, then those of notes, exercises and this book.

    Returns
    -------
    tuple of Net

    Examples
    --------
    >>> oldest = nets()[0]
    >>> oldest.year, oldest.depth
    (1998, 5)
    """
    listed = sorted(models.names(), key=_place)
    return tuple(map(_net, listed))


def _place(name):
    family, depth = re.fullmatch(r"(.*?)(\d*)", name).groups()
    card = models.card(name)
    return (card.year or math.inf, family, card.input_shape, int(depth or 0))


def _net(name) -> Net:
    card = models.card(name)
    with torch.device("meta"):  # shapes without numbers
        network = models.build(name)
    table = inspect.layer_table(network, card.input_shape)
    deep = inspect.depth(network, card.input_shape)
    return Net(card.title, card.year, card.input_shape, deep, card.parameters, table.total_macs, card.idea)


COLUMNS: dict[str, Callable[[Net], str]] = {
    "network": lambda net: net.title,
    "idea": lambda net: net.idea,
    "year": lambda net: str(net.year or "–"),
    "input": lambda net: net.size,
    "depth": lambda net: str(net.depth),
    "parameters": lambda net: f"{net.parameters:,}",
    "multiply-adds": lambda net: f"{net.macs:,}",
}
"""The columns of the table of networks: a heading, and what stands under it."""
