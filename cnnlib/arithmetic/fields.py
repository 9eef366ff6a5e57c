"""The receptive field: which input cells one output cell sees, through a stack of windows.

Source: Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill, 2019,
equations for r, j and the start.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cnnlib.arithmetic.checks import whole_number


@dataclass(frozen=True)
class Window:
    """One sliding window along one dimension: a convolution or a pooling.

    Parameters
    ----------
    kernel_size, stride, dilation : int
        Each at least 1.
    padding : int
        Cells added before the input, at least 0. Padding after the input moves no window.

    Raises
    ------
    BadInput
        If a value is no whole number or out of range.

    Examples
    --------
    >>> Window(kernel_size=3, stride=2)
    Window(kernel_size=3, stride=2, padding=0, dilation=1)
    """

    kernel_size: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def __post_init__(self):
        for name, minimum in (("kernel_size", 1), ("stride", 1), ("padding", 0), ("dilation", 1)):
            object.__setattr__(self, name, whole_number(name, getattr(self, name), minimum))

    @property
    def span(self) -> int:
        """Cells from the window's first to its last: ``dilation * (kernel_size - 1) + 1``."""
        return self.dilation * (self.kernel_size - 1) + 1


@dataclass(frozen=True)
class Field:
    """What the cells of one layer see of the network's input, along one dimension.

    Attributes
    ----------
    size : int
        Input cells from the first to the last that one cell sees.
    jump : int
        Input cells between the fields of two neighbours.
    start : int
        Input coordinate of the first cell's field; negative where it reaches into the padding.
    """

    size: int = 1
    jump: int = 1
    start: int = 0

    def after(self, window: Window) -> Field:
        """Return the field one window further on.

        Examples
        --------
        >>> Field().after(Window(kernel_size=3)).after(Window(kernel_size=3))
        Field(size=5, jump=1, start=0)
        """
        return Field(
            size=self.size + (window.span - 1) * self.jump,
            jump=self.jump * window.stride,
            start=self.start - window.padding * self.jump,
        )

    def cells(self, index: int) -> tuple[int, int]:
        """Return the first and the last input coordinate that cell ``index`` sees.

        Examples
        --------
        >>> Field(size=6, jump=2, start=0).cells(3)
        (6, 11)
        """
        first = self.start + index * self.jump
        return first, first + self.size - 1


def receptive_field(windows: Iterable[Window]) -> list[Field]:
    """Return the receptive field after each window of a stack.

    Parameters
    ----------
    windows : iterable of Window
        From the input towards the output.

    Returns
    -------
    list of Field
        One entry a window.

    Examples
    --------
    The convolutions and poolings of LeNet-5:

    >>> lenet = [Window(5), Window(2, stride=2), Window(5), Window(2, stride=2)]
    >>> [field.size for field in receptive_field(lenet)]
    [5, 6, 14, 16]
    """
    fields, field = [], Field()
    for window in windows:
        field = field.after(window)
        fields.append(field)
    return fields
