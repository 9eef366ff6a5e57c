"""The table of a benchmark: measured, kept in one file, printed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch

from cnnlib import experiments, results
from cnnlib.bench.measuring import plain_seconds, speed
from cnnlib.bench.rows import SPEEDS, TIMES, chosen
from cnnlib.circumstances import circumstances
from cnnlib.errors import BadInput

SEEDS = 5


def bench(
    names: list[str] | None = None, full: bool = False, seeds: int = SEEDS, root: str | Path | None = None, say=print
) -> dict:
    """Measure rows on this machine and keep them beside the ledger.

    Parameters
    ----------
    names : list of str, optional
        Keys of `cnnlib.bench.rows.SPEEDS` and `TIMES`; all if left out.
    full : bool
        Measure the times to accuracy anew, too, both ways, with the recipes of the experiment ``fast``. Without it
        those are what the file holds.
    seeds : int
        Of the recipes of ``fast``.
    root : str or Path, optional
        The ledger's folder.
    say : callable
        Hears each row as soon as it is known.

    Returns
    -------
    dict
        What is kept, as `read` returns it.

    Raises
    ------
    BadInput
        If there is no such row, a data set is missing for a full measurement, or the file cannot be written.
    """
    names, kept = chosen(names), read(root)
    about = circumstances(torch.device("cpu"))
    for name in names:
        if name in SPEEDS:
            kept["speeds"][name] = {**speed(SPEEDS[name]), "about": about}
        elif full:
            row = TIMES[name]
            plain = plain_seconds(row)
            experiments.run("fast", seeds=seeds, variants=[row.ours], device="cpu", root=root)
            kept["times"][name] = {"plain": plain, "about": about}
        _write(kept, root)
        say(line(name, kept, root))
    return kept


def read(root: str | Path | None = None) -> dict:
    """Return what was measured last, by row: ``speeds`` as `speed` gives them, ``times`` with the notes' seconds.

    Examples
    --------
    >>> sorted(read())
    ['speeds', 'times']
    """
    path = _path(root)
    if not path.exists():
        return {"speeds": {}, "times": {}}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as problem:
        raise BadInput(f"{path} is broken ({problem}). Delete it and measure again: cnnlib bench --full") from problem


def time_row(name: str, kept: dict, root: str | Path | None = None) -> dict | None:
    """Return a time to accuracy with the record of ``fast``: None where one of the two is missing.

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
    dict or None
        ``plain`` and ``ours`` in seconds, ``ratio``, ``record`` (`cnnlib.results.Record`), whether the accuracy is
        ``reached``, and whether both were measured on the ``same`` processor with as many threads.
    """
    row = TIMES[name]
    found = [record for record in results.names("fast", root) if record.split("@")[0] == row.ours]
    if name not in kept["times"] or not found:
        return None
    record, plain = results.load("fast", found[0], root), kept["times"][name]
    same = all(record.hardware[key] == plain["about"]["hardware"][key] for key in ("processor", "threads"))
    return {"plain": plain["plain"], "ours": record.seconds, "ratio": plain["plain"] / record.seconds,
            "record": record, "reached": record.mean >= row.accuracy, "same": same}  # fmt: skip


def line(name: str, kept: dict, root: str | Path | None = None) -> str:
    """Return one row in words.

    Examples
    --------
    >>> line("0503", {"speeds": {}, "times": {}})
    '0503: not recorded. Measure it: cnnlib bench 0503 --full'
    """
    if name in SPEEDS:
        if name not in kept["speeds"]:
            return f"{name}: not measured. Measure it: cnnlib bench {name}"
        row, found = SPEEDS[name], kept["speeds"][name]
        return (
            f"{name}: the notes' loop {found['plain']:,.0f} pictures/s, fit in float32 {found['float32']:,.0f}, in the "
            f"fastest precision {found['fastest']:,.0f}: {found['ratio']:.1f} × (aim {row.wanted:g} ×), {found['data']}"
        )
    found, row = time_row(name, kept, root), TIMES[name]
    if found is None:
        return f"{name}: not recorded. Measure it: cnnlib bench {name} --full"
    reached = "reached" if found["reached"] else "NOT reached"
    where = "" if found["same"] else "; the two were measured on different machines"
    return (
        f"{name}: to {row.accuracy} % the notes' way {found['plain']:,.0f} s, ours {found['ours']:.1f} s: "
        f"{found['ratio']:.0f} × (aim {row.wanted:g} ×), {reached}: {found['record'].sentence()}{where}"
    )


def _path(root: str | Path | None) -> Path:
    return results.ledger(root) / "bench.json"


def _write(kept: dict, root: str | Path | None) -> None:
    path = _path(root)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(partial, path)
    except OSError as problem:
        raise BadInput(f"Cannot write {path}: {problem.strerror}. Name another folder with --results.") from problem
