"""The built book: all pages are there, ask nothing of another host, describe their pictures and link to what exists."""

import gzip
import re
from urllib.parse import unquote, urldefrag, urlparse

import pytest
import yaml
from chapter_fronts import read_fronts
from pages import Page, is_elsewhere, loads_of_css

HEAVIEST_TEXT = 500_000  # bytes of a page with its pictures, compressed
HEAVIEST_PAGE = 600_000  # bytes of the JavaScript, CSS and weights beside it, compressed


@pytest.fixture(scope="module")
def pages(built_book):
    """Every built page, by its path below the book's folder."""
    found = [path for path in built_book.rglob("*.html") if path.relative_to(built_book).parts[0] != "_static"]
    return {path.relative_to(built_book).as_posix(): Page(path.read_text(encoding="utf-8")) for path in found}


def documents(root):
    """Return the documents named in the table of contents, without suffix."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))

    def below(node):
        for part in [*node.get("parts", []), *node.get("chapters", []), *node.get("sections", [])]:
            if "file" in part:
                yield part["file"]
            yield from below(part)

    return [toc["root"], *below(toc)]


def test_every_page_of_the_contents_is_built(root, pages):
    assert [name for name in documents(root) if f"{name}.html" not in pages] == []


def test_every_chapter_stands_in_the_contents(root):
    chapters = {path.relative_to(root).with_suffix("").as_posix() for path in (root / "chapters").rglob("[0-9]*.ipynb")}
    assert chapters - set(documents(root)) == set()


def test_no_page_loads_from_another_host(pages):
    asked = {f"{name}: {address}" for name, page in pages.items() for address in page.loads if is_elsewhere(address)}
    assert asked == set()


def test_no_style_sheet_loads_from_another_host(built_book):
    sheets = list(built_book.rglob("*.css"))
    assert sheets
    asked = {
        f"{sheet.name}: {address}"
        for sheet in sheets
        for address in loads_of_css(sheet.read_text(encoding="utf-8"))
        if is_elsewhere(address)
    }
    assert asked == set()


def test_everything_a_page_loads_is_in_the_book(built_book, pages):
    missing = set()
    for name, page in pages.items():
        for address in page.loads:
            path = urlparse(address).path
            if path and not address.startswith("data:") and not is_elsewhere(address):
                target = (built_book / name).parent / unquote(path)
                if not target.is_file():
                    missing.add(f"{name}: {address}")
    assert missing == set()


def test_no_page_makes_its_reader_wait(built_book, pages):
    """A page, and its scripts, style sheets and widgets' data, are small enough for a poor network."""
    def compressed(path):
        return len(gzip.compress(path.read_bytes(), 6))

    sizes = {}
    for name, page in pages.items():
        paths = {(built_book / name).parent / unquote(urlparse(address).path) for address in page.loads}
        parts = [path for path in paths if path.suffix in (".js", ".css")]
        parts += [built_book / "_static" / "cnn-assets" / f"{asset}.js" for asset in page.assets | page.widgets]
        sizes[name] = sum(map(compressed, parts))
    assert {name: size for name, size in sizes.items() if size > HEAVIEST_PAGE} == {}
    texts = {name: compressed(built_book / name) for name in pages}
    assert {name: size for name, size in texts.items() if size > HEAVIEST_TEXT} == {}


def test_every_picture_is_described(pages):
    undescribed = {f"{name}: {tag}" for name, page in pages.items() for tag in page.undescribed}
    assert undescribed == set()


def test_every_internal_link_leads_somewhere(built_book, pages):
    broken = set()
    for name, page in pages.items():
        for link in page.links:
            address, anchor = urldefrag(link)
            if re.match(r"[a-z]+:", address) or is_elsewhere(address):
                continue
            target = (built_book / name).parent / unquote(address) if address else built_book / name
            key = target.resolve().relative_to(built_book.resolve()).as_posix()
            if not target.is_file():
                broken.add(f"{name}: {link} (no such file)")
            elif anchor and key in pages and unquote(anchor) not in pages[key].names:
                broken.add(f"{name}: {link} (no such place)")
    assert broken == set()


def text_of(built_book, name):
    return (built_book / name).read_text(encoding="utf-8")


def test_the_first_page_has_a_widget_and_a_card_and_a_place_on_the_map_for_every_chapter(root, built_book, pages):
    first = text_of(built_book, "book/index.html")
    assert pages["book/index.html"].widgets == {"widget_kernel_playground"}
    cards = re.findall(r'<div class="sd-card [^"]*sd-card-hover.*?<a class="sd-stretched-link.*?</a>', first, re.DOTALL)
    for front in read_fronts(root).values():
        own = [card for card in cards if f"../chapters/{front.name}.html" in card and "minutes to read" in card]
        assert len(own) == 1, front.name
        assert f"{front.minutes} minutes to read; the code runs in {front.run}" in own[0]
        on_the_map = rf'<li class="track-\d"><a href="../chapters/{front.name}\.html">'
        assert len(re.findall(on_the_map, first)) == 1, front.name


def test_every_page_describes_itself_to_those_who_link_to_it(root, built_book):
    for name in documents(root):
        page = text_of(built_book, f"{name}.html")
        facts = dict(re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]+)"', page))
        assert {"description", "og:title", "og:description", "og:image", "og:image:alt"} <= set(facts), name
        assert 40 <= len(facts["description"]) <= 300 and "\n" not in facts["description"], name
        assert ((built_book / name).parent / facts["og:image"]).is_file(), name  # relative: no address is configured


def test_each_chapter_explains_its_terms_where_they_come_first(root, built_book, pages):
    hint = re.compile(r'<a class="term-hint" href="([^"]+)" aria-describedby="([^"]+)">(.*?)</a>', re.DOTALL)
    for name in documents(root):
        page = text_of(built_book, f"{name}.html")
        found = hint.findall(page)
        if re.match(r"chapters/\w+$", name):
            assert len(found) >= 5, name
        boxes = re.findall(r'<div class="term-hint-box" id="([^"]+)" role="tooltip" hidden>', page)
        assert [box for _, box, _ in found] == boxes, name  # each once, in the order of the text
        assert len(set(boxes)) == len(boxes), name
        assert not re.search(r"<h\d[^>]*>(?:(?!</h\d).)*term-hint", page), name


BAD = """<link rel="stylesheet" href="//cdn.example/a.css"><link rel="canonical" href="https://home.example/">
<script src="https://cdn.example/a.js"></script><div style="background: url('http://a.example/b.png')"></div>
<style>@import "https://a.example/c.css"; b {}</style><img src="d.png"><svg><use href="#e"></use></svg>
<span aria-hidden="true"><span></span><svg></svg></span><svg aria-label="a curve"></svg><img src="f.png" alt="a cat">
<a id="here" href="https://a.example/">not loaded</a>"""


def test_the_reader_of_pages_sees_what_these_tests_rest_on():
    page = Page(BAD)
    assert [address for address in page.loads if is_elsewhere(address)] == [
        "//cdn.example/a.css",
        "https://cdn.example/a.js",
        "http://a.example/b.png",
        "https://a.example/c.css",
    ]
    assert page.undescribed == ['<img src="d.png">', "<svg>"]
    assert page.links == ["https://a.example/"]
    assert page.names == {"here"}
