"""Where data sets lie on this machine: the folder ``CNNLIB_DATA`` names, else the user's cache folder."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from cnnlib.errors import BadInput

VARIABLE = "CNNLIB_DATA"


def data_root(create: bool = False) -> Path:
    """Return the folder that holds the data sets.

    Parameters
    ----------
    create : bool
        Make the folder if it is not there, and make sure that a file can be written into it.

    Returns
    -------
    pathlib.Path
        The folder named by the environment variable ``CNNLIB_DATA`` if that is set and not empty,
        else ``cnnlib`` in the user's cache folder. It may not exist unless `create` is true.

    Raises
    ------
    BadInput
        If the folder cannot be made or written to.

    Examples
    --------
    >>> data_root().is_absolute()
    True
    """
    named = os.environ.get(VARIABLE, "").strip()
    root = Path(named).expanduser().absolute() if named else platformdirs.user_cache_path("cnnlib", appauthor=False)
    if create:
        make_writable(root)
    return root


def make_writable(root: Path) -> None:
    """Make the folder `root` and prove that it can be written to.

    Parameters
    ----------
    root : pathlib.Path
        The data root.

    Raises
    ------
    BadInput
        If it cannot be made, is a file, or is read-only.

    Examples
    --------
    >>> import tempfile
    >>> make_writable(Path(tempfile.mkdtemp()) / "data")
    """
    probe = root / f".cnnlib-can-write-{os.getpid()}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink(missing_ok=True)  # another thread may have taken it away
    except OSError as error:
        raise BadInput(
            f"The data folder {root} cannot be written to ({error.strerror or error}). Make it writable, "
            f"or set {VARIABLE} to a folder of your own."
        ) from error
