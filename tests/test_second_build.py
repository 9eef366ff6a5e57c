"""A second build does only what is new, and loses neither a page nor a warning."""

import json
import os
import re
import sys

import build_book
import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

PAGES = {
    "index.md": "# Book\n\n```{toctree}\nchapters/one\nchapters/two\nbook/end\n```\n",
    "chapters/one.md": "# One\n\nSome text.\n",
    "chapters/two.md": "# Two\n\nSee [the first](one.md).\n",
    "book/end.md": "# End\n",
}


@pytest.fixture
def build(tmp_path, root, monkeypatch):
    """A function that builds a book of four pages and returns the names of those that it wrote."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(root / "book" / "_ext")])
    for name, text in PAGES.items():
        (tmp_path / "src" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / name).write_text(text, encoding="utf-8")

    def run():
        written = []
        settings = {"extensions": ["myst_parser", "changed_chapters"]}
        with docutils_namespace():
            app = Sphinx(
                tmp_path / "src", None, tmp_path / "html", tmp_path / "doctrees", "html", confoverrides=settings,
                status=None, warning=None,
            )  # fmt: skip
            app.connect("html-page-context", lambda app, name, *rest: written.append(name))
            app.build()
        return {name for name in written if f"{name}.md" in PAGES}

    run()
    return run


def change(tmp_path, name, old, new):
    """Change a page but not its time, as a checkout or an archive may."""
    path = tmp_path / "src" / name
    time = path.stat().st_mtime
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    os.utime(path, (time, time))


def test_what_only_the_page_shows_writes_only_that_chapter(build, tmp_path):
    change(tmp_path, "chapters/one.md", "Some text", "Other words")
    written = build()
    assert "chapters/one" in written and "book/end" in written  # pages of book/ may gather from chapters
    assert "chapters/two" not in written
    assert "Other words" in (tmp_path / "html" / "chapters" / "one.html").read_text(encoding="utf-8")


NEW = ("# First\n\nSome text", "# One\n\n## More\n\nSome text", "# One\n\n(here)=\nSome text")


@pytest.mark.parametrize("new", NEW)
def test_what_other_pages_can_see_writes_all(build, tmp_path, new):
    change(tmp_path, "chapters/one.md", "# One\n\nSome text", new)
    assert build() == {name.removesuffix(".md") for name in PAGES}


@pytest.fixture
def small_project(tmp_path, monkeypatch):
    """A project of one chapter and one built page, with the note of its build."""
    for name in ("chapters/one.ipynb", "book/end.md", "_config.yml", "_toc.yml", "_build/html/index.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    for name, place in (("ROOT", "."), ("HTML", "_build/html"), ("NOTE", "_build/made_from.json")):
        monkeypatch.setattr(build_book, name, tmp_path / place)
    build_book.NOTE.write_text(json.dumps({"made_from": build_book.sources(), "pages": build_book.pages()}))
    return tmp_path


def test_a_whole_unchanged_book_is_left_alone(small_project):
    assert build_book.last_build() == build_book.sources()


def test_a_page_that_is_missing_or_cut_short_is_built_again(small_project):
    (small_project / "_build/html/index.html").write_text("")
    assert build_book.last_build() == {}


CHANGES = [("chapters/one.ipynb", "chapters"), ("book/end.md", "rest"), ("_toc.yml", "rest")]


@pytest.mark.parametrize("name, part", CHANGES)
def test_a_change_is_seen(small_project, name, part):
    (small_project / name).write_text("new")
    before, now = build_book.last_build(), build_book.sources()
    assert [key for key in now if now[key] != before[key]] == [part]


def test_no_chapter_uses_what_the_cache_passes_over(root):
    names = "|".join(name.removesuffix(".py") for name in build_book.UNSEEN)
    use = re.compile(rf"cnnlib\.({names})\b|from cnnlib import [^\n]*\b({names})\b|^!|^%%bash", re.MULTILINE)
    cells = [
        (path.name, "".join(cell["source"]))
        for path in (root / "chapters").rglob("*.ipynb")
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    assert len(cells) > 500
    assert [name for name, source in cells if use.search(source)] == []
