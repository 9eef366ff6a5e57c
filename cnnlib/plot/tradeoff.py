"""What accuracy costs: one dot a network, its cost to the right, its accuracy upwards."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from cnnlib.plot.style import COLOURS, INK, MUTED, describe, figure

NAMES_FROM = 1.04  # where the names begin, in widths of the chart


def tradeoff(points: Mapping[str, tuple[float, Sequence[float]]], xlabel: str, ylabel: str, **size):
    """Draw accuracy against cost: a bar over the seeds and a dot at their mean for each network, with its name.

    Parameters
    ----------
    points : mapping of str to (cost, values)
        For each name its cost, above 0, and the value of each seed.
    xlabel, ylabel : str
        What the cost and the values are, with their units.
    **size
        ``width`` and ``height`` in inches.

    Returns
    -------
    Axes
        The cost's axis is logarithmic: equal steps are equal factors.

    Examples
    --------
    >>> points = {"small": (1e6, [60.0, 62.0]), "large": (2e7, [80.0, 80.0])}
    >>> tradeoff(points, "multiply-adds", "accuracy (%)").figure.get_label()
    'accuracy (%) against multiply-adds. large: 80.0 at 20,000,000; small: 61.0 at 1,000,000.'
    """
    size.setdefault("height", max(3.2, 0.9 + 0.32 * len(points)))
    ax = figure(**size)
    means = {name: statistics.fmean(values) for name, (_, values) in points.items()}
    order = sorted(points, key=means.get, reverse=True)
    for name in order:
        cost, values = points[name]
        ax.plot([cost, cost], [min(values), max(values)], color=COLOURS[0], alpha=0.6)
        ax.plot([cost], [means[name]], "o", color=COLOURS[0])
    ax.set_xscale("log")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    low, high = ax.get_ylim()
    middle = math.sqrt(math.prod(ends(cost for cost, _ in points.values()) for ends in (min, max)))
    cheap = [name for name in order if points[name][0] < middle]
    aside = [name for name in order if len(cheap) != 1 or name not in cheap]
    heights = dict(zip(aside, _heights([(means[n] - low) / (high - low) for n in aside]), strict=True))
    for name in order:
        words, dot = f"{name}  {means[name]:.1f}", (points[name][0], means[name])
        if name not in heights:  # alone on the cheap side: a line to the edge would cross all others
            ax.annotate(words, dot, (8, 0), textcoords="offset points", va="center", fontsize=9.5, color=INK)
            continue
        # in axes coordinates, so that the names stand below each other however close their values are
        ax.annotate(
            words, dot, (NAMES_FROM, heights[name]), ha="left", va="center",
            textcoords="axes fraction", fontsize=9.5, color=INK,
            arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.6, "relpos": (0, 0.5), "shrinkA": 3,
                        "shrinkB": 4},
        )  # fmt: skip
    said = "; ".join(f"{name}: {means[name]:.1f} at {points[name][0]:,.0f}" for name in order)
    return describe(ax, f"{ylabel} against {xlabel}. {said}.")


def _heights(wanted: Sequence[float]) -> list[float]:
    """Return heights from 0 to 1, falling, near the wanted ones and at least one line of text apart."""
    gap = min(0.085, 1 / max(1, len(wanted) - 1))
    heights, top = [], 1.0
    for place, height in enumerate(wanted):
        lowest = gap * (len(wanted) - 1 - place)  # what those below still need
        heights.append(max(min(height, top), lowest))
        top = heights[-1] - gap
    return heights
