"""Read data sets that lie in a data root: torchvision's folders, or one ``.npz`` a set.

Nothing is believed on sight. A published file must have its published size and md5, which also makes it safe to
unpickle CIFAR-10's batches: only the bytes that are known are ever unpickled.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch

from cnnlib.data.catalogue import File, Published
from cnnlib.data.dataset import Dataset
from cnnlib.errors import BadInput

_IDX_UINT8 = 0x08  # the third byte of an IDX file names the type, the fourth the number of dimensions
_ARRAYS = ("train_images", "train_labels", "test_images", "test_labels", "classes")


def read_published(known: Published, root: Path) -> Dataset | None:
    """Read a published set from torchvision's layout below `root`.

    Parameters
    ----------
    known : Published
        Which set.
    root : pathlib.Path
        The data root.

    Returns
    -------
    Dataset or None
        None where none of its files is there.

    Raises
    ------
    BadInput
        If some of its files are missing, cut short or not the published ones.

    Examples
    --------
    >>> from cnnlib.data.catalogue import PUBLISHED
    >>> read_published(PUBLISHED["mnist"], Path("no such folder")) is None
    True
    """
    folder = root / known.folder
    paths = {member: _find(folder, member) for member in known.members}
    if not any(paths.values()):
        return None
    missing = [member.name for member, path in paths.items() if path is None]
    if missing:
        raise BadInput(
            f"{known.title} is not complete: {folder} lacks {', '.join(missing)}. Run: cnnlib fetch {known.name}"
        )
    read = _read_batches if known.folder.startswith("cifar") else _read_idx_parts
    contents = {member.name: _verified(path, member, known.name) for member, path in paths.items()}
    images, labels = read(contents)
    return Dataset(
        known.name,
        known.title,
        *(images["train"], labels["train"], images["test"], labels["test"]),
        classes=known.classes,
        source=f"{known.title} by {known.credit}, read from {known.folder} in the data root; md5 as published.",
    )


def _find(folder: Path, member: File) -> Path | None:
    """Return the path of a member, unpacked or gzipped."""
    for path in (folder / member.name, folder / f"{member.name}.gz"):
        if path.is_file():
            return path
    return None


def _verified(path: Path, member: File, name: str) -> bytearray:
    """Return a file's (unpacked) bytes, or say what is wrong with it."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            content = bytearray(stream.read(member.size + 1))  # one byte more shows a file that is too long
    except (OSError, EOFError, zlib.error) as error:
        raise _broken(path, f"cannot be read ({error})", name) from error
    if len(content) > member.size:
        raise _broken(path, f"is longer than its {member.size:,} bytes", name)
    if len(content) < member.size:
        raise _broken(path, f"ends after {len(content):,} of {member.size:,} bytes", name)
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != member.md5:
        raise _broken(path, f"is not the published file (its md5 should be {member.md5})", name)
    return content


def _broken(path: Path, what: str, name: str) -> BadInput:
    return BadInput(f"{path} {what}. Delete it and run: cnnlib fetch {name}")


def _read_idx_parts(contents: dict[str, bytearray]) -> tuple[dict, dict]:
    images, labels = {}, {}
    for part, prefix in (("train", "train"), ("test", "t10k")):
        images[part] = read_idx(contents[f"{prefix}-images-idx3-ubyte"])[:, None]
        labels[part] = read_idx(contents[f"{prefix}-labels-idx1-ubyte"]).long()
    return images, labels


def read_idx(content: bytes | bytearray) -> torch.Tensor:
    """Read the bytes of an IDX file of unsigned bytes, the format of MNIST.

    Parameters
    ----------
    content : bytes or bytearray
        The whole file: two zero bytes, a type code, the number of dimensions, each dimension as a big-endian
        32-bit integer, then the values.

    Returns
    -------
    torch.Tensor
        uint8 of the shape the header gives.

    Raises
    ------
    BadInput
        If the header is not that of unsigned bytes, or the number of values differs from it.

    Examples
    --------
    >>> read_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    tensor([7, 8, 9], dtype=torch.uint8)
    """
    if len(content) < 4 or content[:3] != bytes([0, 0, _IDX_UINT8]) or not 1 <= content[3] <= 4:
        raise BadInput(f"This is not an IDX file of unsigned bytes: it starts with {bytes(content[:4])!r}.")
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise BadInput(f"This IDX file ends inside its header, after {len(content)} bytes.")
    shape = struct.unpack(f">{content[3]}I", content[4:header])
    values = np.frombuffer(bytearray(content), np.uint8, offset=header)
    if values.size != np.prod(shape, dtype=object):
        raise BadInput(f"This IDX file announces shape {shape} but holds {values.size:,} values.")
    return torch.from_numpy(values.reshape(shape))


class _ArraysOnly(pickle.Unpickler):
    """Unpickle lists, strings and NumPy arrays, and nothing that could run code."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) in {("numpy", "ndarray"), ("numpy", "dtype")}:
            return getattr(np, name)
        if (module, name) == ("numpy.core.multiarray", "_reconstruct"):  # its name when the batches were written
            return np._core.multiarray._reconstruct
        raise pickle.UnpicklingError(f"{module}.{name} does not belong into a CIFAR-10 batch")


def _read_batches(contents: dict[str, bytearray]) -> tuple[dict, dict]:
    """Read CIFAR-10's python batches: each a dict with data (10000, 3072), channels first, and labels."""
    images, labels = {"train": [], "test": []}, {"train": [], "test": []}
    for name, content in sorted(contents.items()):
        if "batch" not in name or name.endswith(".meta"):
            continue
        batch = _ArraysOnly(io.BytesIO(content), encoding="bytes").load()
        part = "test" if name == "test_batch" else "train"
        images[part].append(torch.from_numpy(batch[b"data"]).reshape(-1, 3, 32, 32))
        labels[part].append(torch.tensor(batch[b"labels"]))
    return {p: torch.cat(images[p]) for p in images}, {p: torch.cat(labels[p]) for p in labels}


def read_npz(path: Path, name: str, title: str) -> Dataset:
    """Read a data set from one ``.npz`` file.

    Parameters
    ----------
    path : pathlib.Path
        The file: ``train_images`` (N, H, W, C) uint8, ``train_labels`` (N,) of any integer type, ``test_images``,
        ``test_labels``, and ``classes``, the class names.
    name, title : str
        What to call it.

    Returns
    -------
    Dataset
        With pictures turned to (N, C, H, W).

    Raises
    ------
    BadInput
        If the file is broken, or an array is missing or has the wrong type or shape.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "tiny.npz"
    >>> images, labels = np.zeros((4, 8, 8, 1), np.uint8), np.array([0, 1, 0, 1])
    >>> np.savez(path, train_images=images, train_labels=labels, test_images=images, test_labels=labels,
    ...          classes=["cat", "dog"])
    >>> read_npz(path, "tiny", "Tiny")
    Tiny: 4 training and 4 test pictures, 1 channel of 8×8, 2 classes
    """
    if not zipfile.is_zipfile(path):
        raise BadInput(f"{path} is not a whole .npz file. Put one there that np.savez or np.savez_compressed wrote.")
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [key for key in _ARRAYS if key not in archive]
            if missing:
                raise BadInput(f"{path} lacks {', '.join(missing)}; it must hold {', '.join(_ARRAYS)}.")
            arrays = {key: archive[key] for key in _ARRAYS}
            foreign = [key for key, array in arrays.items() if not isinstance(array, np.ndarray)]
            if foreign:
                raise ValueError(f"{', '.join(foreign)} in it is not a NumPy array")
    except BadInput:
        raise
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise BadInput(f"{path} cannot be read ({error}). Delete it and put a whole copy in its place.") from error
    images, labels = {}, {}
    for part in ("train", "test"):
        images[part] = _npz_images(path, f"{part}_images", arrays[f"{part}_images"])
        labels[part] = _npz_labels(path, f"{part}_labels", arrays[f"{part}_labels"])
    classes = arrays["classes"]
    if classes.ndim != 1 or classes.dtype.kind != "U":
        raise BadInput(f"{path}: classes is {classes.dtype} of shape {classes.shape}; it must be a list of names.")
    return Dataset(
        name,
        title,
        *(images["train"], labels["train"], images["test"], labels["test"]),
        classes=tuple(classes.tolist()),
        source=f"{title}, read from {path.name} in the data root.",
    )


def _npz_images(path: Path, key: str, array: np.ndarray) -> torch.Tensor:
    if array.dtype != np.uint8 or array.ndim != 4 or array.size == 0:
        shape = f"{array.dtype} of shape {array.shape}"
        raise BadInput(f"{path}: {key} is {shape}; it must be uint8 of shape (N, H, W, C). Save it so.")
    return torch.from_numpy(np.ascontiguousarray(array.transpose(0, 3, 1, 2)))


def _npz_labels(path: Path, key: str, array: np.ndarray) -> torch.Tensor:
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise BadInput(f"{path}: {key} is {array.dtype} of shape {array.shape}; it must be integers of shape (N,).")
    return torch.from_numpy(array.astype(np.int64))
