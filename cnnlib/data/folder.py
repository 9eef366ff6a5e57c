"""The reader's own pictures: a folder with one folder a class becomes a data set.

What may not happen is that a picture is learned from and tested on. So exact copies are left out before the split,
and the split goes by the files' content: renaming a file does not move it to the other side, and where pictures are
added the old ones keep their side as far as the shares allow.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from tqdm import tqdm

from cnnlib.data.dataset import Dataset
from cnnlib.data.picture import ENDINGS, picture
from cnnlib.errors import BadInput

LEAST = 5  # different pictures a class: with fewer there is nothing to learn from, or nothing to test on
_UNREADABLE = (".heic", ".heif")  # what telephones store unless told otherwise


class _Read(NamedTuple):
    """One picture: the names of its folder and file, its class, the sha256 of the file, and its pixels."""

    place: str
    file: str
    label: int
    digest: str
    pixels: torch.Tensor

    @property
    def name(self) -> str:
        return f"{self.place}/{self.file}"


@dataclass(frozen=True, eq=False, repr=False)
class OwnPictures(Dataset):
    """A `Dataset` that also knows the file of every picture.

    Parameters
    ----------
    train_files, test_files : tuple of str
        For each picture its file, relative to the folder.
    """

    train_files: tuple[str, ...] = ()
    test_files: tuple[str, ...] = ()


def folder(
    path: str | os.PathLike,
    size: int = 32,
    test: float = 0.2,
    seed: int = 0,
    group: Callable[[str], object] | None = None,
) -> OwnPictures:
    """Make a data set of a folder of pictures: ``<path>/<class>/<picture>``, the folders' names are the classes.

    Every picture is read as by `cnnlib.data.picture`. Of exact copies, alike in every pixel of the result, one is kept.
    Files with other endings, and folders and files whose name starts with a dot or an underscore, are passed over.

    Parameters
    ----------
    path : path
        The folder that holds one folder a class.
    size : int
        Side of the pictures in the data set, in pixels.
    test : float
        Share of every class that is kept for testing, above 0 and below 1; at least one picture a class on each side.
    seed : int
        Which pictures those are; the same seed and the same files give the same split on every machine.
    group : callable, optional
        From a file's name, such as ``"rex_07.jpg"``, to what it shows, such as ``"rex"``: pictures of one class that
        show the same are never split. The test part may then be larger than asked for, by less than one group.

    Returns
    -------
    OwnPictures
        Colour pictures of size×size; `train_files` and `test_files` name the files.

    Raises
    ------
    BadInput
        If there is no such folder, or fewer than two classes; if a class has no or too few pictures, or only one group;
        if a file cannot be read, or one picture lies in two classes; or if `size`, `test` or `seed` is out of range.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> pets = Path(tempfile.mkdtemp()) / "pets"
    >>> for n, name in enumerate(["cat", "dog"]):
    ...     (pets / name).mkdir(parents=True)
    ...     for i in range(10):
    ...         Image.new("RGB", (50, 40), color=(100 * n, 20 * i, 0)).save(pets / name / f"{i}.png")
    >>> folder(pets)
    Own pictures (pets): 16 training and 4 test pictures, 3 channels of 32×32, 2 classes
    """
    if not isinstance(test, float) or not 0 < test < 1:
        raise BadInput(f"test is {test!r}; it must be a fraction above 0 and below 1, such as 0.2.")
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise BadInput(f"seed is {seed!r}; it must be a whole number of at least 0, such as 0.")
    root = Path(path).expanduser().absolute()
    files = _files_by_class(root)
    total = sum(map(len, files.values()))
    listed = ((name, label, file) for label, (name, members) in enumerate(files.items()) for file in members)
    bar = tqdm(listed, total=total, unit=" pictures", leave=False, delay=2)
    kept = _without_copies(_read(file, name, label, size) for name, label, file in bar)
    sides = {"train": [], "test": []}
    for label, name in enumerate(files):
        members = [one for one in kept if one.label == label]
        if len(members) < LEAST:
            raise BadInput(
                f"The class {name!r} has only {len(members)} different pictures; at least {LEAST} are needed, and 50 "
                f"give it a chance. Put more pictures into {root / name}."
            )
        groups = _groups(members, group, seed)
        if len(groups) < 2:
            raise BadInput(
                f"All pictures of the class {name!r} are in one group, {group(members[0].file)!r}; at least two are "
                "needed, one to learn from and one to test on. Add pictures of something else, or group more finely."
            )
        wanted, taken = max(1, round(test * len(members))), 0
        while taken < wanted and len(groups) > 1:
            sides["test"] += groups[0]
            taken += len(groups.pop(0))
        sides["train"] += sum(groups, [])
    copies = total - len(kept)
    left_out = f" {copies} exact cop{'y was' if copies == 1 else 'ies were'} left out." if copies else ""
    return OwnPictures(
        root.name,
        f"Own pictures ({root.name})",
        *(*_tensors(sides["train"]), *_tensors(sides["test"])),
        classes=tuple(files),
        source=f"{len(kept):,} pictures of one's own from the folder {root.name}, the middle of each resized to "
        f"{size}×{size}.{left_out}",
        train_files=tuple(one.name for one in sides["train"]),
        test_files=tuple(one.name for one in sides["test"]),
    )


def _files_by_class(root: Path) -> dict[str, list[Path]]:
    """Return the pictures of each class, sorted by name, or say what is wrong with the folder."""
    if not root.is_dir():
        what = "is a file" if root.is_file() else "does not exist"
        raise BadInput(f"{root} {what}; a folder is needed that holds one folder of pictures for each class.")
    files = {entry.name: _pictures(entry) for entry in _entries(root) if entry.is_dir()}
    if len(files) < 2:
        found = f"only one folder, {next(iter(files))!r}" if files else "no folders"
        raise BadInput(f"{root} holds {found}; at least two are needed, one for each class, with its pictures in it.")
    for name, members in files.items():
        if not members:
            raise BadInput(
                f"The class {name!r} has no pictures. Put some ({', '.join(ENDINGS)}) directly into {root / name}, "
                "not into folders below it, or delete that folder."
            )
    return files


def _pictures(place: Path) -> list[Path]:
    members = [entry for entry in _entries(place) if entry.is_file()]
    for file in members:
        if file.suffix.lower() in _UNREADABLE:
            raise BadInput(
                f"{file} is a HEIC picture, which cannot be read here. Save it as .jpg; a telephone's camera has a "
                "setting for that, such as 'most compatible'."
            )
    return [file for file in members if file.suffix.lower() in ENDINGS]


def _entries(place: Path) -> list[Path]:
    try:
        return sorted(entry for entry in place.iterdir() if not entry.name.startswith((".", "_")))
    except OSError as problem:
        raise BadInput(f"The folder {place} cannot be read ({problem.strerror}). Make it readable.") from problem


def _read(file: Path, place: str, label: int, size: int) -> _Read:
    pixels = picture(file, size)
    return _Read(place, file.name, label, hashlib.sha256(file.read_bytes()).hexdigest(), pixels)


def _groups(members: list[_Read], group: Callable[[str], object] | None, seed: int) -> list[list[_Read]]:
    """Return the groups of one class in an order that depends on the seed and the files' content alone."""
    found: dict[object, list[_Read]] = {}
    for one in sorted(members, key=lambda one: one.digest):
        found.setdefault(one.digest if group is None else group(one.file), []).append(one)
    return sorted(found.values(), key=lambda them: hashlib.sha256(f"{seed} {them[0].digest}".encode()).digest())


def _without_copies(pictures: Iterator[_Read]) -> list[_Read]:
    """Keep one of all pictures with the same pixels; the same picture in two classes is a mistake."""
    first: dict[bytes, _Read] = {}
    for one in pictures:
        known = first.setdefault(one.pixels.numpy().tobytes(), one)
        if known.label != one.label:
            raise BadInput(
                f"{known.name} and {one.name} are the same picture in two classes. Decide which it is, and delete the "
                "other."
            )
        if one.digest < known.digest:  # which copy is kept must not depend on the files' names
            first[one.pixels.numpy().tobytes()] = one
    return list(first.values())


def _tensors(pictures: list[_Read]) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.stack([one.pixels for one in pictures]), torch.tensor([one.label for one in pictures])
