r"""Numbers for figures, tables, formulas and exercises, from sources that stay readable in Jupyter.

- A paragraph ``[Figure](#fig-windows): What it shows.`` after a code cell is the caption of what the cell has drawn.
- ``[Table](#tab-costs): What it lists.`` is the caption of the table below it, or of what the cell above it has shown.
- A formula with ``\label{eq-…}`` has a number.
- The heading "Exercise 3: …" of chapter 12 becomes "Exercise 12.3: …" and can be linked to as ``#exercise-12-3``.
- ``[the drawing above](#fig-windows)`` reads so in Jupyter, and here as "Figure 2.2".

The first part of a number is the chapter's, which its file's name tells.
"""

from __future__ import annotations

import re
from copy import deepcopy

from docutils import nodes
from docutils.transforms import Transform
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)
LABEL = re.compile(r"\\label\{([\w-]+)\}")
EXERCISE = re.compile(r"Exercise (\d+)(?=: )")
KINDS = {"fig": ("std", "numref"), "tab": ("std", "numref"), "eq": ("math", "eq")}


def chapter(docname: str) -> str:
    """Return what stands before the point in a page's numbers.

    Examples
    --------
    >>> [chapter(name) for name in ("chapters/02_arithmetic", "chapters/0501_permuted", "chapters/debug_the_notes")]
    ['2', '0501', 'D']
    >>> chapter("book/glossary")
    ''
    """
    folder, _, name = docname.rpartition("/")
    if not folder.startswith("chapters"):
        return ""
    digits = re.match(r"\d+", name)
    if not digits:
        return name[0].upper()
    return digits[0] if len(digits[0]) > 2 else str(int(digits[0]))


class NumberedTable(nodes.General, nodes.Element):
    """A table that code has shown, with a caption above it."""


class Collect(Transform):
    """Name what is numbered, and turn links to it into references by number."""

    default_priority = 400  # before targets are resolved and the table of contents is made

    def apply(self, **_) -> None:
        """Do it for one page."""
        docname = self.document.settings.env.docname
        for link in list(self.document.findall(nodes.reference)):
            if link.get("id_link") and is_caption(link):
                self.wrap(link.parent, link["refuri"].removeprefix("#"))
        self.label_formulas(docname)
        self.name_exercises(docname)
        for link in list(self.document.findall(nodes.reference)):
            if link.get("id_link"):
                self.refer(link, docname)

    def wrap(self, words: nodes.paragraph, name: str) -> None:
        """Put a paragraph and what it describes into a node that has a name and a number."""
        around, shows = (nodes.figure(), shows_figure) if name.startswith("fig-") else (NumberedTable(), shows_table)
        after = words.next_node(descend=False, siblings=True)
        if isinstance(around, NumberedTable) and isinstance(after, nodes.table):
            found = [after]
        else:
            cells = [each for each in words.parent.children[: words.parent.index(words)] if is_cell(each)]
            bundles = cells[-1].findall(nodes.container) if cells else []
            found = [each for each in bundles if each.get("nb_element") == "mime_bundle" and shows(each)]
            found = found[-1:] if isinstance(around, NumberedTable) else last_run(found)
        if not found:
            logger.warning("nothing above this caption shows what it describes: %s", name, location=words)
            return
        found[0].parent.insert(found[0].parent.index(found[0]), around)
        for each in found:
            each.parent.remove(each)
        first = words.children[1]
        words.replace(first, nodes.Text(first.astext().removeprefix(":").lstrip()))
        caption = nodes.caption(words.rawsource, "", *words.children[1:])
        caption.source, caption.line = words.source, words.line
        words.parent.remove(words)
        around.extend([*found, caption] if isinstance(around, nodes.figure) else [caption, *found])
        around.source, around.line = caption.source, caption.line
        self.name(around, name)

    def name(self, node: nodes.Element, name: str) -> None:
        """Give a node a name that links find; docutils' own way would make one of a section's title as well."""
        if name in self.document.nameids:
            logger.warning("two things are called %s", name, location=node)
        node["ids"].append(name)
        node["names"].append(name)
        self.document.ids[name] = node
        self.document.nameids[name] = name
        self.document.nametypes[name] = True

    def label_formulas(self, docname: str) -> None:
        """Take the labels out of the TeX, and number the formulas that had one."""
        domain = self.document.settings.env.get_domain("math")
        for formula in self.document.findall(nodes.math_block):
            found = LABEL.search(formula.astext())
            if found:
                name = found[1]
                formula.children = [nodes.Text(LABEL.sub("", formula.astext()).strip())]
                formula["label"] = name
                formula["docname"] = docname
                formula["ids"] = [nodes.make_id(f"equation-{name}")]
                domain.note_equation(docname, name, location=formula)
                formula["number"] = domain.get_equation_number_for(name)

    def name_exercises(self, docname: str) -> None:
        """Put the chapter before the number in the heading of each exercise and solution, and name it."""
        kind = "solution" if "/solutions/" in docname else "exercise"
        for title in self.document.findall(nodes.title):
            found = EXERCISE.match(title.astext())
            if title.parent.parent is self.document:  # the page's own: "Exercise 0501: …" is one whole chapter
                continue
            if found and chapter(docname):
                first = title.next_node(nodes.Text)
                number = f"{chapter(docname)}.{found[1]}"
                first.parent.replace(first, nodes.Text(first.astext().replace(found[0], f"Exercise {number}", 1)))
                self.name(title.parent, f"{kind}-{number}".lower().replace(".", "-"))

    def refer(self, link: nodes.reference, docname: str) -> None:
        """Turn a link to something numbered into a reference by its number."""
        name = link["refuri"].removeprefix("#")
        kind = name.partition("-")[0]
        if kind in KINDS:
            domain, role = KINDS[kind]
            words = nodes.inline(link.astext(), link.astext(), classes=["xref", domain])
            options = {"refdomain": domain, "reftype": role, "reftarget": name, "refdoc": docname, "refexplicit": False}
            link.replace_self(addnodes.pending_xref(name, words, refwarn=True, **options))
        elif kind in ("exercise", "solution"):
            number = name.partition("-")[2].replace("-", ".").upper()
            for text in list(link.findall(nodes.Text)):
                new = re.sub(r"(?<=[Ee]xercise )\d+$", number, text.astext())
                text.parent.replace(text, nodes.Text(new))


def is_caption(link: nodes.reference) -> bool:
    """Return whether a link stands at the beginning of a caption."""
    words = link.parent
    place = {"Figure": "#fig-", "Table": "#tab-"}.get(link.astext())
    if not place or not link["refuri"].startswith(place):
        return False
    begins = isinstance(words, nodes.paragraph) and words[0] is link and len(words) > 1
    return begins and words[1].astext().startswith(":")


def is_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def last_run(bundles: list[nodes.Element]) -> list[nodes.Element]:
    """Return the last of a cell's outputs and those that stand right before it."""
    run = bundles[-1:]
    for each in reversed(bundles[:-1]):
        if each.next_node(descend=False, siblings=True) is not run[0]:
            break
        run.insert(0, each)
    return run


def shows_figure(bundle: nodes.Element) -> bool:
    return "cnnlib-figure" in bundle.astext()


def shows_table(bundle: nodes.Element) -> bool:
    return next(bundle.findall(nodes.table), None) is not None or "<table" in bundle.astext()


def give_back(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Hand Sphinx the numbers of its own last count, so that it sees which pages differ now."""
    env.toc_fignumbers = getattr(env, "cnn_counted", {})
    return []


def put_chapter_first(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Count what each page numbers from 1, and put the page's chapter before it."""
    env.cnn_counted = deepcopy(env.toc_fignumbers)
    for docname, kinds in env.toc_fignumbers.items():
        for ids in kinds.values():
            for place, (name, _) in enumerate(ids.items(), start=1):
                ids[name] = (chapter(docname), place) if chapter(docname) else (place,)
    return []


def caption_of(node: NumberedTable) -> str:
    return next(node.findall(nodes.caption)).astext()


def visit_table(self, node: NumberedTable) -> None:
    self.body.append(self.starttag(node, "figure", CLASS="numbered-table"))


def depart_table(self, node: NumberedTable) -> None:
    self.body.append("</figure>\n")


def setup(app: Sphinx) -> dict:
    app.add_enumerable_node(NumberedTable, "table", caption_of, html=(visit_table, depart_table))
    app.add_transform(Collect)
    app.connect("env-get-updated", give_back, priority=100)
    app.connect("env-get-updated", put_chapter_first, priority=900)  # after Sphinx has counted
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
