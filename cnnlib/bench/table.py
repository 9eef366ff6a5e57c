"""The tables of a benchmark, in Markdown: for a page, and for a file."""

from __future__ import annotations

import json
from pathlib import Path

from cnnlib.bench.report import read, spread, time_row
from cnnlib.bench.rows import SPEEDS, TIMES
from cnnlib.errors import BadInput

MISSING = "not recorded"


def speed_table(kept: dict) -> str:
    """Return the pictures a second of each way, as a table in Markdown.

    Parameters
    ----------
    kept : dict
        From `cnnlib.bench.read`.

    Examples
    --------
    >>> print(speed_table({"device": "cpu", "speeds": {}, "times": {}}).splitlines()[2])
    | LeNet of note 001, batch 256 | not recorded | – | – | – | – | ≥ 4 × | – | – |
    """
    head = ("same network, data, batches, epochs", "the other loop", "`fit`", "fastest precision", "compiled", "ratio",
            "aim", "reached", "data")  # fmt: skip
    rows = []
    for name, row in SPEEDS.items():
        found = kept["speeds"].get(name)
        if not found:
            rows.append((row.title, MISSING, "", "", "", "", f"≥ {row.wanted:g} ×", "", ""))
            continue
        other = f" ({found['other']:,.0f} with {row.other_workers} workers)" if "other" in found else ""
        compiled = f"{found['compiled']:,.0f} (after {found['compiling']:.0f} s)" if "compiled" in found else ""
        middle, low, high = found["ratios"][found["best"]]
        rows.append((
            row.title, f"{found['plain']:,.0f}{other}", f"{found['float32']:,.0f}",
            f"{found['fastest']:,.0f} ({found['precision']})", compiled,
            f"{middle:.1f} × ({low:.1f} to {high:.1f}, n = {found['rounds']})", f"≥ {row.wanted:g} ×",
            "yes" if middle >= row.wanted else "no", found["data"],
        ))  # fmt: skip
    return _markdown(head, rows)


def time_table(kept: dict, root: str | Path | None = None) -> str:
    """Return the times to accuracy, both ways, as a table in Markdown.

    Parameters
    ----------
    kept : dict
        From `cnnlib.bench.read`.
    root : str or Path, optional
        The ledger's folder.

    Examples
    --------
    >>> print(time_table({"device": "cpu", "speeds": {}, "times": {}}, "nowhere").splitlines()[2])
    | LeNet of note 001 | 77.9 % | not recorded | not recorded | – | – | ≥ 30 × | – |
    """
    head = ("network", "to", "the notes' way, s", "ours, s", "our accuracy", "ratio", "aim", "reached")
    rows = []
    for name, row in TIMES.items():
        found = time_row(name, kept, root)
        record, plain, ratio = found["record"], found["plain"], found["ratio"]
        limit = (row.within or {}).get(kept["device"])
        cells = [row.title, f"{row.accuracy:g} %", MISSING if row.experiment else "", MISSING, "", ""]
        cells += [f"≥ {row.wanted:g} ×" if row.wanted else f"≤ {limit:g} s" if limit else "", ""]
        if plain:
            note = f"{plain['epochs']} epochs" + ("" if plain["reached"] else f", to {plain['accuracy']:.1f} % only")
            cells[2] = f"{spread(plain['seconds'])} ({note}, n = {len(plain['runs'])})"
        if record:
            cells[3] = f"{spread(found['seconds'])} ({found['starting']:.1f} before the first step)"
            cells[4] = record.sentence()
            quick = not limit or record.seconds <= limit
            if ratio is not None:
                cells[5], quick = f"{ratio:.0f} ×", ratio >= row.wanted
            if ratio is not None or not row.experiment:
                cells[7] = "yes" if found["reached"] and quick else "no"
        rows.append(cells)
    return _markdown(head, rows)


def export(path: str | Path, root: str | Path | None = None, device: str = "cpu") -> None:
    """Write both tables as Markdown, or with what they rest on as JSON: the file's name ends in .md or .json.

    Parameters
    ----------
    path : str or Path
        The file.
    root : str or Path, optional
        The ledger's folder.
    device : str
        The kind of device that was measured.

    Raises
    ------
    BadInput
        If the name ends otherwise, or the file cannot be written.
    """
    check_name(path)
    path, kept = Path(path), read(root, device)
    text = f"{speed_table(kept)}\n\n{time_table(kept, root)}\n\n{machines(kept, root)}\n"
    if path.suffix == ".json":
        for name in kept["times"]:
            kept["times"][name]["ratio"] = time_row(name, kept, root)["ratio"]
        text = json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise BadInput(f"Cannot write {path}: {problem.strerror}. Name another file with --out.") from problem


def check_name(path: str | Path) -> None:
    """Refuse a file that `export` could not write, before hours are spent on measuring.

    Raises
    ------
    BadInput
        If its name ends neither in .md nor in .json, or its folder is not there.

    Examples
    --------
    >>> check_name("bench.md")
    """
    path = Path(path)
    if path.suffix not in (".md", ".json"):
        raise BadInput(f"{path.name} ends in {path.suffix!r}; it must end in .md (tables) or .json. Try bench.md.")
    if not path.parent.is_dir():
        raise BadInput(f"There is no folder {path.parent}. Make it, or name another file with --out.")


def machines(kept: dict, root: str | Path | None = None) -> str:
    """Return what the tables were measured on, and when: one sentence, or one for each machine.

    Parameters
    ----------
    kept : dict
        From `cnnlib.bench.read`.
    root : str or Path, optional
        The ledger's folder.

    Examples
    --------
    >>> about = {"hardware": {"processor": "Chip", "threads": 2, "device": "cpu"}, "versions": {"torch": "2.15.0"}}
    >>> speeds = {"vgg": {"about": about | {"date": "2026-11-25"}}}
    >>> machines({"device": "cpu", "speeds": speeds, "times": {}}, "nowhere")
    'All measured on: Chip, 2 threads, torch 2.15.0, 2026-11-25.'
    """
    found: dict[str, list[str]] = {}
    for name, row in [*kept["speeds"].items(), *kept["times"].items()]:
        found.setdefault(_machine(**row["about"]), []).append(name)
    for name in TIMES:
        if record := time_row(name, kept, root)["record"]:
            on = _machine(record.hardware, record.versions, record.date)
            found.setdefault(on, []).append(f"ours of {name}")
    if len(found) == 1:
        return f"All measured on: {next(iter(found))}."
    return " ".join(f"{', '.join(names)}: {on}." for on, names in found.items())


def _machine(hardware: dict, versions: dict, date: str, **_) -> str:
    on = f"{hardware['threads']} threads" if hardware["device"] == "cpu" else hardware["device"]
    return f"{hardware['processor']}, {on}, torch {versions['torch']}, {date}"


def _markdown(head, rows) -> str:
    lines = [head, ["---"] * len(head), *([cell or "–" for cell in cells] for cells in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
