"""Arrays that take seconds to make, kept in the user's cache folder for the next program that wants them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import platformdirs


def kept(
    name: str, program: str | Path, make: Callable[[], dict[str, np.ndarray]], folder: Path | None = None
) -> dict[str, np.ndarray]:
    """Return what `make` makes, from the cache if the same program made it before.

    Where the cache cannot be written to, everything works as well, only more slowly.

    Parameters
    ----------
    name : str
        What the file is called.
    program : str or Path
        The file that holds the program. What an older text of it made is made again, and the old file removed.
    make : callable
        Makes the arrays, by name.
    folder : Path, optional
        Another folder than ``made`` in the user's cache folder.

    Returns
    -------
    dict of str to numpy.ndarray
        The arrays, by name.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> kept("three", __file__, lambda: {"numbers": np.arange(3)}, folder)["numbers"]
    array([0, 1, 2])
    >>> kept("three", __file__, lambda: {"never": "asked"}, folder)["numbers"]
    array([0, 1, 2])
    """
    version = hashlib.sha256(Path(program).read_bytes() + np.__version__.encode()).hexdigest()[:12]
    folder = folder or platformdirs.user_cache_path("cnnlib", appauthor=False) / "made"
    path = folder / f"{name}-{version}.npz"
    try:
        with np.load(path) as arrays:
            return dict(arrays)
    except (OSError, ValueError, EOFError, BadZipFile):  # not there, or spoilt
        arrays = make()
    part = folder / f"{path.stem}.{os.getpid()}.part"  # another process may be making the same
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez(file, **arrays)
        part.replace(path)
        for old in folder.glob(f"{name}-*.npz"):
            if old != path:
                old.unlink(missing_ok=True)
    except OSError:  # no room, or no right to write
        with suppress(OSError):
            part.unlink()
    return arrays
