"""The search, from disk and served under the strict policy: English in any form, Chinese, names of the package."""

import pytest
from policy import policy

FOUND = {
    "striding": ("Convolution arithmetic", None),  # stemmed: the pages have "stride"
    "感受野": ("Glossary", "book/glossary.html"),
    "受野": ("Glossary", "book/glossary.html"),  # a part of a word, which no page has by itself
    "conv_output_size": (
        "cnnlib.arithmetic.conv_output_size",
        "book/api/count.html#cnnlib.arithmetic.conv_output_size",
    ),
}


@pytest.mark.parametrize("how", ["file", "http"])
def test_the_search_finds(visit, serve, built_book, how):
    home = built_book.as_uri() if how == "file" else serve(built_book, {"Content-Security-Policy": policy(built_book)})
    for query, (title, target) in FOUND.items():
        page = visit(f"{home}/search.html?q={query}")  # the fixture watches the console and errors
        page.locator(".search-summary", has_text="found").wait_for()  # the policy forbids to evaluate a condition
        links = page.locator("ul.search li > a")
        assert any(title in words for words in links.all_inner_texts()), (query, links.all_inner_texts()[:5])
        if target:
            assert any(
                link.startswith(target) for link in links.evaluate_all("all => all.map(a => a.getAttribute('href'))")
            )
        page.close()


def test_what_nobody_wrote_is_not_found(visit, built_book):
    page = visit(f"{built_book.as_uri()}/search.html?q=野感")  # both characters are there, but never in this order
    page.locator(".search-summary", has_text="did not match").wait_for()
