"""Have PyTorch compile a network, where this machine can."""

from __future__ import annotations

import warnings

import torch
from torch import nn

from cnnlib.train.recipe import Recipe


def compiled(model: nn.Module, x: torch.Tensor, recipe: Recipe) -> nn.Module:
    """Return the network compiled for batches such as this, or the network itself where compiling fails.

    It takes ten seconds and more, once a process. It needs a C++ compiler on a processor, and Triton on a GPU.

    Parameters
    ----------
    model : nn.Module
        In training mode; its numbers are not changed.
    x : Tensor, shape (N, C, H, W)
        A batch of the run. A batch of another shape is compiled anew when it comes.
    recipe : Recipe
        Gives the precision.

    Returns
    -------
    nn.Module
        Shares its weights with the network.

    Examples
    --------
    >>> net = nn.Linear(2, 1)
    >>> quick = compiled(net, torch.ones(1, 2), Recipe())  # doctest: +SKIP
    """
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    try:
        quick = torch.compile(model)
        with recipe.autocast(x.device):
            y = quick(x)
        (y[0] if isinstance(y, tuple) else y).float().sum().backward()
        return quick
    except Exception as problem:  # a missing or broken compiler may end in any error
        warnings.warn(f"not compiled ({type(problem).__name__}): the run is slower, its result the same", stacklevel=3)
        return model
    finally:  # as before the trial: the statistics of batch norm, and the gradients
        model.load_state_dict(kept)
        model.zero_grad()
