"""Figures: each says what it shows, follows the theme, and puts no id on a page twice."""

import base64
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from PIL import Image

from cnnlib import data, plot
from cnnlib.errors import BadInput
from cnnlib.plot.style import ROLES
from cnnlib.train import History, Mistake

RUNS = [History([{"epoch": e, "train_loss": 2 / e, "val_accuracy": 1 - 1 / (e + 1)} for e in (1, 2, 3)], label="a")]
FIGURES = {
    "curves": lambda: plot.curves(RUNS, "val_accuracy"),
    "bars": lambda: plot.bars({"a": 3, "b": 0.5}, unit=" s"),
    "spread": lambda: plot.spread({"a": [1.0, 2.0]}, "accuracy (%)", {"a": 3.0}),
    "confusion": lambda: plot.confusion([[5, 1], [0, 4]], ["cat", "dog"]),
    "tradeoff": lambda: plot.tradeoff({"a": (9.0, [1.0, 2.0])}, "cost", "accuracy (%)"),
    "mistakes": lambda: plot.mistakes(torch.rand(2, 1, 8, 8), [Mistake(1, 0, 1, 0.9)], ["cat", "dog"]),
    "images": lambda: plot.images(torch.rand(3, 3, 8, 8), ["shirt", "coat", "bag"], columns=2),
    "maps": lambda: plot.maps(torch.randn(4, 5, 5)),
    "kernels": lambda: plot.kernels(torch.randn(2, 3, 3, 3)),
    "numbers": lambda: plot.numbers([[1, 2.5], [float("nan"), 4]], [(0, 1)], title="input"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_describes_itself_and_is_valid_svg(name):
    svg = plot.to_svg(FIGURES[name]())
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert len(root.get("aria-label")) > 20
    assert "<script" not in svg
    assert "http" not in re.sub(r'xmlns(:xlink)?="[^"]*"', "", svg)


@pytest.mark.parametrize("name", FIGURES)
def test_the_inks_are_variables_so_that_the_theme_can_change_them(name):
    svg = plot.to_svg(FIGURES[name]())
    for colour, variable in ROLES.values():
        assert svg.count(colour) == svg.count(f"var({variable}, {colour})")
    if name not in ("images", "maps", "kernels"):
        assert "var(--cnn-" in svg
    assert not re.search(r"fill: #(000000|ffffff)\b", svg) or name == "confusion"


def test_ids_are_not_shared_between_the_figures_of_a_page():
    first, second = plot.to_svg(FIGURES["curves"]()), plot.to_svg(FIGURES["curves"]())
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for svg, own in zip((first, second), ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'href="#([^"]+)"', svg)) <= own


def test_words_stay_words():
    assert ">validation accuracy" in plot.to_svg(FIGURES["curves"]()).lower()


def test_a_legend_has_no_white_box():
    svg = plot.to_svg(FIGURES["curves"]())
    assert "#ffffff" not in svg


def embedded(pictures):
    """The pictures in a figure of them, as the page will show them, and their bytes in all."""
    found = re.findall(r'data:image/webp;base64,([^"]+)', plot.to_svg(plot.images(pictures)))
    packed = [base64.b64decode(one) for one in found]
    return [np.asarray(Image.open(io.BytesIO(one)).convert("RGB")) for one in packed], sum(map(len, packed))


def test_cells_stay_exact_and_photographs_take_little_room():
    small = torch.randint(0, 256, (2, 3, 32, 32), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    shown, _ = embedded(small)
    for one, of in zip(shown, small, strict=True):
        middles = ((np.arange(32) + 0.5) * len(one) / 32).astype(int)  # it is drawn with several pixels a cell
        assert np.array_equal(one[::-1][middles][:, middles], of.permute(1, 2, 0))  # upside down, and turned by the SVG
    (shown,), size = embedded(data.photograph("china", size=224)[None])
    assert size < 0.3 * shown.size
    assert shown.std() > 40  # it is still a picture


def test_alt_text_is_escaped():
    svg = plot.to_svg(plot.figure(), alt='a < b & "c"')
    assert ET.fromstring(svg).get("aria-label") == 'a < b & "c"'


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plot.to_svg(plot.figure()), "no description"),
        (lambda: plot.images(torch.rand(2, 6, 8, 8)), "plot.maps"),
        (lambda: plot.maps(torch.rand(2, 6, 8, 8)), r"maps\[0\]"),
    ],
)
def test_bad_input_is_told_in_one_sentence(call, words):
    with pytest.raises(BadInput, match=words):
        call()


def test_names_of_a_tradeoff_stand_below_each_other_and_inside():
    from cnnlib.plot.tradeoff import _heights

    for wanted in ([0.95, 0.9, 0.89, 0.88, 0.1], [1.0] * 10, [0.0] * 10, [0.5], [0.9, 0.02, 0.01, 0.0]):
        heights = _heights(wanted)
        gaps = [a - b for a, b in zip(heights, heights[1:], strict=False)]
        assert all(gap > 0.08 for gap in gaps), wanted
        assert 0 <= min(heights) <= max(heights) <= 1


def test_a_tradeoff_draws_every_network_at_its_cost_and_mean():
    ax = plot.tradeoff({"a": (10.0, [1.0, 3.0]), "b": (1000.0, [5.0])}, "cost", "gain")
    dots = [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if line.get_marker() == "o"]
    assert dots == [(1000.0, 5.0), (10.0, 2.0)]
    assert [text.get_text() for text in ax.texts] == ["b  5.0", "a  2.0"]
    assert ax.get_xscale() == "log"


@pytest.mark.parametrize(("costs", "lines"), [((1, 90, 100), 2), ((1, 2, 100), 3), ((5, 5, 5), 3)])
def test_a_network_alone_on_the_cheap_side_is_named_beside_its_dot(costs, lines):
    ax = plot.tradeoff({str(i): (cost, [i, i + 1]) for i, cost in enumerate(costs)}, "cost", "gain")
    assert len(ax.texts) == 3
    assert sum(text.arrow_patch is not None for text in ax.texts) == lines


def test_mistakes_are_drawn_with_what_they_were_taken_for():
    pictures = torch.arange(3, dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 1, 4, 4)
    axes = plot.mistakes(pictures, [Mistake(2, 0, 1, 0.875)], ["cat", "dog"])
    assert axes.flat[0].get_title() == "cat →\ndog 88%"
    assert (axes.flat[0].images[0].get_array() == 2).all()


def test_a_confusion_matrix_without_mistakes_names_none():
    words = plot.confusion([[5, 0], [0, 4]], ["cat", "dog"]).figure.get_label()
    assert words.endswith("9 of 9 on the diagonal; no mistakes.")
