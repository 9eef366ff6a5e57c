"""Find a data set by its name: in the data root, else the embedded stand-in."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from cnnlib.data.catalogue import PUBLISHED, Published
from cnnlib.data.dataset import Dataset
from cnnlib.data.embedded import digits
from cnnlib.data.local import read_npz, read_published
from cnnlib.data.root import VARIABLE, data_root
from cnnlib.data.shapes import shapes
from cnnlib.errors import BadInput, unknown

EMBEDDED = {"digits": digits, "shapes": shapes}


def names(root: str | os.PathLike | None = None) -> list[str]:
    """Return every name that `load` accepts.

    Parameters
    ----------
    root : path, optional
        The data root; by default `data_root`.

    Returns
    -------
    list of str
        The published sets, the embedded ones, then every ``<name>.npz`` in the data root.

    Examples
    --------
    >>> names()[:3]
    ['mnist', 'fashion_mnist', 'cifar10']
    """
    known = [*PUBLISHED, *EMBEDDED]
    found = sorted(path.stem for path in _root(root).glob("*.npz") if path.is_file())
    return known + [name for name in found if name not in known]


def load(
    name: str, root: str | os.PathLike | None = None, fallback: bool = True, quiet: bool = False
) -> Dataset:
    """Load a data set; nothing is ever downloaded.

    Parameters
    ----------
    name : str
        One of `names`.
    root : path, optional
        The data root; by default `data_root`.
    fallback : bool
        Where a published set is absent, use the embedded stand-in and say so.
    quiet : bool
        Do not print which stand-in is used.

    Returns
    -------
    Dataset
        Pictures, labels and where they came from.

    Raises
    ------
    BadInput
        If the name is unknown, the files are broken, or the set is absent and `fallback` is false.

    Examples
    --------
    >>> load("digits")
    Handwritten digits (8×8, enlarged): 1,497 training and 300 test pictures, 1 channel of 28×28, 10 classes
    """
    folder = _root(root)
    if name in EMBEDDED:
        return EMBEDDED[name]()
    if name in PUBLISHED:
        return _load_published(PUBLISHED[name], folder, fallback, quiet)
    if name in names(folder):
        return read_npz(folder / f"{name}.npz", name, name)
    raise unknown("data set", name, names(folder))


def _root(root: str | os.PathLike | None) -> Path:
    return data_root() if root is None else Path(root).expanduser().absolute()


def _load_published(known: Published, folder: Path, fallback: bool, quiet: bool) -> Dataset:
    found = read_published(known, folder)
    if found is None and (folder / f"{known.name}.npz").is_file():
        found = _titled(read_npz(folder / f"{known.name}.npz", known.name, known.title), known)
    if found is not None:
        return found
    mend = f"For the real one run: cnnlib fetch {known.name} (or set {VARIABLE} to a folder that holds it)."
    if not fallback:
        raise BadInput(f"{known.title} is not in {folder}. {mend}")
    stand_in = replace(EMBEDDED[known.stand_in](), requested=known.name)
    if not quiet:
        print(f"{known.title} is not on this machine; using the embedded set '{stand_in.name}' instead. {mend}")
    return stand_in


# Fingerprints of what an .npz may hold, and the title that it has earned.
KNOWN_FINGERPRINTS = {
    "46733f8236a814a0": "MNIST",
    "cf39ceea1f45131d": "Fashion-MNIST",
    "2a5695da0061c490": "CIFAR-10 (JPEG copy)",  # re-encoded as JPEG, quality 75: never call it the original
}


def _titled(found: Dataset, known: Published) -> Dataset:
    """Give a set read from ``.npz`` the title its fingerprint has earned."""
    title = KNOWN_FINGERPRINTS.get(found.fingerprint, f"{known.title} (.npz of unknown origin)")
    return replace(found, title=title)
