"""Look inside a training run: how large weights and gradients are, layer by layer and epoch by epoch."""

from __future__ import annotations

import math

import torch
from torch import nn

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
DIGITS = 5  # significant ones that are kept


class Watch:
    """Records the size of each layer's weights and gradients while `fit` trains.

    A layer is what has a weight of two or more dimensions, such as a convolution or a linear layer. Batch norm, whose
    weight is one number a channel, is left out.

    Parameters
    ----------
    model : nn.Module
        The network that will be trained. Its weights are looked at now, before training, and after each epoch.

    Attributes
    ----------
    layers : list of dict
        One for each layer, in the order in which the network registers them. Its ``name`` and number of ``weights``;
        ``weight_norm``, the root of the sum of their squares, and ``quantiles``, the weights below which 5, 25, 50,
        75 and 95 % of them lie: before training and after each epoch. And ``gradient_norm``, the root of the mean
        over an epoch's steps of the gradient's squared norm: for each epoch.

    Examples
    --------
    >>> from cnnlib import data, models
    >>> from cnnlib.train import Recipe, fit
    >>> net = models.build("fc_0501")
    >>> watch = Watch(net)
    >>> _ = fit(net, data.load("digits"), Recipe(epochs=2), progress=False, device="cpu", watch=watch)
    >>> [layer["name"] for layer in watch.layers]
    ['fc1', 'fc2', 'out']
    >>> len(watch.layers[0]["weight_norm"]), len(watch.layers[0]["gradient_norm"])
    (3, 2)
    """

    def __init__(self, model: nn.Module):
        modules = {name: layer for name, layer in model.named_modules() if _has_matrix(layer)}
        self._modules = list(modules.values())
        self._squares, self._steps = 0.0, 0
        self.layers = [
            {"name": name, "weights": layer.weight.numel(), "weight_norm": [], "quantiles": [], "gradient_norm": []}
            for name, layer in modules.items()
        ]
        self._note_weights()

    def step(self) -> None:
        """Take note of the gradients; to be called between the backward pass and the optimizer's step."""
        self._squares = self._squares + _norms([layer.weight.grad for layer in self._modules]).square()
        self._steps += 1

    def epoch(self) -> None:
        """Take note of the weights, and of the gradients of the steps since the last call."""
        for layer, norm in zip(self.layers, (self._squares / self._steps).sqrt().tolist(), strict=True):
            layer["gradient_norm"].append(_short(norm))
        self._squares, self._steps = 0.0, 0
        self._note_weights()

    def _note_weights(self) -> None:
        weights = [layer.weight.detach() for layer in self._modules]
        for layer, weight, norm in zip(self.layers, weights, _norms(weights).tolist(), strict=True):
            marks = weight.flatten().quantile(torch.tensor(QUANTILES, device=weight.device))
            layer["weight_norm"].append(_short(norm))
            layer["quantiles"].append([_short(mark) for mark in marks.tolist()])


def _has_matrix(layer: nn.Module) -> bool:
    return isinstance(getattr(layer, "weight", None), nn.Parameter) and layer.weight.dim() > 1


def _norms(tensors: list[torch.Tensor | None]) -> torch.Tensor:
    """Return their norms; in double precision, because the squares of small numbers vanish before the numbers do."""
    norms = [None if t is None else torch.linalg.vector_norm(t, dtype=torch.float64) for t in tensors]
    zero = torch.zeros_like(next(norm for norm in norms if norm is not None))  # the loss does not depend on that layer
    return torch.stack([zero if norm is None else norm for norm in norms])


def _short(value: float) -> float:
    """Return the number with few digits, so that a record stays small."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else value
