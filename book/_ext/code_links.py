"""Links the names of ``cnnlib`` in a page's Python code to their entries in the API pages.

What a name means is read from the imports of the page's earlier and own code; a name that the page gives to something
else is left alone from there on. sphinx-codeautolink does the same and more, but reads and writes every finished page
once more, which more than doubles the time of the build, and it changes the names of SVG's attributes.
"""

from __future__ import annotations

import ast
import html
import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains.python import ObjectEntry
from sphinx.util.osutil import relative_uri

PYTHON = {"python", "python3", "ipython", "ipython3"}
PIECES = re.compile(r"<span[^>]*>|</span>|&[#\w]+;|\n|[^<&\n]+")
MAGIC = re.compile(r"^[%!].*$", re.MULTILINE)  # IPython's own lines; as comments they keep their place


def mark(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each block of code the places of its links: line, first and last column, address."""
    if app.builder.format != "html":
        return
    entries = app.env.domains["py"].objects
    meanings: dict[str, str] = {}
    for block in doctree.findall(nodes.literal_block):
        if block.get("language") in PYTHON and block.rawsource == block.astext():
            found = uses(block.rawsource, meanings, entries)
            block["entries"] = [(*place, address(app, docname, entries[name])) for place, name in found]


def address(app: Sphinx, docname: str, entry: ObjectEntry) -> str:
    """Return where an entry is, as seen from a page."""
    uri = app.builder.get_target_uri
    return f"{relative_uri(uri(docname), uri(entry.docname))}#{entry.node_id}"


def uses(source: str, meanings: dict[str, str], entries: dict) -> list[tuple[tuple[int, int, int], str]]:
    r"""Return where the code names which entries; note in ``meanings`` what it imports and what it gives away.

    Examples
    --------
    >>> uses("from cnnlib import plot\nplot.show(ax)", {}, {"cnnlib.plot": 0, "cnnlib.plot.show": 0})
    [((1, 19, 23), 'cnnlib.plot'), ((2, 0, 9), 'cnnlib.plot.show')]
    """
    try:
        tree = ast.parse(MAGIC.sub("#", source))
    except SyntaxError:  # an excerpt that shows a form, with dots for the rest
        return []
    lines = source.split("\n")
    places = {}
    nodes_here = list(ast.walk(tree))
    for node in nodes_here:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "cnnlib":
            for each in node.names:
                meanings[each.asname or each.name] = f"{node.module}.{each.name}"
                note(places, lines, each, each.name, meanings[each.asname or each.name], entries)
        elif isinstance(node, ast.Import):
            for each in node.names:
                if each.name.partition(".")[0] == "cnnlib":
                    meanings[each.asname or "cnnlib"] = each.name if each.asname else "cnnlib"
                    note(places, lines, each, each.name, each.name, entries)
    for name in given_away(nodes_here):
        meanings.pop(name, None)
    for node in nodes_here:
        words = dotted(node)
        if words and words[0] in meanings:
            for length in range(len(words), 0, -1):  # plot.show.something: the longest name that has an entry
                name = ".".join([meanings[words[0]], *words[1:length]])
                if name in entries:
                    note(places, lines, node, ".".join(words[:length]), name, entries)
                    break
    return sorted(places.items())


def given_away(tree: list[ast.AST]) -> set[str]:
    """Return the names that the code uses for something of its own."""
    names = {node.id for node in tree if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    names |= {node.arg for node in tree if isinstance(node, ast.arg)}
    return names | {node.name for node in tree if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def dotted(node: ast.AST) -> list[str]:
    """Return the words of ``a.b.c``, or none where the expression is something else."""
    if isinstance(node, ast.Name):
        return [node.id]
    words = dotted(node.value) if isinstance(node, ast.Attribute) else []
    return [*words, node.attr] if words else []


def note(places: dict, lines: list[str], node: ast.AST, written: str, name: str, entries: dict) -> None:
    """Keep the place of a name that has an entry; of two that begin at the same place, the longer."""
    line = lines[node.lineno - 1]
    start = len(line.encode()[: node.col_offset].decode())  # Python counts bytes
    if name not in entries or not line.startswith(written, start):
        return
    rival = next((place for place in places if place[:2] == (node.lineno, start)), None)
    if rival is None or rival[2] < start + len(written):
        places.pop(rival, None)
        places[(node.lineno, start, start + len(written))] = name


def link(code: str, places: list[tuple[int, int, int, str]]) -> str:
    """Return highlighted code with its links.

    Examples
    --------
    >>> link('<span class="n">plot</span><span class="o">.</span><span class="n">show</span>', [(1, 0, 9, "a#b")])
    '<a class="to-entry" href="a#b"><span class="n">plot</span><span class="o">.</span><span class="n">show</span></a>'
    """
    starts = {(line, first): address for line, first, _, address in places}
    ends = {(line, last) for line, _, last, _ in places}
    out, line, column, opened = [], 1, 0, False
    for piece in PIECES.findall(code):
        if opened and (line, column) in ends and piece != "</span>":
            out.append("</a>")
            opened = False
        if not opened and (line, column) in starts and piece.startswith("<span class"):
            out.append(f'<a class="to-entry" href="{html.escape(starts[line, column])}">')
            opened = True
        out.append(piece)
        if piece == "\n":
            line, column = line + 1, 0
        elif not piece.startswith("<"):
            column += len(html.unescape(piece))
    return "".join(out) + "</a>" * opened


def visit(self, node: nodes.literal_block) -> None:
    try:
        type(self).visit_literal_block(self, node)
    finally:  # which is left by raising SkipNode
        if node.get("entries"):
            # an empty span is Pygments' guard against a browser that drops the first line end
            before, start, rest = self.body[-1].partition("<pre><span></span>")
            code, end, after = rest.rpartition("</pre>")
            self.body[-1] = before + start + link(code, node["entries"]) + end + after


def depart(self, node: nodes.literal_block) -> None:
    type(self).depart_literal_block(self, node)


def setup(app: Sphinx) -> dict:
    app.connect("doctree-resolved", mark)
    app.add_node(nodes.literal_block, override=True, html=(visit, depart))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
