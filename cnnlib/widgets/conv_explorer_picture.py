"""The convolution explorer where no JavaScript runs: its numbers, its first window, and the room to keep for it.

The example's numbers are those of ``conv_explorer_numbers.js``; the tests compare the two.
"""

from __future__ import annotations

import html
from collections.abc import Callable

from cnnlib.widgets import bundle

CELL = 26
GAP = 14


def pair(value: int | tuple | list) -> tuple:
    """Return a setting as (rows, columns)."""
    return tuple(value) if isinstance(value, tuple | list) else (value, value)


def along(state: dict, axis: int) -> dict:
    """Return the settings of one dimension, 0 for the rows and 1 for the columns, and the kernel's span."""
    names = ("input_size", "kernel_size", "stride", "dilation", "output_padding")
    n, kernel, stride, dilation, extra = (pair(state[name])[axis] for name in names)
    before, after = pair(pair(state["padding"])[axis])
    return {"n": n, "kernel": kernel, "stride": stride, "dilation": dilation, "extra": extra,
            "before": before, "after": after, "span": dilation * (kernel - 1) + 1}  # fmt: skip


def written(state: dict) -> list[int]:
    """Return how many rows and columns a transposed convolution writes before its padding is cut off."""
    sizes = []
    for one in (along(state, 0), along(state, 1)):
        whole = (one["n"] - 1) * one["stride"] + one["span"]
        sizes.append(max(whole, whole - one["before"] + one["extra"]))
    return sizes


def links(state: dict, axis: int) -> list[tuple[int, int, int]]:
    """Return every (input cell, tap of the kernel, output cell) along one dimension."""
    one = along(state, axis)
    if state["transposed"]:
        size = (one["n"] - 1) * one["stride"] - 2 * one["before"] + one["span"] + one["extra"]
        found = [(a, tap, a * one["stride"] + tap * one["dilation"] - one["before"])
                 for a in range(one["n"]) for tap in range(one["kernel"])]  # fmt: skip
        return [link for link in found if 0 <= link[2] < size]
    size = (one["n"] + one["before"] + one["after"] - one["span"]) // one["stride"] + 1
    found = [(a * one["stride"] + tap * one["dilation"] - one["before"], tap, a)
             for a in range(size) for tap in range(one["kernel"])]  # fmt: skip
    return [link for link in found if 0 <= link[0] < one["n"]]


def reached(state: dict, axis: int) -> set[int]:
    """Return the input rows, or columns, that have a part in the output."""
    return {at for at, _, _ in links(state, axis)}


def numbers(state: dict) -> tuple[list, Callable, Callable]:
    """Return the input, and functions for the kernel (o, c) and the bias (o): the reader's own over the example."""
    rows, columns = pair(state["input_size"])
    ins, outs, groups = state["in_channels"], state["out_channels"], state["groups"]
    high, wide = pair(state["kernel_size"])

    def kernel(o: int, c: int) -> list:
        own = (c, o % (outs // groups)) if state["transposed"] else (o, c % (ins // groups))
        return [
            [_own(state["weight"], *own, i, j, example=_weight(o, c, i, j, high, wide, state["transposed"]))
             for j in range(wide)] for i in range(high)
        ]  # fmt: skip

    def bias(o: int) -> float:
        return _own(state["biases"], o, example=(o + 1) // 2 if o % 2 else -(o // 2)) if state["bias"] else 0

    maps = [
        [[_own(state["input"], c, y, x, example=_input(c, y, x)) for x in range(columns)] for y in range(rows)]
        for c in range(ins)
    ]
    return maps, kernel, bias


def output(state: dict, o: int, size: tuple[int, int]) -> list:
    """Return map o of the output."""
    maps, kernel, bias = numbers(state)
    each = state["in_channels"] // state["groups"]
    first = o * state["groups"] // state["out_channels"] * each
    result = [[bias(o)] * size[1] for _ in range(size[0])]
    for c in range(first, first + each):
        weights = kernel(o, c)
        for y, i, to_y in links(state, 0):
            for x, j, to_x in links(state, 1):
                result[to_y][to_x] += weights[i][j] * maps[c][y][x]
    return result


def height(state: dict, wide: bool) -> int:
    """Return the pixels to keep free for the live widget, as ``conv_explorer.css`` lays it out, at most."""
    widths = (652, 940) if wide else (282, 350)  # of its inside, in pages of 700 and 1000, or of 320 and 390 pixels
    return round(max(_knobs(state, width) + _stage(state, width, wide) for width in widths) + _text(state, wide))


def _is_apart(state: dict) -> bool:
    names = ("input_size", "kernel_size", "stride", "padding", "dilation", "output_padding")
    return any(isinstance(state[name], tuple | list) for name in names)


def _knobs(state: dict, width: int) -> int:
    apart, transposed = _is_apart(state), state["transposed"]
    across = (width + 14) // (145 if apart else 109)

    def panel(count: int) -> int:
        return 59 * -(-count // across) - 8

    height = panel((10 if transposed else 12) if apart else 6) + 36
    if apart or transposed or state["dilation"] != 1 or state["groups"] != 1:  # the drawer is open
        inside = 2 + transposed if not apart else 3 + 2 * transposed
        height += panel(inside) + (42 if width > 400 else 77)
    return height


def _text(state: dict, wide: bool) -> float:
    """Return the height of everything but the knobs and the boards."""
    apart, transposed = _is_apart(state), state["transposed"]
    formulas = {
        (False, False): (201, 113),
        (True, False): (410, 256),
        (False, True): (147, 79),
        (True, True): (254, 131),
    }
    buttons = (91 if transposed else 72, 51 if transposed else 32)
    sided = isinstance(state["padding"], tuple | list) and any(isinstance(e, tuple | list) for e in state["padding"])
    notes = (176 if sided else 156, 116 if sided else 96)
    rows, columns = pair(state["kernel_size"])
    seen = state["in_channels"] // state["groups"]
    wrapped = not wide  # as sumLines in conv_explorer_sum.js counts
    lines = 2 + wrapped + seen * (-(-rows * columns // (10 if wide else 4)) + (wrapped and transposed))
    lines += (transposed and seen > 1) + (state["groups"] > 1) * (1 + wrapped)
    total = min(10, lines) * (25 if wide else 24) + 15
    return total + sum(each[wide] for each in (formulas[apart, transposed], buttons, notes)) + (38 if wide else 76) + 84


def _stage(state: dict, width: int, wide: bool) -> float:
    """Return the height of the boards: one line of them, or several where the page is narrow."""
    dims = along(state, 0), along(state, 1)
    ins, outs, grouped = state["in_channels"], state["out_channels"], state["groups"] > 1
    if state["transposed"]:
        (in_rows, in_columns), (out_rows, out_columns) = (dims[0]["n"], dims[1]["n"]), written(state)
    else:
        in_rows, in_columns = (one["n"] + one["before"] + one["after"] for one in dims)
        out_rows, out_columns = ((n + one["stride"] - one["span"]) // one["stride"]
                                 for n, one in zip((in_rows, in_columns), dims, strict=True))  # fmt: skip
    rows, columns = pair(state["kernel_size"])
    many = ins + outs > 2 and not wide
    beside = 1 if outs <= ins else min(outs, 2)
    down = max(ins * in_rows, -(-outs // beside) * out_rows)
    across = in_columns + max(columns, 5 if grouped else 1) + (0 if many else beside * out_columns)
    largest = min(max(22.4, 512 / down), 35.2)
    cell = min(max(16.8, (width - (104 if wide else 64)) / across), largest)

    caption = 34 if grouped and not wide else 18
    kernel = rows * cell + (50 if grouped and wide else 68 if grouped else 34 if many else 18) + 4
    fits = in_columns * cell + max(columns * cell, 74 if grouped else 0) + 30 <= width
    one = (
        max(in_rows * min(cell, width / in_columns) + caption, kernel)
        if fits
        else in_rows * cell + caption + 10 + kernel
    )
    pairs = ins * one + (ins - 1) * 10 + 24 * (kernel + 24 > in_rows * cell or not fits)
    if many:
        fitting = max(1, int((width + 10) // (max(out_columns * cell, 104) + 10)))
        maps = -(-outs // fitting) * (out_rows * cell + caption + 10) + 30
    else:
        maps = -(-outs // beside) * (out_rows * cell + caption + 10) - 10
    together = not many and across * cell + (104 if wide else 62) <= width + 8
    return (max(pairs, maps) if together else pairs + maps + 10) + 16


def draw(state: dict, size: int | tuple[int, int]) -> str:
    """Return input, first filter and output side by side, the first window marked, as one figure."""
    size, shape = pair(size), pair(state["input_size"])
    maps, kernel, _ = numbers(state)
    seen = range(state["in_channels"] // state["groups"])
    field = {(y, x) for y, _, to_y in links(state, 0) for x, _, to_x in links(state, 1) if (to_y, to_x) == (0, 0)}
    stacks = [
        [_board(map_, field if c in seen else ()) for c, map_ in enumerate(maps)],
        [_board(kernel(0, c), ()) for c in seen],
        [_board(output(state, o, size), {(0, 0)} if o == 0 else ()) for o in range(state["out_channels"])],
    ]
    left, lowest, cells = 0, 0, ""
    for boards in stacks:
        top = 0
        for _, high, drawn in boards:
            cells += f'<g transform="translate({left} {top})">{drawn}</g>'
            top += high + GAP
        lowest = max(lowest, top - GAP)
        left += boards[0][0] + 2 * GAP
    words = bundle.words("conv_explorer")["no_script"].format(
        input="×".join(map(str, shape)), output="×".join(map(str, size))
    )
    words = html.escape(words)
    width = left - 2 * GAP
    return (
        f'<figure class="cw"><svg role="img" aria-label="{words}" viewBox="-1 -1 {width + 2} {lowest + 2}" '
        f'style="max-width:{width}px">{cells}</svg><figcaption>{words}</figcaption></figure>'
    )


def _board(rows: list, marked: set | tuple) -> tuple[int, int, str]:
    """Return width, height and cells of one grid; the marked ones belong to the window."""
    cells = "".join(
        f'<g class="cw-cell{" window" * ((y, x) in marked)}"><rect x="{CELL * x}" y="{CELL * y}" width="{CELL}" '
        f'height="{CELL}"/><text x="{CELL * x + CELL // 2}" y="{CELL * y + CELL // 2}">{_shown(value)}</text></g>'
        for y, row in enumerate(rows)
        for x, value in enumerate(row)
    )
    return CELL * len(rows[0]), CELL * len(rows), cells


def _shown(value: float) -> str:
    return f"{round(value, 2):g}".replace("-", "−")


def _own(numbers: list | None, *path: int, example: float) -> float:
    """Return the reader's own number at a place, or the example's where there is none."""
    for index in path:
        if numbers is None or index >= len(numbers):
            return example
        numbers = numbers[index]
    return numbers


def _input(c: int, y: int, x: int) -> int:
    if 1 <= (y + c) % 6 <= 4 and 1 <= (x + 5 * c) % 6 <= 4:
        return 2 + (y + 2 * x + c) % 3
    return int((3 * y + 5 * x + c) % 7 == 0)


def _weight(o: int, c: int, i: int, j: int, rows: int, columns: int, transposed: bool) -> int:
    if rows * columns == 1:
        return (2, -1, 1, 3)[(o + c) % 4]
    if transposed and o == c:
        return (1 + min(i, rows - 1 - i)) * (1 + min(j, columns - 1 - j))
    down, right, slope = _sign(2 * i - rows + 1), _sign(2 * j - columns + 1), _sign(j - i)
    looks = (right if columns > 1 else down, down if rows > 1 else right, 1, slope or int(c == 0))
    return looks[(o + c) % 4]


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)
