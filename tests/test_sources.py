"""Every work that the book names is in its bibliography, complete, and cited where it is named."""

import re

import nbformat
import pytest
from pybtex.database import parse_file

from cnnlib import models

CITED = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")
NAMED = re.compile(
    r"\b([A-Z][\w'-]+)(?: and others| et al\.|(?:, [A-Z][\w-]+)* and [A-Z][\w-]+)?,? \(?((?:19|20)\d\d)\b"
)
MONTHS = "January February March April May June July August September October November December"
NO_NAME = {"In", "Since", "Until", "AlexNet", *MONTHS.split()}
VENUES = {"booktitle", "journal", "publisher", "institution", "howpublished", "eprint"}
NO_YEAR = {"ouc_colab"}  # a repository that goes on
# Where a card names no paper because there is none, what it names instead.
NO_PAPER = ("the students' note", "OUCTheoryGroup", "the single tower", "the NiN authors' ImageNet network")


@pytest.fixture(scope="module")
def works(root):
    return parse_file(root / "book" / "references.bib").entries


@pytest.fixture(scope="module")
def texts(root):
    """The words of every chapter, solution and page, by path."""
    words = {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in (root / "book").glob("*.md")}
    for path in (root / "chapters").rglob("*.ipynb"):
        cells = nbformat.read(path, 4).cells
        words[path.relative_to(root).as_posix()] = "\n\n".join(c.source for c in cells if c.cell_type == "markdown")
    return words


def cited(text):
    return {key.strip() for keys in CITED.findall(text) for key in keys.split(",")}


def named(text):
    return {(surname, year) for surname, year in NAMED.findall(text) if surname not in NO_NAME}


def surname(work):
    return work.persons["author"][0].last_names[-1]


def test_every_work_is_complete(works):
    found = {key: {*work.fields, *work.persons} for key, work in works.items()}
    assert [key for key, fields in found.items() if not {"author", "title"} <= fields or not fields & VENUES] == []
    assert [key for key, fields in found.items() if "year" not in fields and key not in NO_YEAR] == []


def test_what_is_cited_is_a_work_and_every_work_is_cited(works, texts):
    everywhere = set().union(*map(cited, texts.values()))
    assert everywhere - set(works) == set()
    assert set(works) - everywhere == set()


def test_whoever_is_named_with_a_year_is_cited_in_the_same_chapter(works, texts):
    missing = set()
    for path, text in texts.items():
        here = cited(text) | cited(texts.get(path.replace("solutions/", ""), ""))
        known = {(surname(works[key]), works[key].fields.get("year")) for key in here}
        missing |= {f"{path}: {name} {year}" for name, year in named(text) - known}
    assert missing == set()


def test_every_card_names_a_work_of_the_bibliography(works):
    known = {(surname(work), year) for work in works.values() if (year := work.fields.get("year"))}
    missing = []
    for card in map(models.card, models.names()):
        if card.source.startswith(NO_PAPER):
            continue
        year = re.search(r"\b(?:19|20)\d\d\b", card.source)
        first = re.match(r"[A-Z][\w'-]+", card.source)
        if not year or not first or (first[0], year[0]) not in known:
            missing.append(f"{card.name}: {card.source}")
    assert missing == []


def test_the_pattern_knows_a_name_from_a_date():
    text = "He et al. (2016) and Luo and others, 2016; Tan and Le (2019). In 1998, and in December 2013, AlexNet."
    assert named(text) == {("He", "2016"), ("Luo", "2016"), ("Tan", "2019")}
