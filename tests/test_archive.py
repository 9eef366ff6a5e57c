"""The book as one zip is whole and the same each time; the licence of every part by others lies beside it."""

import hashlib
import sys
import zipfile

import archive
import pytest


@pytest.fixture
def licences(root, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(root / "book" / "_ext")])
    import licences

    return licences


def static_files(built_book):
    static = built_book / "_static"
    return [path.relative_to(static).as_posix() for path in static.rglob("*") if path.is_file()]


def test_every_file_beside_the_pages_is_the_books_own_or_has_its_licence(built_book, root, licences):
    own = {path.relative_to(root / "book/_static").as_posix() for path in (root / "book/_static").rglob("*")}
    files = static_files(built_book)
    assert len(files) > 60
    assert [name for name in files if not licences.owners(name, own)] == [], "whose are they? Say it in licences.py"


def test_every_part_is_still_there(built_book, licences):
    used = {name for path in static_files(built_book) for name in licences.owners(path, set())}
    assert [part.name for part in licences.PARTS if part.name not in used] == []


def test_every_licence_is_a_text_that_the_page_links_to(built_book, licences):
    page = (built_book / "book" / "licences.html").read_text(encoding="utf-8")
    for part in licences.PARTS:
        name = licences.file_name(part)
        words = (built_book / "_static" / "licences" / name).read_text(encoding="utf-8")
        assert len(words) > 500 and any(word in words.lower() for word in ("copyright", "creative commons")), part.name
        assert f'href="../_static/licences/{name}"' in page


def test_a_file_of_unknown_origin_is_noticed(licences):
    assert licences.owners("scripts/jquery.js", set()) == []
    assert licences.owners("cnn-widgets.js", set()) == ["the book"]
    assert licences.owners("clipboard.min.js", set()) == ["clipboard.js"]


def test_the_archive_is_the_built_book_and_the_same_each_time(built_book, tmp_path):
    first, names = archive.pack(built_book, tmp_path / "one.zip")
    second, _ = archive.pack(built_book, tmp_path / "two.zip")
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == names == sorted(names)
        for path in built_book.rglob("*"):
            name = f"cnn-book/{path.relative_to(built_book).as_posix()}"
            if path.is_file() and path.suffix != ".map" and path.name != ".buildinfo":
                assert packed.read(name) == path.read_bytes()
    assert "cnn-book/index.html" in names and not [name for name in names if name.endswith(".map")]


def test_the_checksum_is_that_of_the_archive(tmp_path):
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "index.html").write_text("Read me")
    packed, _ = archive.pack(tmp_path / "html", tmp_path / "cnn-book.zip")
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    assert archive.write_sum(packed).read_text() == f"{digest}  cnn-book.zip\n"
