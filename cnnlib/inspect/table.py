"""The layer table: output shape, parameters, multiply-adds and receptive field of every layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import nn

from cnnlib.errors import BadInput
from cnnlib.inspect.trace import Trace

# Operations that deserve a row of their own when a network calls them as a function, not as a module.
FUNCTIONS = frozenset(
    f"{family}{dims}d"
    for family in (
        "conv", "conv_transpose", "max_pool", "avg_pool", "lp_pool", "adaptive_avg_pool", "adaptive_max_pool",
    )
    for dims in (1, 2, 3)
) | {
    "linear", "relu", "sigmoid", "tanh", "softmax", "log_softmax", "batch_norm", "dropout", "local_response_norm",
    "flatten", "view", "reshape", "cat", "add", "__add__", "mean",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One layer of a network.

    Attributes
    ----------
    name : str
        The module's path in the network, or the function's name.
    kind : str
        The module's class, or ``F.`` and the function's name.
    output_shape : tuple of int
        Without the batch dimension.
    parameters, macs : int
        Trainable numbers; multiply-adds for one picture.
    receptive_field, jump : tuple of int or None
        Input cells that one output cell sees, and between two neighbours, in each dimension; None: all of them.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    macs: int
    receptive_field: tuple[int, ...] | None
    jump: tuple[int, ...] | None


@dataclass(frozen=True)
class LayerTable:
    """A network's layers in the order in which they ran. ``print`` shows them as an aligned table."""

    rows: tuple[Row, ...]
    input_shape: tuple[int, ...]
    _header: tuple[str, ...] = field(
        default=("layer", "kind", "output shape", "parameters", "MACs", "receptive field", "jump"), repr=False
    )

    @property
    def total_parameters(self) -> int:
        """Trainable parameters of all layers."""
        return sum(row.parameters for row in self.rows)

    @property
    def total_macs(self) -> int:
        """Multiply-adds for one picture."""
        return sum(row.macs for row in self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Row:
        for row in self.rows:
            if row.name == name:
                return row
        raise BadInput(f"There is no layer {name!r}. Choose one of: {', '.join(row.name for row in self.rows)}.")

    def cells(self) -> list[tuple[str, ...]]:
        """Return the table as text: the header, the input, a row a layer, the totals."""
        lines = [self._header, ("input", "", _by(self.input_shape), "", "", "", "")]
        for row in self.rows:
            seen = "all" if row.receptive_field is None else _by(row.receptive_field)
            apart = "" if row.jump is None else _by(row.jump if len(set(row.jump)) > 1 else row.jump[:1])
            counts = (f"{row.parameters:,}", f"{row.macs:,}")
            lines.append((row.name, row.kind, _by(row.output_shape), *counts, seen, apart))
        lines.append(("total", "", "", f"{self.total_parameters:,}", f"{self.total_macs:,}", "", ""))
        return lines

    def __str__(self) -> str:
        lines = self.cells()
        widths = [max(len(line[i]) for line in lines) for i in range(len(self._header))]
        left = (True, True, False, False, False, False, False)
        text = [
            "  ".join(c.ljust(w) if at_left else c.rjust(w) for c, w, at_left in zip(line, widths, left, strict=True))
            for line in lines
        ]
        rule = "-" * len(text[0])
        return "\n".join(line.rstrip() for line in (text[0], rule, *text[1:-1], rule, text[-1]))

    __repr__ = __str__


def layer_table(model: nn.Module, input_shape: tuple[int, ...]) -> LayerTable:
    """Run one blank picture through a network and list its layers.

    Parameters
    ----------
    model : nn.Module
        Any network that takes one tensor. Its training mode, weights and gradients stay as they are.
    input_shape : tuple of int
        Shape of one input without the batch: (channels, height, width) for a picture.

    Returns
    -------
    LayerTable

    Raises
    ------
    BadInput
        If the network does not accept an input of this shape; the message names the layer at which it failed.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.AvgPool2d(2))
    >>> print(layer_table(net, (1, 28, 28)))
    layer  kind       output shape  parameters    MACs  receptive field  jump
    -------------------------------------------------------------------------
    input                  1×28×28
    0      Conv2d          6×24×24         156  86,400              5×5     1
    1      ReLU            6×24×24           0       0              5×5     1
    2      AvgPool2d       6×12×12           0       0              6×6     2
    -------------------------------------------------------------------------
    total                                  156  86,400
    """
    first = next(model.parameters(), torch.empty(0))
    inputs = torch.zeros(1, *input_shape, device=first.device, dtype=first.dtype)
    recorder = _Recorder(model, Trace(inputs))
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()  # a batch norm must neither learn from the blank picture nor refuse a batch of one
        with torch.no_grad(), recorder.trace:
            model(inputs)
    except (RuntimeError, ValueError, AttributeError, IndexError, TypeError) as problem:
        where = recorder.open[-1][0] if recorder.open else "the network's forward"
        last = recorder.rows[-1] if recorder.rows else None
        reached = f" It came from {last.name!r} as {_by(last.output_shape)}." if last else ""
        raise BadInput(
            f"An input of {_by(input_shape)} fails at {where}: {str(problem).splitlines()[0]}.{reached} "
            "Use an input shape (channels, height, width) that fits, or mend that layer."
        ) from problem
    finally:
        recorder.remove()
        for module, training in modes:
            module.training = training
    return LayerTable(tuple(recorder.rows), tuple(input_shape))


class _Recorder:
    """Turn a trace's operations into rows: one a module without children, one a function outside of such."""

    def __init__(self, model: nn.Module, trace: Trace):
        self.rows, self.open, self.trace = [], [], trace
        trace.on_operation = self._operation
        self._macs, self._counted = 0, set()
        self._handles = []
        for name, module in model.named_modules():
            if next(module.children(), None) is None or module._parameters:
                name = name or type(module).__name__
                self._handles.append(module.register_forward_pre_hook(lambda m, i, name=name: self._enter(name, m)))
                self._handles.append(module.register_forward_hook(lambda m, i, o: self._leave(m, o)))

    def remove(self):
        for handle in self._handles:
            handle.remove()

    def _enter(self, name, module):
        self.open.append((name, next(module.children(), None) is None))
        self._macs = 0

    def _leave(self, module, output):
        name, leaf = self.open.pop()
        self._row(name, type(module).__name__, output, self._macs if leaf else 0, self._new_parameters(module))

    def _operation(self, name, output, macs):
        if self.open and self.open[-1][1]:
            self._macs += macs
        elif name in FUNCTIONS:
            self._row(name, f"F.{name.strip('_')}", output, macs, 0)

    def _new_parameters(self, module) -> int:
        """Count a module's own trainable parameters once, however often it is called."""
        own = [p for p in module._parameters.values() if p is not None and id(p) not in self._counted]
        self._counted.update(id(p) for p in own)
        return sum(p.numel() for p in own if p.requires_grad)

    def _row(self, name, kind, output, macs, parameters):
        fields = self.trace.fields(output)
        seen = tuple(f.size for f in fields) if fields else None
        jump = tuple(f.jump for f in fields) if fields else None
        self.rows.append(Row(name.strip("_"), kind, tuple(output.shape[1:]), parameters, macs, seen, jump))


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(str(n) for n in shape)
