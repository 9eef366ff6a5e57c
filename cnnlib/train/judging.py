"""Beyond one number: which classes are taken for which, and where a network is surest and wrong."""

from __future__ import annotations

from typing import NamedTuple

import torch


class Mistake(NamedTuple):
    """A picture that a network is wrong about: its place in the set, its class, the class given, and how surely."""

    index: int
    label: int
    predicted: int
    probability: float


def confusion_matrix(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Count how often each class is taken for each class.

    Parameters
    ----------
    logits : Tensor, shape (N, num_classes)
        From `cnnlib.train.predict`.
    labels : Tensor, shape (N,), int64
        The true classes.

    Returns
    -------
    Tensor, shape (num_classes, num_classes), int64
        Row: true class; column: predicted class. The diagonal holds what is right.

    Examples
    --------
    >>> confusion_matrix(torch.eye(2)[[0, 1, 1]], torch.tensor([0, 1, 0])).tolist()
    [[1, 1], [0, 1]]
    """
    classes = logits.shape[1]
    return torch.bincount(labels * classes + logits.argmax(dim=1), minlength=classes**2).view(classes, classes)


def confident_mistakes(logits: torch.Tensor, labels: torch.Tensor, count: int = 12) -> list[Mistake]:
    """Return the wrong answers that a network is surest of.

    Parameters
    ----------
    logits : Tensor, shape (N, num_classes)
        From `cnnlib.train.predict`.
    labels : Tensor, shape (N,), int64
        The true classes.
    count : int
        At most so many; fewer when there are fewer mistakes. Of a network that has diverged, whose probabilities are
        no numbers, none.

    Returns
    -------
    list of Mistake
        The surest first; the probability is the softmax's, for the class given.

    Examples
    --------
    >>> confident_mistakes(torch.tensor([[9.0, 0.0], [0.0, 1.0]]), torch.tensor([1, 1]))
    [Mistake(index=0, label=1, predicted=0, probability=0.9999)]
    """
    probabilities, predicted = logits.softmax(dim=1).max(dim=1)
    wrong = ((predicted != labels) & probabilities.isfinite()).nonzero().flatten()
    surest = wrong[probabilities[wrong].argsort(descending=True, stable=True)[:count]]
    return [Mistake(int(i), int(labels[i]), int(predicted[i]), round(float(probabilities[i]), 4)) for i in surest]
