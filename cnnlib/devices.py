"""Where to compute: a GPU when one is present, else the processor."""

from __future__ import annotations

import random

import numpy as np
import torch

from cnnlib.errors import BadInput

KINDS = ("cuda", "mps", "cpu")  # in the order of preference


def available() -> list[str]:
    """Return the kinds of device that this machine can compute on, the fastest first.

    Examples
    --------
    >>> "cpu" in available()
    True
    """
    present = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available, "cpu": lambda: True}
    return [kind for kind in KINDS if present[kind]()]


def device(name: str | torch.device | None = None) -> torch.device:
    """Return the device to compute on.

    Parameters
    ----------
    name : str or torch.device, optional
        ``"cuda"``, ``"cuda:1"``, ``"mps"`` or ``"cpu"``; the first that is present if left out.

    Returns
    -------
    torch.device

    Raises
    ------
    BadInput
        If the name is unknown, or this machine has no such device.

    Examples
    --------
    >>> device("cpu")
    device(type='cpu')
    """
    present = available()
    if name is None:
        return torch.device(present[0])
    try:
        chosen = torch.device(name)
    except (RuntimeError, TypeError):
        chosen = None
    count = torch.cuda.device_count() if chosen is not None and chosen.type == "cuda" else 1
    if chosen is None or chosen.type not in present or (chosen.index or 0) >= count:
        raise BadInput(
            f"The device {str(name)!r} is not on this machine. Present: {', '.join(present)}. "
            "Leave the device out to take the first of them."
        )
    return chosen


def set_seed(seed: int) -> None:
    """Make the random numbers of Python, NumPy and PyTorch start from one seed.

    Parameters
    ----------
    seed : int
        From 0 to 2**32 - 1.

    Raises
    ------
    BadInput
        If the seed is out of range.

    Examples
    --------
    >>> set_seed(0); a = torch.rand(2)
    >>> set_seed(0); torch.equal(a, torch.rand(2))
    True
    """
    if not 0 <= seed < 2**32:
        raise BadInput(f"The seed is {seed}; it must be from 0 to 2**32 - 1. Use a small whole number, for example 0.")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
