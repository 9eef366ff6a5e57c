"""Every page of the built book in a real browser, opened from disk: quiet, alive, and as wide as the screen."""

import pytest


def addresses(built_book):
    """Return the pages a reader meets, as addresses of files."""
    folders = ("book", "chapters")
    return sorted(path.as_uri() for folder in folders for path in (built_book / folder).rglob("*.html"))


@pytest.fixture
def pages(built_book):
    found = addresses(built_book)
    assert len(found) > 15
    return found


def test_pages_ask_nothing_of_other_hosts_and_put_no_error_on_the_console(visit, pages):
    for address in pages:
        visit(address)  # the fixture watches requests, console and errors


def test_the_widgets_of_every_page_are_alive_without_a_kernel(visit, pages):
    alive = 0
    for address in pages:
        page = visit(address)
        places = page.locator(".cnnlib-widget[data-widget]")
        assert places.count() == page.locator('.cnnlib-widget[data-alive="true"]').count(), address
        alive += places.count()
    assert alive >= 4


def test_pages_fit_a_phone(visit, pages):
    for address in pages:
        page = visit(address, width=320)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address


def test_formulas_are_mathml_and_not_left_as_tex(visit, pages):
    formulas = 0
    for address in pages:
        page = visit(address)
        formulas += page.locator("math").count()
        assert page.evaluate(r"!/\$\$|\\frac|\\sum/.test(document.querySelector('article').innerText)"), address
    assert formulas > 50


def test_figures_follow_the_theme(visit, pages):
    address = next(a for a in pages if a.endswith("04_pooling.html"))
    page = visit(address)
    ink = "() => getComputedStyle(document.querySelector('svg.cnnlib-figure')).fill"
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    light = page.evaluate(ink)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate(ink) != light
