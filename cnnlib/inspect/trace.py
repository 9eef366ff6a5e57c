"""Follow one input through a network: what each operation costs and which input cells it sees.

PyTorch hands every function call to an active ``TorchFunctionMode``. So a layer is seen in the same way whether the
network calls a module (``nn.MaxPool2d``) or a function (``F.max_pool2d``), and branches need no special care.
"""

from __future__ import annotations

import math

import torch
from torch.overrides import TorchFunctionMode

from cnnlib.arithmetic import Field, Window

# What PyTorch calls the arguments of each windowed function, in order, after the input.
CONV_ARGUMENTS = ("weight", "bias", "stride", "padding", "dilation", "groups")
POOL_ARGUMENTS = {
    "max_pool": ("kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    "avg_pool": ("kernel_size", "stride", "padding", "ceil_mode"),
    "lp_pool": ("norm_type", "kernel_size", "stride", "ceil_mode"),
}

Fields = tuple[Field, ...] | None  # one a spatial dimension; None: the whole picture, or not one size


class Trace(TorchFunctionMode):
    """Record multiply-adds and receptive fields of every operation that the input flows through.

    Parameters
    ----------
    inputs : Tensor, shape (N, C, ...)
        What the network is about to be called with.

    Attributes
    ----------
    on_operation : callable
        Called with (function name, output, multiply-adds) after each operation; set it before use.
    """

    def __init__(self, inputs: torch.Tensor):
        super().__init__()
        self.on_operation = lambda name, output, macs: None
        self._known = {}
        self._remember(inputs, (Field(),) * (inputs.dim() - 2))

    def fields(self, tensor: torch.Tensor) -> Fields:
        """Return the receptive field of a tensor's cells, one entry a spatial dimension."""
        return self._known[id(tensor)][1]

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        with torch._C.DisableTorchFunction():  # ask for shapes below without coming back here
            output = func(*args, **kwargs)
            sources = [t for t in _tensors(args) if id(t) in self._known]
            if sources and isinstance(output, torch.Tensor) and output.is_floating_point():
                name = func.__name__
                self._remember(output, self._step(name, sources, output, args, kwargs))
                self.on_operation(name, output, _macs(name, output, args, kwargs))
        return output

    def _remember(self, tensor, fields):
        self._known[id(tensor)] = (tensor, fields)  # the tensor is kept, so that its id is not used again

    def _step(self, name, sources, output, args, kwargs) -> Fields:
        before = [self.fields(t) for t in sources]
        if any(f is None for f in before):
            return None
        windows = _windows(name, sources[0], output, args, kwargs)
        if windows is not None:
            return tuple(f.after(w) for f, w in zip(before[0], windows, strict=True))
        same_cells = all(t.shape[2:] == output.shape[2:] for t in sources)
        if same_cells and name != "conv_transpose2d" and output.dim() == sources[0].dim():
            return tuple(_union(along) for along in zip(*before, strict=True))
        return None


def _windows(name, source, output, args, kwargs) -> list[Window] | None:
    """Return the sliding window of an operation, one a spatial dimension, or None if it has none."""
    dims = source.dim() - 2
    family = name.rstrip("123d")
    if name in ("conv1d", "conv2d", "conv3d"):
        said = _named(CONV_ARGUMENTS, args, kwargs)
        kernels = tuple(said["weight"].shape[2:])
        dilations = _tuple(said.get("dilation", 1), dims)
        padding = said.get("padding", 0)
        if padding == "same":
            padding = tuple(d * (k - 1) // 2 for k, d in zip(kernels, dilations, strict=True))
        strides = _tuple(said.get("stride", 1), dims)
        paddings = _tuple(0 if padding == "valid" else padding, dims)
    elif family in POOL_ARGUMENTS:
        said = _named(POOL_ARGUMENTS[family], args, kwargs)
        kernels = _tuple(said["kernel_size"], dims)
        strides = _tuple(said.get("stride") or said["kernel_size"], dims)
        paddings = _tuple(said.get("padding", 0), dims)
        dilations = _tuple(said.get("dilation", 1), dims)
    elif family in ("adaptive_avg_pool", "adaptive_max_pool"):
        pairs = list(zip(source.shape[2:], output.shape[2:], strict=True))
        if any(n % m for n, m in pairs):
            return None  # windows of different sizes
        kernels = strides = tuple(n // m for n, m in pairs)
        paddings, dilations = (0,) * dims, (1,) * dims
    else:
        return None
    return [Window(*w) for w in zip(kernels, strides, paddings, dilations, strict=True)]


def _macs(name, output, args, kwargs) -> int:
    """Return the multiply-adds of one operation; only convolutions and fully connected layers have any."""
    if name in ("conv1d", "conv2d", "conv3d"):
        weight = _named(CONV_ARGUMENTS, args, kwargs)["weight"]  # (out, in / groups, kernel...)
        return output.numel() * math.prod(weight.shape[1:])
    if name.startswith("conv_transpose"):
        weight = _named(CONV_ARGUMENTS, args, kwargs)["weight"]  # (in, out / groups, kernel...)
        return args[0].numel() * math.prod(weight.shape[1:])
    if name == "linear":
        return output.numel() * args[0].shape[-1]
    return 0


def _union(fields: list[Field]) -> Field:
    """Return the smallest field that holds them all: what a sum or a concatenation sees."""
    start = min(f.start for f in fields)
    end = max(f.start + f.size for f in fields)
    return Field(size=end - start, jump=fields[0].jump, start=start)


def _named(names, args, kwargs) -> dict:
    return dict(zip(names, args[1:], strict=False)) | kwargs


def _tuple(value, dims) -> tuple:
    """Repeat an int, or PyTorch's one-entry form of it, for each dimension."""
    values = tuple(value) if isinstance(value, tuple | list) else (value,)
    return values if len(values) == dims else values * dims


def _tensors(arguments):
    """Yield the tensors among the arguments, also those inside a list, as ``torch.cat`` takes them."""
    for argument in arguments:
        if isinstance(argument, torch.Tensor):
            yield argument
        elif isinstance(argument, tuple | list):
            yield from _tensors(argument)
