"""A benchmark: rows measured, kept in one file a kind of device, and told."""

from __future__ import annotations

import json
import os
import statistics
from pathlib import Path

from cnnlib import devices, experiments, results
from cnnlib.bench import d2l_trainer
from cnnlib.bench.measuring import plain_way, speed
from cnnlib.bench.rows import SPEEDS, TIMES, chosen
from cnnlib.circumstances import circumstances
from cnnlib.errors import BadInput

SEEDS = 5


def bench(
    names: list[str] | None = None,
    full: bool = False,
    seeds: int = SEEDS,
    root: str | Path | None = None,
    device: str = "cpu",
    say=print,
) -> dict:
    """Measure rows on this machine and keep them beside the ledger.

    Parameters
    ----------
    names : list of str, optional
        Keys of `cnnlib.bench.rows.SPEEDS` and `TIMES`; all if left out.
    full : bool
        Measure the times to accuracy anew, too, both ways, with the recipes of the experiment ``fast``. Without it
        those are what is recorded.
    seeds : int
        Of each recipe, at least 1.
    root : str or Path, optional
        The ledger's folder.
    device : str
        Where to compute. What is measured on another than the processor is kept apart.
    say : callable
        Hears each row as soon as it is known.

    Returns
    -------
    dict
        What is kept, as `read` returns it. Speeds of a stand-in for a missing data set are told and not kept.

    Raises
    ------
    BadInput
        If there is no such row or device, ``seeds`` is below 1, a data set is missing for a full measurement, or the
        file cannot be written.
    """
    names, place = chosen(names), devices.device(device)
    if seeds < 1:
        raise BadInput(f"seeds is {seeds}; it must be at least 1. Use 5 to see a spread.")
    kept = read(root, place.type)
    about = circumstances(place)
    for name in names:
        told = kept
        if name in SPEEDS:
            try:
                if name == "d2l":
                    d2l_trainer.package()
            except BadInput as absent:
                say(f"{name}: skipped. {absent}")
                continue
            found = {**speed(SPEEDS[name], device=place), "about": about}
            if found["stand_in"]:
                told = kept | {"speeds": {name: found}}
            else:
                kept["speeds"][name] = found
        elif full:
            row = TIMES[name]
            if row.experiment:
                kept["times"][name] = {**plain_way(row, seeds, device=place, hear=say), "about": about}
                write(kept, root)
            ledger = _ledger(root, place.type)
            experiments.run("fast", seeds=seeds, variants=[row.ours], device=device, root=ledger, restart=True)
        write(kept, root)
        say(line(name, told, root))
    return kept


def read(root: str | Path | None = None, device: str = "cpu") -> dict:
    """Return what was measured last on a kind of device, by row.

    Returns
    -------
    dict
        ``speeds`` as `cnnlib.bench.speed` gives them, ``times`` as `cnnlib.bench.plain_way` does, each with ``about``
        (`cnnlib.circumstances`); and ``device``.

    Examples
    --------
    >>> sorted(read())
    ['device', 'speeds', 'times']
    """
    path = _path(root, device)
    if not path.exists():
        return {"device": device, "speeds": {}, "times": {}}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as problem:
        raise BadInput(f"{path} is broken ({problem}). Delete it and measure again: cnnlib bench --full") from problem


def time_row(name: str, kept: dict, root: str | Path | None = None) -> dict:
    """Return a time to accuracy, both ways, as far as it is recorded.

    Parameters
    ----------
    name : str
        A key of `TIMES`.
    kept : dict
        From `read`.
    root : str or Path, optional
        The ledger's folder.

    Returns
    -------
    dict
        ``record`` (`cnnlib.results.Record`, or None), ``seconds`` of each of its seeds, ``starting``: how many of them
        were spent before the first step, compiling included; ``plain`` (from `cnnlib.bench.plain_way`, or None);
        ``ratio`` (of the means, or None); ``same``: whether both were measured on the same processor with as many
        threads; ``reached``: whether ours reached the accuracy.
    """
    row, ledger = TIMES[name], _ledger(root, kept["device"])
    plain = kept["times"].get(name)
    fast = experiments.get("fast")
    recorded = f"{row.ours}@{fast.variants[row.ours].dataset or fast.dataset}"
    if recorded not in results.names("fast", ledger):
        return {"record": None, "plain": plain, "ratio": None}
    record = results.load("fast", recorded, ledger)
    seconds = [run["seconds"] for run in record.runs]
    starting = [run["seconds"] - sum(epoch["seconds"] for epoch in run["epochs"]) for run in record.runs]
    about = plain["about"]["hardware"] if plain else record.hardware
    return {
        "record": record,
        "seconds": seconds,
        "starting": statistics.fmean(starting),
        "plain": plain,
        "ratio": statistics.fmean(plain["seconds"]) / record.seconds if plain else None,
        "same": all(record.hardware[key] == about[key] for key in ("processor", "threads", "device")),
        "reached": record.mean >= row.accuracy,
    }


def line(name: str, kept: dict, root: str | Path | None = None) -> str:
    """Return one row in words.

    Examples
    --------
    >>> line("0503", {"device": "cpu", "speeds": {}, "times": {}}, "nowhere")
    '0503: not recorded. Measure it: cnnlib bench 0503 --full'
    """
    where = "" if kept["device"] == "cpu" else f" --device {kept['device']}"
    if name in SPEEDS:
        if name not in kept["speeds"]:
            return f"{name}: not measured. Measure it: cnnlib bench {name}{where}"
        return f"{name}: {_speed_words(name, kept['speeds'][name])}"
    found = time_row(name, kept, root)
    if found["record"] is None or (TIMES[name].experiment and not found["plain"]):
        return f"{name}: not recorded. Measure it: cnnlib bench {name} --full{where}"
    return f"{name}: {_time_words(name, kept, found)}"


def _speed_words(name: str, found: dict) -> str:
    row, best = SPEEDS[name], found["best"]
    loop = "d2l's Trainer" if name == "d2l" else "the notes' loop"
    other = f" ({found['other']:,.0f} with {row.other_workers} workers)" if "other" in found else ""
    ours = [f"fit {found['float32']:,.0f}", f"in the fastest precision, {found['precision']}, {found['fastest']:,.0f}"]
    if "compiled" in found:
        ours.append(f"compiled {found['compiled']:,.0f} (after {found['compiling']:.0f} s)")
    middle, low, high = found["ratios"][best]
    reached = "reached" if middle >= row.wanted else "NOT reached"
    stand_in = ", a stand-in: not kept" if found["stand_in"] else ""
    return (
        f"{loop} {found['plain']:,.0f} pictures/s with {row.workers} workers{other}; {', '.join(ours)}: {middle:.1f} × "
        f"({low:.1f} to {high:.1f} in {found['rounds']} rounds; aim {row.wanted:g} ×, {reached}), "
        f"{found['data']}{stand_in}"
    )


def _time_words(name: str, kept: dict, found: dict) -> str:
    row, plain, record = TIMES[name], found["plain"], found["record"]
    words = f"to {row.accuracy:g} % "
    if plain:
        missed = "" if plain["reached"] else f", where its mean is {plain['accuracy']:.1f} %"
        count = f"{plain['epochs']} epochs{missed}, n = {len(plain['runs'])}"
        words += f"the notes' way {spread(plain['seconds'])} s ({count}), "
    words += f"ours {spread(found['seconds'])} s ({found['starting']:.1f} s of them before the first step)"
    if found["ratio"]:
        words += f": {found['ratio']:.0f} × (aim {row.wanted:g} ×)"
    limit = (row.within or {}).get(kept["device"])
    if limit:
        words += f" (aim {limit:g} s)"
    reached = "reached" if found["reached"] else "NOT reached"
    words += f"; {reached}: {record.sentence()}; recorded {record.date}"
    return words + ("" if found["same"] else "; the two were measured on different machines")


def spread(values: list[float]) -> str:
    """Return mean and standard deviation as text.

    Examples
    --------
    >>> spread([99.0, 101.0]), spread([2.041])
    ('100 ± 1', '2.04')
    """
    mean = statistics.fmean(values)
    digits = 0 if mean >= 100 else 1 if mean >= 10 else 2
    return f"{mean:,.{digits}f}" + (f" ± {statistics.stdev(values):,.{digits}f}" if len(values) > 1 else "")


def write(kept: dict, root: str | Path | None) -> Path:
    """Write what was measured, completely or not at all."""
    path = _path(root, kept["device"])
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(partial, path)
    except OSError as problem:
        raise BadInput(f"Cannot write {path}: {problem.strerror}. Name another folder with --results.") from problem
    return path


def _ledger(root: str | Path | None, device: str) -> Path:
    """Return where the records of ``fast`` are: a GPU's are kept apart, so that they do not replace the processor's."""
    return results.ledger(root) if device == "cpu" else results.ledger(root) / device


def _path(root: str | Path | None, device: str) -> Path:
    return results.ledger(root) / ("bench.json" if device == "cpu" else f"bench-{device}.json")
