"""The parameter and cost calculator: four pairs of ways to do the same, layer by layer."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from typing import NamedTuple

import traitlets

from cnnlib import arithmetic
from cnnlib.errors import BadInput, unknown
from cnnlib.widgets import bundle
from cnnlib.widgets.base import BadSetting, Widget

FLOAT32 = 4  # bytes a number
LARGEST_KERNEL = 31
SIDES = ("first", "second")
USUAL = {"kernel_size": 3, "stride": 1, "padding": 0, "bias": False, "layers": 2, "widen": False, "reduced": 16}


def _maps(side: int, in_channels: int, out_channels: int) -> dict:
    return USUAL | {"height": side, "width": side, "in_channels": in_channels, "out_channels": out_channels}


EXAMPLES = {
    "dense": _maps(640, 3, 10) | {"kernel_size": 11, "bias": True},
    "stack": _maps(56, 256, 256),
    "bottleneck": _maps(28, 192, 32) | {"kernel_size": 5},
    "depthwise": _maps(28, 256, 256) | {"padding": 1},
}
HEIGHTS = {"dense": (1570, 845), "stack": (1690, 1030), "bottleneck": (1650, 1010), "depthwise": (1645, 980)}


class Layer(NamedTuple):
    """One layer of a side, or a side's total, and what it costs for one picture."""

    side: str
    name: str
    output_size: tuple[int, ...]
    parameters: int
    macs: int
    activations: int
    bytes: int


class CostCalculator(Widget):
    """Compare what two ways to the same output cost: parameters, multiply-adds and memory of the activations.

    Four comparisons, each of a `first` and a `second` side:

    - ``'dense'``: a fully connected layer against a convolution on the same picture;
    - ``'stack'``: one large kernel against a stack of small ones that sees as much of the input;
    - ``'bottleneck'``: a convolution against the same one behind a 1×1 convolution to fewer channels;
    - ``'depthwise'``: a standard convolution against a depthwise and a pointwise (1×1) one.

    What is not given is taken from the comparison's example. Stack and bottleneck keep the size of their maps.
    Sources: Szegedy et al., CVPR 2015, section 4 (bottleneck); Simonyan and Zisserman, ICLR 2015, section 2.3 (stack);
    Howard et al., arXiv:1704.04861, 2017, section 3.1 (depthwise).

    Parameters
    ----------
    comparison : {'dense', 'stack', 'bottleneck', 'depthwise'}
        What to compare.
    height, width : int
        Of the picture or the maps that come in, 1 to 1024.
    in_channels, out_channels : int
        1 to 1024, and 1 to 4096; in ``'dense'`` the latter are the fully connected layer's units too.
    kernel_size : int
        1 to 31; of a stack, that of its small kernels.
    stride, padding : int
        In ``'dense'`` and ``'depthwise'``: 1 to 16, 0 to 15.
    bias : bool
        Whether every unit and every filter adds a number.
    layers : int
        In ``'stack'``: how many, 2 to 10; together they may see 31×31 cells.
    widen : bool
        In ``'bottleneck'``: whether the kernel keeps the reduced channels, and a 1×1 convolution behind it leads to
        `out_channels`, as in ResNet.
    reduced : int
        In ``'bottleneck'``: the channels in between, 1 to 1024.

    Raises
    ------
    BadSetting
        If a value is out of range, or the kernel does not fit into the padded picture.

    Examples
    --------
    >>> w = CostCalculator()
    >>> w.first.parameters, w.second.parameters
    (12288010, 3640)
    >>> w = CostCalculator(comparison="bottleneck")
    >>> w.first.macs, w.second.macs, w.last_that_pays
    (120422400, 12443648, 154)
    >>> for layer in w.table:
    ...     print(layer.side, layer.output_size, layer.parameters, layer.macs, layer.bytes)
    first (32, 28, 28) 153600 120422400 100352
    second (16, 28, 28) 3072 2408448 50176
    second (32, 28, 28) 12800 10035200 100352
    """

    module = "cost_calculator"
    comparison = traitlets.Unicode("dense").tag(sync=True)
    height = traitlets.Int(640).tag(sync=True, limits=(1, 1024))
    width = traitlets.Int(640).tag(sync=True, limits=(1, 1024))
    in_channels = traitlets.Int(3).tag(sync=True, limits=(1, 1024))
    out_channels = traitlets.Int(10).tag(sync=True, limits=(1, 4096))
    kernel_size = traitlets.Int(11).tag(sync=True, limits=(1, LARGEST_KERNEL))
    stride = traitlets.Int(1).tag(sync=True, limits=(1, 16))
    padding = traitlets.Int(0).tag(sync=True, limits=(0, 15))
    bias = traitlets.Bool(True).tag(sync=True)
    layers = traitlets.Int(2).tag(sync=True, limits=(2, 10))
    widen = traitlets.Bool(False).tag(sync=True)
    reduced = traitlets.Int(16).tag(sync=True, limits=(1, 1024))

    def __init__(self, **settings):
        super().__init__(**EXAMPLES.get(settings.get("comparison", "dense"), {}) | settings)

    @property
    def heights(self) -> tuple[int, int]:
        """Pixels to keep free: a further layer is a further line."""
        narrow, wide = HEIGHTS[self.comparison]
        more = self.layers - 2 if self.comparison == "stack" else 2.5 * (self.comparison == "bottleneck" and self.widen)
        return narrow + round(62 * more), wide + round(62 * more)

    @property
    def table(self) -> list[Layer]:
        """Every layer of both sides, the first side's first."""
        return _costs(self.state())

    @property
    def first(self) -> Layer:
        """What the first side costs in all."""
        return self._total("first")

    @property
    def second(self) -> Layer:
        """What the second side costs in all."""
        return self._total("second")

    @property
    def receptive_field(self) -> int:
        """Cells that a stack sees along one side: the kernel size of the one that it is compared with."""
        return _big_kernel(self.state())

    @property
    def last_that_pays(self) -> int:
        """The largest number of reduced channels that needs fewer multiply-adds; 0 if there is none."""
        state = self.state() | {"comparison": "bottleneck"}
        direct = _macs(state, "first")
        # The cost grows with the channels, and is above the direct one where there are as many as go in and come out.
        pays, not_any_more = 0, max(self.in_channels, self.out_channels) + 1
        while not_any_more - pays > 1:
            middle = (pays + not_any_more) // 2
            if _macs(state | {"reduced": middle}, "second") < direct:
                pays = middle
            else:
                not_any_more = middle
        return pays

    def _total(self, side: str) -> Layer:
        layers = [layer for layer in self.table if layer.side == side]
        counts = (sum(each) for each in zip(*(layer[3:] for layer in layers), strict=True))
        return Layer(side, _side_name(self.state(), side), layers[-1].output_size, *counts)

    @traitlets.validate("comparison")
    def _is_a_comparison(self, proposal):
        value = proposal["value"]
        if value not in EXAMPLES:
            raise BadSetting(str(unknown("comparison", value, EXAMPLES)))
        try:
            self._compute(self.state() | {"comparison": value})
        except BadInput as problem:
            raise BadSetting(str(problem)) from None
        return value

    @traitlets.validate("height", "width", "in_channels", "out_channels", "kernel_size", "stride", "padding", "layers",
                        "reduced")  # fmt: skip
    def _can_be_computed(self, proposal):
        return self.within_limits(proposal, self._compute)

    def _compute(self, state: dict) -> None:
        """Try it, unless some number is outside of its limits: that one's own check tells better what is wrong."""
        limits = {name: pair for name in state if (pair := self.trait_metadata(name, "limits"))}
        if all(low <= state[name] <= high for name, (low, high) in limits.items()):
            _costs(state)

    def picture(self) -> str:
        """Return the first state as a table."""
        text = bundle.words(self.module)
        first, second = self.first, self.second
        rows = "".join(
            f"<tr><th>{text[name]}</th><td>{getattr(first, name):,}</td><td>{getattr(second, name):,}</td></tr>"
            for name in ("parameters", "macs", "activations", "bytes")
        )
        words = text["no_script"].format(first=f"{first.parameters:,}", second=f"{second.parameters:,}")
        head = "".join(f"<th>{html.escape(side.name)}</th>" for side in (first, second))
        return (
            f'<div class="cw"><table class="cw-table"><tr><td></td>{head}</tr>{rows}</table>'
            f"<p>{html.escape(words)}</p></div>"
        )

    def __repr__(self) -> str:
        example = {"comparison": "dense"} | EXAMPLES[self.comparison]
        changed = {name: value for name, value in self.state().items() if value != example[name]}
        return f"CostCalculator({', '.join(f'{name}={value!r}' for name, value in changed.items())})"


def _big_kernel(state: dict) -> int:
    windows = [arithmetic.Window(state["kernel_size"])] * state["layers"]
    return arithmetic.receptive_field(windows)[-1].size


def _sides(state: dict) -> tuple[list[Callable], list[Callable]]:
    """Return the layers of both sides, each a function from the maps' size to what it costs."""
    ins, outs, kernel, reduced = (state[name] for name in ("in_channels", "out_channels", "kernel_size", "reduced"))
    bias = state["bias"]
    moves = {"stride": state["stride"], "padding": state["padding"]}

    def conv(kernel, ins, outs, groups=1, stride=1, padding="same", name="conv"):
        def cost(side, size):
            size = arithmetic.conv_output_size(size, kernel, stride, padding)
            parameters = arithmetic.conv_parameters(ins, outs, kernel, groups, bias)
            macs = arithmetic.conv_macs(ins, outs, kernel, size, groups)
            return _layer(side, _words(name, k=kernel, i=ins, o=outs), (outs, *size), parameters, macs)

        return cost

    def linear(ins, outs):
        def cost(side, size):
            parameters = arithmetic.linear_parameters(ins, outs, bias)
            return _layer(side, _words("linear", i=ins, o=outs), (outs,), parameters, arithmetic.linear_macs(ins, outs))

        return cost

    if state["comparison"] == "dense":
        return [linear(state["height"] * state["width"] * ins, outs)], [conv(kernel, ins, outs, **moves)]
    if state["comparison"] == "stack":
        others = [conv(kernel, outs, outs)] * (state["layers"] - 1)
        return [conv(_big_kernel(state), ins, outs)], [conv(kernel, ins, outs), *others]
    if state["comparison"] == "bottleneck":
        through = [(kernel, reduced, reduced), (1, reduced, outs)] if state["widen"] else [(kernel, reduced, outs)]
        return [conv(kernel, ins, outs)], [conv(1, ins, reduced), *(conv(*layer) for layer in through)]
    apart = conv(kernel, ins, ins, groups=ins, name="depthwise_layer", **moves)
    return [conv(kernel, ins, outs, **moves)], [apart, conv(1, ins, outs)]


def _costs(state: dict) -> list[Layer]:
    """Return every layer with its cost, or raise `BadInput`."""
    if state["comparison"] == "stack" and _big_kernel(state) > LARGEST_KERNEL:
        raise BadInput(
            f"{state['layers']} layers of kernel_size={state['kernel_size']} see {_big_kernel(state)} cells along a "
            f"side; at most {LARGEST_KERNEL} are allowed. Use layers=2, or a smaller kernel_size."
        )
    table = []
    for side, layers in zip(SIDES, _sides(state), strict=True):
        size = (state["height"], state["width"])
        for layer in layers:
            table.append(layer(side, size))
            size = table[-1].output_size[1:]
    return table


def _macs(state: dict, side: str) -> int:
    return sum(layer.macs for layer in _costs(state) if layer.side == side)


def _layer(side: str, name: str, output_size: tuple[int, ...], parameters: int, macs: int) -> Layer:
    activations = math.prod(output_size)
    return Layer(side, name, output_size, parameters, macs, activations, FLOAT32 * activations)


def _words(key: str, **numbers: int) -> str:
    return bundle.words("cost_calculator")[key].format(**{name: f"{value:,}" for name, value in numbers.items()})


def _side_name(state: dict, side: str) -> str:
    return _words(f"{state['comparison']}_{side}", big=_big_kernel(state), n=state["layers"], k=state["kernel_size"],
                  r=state["reduced"])  # fmt: skip
