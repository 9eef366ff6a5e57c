"""Trained networks as small files for the page: what ``cnnlib export`` writes and ``forward.js`` reads.

A file holds one network that `cnnlib run` has trained and recorded. Batch norm is folded into the convolution before
it, and each weight becomes a whole number from -127 to 127, with one scale for each output channel.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from cnnlib import data, models, results, train
from cnnlib.errors import BadInput, unknown
from cnnlib.widgets import bundle

SEED = 0  # the run whose network the page shows
LARGEST = 127  # an int8 also has -128, but a symmetric range needs no zero point

# file: (experiment, variant, data set)
NETS = {
    "lenet_mnist_max": ("live", "max", "mnist"),
    "lenet_mnist_average": ("live", "average", "mnist"),
    "lenet_fashion_max": ("live-fashion", "max", "fashion_mnist"),
    "lenet_fashion_average": ("live-fashion", "average", "fashion_mnist"),
    "lenet_cifar_max": ("0502", "lenet", "cifar10"),
    "lenet_cifar_average": ("0502", "average-pooling", "cifar10"),
    "vgg_cifar": ("live-cifar", "vgg", "cifar10"),
    "0501_fc": ("0501", "fc", "mnist"),
    "0501_cnn": ("0501", "cnn", "mnist"),
    "0501_fc_permuted": ("0501", "fc-permuted", "mnist"),
    "0501_cnn_permuted": ("0501", "cnn-permuted", "mnist"),
}

_WINDOW = {"kernel_size": "kernel", "stride": "stride"}
# layer: (how the page calls it, its settings and how the page calls those)
KINDS = {
    nn.Conv2d: ({"kind": "conv"}, {"stride": "stride", "padding": "padding"}),
    nn.ReLU: ({"kind": "relu"}, {}),
    nn.MaxPool2d: ({"kind": "pool", "how": "max"}, _WINDOW),
    nn.AvgPool2d: ({"kind": "pool", "how": "average"}, _WINDOW),
    nn.Flatten: ({"kind": "flatten"}, {}),
    nn.Linear: ({"kind": "linear"}, {}),
}
# settings that the page knows one value of, where a layer has them
FIXED = {
    "padding": 0, "dilation": 1, "groups": 1, "ceil_mode": False, "padding_mode": "zeros", "divisor_override": None,
    "start_dim": 1, "end_dim": -1,
}  # fmt: skip


def export(
    kept: str | Path,
    names: list[str] | None = None,
    root: str | Path | None = None,
    folder: str | Path | None = None,
    progress: bool = True,
) -> list[Path]:
    """Write networks that `cnnlib run --keep` has kept as files for the page.

    Parameters
    ----------
    kept : str or Path
        The folder given to ``--keep``.
    names : list of str, optional
        Keys of `NETS`; all of them if left out.
    root : str or Path, optional
        The ledger's folder; the book's ``results`` if left out.
    folder : str or Path, optional
        Where to write; the widgets' ``assets`` if left out.
    progress : bool
        Show a progress bar.

    Returns
    -------
    list of Path
        The files written, ``net_<name>.json``.

    Raises
    ------
    BadInput
        If a name is unknown, a record, its kept weights or its data set is missing, or the weights or the data are not
        those of the record.
    """
    chosen = names or list(NETS)
    for name in chosen:
        if name not in NETS:
            raise unknown("network to export", name, NETS)
    target = Path(folder) if folder else bundle.HERE / "assets"
    written = []
    for name in tqdm(chosen, desc="export", unit=" networks", disable=not progress):
        asset = _asset(name, Path(kept), root)
        path = target / f"net_{name}.json"
        try:
            target.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(f".{os.getpid()}.partial")
            partial.write_text(json.dumps(asset, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")
            os.replace(partial, path)  # completely or not at all
        except OSError as problem:
            raise BadInput(f"Cannot write {path}: {problem.strerror}. Name another folder with --assets.") from problem
        written.append(path)
    return written


def _asset(name: str, kept: Path, root: str | Path | None) -> dict:
    """Return what the file of one network holds, once its weights and its data have proved to be the recorded ones."""
    experiment, variant, dataset = NETS[name]
    record = results.load(experiment, f"{variant}@{dataset}", root)
    again = f"Record it again: cnnlib run {experiment} --variants {variant} --data {dataset} --keep {kept}"
    run = record.runs[SEED]
    if "weights" not in run:
        raise BadInput(f"The record {variant}@{dataset} of {experiment} names no weights. {again}")
    model = models.build(record.model, **record.settings)
    path = results.kept_path(kept, experiment, f"{variant}@{dataset}", SEED)
    if not path.is_file():
        raise BadInput(f"There are no kept weights {path}. {again}")
    train.load(path, model)
    if train.fingerprint(model) != run["weights"]:
        raise BadInput(
            f"{path} holds weights {train.fingerprint(model)}, but the record {variant}@{dataset} of {experiment} "
            f"speaks of {run['weights']}. {again}"
        )
    pictures = data.load(dataset, fallback=False, quiet=True)
    if pictures.fingerprint != record.dataset["fingerprint"]:
        raise BadInput(
            f"{dataset} has the fingerprint {pictures.fingerprint}, but the record {variant}@{dataset} of {experiment} "
            f"was made on {record.dataset['fingerprint']} ({record.dataset['title']}). Use that data set."
        )
    recipe = train.Recipe(**record.recipe)
    prepare, layers = train.Preparation(pictures, recipe), stored_layers(model)
    return {
        "name": name,
        "title": record.title,
        "source": {
            "experiment": experiment,
            "variant": variant,
            "seed": run["seed"],
            "dataset": dataset,
            "dataset_title": record.dataset["title"],
            "fingerprint": record.dataset["fingerprint"],
            "test_accuracy": run["test_accuracy"],
            "exported_accuracy": _accuracy(layers, pictures, recipe),
            "commit": record.commit,
        },
        "weights_fingerprint": run["weights"],
        "parameters": record.parameters,
        "input": _input(prepare, pictures.test_images.shape[1:]),
        "permutation": None if prepare.order is None else prepare.order.tolist(),
        "classes": list(pictures.classes),
        "layers": layers,
    }


def _input(prepare: train.Preparation, shape: torch.Size) -> dict:
    """Return how the bytes of a picture become the network's numbers: x = (byte / 255 - mean) / std."""
    channels, rows, columns = shape
    mean, std = prepare.shift.double() / 255, 1 / (255 * prepare.scale.double())
    numbers = {
        key: [float(f"{value:.9g}") for value in part.flatten().expand(channels).tolist()]
        for key, part in (("mean", mean), ("std", std))
    }
    return {"channels": channels, "rows": rows, "columns": columns, "pad": prepare.pad} | numbers


def stored_layers(model: nn.Module) -> list[dict]:
    """Return a network's layers as the page reads them, batch norm folded and weights rounded.

    Parameters
    ----------
    model : nn.Module
        A chain: an ``nn.Sequential``, which may hold others, of convolutions, batch norm, ReLU, pooling, flattening
        and fully connected layers.

    Raises
    ------
    BadInput
        If a layer is of another kind, or set up in a way that the page does not know.

    Examples
    --------
    >>> [layer["kind"] for layer in stored_layers(models.build("cnn_0501"))]
    ['conv', 'relu', 'pool', 'conv', 'relu', 'pool', 'flatten', 'linear', 'relu', 'linear']
    """
    layers: list[tuple[str, nn.Module]] = []
    for name, layer in _chain(model):
        if isinstance(layer, nn.BatchNorm2d) and layers and isinstance(layers[-1][1], nn.Conv2d):
            layers[-1] = (layers[-1][0], folded(layers[-1][1], layer))
        elif not isinstance(layer, (nn.Identity, nn.Dropout)):  # which do nothing once a network is trained
            layers.append((name, layer))
    return [{"name": name} | _stored(name, layer) for name, layer in layers]


def _chain(model: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    for name, layer in model.named_children():
        if isinstance(layer, nn.Sequential):
            yield from _chain(layer, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", layer


def folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """Return the one convolution that does what a convolution and its batch norm do in evaluation.

    Batch norm then multiplies each channel by a fixed number and adds another; the weights and the bias can do both.
    """
    factor = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    before = 0 if conv.bias is None else conv.bias.double()
    one = nn.Conv2d(
        conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, conv.dilation, conv.groups
    )
    one.weight.data = (conv.weight.double() * factor.view(-1, 1, 1, 1)).float().detach()
    one.bias.data = (norm.bias.double() + (before - norm.running_mean.double()) * factor).float().detach()
    return one


def _stored(name: str, layer: nn.Module) -> dict:
    """Return one layer as the page reads it."""
    if type(layer) not in KINDS:
        raise BadInput(
            f"{name} is a {type(layer).__name__}; the page knows convolutions followed by batch norm or not, ReLU, max "
            "and average pooling, flattening and fully connected layers in one chain. Export such a network."
        )
    stored, settings = KINDS[type(layer)]
    for setting, value in FIXED.items():
        if setting not in settings and _one(getattr(layer, setting, value)) != value:
            raise BadInput(f"{name} has {setting}={getattr(layer, setting)}; the page knows {setting}={value} only.")
    for setting, key in settings.items():
        stored = stored | {key: _one(getattr(layer, setting))}
        if not isinstance(stored[key], int):
            raise BadInput(f"{name} has {setting}={getattr(layer, setting)}; the page knows one number for both sides.")
    return stored | (rounded(layer) if hasattr(layer, "weight") else {})


def _one(value):
    """Return the one number of a setting that may be a pair, or the pair where it has two."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def rounded(layer: nn.Conv2d | nn.Linear) -> dict:
    """Return a layer's weights as whole numbers with a scale for each output channel, and its bias.

    Examples
    --------
    >>> layer = nn.Linear(2, 1)
    >>> _ = layer.weight.data.copy_(torch.tensor([[0.5, -1.27]])), layer.bias.data.fill_(0.25)
    >>> rounded(layer)
    {'shape': [1, 2], 'weight': 'MoE=', 'scale': [0.01], 'bias': [0.25]}
    """
    weight = layer.weight.detach().float().numpy()
    rows = weight.reshape(len(weight), -1)
    scale = (np.abs(rows).max(axis=1) / LARGEST).astype(np.float32)
    scale[scale == 0] = 1  # a channel without any weight
    whole = np.clip(np.rint(rows / scale[:, None]), -LARGEST, LARGEST).astype(np.int8)
    bias = np.zeros(len(weight)) if layer.bias is None else layer.bias.detach().numpy()
    return {
        "shape": list(weight.shape),
        "weight": base64.b64encode(whole.tobytes()).decode(),
        "scale": [_shortest(value) for value in scale],
        "bias": [_shortest(value) for value in bias],
    }


def _shortest(value: np.floating) -> float:
    """Return a number whose few decimals give the very same float32 again."""
    return float(np.format_float_positional(np.float32(value), unique=True))


def rebuilt(layers: list[dict]) -> nn.Sequential:
    """Return the network that a file describes, with the weights as they are stored.

    Parameters
    ----------
    layers : list of dict
        What `stored_layers` returns.

    Examples
    --------
    >>> net = rebuilt(stored_layers(models.build("lenet5")))
    >>> tuple(net(torch.zeros(1, 1, 28, 28)).shape)
    (1, 10)
    """
    chain = nn.Sequential()
    for layer in layers:
        if layer["kind"] == "conv":
            outputs, inputs, *kernel = layer["shape"]
            one = nn.Conv2d(inputs, outputs, kernel, layer["stride"], layer["padding"])
        elif layer["kind"] == "linear":
            one = nn.Linear(layer["shape"][1], layer["shape"][0])
        elif layer["kind"] == "pool":
            one = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}[layer["how"]](layer["kernel"], layer["stride"])
        else:
            one = {"relu": nn.ReLU, "flatten": nn.Flatten}[layer["kind"]]()
        if "weight" in layer:
            whole = np.frombuffer(base64.b64decode(layer["weight"]), dtype=np.int8).reshape(len(layer["scale"]), -1)
            weight = whole * np.array(layer["scale"], dtype=np.float32)[:, None]
            one.weight.data = torch.from_numpy(weight.reshape(layer["shape"]))
            one.bias.data = torch.tensor(layer["bias"], dtype=torch.float32)
        chain.append(one)
    return chain


def _accuracy(layers: list[dict], pictures: data.Dataset, recipe: train.Recipe) -> float:
    """Return the share of test pictures that the stored network gets right."""
    return train.evaluate(rebuilt(layers), pictures, replace(recipe, precision="float32"), device="cpu").accuracy
