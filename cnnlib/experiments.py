"""The named experiments of the book: which networks, on which data, trained by which recipe.

``cnnlib run NAME`` runs one over several seeds and writes its records (`cnnlib.results`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm import tqdm

from cnnlib import data, devices, models, results
from cnnlib.circumstances import circumstances
from cnnlib.errors import BadInput, unknown
from cnnlib.inspect import layer_table
from cnnlib.train import Recipe, evaluate, fit


@dataclass(frozen=True)
class Variant:
    """One cell of an experiment: a network and the recipe that trains it.

    Attributes
    ----------
    title : str
        What to call it in a table.
    model : str
        A name in the registry of `cnnlib.models`.
    recipe : Recipe
        How it is trained.
    reported : float, optional
        Test accuracy in percent that the experiment's source states, of a single run.
    settings : dict
        Passed to the network's builder.
    """

    title: str
    model: str
    recipe: Recipe
    reported: float | None = None
    settings: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment:
    """A question, the variants that answer it, and where it comes from.

    Attributes
    ----------
    name, title : str
        For the command line; for a page.
    source : str
        Where the recipe comes from.
    dataset : str
        The data set of the original.
    variants : dict of str to Variant
        By their names.
    """

    name: str
    title: str
    source: str
    dataset: str
    variants: dict[str, Variant]


_NOTE001 = Recipe(epochs=20, batch_size=256, optimizer="sgd", lr=0.01, scaling="unit", validation=0)
_FASTER = replace(_NOTE001, lr=0.05, momentum=0.9)  # the note's recipe stops long before the nets have learnt
_0501 = Recipe(epochs=1, batch_size=64, optimizer="sgd", lr=0.01, momentum=0.5, scaling="standard", validation=0)
_PERMUTED = replace(_0501, permutation_seed=501)  # one fixed permutation, for training and for testing
_LENET = Recipe(epochs=10, batch_size=64, optimizer="sgd", lr=0.01, momentum=0.9, scaling="standard", validation=5000)
_LENET_1998 = replace(_LENET, lr=0.005, scaling="lecun1998", pad=2)

EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (
        Experiment(
            "note001",
            "LeNet on Fashion-MNIST, as note 001 wrote it and with the activations it forgot",
            "the students' note 001: its net, SGD 0.01, batch 256, 20 epochs, all 60,000 training pictures; "
            "the larger steps (learning rate 0.05, momentum 0.9) are this book's, not tuned further",
            "fashion_mnist",
            {
                "as-written": Variant("as the note wrote it", "lenet_note001", _NOTE001, reported=77.9),
                "with-relu": Variant("with ReLU after the convolutions", "lenet_note001_relu", _NOTE001),
                "as-written-faster": Variant("as the note wrote it, larger steps", "lenet_note001", _FASTER),
                "with-relu-faster": Variant("with ReLU, larger steps", "lenet_note001_relu", _FASTER),
            },
        ),
        Experiment(
            "0501",
            "Permuted pixels: what a convolution relies on",
            "OUCTheoryGroup/colab_demo 05_01: one epoch, SGD 0.01 with momentum 0.5, batch 64, standardised",
            "mnist",
            {
                "fc": Variant("fully connected", "fc_0501", _0501, reported=87),
                "cnn": Variant("convolutional", "cnn_0501", _0501, reported=96),
                "fc-permuted": Variant("fully connected, permuted pixels", "fc_0501", _PERMUTED, reported=83),
                "cnn-permuted": Variant("convolutional, permuted pixels", "cnn_0501", _PERMUTED, reported=80),
            },
        ),
        Experiment(
            "lenet",
            "LeNet-5 as printed in 1998 and as it is built today",
            "this book: SGD with momentum 0.9, batch 64, 10 epochs; each learning rate the best of a grid "
            "(0.0002 to 0.04 for 1998's, 0.01 to 0.1 for the modern one) on 5,000 validation pictures after 3 epochs",
            "mnist",
            {
                "1998": Variant("LeNet-5 of 1998", "lenet5_1998", _LENET_1998),
                "modern": Variant("LeNet-5, modern", "lenet5", _LENET),
            },
        ),
    )
}


def get(name: str) -> Experiment:
    """Return an experiment by name.

    Parameters
    ----------
    name : str
        A key of `EXPERIMENTS`.

    Raises
    ------
    BadInput
        If there is no such experiment.

    Examples
    --------
    >>> get("0501").dataset
    'mnist'
    """
    if name not in EXPERIMENTS:
        raise unknown("experiment", name, EXPERIMENTS)
    return EXPERIMENTS[name]


def run(
    name: str,
    seeds: int = 5,
    dataset: str | None = None,
    variants: list[str] | None = None,
    device: str | None = None,
    root: str | Path | None = None,
    epochs: int | None = None,
    progress: bool = True,
) -> list[Path]:
    """Train every variant of an experiment over several seeds and write one record each.

    Parameters
    ----------
    name : str
        A key of `EXPERIMENTS`.
    seeds : int
        Runs with seeds 0, 1, …; at least 1.
    dataset : str, optional
        Another data set than the original's. Stand-ins are never used unasked: the set must be there.
    variants : list of str, optional
        Only these.
    device : str, optional
        A GPU when one is present, else the processor.
    root : str or Path, optional
        The ledger's folder; the book's ``results`` if left out.
    epochs : int, optional
        Another number of epochs than the recipe's; the record's name then ends in ``-Ne``. For small data sets.
    progress : bool
        Show progress bars.

    Returns
    -------
    list of Path
        The records written, one a variant.

    Raises
    ------
    BadInput
        If a name is unknown, the data set is not on this machine, or ``seeds`` is below 1.
    """
    experiment = get(name)
    if seeds < 1:
        raise BadInput(f"seeds is {seeds}; it must be at least 1. Use 5 to see a spread.")
    chosen = variants or list(experiment.variants)
    for variant in chosen:
        if variant not in experiment.variants:
            raise unknown(f"variant in {name}", variant, experiment.variants)
    pictures = data.load(dataset or experiment.dataset, fallback=False, quiet=True)
    place = devices.device(device)
    written = []
    for variant in chosen:
        cell = experiment.variants[variant]
        if epochs is not None:
            cell = replace(cell, recipe=replace(cell.recipe, epochs=epochs))
        steps = tqdm(range(seeds), desc=f"{name} {variant}", unit=" seeds", disable=not progress)
        runs = [_run_once(cell, pictures, seed, place, progress) for seed in steps]
        model = models.build(cell.model, **cell.settings)
        side = pictures.size + 2 * cell.recipe.pad
        table = layer_table(model, (pictures.channels, side, side))
        record = results.Record(
            experiment=name, variant=variant, title=cell.title, source=experiment.source, model=cell.model,
            settings=cell.settings, recipe=cell.recipe.as_dict(), parameters=table.total_parameters,
            macs=table.total_macs, dataset=results.about_dataset(pictures), runs=runs,
            **circumstances(place),
        )  # fmt: skip
        suffix = "" if epochs is None else f"-{epochs}e"
        written.append(record.write(f"{variant}{suffix}@{pictures.name}", root))
    return written


def _run_once(cell: Variant, pictures: data.Dataset, seed: int, place, progress: bool) -> dict:
    """Train and test once; the seed decides the first weights and the order of the pictures."""
    devices.set_seed(seed)
    model = models.build(cell.model, **cell.settings)
    start = time.perf_counter()
    history = fit(model, pictures, cell.recipe, seed=seed, device=place, progress=progress)
    seconds = time.perf_counter() - start
    test = evaluate(model, pictures, cell.recipe, device=place)
    return {
        "seed": seed,
        "test_accuracy": test.accuracy,
        "test_loss": test.loss,
        "seconds": round(seconds, 3),
        "epochs": [{k: round(v, 6) for k, v in epoch.items()} for epoch in history.epochs],
    }
