"""What a layer costs: numbers to learn (parameters) and multiply-adds for one picture (MACs)."""

from __future__ import annotations

import math

from cnnlib.arithmetic.checks import Size, dimensions, spread, whole_number
from cnnlib.errors import BadInput


def conv_parameters(
    in_channels: int, out_channels: int, kernel_size: Size, groups: int = 1, bias: bool = True
) -> int:
    """Return the parameters of a convolution: each filter spans all input channels of its group.

    Parameters
    ----------
    in_channels, out_channels : int
        At least 1, divisible by ``groups``.
    kernel_size : int or tuple of int
        An int means a square, two-dimensional kernel.
    groups : int
        How many separate parts the channels are cut into.
    bias : bool
        Whether each filter has one number to add.

    Returns
    -------
    int

    Raises
    ------
    BadInput
        If a value is out of range, or the groups do not divide the channels.

    Examples
    --------
    Ten filters of 11×11 on a colour picture; the three input channels count:

    >>> conv_parameters(3, 10, 11)
    3640
    """
    weights = _kernel_cells(kernel_size) * _channel_pairs(in_channels, out_channels, groups)
    return weights + (out_channels if bias else 0)


def conv_macs(
    in_channels: int, out_channels: int, kernel_size: Size, output_size: Size, groups: int = 1
) -> int:
    """Return the multiply-adds of a convolution for one picture: its weights, once for each output cell.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, groups
        As in `conv_parameters`.
    output_size : int or tuple of int
        Cells in each dimension of the feature map; an int means a square map.

    Returns
    -------
    int
        The bias is an addition without a multiplication and is not counted.

    Raises
    ------
    BadInput
        If a value is out of range, or the groups do not divide the channels.

    Examples
    --------
    >>> conv_macs(3, 10, 11, output_size=630)
    1440747000
    """
    count = dimensions(kernel_size=kernel_size, output_size=output_size) or 2
    cells = math.prod(spread("output_size", output_size, count, 1))
    return cells * _kernel_cells(kernel_size, count) * _channel_pairs(in_channels, out_channels, groups)


def linear_parameters(in_features: int, out_features: int, bias: bool = True) -> int:
    """Return the parameters of a fully connected layer.

    Parameters
    ----------
    in_features, out_features : int
        At least 1.
    bias : bool
        Whether each output has one number to add.

    Returns
    -------
    int

    Raises
    ------
    BadInput
        If a value is out of range.

    Examples
    --------
    Ten units that see every value of a 640×640 colour picture:

    >>> linear_parameters(640 * 640 * 3, 10)
    12288010
    """
    return linear_macs(in_features, out_features) + (out_features if bias else 0)


def linear_macs(in_features: int, out_features: int) -> int:
    """Return the multiply-adds of a fully connected layer for one picture: one for each weight.

    Parameters
    ----------
    in_features, out_features : int
        At least 1.

    Returns
    -------
    int

    Raises
    ------
    BadInput
        If a value is out of range.

    Examples
    --------
    >>> linear_macs(640 * 640 * 3, 10)
    12288000
    """
    return whole_number("in_features", in_features, 1) * whole_number("out_features", out_features, 1)


def _kernel_cells(kernel_size: Size, count: int | None = None) -> int:
    count = count or dimensions(kernel_size=kernel_size) or 2
    return math.prod(spread("kernel_size", kernel_size, count, 1))


def _channel_pairs(in_channels: int, out_channels: int, groups: int) -> int:
    """Return how many (input channel, output channel) pairs are joined by a kernel."""
    groups = whole_number("groups", groups, 1)
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if whole_number(name, channels, 1) % groups:
            common = math.gcd(in_channels, out_channels)
            divisors = ", ".join(str(g) for g in range(1, common + 1) if common % g == 0)
            raise BadInput(
                f"groups={groups} does not divide {name}={channels}; it must divide both channel counts. "
                f"Use one of: {divisors}."
            )
    return in_channels // groups * out_channels
