"""Renders mathematics as MathML while the book is built.

The page then needs no JavaScript, no fonts from elsewhere and no time to set its formulas, and a
screen reader can read them. Chosen by ``html_math_renderer: mathml`` in ``_config.yml``.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from tex_mathml import UnknownTeX, convert

logger = logging.getLogger(__name__)


def _math(node: nodes.Element, display: bool) -> str:
    try:
        return convert(node.astext(), display)
    except UnknownTeX as error:
        logger.warning(str(error), location=node, type="mathml")
        return f"<code>{nodes.unescape(node.astext())}</code>"


def visit_inline(self, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(_math(node, display=False) + "</span>")
    raise nodes.SkipNode


def visit_display(self, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append(_math(node, display=True) + "</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict:
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
