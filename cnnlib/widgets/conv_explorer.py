"""The convolution explorer: every setting of a convolution at work on small grids of numbers."""

from __future__ import annotations

import math
import operator
from typing import Any

import traitlets

from cnnlib import arithmetic
from cnnlib.errors import BadInput
from cnnlib.widgets import conv_explorer_picture
from cnnlib.widgets.base import BadSetting, Widget

PAIRED = ("input_size", "kernel_size", "stride", "padding", "dilation", "output_padding")
SHAPES = {"input": 3, "weight": 4, "biases": 1}  # dimensions of the reader's own numbers
MOST_CELLS = 18  # along one side of a drawing: more would be too small to read on a phone
MOST_NUMBER = 999


class ConvExplorer(Widget):
    """Move a convolution's window by hand, and see every number that it adds up.

    Parameters
    ----------
    input_size : int or (int, int)
        Rows and columns of the input, each 1 to 12. As everywhere below, an int stands for both.
    in_channels, out_channels : int
        Each 1 to 4.
    kernel_size, stride, dilation : int or (int, int)
        As in ``torch.nn.Conv2d``: 1 to 7, 1 to 4, 1 to 3.
    padding : int, (rows, columns) or ((top, bottom), (left, right))
        Each 0 to 3. The first two forms are PyTorch's; the last one is that of `cnnlib.arithmetic`.
    groups : int
        1 to 4; divides both channel counts.
    transposed : bool
        A ``torch.nn.ConvTranspose2d`` instead, whose padding is the same at both ends.
    output_padding : int or (int, int)
        Of the transposed convolution only; smaller than the stride or than the dilation.
    bias : bool
        Whether each output channel has a number to add.
    input, weight, biases : nested lists or tensor, optional
        Numbers of your own from -999 to 999, in PyTorch's shapes: ``(in, rows, columns)``, ``(out, in / groups, rows,
        columns)`` or, transposed, ``(in, out / groups, rows, columns)``, and ``(out,)``. Where they do not reach, the
        example's numbers stand. Given at the start, they also set the sizes that are not given. What is typed into the
        cells is found here.

    Raises
    ------
    BadSetting
        If a value is out of range, the kernel does not fit into the padded input, the groups do not divide the
        channels, the output padding is too large, or the output would be larger than can be drawn (18 cells).

    Examples
    --------
    >>> w = ConvExplorer(input_size=7, stride=2)
    >>> w.output_size
    3
    >>> w.padding = ((1, 0), (0, 0))
    >>> w.output_size
    (3, 3)
    >>> ConvExplorer(input_size=(4, 6), kernel_size=2, stride=2, transposed=True).output_size
    (8, 12)
    >>> ConvExplorer(input_size=6, kernel_size=3, stride=2).unread
    11
    >>> ConvExplorer(input=[[0, 1, 2], [3, 4, 5]], kernel_size=2).output_size
    (1, 2)
    """

    module = "conv_explorer"

    input_size = traitlets.Any(6).tag(sync=True, limits=(1, 12))
    in_channels = traitlets.Any(1).tag(sync=True, limits=(1, 4))
    out_channels = traitlets.Any(1).tag(sync=True, limits=(1, 4))
    kernel_size = traitlets.Any(3).tag(sync=True, limits=(1, 7))
    stride = traitlets.Any(1).tag(sync=True, limits=(1, 4))
    padding = traitlets.Any(0).tag(sync=True, limits=(0, 3))
    dilation = traitlets.Any(1).tag(sync=True, limits=(1, 3))
    groups = traitlets.Any(1).tag(sync=True, limits=(1, 4))
    output_padding = traitlets.Any(0).tag(sync=True, limits=(0, 3))
    transposed = traitlets.Bool(False).tag(sync=True)
    bias = traitlets.Bool(True).tag(sync=True)
    input = traitlets.Any(None, allow_none=True).tag(sync=True)
    weight = traitlets.Any(None, allow_none=True).tag(sync=True)
    biases = traitlets.Any(None, allow_none=True).tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        groups = settings.get("groups", 1)
        if settings.get("input") is not None:
            channels, *size = _shape(_numbers("input", settings["input"]))
            settings = {"in_channels": channels, "input_size": tuple(size)} | settings
        if settings.get("weight") is not None:
            first, second, *size = _shape(_numbers("weight", settings["weight"]))
            names = ("in_channels", "out_channels") if settings.get("transposed") else ("out_channels", "in_channels")
            implied = dict(zip(names, (first, second * groups), strict=True))
            settings = implied | {"kernel_size": tuple(size)} | settings
        super().__init__(**settings)

    @property
    def output_size(self) -> int | tuple[int, int]:
        """Rows and columns of the output; one int if no setting is a tuple."""
        return _size(self.state())

    @property
    def parameters(self) -> int:
        """How many numbers the layer learns."""
        return arithmetic.conv_parameters(
            self.in_channels, self.out_channels, self.kernel_size, self.groups, bias=self.bias
        )

    @property
    def macs(self) -> int:
        """Multiply-adds: every weight once a cell of the output, or of the input that is transposed."""
        cells = self.input_size if self.transposed else self.output_size
        return arithmetic.conv_macs(self.in_channels, self.out_channels, self.kernel_size, cells, self.groups)

    @property
    def unread(self) -> int:
        """How many cells of an input channel have no part in the output."""
        rows, columns = (len(conv_explorer_picture.reached(self.state(), axis)) for axis in (0, 1))
        return math.prod(_pair(self.input_size)) - rows * columns

    @property
    def heights(self) -> tuple[int, int]:
        """Pixels to keep free before it is alive, on a phone and on a wide page."""
        return tuple(conv_explorer_picture.height(self.state(), wide) for wide in (False, True))

    @traitlets.validate(*PAIRED, "in_channels", "out_channels", "groups", "transposed", "bias")
    def _can_be_shown(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        state = self.state() | {name: value}
        settled = {each: _settled(each, state[each], self.traits()[each].metadata["limits"])
                   for each in (*PAIRED, "in_channels", "out_channels", "groups")}  # fmt: skip
        _check(state | settled)
        return settled.get(name, value)

    @traitlets.validate(*SHAPES)
    def _are_numbers(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        return None if value is None else _numbers(name, value)

    def picture(self) -> str:
        """Return the first state as an inline SVG: the input with its window, the kernel, the output."""
        return conv_explorer_picture.draw(self.state(), self.output_size)


def _pair(value: Any) -> tuple:
    return value if isinstance(value, tuple) else (value, value)


def _settled(name: str, value: object, limits: tuple[int, int]) -> object:
    """Return a setting in its shortest form: an int where one is enough, else a tuple."""
    if not isinstance(value, list | tuple):
        return _whole(name, value, limits)
    if name not in PAIRED:
        raise BadSetting(f"{name} is {value!r}; it must be one whole number. Use {name}={limits[0]}.")
    if name == "padding" and len(value) == 4:
        a, b, c, d = value
        raise BadSetting(
            f"padding is {value!r}; four sides are given as ((top, bottom), (left, right)). "
            f"Use padding=(({a}, {b}), ({c}, {d})), or the order that you mean."
        )
    if len(value) != 2:
        raise BadSetting(f"{name} is {value!r}; it must be an int or (rows, columns). Use {name}={limits[0]}.")
    if name == "padding" and any(isinstance(each, list | tuple) for each in value):
        each_side = tuple(_settled("padding", each, limits) for each in value)
        if any(isinstance(each, tuple) for each in each_side):
            return tuple(_pair(each) for each in each_side)
        value = each_side
    first, second = (_whole(name, each, limits) for each in value)
    return first if first == second else (first, second)


def _whole(name: str, value: object, limits: tuple[int, int]) -> int:
    low, high = limits
    try:
        number = operator.index(value)
    except TypeError:
        raise BadSetting(f"{name} is {value!r}; it must be a whole number from {low} to {high}.") from None
    if not low <= number <= high:
        nearest = min(max(number, low), high)
        raise BadSetting(f"{name} is {number}; it must be from {low} to {high}. Use {name}={nearest}.")
    return number


def _check(state: dict) -> None:
    """Raise what is wrong with settings that are all right by themselves."""
    try:
        arithmetic.conv_parameters(state["in_channels"], state["out_channels"], state["kernel_size"], state["groups"])
        _size(state)
    except BadInput as problem:
        raise BadSetting(str(problem)) from None
    if state["transposed"]:
        for drawn in conv_explorer_picture.written(state):
            if drawn > MOST_CELLS:
                raise BadSetting(
                    f"The transposed convolution writes {drawn} cells in a row; at most {MOST_CELLS} can be drawn. "
                    "Use a smaller input_size, stride or kernel_size."
                )


def _size(state: dict) -> int | tuple[int, int]:
    names = ("input_size", "kernel_size", "stride", "padding", "dilation")
    settings = {name: state[name] for name in names}
    if not state["transposed"]:
        if state["output_padding"] != 0:
            raise BadInput(
                f"output_padding is {state['output_padding']}; only a transposed convolution has it. "
                "Use output_padding=0, or transposed=True."
            )
        return arithmetic.conv_output_size(**settings)
    for side in state["padding"] if isinstance(state["padding"], tuple) else ():
        if isinstance(side, tuple) and side[0] != side[1]:
            raise BadInput(
                f"padding is {state['padding']}; a transposed convolution cuts the same off both ends. "
                "Use an int or (rows, columns)."
            )
    if isinstance(state["padding"], tuple):
        settings["padding"] = tuple(_pair(side)[0] for side in state["padding"])
    return arithmetic.conv_transpose_output_size(**settings, output_padding=state["output_padding"])


def _numbers(name: str, value: object) -> list:
    """Return somebody's own numbers as nested lists; a single map or kernel becomes the only one."""
    value = getattr(value, "tolist", lambda: value)()
    depth, inner = 0, value
    while isinstance(inner, list | tuple):
        depth, inner = depth + 1, inner[0] if inner else None
    for _ in range(SHAPES[name] - depth if depth > 1 else 0):
        value = [value]
    return _checked(name, value, SHAPES[name])


def _checked(name: str, value: object, depth: int) -> object:
    if depth == 0:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MOST_NUMBER:
            raise BadSetting(f"{name} holds {value!r}; it must hold numbers from -{MOST_NUMBER} to {MOST_NUMBER} only.")
        return value
    if not isinstance(value, list | tuple) or not value:
        raise BadSetting(
            f"{name} holds {value!r} where a list is needed; it must be nested {SHAPES[name]} deep, "
            "as PyTorch's tensors are. Give a list of lists or a tensor."
        )
    return [_checked(name, each, depth - 1) for each in value]


def _shape(numbers: list) -> list[int]:
    return [len(numbers), *_shape(numbers[0])] if isinstance(numbers, list) else []
