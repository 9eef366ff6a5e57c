"""Says below each page with code when it was run, on what, how long, and on which data; and lists the times of all.

Everything is read from the records of the execution (Jupyter Book's cache), from the installed packages and from the
data at hand. The cache is emptied when one of these changes (``tools/build_book.py``), so they were those of the run.
"""

from __future__ import annotations

import html
import os
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cnnlib import data, devices
from cnnlib.circumstances import circumstances
from cnnlib.data.catalogue import PUBLISHED
from cnnlib.errors import BadInput

PAGE = "book/execution"
LOADS = re.compile(r"\bdata\.load\(\\?\"(\w+)\\?\"")


def execution(app: Sphinx, docname: str) -> dict | None:
    """Return what MyST-NB has kept of a page's execution: when it was and how many seconds it took."""
    return getattr(app.env, "nb_metadata", {}).get(docname, {}).get("exec_data")


@cache
def machine() -> str:
    """Return hardware and versions, as running text."""
    here = circumstances(devices.device())
    hardware, versions = here["hardware"], here["versions"]
    count = os.cpu_count()
    said = ", ".join(f"{name.replace('python', 'Python')} {version}" for name, version in versions.items())
    cores = f"{count} processor core{'s' * (count > 1)}"
    return f"{hardware['processor']} ({cores}, {hardware['system']}, device {hardware['device']}); {said}"


@cache
def set_at_hand(name: str) -> str:
    """Return what ``data.load(name)`` gives on this machine."""
    try:
        found = data.load(name, quiet=True)
    except BadInput:
        return f"{name}, which is not here"
    return f"{found.title}, in place of {PUBLISHED[name].title}" if found.name != name else found.title


def date(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.day} {moment:%B %Y}"


def duration(seconds: float) -> str:
    """Return a time that a reader can compare.

    Examples
    --------
    >>> duration(0.4), duration(1.3), duration(83)
    ('less than a second', '1 second', '1 minute 23 seconds')
    """
    minutes, rest = divmod(round(seconds), 60)
    parts = [f"{n} {unit}{'s' * (n > 1)}" for n, unit in ((minutes, "minute"), (rest, "second")) if n]
    return " ".join(parts) or "less than a second"


def add_note(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Write the note below the page's text."""
    about = execution(app, pagename)
    if not about or "body" not in context:
        return
    source = Path(app.env.doc2path(pagename)).read_text(encoding="utf-8")
    sets = [set_at_hand(name) for name in dict.fromkeys(LOADS.findall(source))]
    times = f'<a href="{app.builder.get_relative_uri(pagename, PAGE)}">how long each page takes</a>'
    context["body"] += (
        '<aside class="executed" aria-label="How this page was run">'
        f"<p>The code of this page was run on {date(about['mtime'])} in {duration(about['runtime'] or 0)} ({times}) "
        f"on {html.escape(machine())}. "
        f"Data: {html.escape('; '.join(sets)) or 'none is loaded'}. "
        "Recorded results name their own hardware and data.</p></aside>\n"
    )


class Times(nodes.General, nodes.Element):
    """The place of the table of times, until every page has been read."""


class ExecutionTimes(SphinxDirective):
    """The directive ``{execution-times}``: a table of all pages with code."""

    def run(self) -> list[nodes.Node]:
        """Leave a place for the table."""
        return [Times()]


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the table where the directive stood."""
    for place in list(doctree.findall(Times)):
        done = [(name, execution(app, name)) for name in reading_order(app) if execution(app, name)]
        total = sum(about["runtime"] or 0 for _, about in done)
        words = f"Together {duration(total)}, one page after another, on {machine()}."
        rows = [[link_to(app, docname, name), *cells(about)] for name, about in done]
        place.replace_self([nodes.paragraph("", words), table(["page", "run on", "seconds"], rows)])


def reading_order(app: Sphinx) -> list[str]:
    """Return all pages in the order of the contents."""
    order, waiting = [], [app.config.root_doc]
    while waiting:
        name = waiting.pop(0)
        order.append(name)
        waiting = [each for each in app.env.toctree_includes.get(name, []) if each not in order] + waiting
    return order


def link_to(app: Sphinx, docname: str, target: str) -> nodes.reference:
    uri = app.builder.get_relative_uri(docname, target)
    return nodes.reference("", app.env.titles[target].astext(), refuri=uri, internal=True)


def cells(about: dict) -> list[nodes.Node]:
    return [nodes.Text(date(about["mtime"])), nodes.Text(f"{about['runtime'] or 0:.0f}")]


def table(heads: list[str], rows: list[list[nodes.Node]]) -> nodes.table:
    """Return a table with one row of heads."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in heads), cols=len(heads))
    head = nodes.row("", *(nodes.entry("", nodes.paragraph("", name)) for name in heads))
    body = [nodes.row("", *(nodes.entry("", addnodes.compact_paragraph("", "", cell)) for cell in row)) for row in rows]
    group += [nodes.thead("", head), nodes.tbody("", *body)]
    return nodes.table("", group, classes=["colwidths-auto"])


def setup(app: Sphinx) -> dict:
    app.add_node(Times)
    app.add_directive("execution-times", ExecutionTimes)
    app.connect("doctree-resolved", fill)
    app.connect("html-page-context", add_note)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
