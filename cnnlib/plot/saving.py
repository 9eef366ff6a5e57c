"""Save a figure as a file, for a talk or a report."""

from __future__ import annotations

from pathlib import Path

import matplotlib

from cnnlib.errors import BadInput
from cnnlib.plot.style import PAPER, RC, _figure_of

WORDS = {".svg": "Description", ".png": "Description", ".pdf": "Subject"}  # where each kind of file keeps what it shows


def save(ax, path: str | Path) -> Path:
    """Save a figure on a light background, as the kind of file that its ending names.

    Parameters
    ----------
    ax : Axes, array of Axes or Figure
        The figure. Its description (`describe`) goes into the file.
    path : str or Path
        Ends in ``.svg``, ``.png`` or ``.pdf``.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    BadInput
        If the ending is another, or the file cannot be written.

    Examples
    --------
    >>> from cnnlib.plot import figure
    >>> save(figure(), "curves.gif")
    Traceback (most recent call last):
        ...
    cnnlib.errors.BadInput: curves.gif ends in '.gif'; a figure is saved as .svg, .png or .pdf. Try curves.svg.
    """
    path = Path(path)
    if path.suffix.lower() not in WORDS:
        raise BadInput(
            f"{path} ends in {path.suffix!r}; a figure is saved as .svg, .png or .pdf. Try {path.with_suffix('.svg')}."
        )
    drawn = _figure_of(ax)
    words = {WORDS[path.suffix.lower()]: drawn.get_label()} if drawn.get_label() else {}
    try:
        with matplotlib.rc_context(RC | {"pdf.fonttype": 42}):
            drawn.savefig(path, format=path.suffix.lower()[1:], dpi=200, facecolor=PAPER, metadata=words)
    except OSError as problem:
        raise BadInput(f"Cannot write {path}: {problem.strerror}. Choose a folder you may write to.") from problem
    return path
