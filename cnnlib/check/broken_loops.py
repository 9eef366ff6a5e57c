"""Training loops with known mistakes, so that an exercise can tell which of them a reader's loop still makes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn import functional as F

Batches = list[tuple[torch.Tensor, torch.Tensor]]


class Probe(nn.Module):
    """Passes its input on and remembers in which mode it was."""

    def __init__(self):
        super().__init__()
        self.modes = []

    def forward(self, x):
        """Return x; note whether the network is in training mode."""
        self.modes.append(self.training)
        return x


def net_from_a_test() -> nn.Module:
    """Return a small network, always the same, in evaluation mode; its last layer is a `Probe`."""
    random = torch.Generator().manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3), Probe())
    with torch.no_grad():
        for w in net.parameters():
            w.copy_(torch.randn(w.shape, generator=random))
    return net.eval()


def batches_for_it() -> Batches:
    """Return three batches for that network, the last one shorter."""
    random = torch.Generator().manual_seed(1)
    return [(torch.randn(n, 3, generator=random), torch.randint(3, (n,), generator=random)) for n in (8, 8, 3)]


def mixes(*slips: str) -> Iterator[tuple[str, ...]]:
    """Yield every subset of the slips, the smallest first."""
    for count in range(len(slips) + 1):
        yield from itertools.combinations(slips, count)


def epoch(batches: Batches, lr: float, slips: tuple[str, ...]) -> tuple[list[torch.Tensor], list[float]]:
    """Train `net_from_a_test` for one epoch of plain SGD, with some slips.

    Parameters
    ----------
    batches : list of (x, y)
        Inputs (N, 3) and class indices (N,).
    lr : float
        Learning rate.
    slips : tuple of str
        Any of ``"softmax"`` (taken before the loss, too), ``"adds up"`` (gradients are never cleared) and
        ``"uphill"`` (the sign of the step).

    Returns
    -------
    tuple
        The weights after the epoch, and the mean loss of each batch.

    Examples
    --------
    >>> _, right = epoch(batches_for_it(), 0.5, ())
    >>> _, wrong = epoch(batches_for_it(), 0.5, ("uphill",))
    >>> right[0] == wrong[0], right[1] < wrong[1]
    (True, True)
    """
    net, means = net_from_a_test(), []
    for x, y in batches:
        z = net(x)
        loss = F.cross_entropy(z.softmax(dim=1) if "softmax" in slips else z, y)
        if "adds up" not in slips:
            net.zero_grad()
        loss.backward()
        with torch.no_grad():
            for w in net.parameters():
                w -= (-lr if "uphill" in slips else lr) * w.grad
        means.append(loss.item())
    return list(net.parameters()), means
