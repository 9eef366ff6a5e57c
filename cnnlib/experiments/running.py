"""Run an experiment over several seeds and record it; what was interrupted goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from cnnlib import data, devices, models, results
from cnnlib.circumstances import circumstances
from cnnlib.errors import BadInput, unknown
from cnnlib.experiments.board import Board, Share
from cnnlib.experiments.book import BOOK
from cnnlib.experiments.fast import FAST
from cnnlib.experiments.full import FULL
from cnnlib.experiments.ladder import LADDER
from cnnlib.experiments.live import LIVE
from cnnlib.experiments.notes import NOTES
from cnnlib.experiments.plan import Experiment, Variant
from cnnlib.experiments.seeds import Seed
from cnnlib.experiments.side_by_side import cores, train_side_by_side
from cnnlib.experiments.unfinished import Unfinished
from cnnlib.experiments.watched import WATCHED
from cnnlib.inspect import layer_table
from cnnlib.train import distributed

# From how much work on processes are worth their start: about ten seconds of one core. In multiply-adds, of which a
# picture counts a million more than its network's, since small steps cost what they cost.
WORTH_STARTING = 1e11
A_PICTURE = 1e6

EXPERIMENTS = {experiment.name: experiment for experiment in NOTES + BOOK + LADDER + LIVE + WATCHED + FAST + FULL}


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
    jobs: int | None = 1,
    restart: bool = False,
) -> list[Path]:
    """Train every variant of an experiment over several seeds and write one record each.

    Each seed keeps its last whole epoch, and its outcome when it is done, in ``.unfinished`` beside the records. So a
    call that was interrupted, in whatever way, is repeated and goes on where it was; all is removed when the records
    are written.

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
        Show one bar over everything, or without a terminal a line for each seed.
    keep : str or Path, optional
        A folder for the trained network of each seed, one file each (`cnnlib.results.kept_path`), which
        `cnnlib.train.load` reads.
    jobs : int, optional
        Seeds that are trained side by side, each in a process with its share of the processor's cores. 1 trains in
        this process with all its threads. None takes one a core on a processor, at most the seeds, where there is
        enough to do, and one on a GPU. A script that takes more than one must guard its own start with
        ``if __name__ == "__main__"``.
    restart : bool
        Throw away what an earlier call has left unfinished.

    Returns
    -------
    list of Path
        The records written, one a variant.

    Raises
    ------
    BadInput
        If a name is unknown, the data set is not on this machine, ``seeds`` or ``jobs`` is below 1, the folder to keep
        networks in cannot be written, or what is unfinished was begun otherwise.
    """
    experiment = get(name)
    for what, number, usual in (("seeds", seeds, "5 to see a spread"), ("jobs", jobs, "1 to time a run")):
        if number is not None and number < 1:
            raise BadInput(f"{what} is {number}; it must be at least 1. Use {usual}.")
    cells = _cells(experiment, dataset, variants, epochs, root)
    place = devices.device(device)
    threads = torch.get_num_threads()
    if jobs is None:
        work = seeds * sum(cell.cost for cell in cells)
        jobs = min(cores(), seeds) if place.type == "cpu" and work >= WORTH_STARTING else 1
    if jobs > 1:
        threads = max(1, min(threads, cores() // jobs))
    about = circumstances(place, jobs, threads)
    with ExitStack() as left:
        for cell in cells:
            left.callback(cell.unfinished.tidy, cell.unfinished.lock())
        for cell in cells:
            if distributed.size() > 1 and not restart and cell.unfinished.about() is not None:
                raise BadInput(
                    f"{name} {cell.record} is not finished, and several processes cannot go on with it: only the first "
                    "would know where it stopped. Finish it in one process, or begin anew with --restart."
                )
            cell.begin(experiment, place, about, restart)
            if keep is not None:
                _make_folder(results.kept_path(keep, name, cell.record, 0).parent)
        planned = {cell.record: cell.seeds(experiment, seeds, place, keep) for cell in cells}
        missing = [one for cell in cells for one in planned[cell.record] if one.finished is None]
        costs = {one.name: cell.cost for cell in cells for one in planned[cell.record] if one in missing}
        board = Board(name, costs, seeds * len(cells) - len(missing), progress)
        left.callback(board.close)
        written = {}

        def done(one: Seed | None = None):
            if one:
                board.done(one)
            for cell in cells:
                runs = [seed.finished for seed in planned[cell.record]]
                if cell.record not in written and None not in runs:
                    written[cell.record] = cell.write(experiment, runs, about, root)

        try:
            done()
            if jobs == 1:
                _train_here(missing, {cell.pictures.name: cell.pictures for cell in cells}, board, done)
            else:
                train_side_by_side(missing, jobs, threads, board.tell, done)
        except KeyboardInterrupt:
            kept = sum(one.finished is not None for ones in planned.values() for one in ones)
            raise KeyboardInterrupt(
                f"stopped. {kept} of {seeds * len(cells)} seeds are kept, and of those under way the last whole epoch. "
                "The same command goes on from there; with --restart it begins anew."
            ) from None
        for cell in cells:
            cell.unfinished.remove()
    return [written[cell.record] for cell in cells]


@dataclass(frozen=True)
class _Cell:
    """A variant on its data set: what becomes one record."""

    name: str
    variant: Variant
    pictures: data.Dataset
    record: str
    parameters: int
    macs: int
    unfinished: Unfinished

    @property
    def cost(self) -> float:
        """About how much work a seed is, in multiply-adds."""
        recipe = self.variant.recipe
        pictures = min(recipe.limit or len(self.pictures.train_images), len(self.pictures.train_images))
        return recipe.epochs * pictures * (self.macs + A_PICTURE)

    def begin(self, experiment: Experiment, place: torch.device, about: dict, restart: bool) -> None:
        """Begin the unfinished work, or go on with it if it is the same."""
        recipe, before = self.variant.recipe, self.unfinished.about()
        # What a trial has found to be fastest once holds until the record is complete.
        settled = recipe.precision_on(place) if before is None or restart else before.get("precision")
        self.unfinished.begin({
            "recipe": recipe.as_dict(), "precision": settled, "model": self.variant.model,
            "settings": self.variant.settings, "watched": experiment.watch, "data": self.pictures.fingerprint,
            "commit": about["commit"], "torch": torch.__version__, **about["hardware"],
        }, restart)  # fmt: skip

    def seeds(self, experiment: Experiment, count: int, place: torch.device, keep: str | Path | None) -> list[Seed]:
        """Return all runs of the record."""
        recipe = replace(self.variant.recipe, precision=self.unfinished.about()["precision"])
        return [
            Seed(
                experiment=experiment.name, record=self.record, variant=replace(self.variant, recipe=recipe),
                dataset=self.pictures.name, device=str(place), seed=seed, watched=experiment.watch,
                unfinished=self.unfinished,
                kept=None if keep is None else results.kept_path(keep, experiment.name, self.record, seed),
            )
            for seed in range(count)
        ]  # fmt: skip

    def write(self, experiment: Experiment, runs: list[dict], about: dict, root: str | Path | None) -> Path:
        """Write the record."""
        return results.Record(
            experiment=experiment.name, variant=self.name, title=self.variant.title, source=experiment.source,
            model=self.variant.model, settings=self.variant.settings, recipe=self.variant.recipe.as_dict(),
            parameters=self.parameters, macs=self.macs, dataset=results.about_dataset(self.pictures), runs=runs,
            **about,
        ).write(self.record, root)  # fmt: skip


def _cells(experiment: Experiment, dataset, variants, epochs, root) -> list[_Cell]:
    """Return what will become records; the data sets are loaded, once each."""
    chosen = variants or list(experiment.variants)
    for variant in chosen:
        if variant not in experiment.variants:
            raise unknown(f"variant in {experiment.name}", variant, experiment.variants)
    wanted = {name: dataset or experiment.variants[name].dataset or experiment.dataset for name in chosen}
    sets = {name: data.load(name, fallback=False, quiet=True) for name in set(wanted.values())}
    cells = []
    for name, dataset_name in wanted.items():
        variant, pictures = experiment.variants[name], sets[dataset_name]
        if epochs is not None:
            variant = replace(variant, recipe=replace(variant.recipe, epochs=epochs))
        side = variant.recipe.side(pictures.size)
        table = layer_table(models.build(variant.model, **variant.settings), (pictures.channels, side, side))
        record = f"{name}{'' if epochs is None else f'-{epochs}e'}@{pictures.name}"
        unfinished = Unfinished.of(experiment.name, record, root)
        cells.append(
            _Cell(name, variant, pictures, record, table.total_parameters, table.total_macs, unfinished)
        )  # fmt: skip
    return cells


def _make_folder(folder: Path) -> None:
    """Make a folder before anything is trained, since a trained network that cannot be kept is lost."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadInput(f"Cannot make {folder}: {problem.strerror}. Name another folder with --keep.") from problem


def _train_here(seeds: Sequence[Seed], sets: dict[str, data.Dataset], board: Board, done) -> None:
    """Train one seed after the other in this process."""
    devices.keep_memory()
    for one in seeds:
        one.train(sets[one.dataset], Share(lambda total, pictures, one=one: board.tell(one, total, pictures)))
        done(one)
