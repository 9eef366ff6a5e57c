"""A search that finds Chinese words inside Chinese text, and that works on pages opened from disk.

Sphinx takes a run of Chinese characters for one word, so 卷积 would not find 卷积神经网络. Here a run becomes its
pairs of neighbours, in the index and in what the reader types, with no dictionary. English is stemmed as ever.

Beside each result Sphinx shows some of the page's text, for which it loads the page; a page from disk may load none.
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
PIECES = re.compile(rf"[{HAN}]+|[^\W{HAN}]+")

SPLIT_QUERY = """
function splitQuery(query) {
  const words = [];
  for (const piece of query.match(/[HAN]+|(?:(?![HAN])[\\p{Letter}\\p{Number}_])+/gu) ?? []) {
    if (!/[HAN]/.test(piece) || piece.length === 1) words.push(piece);
    else for (let i = 0; i + 1 < piece.length; i += 1) words.push(piece.slice(i, i + 2));
  }
  return words;
}
""".replace("HAN", "\\u3400-\\u4dbf\\u4e00-\\u9fff")


class SearchBook(SearchEnglish):
    """English with Chinese words in it."""

    js_splitter_code = SPLIT_QUERY

    def split(self, input: str) -> list[str]:
        """Return the words to index: English ones as they are, Chinese runs as characters and pairs.

        Examples
        --------
        >>> SearchBook({}).split("receptive field (感受野), 1×1")
        ['receptive', 'field', '感', '受', '野', '感受', '受野', '1', '1']
        """
        words = []
        for piece in PIECES.findall(input):
            if re.match(f"[{HAN}]", piece):
                words += [*piece, *(piece[i : i + 2] for i in range(len(piece) - 1))]
            else:
                words.append(piece)
        return words


def add_switch(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    if pagename == "search":
        app.add_js_file("search_from_disk.js", loading_method="defer")  # after the options, before the search begins


def setup(app: Sphinx) -> dict:
    app.add_search_language(SearchBook)
    app.connect("html-page-context", add_switch)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
