"""What every widget promises, whatever it shows: it fits, nothing jumps, all can use it, and there is a way back."""

import random
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from widget_examples import CLASSES, make

from cnnlib.widgets import bundle

SEVERAL = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
STATE = """async (keys) => {
  const { model } = (await window.cnnlibWidgets.ready)[0].value;
  return keys.map((key) => model.get(key));
}"""
WIDE = "document.documentElement.scrollWidth"
PAGE_RULES = {"rules": {"landmark-one-main": {"enabled": False}, "page-has-heading-one": {"enabled": False}}}
NONSENSE = ("0", "1", "2", "3", "7", "-1", "1e9", "", "2.5")


@SEVERAL
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_it(visit, page_with, kind, theme):
    """No rule of axe-core is broken: names, roles, contrast, focus, size of targets."""
    page = visit(page_with(make(kind), theme=theme), width=390)
    found = Axe().run(page, options=PAGE_RULES)
    assert found.violations_count == 0, found.generate_report()


@SEVERAL
def test_it_fits_and_nothing_jumps_when_it_comes_alive(visit, page_with, browser, kind):
    address = page_with(make(kind))
    needed = {}
    for width in (320, 390, 768, 1000):
        asleep = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=False).new_page()
        asleep.goto(address)
        kept = asleep.locator(".cnnlib-widget").bounding_box()["height"]
        asleep.context.close()
        page = visit(address, width=width)
        assert page.evaluate(WIDE) <= width
        alive = page.locator(".cnnlib-widget").bounding_box()["height"]
        if abs(alive - kept) > 1:
            needed[width] = f"{alive:.0f} instead of {kept:.0f}"
    assert not needed, f"{kind.__name__}.heights is too small: {needed}"


@SEVERAL
def test_without_javascript_there_is_a_picture(browser, page_with, kind):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 700, "height": 900})
    page = context.new_page()
    page.goto(page_with(make(kind)))
    place = page.locator(".cnnlib-widget")
    assert place.locator("svg, table, img, ol, pre").count() > 0
    assert len(place.inner_text()) > 20, "a picture needs words"
    for svg in place.locator("svg").all():
        assert svg.get_attribute("aria-label") or svg.get_attribute("aria-hidden")
    context.close()


@SEVERAL
def test_whatever_is_done_to_it_there_is_a_way_back(visit, page_with, kind):
    """Random use of every control breaks nothing; Reset then restores each setting."""
    widget, rng = make(kind), random.Random(7)
    page = visit(page_with(widget), width=700)
    first = page.evaluate(STATE, widget.settings())
    place = page.locator(".cnnlib-widget")
    for _ in range(60):
        _use(page, rng.choice(place.locator("input:not([type=file]), select, button").all()), rng)
    assert page.evaluate(WIDE) <= 700
    _reset(place)
    assert page.evaluate(STATE, widget.settings()) == first


def _reset(place):
    button = place.get_by_role("button", name=re.compile("^(Reset|Start again)$"))
    if button.count():  # a quiz that nobody has begun has nothing to go back to
        button.first.click()


def _use(page, control, rng):
    """Do something with a control that a reader could do."""
    if not control.is_visible() or not control.is_enabled():
        return
    tag, kind = control.evaluate("element => [element.tagName, element.type]")
    if tag == "BUTTON" or kind in ("checkbox", "radio"):
        control.click()
    elif tag == "SELECT":
        control.select_option(rng.choice(control.evaluate("element => [...element.options].map((o) => o.value)")))
    elif kind == "range":
        control.focus()
        page.keyboard.press(rng.choice(("ArrowLeft", "ArrowRight", "Home", "End", "PageUp")))
    elif kind in ("number", "text") and control.is_editable():
        control.fill(rng.choice(NONSENSE))
        page.keyboard.press("Tab")


@SEVERAL
def test_two_on_one_page_do_not_disturb_each_other(visit, page_with, kind):
    page = visit(page_with(make(kind), make(kind)))
    assert page.locator('.cnnlib-widget[data-alive="true"]').count() == 2
    one, other = page.locator(".cnnlib-widget").all()
    before = other.inner_html()
    _reset(one)
    for control in one.locator('input[type="number"]:visible').all()[:3]:
        control.fill("2")
        page.keyboard.press("Tab")
    assert other.inner_html() == before
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids))


def test_every_widget_is_public_and_has_its_words():
    assert {kind.module for kind in CLASSES} == set(bundle.widget_names())
    for kind in CLASSES:
        assert bundle.words(kind.module)["title"]
