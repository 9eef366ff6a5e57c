"""Put a figure on the page as one inline SVG that follows the page's theme and says what it shows."""

from __future__ import annotations

import base64
import html
import io
import itertools
import re

import matplotlib
from IPython.display import HTML, display
from PIL import Image

from cnnlib.errors import BadInput
from cnnlib.plot.style import RC, ROLES, _figure_of

_PHOTOGRAPH = 20_000  # bytes of a PNG; what is larger is no chart of exact cells
_numbers = itertools.count(1)  # several figures share a page, and their ids must differ


def to_svg(ax, alt: str | None = None) -> str:
    """Return a figure as inline SVG: colours as CSS variables, ``role="img"`` and a description.

    Parameters
    ----------
    ax : Axes, array of Axes or Figure
        The figure.
    alt : str, optional
        What it shows; the figure's own description (`describe`) if left out.

    Returns
    -------
    str

    Raises
    ------
    BadInput
        If nothing says what the figure shows.

    Examples
    --------
    >>> from cnnlib.plot import figure
    >>> svg = to_svg(figure(), alt="An empty grid.")
    >>> svg.startswith('<svg role="img" aria-label="An empty grid."')
    True
    """
    drawn = _figure_of(ax)
    words = alt or drawn.get_label()
    if not words:
        raise BadInput("The figure has no description. Give one: plot.show(ax, alt='What it shows, in a sentence.').")
    for legend in [panel.get_legend() for panel in drawn.axes] + drawn.legends:
        if legend is not None:
            legend.set_frame_on(False)  # a white box would stay white on the dark page
    sink = io.StringIO()
    with matplotlib.rc_context(RC):
        drawn.savefig(sink, format="svg", metadata={"Date": None, "Creator": None})
    svg = sink.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    width, height = (round(float(size)) for size in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
    tag = (
        f'<svg role="img" aria-label="{html.escape(words)}" class="cnnlib-figure" viewBox="0 0 {width} {height}" '
        # what matplotlib leaves black has no fill of its own and inherits this one
        f'style="width: 100%; max-width: {width * 4 // 3}px; height: auto; fill: var(--cnn-ink, #1d2733)" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    svg = tag + svg[svg.index(">") + 1 :]
    svg = re.sub(r"data:image/png;base64,([^\"]+)", _as_webp, svg)
    prefix = f"f{next(_numbers)}-"
    svg = re.sub(r'\bid="', f'id="{prefix}', svg)
    svg = re.sub(r"url\(#", f"url(#{prefix}", svg)
    svg = re.sub(r'xlink:href="#', f'xlink:href="#{prefix}', svg)
    for colour, variable in ROLES.values():
        svg = svg.replace(colour, f"var({variable}, {colour})")
    return re.sub(r"font: (\d+)px [^;\"]*", r"font: \1px var(--cnn-font, sans-serif)", svg).strip()


def _as_webp(png: re.Match) -> str:
    """Return an embedded picture in less room: to the last bit where cells must stay exact, nearly so a photograph."""
    packed = base64.b64decode(png[1])
    sink = io.BytesIO()
    with Image.open(io.BytesIO(packed)) as picture:
        picture.save(sink, "WEBP", lossless=len(packed) < _PHOTOGRAPH, quality=85)
    return f"data:image/webp;base64,{base64.b64encode(sink.getvalue()).decode()}"


def show(ax, alt: str | None = None) -> None:
    """Show a figure as the output of a cell.

    Parameters
    ----------
    ax, alt
        As in `to_svg`.

    Raises
    ------
    BadInput
        If nothing says what the figure shows.
    """
    display(HTML(f'<div class="cnnlib-figure-box">{to_svg(ax, alt)}</div>'))
