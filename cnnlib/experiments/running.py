"""Run an experiment over several seeds and record it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from cnnlib import data, devices, models, results
from cnnlib.circumstances import circumstances
from cnnlib.errors import BadInput, unknown
from cnnlib.experiments.book import BOOK
from cnnlib.experiments.fast import FAST
from cnnlib.experiments.ladder import LADDER
from cnnlib.experiments.live import LIVE
from cnnlib.experiments.notes import NOTES
from cnnlib.experiments.plan import Experiment, Variant
from cnnlib.experiments.watched import WATCHED
from cnnlib.inspect import layer_table
from cnnlib.train import Watch, confident_mistakes, confusion_matrix, fingerprint, fit, predict, save

EXPERIMENTS = {experiment.name: experiment for experiment in NOTES + BOOK + LADDER + LIVE + WATCHED + FAST}


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
    keep: str | Path | None = None,
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
    keep : str or Path, optional
        A folder for the trained network of each seed, one file each (`cnnlib.results.kept_path`), which
        `cnnlib.train.load` reads.

    Returns
    -------
    list of Path
        The records written, one a variant.

    Raises
    ------
    BadInput
        If a name is unknown, the data set is not on this machine, ``seeds`` is below 1, or the folder to keep networks
        in cannot be written.
    """
    experiment = get(name)
    if seeds < 1:
        raise BadInput(f"seeds is {seeds}; it must be at least 1. Use 5 to see a spread.")
    chosen = variants or list(experiment.variants)
    for variant in chosen:
        if variant not in experiment.variants:
            raise unknown(f"variant in {name}", variant, experiment.variants)
    sets = {name: data.load(name, fallback=False, quiet=True)
            for name in {dataset or experiment.variants[v].dataset or experiment.dataset for v in chosen}}  # fmt: skip
    place = devices.device(device)
    devices.keep_memory()
    written = []
    for variant in chosen:
        cell = experiment.variants[variant]
        pictures = sets[dataset or cell.dataset or experiment.dataset]
        if epochs is not None:
            cell = replace(cell, recipe=replace(cell.recipe, epochs=epochs))
        steps = tqdm(range(seeds), desc=f"{name} {variant}", unit=" seeds", disable=not progress)
        model = models.build(cell.model, **cell.settings)
        side = pictures.size + 2 * cell.recipe.pad
        table = layer_table(model, (pictures.channels, side, side))
        record_name = f"{variant}{'' if epochs is None else f'-{epochs}e'}@{pictures.name}"
        if keep is not None:
            _make_folder(results.kept_path(keep, name, record_name, 0).parent)
        runs = []
        for seed in steps:  # written after each seed, so that a long run that is stopped keeps what it has
            trained, run = _run_once(cell, pictures, seed, place, progress, experiment.watch)
            runs.append(run)
            if keep is not None:
                about = {"experiment": name, "record": record_name, "seed": seed}
                save(trained, results.kept_path(keep, name, record_name, seed), **about)
            record = results.Record(
                experiment=name, variant=variant, title=cell.title, source=experiment.source, model=cell.model,
                settings=cell.settings, recipe=cell.recipe.as_dict(), parameters=table.total_parameters,
                macs=table.total_macs, dataset=results.about_dataset(pictures), runs=runs,
                **circumstances(place),
            )  # fmt: skip
            path = record.write(record_name, root)
        written.append(path)
    return written


def _make_folder(folder: Path) -> None:
    """Make a folder before anything is trained, since a trained network that cannot be kept is lost."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadInput(f"Cannot make {folder}: {problem.strerror}. Name another folder with --keep.") from problem


def _run_once(
    cell: Variant, pictures: data.Dataset, seed: int, place, progress: bool, watched: bool
) -> tuple[nn.Module, dict]:
    """Train and test once; the seed decides the first weights and the order of the pictures."""
    devices.set_seed(seed)
    model = models.build(cell.model, **cell.settings)
    watch = Watch(model) if watched else None
    start = time.perf_counter()
    history = fit(model, pictures, cell.recipe, seed=seed, device=place, progress=progress, watch=watch)
    seconds = time.perf_counter() - start
    logits = predict(model, pictures, cell.recipe, device=place)
    matrix = confusion_matrix(logits, pictures.test_labels)
    mirrored = {}
    if cell.recipe.flip:  # told beside the result and never instead of it
        twice = predict(model, pictures, cell.recipe, device=place, mirrored=True)
        mirrored["test_accuracy_mirrored"] = float((twice.argmax(dim=1) == pictures.test_labels).double().mean())
    return model, {
        "seed": seed,
        "weights": fingerprint(model),
        "test_accuracy": int(matrix.trace()) / len(logits),
        **mirrored,
        "precision": cell.recipe.precision_on(place),
        "test_loss": float(F.cross_entropy(logits, pictures.test_labels)),
        "seconds": round(seconds, 3),
        "confusion": matrix.tolist(),
        "mistakes": [mistake._asdict() for mistake in confident_mistakes(logits, pictures.test_labels)],
        "epochs": [{k: round(v, 6) for k, v in epoch.items()} for epoch in history.epochs],
    } | ({"layers": watch.layers} if watch else {})
