"""How deep a network is: the layers with weights on the longest way from the picture to the answer."""

from __future__ import annotations

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

WEIGHED = {"conv1d", "conv2d", "conv3d", "conv_transpose2d", "linear"}  # functions that weigh what comes in


def depth(model: nn.Module, input_shape: tuple[int, int, int]) -> int:
    """Count the convolutions and fully connected layers on the longest way through a network.

    So papers count when they name a network by its depth: pooling, normalisation and activations do not count, and a
    projection beside two convolutions is the shorter way.

    Parameters
    ----------
    model : nn.Module
        Any network that takes one tensor. It stays as it is.
    input_shape : tuple of int
        (channels, height, width) of a picture that the network accepts.

    Returns
    -------
    int

    Examples
    --------
    >>> from cnnlib import models
    >>> depth(models.build("resnet18", width=0.125), (3, 64, 64))
    18
    """
    like = next(model.parameters(), torch.empty(0))
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()  # a batch norm must neither learn from the blank picture nor refuse a batch of one
        with torch.no_grad(), _Depths() as depths:
            return depths.of(model(torch.zeros(1, *input_shape, device=like.device, dtype=like.dtype)))
    finally:
        for module, training in modes:
            module.training = training


class _Depths(TorchFunctionMode):
    """Listens to every function that PyTorch calls, and keeps for each tensor how many weighed it on the way."""

    def __init__(self):
        super().__init__()
        self._known = {}  # by a tensor's number; the tensor is kept too, so that no other one is given its number

    def __torch_function__(self, func, types, args=(), kwargs=None):
        given = [*args, *(kwargs or {}).values()]
        before = max((self.of(each) for each in given), default=0)
        output = func(*args, **(kwargs or {}))
        weighs = getattr(func, "__name__", "") in WEIGHED
        for tensor in output if isinstance(output, tuple | list) else [output]:
            if isinstance(tensor, torch.Tensor):
                self._known[id(tensor)] = (before + weighs, tensor)
        return output

    def of(self, value) -> int:
        """Return how often a tensor, or the deepest of several, was weighed; 0 for anything else."""
        if isinstance(value, torch.Tensor):
            return self._known.get(id(value), (0,))[0]
        return max(map(self.of, value), default=0) if isinstance(value, tuple | list) else 0
