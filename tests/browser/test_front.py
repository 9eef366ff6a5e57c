"""The first page, the cheat sheet and the definitions of terms in a real browser: mouse, keyboard, finger, paper."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from chapter_fronts import read_fronts

CHAPTER = "chapters/05_training_a_network.html"
FRONT = ("book/index.html", "book/cheat_sheet.html", CHAPTER)


@pytest.fixture
def chapter(built_book, visit):
    """A chapter, with its first term and that term's definition."""
    page = visit((built_book / CHAPTER).as_uri())
    term = page.locator("a.term-hint").first
    return page, term, page.locator("#" + term.get_attribute("aria-describedby"))


def test_a_definition_shows_under_the_pointer_and_stays_while_it_is_read(chapter):
    page, term, box = chapter
    assert box.is_hidden()
    term.hover()
    assert box.is_visible()
    box.hover()  # the pointer leaves the word and lies on the definition
    page.wait_for_timeout(400)
    assert box.is_visible()
    page.mouse.move(5, 5)
    page.wait_for_timeout(400)
    assert box.is_hidden()


def test_a_definition_shows_at_the_keyboards_focus_and_escape_closes_it(chapter):
    page, term, box = chapter
    page.keyboard.press("Tab")
    term.focus()
    assert box.is_visible()
    page.keyboard.press("Escape")
    assert box.is_hidden()
    assert page.evaluate("document.activeElement.className") == "term-hint"
    page.keyboard.press("Tab")
    assert page.locator(".term-hint-box:visible").count() <= 1


def test_a_tap_shows_a_definition_and_a_second_one_follows_the_link(built_book, visit):
    page = visit((built_book / CHAPTER).as_uri(), width=320, height=640, has_touch=True)
    term = page.locator("a.term-hint").first
    box = page.locator("#" + term.get_attribute("aria-describedby"))
    term.tap()
    assert box.is_visible() and page.url.endswith(CHAPTER)
    place = box.bounding_box()
    assert place["x"] >= 0 and place["x"] + place["width"] <= 320
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator("article h1").tap()
    assert box.is_hidden()
    term.tap()
    term.tap()
    page.wait_for_url("**/glossary.html#term-*")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_front_breaks_no_rule_of_accessibility(built_book, visit, theme):
    for name in FRONT:
        page = visit((built_book / name).as_uri(), width=320, height=700, color_scheme=theme, reduced_motion="reduce")
        if page.locator("a.term-hint").count():
            page.locator("a.term-hint").first.hover()
        found = Axe().run(page, options={"preload": False}).response["violations"]
        # (Without "preload": it would load style sheets once more, which a page from disk may not.)
        broken = [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]
        assert broken == [], name
        page.close()


def test_the_map_is_as_wide_as_a_phone_and_its_words_do_not_overlap(root, built_book, visit):
    page = visit((built_book / "book/index.html").as_uri(), width=320)
    rows = page.locator(".chapter-map li").evaluate_all(
        "rows => rows.map(row => [row.clientHeight, row.scrollHeight, row.scrollWidth - row.clientWidth])"
    )
    assert len(rows) == len(read_fronts(root))
    assert [row for row in rows if row[1] > row[0] + 1 or row[2] > 0] == []


def test_on_paper_stand_pictures_in_place_of_widgets_and_no_side_bars(built_book, visit):
    page = visit((built_book / "book/index.html").as_uri())
    widget = page.locator(".cnnlib-widget").first
    assert widget.locator("select").count() > 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert widget.locator("select").count() == 0 and widget.locator("img").is_visible()
    around = page.locator(".bd-sidebar-primary, .bd-sidebar-secondary, .prev-next-area")
    assert around.count() >= 3 and around.locator("visible=true").count() == 0
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert widget.locator("select").count() > 0


def test_nothing_moves_for_those_who_ask_for_stillness(built_book, visit):
    page = visit((built_book / "book/index.html").as_uri(), reduced_motion="reduce")
    moving = page.evaluate("""() => [...document.querySelectorAll("*")].filter(each => {
        const style = getComputedStyle(each);
        const animated = style.animationName !== "none" && parseFloat(style.animationDuration) > 0.01;
        return animated || parseFloat(style.transitionDuration) > 0.01;
    }).map(each => each.outerHTML.slice(0, 100))""")
    assert moving == []
