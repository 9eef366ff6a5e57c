"""Time both ways, one after the other, so that a busy machine is as busy for both."""

from __future__ import annotations

import statistics
from dataclasses import replace

from cnnlib import data, devices, experiments, models
from cnnlib.bench.plain import plain_fit
from cnnlib.bench.rows import Speed, Time
from cnnlib.experiments import Variant
from cnnlib.train import Recipe, fit

ROUNDS = 3  # the median of so many ratios


def speed(row: Speed, dataset: data.Dataset | None = None, rounds: int = ROUNDS) -> dict:
    """Return pictures a second of the notes' loop, of `fit`, and of `fit` in the fastest precision.

    Parameters
    ----------
    row : Speed
        What to time.
    dataset : Dataset, optional
        Other pictures than the experiment's.
    rounds : int
        All ways are timed in turn, so often.

    Returns
    -------
    dict
        ``plain``, ``float32`` and ``fastest``: medians, in training pictures a second with the trying of an equal share
        of the test pictures counted in the time, but not what is done once before the first epoch; ``ratio``: the
        median of fastest / plain; and ``data``, what it was measured on.

    Examples
    --------
    >>> sorted(speed(Speed("0501", "cnn", 2, 1.0), data.load("digits"), rounds=1))
    ['data', 'fastest', 'float32', 'plain', 'ratio']
    """
    variant, dataset = _work(row, dataset)
    batch = variant.recipe.batch_size
    pictures = min(row.steps * batch, len(dataset.train_images) // 2)
    tried = max(1, round(len(dataset.test_images) * pictures / len(dataset.train_images)))
    ours = replace(variant.recipe, epochs=1, limit=pictures, validation=tried)
    ways = {
        "plain": lambda: _plain(variant, dataset, -(-pictures // batch)),
        "float32": lambda: _ours(variant, dataset, replace(ours, precision="float32")),
        "fastest": lambda: _ours(variant, dataset, replace(ours, precision="fastest")),
    }
    for way in ways.values():  # the first time costs more: libraries are loaded, and kernels chosen
        way()
    found = [{name: way() for name, way in ways.items()} for _ in range(rounds)]
    medians = {name: statistics.median(each[name] for each in found) for name in ways}
    ratio = statistics.median(each["fastest"] / each["plain"] for each in found)
    return medians | {"ratio": ratio, "data": dataset.title}


def plain_seconds(row: Time, dataset: data.Dataset | None = None) -> float:
    """Return how long the notes' way takes for all epochs of a row, from one epoch or a part of one.

    Parameters
    ----------
    row : Time
        What to time.
    dataset : Dataset, optional
        Other pictures than the experiment's.

    Examples
    --------
    >>> plain_seconds(Time("0501", "cnn", "0501", 96.0, 2, 10, steps=2), data.load("digits")) > 0
    True
    """
    variant, dataset = _work(row, dataset)
    return row.epochs * len(dataset.train_images) / _plain(variant, dataset, row.steps)


def _work(row: Speed | Time, dataset: data.Dataset | None) -> tuple[Variant, data.Dataset]:
    """Return the network with its recipe, and the pictures: a stand-in's, with its name, where the set is not there."""
    experiment = experiments.get(row.experiment)
    variant = experiment.variants[row.variant]
    return variant, dataset or data.load(variant.dataset or experiment.dataset, quiet=True)


def _plain(variant: Variant, dataset: data.Dataset, steps: int | None) -> float:
    """Return training pictures a second of the notes' loop."""
    last = plain_fit(_net(variant), dataset, replace(variant.recipe, epochs=1), steps=steps).last
    return last["pictures"] / last["seconds"]


def _ours(variant: Variant, dataset: data.Dataset, recipe: Recipe) -> float:
    """Return training pictures a second of `fit`."""
    return recipe.limit / fit(_net(variant), dataset, recipe, device="cpu", progress=False).last["seconds"]


def _net(variant: Variant):
    devices.set_seed(0)
    return models.build(variant.model, **variant.settings)
