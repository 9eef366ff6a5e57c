"""The network inspector: every network of the book, layer by layer, with its sizes and costs as you change it."""

from __future__ import annotations

import html
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

import traitlets

from cnnlib.errors import BadInput, unknown
from cnnlib.widgets import bundle
from cnnlib.widgets.base import BadSetting, Widget

if TYPE_CHECKING:
    from torch import nn

    from cnnlib.inspect import LayerTable

ASSET = "networks"
LONGEST = 48  # rows of the picture; a longer network shows its blocks


class NetworkInspector(Widget):
    """Look at a network of the book layer by layer, and change its input, its width and single layers.

    Parameters
    ----------
    network : str
        One of `models.names`.
    input_size : int, optional
        Height and width of the picture, 1 to 640; the network's own if left out.
    in_channels, num_classes : int, optional
        1 to 1024 and 1 to 65536, where the network takes them; its own if left out.
    width : float
        Factor on the channels, 0.05 to 4, where the network takes it.
    fit : bool
        Build the fully connected layers for this input size. Without it a network keeps those of its own input size,
        and refuses pictures from which other numbers of features come. Networks that take an ``image_size`` always fit.
    edits : dict
        Layer name to what is changed there, for example ``{"conv1": {"stride": 2}}``. All layers behind it are built to
        fit. Assign a new dict to change it.

    Raises
    ------
    BadSetting
        If there is no such network, or it does not have a setting or a layer, or a value is out of range.

    Examples
    --------
    >>> w = NetworkInspector("lenet5", edits={"c1": {"out_channels": 8}})
    >>> w.table["c3"].parameters, w.total_parameters
    (3216, 62558)
    >>> w.build().c3.in_channels
    8
    """

    module = "network_inspector"
    heights = (1930, 1340)

    network = traitlets.Unicode("alexnet").tag(sync=True)
    input_size = traitlets.Int(None, allow_none=True).tag(sync=True, limits=(1, 640))
    in_channels = traitlets.Int(None, allow_none=True).tag(sync=True, limits=(1, 1024))
    num_classes = traitlets.Int(None, allow_none=True).tag(sync=True, limits=(1, 65536))
    width = traitlets.Float(1.0).tag(sync=True, limits=(0.05, 4.0))
    fit = traitlets.Bool(False).tag(sync=True)
    edits = traitlets.Dict().tag(sync=True)

    def __init__(self, network: str = "alexnet", **settings: Any) -> None:
        super().__init__(network=network, **settings)

    def assets(self) -> list[str]:
        """Name the file with the graphs of all networks."""
        return [ASSET]

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of the picture."""
        channels, side, _ = self._card["shape"]
        side = self.input_size or side
        return (self.in_channels or channels, side, side)

    @property
    def table(self) -> LayerTable:
        """The layer table of the network as it is set, from PyTorch itself.

        Raises
        ------
        BadInput
            If a picture of this size cannot pass; the message names the layer.
        """
        import torch

        from cnnlib.inspect import layer_table

        with torch.device("meta"):  # shapes without numbers: nothing is stored or computed
            return layer_table(self.build(), self.input_shape)

    @property
    def total_parameters(self) -> int:
        """Trainable parameters of the layers that the table lists."""
        return self.table.total_parameters

    @property
    def total_macs(self) -> int:
        """Multiply-adds for one picture."""
        return self.table.total_macs

    def build(self) -> nn.Module:
        """Build the network as it is set, edits included, ready to be trained.

        Layers that an edit changes, or makes fit, start from PyTorch's own weights.

        Returns
        -------
        nn.Module
        """
        from cnnlib import models
        from cnnlib.models.editing import edit, fit

        taken = self._card["settings"]
        settings = {name: getattr(self, name) for name in ("in_channels", "num_classes") if getattr(self, name)}
        if "width" in taken:
            settings["width"] = self.width
        fits = self.fit or "image_size" in taken
        try:
            net = models.build(self.network, **settings, **({"image_size": self.input_size} if self._sized else {}))
        except BadInput:  # pictures so small that it refuses to be built; the layer at which they end says more
            net = models.build(self.network, **settings)
        channels, side, _ = self.input_shape
        own = side if fits else self._card["shape"][1]
        if (self.edits or fits) and not fit(edit(net, self.edits), (channels, own, own)) and own != side:
            fit(net, self.input_shape)
        return net

    @property
    def _card(self) -> dict:
        return _networks()["networks"][self.network]

    @property
    def _sized(self) -> bool:
        return self.input_size is not None and "image_size" in self._card["settings"]

    @traitlets.validate("network", "input_size", "in_channels", "num_classes", "width", "edits")
    def _is_possible(self, proposal):
        try:
            _check(self.state() | {proposal["trait"].name: proposal["value"]}, self.traits())
        except BadInput as problem:
            raise BadSetting(str(problem)) from None
        return proposal["value"]

    def picture(self) -> str:
        """Return the first state as a table."""
        text = bundle.words(self.module)
        about = f"<p><b>{html.escape(self._card['title'])}</b>. {html.escape(text['no_script'])}</p>"
        try:
            table = self.table
        except BadInput as problem:
            return f'<div class="cw">{about}<p>{html.escape(str(problem))}</p></div>'
        heads = ("layer", "output", "parameters", "macs")
        rows = [f"<tr>{''.join(f'<th>{html.escape(text[key])}</th>' for key in heads)}</tr>"]
        for name, shape, parameters, macs in _summary(table):
            size = "×".join(map(str, shape))
            rows.append(f"<tr><th>{html.escape(name)}</th><td>{size}</td><td>{parameters:,}</td><td>{macs:,}</td></tr>")
        totals = f"<td>{table.total_parameters:,}</td><td>{table.total_macs:,}</td>"
        rows.append(f"<tr><th>{html.escape(text['total'])}</th><td></td>{totals}</tr>")
        body = f'<table class="cw-table">{"".join(rows)}</table>'
        return f'<div class="cw">{about}<div class="cw-scroll">{body}</div></div>'


@cache
def _networks() -> dict:
    return bundle.asset(ASSET)


def _summary(table: LayerTable) -> list[tuple]:
    """Return (name, output shape, parameters, multiply-adds) of each layer, or of each part of a long network."""
    rows, part, parts = list(table), "", []
    for row in rows:
        part = part if row.kind.startswith("F.") else row.name.split(".")[0]  # a sum stands in the block before it
        parts.append(part if len(rows) > LONGEST else len(parts))
    summary = []
    for _, members in groupby(zip(parts, rows, strict=True), key=lambda pair: pair[0]):
        own = [row for _, row in members]
        name = own[0].name if len(own) == 1 else own[0].name.split(".")[0]
        summary.append((name, own[-1].output_shape, sum(r.parameters for r in own), sum(r.macs for r in own)))
    return summary


def _check(state: dict, traits: dict) -> None:
    """Raise BadInput for a state that no network can have."""
    networks = _networks()["networks"]
    if state["network"] not in networks:
        raise unknown("network", state["network"], networks)
    card = networks[state["network"]]
    for name in ("input_size", "in_channels", "num_classes", "width"):
        value, (low, high) = state[name], traits[name].metadata["limits"]
        if value is None:
            continue
        if not low <= value <= high:
            nearest = high if value > high else low
            raise BadInput(f"{name} is {value}; it must be from {low} to {high}. Use {name}={nearest}.")
        own = traits[name].default_value
        if name != "input_size" and name not in card["settings"] and value != own:
            raise BadInput(f"{name} is {value}, but {state['network']} cannot be built with another. Use {name}={own}.")
    layers = {node[0]: _networks()["layers"][node[1]] for node in card["nodes"]}
    for layer, changes in state["edits"].items():
        if layer not in layers:
            raise unknown(f"layer of {state['network']}", layer, layers)
        _check_edit(layer, _scaled(layers[layer], state), changes)


def _scaled(layer: dict, state: dict) -> dict:
    """Return a layer with the channels that it has at the state's width; None where they follow its input."""
    if "share" in layer:
        return layer | {"out_channels": None}
    if layer["op"] == "conv" and layer.get("classes") and state["num_classes"]:
        return layer | {"out_channels": state["num_classes"]}
    if layer["op"] == "conv" and "times" in layer:
        times = layer["times"]
        return layer | {"out_channels": times * max(1, round(state["width"] * layer["out_channels"] / times))}
    return layer


def _check_edit(name: str, layer: dict, changes: object) -> None:
    if not isinstance(changes, dict):
        raise BadInput(f'The edit of {name} is {changes!r}; it must be a dict such as {{"stride": 2}}.')
    kind = changes.get("kind", layer["kind"])
    kinds = _networks()["editable"]
    allowed = kinds.get(layer["kind"], {})
    if kind != layer["kind"] and kind not in allowed.get("kind", ()):
        raise BadInput(f"{name} is a {layer['kind']} and cannot become a {kind!r}.")
    for key, value in changes.items():
        if key not in kinds.get(kind, {}):
            raise unknown(f"hyper-parameter of {name}, a {kind},", key, kinds.get(kind, {}))
        if key == "kind":
            continue
        low, high = kinds[kind][key]
        if type(value) is not type(low) or not low <= value <= high:
            said = "True or False" if low is False else f"a whole number from {low} to {high}"
            raise BadInput(f"{key} of {name} is {value!r}; it must be {said}.")
    now = layer | changes
    if now.get("out_channels") and {"groups", "out_channels"} & set(changes) and now["out_channels"] % now["groups"]:
        raise BadInput(
            f"groups of {name} is {now['groups']}, which does not divide its {now['out_channels']} output channels. "
            "Use a divisor of both."
        )
    if now["op"] == "pool" and 2 * now["padding"] > now["kernel_size"]:
        raise BadInput(
            f"padding of {name} is {now['padding']}; a pooling takes at most half of its kernel_size, "
            f"{now['kernel_size'] // 2} here."
        )
