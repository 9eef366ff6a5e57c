"""How large the output of a sliding window is, with PyTorch's own rounding and limits.

Sources: the "Shape" sections of ``torch.nn.Conv2d``, ``MaxPool2d``, ``AvgPool2d`` and ``ConvTranspose2d``;
Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285, 2016.
"""

from __future__ import annotations

from cnnlib.arithmetic.checks import Size, dimensions, spread
from cnnlib.errors import BadInput

Padding = int | str | tuple


def same_padding(kernel_size: Size, dilation: Size = 1) -> tuple[int, int] | tuple[tuple[int, int], ...]:
    """Return the padding (before, after) that keeps the size at stride 1, as ``padding='same'`` does.

    Parameters
    ----------
    kernel_size, dilation : int or tuple of int
        Each at least 1.

    Returns
    -------
    tuple
        ``(before, after)``, or one such pair a dimension. An even window needs one cell more after than before.

    Raises
    ------
    BadInput
        If a value is no whole number or below 1.

    Examples
    --------
    >>> same_padding(3), same_padding(4)
    ((1, 1), (1, 2))
    """
    count = dimensions(kernel_size=kernel_size, dilation=dilation)
    kernels = spread("kernel_size", kernel_size, count or 1, 1)
    dilations = spread("dilation", dilation, count or 1, 1)
    totals = [d * (k - 1) for k, d in zip(kernels, dilations, strict=True)]
    pairs = tuple((total // 2, total - total // 2) for total in totals)
    return pairs if count else pairs[0]


def conv_output_size(
    input_size: Size, kernel_size: Size, stride: Size = 1, padding: Padding = 0, dilation: Size = 1
) -> Size:
    """Return the output size of a convolution: ``floor((n + before + after - d (k - 1) - 1) / s) + 1``.

    Parameters
    ----------
    input_size : int or tuple of int
        Cells in each dimension, at least 1.
    kernel_size, stride, dilation : int or tuple of int
        Each at least 1.
    padding : int, tuple of int, tuple of (before, after) pairs, 'same' or 'valid'
        Cells added at both ends of each dimension. ``'same'`` keeps the size and needs stride 1, as in PyTorch.

    Returns
    -------
    int or tuple of int
        A tuple if any argument is a tuple.

    Raises
    ------
    BadInput
        If a value is out of range, or the window does not fit into the padded input.

    Examples
    --------
    >>> conv_output_size(28, kernel_size=5)
    24
    >>> conv_output_size((227, 227), kernel_size=11, stride=4)
    (55, 55)
    >>> conv_output_size(4, kernel_size=3, stride=2, padding=1)  # the stride does not divide: the floor rounds down
    2
    """
    count = dimensions(
        input_size=input_size, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
    )
    sizes = spread("input_size", input_size, count or 1, 1)
    kernels = spread("kernel_size", kernel_size, count or 1, 1)
    strides = spread("stride", stride, count or 1, 1)
    dilations = spread("dilation", dilation, count or 1, 1)
    paddings = _padding_pairs(padding, kernels, strides, dilations)
    out = []
    for n, k, s, (before, after), d in zip(sizes, kernels, strides, paddings, dilations, strict=True):
        room = n + before + after - d * (k - 1) - 1
        if room < 0:
            raise _window_too_large(n, before, after, k, d)
        out.append(room // s + 1)
    return tuple(out) if count else out[0]


def pool_output_size(
    input_size: Size,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> Size:
    """Return the output size of max or average pooling.

    Parameters
    ----------
    input_size : int or tuple of int
        Cells in each dimension, at least 1.
    kernel_size, dilation : int or tuple of int
        Each at least 1. Average pooling has no dilation.
    stride : int or tuple of int, optional
        At least 1; the kernel size if left out, as in PyTorch.
    padding : int or tuple of int
        At most half of the kernel size.
    ceil_mode : bool
        Round up instead of down, but drop a last window that would start beyond the input and its left padding.

    Returns
    -------
    int or tuple of int
        A tuple if any argument is a tuple.

    Raises
    ------
    BadInput
        If a value is out of range, or no window fits.

    Examples
    --------
    >>> pool_output_size(28, kernel_size=2), pool_output_size(27, kernel_size=2)
    (14, 13)
    >>> pool_output_size(27, kernel_size=2, ceil_mode=True)
    14
    >>> pool_output_size(55, kernel_size=3, stride=2)  # overlapping windows, as in AlexNet
    27
    """
    stride = kernel_size if stride is None else stride
    count = dimensions(
        input_size=input_size, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
    )
    arguments = zip(
        spread("input_size", input_size, count or 1, 1),
        spread("kernel_size", kernel_size, count or 1, 1),
        spread("stride", stride, count or 1, 1),
        spread("padding", padding, count or 1, 0),
        spread("dilation", dilation, count or 1, 1),
        strict=True,
    )
    out = []
    for n, k, s, p, d in arguments:
        if 2 * p > k:
            raise BadInput(
                f"padding is {p}; in pooling it may be at most half of the kernel_size, here {k // 2}. "
                f"Use padding={k // 2} or less, or a larger kernel_size."
            )
        room = n + 2 * p - d * (k - 1) - 1
        windows = room // s + 1 if not ceil_mode else -(-room // s) + 1
        if ceil_mode and (windows - 1) * s >= n + p:
            windows -= 1
        if windows < 1:
            raise _window_too_large(n, p, p, k, d)
        out.append(windows)
    return tuple(out) if count else out[0]


def conv_transpose_output_size(
    input_size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
) -> Size:
    """Return the output size of a transposed convolution: ``(n - 1) s - 2 p + d (k - 1) + output_padding + 1``.

    Parameters
    ----------
    input_size : int or tuple of int
        Cells in each dimension, at least 1.
    kernel_size, stride, dilation : int or tuple of int
        Each at least 1.
    padding : int or tuple of int
        The padding of the convolution that it undoes: cells cut off at both ends.
    output_padding : int or tuple of int
        Cells added at the end; smaller than the stride or than the dilation.

    Returns
    -------
    int or tuple of int
        A tuple if any argument is a tuple.

    Raises
    ------
    BadInput
        If a value is out of range, or nothing is left of the output.

    Examples
    --------
    >>> conv_transpose_output_size(14, kernel_size=2, stride=2)
    28
    >>> conv_transpose_output_size(2, kernel_size=3, stride=2, padding=1, output_padding=1)
    4
    """
    count = dimensions(
        input_size=input_size, kernel_size=kernel_size, stride=stride, padding=padding,
        output_padding=output_padding, dilation=dilation,
    )  # fmt: skip
    arguments = zip(
        spread("input_size", input_size, count or 1, 1),
        spread("kernel_size", kernel_size, count or 1, 1),
        spread("stride", stride, count or 1, 1),
        spread("padding", padding, count or 1, 0),
        spread("output_padding", output_padding, count or 1, 0),
        spread("dilation", dilation, count or 1, 1),
        strict=True,
    )
    out = []
    for n, k, s, p, extra, d in arguments:
        if extra >= max(s, d):
            raise BadInput(
                f"output_padding is {extra}; it must be smaller than the stride ({s}) or the dilation ({d}). "
                f"Use output_padding={max(s, d) - 1} or less."
            )
        size = (n - 1) * s - 2 * p + d * (k - 1) + extra + 1
        if size < 1:
            raise BadInput(
                f"padding={p} leaves an output of size {size}; it must be at least 1. Use a smaller padding."
            )
        out.append(size)
    return tuple(out) if count else out[0]


def _padding_pairs(
    padding: Padding, kernels: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """Return (before, after) for each dimension, whatever form the padding was given in."""
    if padding == "valid":
        return ((0, 0),) * len(kernels)
    if padding == "same":
        if any(s != 1 for s in strides):
            raise BadInput(
                f"padding='same' goes with stride 1 only, and the stride is {max(strides)}. "
                "Use stride=1, or give the padding as a number."
            )
        return same_padding(kernels, dilations)
    if isinstance(padding, str):
        raise BadInput(f"padding is {padding!r}; use a whole number, a tuple of them, 'same' or 'valid'.")
    entries = padding if isinstance(padding, tuple | list) else (padding,) * len(kernels)
    return tuple(spread("padding", entry, 2, 0) for entry in entries)


def _window_too_large(n: int, before: int, after: int, k: int, d: int) -> BadInput:
    window = d * (k - 1) + 1
    held = f"kernel_size={k}" + (f" with dilation={d} spans {window} cells" if d > 1 else "")
    return BadInput(
        f"{held}, but the input of {n} with padding {before} + {after} has only {n + before + after}: "
        "no output is left. Use a smaller kernel, a larger input or more padding."
    )
