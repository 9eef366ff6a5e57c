"""One list of all networks: what each is, where it comes from, how it departs from its source."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from cnnlib.errors import BadInput, unknown


@dataclass(frozen=True)
class Card:
    """What is known about one network before it is built.

    Attributes
    ----------
    name, title : str
        The registry's name; the name in running text.
    source : str
        Paper, section and table, or the note it was taken from.
    departures : tuple of str
        Each difference from that source; empty if there is none.
    input_shape : tuple of int
        (channels, height, width) of the input that the source describes.
    parameters : int
        Trainable parameters as built without arguments.
    factory : callable
        Builds the network.
    idea : str
        What is new or special in it, in a few words.
    year : int or None
        Of the paper that it follows; None if it follows a note, a course or another network of the book.
    """

    name: str
    title: str
    source: str
    departures: tuple[str, ...]
    input_shape: tuple[int, int, int]
    parameters: int
    factory: Callable[..., nn.Module]
    idea: str
    year: int | None = None


_CARDS: dict[str, Card] = {}


def register(
    name: str,
    *,
    title: str,
    source: str,
    input_shape: tuple[int, int, int],
    parameters: int,
    idea: str,
    year: int | None = None,
    departures: tuple[str, ...] = (),
) -> Callable:
    """Enter the decorated function or class into the registry; the arguments are those of `Card`."""

    def enter(factory):
        _CARDS[name] = Card(name, title, source, departures, input_shape, parameters, factory, idea, year)
        return factory

    return enter


def names() -> list[str]:
    """Return the names of all networks, sorted.

    Examples
    --------
    >>> "lenet5" in names()
    True
    """
    return sorted(_CARDS)


def card(name: str) -> Card:
    """Return what is known about a network.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    Card

    Raises
    ------
    BadInput
        If there is no such network.

    Examples
    --------
    >>> card("lenet5").parameters
    61706
    """
    if name not in _CARDS:
        raise unknown("model", name, _CARDS)
    return _CARDS[name]


def build(name: str, **settings) -> nn.Module:
    """Build a network by name.

    Parameters
    ----------
    name : str
        One of `names`.
    **settings
        Passed to the network, for example ``in_channels`` or ``num_classes``.

    Returns
    -------
    nn.Module
        With freshly drawn weights; call `cnnlib.devices.set_seed` before, to draw the same ones again.

    Raises
    ------
    BadInput
        If there is no such network, or it does not know a setting.

    Examples
    --------
    >>> net = build("lenet5", num_classes=47)
    >>> net.out.out_features
    47
    """
    factory = card(name).factory
    allowed = inspect.signature(factory).parameters
    for setting in settings:
        if setting not in allowed:
            raise BadInput(
                f"The model {name!r} has no setting {setting!r}. "
                + (f"Choose among: {', '.join(allowed)}." if allowed else "It has none; call build with the name only.")
            )
    return factory(**settings)
