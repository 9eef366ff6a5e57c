"""Time both ways, one after the other, so that a busy machine is as busy for both."""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import nn

from cnnlib import data, devices, experiments, models
from cnnlib.bench import d2l_trainer
from cnnlib.bench.plain import plain_fit
from cnnlib.bench.rows import Speed, Time
from cnnlib.experiments import Variant
from cnnlib.train import Recipe, fit

ROUNDS = 3  # the median of so many ratios
WARM_UP = 4  # batches


def speed(
    row: Speed,
    dataset: data.Dataset | None = None,
    rounds: int = ROUNDS,
    device: str | torch.device = "cpu",
    compiling: bool = True,
) -> dict:
    """Return pictures a second of the notes' loop, or d2l's, and of `fit` with more and more of its engine.

    Parameters
    ----------
    row : Speed
        What to time.
    dataset : Dataset, optional
        Other pictures than the experiment's.
    rounds : int
        All ways are timed in turn, so often.
    device : str or torch.device
        Where to compute.
    compiling : bool
        Try the compiled network, too, which takes some ten seconds at first.

    Returns
    -------
    dict
        Training pictures a second by way (medians): ``plain``; ``other``, the same with another number of workers;
        ``float32``, ``fastest`` and ``compiled`` of `fit`, the last missing where nothing can be compiled. The time is
        that of one epoch with the trying of an equal share of the test pictures, without what is done once before:
        ``compiling`` has its seconds. ``ratios``: how many times as fast as ``plain`` each is, in the median, the
        lowest and the highest round; ``best``: which way is the fastest; ``precision``: which is the fastest;
        ``rounds``; ``data``: what it was measured on; ``stand_in``: whether that stands in for another set.

    Examples
    --------
    >>> found = speed(Speed("0501", "fc", 2, 1.0), data.load("digits"), rounds=1, compiling=False)
    >>> found["data"], found["best"] in ("float32", "fastest")
    ('Handwritten digits (8×8, enlarged)', True)
    """
    variant, dataset = _work(row, dataset)
    place = devices.device(device)
    batch = variant.recipe.batch_size
    pictures = min(row.steps * batch, len(dataset.train_images) // 2)
    epochs = {"plain": partial(_plain, row.workers)}
    if row.other_workers is not None:
        epochs["other"] = partial(_plain, row.other_workers)
    epochs["float32"] = partial(_ours, {"precision": "float32"})
    epochs["fastest"] = partial(_ours, {"precision": "fastest"})
    if compiling:
        epochs["compiled"] = partial(_ours, {"precision": "fastest", "compiled": True})
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        begun = {}
        for name, epoch in epochs.items():  # the first time costs more: libraries are loaded, and kernels chosen
            start = time.perf_counter()
            epoch(variant, dataset, min(WARM_UP * batch, pictures), place)
            begun[name] = time.perf_counter() - start
    if any("not compiled" in str(one.message) for one in heard):
        epochs.pop("compiled")
    rows = [{name: epoch(variant, dataset, pictures, place) for name, epoch in epochs.items()} for _ in range(rounds)]
    return _summary(rows) | {
        "compiling": max(0.0, begun["compiled"] - begun["fastest"]) if "compiled" in epochs else None,
        "precision": replace(variant.recipe, precision="fastest").precision_on(place),
        "data": dataset.title,
        "stand_in": dataset.requested != dataset.name,
    }


def _summary(rounds: list[dict[str, float]]) -> dict:
    ways = list(rounds[0])
    ratios = {way: sorted(each[way] / each["plain"] for each in rounds) for way in ways if way != "plain"}
    spread = {way: [statistics.median(found), found[0], found[-1]] for way, found in ratios.items()}
    ours = [way for way in ("float32", "fastest", "compiled") if way in ways]
    return {way: statistics.median(each[way] for each in rounds) for way in ways} | {
        "ratios": spread,
        "best": max(ours, key=lambda way: spread[way][0]),
        "rounds": len(rounds),
    }


def plain_way(
    row: Time,
    seeds: int = 1,
    dataset: data.Dataset | None = None,
    device: str | torch.device = "cpu",
    hear: Callable[[str], None] = lambda words: None,
) -> dict:
    """Train the notes' way over some seeds and find when the mean accuracy reaches the row's.

    Parameters
    ----------
    row : Time
        Which way, to which accuracy, in how many epochs at most.
    seeds : int
        Runs with seeds 0, 1, …, up to the row's own number of them.
    dataset : Dataset, optional
        Other pictures than the experiment's, which must be on this machine.
    device : str or torch.device
        Where to compute.
    hear : callable
        Told of each run.

    Returns
    -------
    dict
        ``runs``: of each seed the ``epochs`` with their ``test_accuracy`` and ``train_seconds``; ``epochs``: how many
        count; ``reached``: whether the mean accuracy reached the aim; ``accuracy``: it, in percent; ``seconds``: of
        training until then, of each seed, without the trying; ``data``.

    Examples
    --------
    >>> row = Time("0501", 50.0, "", "0501", "fc", epochs=2)
    >>> found = plain_way(row, 1, data.load("digits"))
    >>> len(found["seconds"]), found["epochs"]
    (1, 2)
    """
    variant, dataset = _work(row, dataset, fallback=False)
    place, runs = devices.device(device), []
    count = min(seeds, row.seeds)
    for seed in range(count):
        hear(f"the notes' way, run {seed + 1} of {count}: {row.epochs} epochs …")
        recipe = replace(variant.recipe, epochs=row.epochs)
        history = plain_fit(_net(variant, seed), dataset, recipe, seed=seed, device=place)
        keys = ("epoch", "test_accuracy", "train_seconds")
        runs.append({"seed": seed, "epochs": [{k: round(e[k], 6) for k in keys} for e in history.epochs]})
        hear(f"the notes' way, seed {seed}: {history.last['test_accuracy']:.2%} in {history.seconds:,.0f} s")
    means = [
        100 * statistics.fmean(run["epochs"][epoch]["test_accuracy"] for run in runs) for epoch in range(row.epochs)
    ]
    first = next((epoch for epoch, mean in enumerate(means, start=1) if mean >= row.accuracy), None)
    epochs = first or row.epochs
    return {
        "runs": runs,
        "epochs": epochs,
        "reached": first is not None,
        "accuracy": means[epochs - 1],
        "seconds": [sum(epoch["train_seconds"] for epoch in run["epochs"][:epochs]) for run in runs],
        "data": dataset.title,
    }


def _work(row: Speed | Time, dataset: data.Dataset | None, fallback: bool = True) -> tuple[Variant, data.Dataset]:
    """Return the network with its recipe, and the pictures: a stand-in's, with its name, where the set is not there."""
    if row.experiment:
        experiment = experiments.get(row.experiment)
        variant = experiment.variants[row.variant]
        name = variant.dataset or experiment.dataset
    else:
        variant, name = d2l_trainer.VARIANT, "fashion_mnist"
    return variant, dataset or data.load(name, fallback=fallback, quiet=True)


def _plain(workers: int, variant: Variant, dataset: data.Dataset, pictures: int, place: torch.device) -> float:
    """Return training pictures a second of the notes' loop, or of d2l's for its network."""
    part = _part(dataset, pictures)
    if variant is d2l_trainer.VARIANT:
        return pictures / d2l_trainer.seconds(part, variant.recipe, workers, place)
    recipe = replace(variant.recipe, epochs=1)
    return pictures / plain_fit(_net(variant), part, recipe, device=place, workers=workers).seconds


def _ours(switches: dict, variant: Variant, dataset: data.Dataset, pictures: int, place: torch.device) -> float:
    """Return training pictures a second of `fit`."""
    tried = len(_part(dataset, pictures).test_images)
    recipe: Recipe = replace(variant.recipe, epochs=1, limit=pictures, validation=tried, **switches)
    return pictures / fit(_net(variant), dataset, recipe, device=place, progress=False).last["seconds"]


def _part(dataset: data.Dataset, pictures: int) -> data.Dataset:
    """Return the first training pictures, and as large a share of the test pictures."""
    tried = max(1, round(len(dataset.test_images) * pictures / len(dataset.train_images)))
    return replace(
        dataset,
        train_images=dataset.train_images[:pictures], train_labels=dataset.train_labels[:pictures],
        test_images=dataset.test_images[:tried], test_labels=dataset.test_labels[:tried],
    )  # fmt: skip


def _net(variant: Variant, seed: int = 0) -> nn.Module:
    devices.set_seed(seed)
    if variant is d2l_trainer.VARIANT:
        return d2l_trainer.network().net
    return models.build(variant.model, **variant.settings)
