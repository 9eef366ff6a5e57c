"""Handwritten digits that come with scikit-learn: real, small, and there without any network.

1,797 pictures of 8×8 with 17 grey levels, by 13 writers: the test part of the UCI set "Optical Recognition of
Handwritten Digits" (Alpaydin and Kaynak 1998), https://doi.org/10.24432/C50P49. They are enlarged to 28×28, so that
every net made for MNIST takes them.
"""

from __future__ import annotations

import numpy as np
import torch

from cnnlib.data.dataset import Dataset
from cnnlib.data.kept import kept

_SIDE, _LARGE, _GREY = 8, 28, 16  # original side, enlarged side, largest original value
_TEST_PER_CLASS = 30
_SPLIT_SEED = 0


def digits() -> Dataset:
    """Return scikit-learn's handwritten digits, enlarged to 28×28, with a fixed class-balanced split.

    Returns
    -------
    Dataset
        1,497 training and 300 test pictures, 30 of each class in the test part.

    Examples
    --------
    >>> digits().train_images.shape
    torch.Size([1497, 1, 28, 28])
    """
    arrays = kept("digits", __file__, _enlarged)
    images, labels = torch.from_numpy(arrays["images"])[:, None], torch.from_numpy(arrays["labels"])
    random = np.random.RandomState(_SPLIT_SEED)
    in_test = np.zeros(len(labels), dtype=bool)
    for label in range(10):
        in_test[random.permutation(np.flatnonzero(arrays["labels"] == label))[:_TEST_PER_CLASS]] = True
    return Dataset(
        "digits",
        "Handwritten digits (8×8, enlarged)",
        *(images[~in_test], labels[~in_test], images[in_test], labels[in_test]),
        classes=tuple("0123456789"),
        source="The 1,797 handwritten digits of 8×8 that come with scikit-learn, enlarged to 28×28.",
        embedded=True,
    )


def _enlarged() -> dict[str, np.ndarray]:
    """Read all digits and enlarge them."""
    from sklearn.datasets import load_digits  # here, because importing scikit-learn takes a second

    bunch = load_digits()
    return {"images": _enlarge(bunch.images.astype(np.int64)), "labels": bunch.target.astype(np.int64)}


def _enlarge(images: np.ndarray) -> np.ndarray:
    """Enlarge (N, 8, 8) pictures of 0..16 to (N, 28, 28) of 0..255, bilinearly and in whole numbers.

    The centre of output pixel i lies at (i + 1/2) · 8/28 - 1/2 = (4i - 5)/14 of the original, so the weights are
    fourteenths. Whole numbers give the same picture, and so the same fingerprint, on every machine.
    """
    weights = np.zeros((_LARGE, _SIDE), dtype=np.int64)
    for i in range(_LARGE):
        left, right_share = divmod(4 * i - 5, 14)
        weights[i, max(left, 0)] += 14 - right_share
        weights[i, min(left + 1, _SIDE - 1)] += right_share
    blended = weights @ images @ weights.T  # 14 · 14 times too large
    whole = 14 * 14 * _GREY
    return ((blended * 255 + whole // 2) // whole).astype(np.uint8)
