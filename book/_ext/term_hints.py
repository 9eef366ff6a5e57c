"""Shows a term's definition where a chapter first uses it, when the reader points at it, tabs to it or taps it.

While the book is built, the first use of each of the glossary's terms in the running text of a chapter becomes a link
to the glossary, and the definition is put at the end of the page, hidden. ``_static/term-hints.js`` shows it beside the
word. Without JavaScript the word is still a link. Authors write nothing for it, so notebooks stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

GLOSSARY = "book/glossary"
PAGES = "chapters/"
SCRIPT = "term-hints.js"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Words with an everyday meaning as well: they are taken for the term only where its Chinese follows.
EVERYDAY = {
    "activation", "attention", "baseline", "bias", "block", "branch", "buffer", "channel", "connection", "correlation",
    "depth", "feature", "filter", "flatten", "grid", "groups", "jump", "kernel", "label", "leakage", "linear",
    "parameter", "plateau", "residual", "seed", "split", "spread",
    "stem", "token", "training", "transition", "weight", "width", "window",
}  # fmt: skip
# Within these nothing is looked for: they are no running text, or lead somewhere already.
CLOSED = (
    nodes.title, nodes.rubric, nodes.reference, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block,
    nodes.raw, nodes.caption, nodes.term, nodes.table, nodes.citation, nodes.comment, nodes.Admonition,
    addnodes.pending_xref,
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One entry of the glossary: its words, the place to link to, and its definition."""

    words: tuple[str, ...]
    anchor: str
    definition: nodes.definition


class term_hint(nodes.Inline, nodes.TextElement):  # noqa: D101, N801  docutils names nodes in lower case
    pass


class term_hint_box(nodes.General, nodes.Element):  # noqa: D101, N801
    pass


def read_glossary(app: Sphinx) -> Terms:
    """Return the glossary's terms; read once a build."""
    if not hasattr(app, "glossary_terms"):
        entries = []
        for item in app.env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
            terms = [child for child in item.children if isinstance(child, nodes.term)]
            definition = next(child for child in item.children if isinstance(child, nodes.definition))
            entries.append(Entry(tuple(term.astext() for term in terms), terms[0]["ids"][0], definition))
        app.glossary_terms = Terms(entries)
    return app.glossary_terms


class Terms:
    """Finds the glossary's English words in a text: the longest ones, in either number and in both spellings of -ise.

    A word with a capital letter, such as Adam, is found only as it is written.
    """

    def __init__(self, entries: list[Entry]):
        self._spelled: dict[str, tuple[Entry, str]] = {}
        for entry in entries:
            for word in filter(lambda each: not CHINESE.search(each), entry.words):
                for spelling in (word, re.sub("iz(?=ation|er|ed|ing)", "is", word)):
                    self._spelled[spelling.lower()] = (entry, spelling)
        # Looked for in lower case: with a flag instead, it takes several times as long.
        longest_first = sorted(map(re.escape, self._spelled), key=len, reverse=True)
        self._pattern = re.compile(rf"(?<![\w-])({'|'.join(longest_first)})(?:s|es)?(?![\w-])")

    def find(self, text: str):
        """Yield (start, end, entry, word) of each term in a text."""
        lower = text.lower()
        if len(lower) != len(text):  # a rare letter that becomes two; then places would not be the same
            return
        for match in self._pattern.finditer(lower):
            entry, spelling = self._spelled[match[1]]
            if spelling == spelling.lower() or text.startswith(spelling, match.start()):
                yield match.start(), match.end(), entry, match[1]


def chinese_behind(text: nodes.Text, end: int) -> str:
    """Return the Chinese in the parentheses behind a place in a text, also behind its emphasis, or nothing."""
    rest = str(text)[end:]
    if not rest.strip():
        outer, last = text.parent, text
        while isinstance(outer, nodes.strong | nodes.emphasis) and outer.index(last) == len(outer) - 1:
            last, outer = outer, outer.parent
        following = outer.index(last) + 1
        rest += outer[following].astext() if following < len(outer) else ""
    found = re.match(r"\s*[(（]([^()（）]*[\u4e00-\u9fff][^()（）]*)[)）]", rest)
    return found[1] if found else ""


def is_meant(entry: Entry, word: str, chinese: str) -> bool:
    """Return whether a word is the glossary's: the Chinese behind it decides, where there is any."""
    if chinese:
        return any(own in chinese for own in entry.words if CHINESE.search(own))
    return word not in EVERYDAY


def running_texts(doctree: nodes.document):
    """Yield the texts of paragraphs, from the page's beginning."""
    for text in list(doctree.findall(nodes.Text)):
        outer, within = text.parent, False
        while outer is not None and not isinstance(outer, CLOSED):
            within |= isinstance(outer, nodes.paragraph)
            if "cell_output" in outer.get("classes", ()):
                break
            outer = outer.parent
        if within and outer is None:
            yield text


def mark(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Make a hint of the first use of each term, and put the definitions at the end of the page."""
    if app.builder.format != "html" or not docname.startswith(PAGES):
        return
    terms = read_glossary(app)
    home = app.builder.get_relative_uri(docname, GLOSSARY)
    shown: dict[str, Entry] = {}
    for text in running_texts(doctree):
        pieces, done, whole = [], 0, str(text)
        for start, end, entry, word in terms.find(whole):
            if entry.anchor in shown or not is_meant(entry, word, chinese_behind(text, end)):
                continue
            shown[entry.anchor] = entry
            link = term_hint("", whole[start:end], anchor=entry.anchor, home=home)
            pieces += [nodes.Text(whole[done:start]), link]
            done = end
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(whole[done:])])
    last = next(iter(reversed(list(doctree.findall(nodes.section)))), doctree)
    while isinstance(last.parent, nodes.section):
        last = last.parent
    last += [box(entry) for entry in shown.values()]


def box(entry: Entry) -> term_hint_box:
    """Return the hidden definition: the entry's words, and its text with links turned into plain words."""
    english = [word for word in entry.words if not CHINESE.search(word)]
    chinese = [word for word in entry.words if CHINESE.search(word)]
    words = nodes.paragraph("", "", nodes.strong("", english[0]))
    if chinese:
        words += nodes.Text(f" {chinese[0]}")
    made = term_hint_box("", words, *(child.deepcopy() for child in entry.definition.children), anchor=entry.anchor)
    for link in list(made.findall(addnodes.pending_xref)) + list(made.findall(nodes.reference)):
        link.parent.replace(link, nodes.Text(link.astext()))
    return made


def visit_hint(self, node):
    href, box_id = f"{node['home']}#{node['anchor']}", f"hint-{node['anchor']}"
    self.body.append(f'<a class="term-hint" href="{href}" aria-describedby="{box_id}">')


def depart_hint(self, node):
    self.body.append("</a>")


def visit_box(self, node):
    self.body.append(f'<div class="term-hint-box" id="hint-{node["anchor"]}" role="tooltip" hidden>')


def depart_box(self, node):
    self.body.append("</div>\n")


def link_script(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    if 'class="term-hint"' in context.get("body", ""):
        app.add_js_file(SCRIPT, loading_method="defer")


def setup(app: Sphinx) -> dict:
    app.add_node(term_hint, html=(visit_hint, depart_hint))
    app.add_node(term_hint_box, html=(visit_box, depart_box))
    app.connect("doctree-resolved", mark)
    app.connect("html-page-context", link_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
