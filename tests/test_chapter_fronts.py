"""What chapters say of themselves, and the cards and the map that are made from it."""

import html
import re
from dataclasses import replace

import nbformat
import pytest
from chapter_fronts import Front, UnreadableFront, in_reading_order, read_front, read_fronts
from chapter_overview import render_map, tracks

GOOD = """# Pooling

**You will be able to**

- compute max pooling (最大池化) by hand,
  with its size;
- say more.

**Time**: about 25 minutes to read; the code runs in less than a minute on two cores.

**Builds on**: [Kernels](03_kernels.ipynb) and [Sizes](02_sizes.ipynb)."""


@pytest.fixture(scope="module")
def fronts(root):
    """The chapters of the book."""
    return read_fronts(root)


def written(folder, text):
    path = folder / "04_pooling.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)]), path)
    return path


def test_a_front_says_what_the_chapter_says(tmp_path):
    front = read_front(written(tmp_path, GOOD), "Foundations")
    assert (front.title, front.minutes, front.run) == ("Pooling", 25, "less than a minute")
    assert front.aim == "Compute max pooling by hand, with its size."
    assert front.needs == ("03_kernels", "02_sizes")


@pytest.mark.parametrize("lost", ["# Pooling", "**You will be able to**", "25 minutes", "two cores", "**Builds on**"])
def test_a_front_that_lacks_something_says_what(tmp_path, lost):
    with pytest.raises(UnreadableFront, match="04_pooling.ipynb: its first 4 cells must say"):
        read_front(written(tmp_path, GOOD.replace(lost, "")))


def test_a_need_that_is_no_link_is_no_need(tmp_path):
    with pytest.raises(UnreadableFront, match="no other chapter"):
        read_front(written(tmp_path, re.sub(r"\[Kernels.*", "the rest.", GOOD)))


def test_every_chapter_of_the_book_can_be_read(root, fronts):
    assert set(fronts) == {path.stem for path in (root / "chapters").glob("*.ipynb")}


def test_each_chapter_follows_what_it_builds_on_and_there_are_no_circles(fronts):
    order = in_reading_order(fronts)
    place = {front.name: number for number, front in enumerate(order)}
    assert len(order) == len(fronts)
    assert [name for name, front in fronts.items() if any(place[need] > place[name] for need in front.needs)] == []
    assert [front.name for front in order if not front.needs] == [order[0].name]  # one beginning


def chain(**needs):
    """Return chapters that build on each other as said."""
    return {name: Front(name, "Part", name, ("aim;",), 10, "about 5 seconds", need) for name, need in needs.items()}


def test_a_circle_and_a_stranger_are_refused():
    with pytest.raises(UnreadableFront, match="in a circle: a, b"):
        in_reading_order(chain(a=("b",), b=("a",)))
    with pytest.raises(UnreadableFront, match="names z, which is no chapter"):
        in_reading_order(chain(a=("z",)))


def test_the_map_draws_a_way_into_every_chapter_from_each_that_it_builds_on(fronts):
    order = in_reading_order(fronts)
    drawn, width = tracks(order)
    # Of a track's curves the first leaves its dot; a straight one has none.
    branches = sum(line.count("C") - 1 if "C" in line else 1 for line in drawn)
    assert branches == sum(len(front.needs) for front in order)
    assert width < 150


def test_two_tracks_never_run_in_one_lane_at_once():
    order = in_reading_order(chain(a=(), b=(), c=("a",), d=("b",), e=("d",), f=("d",)))
    drawn, _ = tracks(order)
    lanes = [re.search(r"C([\d.]+) ", line)[1] for line in drawn]
    assert len(set(lanes[:2])) == 2  # a to c beside b to d
    assert lanes[2] in lanes[:2]  # d to f when one of them has ended


def test_the_map_says_in_words_what_it_draws(fronts):
    order = in_reading_order(fronts)
    text = render_map(order, lambda name: f"chapters/{name}.html")
    for front in order:
        after = " and ".join(html.escape(fronts[name].title) for name in front.needs) or "no other chapter"
        assert f'<a href="chapters/{front.name}.html">{html.escape(front.title)}</a>' in text
        assert f"{front.minutes} min<span class=\"needs\"> · builds on {after}</span>" in text
    assert 'aria-hidden="true"' in text


def test_a_changed_chapter_changes_the_map(fronts):
    order = in_reading_order(fronts)
    other = [replace(order[0], minutes=order[0].minutes + 1), *order[1:]]
    assert render_map(order, str) != render_map(other, str)
