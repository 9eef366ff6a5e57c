"""Pool, then rectify: the same numbers as the other way round, on a quarter of them.

ReLU grows with its input, so the largest of four rectified numbers is the rectified largest of the four, to the last
bit, and the gradient goes to the same place. Networks are written in the order of their papers, ReLU first; a training
step need not compute them so.
"""

from __future__ import annotations

import torch
from torch import fx, nn
from torch.nn import functional as F

RECTIFIERS = (nn.ReLU, F.relu, torch.relu)
POOLINGS = (nn.MaxPool2d, F.max_pool2d, torch.max_pool2d)


def pooled_first(model: nn.Module) -> nn.Module:
    """Return a network with the same layers that takes each ReLU after the max pooling that follows it.

    Parameters
    ----------
    model : nn.Module
        In training mode. Where its forward pass cannot be followed (branches that depend on numbers), it is returned
        as it is.

    Returns
    -------
    nn.Module
        Shares its layers and their weights with the network; use it in place of the network while the mode is the same.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2))
    >>> x = torch.randn(1, 1, 8, 8)
    >>> torch.equal(pooled_first(net)(x), net(x))
    True
    """
    try:
        traced = fx.symbolic_trace(model)
    except Exception:  # following a forward pass may end in any error; then nothing is gained, and nothing lost
        return model
    layers = dict(traced.named_modules())
    swapped = False
    for pooling in traced.graph.nodes:
        if not _is(pooling, POOLINGS, layers):
            continue
        rectifier = pooling.args[0]
        if _is(rectifier, RECTIFIERS, layers) and len(rectifier.users) == 1:
            pooling.replace_all_uses_with(rectifier)
            pooling.replace_input_with(rectifier, rectifier.args[0])
            rectifier.replace_input_with(rectifier.args[0], pooling)
            pooling.append(rectifier)
            swapped = True
    if not swapped:
        return model
    traced.recompile()
    return traced


def _is(node: fx.Node, kinds: tuple, layers: dict[str, nn.Module]) -> bool:
    """Return whether a step is one of these functions or layers."""
    if not isinstance(node, fx.Node):
        return False
    if node.op == "call_module":
        return type(layers[node.target]) in kinds
    return node.op == "call_function" and node.target in kinds
