"""Mends what Sphinx writes and a screen reader stumbles over.

What depends on the width of the window (what scrolls must be reachable by keyboard) is in ``_static/scroll-boxes.js``.
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx

MENDED = {
    # an empty head, as in the corner of a table that has heads above and at the side, heads nothing
    r'<th class="(head[^"]*)"><p></p></th>': r'<td class="\1"></td>',
    # this role is no longer part of the standard, and the works do stand in a list
    'role="doc-biblioentry"': 'role="listitem"',
}


def mend(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    for found, better in MENDED.items():
        if "body" in context:
            context["body"] = re.sub(found, better, context["body"])


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
