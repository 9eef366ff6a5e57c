"""Charts of measurements: curves, bars, spreads over seeds, confusion matrices."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from cnnlib.plot.style import COLOURS, INK, MUTED, blank, describe, figure

_SHARE = LinearSegmentedColormap.from_list("cnn_share", ["#f2f4f6", "#14507f"])  # the same in both themes


def curves(histories, column: str = "train_loss", ylabel: str | None = None, title: str = "", **size):
    """Draw one quantity over the epochs, a line for each run, labelled at its end.

    Parameters
    ----------
    histories : History or sequence of History
        Each with a ``label``.
    column : str
        Such as ``"val_accuracy"``; accuracies are drawn in percent.
    ylabel, title : str
        Words beside and above the chart.
    **size
        ``width`` and ``height`` in inches.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from cnnlib.train import History
    >>> run = History([{"epoch": 1, "train_loss": 2.0}, {"epoch": 2, "train_loss": 1.0}], label="lr 0.1")
    >>> curves(run).figure.get_label()
    'Train loss by epoch. lr 0.1: from 2 to 1.'
    """
    runs = list(histories) if isinstance(histories, Sequence) else [histories]
    ax = figure(**size)
    percent = 100 if column.endswith("accuracy") else 1
    name = column.replace("_", " ").replace("val ", "validation ").capitalize()
    said = []
    for colour, run in zip(_cycle(len(runs)), runs, strict=True):
        x, y = run.column("epoch"), [percent * value for value in run.column(column)]
        ax.plot(x, y, color=colour, marker="o", markersize=3, label=run.label)
        said.append(f"{run.label or 'the run'}: from {y[0]:.3g} to {y[-1]:.3g}")
    ax.set_xlabel("epoch")
    ax.set_ylabel(ylabel or name + (" (%)" if percent == 100 else ""))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_title(title, loc="left")
    if any(run.label for run in runs):
        ax.legend()
    return describe(ax, f"{name} by epoch. {'; '.join(said)}.")


def bars(values: Mapping[str, float], xlabel: str = "", log: bool = False, unit: str = "", title: str = "", **size):
    """Draw one horizontal bar a name, with its value written beside it.

    Parameters
    ----------
    values : mapping of str to float
        In the order from top to bottom.
    xlabel, title : str
        Words below and above the chart.
    log : bool
        A logarithmic axis, for values that differ by factors.
    unit : str
        Written behind each value.
    **size
        ``width`` and ``height`` in inches.

    Returns
    -------
    Axes

    Examples
    --------
    >>> bars({"fully connected": 12_288_010, "convolution": 3_640}, log=True, unit=" parameters").figure.get_label()
    'Bars: fully connected 12,288,010 parameters; convolution 3,640 parameters.'
    """
    size.setdefault("height", 0.7 + 0.45 * len(values))
    ax = figure(**size)
    drawn = ax.barh(list(values), list(values.values()), color=COLOURS[0], height=0.62)
    ax.bar_label(drawn, [_figure_text(v) + unit for v in values.values()], padding=5, color=INK)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    if log:
        ax.set_xscale("log")
    low, high = ax.get_xlim()
    ax.set_xlim(low, high * (20 if log else 1.25))  # room for the words
    ax.set_xlabel(xlabel)
    ax.set_title(title, loc="left")
    return describe(ax, f"Bars: {'; '.join(f'{k} {_figure_text(v)}{unit}' for k, v in values.items())}.")


def spread(values: Mapping[str, Sequence[float]], xlabel: str, marks: Mapping[str, float] | None = None, **size):
    """Draw every seed as a dot and the mean as a line, one row a name.

    Parameters
    ----------
    values : mapping of str to sequence of float
        For each name the value of each seed.
    xlabel : str
        What was measured, with its unit.
    marks : mapping of str to float, optional
        For some of the names a value reported elsewhere, drawn as a diamond.
    **size
        ``width`` and ``height`` in inches.

    Returns
    -------
    Axes

    Examples
    --------
    >>> spread({"cnn": [94.0, 95.0]}, "test accuracy (%)", {"cnn": 96.0}).figure.get_label()
    'Dots for each seed, test accuracy (%). cnn: 94.0 to 95.0, mean 94.5, reported elsewhere 96.0.'
    """
    marks = marks or {}
    size.setdefault("height", 1.3 + 0.45 * len(values))
    ax = figure(**size)
    said = []
    for row, (name, seeds) in enumerate(values.items()):
        mean = statistics.fmean(seeds)
        ax.plot(seeds, [row] * len(seeds), "o", color=COLOURS[0], alpha=0.75, label="one seed" if not row else None)
        ax.plot([mean, mean], [row - 0.28, row + 0.28], color=INK, label="mean" if not row else None)
        words = f"{name}: {min(seeds):.1f} to {max(seeds):.1f}, mean {mean:.1f}"
        if name in marks:
            first = name == next(iter(marks))
            ax.plot([marks[name]], [row], "D", color=COLOURS[1], label="reported elsewhere" if first else None)
            words += f", reported elsewhere {marks[name]:.1f}"
        said.append(words)
    ax.set_yticks(range(len(values)), list(values))
    ax.set_ylim(len(values) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(xlabel)
    ax.figure.legend(loc="outside lower left", ncols=3)
    return describe(ax, f"Dots for each seed, {xlabel}. {'; '.join(said)}.")


def confusion(matrix, classes: Sequence[str], **size):
    """Draw a confusion matrix: rows are the true classes, columns the predicted ones.

    Parameters
    ----------
    matrix : array, shape (classes, classes)
        Counts.
    classes : sequence of str
        Their names.
    **size
        ``width`` and ``height`` in inches.

    Returns
    -------
    Axes

    Examples
    --------
    >>> confusion([[9, 1], [4, 6]], ["cat", "dog"]).figure.get_label()
    'Confusion matrix of 2 classes, 15 of 20 on the diagonal; the most frequent mistake is dog taken for cat (4).'
    """
    counts = np.asarray(matrix)
    share = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    size.setdefault("width", 5.6)
    size.setdefault("height", 5.2)
    ax = figure(grid=False, **size)
    blank(ax)
    ax.imshow(share, cmap=_SHARE, vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "#ffffff" if share[row, column] > 0.5 else "#101820"  # on the cell, not on the page
            ax.text(column, row, f"{count}", ha="center", va="center", fontsize=8, color=colour)
    ax.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    ax.set_yticks(range(len(classes)), classes)
    ax.set_xlabel("predicted")
    ax.set_ylabel("true")
    wrong = counts - np.diag(np.diag(counts))
    true, taken = np.unravel_index(wrong.argmax(), wrong.shape)
    worst = f"the most frequent mistake is {classes[true]} taken for {classes[taken]} ({wrong.max()})"
    return describe(
        ax,
        f"Confusion matrix of {len(classes)} classes, {np.trace(counts)} of {counts.sum()} on the diagonal; "
        f"{worst if wrong.any() else 'no mistakes'}.",
    )


def _cycle(count: int) -> list[str]:
    """Return that many colours, greys after the sixth."""
    return list(COLOURS[:count]) + [MUTED] * (count - len(COLOURS))


def _figure_text(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
