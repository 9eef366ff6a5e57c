"""What leads from one place of the book to another: entries of the package, numbers, index, and how a page was run."""

import importlib
import inspect
import pkgutil
import re
from html import unescape

import nbformat
import pytest
from sphinx.util.inventory import InventoryFile

import cnnlib
from cnnlib import models

PAGES = ("chapters/02_convolution_arithmetic", "chapters/0501_permuted_pixels", "chapters/12_resnet")


@pytest.fixture(scope="module")
def html(built_book):
    """The text of a built page, by its name without suffix."""
    return lambda name: (built_book / f"{name}.html").read_text(encoding="utf-8")


def chapters(root, folder="chapters"):
    return {path.stem: nbformat.read(path, 4).cells for path in sorted((root / folder).glob("*.ipynb"))}


def public_names():
    """Every public function and class: what a package exports, and what a module defines that stands alone."""
    for module in pkgutil.iter_modules(cnnlib.__path__, "cnnlib."):
        loaded = importlib.import_module(module.name)
        if module.name == "cnnlib.cli":  # a command, which says itself how it is used
            continue
        for name in getattr(loaded, "__all__", None) or vars(loaded):
            thing = getattr(loaded, name)
            is_code = inspect.isfunction(thing) or inspect.isclass(thing)
            if is_code and not name.startswith("_") and (hasattr(loaded, "__all__") or thing.__module__ == module.name):
                yield f"{module.name}.{name}"


def test_every_public_name_has_an_entry(built_book):
    with (built_book / "objects.inv").open("rb") as stream:
        inventory = InventoryFile.load(stream, "", lambda base, path: path)
    entries = {name for kind, found in inventory.items() if kind.startswith("py:") for name in found}
    names = set(public_names())
    builders = [models.card(name).factory for name in models.names()]
    # one made within a loop has no name of its own to import; its module's other entries say what it takes
    names |= {f"{one.__module__}.{one.__qualname__}" for one in builders if "<locals>" not in one.__qualname__}
    assert len(names) > 100
    assert names - entries == set()


def test_code_leads_to_the_entries(html):
    page = html("chapters/02_convolution_arithmetic")
    links = re.findall(r'<a class="to-entry" href="([^"]+)">(.*?)</a>', page)
    linked = {(re.sub("<[^>]+>", "", words), href) for href, words in links}
    assert ("conv_output_size", "../book/api/count.html#cnnlib.arithmetic.conv_output_size") in linked
    assert ("plot.numbers", "../book/api/draw.html#cnnlib.plot.numbers") in linked
    assert not any(words.startswith(("torch", "F.", "nn.")) for words, _ in linked)


def test_linking_leaves_the_code_as_it_is(root, html):
    """Without its tags each block of code is the cell's source, character by character."""
    page = html("chapters/02_convolution_arithmetic")
    blocks = re.findall(r'<div class="highlight-ipython3[^>]*><div class="highlight"><pre>(.*?)</pre>', page, re.DOTALL)
    shown = [unescape(re.sub("<[^>]+>", "", block)).strip() for block in blocks]
    cells = [cell.source for cell in chapters(root)["02_convolution_arithmetic"] if cell.cell_type == "code"]
    assert [cell for cell in cells if cell.strip() not in shown] == []


@pytest.mark.parametrize("name", PAGES)
def test_figures_tables_formulas_and_exercises_have_numbers_of_their_chapter(html, name):
    page, number = html(name), re.match(r"chapters/0?(\d+)", name)[1] if "0501" not in name else "0501"
    figures = re.findall(r'caption-number">Figure ([\w.]+) ', page)
    assert figures == [f"{number}.{i}" for i in range(1, len(figures) + 1)]
    assert len(figures) >= 5
    formulas = re.findall(r'class="eqno">\(([\w.]+)\)', page)
    assert formulas == [f"{number}.{i}" for i in range(1, len(formulas) + 1)]
    exercises = re.findall(r"<h3>Exercise ([\w.]+): ", page)
    assert exercises == [f"{number}.{i}" for i in range(1, len(exercises) + 1)]
    assert len(exercises) >= 4


def test_every_drawing_of_a_chapter_has_a_caption(root):
    """A cell that draws is followed by its caption, except where one loop draws many."""
    bare = []
    for name, cells in chapters(root).items():
        for cell, after in zip(cells, [*cells[1:], None], strict=True):
            draws = cell.cell_type == "code" and re.search(r"^plot\.show\(", cell.source, re.MULTILINE)
            if draws and not (after and re.match(r"\[(Figure|Table)\]\(#(fig|tab)-", after.source)):
                bare.append(f"{name}: {cell.id}")
    assert bare == []


def test_references_read_as_words_in_jupyter_and_as_numbers_here(root, html):
    cells = chapters(root)["02_convolution_arithmetic"]
    assert "[the drawing above](#fig-windows)" in "".join(cell.source for cell in cells)
    page = html("chapters/02_convolution_arithmetic")
    assert re.search(r'href="#fig-windows"><span class="std std-numref">Figure 2\.2</span>', page)
    assert "formula (2.2)" in html("chapters/04_pooling")  # of another chapter
    assert "exercise 12.4" in html("chapters/12_resnet")


def test_a_chapter_that_is_an_exercise_keeps_its_name(html):
    assert "<h1>Exercise 0501: permuted pixels<" in html("chapters/0501_permuted_pixels")


def test_exercises_and_solutions_have_the_same_numbers(root, html):
    for name in chapters(root, "chapters/solutions"):
        asked, solved = (
            set(re.findall(r"<h[2-6]>Exercise ([\w.]+): ", html(page)))
            for page in (f"chapters/{name}", f"chapters/solutions/{name}")
        )
        assert asked == solved, name
        assert asked, name


def test_the_index_holds_the_terms_in_both_languages(html):
    index = unescape(html("genindex"))
    for term in (
        "receptive field",
        "感受野",
        "feature map",
        "特征图",
        "conv_output_size() (in module cnnlib.arithmetic)",
    ):
        assert term in index


def test_each_page_with_code_says_how_it_was_run(root, html):
    listed = html("book/execution")
    for name in chapters(root):
        note = re.search(r'<aside class="executed".*?</aside>', html(f"chapters/{name}"), re.DOTALL)[0]
        assert re.search(r"run on \d{1,2} [A-Z][a-z]+ 20\d\d in [\w ]+\(", note), name
        assert re.search(r"processor cores?, \w+, device \w+\); Python 3\.\d+\.\d+, torch \d", note), name
        assert "Data: " in note, name
        assert f'href="../chapters/{name}.html"' in listed, name
    assert "in place of" in html("chapters/12_resnet") or "CIFAR-10" in html("chapters/12_resnet")
    assert 'class="executed"' not in html("book/glossary")


def test_each_chapter_can_be_downloaded_as_a_notebook(root, built_book, html):
    for name in chapters(root):
        link = re.search(
            r'href="([^"]+\.ipynb)"[^>]*\bdownload\b|\bdownload\b[^>]*href="([^"]+\.ipynb)"', html(f"chapters/{name}")
        )
        there = (built_book / "chapters" / (link[1] or link[2])).resolve()
        assert nbformat.read(there, 4).cells, name
