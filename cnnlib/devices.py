"""Where to compute: a GPU when one is present, else the processor."""

from __future__ import annotations

import ctypes
import random
import time
from functools import cache

import numpy as np
import torch
from torch.nn import functional as F

from cnnlib.errors import BadInput

# Of malloc.h: M_MMAP_THRESHOLD and M_TRIM_THRESHOLD, in bytes.
MALLOC_SETTINGS = {-3: 1 << 30, -1: (1 << 31) - 1}
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


@cache
def fastest_precision(place: torch.device) -> str:
    """Return the precision in which this device convolves faster, by a trial of some hundredths of a second.

    Parameters
    ----------
    place : torch.device
        Where to compute.

    Returns
    -------
    str
        ``"bfloat16"`` where it takes less than nine tenths of the time of ``"float32"``, else that.

    Examples
    --------
    >>> fastest_precision(torch.device("cpu")) in ("float32", "bfloat16")
    True
    """
    if place.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    if place.type == "mps":
        return "float32"
    generator = torch.Generator().manual_seed(0)  # the global one must not be touched: a run may be going on
    x, weight = (torch.rand(shape, generator=generator).to(memory_format=torch.channels_last)
                 for shape in ((64, 64, 16, 16), (64, 64, 3, 3)))  # fmt: skip
    weight.requires_grad_()

    def seconds(enabled: bool) -> float:
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            y = F.conv2d(x, weight, padding=1)
        y.float().sum().backward()
        return time.perf_counter() - start

    times = {enabled: min(seconds(enabled) for _ in range(4)) for enabled in (False, True)}
    return "bfloat16" if times[True] < 0.9 * times[False] else "float32"


def keep_memory() -> bool:
    """Keep freed memory for the next batch instead of giving it back to the system, where Linux's C library lets us.

    Training asks for the same large pieces in every step. By default each is fetched from the system and zeroed anew,
    which takes some hundredths of the time. For a process that trains and ends: what it had, it keeps until then.

    Returns
    -------
    bool
        Whether it could be done.

    Examples
    --------
    >>> keep_memory() in (True, False)
    True
    """
    try:
        library = ctypes.CDLL("libc.so.6")
        return all(library.mallopt(name, value) for name, value in MALLOC_SETTINGS.items())
    except (OSError, AttributeError):  # another system, or another C library
        return False


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
