"""Brings the widgets of ``cnnlib`` to life in the built pages.

Writes one script and one style sheet into ``_static`` and links them on the pages that show a widget.
The script loads what a page's widgets need, their modules and their large data, from beside itself.
Nothing else is needed: no kernel, no server, no other host.
"""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from cnnlib.widgets import bundle

SCRIPT, STYLE, ASSETS = "cnn-widgets.js", "cnn-widgets.css", "cnn-assets"
MARK = 'class="cnnlib-widget"'


def write(app: Sphinx) -> None:
    if app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    for name, text in ((SCRIPT, bundle.page_script()), (STYLE, bundle.stylesheet())):
        (static / name).write_text(text, encoding="utf8")
    (static / ASSETS).mkdir(exist_ok=True)
    for name in bundle.widget_names():
        (static / ASSETS / f"widget_{name}.js").write_text(bundle.module_script(name), encoding="utf8")
    for name in bundle.asset_names():
        (static / ASSETS / f"{name}.js").write_text(bundle.asset_script(name), encoding="utf8")


def link(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    if MARK in context.get("body", ""):
        app.add_js_file(SCRIPT, loading_method="defer")  # Sphinx adds ?v= and a checksum, so no old copy is used
        app.add_css_file(STYLE)


def drop_kernel_state(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Leave out the widgets' kernel state: tens of kilobytes a page that only a kernel could use."""
    metadata = getattr(app.env, "nb_metadata", {}).get(pagename, {})
    metadata.get("js_files", {}).pop("ipywidgets_state", None)


def setup(app: Sphinx) -> dict:
    app.connect("builder-inited", write)
    app.connect("html-page-context", drop_kernel_state, priority=100)  # before MyST-NB adds it
    app.connect("html-page-context", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
