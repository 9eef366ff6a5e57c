"""Gives each page a description, and the lines by which other programs show a link to it: its title, words and picture.

The description is the page's first paragraph. The picture is a file of the book. Those who show such a picture want its
full address; that is known only where `html_baseurl` is set in `_config.yml`, else the address is relative.
"""

from __future__ import annotations

import html
import re

from docutils import nodes
from sphinx.application import Sphinx

PICTURE = "_static/social_card.png"
SHOWS = "A photograph of a palace, a kernel of nine numbers, and the feature map of its edges"
LONGEST = 200  # characters of a description that a list of results shows
CHINESE = re.compile(r"\s*[(（][^()（）]*[\u4e00-\u9fff][^()（）]*[)）]")


def first_words(doctree: nodes.document | None) -> str:
    """Return the first paragraph in plain words, cut at a sentence or a word."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree else ():
        if any(True for _ in paragraph.findall(nodes.math)) or len(paragraph.astext()) < 40:
            continue
        text = CHINESE.sub("", re.sub(r"\s+", " ", paragraph.astext())).strip()
        if len(text) <= LONGEST:
            return text
        cut = text[:LONGEST]
        end = max(cut.rfind(mark) for mark in (". ", "? ", "! "))
        return cut[: end + 1] if end > LONGEST / 3 else cut[: cut.rfind(" ")] + " …"
    return ""


def add(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    if doctree is None:
        return  # a page that Sphinx makes, such as the search
    home = app.config.html_baseurl
    address = f"{home.rstrip('/')}/" if home else context["pathto"]("", 1)
    title = re.sub(r"<[^>]*>", "", context.get("title", "")) or app.config.project
    words = first_words(doctree)
    facts = {
        "og:type": "article",
        "og:site_name": app.config.html_title or app.config.project,
        "og:title": html.unescape(title),
        "og:description": words,
        "og:image": address.removesuffix("#") + PICTURE,
        "og:image:alt": SHOWS,
    }
    if home:
        facts["og:url"] = address + context["pagename"] + app.builder.out_suffix
    lines = [f'<meta property="{name}" content="{html.escape(said)}">' for name, said in facts.items() if said]
    lines.append('<meta name="twitter:card" content="summary_large_image">')
    if words and 'name="description"' not in context.get("metatags", ""):
        lines.append(f'<meta name="description" content="{html.escape(words)}">')
    context["metatags"] = context.get("metatags", "") + "\n" + "\n".join(lines) + "\n"


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
