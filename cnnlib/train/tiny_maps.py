"""3×3 convolutions of tiny maps as matrix products: on a processor, several times faster than PyTorch's own.

A deep network for 32×32 pictures ends in hundreds of channels of 4×4 and 2×2 numbers, where the convolution that
PyTorch chooses spends most of a training step, above all on the gradient of the weights. Written as a product of the
patches and the weights (the *im2col* of chapter 02) the same sums keep the processor busy. `benchmarks/tiny_maps.py`
measures both.
"""

from __future__ import annotations

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

# Where it is faster: with so many channels, on maps with sides up to so much, by precision.
FEWEST_CHANNELS = 128
LARGEST_SIDE = {torch.bfloat16: 4, torch.float32: 2}
_CONV2D = F.conv2d
_FITTING = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}


class TinyMaps(TorchFunctionMode):
    """While active, 3×3 convolutions of tiny maps on a processor are computed as matrix products.

    The numbers are those of `torch.nn.functional.conv2d` up to rounding, the gradients too. Everything else, and
    everything on a GPU, is computed as ever.

    Examples
    --------
    >>> layer, x = torch.nn.Conv2d(128, 8, kernel_size=3, padding=1), torch.randn(5, 128, 2, 2)
    >>> with TinyMaps():
    ...     y = layer(x)
    >>> torch.allclose(y, layer(x), atol=1e-6)
    True
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is not _CONV2D:
            return func(*args, **kwargs)
        return _convolve(*args, **kwargs)


def _convolve(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Compute a convolution in the quicker of both ways."""
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    precision = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
    tiny = x.dim() == 4 and x.shape[1] >= FEWEST_CHANNELS and max(x.shape[2:]) <= LARGEST_SIDE.get(precision, 0)
    if x.device.type != "cpu" or not tiny or weight.shape[2:] != (3, 3) or settings != _FITTING:
        return _CONV2D(x, weight, bias, **settings)
    y = _AsProduct.apply(x.to(precision), weight.to(precision))
    return y if bias is None else y + bias.to(precision)[:, None, None]


class _AsProduct(torch.autograd.Function):
    """x (N, C, H, W) and weight (O, C, 3, 3) to (N, O, H, W), padding 1; both with their gradients."""

    @staticmethod
    def forward(ctx, x, weight):
        columns = _patches(x)
        ctx.save_for_backward(columns, weight)
        return _as_maps(columns @ _flat(weight).t(), x)  # (N·H·W, 9·C) @ (9·C, O)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        columns, weight = ctx.saved_tensors
        out_channels, in_channels = weight.shape[:2]
        of_x = of_weight = None
        if ctx.needs_input_grad[0]:  # the same convolution, with the kernels turned round and the channels exchanged
            turned = weight.flip(2, 3).transpose(0, 1)
            of_x = _as_maps(_patches(gradient) @ _flat(turned).t(), gradient)
        if ctx.needs_input_grad[1]:
            sums = gradient.permute(0, 2, 3, 1).reshape(-1, out_channels).t() @ columns  # (O, N·H·W) @ (N·H·W, 9·C)
            of_weight = sums.view(out_channels, 3, 3, in_channels).permute(0, 3, 1, 2)
        return of_x, of_weight


def _patches(x: torch.Tensor) -> torch.Tensor:
    """Return the 3×3 patch around each position of (N, C, H, W), padded by 1, as a row: (N·H·W, 9·C)."""
    n, c, h, w = x.shape
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))  # (N, H + 2, W + 2, C)
    image, row, column, _ = padded.stride()
    # Three neighbours in a row of the map, with all their channels, lie next to each other in memory.
    return padded.as_strided((n, h, w, 3, 3 * c), (image, row, column, row, 1)).reshape(n * h * w, 9 * c)


def _flat(weight: torch.Tensor) -> torch.Tensor:
    """Return (O, C, 3, 3) as (O, 9·C), in the order of `_patches`; no copy where the channels lie innermost."""
    return weight.permute(0, 2, 3, 1).reshape(len(weight), -1)


def _as_maps(rows: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Return (N·H·W, O) as (N, O, H, W), with N, H and W of another tensor."""
    n, _, h, w = like.shape
    return rows.view(n, h, w, -1).permute(0, 3, 1, 2)
