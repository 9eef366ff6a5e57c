"""The recorded runs that the training explorer leafs through, as one file for the page.

``write`` makes it from the ledger; a test compares it with the ledger, so that it cannot go stale.
"""

from __future__ import annotations

import json
from pathlib import Path

from cnnlib import models, results
from cnnlib.widgets import bundle

ASSET = "training_runs"
CURVES = ("train_loss", "val_loss", "train_accuracy", "val_accuracy")
LAYER = ("name", "weights", "gradient_norm", "weight_norm")

# For each comparison: what its runs are ordered by, and which records they are.
COMPARISONS = {
    "learning-rate": (
        "train_loss",
        [f"watched/sgd-{lr}@cifar10" for lr in ("0.001", "0.01", "0.1", "1", "10")],
    ),
    "optimizer": (
        "val_accuracy",
        [f"watched/{name}@cifar10" for name in ("sgd-0.01", "momentum-0.01", "adam-0.001", "adam-0.01")],
    ),
    "depth": (
        "train_loss",
        [f"watched/{name}@cifar10" for name in ("plain20", "plain56", "resnet20", "resnet56")],
    ),
    "batch-norm": (
        "train_loss",
        [f"watched/{name}@cifar10" for name in ("bare-sgd", "bare-adam", "normed-sgd", "normed-adam")],
    ),
    "dropout": (
        "val_loss",
        [f"watched/{name}@cifar10" for name in ("nothing", "dropout-0.2", "dropout-0.5", "mirrored")],
    ),
    "remedies": (
        "val_accuracy",
        [
            f"regularisation/{name}@cifar10"
            for name in ("baseline", "weight-decay", "dropout", "batch-norm", "augmented", "everything")
        ],
    ),
}


def build(root: str | Path | None = None) -> dict:
    """Return what the explorer reads.

    Parameters
    ----------
    root : str or Path, optional
        The ledger's folder; the book's ``results`` if left out.

    Returns
    -------
    dict
        ``comparisons``, each with its ``name``, the column that it ``asks`` about and its ``runs``; and ``runs``, by
        name.

    Raises
    ------
    BadInput
        If a record is missing.

    Examples
    --------
    >>> build()["comparisons"][0]["name"]
    'learning-rate'
    """
    names = dict.fromkeys(run for _, runs in COMPARISONS.values() for run in runs)
    return {
        "comparisons": [{"name": name, "asks": asks, "runs": runs} for name, (asks, runs) in COMPARISONS.items()],
        "runs": {name: _run(load(name, root)) for name in names},
    }


def load(name: str, root: str | Path | None = None) -> results.Record:
    """Return the record that a run of the explorer was made from.

    Examples
    --------
    >>> load("regularisation/dropout@cifar10").n
    3
    """
    return results.load(*name.split("/"), root)


def write(folder: str | Path | None = None, root: str | Path | None = None) -> Path:
    """Write the explorer's file and return its path.

    Parameters
    ----------
    folder : str or Path, optional
        Where ``training_runs.json`` goes; the widgets' ``assets`` if left out.
    root : str or Path, optional
        As in `build`.
    """
    path = Path(folder or bundle.HERE / "assets") / f"{ASSET}.json"
    text = json.dumps(build(root), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _run(record: results.Record) -> dict:
    kept = ("optimizer", "lr", "momentum", "weight_decay", "batch_size", "schedule", "epochs", "limit", "validation")
    return {
        "title": record.title,
        "model": models.card(record.model).title,
        "parameters": record.parameters,
        "recipe": {key: record.recipe[key] for key in kept},
        "dataset": {"title": record.dataset["title"], "train": record.dataset["train"]},
        "hardware": {key: record.hardware[key] for key in ("processor", "threads")},
        "commit": record.commit.split()[0],
        "seeds": [_seed(run) for run in record.runs],
        # Of the first seed only: the layers of one run fill a figure.
        "layers": [_layer(layer) for layer in record.runs[0].get("layers", [])],
    }


def _seed(run: dict) -> dict:
    columns = {name: [_finite(epoch[name], 5) for epoch in run["epochs"]] for name in CURVES}
    return {"seed": run["seed"], "seconds": round(run["seconds"], 1), **columns}


def _layer(layer: dict) -> dict:
    # Quantiles are drawn and not printed: three digits are finer than a line.
    marks = [[mark if mark is None else float(f"{mark:.3g}") for mark in epoch] for epoch in layer["quantiles"]]
    return {key: layer[key] for key in LAYER} | {"quantiles": marks}


def _finite(value: float, decimals: int) -> float | None:
    """Return the number rounded, or None where it is none: after a divergence."""
    return round(value, decimals) if value == value and abs(value) != float("inf") else None
