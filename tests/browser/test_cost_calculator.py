"""The parameter calculator in a real browser: its numbers are those of `cnnlib.arithmetic`."""

import random

from cnnlib.errors import BadInput
from cnnlib.widgets import CostCalculator

COMPUTED = """async (cases) => {
  const widget = (await window.cnnlibWidgets.load("cost_calculator")).default;
  return cases.map((state) => widget.compute(state));
}"""


def test_numbers_equal_python(visit, page_with):
    rng = random.Random(3)
    cases = [
        {"height": rng.randint(1, 700), "width": rng.randint(1, 700), "channels": rng.randint(1, 64),
         "units": rng.randint(1, 512), "kernel_size": rng.randint(1, 31), "stride": rng.randint(1, 16),
         "padding": rng.randint(0, 15), "bias": rng.random() < 0.5}
        for _ in range(300)
    ]  # fmt: skip
    refused = 0
    for case, got in zip(cases, visit(page_with(CostCalculator())).evaluate(COMPUTED, cases), strict=True):
        try:
            widget = CostCalculator(**case)
        except BadInput:
            assert got is None
            refused += 1
            continue
        assert (got["rows"], got["columns"]) == widget.output_size
        assert (got["dense"]["parameters"], got["dense"]["macs"]) == (widget.dense_parameters, widget.dense_macs)
        assert (got["conv"]["parameters"], got["conv"]["macs"]) == (widget.conv_parameters, widget.conv_macs)
    assert 0 < refused < 100


def test_the_notes_example_done_right(visit, page_with):
    page = visit(page_with(CostCalculator()))
    table = page.locator(".cw-table").inner_text()
    assert "12,288,010\t3,640\t3,376 times fewer" in table
    assert "12,288,000\t1,440,747,000\t117 times more" in table


def test_knobs_change_the_table_and_impossible_ones_are_told(visit, page_with):
    page = visit(page_with(CostCalculator(height=28, width=28, channels=1)), width=320)
    knob = page.locator('.cw-knob:has-text("picture height") input')
    knob.fill("8")
    page.keyboard.press("Tab")
    assert "does not fit into a picture of 8 × 28" in page.locator(".cw-problem").inner_text()
    assert knob.input_value() == "28"
    page.get_by_label("with bias").uncheck()
    assert page.locator('.cw-table tr:has-text("biases") td').first.inner_text() == "0"
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
