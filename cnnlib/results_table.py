"""The ledger as a table: for people, for a spreadsheet, and for programs."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from string import ascii_lowercase

from cnnlib.results import Record


def rows(records: Mapping[tuple[str, str], Record]) -> list[dict]:
    """Return a row of plain values for each record.

    Parameters
    ----------
    records : mapping of (str, str) to Record
        By their experiments and their names.

    Returns
    -------
    list of dict
        Accuracies in percent, the time of one seed in seconds; what is not known is None.

    Examples
    --------
    >>> from cnnlib import results
    >>> row, = rows({("0501", "cnn@mnist"): results.load("0501", "cnn@mnist")})
    >>> row["record"], row["variant"], row["data"], row["n"], row["parameters"]
    ('cnn@mnist', 'cnn', 'mnist', 5, 6422)
    """
    return [
        {
            "experiment": experiment,
            "record": name,
            "variant": record.variant,
            "data": record.dataset["name"],
            "n": record.n,
            "mean": round(record.mean, 4),
            "sd": None if math.isnan(record.sd) else round(record.sd, 4),
            "min": min(record.values),
            "max": max(record.values),
            "parameters": record.parameters,
            "seconds": round(record.seconds, 3),
            "processor": record.hardware["processor"],
            "device": record.hardware["device"],
            "threads": record.hardware["threads"],
            "processes": record.hardware.get("processes"),
            "date": record.date,
            "commit": record.commit,
        }
        for (experiment, name), record in records.items()
    ]


def text(records: Mapping[str, Record]) -> str:
    """Return the records of one experiment in aligned columns, and below them what they ran on.

    Parameters
    ----------
    records : mapping of str to Record
        By their names.

    Examples
    --------
    >>> from cnnlib import results
    >>> print(text({"cnn@mnist": results.load("0501", "cnn@mnist")}).split("  ")[0])
    record
    """
    listed = rows({(record.experiment, name): record for name, record in records.items()})
    places = {}
    for row in listed:
        places.setdefault(_place(row), _letter(len(places)))
    heads = ("record", "n", "test accuracy, %", "min–max", "parameters", "s a seed", "on", "date", "commit")
    cells = [heads] + [
        (
            row["record"], f"{row['n']}", f"{row['mean']:.2f}" + ("" if row["sd"] is None else f" ± {row['sd']:.2f}"),
            f"{row['min']:.2f}–{row['max']:.2f}", f"{row['parameters']:,}", f"{row['seconds']:,.1f}",
            places[_place(row)], row["date"], row["commit"],
        )
        for row in listed
    ]  # fmt: skip
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(f"{cell:{'<' if i in (0, 6, 7, 8) else '>'}{wide[i]}}" for i, cell in enumerate(line)).rstrip()
             for line in cells]  # fmt: skip
    lines.insert(1, "  ".join("-" * width for width in wide))
    return "\n".join(lines + [f"on {letter}: {place}" for place, letter in places.items()])


def export(records: Mapping[tuple[str, str], Record], form: str) -> str:
    """Return all values of `rows` as text that another program reads.

    Parameters
    ----------
    records : mapping of (str, str) to Record
        By their experiments and their names.
    form : {'csv', 'json'}
        Values separated by commas, below a line of names; or a list of objects.

    Examples
    --------
    >>> from cnnlib import results
    >>> export({("0501", "cnn@mnist"): results.load("0501", "cnn@mnist")}, "csv").splitlines()[1][:31]
    '0501,cnn@mnist,cnn,mnist,5,94.6'
    """
    listed = rows(records)
    if form == "json":
        return json.dumps(listed, indent=1, ensure_ascii=False)
    sink = io.StringIO()
    writer = csv.DictWriter(sink, list(listed[0]) if listed else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return sink.getvalue().rstrip("\n")


def _place(row: dict) -> str:
    """Return in words what a record ran on."""
    threads = f"{row['threads']} thread{'s' * (row['threads'] != 1)}"
    beside = f", {row['processes']} seeds side by side" if (row["processes"] or 1) > 1 else ""
    device = "" if row["device"] == "cpu" else f"{row['device']}, "
    return f"{device}{row['processor']}, {threads}{beside}"


def _letter(number: int) -> str:
    return ascii_lowercase[number] if number < 26 else str(number)
