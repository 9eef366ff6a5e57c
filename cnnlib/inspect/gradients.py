"""How large the loss's gradient is at each layer: what vanishing and exploding gradients look like in numbers."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.errors import BadInput, unknown

LAYERS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
WHAT = ("outputs", "weights")


def gradient_norms(
    model: nn.Module, images: torch.Tensor, labels: torch.Tensor, of: str = "outputs"
) -> dict[str, float]:
    """Return the norm of the cross-entropy's gradient at each convolution and linear layer, first layer first.

    Parameters
    ----------
    model : nn.Module
        From (N, C, H, W) to logits (N, num_classes), in the mode in which it should be measured: in training mode
        batch norm uses the batch's own statistics. A copy is run; the model stays as it is.
    images : Tensor, shape (N, C, H, W)
        A batch, scaled as the network expects it, on the model's device.
    labels : Tensor, shape (N,)
        Classes.
    of : {'outputs', 'weights'}
        With respect to each layer's output: the norm over one picture's numbers, of the loss summed over the batch,
        as a mean over the pictures. Or with respect to its weights: of the mean loss, as an optimiser sees it.

    Returns
    -------
    dict of str to float
        Layer name to norm, in the order in which the layers ran.

    Raises
    ------
    BadInput
        If ``of`` is unknown, or images and labels do not belong together.

    Examples
    --------
    Sigmoids without normalisation pass on a small part of the gradient each:

    >>> _ = torch.manual_seed(0)
    >>> net = nn.Sequential(*[m for _ in range(6) for m in (nn.Linear(8, 8), nn.Sigmoid())])
    >>> norms = list(gradient_norms(net, torch.rand(4, 8), torch.tensor([0, 1, 2, 3])).values())
    >>> len(norms), norms[0] < norms[-1] / 1000
    (6, True)
    """
    if of not in WHAT:
        raise unknown("quantity", of, WHAT)
    if len(images) != len(labels):
        raise BadInput(f"There are {len(images)} images and {len(labels)} labels; each image needs one label.")
    twin = copy.deepcopy(model)  # batch norm's running statistics change in a forward pass
    seen: list[tuple[str, nn.Module, torch.Tensor]] = []

    def keep(name):
        return lambda layer, inputs, output: seen.append((name or type(layer).__name__, layer, output))

    for name, layer in twin.named_modules():
        if isinstance(layer, LAYERS):
            layer.register_forward_hook(keep(name))
    with torch.enable_grad():
        loss = F.cross_entropy(_logits(twin(images)), labels, reduction="sum" if of == "outputs" else "mean")
        targets = [output if of == "outputs" else layer.weight for _, layer, output in seen]
        # zeros for what does not lead to the loss, such as an auxiliary head
        gradients = torch.autograd.grad(loss, targets, materialize_grads=True)
    if of == "outputs":  # squares in double precision: those of small numbers vanish before the numbers do
        norms = [gradient.double().flatten(1).norm(dim=1).mean() for gradient in gradients]
    else:
        norms = [gradient.double().norm() for gradient in gradients]
    return {name: float(norm) for (name, _, _), norm in zip(seen, norms, strict=True)}


def _logits(outputs) -> torch.Tensor:
    """Return the logits of a network that may have auxiliary heads."""
    return outputs[0] if isinstance(outputs, tuple) else outputs
