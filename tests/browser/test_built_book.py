"""Every page of the built book in a real browser, from disk on a phone and served on a wide screen: quiet and alive."""

import pytest
from policy import policy


@pytest.fixture
def pages(built_book):
    """The pages a reader meets, as addresses of files."""
    found = sorted(path.as_uri() for folder in ("book", "chapters") for path in (built_book / folder).rglob("*.html"))
    assert len(found) > 15
    return found


@pytest.mark.parametrize(("how", "width"), [("file", 320), ("http", 1000)])
def test_every_page_is_quiet_and_its_widgets_and_formulas_are_alive(visit, pages, built_book, serve, how, width):
    """Served, each page also obeys the strictest policy that the book says it can bear: a breach is an error."""
    widgets = formulas = 0
    home = serve(built_book, {"Content-Security-Policy": policy(built_book)})
    for address in pages if how == "file" else [page.replace(built_book.as_uri(), home) for page in pages]:
        page = visit(address, width=width)  # the fixture watches requests to other hosts, the console and errors
        places = page.locator(".cnnlib-widget[data-widget]").count()
        assert places == page.locator('.cnnlib-widget[data-alive="true"]').count(), address
        assert page.evaluate(r"!/\$\$|\\frac|\\sum/.test(document.querySelector('article').innerText)"), address
        widgets += places
        formulas += page.locator("math").count()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        page.close()
    assert widgets >= 4
    assert formulas > 50


def test_figures_follow_the_theme(visit, pages):
    address = next(a for a in pages if a.endswith("04_pooling.html"))
    page = visit(address)
    ink = "() => getComputedStyle(document.querySelector('svg.cnnlib-figure')).fill"
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    light = page.evaluate(ink)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate(ink) != light
