"""The one way this package says that an input cannot be used."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BadInput(ValueError):
    """An argument that cannot be used: names the value, what is allowed and how to mend it.

    Examples
    --------
    >>> raise BadInput("stride is 0; it must be at least 1. Use stride=1 to visit every position.")
    Traceback (most recent call last):
        ...
    cnnlib.errors.BadInput: stride is 0; it must be at least 1. Use stride=1 to visit every position.
    """


def unknown(kind: str, name: object, allowed: Iterable[str]) -> BadInput:
    """Return the error for a name that is not in a list, with the nearest valid names.

    Parameters
    ----------
    kind : str
        What was named, for example ``"model"``.
    name : object
        The name that was given.
    allowed : iterable of str
        Every valid name.

    Returns
    -------
    BadInput
        Ready to be raised.

    Examples
    --------
    >>> print(unknown("model", "lenet6", ["lenet5", "alexnet"]))
    There is no model 'lenet6'. Did you mean 'lenet5'? Choose one of: alexnet, lenet5.
    """
    names = sorted(str(a) for a in allowed)
    near = difflib.get_close_matches(str(name), names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return BadInput(f"There is no {kind} {name!r}.{hint} Choose one of: {', '.join(names)}.")
