"""Turn "an int or a tuple" into one tuple a dimension, or say what is wrong with it."""

from __future__ import annotations

import operator

from cnnlib.errors import BadInput

Size = int | tuple[int, ...]
MOST_DIMENSIONS = 3  # PyTorch has layers for 1-D, 2-D and 3-D inputs


def whole_number(name: str, value: object, minimum: int) -> int:
    """Return ``value`` as an int that is at least ``minimum``.

    Parameters
    ----------
    name : str
        The argument's name, for the error.
    value : object
        Anything Python accepts as an index: an int, a NumPy integer.
    minimum : int
        The smallest value allowed.

    Raises
    ------
    BadInput
        If it is no whole number, or below the minimum.

    Examples
    --------
    >>> whole_number("stride", 2, minimum=1)
    2
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise BadInput(f"{name} is {value!r}; it must be a whole number. Give an int, for example {minimum}.") from None
    if number < minimum:
        raise BadInput(f"{name} is {number}; it must be at least {minimum}. Use {name}={minimum} or more.")
    return number


def dimensions(**arguments: object) -> int:
    """Return how many dimensions the tuples among the arguments have; 0 if all are ints.

    Raises
    ------
    BadInput
        If two tuples differ in length, or one has no or more than three entries.

    Examples
    --------
    >>> dimensions(input_size=(28, 28), kernel_size=3)
    2
    """
    lengths = {name: len(value) for name, value in arguments.items() if isinstance(value, tuple | list)}
    for name, length in lengths.items():
        if not 1 <= length <= MOST_DIMENSIONS:
            raise BadInput(
                f"{name} is {arguments[name]!r} with {length} entries; 1 to {MOST_DIMENSIONS} are allowed. "
                "Give one entry a dimension, for example (28, 28)."
            )
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise BadInput(f"The tuples differ in length: {said}. Give each one entry a dimension, or a single int.")
    return next(iter(lengths.values()), 0)


def spread(name: str, value: object, count: int, minimum: int) -> tuple[int, ...]:
    """Return ``value`` as a tuple of ``count`` whole numbers; a single int is repeated.

    Examples
    --------
    >>> spread("stride", 2, count=2, minimum=1)
    (2, 2)
    """
    values = value if isinstance(value, tuple | list) else (value,) * count
    return tuple(whole_number(name, v, minimum) for v in values)
