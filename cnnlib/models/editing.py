"""Change single layers of a built network, and fit the others to what then arrives at them."""

from __future__ import annotations

import torch
from torch import nn

from cnnlib.errors import BadInput, unknown
from cnnlib.models.lenet import SparseConv, Subsampling

# What can be changed of each kind of layer: a whole number from the first to the second, one of two words, or a switch.
SWITCH = (False, True)
POOLS = {"MaxPool2d": nn.MaxPool2d, "AvgPool2d": nn.AvgPool2d}
POOLING = {"kind": tuple(POOLS), "kernel_size": (1, 31), "stride": (1, 16), "padding": (0, 15)}
EDITABLE = {
    "Conv2d": {
        "kernel_size": (1, 31), "stride": (1, 16), "padding": (0, 15), "dilation": (1, 8), "groups": (1, 4096),
        "out_channels": (1, 8192), "bias": SWITCH,
    },
    "MaxPool2d": POOLING | {"dilation": (1, 8), "ceil_mode": SWITCH},
    "AvgPool2d": POOLING | {"ceil_mode": SWITCH},
    "AdaptiveAvgPool2d": {"output_size": (1, 64)},
    "Linear": {"out_features": (1, 65536), "bias": SWITCH},
    "ZeroPadShortcut": {"stride": (1, 16), "extra_channels": (0, 4096)},
}  # fmt: skip


def edit(net: nn.Module, edits: dict[str, dict]) -> nn.Module:
    """Change hyper-parameters of single layers; call `fit` next, so that all layers fit each other again.

    Parameters
    ----------
    net : nn.Module
        A network of the book, or of such layers. It is changed.
    edits : dict
        Layer name to what changes there, for example ``{"conv1": {"stride": 2}, "pool1": {"kind": "AvgPool2d"}}``.

    Returns
    -------
    nn.Module
        The same network.

    Raises
    ------
    BadInput
        If there is no such layer, or it has no such hyper-parameter.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, 3), nn.Flatten(), nn.Linear(512, 10))
    >>> fit(edit(net, {"0": {"out_channels": 6, "stride": 2}}), (1, 12, 12))
    True
    >>> net[1].in_channels, net[3].in_features
    (6, 72)
    """
    layers = dict(net.named_modules())
    for name, changes in edits.items():
        if name not in layers:
            raise unknown("layer", name, layers)
        kind = changes.get("kind", type(layers[name]).__name__)
        for key in changes:
            if key not in EDITABLE.get(kind, {}):
                known = ", ".join(EDITABLE.get(kind, {})) or "nothing"
                raise BadInput(f"{name} is a {kind}, which has no {key!r} to change. It has: {known}.")
        layer = _with_kind(net, name, layers[name], kind)
        for key, value in changes.items():
            if key == "bias":
                layer.bias = nn.Parameter(layer.weight.new_zeros(len(layer.weight))) if value else None
            elif key != "kind":
                square = isinstance(getattr(layer, key), tuple)
                setattr(layer, key, (value, value) if square else value)
    return net


def fit(net: nn.Module, input_shape: tuple[int, int, int]) -> bool:
    """Fit the inputs of all layers to what arrives at them for one picture.

    A picture of zeros runs through the network once; each layer whose parameters do not belong to the channels or
    features that arrive gets new ones, drawn as PyTorch draws them. All others stay as they are.

    Parameters
    ----------
    net : nn.Module
        It is changed.
    input_shape : tuple of int
        (channels, height, width) of the picture that the network shall be built for.

    Returns
    -------
    bool
        Whether the picture passes. If not, the layers from the one that refuses on are as they were; calling the
        network says why.
    """
    like = next(net.parameters())
    handles = [m.register_forward_pre_hook(lambda m, i: _fit(m, i[0])) for m in net.modules()]
    modes = [(module, module.training) for module in net.modules()]
    try:
        with torch.no_grad():
            net.eval()(torch.zeros(1, *input_shape, device=like.device, dtype=like.dtype))
    except (RuntimeError, ValueError, IndexError):
        return False
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes:
            module.training = training
    return True


def _with_kind(net, name, layer, kind) -> nn.Module:
    """Return the layer, replaced in its network if it shall be another pooling."""
    if kind == type(layer).__name__:
        return layer
    if type(layer).__name__ not in POOLS:
        raise BadInput(f"{name} is a {type(layer).__name__}; only a pooling can become another kind.")
    new = POOLS[kind](layer.kernel_size, layer.stride, layer.padding, ceil_mode=layer.ceil_mode)
    parent, _, own = name.rpartition(".")
    setattr(net.get_submodule(parent), own, new)
    return new


def _fit(layer: nn.Module, x: torch.Tensor) -> None:
    """Give a layer new parameters if its own do not belong to what arrives."""
    arriving, new = x.shape[1] if x.dim() > 1 else 0, None
    match layer:
        case nn.Conv2d():
            window = (layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.groups)
            new = nn.Conv2d(arriving, layer.out_channels, *window, bias=layer.bias is not None, device="meta")
            layer.in_channels = arriving
        case nn.Linear():
            new = nn.Linear(arriving, layer.out_features, bias=layer.bias is not None, device="meta")
            layer.in_features = arriving
        case nn.BatchNorm2d() if layer.num_features != arriving:
            new = nn.BatchNorm2d(arriving, affine=layer.affine, device=x.device, dtype=x.dtype)
            layer.num_features, layer.running_mean, layer.running_var = arriving, new.running_mean, new.running_var
        case Subsampling():
            new = Subsampling(arriving).to(x)
        case SparseConv() if layer.shape[1] < arriving:  # its table names maps that must be there
            layer.shape = (layer.shape[0], arriving, *layer.shape[2:])
    if new is None or _shapes(new) == _shapes(layer):
        return
    if isinstance(new, nn.Conv2d | nn.Linear):  # made without contents, so that most layers cost nothing here
        new.to(x.dtype).to_empty(device=x.device).reset_parameters()
    for name, parameter in new.named_parameters(recurse=False):
        setattr(layer, name, parameter)


def _shapes(layer: nn.Module) -> dict:
    return {name: tuple(p.shape) for name, p in layer.named_parameters(recurse=False)}
