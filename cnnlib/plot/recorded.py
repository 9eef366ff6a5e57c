"""What the ledger holds of one experiment: each seed's curve, and below it each seed's outcome."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np

from cnnlib.plot.style import COLOURS, INK, MUTED, describe, figure
from cnnlib.results import Record

ROW = 0.3  # inches


def recorded(records: Mapping[str, Record], title: str = "", width: float = 6.4):
    """Draw the records of an experiment.

    Above, a line for each seed: the accuracy on the validation pictures by epoch, or where none were held back the
    loss on the training pictures; left out where all runs have one epoch. Below, a row for each record: a dot for each
    seed's test accuracy, and their mean, in the colour of its lines. Of more than six, the six best have a colour.

    Parameters
    ----------
    records : mapping of str to Record
        By their names, in the order from top to bottom.
    title : str
        Words above the figure.
    width : float
        In inches.

    Returns
    -------
    array of Axes, shape (2,) or (1,)

    Examples
    --------
    >>> from cnnlib import results
    >>> record = results.load("lenet", "modern@mnist")
    >>> axes = recorded({"modern": record})
    >>> [ax.get_xlabel() for ax in axes]
    ['epoch', 'test accuracy (%), one dot a seed']
    """
    best = sorted(records, key=lambda name: records[name].mean, reverse=True)[: len(COLOURS)]
    coloured = [name for name in records if name in best]
    colours = {name: COLOURS[coloured.index(name)] if name in best else MUTED for name in records}
    rows = 0.8 + ROW * len(records)
    curved = any(len(run["epochs"]) > 1 for record in records.values() for run in record.runs)
    axes = figure(width=width, height=rows + 3.0 * curved + 0.3 * bool(title), rows=1 + curved, columns=1)
    axes = np.atleast_1d(axes)
    said = []
    if curved:
        axes[0].get_gridspec().set_height_ratios([3.0, rows])
        said.append(_curves(axes[0], records, colours))
    said.append(_outcomes(axes[-1], records, colours))
    if title:
        axes[0].figure.suptitle(textwrap.fill(title, 76), x=0.01, ha="left", fontsize=11, color=INK)
    return describe(axes, " ".join(said))


def _curves(ax, records, colours) -> str:
    """Draw a line for each seed; return what they show."""
    validated = all("val_accuracy" in epoch for r in records.values() for run in r.runs for epoch in run["epochs"])
    column, factor = ("val_accuracy", 100) if validated else ("train_loss", 1)
    for name in sorted(records, key=lambda name: colours[name] != MUTED):  # the coloured ones on top
        for run in records[name].histories:
            x, y = run.column("epoch"), [factor * value for value in run.column(column)]
            ax.plot(x, y, color=colours[name], linewidth=1.2, alpha=0.8, marker="o", markersize=2.5)
    ax.set_xlabel("epoch")
    ax.set_ylabel("validation accuracy (%)" if validated else "training loss")
    ax.xaxis.get_major_locator().set_params(integer=True)
    return f"{'Validation accuracy' if validated else 'Training loss'} by epoch, a line for each seed."


def _outcomes(ax, records, colours) -> str:
    """Draw a row of dots for each record; return what they show."""
    for row, (name, record) in enumerate(records.items()):
        ax.plot(record.values, [row] * record.n, "o", color=colours[name], alpha=0.75, markersize=5)
        ax.plot([record.mean] * 2, [row - 0.32, row + 0.32], color=INK)
    ax.set_yticks(range(len(records)), list(records))
    ax.set_ylim(len(records) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("test accuracy (%), one dot a seed")
    said = "; ".join(f"{name}: mean {r.mean:.1f} of {r.n}" for name, r in records.items())
    return f"Test accuracy in percent, a dot for each seed. {said}."
