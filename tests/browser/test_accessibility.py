"""No rule of axe-core is broken on the built pages: in both themes, on a phone, on a wide screen and enlarged twice.

A page of each kind is tried here, each in one of these ways; the front is in ``test_front.py``. ``CNN_BOOK_AXE=all``
tries every page in every way, which takes many minutes.
"""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe

SAMPLE = {
    ("light", "phone"): ("genindex.html", "book/results.html", "chapters/02_convolution_arithmetic.html"),
    ("dark", "wide"): ("search.html", "book/glossary.html", "chapters/16_from_40_minutes_to_one.html"),
    ("dark", "enlarged"): ("book/references.html", "book/api/count.html"),
}
SCREENS = {
    "phone": {"width": 320},
    "wide": {"width": 1280},
    "enlarged": {"width": 640, "height": 450, "device_scale_factor": 2},  # 1280 pixels at 200 %
}
STILL = {"reduced_motion": "reduce"}  # colours that fade in are no colours to judge
AS_IT_IS = {"preload": False}  # a page from disk may not read its style sheets anew
ALL = os.environ.get("CNN_BOOK_AXE") == "all"
PAIRS = [(theme, screen) for theme in ("light", "dark") for screen in SCREENS]


@pytest.mark.parametrize(("theme", "screen"), PAIRS if ALL else SAMPLE)
def test_everybody_can_use_every_kind_of_page(visit, built_book, theme, screen):
    every = [path.relative_to(built_book).as_posix() for path in sorted(built_book.rglob("*.html"))]
    # the first page only leads on to another; _static holds parts of pages
    every = [name for name in every if name != "index.html" and not name.startswith("_static")]
    pages = every if ALL else SAMPLE[theme, screen]
    broken = {}
    for name in pages:
        page = visit((built_book / name).as_uri(), color_scheme=theme, **STILL, **SCREENS[screen])
        page.locator(f"html[data-theme={theme}]").wait_for()
        found = Axe().run(page, options=AS_IT_IS).response["violations"]
        if found:
            broken[name] = [(rule["id"], rule["nodes"][0]["html"][:160]) for rule in found]
        page.close()
    assert broken == {}


def test_what_scrolls_can_be_reached_by_keyboard_and_nothing_else_stops_there(visit, built_book):
    address = (built_book / "chapters" / "02_convolution_arithmetic.html").as_uri()
    counts = {}
    for width in (320, 1280):
        page = visit(address, width=width)
        page.wait_for_function("document.querySelectorAll('div.math').length > 3")
        page.wait_for_timeout(200)
        state = """() => [...document.querySelectorAll("article div.math")].map(
            (place) => [place.scrollWidth > place.clientWidth + 1, place.tabIndex === 0, !!place.querySelector("a")])"""
        places = page.evaluate(state)
        assert all(stops or inside for scrolls, stops, inside in places if scrolls)
        assert not any(stops for scrolls, stops, _ in places if not scrolls)
        counts[width] = sum(scrolls for scrolls, *_ in places)
    assert counts[320] > counts[1280]


def test_formulas_are_mathml_with_their_tex(visit, built_book):
    """A screen reader finds structure, not a picture; the TeX stays as an annotation."""
    page = visit((built_book / "chapters" / "02_convolution_arithmetic.html").as_uri())
    formulas = page.locator("article .math math")
    assert formulas.count() > 20
    assert (
        page.locator("article .math math > semantics > annotation[encoding='application/x-tex']").count()
        == formulas.count()
    )
    assert page.locator("article math mfrac").count() > 0
