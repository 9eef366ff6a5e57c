"""Two directives for the landing page: a card for each chapter, and the map of what builds on what.

    {chapter-cards} Foundations      a grid of cards, one a chapter of that part of the book
    {chapter-map}                    all chapters in a list, with tracks beside it that join what belongs together

Both are made from the chapters' own first cells (``chapter_fronts.py``). The map is an ordinary list of links which
says in words what each chapter builds on; the tracks beside it are drawn for the eye and hidden from a screen reader.
"""

from __future__ import annotations

import html
from pathlib import Path

from chapter_fronts import Front, in_reading_order, read_fronts
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROW, LANE, CURVE = 56, 14, 18  # a chapter's row, the distance of two tracks, the height of a branch's curve
COLOURS = 6  # of the book's palette


class chapter_map(nodes.General, nodes.Element):  # noqa: D101, N801  docutils names nodes in lower case
    pass


class ChapterCards(SphinxDirective):
    """A card for each chapter of one part: its title, what its reader will be able to do, how long it takes."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        """Return the grid of cards, parsed from Markdown."""
        fronts = _fronts(self.env)
        chosen = [front for front in fronts.values() if front.part == self.arguments[0]]
        if not chosen:
            raise self.error(f"No chapter stands in a part {self.arguments[0]!r} of _toc.yml.")
        lines = [":::::{grid} 1 2 2 3", ":gutter: 3", ":class-container: chapter-cards", ""]
        for front in chosen:
            lines += [
                f"::::{{grid-item-card}} {front.title}",
                f":link: /chapters/{front.name}",
                ":link-type: doc",
                f":link-alt: {front.title}",
                "",
                front.aim,
                "",
                ":::{card-footer}",
                f"{front.minutes} minutes to read; the code runs in {front.run}",
                ":::",
                "::::",
            ]
        lines.append(":::::")
        box = nodes.container()
        self.state.nested_parse(StringList(lines, source=self.env.docname), self.content_offset, box)
        return box.children


class ChapterMap(SphinxDirective):
    """The map of all chapters."""

    def run(self):
        """Return a node that is drawn when the page is written and the chapters' addresses are known."""
        return [chapter_map(order=in_reading_order(_fronts(self.env)))]


def _fronts(env) -> dict[str, Front]:
    root = Path(env.srcdir)
    for path in [root / "_toc.yml", *sorted((root / "chapters").glob("*.ipynb"))]:
        env.note_dependency(str(path))
    return read_fronts(root)


def tracks(order: list[Front]) -> tuple[list[str], int]:
    """Return the paths that join the chapters' dots, in SVG's words, and how many lanes they take.

    Each chapter on which later ones build has one track of its own: it leaves the dot, runs down a lane and sends a
    branch into each chapter that builds on it. Two tracks share a lane where one ends before the other begins.
    """
    row = {front.name: number for number, front in enumerate(order)}
    children = {name: [row[front.name] for front in order if name in front.needs] for name in row}
    lanes: list[int] = []  # the row in which each lane's last track ends
    paths = []
    for name, below in children.items():
        if not below:
            continue
        start, end = row[name], max(below)
        if below == [start + 1]:  # the next row: straight down, dot to dot
            paths.append((0, start, below))
            continue
        lane = next((number for number, last in enumerate(lanes) if last <= start), len(lanes))
        lanes[lane : lane + 1] = [end]
        paths.append((lane + 1, start, below))
    width = (len(lanes) + 1) * LANE
    drawn = []
    for lane, start, below in paths:
        dot, x = width - LANE / 2, width - LANE / 2 - lane * LANE
        top, bottom = (start + 0.5) * ROW, (max(below) + 0.5) * ROW
        if lane == 0:
            line = f"M{dot:g} {top:g}V{bottom:g}"
        else:
            line = f"M{dot:g} {top:g}C{x:g} {top:g} {x:g} {top:g} {x:g} {top + CURVE:g}V{bottom - CURVE:g}"
            for child in below:
                y = (child + 0.5) * ROW
                line += f"M{x:g} {y - CURVE:g}C{x:g} {y:g} {x:g} {y:g} {dot:g} {y:g}"
        drawn.append(f'<path class="track-{start % COLOURS + 1}" d="{line}"/>')
    return drawn, width


def render_map(order: list[Front], address) -> str:
    """Return the map as HTML; `address` gives a chapter's relative address by its name."""
    titles = {front.name: html.escape(front.title) for front in order}
    drawn, width = tracks(order)
    rows = []
    for number, front in enumerate(order):
        needs = [titles[name] for name in front.needs]
        after = f"builds on {' and '.join(needs)}" if needs else "builds on no other chapter"
        link = f'<a href="{html.escape(address(front.name))}">{titles[front.name]}</a>'
        said = f'<span class="after">{front.minutes} min<span class="needs"> · {after}</span></span>'
        rows.append(f'<li class="track-{number % COLOURS + 1}">{link} {said}</li>')
    height = ROW * len(order)
    picture = (
        f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f"{''.join(drawn)}</svg>"
    )
    style = f"--rows: {len(order)}; --tracks: {width}px"  # a row's height is the style sheet's: the tracks stretch
    return f'<div class="chapter-map" style="{style}">{picture}<ol>{"".join(rows)}</ol></div>'


def visit_map(self, node):
    builder = self.builder
    page = builder.current_docname
    self.body.append(render_map(node["order"], lambda name: builder.get_relative_uri(page, f"chapters/{name}")))
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict:
    app.add_node(chapter_map, html=(visit_map, None))
    app.add_directive("chapter-cards", ChapterCards)
    app.add_directive("chapter-map", ChapterMap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
