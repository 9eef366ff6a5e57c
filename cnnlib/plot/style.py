"""One look for all figures.

Every colour is drawn as a fixed value and becomes a CSS variable when the figure is shown (`cnnlib.plot.svg`), so that
one figure serves the light and the dark page. The values here are those of the light theme.
"""

from __future__ import annotations

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

# role -> (colour in a file, CSS variable of the book); each colour is used for its role only
ROLES = {
    "ink": ("#1d2733", "--cnn-ink"),
    "muted": ("#5b6876", "--cnn-muted"),
    "grid": ("#d5dbe1", "--cnn-grid"),
    "paper": ("#fdfdfc", "--cnn-paper"),
    "1": ("#1f6fb2", "--cnn-1"),
    "2": ("#c2560c", "--cnn-2"),
    "3": ("#1a7f64", "--cnn-3"),
    "4": ("#a23b86", "--cnn-4"),
    "5": ("#8a6d00", "--cnn-5"),
    "6": ("#5d5fc4", "--cnn-6"),
}
INK, MUTED, GRID, PAPER = (ROLES[role][0] for role in ("ink", "muted", "grid", "paper"))
COLOURS = tuple(ROLES[str(i)][0] for i in range(1, 7))
SIGNED = LinearSegmentedColormap.from_list("cnn_signed", ["#b2480c", "#f4a26b", "#f7f7f5", "#7fb2dd", "#1b5e98"])

RC = {
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "normal",
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 2,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "svg.fonttype": "none",  # words stay words: they can be read aloud, searched and recoloured
    "svg.hashsalt": "cnnlib",
}


def figure(width: float = 6.4, height: float = 3.6, rows: int = 1, columns: int = 1, grid: bool = True):
    """Return an empty figure in the book's style with its Axes.

    Parameters
    ----------
    width, height : float
        In inches; 6.4 is as wide as the page's text.
    rows, columns : int
        Panels.
    grid : bool
        Draw a grid behind the data; switch it off for pictures.

    Returns
    -------
    Axes or array of Axes
        One, or ``rows × columns`` of them.

    Examples
    --------
    >>> ax = figure()
    >>> float(ax.figure.get_figwidth())
    6.4
    """
    with matplotlib.rc_context(RC | {"axes.grid": grid}):
        drawn = Figure(figsize=(width, height), layout="constrained")  # not pyplot's: nothing shows it twice
        return drawn.subplots(rows, columns)


def describe(ax, words: str):
    """Attach to a figure the words that say what it shows, for those who cannot see it.

    Parameters
    ----------
    ax : Axes or array of Axes
        Of the figure.
    words : str
        One or two sentences: the message of the figure, not its colours.

    Returns
    -------
    Axes or array of Axes
        The same, so that a figure function can end with it.

    Examples
    --------
    >>> describe(figure(), "A line that falls from 2.3 to 0.4.").figure.get_label()
    'A line that falls from 2.3 to 0.4.'
    """
    _figure_of(ax).set_label(words)
    return ax


def blank(ax: Axes) -> None:
    """Take away the ticks and the frame, as for a picture."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _figure_of(ax) -> Figure:
    """Return the figure of one Axes, of an array of them, or the figure itself."""
    if isinstance(ax, Figure):
        return ax
    return ax.figure if isinstance(ax, Axes) else ax.flat[0].figure
