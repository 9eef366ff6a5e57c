"""What every data set looks like once it is loaded, whichever shelf it came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from cnnlib.errors import BadInput


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Pictures with labels, in a training and a test part, and where they came from.

    Parameters
    ----------
    name : str
        The name it is loaded by, for example ``"mnist"``.
    title : str
        The name to print beside any number measured on it.
    train_images, test_images : torch.Tensor
        Pictures of shape (N, C, H, W), dtype uint8, 0 (black) to 255.
    train_labels, test_labels : torch.Tensor
        Class indices of shape (N,), dtype int64, 0 to ``num_classes - 1``.
    classes : tuple of str
        The name of each class, by index.
    source : str
        One sentence: where the pictures came from.
    embedded : bool
        True for the sets that come with the package.
    requested : str
        The name that was asked for; differs from `name` when this is a stand-in. Empty means `name`.

    Raises
    ------
    BadInput
        If a shape, a type or a label cannot be used.

    Examples
    --------
    >>> images = torch.zeros(4, 1, 28, 28, dtype=torch.uint8)
    >>> labels = torch.tensor([0, 1, 0, 1])
    >>> Dataset("tiny", "Tiny", images, labels, images[:2], labels[:2], ("cat", "dog"), "Made by hand.")
    Tiny: 4 training and 2 test pictures, 1 channel of 28×28, 2 classes
    """

    name: str
    title: str
    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    classes: tuple[str, ...]
    source: str
    embedded: bool = False
    requested: str = ""

    def __post_init__(self) -> None:
        if not self.requested:
            object.__setattr__(self, "requested", self.name)
        if not isinstance(self.classes, tuple) or not all(isinstance(c, str) for c in self.classes):
            raise BadInput(f"{self.name}: classes is {self.classes!r}; it must be a tuple of names, one a class.")
        for part in ("train", "test"):
            _check_part(self.name, part, getattr(self, f"{part}_images"), getattr(self, f"{part}_labels"), self.classes)
        if self.train_images.shape[1:] != self.test_images.shape[1:]:
            raise BadInput(
                f"{self.name}: training pictures are {_by(self.train_images.shape[1:])} and test pictures "
                f"{_by(self.test_images.shape[1:])} (channels×height×width); both must be the same."
            )

    def __repr__(self) -> str:
        return self.describe()

    @property
    def channels(self) -> int:
        """Channels of a picture: 1 for grey, 3 for colour."""
        return self.train_images.shape[1]

    @property
    def size(self) -> int:
        """Height of a picture in pixels (the width too, in every set the book uses)."""
        return self.train_images.shape[2]

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @cached_property
    def fingerprint(self) -> str:
        """First 16 hex digits of a sha256 over the four arrays, so that a recorded number can name its data."""
        digest = hashlib.sha256()
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            digest.update(f"{tuple(array.shape)} {array.dtype}".encode())
            digest.update(np.ascontiguousarray(array.numpy()))
        return digest.hexdigest()[:16]

    def describe(self) -> str:
        """Return one line: title, number of pictures, their shape and the number of classes.

        Returns
        -------
        str
            The line that ``repr`` shows too.

        Examples
        --------
        >>> from cnnlib import data
        >>> data.load("digits").describe()
        'Handwritten digits (8×8, enlarged): 1,497 training and 300 test pictures, 1 channel of 28×28, 10 classes'
        """
        channels, height, width = self.train_images.shape[1:]
        return (
            f"{self.title}: {len(self.train_images):,} training and {len(self.test_images):,} test pictures, "
            f"{channels} channel{'s' * (channels != 1)} of {height}×{width}, {self.num_classes} classes"
        )

    def split(self, validation: int | float | None = None, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
        """Hold back some of the *training* pictures for validation, the same share of every class.

        Parameters
        ----------
        validation : int or float, optional
            How many pictures to hold back, or which fraction of them (above 0 and below 1).
            By default a tenth of the training part, but at most 5,000.
        seed : int
            Which pictures are drawn; the same seed draws the same ones on every machine.

        Returns
        -------
        tuple of torch.Tensor
            Indices into `train_images` to train on and to validate on: int64, rising, without overlap.

        Raises
        ------
        BadInput
            If `validation` leaves no picture on one of the two sides, or `seed` is not one of 0 to 2³² - 1.

        Examples
        --------
        >>> from cnnlib import data
        >>> digits = data.load("digits")
        >>> train, val = digits.split(validation=200, seed=1)
        >>> len(train), len(val)
        (1297, 200)
        >>> torch.bincount(digits.train_labels[val]).tolist()
        [20, 20, 20, 21, 20, 20, 20, 20, 19, 20]
        """
        labels = self.train_labels.numpy()
        count = _validation_count(validation, len(labels))
        if not isinstance(seed, int) or not 0 <= seed < 2**32:
            raise BadInput(f"seed is {seed!r}; it must be a whole number from 0 to 2**32 - 1, such as 0.")
        # RandomState, because NumPy promises that its stream never changes from one version to the next.
        random = np.random.RandomState(seed)
        held_back = np.zeros(len(labels), dtype=bool)
        for label, quota in enumerate(_quotas(np.bincount(labels, minlength=self.num_classes), count)):
            members = np.flatnonzero(labels == label)
            held_back[random.permutation(members)[:quota]] = True
        return torch.from_numpy(np.flatnonzero(~held_back)), torch.from_numpy(np.flatnonzero(held_back))


def _by(shape: torch.Size | tuple[int, ...]) -> str:
    return "×".join(str(s) for s in shape)


def _check_part(name: str, part: str, images: torch.Tensor, labels: torch.Tensor, classes: tuple[str, ...]) -> None:
    """Refuse pictures and labels that do not fit together."""
    if images.dtype != torch.uint8 or images.ndim != 4 or 0 in images.shape:
        raise BadInput(
            f"{name}: {part}_images is {images.dtype} of shape {tuple(images.shape)}; it must be torch.uint8 of shape "
            "(N, C, H, W) with every size at least 1."
        )
    if labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
        raise BadInput(
            f"{name}: {part}_labels is {labels.dtype} of shape {tuple(labels.shape)}; it must be torch.int64 of shape "
            f"({len(images)},), one label for each of the {len(images):,} pictures."
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= len(classes):
        raise BadInput(
            f"{name}: {part}_labels go from {low} to {high}; with {len(classes)} classes "
            f"they must lie between 0 and {len(classes) - 1}."
        )


def _validation_count(validation: int | float | None, total: int) -> int:
    """Turn a number, a fraction or None into a number of pictures."""
    if validation is None:
        count = min(5000, total // 10)
    elif isinstance(validation, float) and 0 < validation < 1:
        count = round(validation * total)
    elif isinstance(validation, int) and not isinstance(validation, bool):
        count = validation
    else:
        raise BadInput(
            f"validation is {validation!r}; it must be a number of pictures (such as 5000) or a fraction "
            "above 0 and below 1 (such as 0.1)."
        )
    if not 0 < count < total:
        raise BadInput(
            f"validation={validation!r} holds back {count:,} of {total:,} training pictures; "
            f"it must leave at least one on each side: choose 1 to {total - 1:,}."
        )
    return count


def _quotas(members: np.ndarray, count: int) -> np.ndarray:
    """Share `count` among the classes in proportion to their size, whole numbers that add up exactly."""
    exact = members * count  # in units of 1/total, so that there is no rounding to argue about
    quotas = exact // members.sum()
    rest = exact % members.sum()
    largest_remainders = np.argsort(-rest, kind="stable")[: count - quotas.sum()]
    quotas[largest_remainders] += 1
    return quotas
