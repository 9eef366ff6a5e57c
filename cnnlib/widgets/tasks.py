"""The questions with a number for an answer, computed by `cnnlib.arithmetic`: the twin of ``tasks.js``.

A question in JavaScript or in a quiz's table names one of these functions and its arguments, and never an answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from cnnlib import arithmetic
from cnnlib.arithmetic import Window


def answer(task: str, args: dict) -> int | list[int]:
    """Return the right answer to a question.

    Parameters
    ----------
    task : str
        One of `TASKS`.
    args : dict
        Its arguments, as they stand in a question.

    Returns
    -------
    int or list of int
        A list is a shape: channels, height, width.

    Examples
    --------
    >>> answer("conv_output_size", {"input_size": 227, "kernel_size": 11, "stride": 4})
    55
    >>> answer("receptive_field", {"windows": [{"kernel_size": 3}, {"kernel_size": 3}]})
    5
    """
    return TASKS[task](**args)


def _conv_output_size(padding: int | str | list = 0, **args: int) -> int:
    if isinstance(padding, list):  # one-sided: cells before and after, in one dimension
        return arithmetic.conv_output_size(padding=(tuple(padding),), **args)[0]
    return arithmetic.conv_output_size(padding=padding, **args)


def _conv_parameters(kernel_size: int | list, **args: int) -> int:
    return arithmetic.conv_parameters(kernel_size=_size(kernel_size), **args)


def _conv_macs(kernel_size: int | list, output_size: int | list, **args: int) -> int:
    return arithmetic.conv_macs(kernel_size=_size(kernel_size), output_size=_size(output_size), **args)


def _size(value: int | list) -> int | tuple:
    return tuple(value) if isinstance(value, list) else value


def _conv_layer_macs(in_channels: int, out_channels: int, kernel_size: int, groups: int = 1, **size: int) -> int:
    side = _conv_output_size(kernel_size=kernel_size, **size)
    return arithmetic.conv_macs(in_channels, out_channels, kernel_size, side, groups)


def _flat_linear_parameters(shape: list[int], out_features: int, bias: bool = True) -> int:
    return arithmetic.linear_parameters(math.prod(shape), out_features, bias)


def _separable_parameters(in_channels: int, out_channels: int, kernel_size: int) -> int:
    around = arithmetic.conv_parameters(in_channels, in_channels, kernel_size, groups=in_channels, bias=False)
    return around + arithmetic.conv_parameters(in_channels, out_channels, 1, bias=False)


def _same_padding_total(kernel_size: int, dilation: int = 1) -> int:
    return sum(arithmetic.same_padding(kernel_size, dilation))


def _unread_cells(input_size: int, kernel_size: int, stride: int, padding: int = 0) -> int:
    starts = range(-padding, input_size + padding - kernel_size + 1, stride)
    read = {start + cell for start in starts for cell in range(kernel_size)}
    return len(set(range(input_size)) - read)


def _largest_input(output_size: int, **window: int) -> int:
    size = 1  # by trying: the formula is what the question asks for
    while size < window["kernel_size"] or arithmetic.conv_output_size(size, **window) <= output_size:
        size += 1
    return size - 1


def _receptive_field(windows: list[dict]) -> int:
    return arithmetic.receptive_field(Window(**window) for window in windows)[-1].size


def _layers_shape(shape: list[int], layers: list[dict]) -> list[int]:
    for layer in layers:
        channels, *sides = shape
        window = {name: layer[name] for name in ("kernel_size", "stride", "padding") if name in layer}
        size = arithmetic.pool_output_size if layer["type"] == "pool" else arithmetic.conv_output_size
        shape = [layer.get("out_channels", channels), *(size(side, **window) for side in sides)]
    return shape


def _layers_features(shape: list[int], layers: list[dict]) -> int:
    return math.prod(_layers_shape(shape, layers))


def _layers_parameters(layers: list[dict]) -> int:
    return sum(_layer_parameters(**layer) for layer in layers)


def _layer_parameters(type: str, **layer: int) -> int:
    if type == "norm":
        return 2 * layer["channels"]
    return (arithmetic.linear_parameters if type == "linear" else arithmetic.conv_parameters)(**layer)


def _bottleneck_macs(in_channels: int, out_channels: int, kernel_size: int, size: int, reduced: int) -> int:
    reduce = arithmetic.conv_macs(in_channels, reduced, 1, size)
    return reduce + arithmetic.conv_macs(reduced, out_channels, kernel_size, size)


def _bottleneck_limit(in_channels: int, out_channels: int, kernel_size: int) -> int:
    direct = arithmetic.conv_macs(in_channels, out_channels, kernel_size, 1)
    reduced = 0
    while _bottleneck_macs(in_channels, out_channels, kernel_size, 1, reduced + 1) < direct:
        reduced += 1
    return reduced


def _steps_per_epoch(pictures: int, batch_size: int) -> int:
    return len(range(0, pictures, batch_size))


def _stacked_channels(branches: list[int]) -> int:
    return sum(branches)


def _dense_block_channels(first: int, growth: int, layers: int) -> int:
    return first + sum(growth for _ in range(layers))


def _dense_connections(layers: int) -> int:
    return sum(range(1, layers + 1))


def _resnet_depth(n: int) -> int:
    first, stages, last = 1, [2 * n, 2 * n, 2 * n], 1
    return first + sum(stages) + last


def _patches(image_size: int, patch_size: int) -> int:
    return arithmetic.conv_output_size(image_size, patch_size, stride=patch_size) ** 2


def _crops(size: int, crop: int, mirrored: bool) -> int:
    places = arithmetic.conv_output_size(size, crop)
    return places**2 * (2 if mirrored else 1)


def _training_macs(macs: int, pictures: int, epochs: int) -> int:
    forward, backward = macs, 2 * macs
    return (forward + backward) * pictures * epochs


TASKS: dict[str, Callable] = {
    "conv_output_size": _conv_output_size,
    "pool_output_size": arithmetic.pool_output_size,
    "conv_transpose_output_size": arithmetic.conv_transpose_output_size,
    "same_padding_total": _same_padding_total,
    "unread_cells": _unread_cells,
    "largest_input": _largest_input,
    "conv_parameters": _conv_parameters,
    "conv_macs": _conv_macs,
    "conv_layer_macs": _conv_layer_macs,
    "linear_parameters": arithmetic.linear_parameters,
    "linear_macs": arithmetic.linear_macs,
    "flat_linear_parameters": _flat_linear_parameters,
    "separable_parameters": _separable_parameters,
    "receptive_field": _receptive_field,
    "layers_shape": _layers_shape,
    "layers_features": _layers_features,
    "layers_parameters": _layers_parameters,
    "bottleneck_macs": _bottleneck_macs,
    "bottleneck_limit": _bottleneck_limit,
    "steps_per_epoch": _steps_per_epoch,
    "stacked_channels": _stacked_channels,
    "dense_block_channels": _dense_block_channels,
    "dense_connections": _dense_connections,
    "resnet_depth": _resnet_depth,
    "patches": _patches,
    "crops": _crops,
    "training_macs": _training_macs,
}
