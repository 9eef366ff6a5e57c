"""The convolution explorer in a real browser: alive, right, reachable by keyboard, and calm about bad settings."""

import random

import pytest
import torch
from torch.nn import functional as F

from cnnlib import arithmetic
from cnnlib.errors import BadInput
from cnnlib.widgets import ConvExplorer

KNOB = '.cw-knob:has-text("{}") input'
ANSWERS = """async (cases) => {
  const widget = (await window.cnnlibWidgets.load("conv_explorer")).default;
  return cases.map((state) => widget.sizeOf(state));
}"""
COMPUTED = """async (cases) => {
  const widget = (await window.cnnlibWidgets.load("conv_explorer")).default;
  return cases.map((state) => widget.compute(state));
}"""


def random_state(rng):
    return {"input_size": rng.randint(1, 12), "kernel_size": rng.randint(1, 5), "stride": rng.randint(1, 4),
            "padding": rng.randint(0, 3), "dilation": rng.randint(1, 3),
            "in_channels": rng.randint(1, 3), "out_channels": rng.randint(1, 4)}  # fmt: skip


def our_size(state):
    keys = ("input_size", "kernel_size", "stride", "padding", "dilation")
    try:
        return arithmetic.conv_output_size(**{k: state[k] for k in keys})
    except BadInput:
        return None


def test_sizes_equal_python(visit, page_with):
    rng = random.Random(1)
    cases = [random_state(rng) for _ in range(600)]
    sizes = visit(page_with(ConvExplorer())).evaluate(ANSWERS, cases)
    ours = [our_size(case) for case in cases]
    assert sizes == ours
    assert 100 < sum(o is not None for o in ours) < 600


def test_feature_maps_equal_torch(visit, page_with):
    rng = random.Random(2)
    cases = [case for case in (random_state(rng) for _ in range(300)) if our_size(case)]
    for case, got in zip(cases, visit(page_with(ConvExplorer())).evaluate(COMPUTED, cases), strict=True):
        image, weight, bias = (torch.tensor(got[k], dtype=torch.float64) for k in ("input", "weights", "bias"))
        expected = F.conv2d(image[None], weight, bias, case["stride"], case["padding"], case["dilation"])[0]
        assert torch.equal(torch.tensor(got["output"], dtype=torch.float64), expected), case


@pytest.mark.parametrize("how", ["file", "http"])
def test_a_knob_changes_the_output_size(visit, page_with, served, how):
    address = page_with(ConvExplorer(input_size=7))
    page = visit(address if how == "file" else served)
    assert page.locator(".cw-size").inner_text() == "5"
    page.locator(KNOB.format("stride")).fill("2")
    page.keyboard.press("Tab")
    assert page.locator(".cw-size").inner_text() == "3"
    assert "⌊4 / 2⌋" in page.locator(".cw-formula").inner_text()
    page.get_by_role("button", name="Reset").click()
    assert page.locator(".cw-size").inner_text() == "5"


def test_a_setting_that_does_not_fit_is_told_and_the_last_state_stays(visit, page_with):
    page = visit(page_with(ConvExplorer(input_size=4)))
    knob = page.locator(KNOB.format("dilation"))
    knob.fill("3")
    page.keyboard.press("Tab")
    assert "would span 7 cells, but the padded input has only 4" in page.locator(".cw-problem").inner_text()
    assert knob.input_value() == "1"
    assert page.locator(".cw-size").inner_text() == "2"
    for nonsense in ("", "-3", "99", "1e9", "2.6"):
        knob.fill(nonsense)
        page.keyboard.press("Tab")
        assert knob.input_value() in ("1", "3")


def test_the_sum_is_spelled_out_and_moves_by_keyboard(visit, page_with):
    page = visit(page_with(ConvExplorer(in_channels=2, out_channels=2)))
    text = page.locator(".cw-sum").inner_text
    assert "Output 0, row 0, column 0" in text()
    assert text().count("channel ") == 2, "one line for each input channel, and one sum"
    page.locator('[data-key="out1"]').focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert "Output 1, row 1, column 1" in text()
    assert page.evaluate("document.activeElement.dataset.key") == "out1", "the focus stays where it was"
    total = text().split("sum")[-1].strip().replace("−", "-")
    state = ConvExplorer(in_channels=2, out_channels=2).state()
    assert float(total) == page.evaluate(COMPUTED, [state])[0]["output"][1][1][1]
    assert page.locator(".cw-cell.window").count() == 2 * 9


def test_an_edited_weight_changes_the_map(visit, page_with):
    page = visit(page_with(ConvExplorer(input_size=3, kernel_size=1)))
    weight = page.locator(".cw-kernel input").first
    cells = page.locator('[data-key="out0"] text')  # the marked one is drawn last
    before = [float(t.replace("−", "-")) for t in cells.all_text_contents()]
    weight.fill("10")
    page.keyboard.press("Tab")
    assert [float(t) for t in cells.all_text_contents()] == [10 * value for value in before]
    weight.fill("")
    page.keyboard.press("Tab")
    assert weight.input_value() == "10"


def test_cells_that_are_never_read_are_crossed_out(visit, page_with):
    page = visit(page_with(ConvExplorer(input_size=6, stride=2)))
    assert page.locator(".cw-cell.unread").count() == 36 - 25, "the last row and column"
    assert "never read" in page.locator(".cw-note").last.inner_text()


def test_play_steps_and_pause_stops(visit, page_with):
    page = visit(page_with(ConvExplorer()))
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('.cw-sum').innerText.includes('column 1')")
    page.get_by_role("button", name="Pause").click()
    assert page.get_by_role("button", name="Play").is_visible()
    page.get_by_role("button", name="Step back").click()
    assert "row 0, column 0" in page.locator(".cw-sum").inner_text()


def test_several_live_on_one_page(visit, page_with):
    page = visit(page_with(ConvExplorer(input_size=5), ConvExplorer(input_size=9)))
    first, second = page.locator(".cw-size").all()
    assert (first.inner_text(), second.inner_text()) == ("3", "7")
    page.locator(KNOB.format("stride")).last.fill("2")
    page.keyboard.press("Tab")
    assert (first.inner_text(), second.inner_text()) == ("3", "4")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_it_fits_a_phone_in_both_themes(visit, page_with):
    for theme in ("light", "dark"):
        page = visit(page_with(ConvExplorer(in_channels=3, out_channels=4, padding=2), theme=theme), width=320)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_without_javascript_its_first_state_is_there(browser, page_with):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_with(ConvExplorer(input_size=7)))
    assert "maps 7×7 to 5×5" in page.locator("figcaption").inner_text()
    assert page.locator("svg rect.window").count() == 9 + 1
    context.close()
