"""Takes sphinx-thebe out of the pages.

Jupyter Book always loads that extension. It writes the address of another host into every page, twice, so that the
browser complains; and the live cells it is for need that host. The book's own widgets need neither.
"""

from __future__ import annotations

from sphinx.application import Sphinx


def drop(app: Sphinx) -> None:
    for name, listeners in app.events.listeners.items():
        kept = [each for each in listeners if not each.handler.__module__.startswith("sphinx_thebe")]
        app.events.listeners[name] = kept


def setup(app: Sphinx) -> dict:
    app.connect("builder-inited", drop)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
