"""The ledger: one JSON file a recorded run, with everything needed to judge it and to repeat it."""

from __future__ import annotations

import json
import math
import os
import re
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cnnlib.circumstances import PROJECT
from cnnlib.data import Dataset
from cnnlib.errors import BadInput, unknown
from cnnlib.train import History

# A list of numbers, each on a line of its own; one line for all of them is shorter and as easy to read.
NUMBERS = re.compile(r"\[\n\s+(?:(?:[-+.\deE]+|null),?\n\s+)+\]")


@dataclass(frozen=True)
class Record:
    """One variant of an experiment on one data set, over several seeds.

    Attributes
    ----------
    experiment, variant, title, source : str
        Which cell of which experiment, how to call it, and where its recipe comes from.
    model : str
        A name in the registry of `cnnlib.models`; ``settings`` are what it was built with.
    settings, recipe : dict
        Arguments of the network's builder and of `cnnlib.train.Recipe`.
    parameters, macs : int
        Trainable parameters; multiply-adds for one picture.
    dataset : dict
        Name, title, fingerprint, number of training and test pictures, shape of one, classes.
    runs : list of dict
        For each seed its ``seed``, ``test_accuracy``, ``test_loss``, ``seconds``, ``epochs``, ``confusion`` (rows:
        true classes) and ``mistakes`` (the surest wrong answers, by the pictures' place in the test set). Newer ones
        have ``weights`` too, the trained network's `cnnlib.train.fingerprint`; the ``precision`` computed in; and where
        training mirrored pictures ``test_accuracy_mirrored``, that of the mean of each picture's logits and its mirror
        image's. Watched ones have ``layers``, as in `cnnlib.train.Watch`.
    hardware, versions : dict
        What it ran on. Seconds depend on ``threads`` and, in newer records, on how many ``processes`` trained side by
        side.
    commit, command, date : str
        The project's commit ("+ changes" if the checkout had any), the command line, the day.
    """

    experiment: str
    variant: str
    title: str
    source: str
    model: str
    settings: dict
    recipe: dict
    parameters: int
    macs: int
    dataset: dict
    runs: list
    hardware: dict
    versions: dict
    commit: str
    command: str
    date: str

    @property
    def values(self) -> list[float]:
        """Test accuracy of each seed, in percent."""
        return [100 * run["test_accuracy"] for run in self.runs]

    @property
    def n(self) -> int:
        """Number of seeds."""
        return len(self.runs)

    @property
    def mean(self) -> float:
        """Mean test accuracy over the seeds, in percent."""
        return statistics.fmean(self.values)

    @property
    def sd(self) -> float:
        """Standard deviation over the seeds (n - 1 in the denominator), in percentage points; nan for one seed."""
        return statistics.stdev(self.values) if self.n > 1 else float("nan")

    @property
    def seconds(self) -> float:
        """Mean training time of one seed."""
        return statistics.fmean(run["seconds"] for run in self.runs)

    @property
    def histories(self) -> list[History]:
        """The epochs of each seed, ready to be drawn."""
        return [History(run["epochs"], label=f"seed {run['seed']}") for run in self.runs]

    @property
    def confusion(self) -> list[list[int]]:
        """How often each class (row) was taken for each class (column), over all seeds."""
        matrices = [run["confusion"] for run in self.runs]
        return [[sum(cells) for cells in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]

    def training_error(self, epoch: int = -1) -> list[float]:
        """Return each seed's error in percent on the pictures it was trained on, in an epoch (the last by default)."""
        return [100 * (1 - run["epochs"][epoch]["train_accuracy"]) for run in self.runs]

    def sentence(self) -> str:
        """Return the result as running text.

        Examples
        --------
        >>> load("0501", "cnn@mnist").sentence().endswith("% (n = 5 seeds, MNIST)")
        True
        """
        seeds = f"n = {self.n} seed{'s' * (self.n > 1)}"
        spread = f" ± {self.sd:.1f}" if self.n > 1 else ""
        return f"{self.mean:.1f}{spread} % ({seeds}, {self.dataset['title']})"

    def place_of(self, value: float) -> str:
        """Return where another single result lies in the spread of these seeds, in words.

        Parameters
        ----------
        value : float
            A test accuracy in percent.
        """
        above = sum(v > value for v in self.values)
        distance = (value - self.mean) / self.sd
        side = "above" if distance > 0 else "below"
        return (
            f"{abs(distance):.1f} standard deviations {side} the mean of {self.n} seeds "
            f"({min(self.values):.1f} to {max(self.values):.1f} %); {above} of {self.n} seeds did better"
        )

    def write(self, name: str, root: str | Path | None = None) -> Path:
        """Write the record to ``<root>/<experiment>/<name>.json``, completely or not at all."""
        path = ledger(root) / self.experiment / f"{name}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(f".{os.getpid()}.partial")
            text = json.dumps(_without_nan(asdict(self)), indent=1, ensure_ascii=False, allow_nan=False)
            text = NUMBERS.sub(lambda found: " ".join(found[0].split()).replace("[ ", "[").replace(" ]", "]"), text)
            partial.write_text(text + "\n", encoding="utf-8")
            os.replace(partial, path)
        except OSError as problem:
            raise BadInput(f"Cannot write {path}: {problem.strerror}. Name another folder with --results.") from problem
        return path


def ledger(root: str | Path | None = None) -> Path:
    """Return the ledger's folder: the one given, else ``CNNLIB_RESULTS``, else ``results`` in the project.

    Examples
    --------
    >>> ledger().name
    'results'
    """
    return Path(root or os.environ.get("CNNLIB_RESULTS") or PROJECT / "results")


def kept_path(folder: str | Path, experiment: str, name: str, seed: int) -> Path:
    """Return where ``cnnlib run --keep FOLDER`` puts the trained network of one seed.

    Examples
    --------
    >>> kept_path("kept", "0501", "cnn@mnist", 0).as_posix()
    'kept/0501/cnn@mnist-seed0.pt'
    """
    return Path(folder) / experiment / f"{name}-seed{seed}.pt"


def names(experiment: str, root: str | Path | None = None) -> list[str]:
    """Return the names of an experiment's records, ``variant@dataset``, sorted.

    Examples
    --------
    >>> "cnn@mnist" in names("0501")
    True
    """
    return sorted(path.stem for path in (ledger(root) / experiment).glob("*.json"))


def experiments(root: str | Path | None = None) -> list[str]:
    """Return the names of the experiments that have records."""
    return sorted({path.parent.name for path in ledger(root).glob("[!.]*/*.json")})


def load(experiment: str, name: str, root: str | Path | None = None) -> Record:
    """Read one record.

    Parameters
    ----------
    experiment : str
        For example ``"0501"``.
    name : str
        ``variant@dataset``, for example ``"cnn-permuted@mnist"``.
    root : str or Path, optional
        As in `ledger`.

    Returns
    -------
    Record

    Raises
    ------
    BadInput
        If there is no such record, or it is broken.

    Examples
    --------
    >>> load("note001", "as-written@fashion_mnist").parameters
    111302
    """
    path = ledger(root) / experiment / f"{name}.json"
    if not path.is_file():
        known = names(experiment, root)
        if known:
            raise unknown(f"record of {experiment}", name, known)
        raise BadInput(f"Nothing is recorded for {experiment!r} in {ledger(root)}. Run: cnnlib run {experiment}")
    try:
        record = Record(**json.loads(path.read_text(encoding="utf-8")))
        for run in record.runs:
            for numbers in (run, *run["epochs"]):
                numbers.update({key: math.nan for key, value in numbers.items() if value is None})
    except (ValueError, TypeError, KeyError) as problem:
        raise BadInput(f"{path} is broken ({problem}). Record it again: cnnlib run {experiment}") from problem
    return record


def load_all(experiment: str, root: str | Path | None = None, order: Sequence[str] = ()) -> dict[str, Record]:
    """Read all records of an experiment.

    Parameters
    ----------
    experiment, root
        As in `load`.
    order : sequence of str
        Variants that come first, in this order, within each data set.

    Returns
    -------
    dict of str to Record
        By their names.

    Raises
    ------
    BadInput
        If there is none, or one is broken.

    Examples
    --------
    >>> list(load_all("lenet", order=["modern", "1998"]))
    ['modern@mnist', '1998@mnist']
    """
    found = names(experiment, root)
    if not found and experiments(root):
        raise unknown("recorded experiment", experiment, experiments(root))
    records = {name: load(experiment, name, root) for name in found or [""]}
    places = {variant: place for place, variant in enumerate(order)}
    key = {n: (r.dataset["name"], places.get(r.variant, len(places)), n) for n, r in records.items()}
    return {name: records[name] for name in sorted(records, key=key.get)}


def _without_nan(value):
    """Return the same with None for each number that is none, as after a divergence: JSON has no word for it."""
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def about_dataset(dataset: Dataset) -> dict:
    """Return what a record keeps about its data."""
    return {
        "name": dataset.name,
        "title": dataset.title,
        "fingerprint": dataset.fingerprint,
        "train": len(dataset.train_images),
        "test": len(dataset.test_images),
        "shape": list(dataset.train_images.shape[1:]),
        "classes": list(dataset.classes),
    }
