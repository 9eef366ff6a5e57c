"""The feature maps of any network on one picture, layer by layer."""

from __future__ import annotations

import torch
from torch import nn

from cnnlib.devices import device as choose_device
from cnnlib.errors import BadInput


def feature_maps(
    model: nn.Module, image: torch.Tensor, device: str | torch.device | None = None
) -> dict[str, torch.Tensor]:
    """Return every layer's output on one picture, in the order in which the layers ran.

    Parameters
    ----------
    model : nn.Module
        Any network that takes one batch of pictures. Its training mode and its device stay as they were.
    image : Tensor, shape (C, H, W)
        One picture, scaled as the network expects it.
    device : str or torch.device, optional
        Where to run; a GPU when one is present, else the processor.

    Returns
    -------
    dict of str to Tensor
        Layer name to its output without the batch dimension, on the processor. A layer that ran twice has its second
        output under ``name (2)``.

    Raises
    ------
    BadInput
        If the picture has not three dimensions, or the device is unknown.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2))
    >>> maps = feature_maps(net, torch.rand(3, 16, 16), device="cpu")
    >>> {name: tuple(m.shape) for name, m in maps.items()}
    {'0': (4, 14, 14), '1': (4, 14, 14), '2': (4, 7, 7)}
    """
    if image.dim() != 3:
        raise BadInput(
            f"The image has shape {tuple(image.shape)}; one picture is (channels, height, width). "
            "Take one picture out of a batch with images[0], or add a channel with image[None]."
        )
    maps: dict[str, torch.Tensor] = {}

    def keep(name, output):
        if isinstance(output, tuple | list):  # as of an LSTM: its first tensor is what it puts out
            output = next((part for part in output if isinstance(part, torch.Tensor)), None)
        if not isinstance(output, torch.Tensor):
            return
        runs = sum(known == name or known.startswith(f"{name} (") for known in maps)
        maps[name if not runs else f"{name} ({runs + 1})"] = output.detach()[0].cpu().clone()

    layers = [(name or type(m).__name__, m) for name, m in model.named_modules() if next(m.children(), None) is None]
    handles = [m.register_forward_hook(lambda m, i, o, name=name: keep(name, o)) for name, m in layers]
    modes = [(module, module.training) for module in model.modules()]
    home = next((p.device for p in model.parameters()), torch.device("cpu"))
    place = choose_device(device)
    try:
        with torch.no_grad():
            model.eval().to(place)(image[None].to(place))
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes:
            module.training = training
        model.to(home)
    return maps
