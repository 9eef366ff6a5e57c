"""The pooling explorer: max, average and L2 pooling on a small picture, before and after it is moved a little."""

from __future__ import annotations

import html
import math
import operator

import numpy as np
import torch
import traitlets
from torch.nn import functional as F

from cnnlib import arithmetic
from cnnlib.errors import BadInput, unknown
from cnnlib.widgets import bundle
from cnnlib.widgets.base import BadSetting, Widget

MOST_SIDE = 12
MOST_VALUE = 99
LIGHT = 9
CHOICES = {"mode": ("max", "average", "L2"), "start": ("edge", "stroke", "checkerboard", "spot", "noise")}
Grid = list[list[float]]


class PoolingExplorer(Widget):
    """Move a pooling window over a small picture, then move the picture, and count which outputs change.

    Parameters
    ----------
    input_size : int or tuple of int
        Rows and columns of the picture, each 1 to 12.
    kernel_size : int
        Side of the window, 1 to 5.
    stride : int
        1 to 5, or 0 for the kernel size, which is what PyTorch takes when no stride is given.
    padding : int
        0 to 2, and at most half of the kernel size. L2 pooling has none.
    mode : {'max', 'average', 'L2'}
        As in ``torch.nn.MaxPool2d``, ``AvgPool2d`` and ``LPPool2d(2)``.
    ceil_mode : bool
        Round the output size up, and drop a last window that would start beyond the input.
    count_include_pad : bool
        Whether average pooling divides by the padding's cells too.
    dy, dx : int
        How far the picture is moved down and to the right, each -3 to 3. What comes in from outside is 0.
    start : {'edge', 'stroke', 'checkerboard', 'spot', 'noise'}
        The picture to start from.
    values : list of list of int, optional
        Your own picture instead, with numbers from -99 to 99; an empty list shows `start`.

    Raises
    ------
    BadSetting
        If a value is out of range or none of the choices, if no window fits, or if `values` has another size.

    Examples
    --------
    >>> w = PoolingExplorer(values=[[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]], dx=1)
    >>> w.output_size, w.output
    ((2, 2), [[6.0, 8.0], [3.0, 4.0]])
    >>> w.output_after_shift, w.changed
    ([[5.0, 7.0], [3.0, 3.0]], 3)
    """

    module = "pooling_explorer"
    heights = (2120, 1500)

    input_size = traitlets.Any(8).tag(sync=True)
    kernel_size = traitlets.Int(2).tag(sync=True, limits=(1, 5))
    stride = traitlets.Int(0).tag(sync=True, limits=(0, 5))
    padding = traitlets.Int(0).tag(sync=True, limits=(0, 2))
    mode = traitlets.Unicode("max").tag(sync=True)
    ceil_mode = traitlets.Bool(False).tag(sync=True)
    count_include_pad = traitlets.Bool(True).tag(sync=True)
    dy = traitlets.Int(0).tag(sync=True, limits=(-3, 3))
    dx = traitlets.Int(1).tag(sync=True, limits=(-3, 3))
    start = traitlets.Unicode("stroke").tag(sync=True)
    values = traitlets.Any([]).tag(sync=True)

    def __init__(self, **settings):
        settings["values"] = _picture(settings.get("values", []))
        if settings["values"] and "input_size" not in settings:
            settings["input_size"] = _shape(settings["values"])
        super().__init__(**settings)

    @property
    def cells(self) -> list[list[int]]:
        """The picture: rows of numbers."""
        return self.values or _starting_picture(self.start, *_sides(self.input_size))

    @property
    def output_size(self) -> tuple[int, int]:
        """Rows and columns of the pooled map."""
        return _size(self.state())

    @property
    def output(self) -> Grid:
        """The pooled map, as PyTorch computes it."""
        return self._pool(self.cells)

    @property
    def output_after_shift(self) -> Grid:
        """The pooled map of the moved picture."""
        rows, columns = _sides(self.input_size)
        inside = {(y, x): value for y, row in enumerate(self.cells) for x, value in enumerate(row)}
        return self._pool([[inside.get((y - self.dy, x - self.dx), 0) for x in range(columns)] for y in range(rows)])

    @property
    def changed(self) -> int:
        """How many outputs the shift changes."""
        pairs = zip(self.output, self.output_after_shift, strict=True)
        return sum(a != b for before, after in pairs for a, b in zip(before, after, strict=True))

    def _pool(self, picture: list[list[int]]) -> Grid:
        x = torch.tensor(picture, dtype=torch.float64)[None, None]
        window = {"kernel_size": self.kernel_size, "stride": self.stride or None, "ceil_mode": self.ceil_mode}
        if self.mode == "max":
            y = F.max_pool2d(x, padding=self.padding, **window)
        elif self.mode == "average":
            y = F.avg_pool2d(x, padding=self.padding, count_include_pad=self.count_include_pad, **window)
        else:
            y = F.lp_pool2d(x, 2, **window)
        return y[0, 0].tolist()

    @traitlets.validate("mode", "start")
    def _is_a_choice(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        if value not in CHOICES[name]:
            raise BadSetting(str(unknown(name, value, CHOICES[name])))
        return self._fits(name, value)

    @traitlets.validate("kernel_size", "stride", "padding", "dy", "dx")
    def _in_range(self, proposal):
        return self.within_limits(proposal, _all_fits)

    @traitlets.validate("ceil_mode")
    def _leaves_an_output(self, proposal):
        return self._fits("ceil_mode", proposal["value"])

    @traitlets.validate("input_size")
    def _is_a_size(self, proposal):
        value = proposal["value"]
        sides = tuple(value) if isinstance(value, list | tuple) else (value, value)
        if len(sides) != 2 or not all(_whole_within(side, 1, MOST_SIDE) for side in sides):
            raise BadSetting(
                f"input_size is {value!r}; it must be a whole number from 1 to {MOST_SIDE}, or two of them, rows and "
                "columns. Use input_size=8 or input_size=(6, 8)."
            )
        return self._fits("input_size", sides if isinstance(value, list | tuple) else value)

    @traitlets.validate("values")
    def _is_a_picture(self, proposal):
        return self._fits("values", _picture(proposal["value"]))

    def _fits(self, name, value):
        try:
            _all_fits(self.state() | {name: value})
        except BadInput as problem:
            raise BadSetting(str(problem)) from None
        return value

    def picture(self) -> str:
        """Return the first state as an inline SVG of the picture and its pooled map, with a sentence."""
        text = bundle.words(self.module)
        (h, w), (rows, columns) = _sides(self.input_size), self.output_size
        words = html.escape(text["no_script"].format(
            mode=text[self.mode], h=h, w=w, rows=rows, columns=columns, count=self.changed, of=rows * columns
        ))  # fmt: skip
        width, height = 30 * (w + columns + 1), 30 * max(h, rows)
        cells = _grid(self.cells, 0) + _grid(self.output, 30 * (w + 1))
        return (
            f'<figure class="cw" style="margin:0"><svg role="img" aria-label="{words}" '
            f'viewBox="-1 -1 {width + 2} {height + 2}" style="width:100%;max-width:{width}px">{cells}</svg>'
            f"<figcaption>{words}</figcaption></figure>"
        )


def _sides(input_size) -> tuple[int, int]:
    return tuple(input_size) if isinstance(input_size, list | tuple) else (input_size, input_size)


def _size(state: dict) -> tuple[int, int]:
    return arithmetic.pool_output_size(
        _sides(state["input_size"]), state["kernel_size"], state["stride"] or None, state["padding"],
        ceil_mode=state["ceil_mode"],
    )  # fmt: skip


def _all_fits(state: dict) -> None:
    """Raise `BadInput` if settings that are each within their limits do not go together."""
    if state["mode"] == "L2" and state["padding"]:
        raise BadInput(
            f"padding is {state['padding']}; L2 pooling has none in PyTorch. Use padding=0, or mode='max' or 'average'."
        )
    sides, values = _sides(state["input_size"]), state["values"]
    if values and _shape(values) != sides:
        raise BadInput(
            f"values has the size {_shape(values)}, but input_size is {state['input_size']!r}. Set both to the same "
            "size, or values=[] to show the picture that start names."
        )
    _size(state)


def _shape(values) -> tuple[int, int]:
    return len(values), len(values[0])


def _whole_within(value, low: int, high: int) -> bool:
    try:
        return low <= operator.index(value) <= high
    except TypeError:
        return False


def _picture(values) -> list[list[int]]:
    """Return a picture of any form, a tensor too, as rows of whole numbers; an empty one stays empty."""
    try:
        cells = np.array(values.tolist() if hasattr(values, "tolist") else values, dtype=np.float64)
    except (TypeError, ValueError):
        cells = np.array(math.nan)
    if cells.size == 0:
        return []
    whole = (np.abs(cells) <= MOST_VALUE) & (cells == np.round(cells))  # false for what is not a number
    if cells.ndim != 2 or max(cells.shape) > MOST_SIDE or not np.all(whole):
        raise BadSetting(
            f"values has the shape {cells.shape}; it must be 1 to {MOST_SIDE} rows of 1 to {MOST_SIDE} whole numbers "
            f"from -{MOST_VALUE} to {MOST_VALUE}. For example values=[[0, 9], [9, 0]]."
        )
    return cells.astype(int).tolist()


def _starting_picture(name: str, rows: int, columns: int) -> list[list[int]]:
    """Return one of the pictures to start from; pooling_pictures.js has the same formulas."""
    cell = {
        "edge": lambda y, x: LIGHT if x >= columns // 2 else 0,
        "stroke": lambda y, x: _seven(y, x, rows, columns),
        "checkerboard": lambda y, x: LIGHT if (y + x) % 2 else 0,
        "spot": lambda y, x: LIGHT if (y, x) == (rows // 2, columns // 2) else 0,
        "noise": lambda y, x: (31 * y * y + 57 * x * x + 91 * y * x + 13 * y + 29 * x + 7) % 101 % 19 - LIGHT,
    }[name]
    return [[cell(y, x) for x in range(columns)] for y in range(rows)]


def _seven(y: int, x: int, rows: int, columns: int) -> int:
    """Draw a seven: a bar, then a line down to the left, grey where it covers a cell in part."""
    top, right = min(1, rows - 1), max(0, columns - 2)
    bottom = max(top, rows - 2)
    if not top <= y <= bottom:
        return 0
    if y == top:
        return LIGHT if min(1, right) <= x <= right else 0
    slope = (right - columns // 3) / max(1, bottom - top)
    middle = right - (y - top) * slope
    return max(0, math.floor(LIGHT - 7 * abs(x - middle) + 0.5))


def _grid(values: Grid, left: int) -> str:
    """Return one grid of numbers."""
    return "".join(
        f'<g class="cw-cell" transform="translate({left + 30 * x} {30 * y})"><rect width="30" height="30"/>'
        f'<text x="15" y="15">{value:.3g}</text></g>'
        for y, row in enumerate(values)
        for x, value in enumerate(row)
    )
