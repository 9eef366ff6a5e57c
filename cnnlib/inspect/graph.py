"""A network as a list of operations, from which a page without PyTorch computes sizes and costs again.

`graph` listens to one blank picture, as the layer table does, and writes down each row's hyper-parameters and which
earlier rows it is fed by. `export_graphs` does so for every network of the book, with the rule by which each channel
count follows from the width, and writes the result for the network inspector.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import torch
from torch import nn

from cnnlib import models
from cnnlib.errors import BadInput
from cnnlib.inspect.table import _Recorder
from cnnlib.inspect.trace import Trace
from cnnlib.models.editing import EDITABLE
from cnnlib.models.lenet import EuclideanRBF, ScaledTanh, SparseConv, Subsampling
from cnnlib.models.residual_blocks import ZeroPadShortcut

PICTURE = -1  # stands for the picture where a node lists the earlier nodes that feed it
SETTINGS = ("in_channels", "num_classes", "width", "image_size")
TRIAL_WIDTHS = (0.07, 0.37, 1.61)  # a rule must explain the channels at each of them
MULTIPLES, SHARES = (1, 2, 4), (1, 0.5)
ASSET = "networks.json"


def graph(model: nn.Module, input_shape: tuple[int, int, int]) -> list[dict]:
    """Return a network's operations in the order in which they ran, one a row of the layer table.

    Parameters
    ----------
    model : nn.Module
        A network of the layers that this book uses, with square windows. It stays as it is.
    input_shape : tuple of int
        (channels, height, width) of a picture that the network accepts.

    Returns
    -------
    list of dict
        For each row ``name`` and ``kind`` as in the layer table, ``op`` (how its sizes are computed), ``inputs`` (the
        nodes that feed it; -1 is the picture), its hyper-parameters, and where it matters ``block`` (where a function
        was called), ``view`` (it hands on its input's memory), ``again`` (the node that has counted its parameters)
        and ``frozen`` (parameters that are not trained).

    Raises
    ------
    BadInput
        If the network holds a layer or an operation whose sizes are not known here.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2))
    >>> first = graph(net, (1, 28, 28))[0]
    >>> first["op"], first["inputs"], first["out_channels"], first["kernel_size"]
    ('conv', [-1], 6, 5)
    """
    like = next(model.parameters(), torch.empty(0))
    picture = torch.zeros(1, *input_shape, device=like.device, dtype=like.dtype)
    listener = _Listener(picture)
    recorder = _Grapher(model, listener, picture)
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with torch.no_grad(), listener:
            model(picture)
    finally:
        recorder.remove()
        for module, training in modes:
            module.training = training
    return recorder.nodes


class _Listener(Trace):
    """A trace that also keeps what the last function was called with."""

    arguments: tuple = ()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.arguments = args
        return super().__torch_function__(func, types, args, kwargs)


class _Grapher(_Recorder):
    """Write a node beside each row."""

    def __init__(self, model, trace, picture):
        super().__init__(model, trace)
        self.nodes, self._made, self._first = [], {id(picture): PICTURE}, {}
        self._fed, self._blocks = {}, []
        for name, module in model.named_modules():
            block = next(module.children(), None) is not None
            arrive = lambda m, i, n=name, b=block: self._arrive(m, i, n, b)  # noqa: E731
            self._handles.append(module.register_forward_pre_hook(arrive))
            if block:
                self._handles.append(module.register_forward_hook(lambda *_: self._blocks.pop() and None))

    def _arrive(self, module, inputs, name, block):
        self._fed[module] = inputs
        if block:
            self._blocks.append((name,))

    def _leave(self, module, output):
        super()._leave(module, output)
        node = {"op": None, **_described(module)}
        if module in self._first:
            node["again"] = self._first[module]
        frozen = [name for name, p in module.named_parameters(recurse=False) if not p.requires_grad]
        if frozen:
            node["frozen"] = frozen
        self._first.setdefault(module, len(self.nodes))
        self._node(node, self._fed[module], output)

    def _operation(self, name, output, macs):
        rows = len(self.rows)
        super()._operation(name, output, macs)
        if len(self.rows) == rows:
            return
        called = name.strip("_")
        if called not in FUNCTIONS:
            raise BadInput(f"The graph of a network does not know the function {name!r}; use its module.")
        block = self._blocks[-1][0] if self._blocks else ""
        self._node({"op": FUNCTIONS[called], "block": block}, list(_flat(self.trace.arguments)), output)

    def _node(self, node, tensors, output):
        unknown = [t for t in tensors if id(t) not in self._made]
        if unknown:
            raise BadInput(
                f"What feeds {self.rows[-1].name!r} comes from an operation that is no row of the layer table; the "
                "graph of a network cannot follow it."
            )
        memory = output.untyped_storage()._cdata
        view = {"view": True} if any(t.untyped_storage()._cdata == memory for t in tensors) else {}
        inputs = [self._made[id(t)] for t in tensors]
        row = self.rows[-1]
        self._made[id(output)] = len(self.nodes)
        self.nodes.append({"name": row.name, "kind": row.kind, "inputs": inputs} | node | view)


# What a network may call as a function, and how its sizes are computed.
FUNCTIONS = {"add": "sum", "cat": "cat", "relu": "same", "sigmoid": "same", "tanh": "same", "flatten": "flatten"}
SAME = (nn.ReLU, nn.GELU, nn.Sigmoid, nn.Tanh, nn.Identity, nn.Dropout, nn.LocalResponseNorm, ScaledTanh)


def _described(layer: nn.Module) -> dict:
    """Return how a layer's sizes and costs are computed, with every number that they depend on."""
    match layer:
        case nn.Conv2d():
            return {"op": "conv", "out_channels": layer.out_channels, **_window(layer), "groups": layer.groups,
                    "dilation": _side(layer.dilation), "bias": layer.bias is not None}  # fmt: skip
        case nn.MaxPool2d():
            return {"op": "pool", **_window(layer), "dilation": _side(layer.dilation), "ceil_mode": layer.ceil_mode}
        case nn.AvgPool2d():
            return {"op": "pool", **_window(layer), "dilation": 1, "ceil_mode": layer.ceil_mode}
        case nn.AdaptiveAvgPool2d() | nn.AdaptiveMaxPool2d():
            return {"op": "adaptive", "output_size": _side(layer.output_size)}
        case nn.Linear():
            return {"op": "linear", "out_features": layer.out_features, "bias": layer.bias is not None}
        case nn.BatchNorm2d():
            return {"op": "norm", "affine": layer.affine}
        case nn.Flatten():
            return {"op": "flatten"}
        case ZeroPadShortcut():
            return {"op": "zeros", "stride": layer.stride, "extra_channels": layer.extra_channels}
        case Subsampling():
            return {"op": "subsample"}
        case SparseConv():
            outputs, inputs, kernel_size, _ = layer.shape
            return {"op": "sparse", "out_channels": outputs, "joined": inputs, "pairs": len(layer.kernels),
                    "kernel_size": kernel_size}  # fmt: skip
        case EuclideanRBF():
            return {"op": "codes", "out_features": layer.codes.shape[0], "length": layer.codes.shape[1]}
    if isinstance(layer, SAME):
        return {"op": "same"}
    raise BadInput(f"The graph of a network does not know the layer {type(layer).__name__}.")


def _window(layer) -> dict:
    return {name: _side(getattr(layer, name)) for name in ("kernel_size", "stride", "padding")}


def _side(value) -> int:
    """Return the one number of a square setting."""
    values = set(value) if isinstance(value, tuple) else {value}
    if len(values) > 1 or not isinstance(value := values.pop(), int):
        raise BadInput(f"The graph of a network knows square windows only, not {value}.")
    return value


def _flat(arguments):
    """Yield the tensors among a function's arguments, also those in a list."""
    for argument in arguments:
        if isinstance(argument, torch.Tensor):
            yield argument
        elif isinstance(argument, tuple | list):
            yield from _flat(argument)


def network(name: str) -> dict:
    """Return all that the network inspector knows about one network of the book.

    Parameters
    ----------
    name : str
        One of `models.names`.

    Returns
    -------
    dict
        ``title``, ``source``, ``shape``, ``num_classes``, ``settings`` (what can be set), ``unlisted`` (parts that run
        only in training) and ``nodes``, as `graph` makes them. Where a channel count follows the width, its node says
        how: ``times`` m means m times the rounded width × count / m; ``classes``: the number of classes; ``share``:
        this share of what comes in; ``before``: extra channels of zeros, from so many to the next stage's.

    Examples
    --------
    >>> entry = network("lenet5")
    >>> entry["settings"], entry["nodes"][-1]["classes"]
    (['in_channels', 'num_classes', 'image_size'], True)
    """
    card = models.card(name)
    taken = inspect.signature(card.factory).parameters
    settings = [s for s in SETTINGS if s in taken]
    classes = taken["num_classes"].default if "num_classes" in taken else None
    net = _built(name)
    nodes = graph(net, card.input_shape)
    if "num_classes" in settings:
        more = dict(_built(name, num_classes=classes + 7).named_modules())
        for node in nodes:
            if _count(more, node) == (_own(node) or 0) + 7:
                node["classes"] = True
    if "width" in settings:
        trials = {width: dict(_built(name, width=width).named_modules()) for width in TRIAL_WIDTHS}
        for node in nodes:
            if _own(node) is not None and "classes" not in node:
                node |= _rule(node, nodes, trials)
    ran = {node["name"] for node in nodes}
    silent = [n for n, m in net.named_modules() if m._parameters and n not in ran]
    return {
        "title": card.title,
        "source": card.source,
        "shape": list(card.input_shape),
        "num_classes": classes,
        "settings": settings,
        "unlisted": sorted({".".join(n.split(".")[:2]) for n in silent}),
        "nodes": nodes,
    }


def _built(name, **settings) -> nn.Module:
    with torch.device("meta"):  # shapes without numbers
        return models.build(name, **settings)


COUNTS = {"conv": "out_channels", "linear": "out_features", "zeros": "extra_channels"}


def _own(node) -> int | None:
    """Return the channels that a node chooses, or None if it takes what comes."""
    return node.get(COUNTS.get(node["op"]))


def _count(layers, node) -> int | None:
    key = COUNTS.get(node["op"])
    return key and getattr(layers[node["name"]], key)


def _rule(node, nodes, trials) -> dict:
    """Return how a node's channels follow the width, or nothing if they do not."""
    own = _own(node)
    there = {width: _count(layers, node) for width, layers in trials.items()}
    if all(count == own for count in there.values()):
        return {}
    if node["op"] == "zeros":
        before = _channels(nodes, node["inputs"][0])
        if all(there[w] == _scaled(w, before + own) - _scaled(w, before) for w in there):
            return {"before": before}
    for m in MULTIPLES:
        if own % m == 0 and all(there[w] == m * _scaled(w, own // m) for w in there):
            return {"times": m}
    inputs = {w: getattr(layers[node["name"]], "in_channels", 0) for w, layers in trials.items()}
    for share in SHARES:
        if all(there[w] == int(share * inputs[w]) for w in there):
            return {"share": share}
    raise BadInput(f"No rule explains the channels of {node['name']} at the widths {TRIAL_WIDTHS}: {there}.")


def _scaled(width, count) -> int:
    return max(1, round(width * count))


def _channels(nodes, index) -> int:
    """Return the channels that a node hands on, in a network without concatenations before it."""
    node = nodes[index]
    count = _own(node)
    if node["op"] == "zeros":
        return count + _channels(nodes, node["inputs"][0])
    return count if count is not None else _channels(nodes, node["inputs"][0])


def export_graphs(folder: Path | str) -> Path:
    """Write every network of the book for the network inspector, each different layer once.

    Parameters
    ----------
    folder : path
        Where ``networks.json`` goes: ``cnnlib/widgets/assets``.

    Returns
    -------
    Path
        The file. It also says what can be edited (`cnnlib.models.editing`). Its ``networks`` list their nodes as
        [name, number in ``layers``, inputs, block]; the inputs are left out where a node is fed by the one before it,
        the block where no function was called.
    """
    layers: dict[str, int] = {}
    lines = []
    for name in models.names():
        entry = network(name)
        entry["nodes"] = [_packed(i, node, layers) for i, node in enumerate(entry["nodes"])]
        lines.append(f"{json.dumps(name)}:{_dumped(entry)}")
    path = Path(folder) / ASSET
    path.parent.mkdir(parents=True, exist_ok=True)
    kinds, nets = ",\n".join(layers), ",\n".join(lines)
    text = f'{{"editable":{_dumped(EDITABLE)},\n"layers":[\n{kinds}\n],"networks":{{\n{nets}\n}}}}\n'
    path.write_text(text, encoding="utf8")
    return path


def _packed(index, node, layers) -> list:
    own = {key: value for key, value in node.items() if key not in ("name", "inputs", "block")}
    place = layers.setdefault(_dumped(own), len(layers))
    block = node.get("block")
    fed_by_last = node["inputs"] == [index - 1]
    rest = [] if block is None and fed_by_last else [node["inputs"]] + ([block] if block is not None else [])
    return [node["name"], place, *rest]


def _dumped(value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
