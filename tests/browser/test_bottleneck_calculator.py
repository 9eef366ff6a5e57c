"""The bottleneck calculator in a real browser: its numbers are Python's, and every knob works by keyboard."""

import random

import pytest

from cnnlib.widgets import BottleneckCalculator

COMPUTED = """async (cases) => {
  const widget = (await window.cnnlibWidgets.load("bottleneck_calculator")).default;
  return cases.map((state) => widget.compute(state));
}"""


def macs(page):
    """Return the multiply-adds that the table shows: directly, the two parts, both together."""
    cells = page.locator(".cw-table tbody tr td:nth-child(3)")
    return [int(cell.get_attribute("data-value")) for cell in cells.all()]


def test_numbers_equal_python(visit, page_with):
    rng = random.Random(5)
    cases = [
        {"in_channels": rng.randint(1, 1024), "out_channels": rng.randint(1, 1024), "kernel_size": rng.randint(1, 11),
         "size": rng.randint(1, 256), "reduced": rng.randint(1, 1024)}
        for _ in range(300)
    ]  # fmt: skip
    cases += [{**case, "in_channels": 1} for case in cases[:10]]  # where it may never pay
    for case, got in zip(cases, visit(page_with(BottleneckCalculator())).evaluate(COMPUTED, cases), strict=True):
        widget = BottleneckCalculator(**case)
        assert got["direct"]["macs"] == widget.direct_macs
        assert got["together"]["macs"] == widget.bottleneck_macs == got["reduce"]["macs"] + got["spatial"]["macs"]
        assert got["last"] == widget.last_that_pays


def test_the_usual_example(visit, page_with):
    page = visit(page_with(BottleneckCalculator()))
    assert macs(page) == [120_422_400, 2_408_448, 10_035_200, 12_443_648]
    words = page.locator(".cw-verdict").inner_text()
    assert "9.68 times fewer" in words and "pays up to 154 reduced channels" in words
    label = page.locator('[role="img"]').get_attribute("aria-label")
    assert "120,422,400 directly, 12,443,648 through" in label


def test_where_it_stops_paying(visit, page_with):
    page = visit(page_with(BottleneckCalculator(reduced=154)))
    field = page.get_by_role("spinbutton", name="reduced channels")
    assert "times fewer" in page.locator(".cw-verdict").inner_text()
    field.fill("155")
    page.keyboard.press("Tab")
    words = page.locator(".cw-verdict").inner_text()
    assert "costs more than it saves" in words and "no bottleneck any more" in words
    line, bar = (page.locator(selector).last.bounding_box() for selector in (".cw-limit", ".cw-bar.third"))
    assert line["x"] < bar["x"] + bar["width"], "the bar reaches beyond the line"
    page.get_by_role("button", name="Reset").click()
    assert field.input_value() == "154"


def test_a_single_channel_cannot_be_reduced(visit, page_with):
    page = visit(page_with(BottleneckCalculator(in_channels=1, reduced=1)))
    assert "never pays" in page.locator(".cw-verdict").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_sliders_work_by_keyboard_on_a_narrow_page(visit, page_with, theme):
    page = visit(page_with(BottleneckCalculator(), theme=theme), width=320)
    slider = page.get_by_role("slider", name="reduced channels")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("spinbutton", name="reduced channels").input_value() == "17"
    assert macs(page)[-1] == BottleneckCalculator(reduced=17).bottleneck_macs
    assert slider.evaluate("element => element === document.activeElement"), "drawing must not take the focus"
    page.keyboard.press("End")
    assert slider.input_value() == "1024"
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
