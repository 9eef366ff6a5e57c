"""Pictures: photographs, feature maps, kernels, and grids of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.patches import Rectangle

from cnnlib.errors import BadInput
from cnnlib.plot.style import COLOURS, INK, MUTED, SIGNED, blank, describe, figure

PANEL = 1.25  # inches of one small picture


def images(pictures, titles: Sequence[str] | None = None, columns: int = 8, alt: str = "", panel: float = PANEL):
    """Draw pictures side by side.

    Parameters
    ----------
    pictures : Tensor of shape (N, C, H, W), or sequence of Tensors of shape (C, H, W)
        One channel is drawn grey, three in colour; uint8, or floats from 0 to 1. Sizes may differ in a sequence.
    titles : sequence of str, optional
        Words above each.
    columns : int
        How many in a row.
    alt : str
        What they show; without it, their titles.
    panel : float
        Width of each in inches.

    Returns
    -------
    array of Axes

    Raises
    ------
    BadInput
        If a picture has neither one nor three channels.

    Examples
    --------
    >>> images(torch.zeros(2, 1, 8, 8), ["three", "eight"]).flat[0].figure.get_label()
    '2 pictures: three, eight.'
    """
    titles = list(titles or [])
    axes = _panels(len(pictures), columns, panel, bool(titles), pictures[0].shape)
    for i, (ax, picture) in enumerate(zip(axes.flat, pictures, strict=False)):
        values = torch.as_tensor(picture).detach().cpu()
        if values.dim() != 3 or values.shape[0] not in (1, 3):
            raise BadInput(
                f"Picture {i} has shape {tuple(values.shape)}; (1, H, W) or (3, H, W) is needed. "
                "Use plot.maps for feature maps, or take one picture with images[:1]."
            )
        top = 255 if values.dtype == torch.uint8 else 1.0
        shown = values[0] if values.shape[0] == 1 else values.permute(1, 2, 0).clamp(0, top)
        ax.imshow(shown.numpy(), cmap="gray", vmin=0, vmax=top, interpolation="nearest")
        ax.set_title(titles[i] if i < len(titles) else "", fontsize=9)
    listed = f": {', '.join(titles)}" if titles else ""
    return describe(axes, alt or f"{len(pictures)} pictures{listed}.")


def mistakes(pictures, wrong, classes: Sequence[str], columns: int = 6, panel: float = 1.1):
    """Draw the pictures that a network was surest about and wrong, with what it took them for.

    Parameters
    ----------
    pictures : Tensor, shape (N, C, H, W)
        All test pictures.
    wrong : sequence of Mistake
        From `cnnlib.train.confident_mistakes`, or of a record.
    classes : sequence of str
        Names of the classes.
    columns : int
        How many in a row.
    panel : float
        Width of each in inches.

    Returns
    -------
    array of Axes

    Examples
    --------
    >>> from cnnlib.train import Mistake
    >>> one = [Mistake(index=0, label=1, predicted=0, probability=0.98)]
    >>> mistakes(torch.zeros(1, 1, 8, 8), one, ["cat", "dog"]).flat[0].figure.get_label()
    '1 surest mistakes: dog taken for cat (98 %).'
    """
    said = [f"{classes[one.label]} taken for {classes[one.predicted]} ({one.probability:.0%})" for one in wrong]
    titles = [f"{classes[one.label]} →\n{classes[one.predicted]} {one.probability:.0%}" for one in wrong]
    chosen = [pictures[one.index] for one in wrong]
    words = ", ".join(said).replace("%)", " %)")
    return images(chosen, titles, columns, f"{len(wrong)} surest mistakes: {words}.", panel)


def maps(values, titles: Sequence[str] | None = None, columns: int = 8, alt: str = "", panel: float = PANEL,
         shared_range: bool = False):  # fmt: skip
    """Draw feature maps, one panel a channel: orange below zero, white at zero, blue above.

    Parameters
    ----------
    values : Tensor, shape (C, H, W)
        One layer's output on one picture.
    titles : sequence of str, optional
        Words above each.
    columns : int
        How many in a row.
    alt : str
        What they show; without it, their number, size and range.
    panel : float
        Width of each in inches.
    shared_range : bool
        One range of colours for all maps, so that their strengths can be compared; else each has its own.

    Returns
    -------
    array of Axes

    Raises
    ------
    BadInput
        If the values are not three-dimensional.

    Examples
    --------
    >>> maps(torch.ones(6, 4, 4)).flat[0].figure.get_label()
    '6 feature maps of 4×4, values from 1 to 1.'
    """
    values = torch.as_tensor(values).detach().cpu().float()
    if values.dim() != 3:
        raise BadInput(
            f"Feature maps have shape (channels, height, width), not {tuple(values.shape)}. "
            "Take one picture out of a batch with maps[0]."
        )
    titles = list(titles or [])
    axes = _panels(len(values), columns, panel, bool(titles), values.shape)
    for i, (ax, one) in enumerate(zip(axes.flat, values, strict=False)):
        top = float((values if shared_range else one).abs().max()) or 1.0
        ax.imshow(one.numpy(), cmap=SIGNED, vmin=-top, vmax=top, interpolation="nearest")
        ax.set_title(titles[i] if i < len(titles) else "", fontsize=9)
    height, width = values.shape[1:]
    words = f"{len(values)} feature maps of {height}×{width}, values from {values.min():.3g} to {values.max():.3g}."
    return describe(axes, alt or words)


def kernels(weight, columns: int = 8, alt: str = "", panel: float = 0.9):
    """Draw the kernels of a convolution, a row of panels for each filter if it sees several channels.

    Parameters
    ----------
    weight : Tensor, shape (out_channels, in_channels, height, width)
        ``conv.weight``.
    columns : int
        How many in a row where there is one input channel; else the rows have one panel an input channel.
    alt : str
        What they show; without it, their number and size.
    panel : float
        Width of each in inches.

    Returns
    -------
    array of Axes

    Examples
    --------
    >>> kernels(torch.rand(6, 1, 5, 5)).flat[0].figure.get_label()
    '6 filters, each with 1 kernel of 5×5.'
    """
    weight = torch.as_tensor(weight).detach().cpu().float()
    outs, ins, height, width = weight.shape
    one_range = weight.abs().max() or 1.0
    titles = [f"filter {o}" if ins == 1 else f"filter {o}, channel {i}" for o in range(outs) for i in range(ins)]
    words = f"{outs} filters, each with {ins} kernel{'s' * (ins > 1)} of {height}×{width}."
    flat = weight.reshape(outs * ins, height, width) / one_range
    return maps(flat, titles, columns if ins == 1 else ins, alt or words, panel, shared_range=True)


def numbers(values, highlight=(), title: str = "", cell: float = 0.42, alt: str = "", ax=None):
    """Draw a small grid of numbers, as in arithmetic done by hand.

    Parameters
    ----------
    values : array, shape (H, W)
        Whole numbers or short decimals; nan is an empty cell.
    highlight : sequence of (row, column)
        Cells with a coloured ground, such as the window.
    title : str
        Words above.
    cell : float
        Side of a cell in inches.
    alt : str
        What it shows; without it, the numbers row by row.
    ax : Axes, optional
        Draw into this one, to put several grids side by side.

    Returns
    -------
    Axes

    Examples
    --------
    >>> numbers([[1, 2], [3, 4]], highlight=[(0, 0)], title="input").figure.get_label()
    'input 2×2: 1 2; 3 4.'
    """
    grid = np.atleast_2d(np.asarray(values, dtype=float))
    rows, columns = grid.shape
    if ax is None:
        ax = figure(width=columns * cell + 0.2, height=rows * cell + (0.5 if title else 0.2), grid=False)
    blank(ax)
    marked = {tuple(place) for place in highlight}
    for (row, column), value in np.ndenumerate(grid):
        face = COLOURS[0] if (row, column) in marked else "none"
        alpha = 0.25 if (row, column) in marked else None
        ax.add_patch(Rectangle((column, row), 1, 1, facecolor=face, alpha=alpha, linewidth=0))
        ax.add_patch(Rectangle((column, row), 1, 1, facecolor="none", edgecolor=MUTED, linewidth=0.8))
        if not math.isnan(value):
            ax.text(column + 0.5, row + 0.5, _short(value), ha="center", va="center", fontsize=10, color=INK)
    ax.set_xlim(-0.05, columns + 0.05)
    ax.set_ylim(rows + 0.05, -0.05)
    ax.set_aspect("equal")
    ax.set_title(title, fontsize=10)
    said = "; ".join(" ".join("empty" if math.isnan(v) else _short(v) for v in row) for row in grid)
    words = f"{title + ' ' if title else ''}{rows}×{columns}: {said}."
    return describe(ax, alt or " ".join(filter(None, [ax.figure.get_label(), words])))


def _panels(count: int, columns: int, panel: float, titled: bool, shape: Sequence[int]):
    """Return an array of blank Axes, at least one, of the form of pictures with this shape (..., H, W)."""
    columns = max(1, min(columns, count))
    rows = max(1, math.ceil(count / columns))
    height = panel * shape[-2] / shape[-1] + (0.22 if titled else 0.04)
    axes = figure(columns * panel, rows * height, rows, columns, grid=False)
    axes = np.atleast_1d(axes)
    for ax in axes.flat:
        blank(ax)
    return axes


def _short(value: float) -> str:
    return f"{value:g}" if value == round(value) else f"{value:.2f}"
