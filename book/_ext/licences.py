"""Keeps the licence of every part that others wrote beside it, and lists the parts on a page.

``PARTS`` says which files of ``_static`` belong to which work. While building, each licence text is taken from the
installed package it came with, or from ``book/licences`` where a package brings a work without its text, and is
written to ``_static/licences``. The directive ``licences`` makes the table. A test finds a file that no entry covers.
"""

from __future__ import annotations

from fnmatch import fnmatch
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Part(NamedTuple):
    """A work by others: what it is called, its licence, where that text is found, and which files are of it."""

    name: str
    licence: str
    text: str  # a package's licence "dist:NAME", a file of a package "file:PACKAGE/PATH", or a file of book/licences
    files: tuple[str, ...]
    use: str


PARTS = (
    Part("Bootstrap", "MIT", "bootstrap.txt", ("scripts/bootstrap.js*", "styles/pydata-sphinx-theme.css*"),
         "layout of the pages; in the theme's scripts and styles"),
    Part("Popper", "MIT", "popper.txt", ("scripts/bootstrap.js*",), "places of menus and hints; within Bootstrap"),
    Part("Font Awesome Free", "icons CC BY 4.0, fonts SIL OFL 1.1, code MIT", "font-awesome.txt",
         ("vendor/fontawesome/*", "scripts/fontawesome.js*", "styles/pydata-sphinx-theme.css*"), "icons"),
    Part("PyData Sphinx Theme", "BSD 3-clause", "dist:pydata-sphinx-theme",
         ("scripts/pydata-sphinx-theme.js*", "styles/pydata-sphinx-theme.css*", "webpack-macros.html"),
         "look of the pages"),
    Part("Sphinx Book Theme", "BSD 3-clause", "dist:sphinx-book-theme",
         ("scripts/sphinx-book-theme.js*", "styles/sphinx-book-theme.css*", "sbt-webpack-macros.html", "locales/*",
          "images/logo_*"), "look of the pages"),
    Part("Sphinx", "BSD 2-clause", "dist:sphinx",
         ("basic.css", "styles/theme.css", "doctools.js", "documentation_options.js", "language_data.js",
          "searchtools.js", "sphinx_highlight.js", "file.png", "minus.png", "plus.png"), "the pages, and the search"),
    Part("Snowball", "BSD 3-clause", "dist:snowballstemmer", ("language_data.js",), "word stems for the search"),
    Part("Pygments", "BSD 2-clause", "dist:pygments", ("pygments.css",), "colours of the code"),
    Part("MyST-NB", "BSD 3-clause", "dist:myst-nb", ("mystnb.*.css",), "look of the cells"),
    Part("sphinx-design", "MIT", "dist:sphinx-design", ("sphinx-design.min.css", "design-tabs.js"), "tabs and cards"),
    Part("sphinx-copybutton", "MIT", "dist:sphinx-copybutton",
         ("copybutton*", "copy-button.svg", "check-solid.svg"), "the button that copies code"),
    Part("clipboard.js", "MIT", "clipboard.txt", ("clipboard.min.js",), "copies code"),
    Part("sphinx-togglebutton", "MIT", "dist:sphinx-togglebutton", ("togglebutton*", "play-solid.svg"),
         "folds cells"),
    Part("sphinx-thebe", "MIT", "dist:sphinx-thebe", ("sphinx-thebe.*",), "nothing: Jupyter Book always copies it"),
    Part("The photographs “china” and “flower” of scikit-learn", "CC BY 2.0", "file:sklearn/datasets/images/README.txt",
         ("cnn-assets/*",), "examples in chapters and widgets"),
)  # fmt: skip
OWN = ("cnn-*", "book-*", "licences/*")  # what the book's own extensions write; book/_static is its own, too
FOLDER = "licences"


def text(part: Part, book: Path) -> str:
    kind, _, name = part.text.rpartition(":")
    if kind == "dist":
        files = [path for path in distribution(name).files or () if is_licence(path)]
        return "\n".join(path.locate().read_text(encoding="utf-8") for path in sorted(files))
    if kind == "file":
        package, _, path = name.partition("/")
        return (Path(find_spec(package).origin).parent / path).read_text(encoding="utf-8")
    return (book / FOLDER / name).read_text(encoding="utf-8")


def is_licence(path) -> bool:
    stem = path.name.upper().removesuffix(".TXT").removesuffix(".RST").removesuffix(".MD")
    return any(parent.endswith(".dist-info") for parent in path.parts) and stem in ("LICENSE", "LICENCE", "COPYING")


def file_name(part: Part) -> str:
    kept = "".join(c if c.isascii() and c.isalnum() else " " for c in part.name.lower())
    return "-".join(kept.split()) + ".txt"


def owners(path: str, own: set[str]) -> list[str]:
    """Return whose a file of _static is, by its path below it: the names of parts, or "the book"."""
    found = [part.name for part in PARTS if any(fnmatch(path, pattern) for pattern in part.files)]
    return found + ["the book"] * (path in own or any(fnmatch(path, pattern) for pattern in OWN))


def write(app: Sphinx) -> None:
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        (folder / file_name(part)).write_text(text(part, Path(app.srcdir) / "book"), encoding="utf-8")


class Licences(SphinxDirective):
    """A table of all parts, each with a link to its licence."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        up = "../" * self.env.docname.count("/")
        rows = [
            (nodes.Text(part.name), nodes.Text(part.use),
             nodes.reference("", part.licence, refuri=f"{up}_static/{FOLDER}/{file_name(part)}", internal=True))
            for part in PARTS
        ]  # fmt: skip
        group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in (2, 3, 3)), cols=3)
        group += nodes.thead("", row([nodes.Text(word) for word in ("Work", "What it does here", "Licence")]))
        group += nodes.tbody("", *map(row, rows))
        return [nodes.table("", group)]


def row(cells) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def setup(app: Sphinx) -> dict:
    app.add_directive("licences", Licences)
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
