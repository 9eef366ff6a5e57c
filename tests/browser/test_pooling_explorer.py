"""The pooling explorer in a real browser: PyTorch's numbers, every sum spelled out, and what a shift changes."""

import random

import pytest
import torch
from torch.nn import functional as F

from cnnlib import arithmetic
from cnnlib.errors import BadInput
from cnnlib.widgets import PoolingExplorer
from cnnlib.widgets.pooling_explorer import CHOICES

CALL = """async ([name, cases]) => {
  const widget = (await window.cnnlibWidgets.load("pooling_explorer")).default;
  return cases.map((state) => widget[name](state));
}"""
STATE = """async (keys) => {
  const {model} = (await window.cnnlibWidgets.ready)[0].value;
  return keys.map((key) => model.get(key));
}"""
KNOB = '.cw-knob:has-text("{}") input'
INPUT, OUTPUT, AFTER = (f".cw-pool-{name} svg" for name in ("input", "output", "after"))


def random_state(rng):
    rows, columns = rng.randint(1, 12), rng.randint(1, 12)
    own = [[rng.randint(-9, 9) for _ in range(columns)] for _ in range(rows)] if rng.random() < 0.7 else []
    return {"input_size": rows if rows == columns and rng.random() < 0.5 else [rows, columns],
            "kernel_size": rng.randint(1, 5), "stride": rng.randint(0, 5), "padding": rng.randint(0, 2),
            "mode": rng.choice(CHOICES["mode"]), "ceil_mode": rng.random() < 0.5,
            "count_include_pad": rng.random() < 0.5, "dy": rng.randint(-3, 3), "dx": rng.randint(-3, 3),
            "start": rng.choice(CHOICES["start"]), "values": own}  # fmt: skip


def our_size(state):
    size = state["input_size"]
    size = (size, size) if isinstance(size, int) else tuple(size)
    try:
        return list(arithmetic.pool_output_size(
            size, state["kernel_size"], state["stride"] or None, state["padding"], ceil_mode=state["ceil_mode"]
        ))  # fmt: skip
    except BadInput:
        return None


def pooled(state, picture):
    """Return PyTorch's pooled map, or a reason why PyTorch has none."""
    x = torch.tensor(picture, dtype=torch.float64)[None, None]
    window = {"kernel_size": state["kernel_size"], "stride": state["stride"] or None, "ceil_mode": state["ceil_mode"]}
    if state["mode"] == "max":
        return F.max_pool2d(x, padding=state["padding"], **window)[0, 0]
    if state["mode"] == "average":
        include = state["count_include_pad"]
        return F.avg_pool2d(x, padding=state["padding"], count_include_pad=include, **window)[0, 0]
    return F.lp_pool2d(x, 2, **window)[0, 0]


def moved_by_torch(picture, dy, dx):
    x = torch.tensor(picture)
    far = F.pad(x, (3, 3, 3, 3))
    return far[3 - dy : 3 - dy + x.shape[0], 3 - dx : 3 - dx + x.shape[1]].tolist()


def test_sizes_equal_python_refusals_included(visit, page_with):
    rng = random.Random(1)
    cases = [random_state(rng) for _ in range(800)]
    sizes = visit(page_with(PoolingExplorer())).evaluate(CALL, ["sizeOf", cases])
    ours = [our_size(case) for case in cases]
    assert sizes == ours
    assert 100 < ours.count(None) < 500


def test_what_is_impossible_here_is_impossible_in_python(visit, page_with):
    rng = random.Random(2)
    cases = [random_state(rng) for _ in range(500)]
    problems = visit(page_with(PoolingExplorer())).evaluate(CALL, ["problemOf", cases])
    refused = 0
    for case, problem in zip(cases, problems, strict=True):
        try:
            w = PoolingExplorer(**case)
            assert problem is None, case
            assert list(w.output_size) == our_size(case)
        except BadInput:
            assert problem, case
            refused += 1
    assert 100 < refused < 400


def test_maps_equal_pytorch_before_and_after_the_shift(visit, page_with):
    rng = random.Random(3)
    cases = [case for case in (random_state(rng) for _ in range(1000)) if our_size(case)]
    cases = [case for case in cases if not (case["mode"] == "L2" and case["padding"])][:400]
    assert len(cases) >= 300
    seen = set()
    for case, got in zip(cases, visit(page_with(PoolingExplorer())).evaluate(CALL, ["compute", cases]), strict=True):
        moved = moved_by_torch(got["input"], case["dy"], case["dx"])
        assert got["moved"] == moved
        before, after = pooled(case, got["input"]), pooled(case, moved)
        for name, expected in (("output", before), ("after", after)):
            mine = torch.tensor(got[name], dtype=torch.float64)
            assert mine.shape == expected.shape, case
            assert torch.allclose(mine, expected, rtol=1e-12, atol=1e-12), case
        assert got["change"]["count"] == int((before - after).abs().gt(1e-9).sum())
        assert got["change"]["of"] == before.numel()
        assert got["change"]["largest"] == pytest.approx(float((before - after).abs().max()), abs=1e-9)
        w = PoolingExplorer(**case)
        assert w.cells == got["input"]
        assert (w.changed, torch.tensor(w.output).shape) == (got["change"]["count"], before.shape)
        stride = case["stride"] or case["kernel_size"]
        seen |= {(case["mode"], feature) for feature, on in (
            ("ceil", case["ceil_mode"]), ("padding", case["padding"]), ("overlap", stride < case["kernel_size"]),
            ("not square", before.shape[0] != before.shape[1]), ("gaps", stride > case["kernel_size"]),
        ) if on}  # fmt: skip
    assert len(seen) == 5 + 5 + 4, "all features with all modes, and no padding for L2"


def test_the_starting_pictures_are_pythons(visit, page_with):
    cases = [
        PoolingExplorer(input_size=size, kernel_size=1, start=start).state()
        for start in CHOICES["start"] for size in (1, 2, 5, 8, 12, (3, 11), (12, 4), (1, 7))
    ]  # fmt: skip
    for case, got in zip(cases, visit(page_with(PoolingExplorer())).evaluate(CALL, ["compute", cases]), strict=True):
        assert got["input"] == PoolingExplorer(**case).cells, case


def test_every_kind_of_pooling_is_compared(visit, page_with):
    w = PoolingExplorer(start="noise", kernel_size=3, stride=2, dy=1)
    page = visit(page_with(w))
    found = dict(page.evaluate(CALL, ["compute", [w.state()]])[0])
    rows = {row.get_attribute("data-kind"): row.inner_text() for row in page.locator("tr[data-kind]").all()}
    for mode in CHOICES["mode"]:
        before, after = (pooled(w.state() | {"mode": mode}, found[name]) for name in ("input", "moved"))
        percent = round(float(100 * (before - after).abs().mean() / before.abs().mean()))
        assert f"{int((before != after).sum())} of {before.numel()}" in rows[mode]
        assert f"{percent} %" in rows[mode]
    corner = [torch.tensor(found[name])[::2, ::2][:3, :3] for name in ("input", "moved")]
    assert f"{int((corner[0] != corner[1]).sum())} of 9" in rows["skip"]


def texts(page, board):
    return [each.replace("−", "-") for each in page.locator(f"{board} text").all_text_contents()]


def test_the_notes_example_and_the_honest_lesson(visit, page_with):
    """The same edge: moved one way no maximum changes, moved the other way a whole column does."""
    page = visit(page_with(PoolingExplorer(start="edge", dx=1)))
    assert texts(page, OUTPUT) == texts(page, AFTER) == ["0", "0", "9", "9"] * 4
    assert "No output changed at all" in page.locator(".cw-pool-verdict").inner_text()
    page.get_by_label("shift right", exact=True).fill("-1")
    page.keyboard.press("Tab")
    assert texts(page, AFTER) == ["0", "9", "9", "9"] * 4
    changed = page.locator(f"{AFTER} .cw-pool-frame.changed").count()
    words = page.locator(".cw-pool-verdict").inner_text()
    w = PoolingExplorer(start="edge", dx=-1)
    assert changed == w.changed == 4
    assert words.startswith(f"{changed} of 16 outputs changed, by 9 at most")
    assert page.locator(".cw-pool-after figcaption").inner_text() == f"Then: {changed} of 16 changed"


SLIDE = [[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]


@pytest.mark.parametrize(("settings", "words"), [
    ({}, ["max(1, 1, 5, 6) = 6; won by row 1, column 1"]),
    ({"mode": "average"}, ["(1 + 1 + 5 + 6) / 4 = 13 / 4 = 3.25"]),
    ({"mode": "L2"}, ["√(1² + 1² + 5² + 6²) = √63 = 7.937", "nothing is divided"]),
    ({"mode": "average", "padding": 1}, ["(1) / 4 = 1 / 4 = 0.25", "3 padding cells count as 0"]),
    ({"mode": "average", "padding": 1, "count_include_pad": False}, ["(1) / 1 = 1 / 1 = 1", "3 padding cells are not"]),
    ({"padding": 1}, ["max(1) = 1", "−∞"]),
])  # fmt: skip
def test_the_sum_is_spelled_out(visit, page_with, settings, words):
    page = visit(page_with(PoolingExplorer(values=SLIDE, **settings)))
    said = page.locator('[data-part="before"]').inner_text()
    assert all(each in said for each in words), said


@pytest.mark.parametrize(("mode", "words"), [
    ("max", ["max(3, 6, 9) = 9", "6 of the window's 9 cells lie beyond the rim"]),
    ("average", ["(3 + 6 + 9) / 3 = 18 / 3 = 6"]),
    ("L2", ["√((3² + 6² + 9²) · 9/3) = √(126 · 9/3) = 19.442", "as if it were whole"]),
])  # fmt: skip
def test_a_cut_window_is_told(visit, page_with, mode, words):
    values = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    wide = [[0, 0, *row] for row in values]
    page = visit(page_with(PoolingExplorer(values=wide, kernel_size=3, stride=4, ceil_mode=True, mode=mode)))
    page.locator(OUTPUT).press("ArrowRight")
    said = page.locator('[data-part="before"]').inner_text()
    assert all(each in said for each in words), said


def test_the_rule_about_the_last_window(visit, page_with):
    page = visit(page_with(PoolingExplorer(input_size=(6, 7), kernel_size=2, stride=3, padding=1, dx=0)))
    formula = page.locator(".cw-pool-formula").inner_text
    assert "height = ⌊(6 + 2·1 − 2) / 3⌋ + 1 = ⌊6 / 3⌋ + 1 = 3" in formula()
    assert "Width: for one more step of 3 there are only 1 left, and the floor drops it" in formula()
    page.get_by_label("ceil_mode").check()
    assert "width = ⌈(7 + 2·1 − 2) / 3⌉ + 1 = ⌈7 / 3⌉ + 1 = 4 − 1 = 3" in formula()
    assert "the last would start beyond the input and the padding before it (cell 9 of cells 0 to 7)" in formula()
    page.locator(KNOB.format("width")).fill("8")
    page.keyboard.press("Tab")
    assert "width = ⌈(8 + 2·1 − 2) / 3⌉ + 1 = ⌈8 / 3⌉ + 1 = 4 − 1 = 3" in formula()
    page.locator(KNOB.format("width")).fill("9")
    page.keyboard.press("Tab")
    assert "⌈9 / 3⌉ + 1 = 4" in formula()
    page.locator(KNOB.format("height")).fill("3")
    page.keyboard.press("Tab")
    assert PoolingExplorer(input_size=(3, 9), kernel_size=2, stride=3, padding=1, ceil_mode=True).output_size == (2, 4)
    assert [each.inner_text() for each in page.locator(".cw-size").all()] == ["2", "4"]


def test_overlapping_and_unread_cells_are_marked_and_counted(visit, page_with):
    page = visit(page_with(PoolingExplorer(kernel_size=3, stride=2)))
    legend = page.locator(".cw-pool-legend").inner_text
    # Rows and columns 0 to 6 are read; number 2 and number 4 by two windows.
    count = sum((y in (2, 4) or x in (2, 4)) for y in range(7) for x in range(7))
    assert f"read by more than one window: {count}" in legend()
    assert page.locator(f"{INPUT} path.cw-pool-corner").count() == count
    assert "never read: 15" in legend(), "the last row and column"
    assert page.locator(f"{INPUT} path.cw-pool-cross").count() == 15
    for _ in range(2):
        page.locator(INPUT).press("ArrowDown")
        page.locator(INPUT).press("ArrowRight")
    assert "Row 2, column 2 of the input; windows that read it: 4" in page.locator(".cw-pool-place").inner_text()


def test_the_picture_is_edited_by_keyboard_by_knob_and_by_pointer(visit, page_with):
    page = visit(page_with(PoolingExplorer(values=SLIDE, dx=0)))
    board = page.locator(INPUT)
    board.press("7")
    assert texts(page, OUTPUT)[0] == "7"
    board.press("-")
    assert texts(page, INPUT)[0] == "-7" and texts(page, OUTPUT)[0] == "6"
    page.locator(f"{INPUT} .cw-cell").nth(3).click()
    field = page.get_by_role("spinbutton", name="value of the chosen cell")
    assert field.input_value() == "4"
    for wanted, got in (("50", "50"), ("", "50"), ("1e9", "99"), ("-3", "-3")):
        field.fill(wanted)
        page.keyboard.press("Tab")
        assert field.input_value() == got
    own, start = page.evaluate(STATE, ["values", "start"])
    assert own[0] == [-7, 1, 2, -3]
    assert start == "stroke"
    assert page.get_by_label("picture", exact=True).input_value() == "own"
    page.locator(KNOB.format("width")).fill("5")
    page.keyboard.press("Tab")
    assert page.evaluate(STATE, ["values"])[0][0][:4] == [-7, 1, 2, -3], "a new size keeps the numbers"
    page.get_by_label("picture", exact=True).select_option("checkerboard")
    assert page.evaluate(STATE, ["values", "start"]) == [[], "checkerboard"]
    page.get_by_role("button", name="Reset").click()
    assert page.evaluate(STATE, ["values", "start", "input_size"]) == [SLIDE, "stroke", [4, 4]]


def test_impossible_settings_are_told_and_the_last_state_stays(visit, page_with):
    page = visit(page_with(PoolingExplorer(input_size=3)))
    problem = page.locator(".cw-problem").inner_text
    padding, kernel = (page.locator(KNOB.format(name)) for name in ("padding", "kernel_size"))
    padding.fill("2")
    page.keyboard.press("Tab")
    assert "at most half of the kernel_size, here 1" in problem() and padding.input_value() == "0"
    kernel.fill("5")
    page.keyboard.press("Tab")
    assert "a window of 5 does not fit into 3 cells" in problem() and kernel.input_value() == "2"
    padding.fill("1")
    page.keyboard.press("Tab")
    mode = page.get_by_label("pooling", exact=True)
    mode.select_option("L2")
    assert "L2 pooling has no padding" in problem() and mode.input_value() == "max"
    for nonsense in ("", "abc", "1e9", "-5"):
        kernel.evaluate("(e, text) => { e.value = text; e.dispatchEvent(new Event('change')); }", nonsense)
        assert kernel.input_value() in ("1", "2", "5")
    assert page.get_by_label("count_include_pad").is_disabled()


def test_play_steps_through_the_outputs_and_nothing_jumps(visit, page_with):
    page = visit(page_with(PoolingExplorer(kernel_size=3, stride=1, mode="average")), width=390)
    sum_ = page.locator(".cw-pool-sum")
    tops = """[...document.querySelectorAll('.cw button, .cw figure, .cw table')].map((e) =>
      Math.round(e.getBoundingClientRect().top - document.querySelector('.cw').getBoundingClientRect().top))"""
    before = page.evaluate(tops)
    page.get_by_role("button", name="Play").click()
    assert sum_.get_attribute("aria-live") == "off"
    page.wait_for_function("document.querySelector('.cw-pool-sum').innerText.includes('column 2')")
    page.get_by_role("button", name="Pause").click()
    assert page.evaluate(tops) == before
    assert sum_.get_attribute("aria-live") == "polite"
    page.get_by_role("button", name="Step back").click()
    assert "row 0, column 1" in sum_.inner_text()
    board = page.locator(AFTER)
    board.focus()
    page.keyboard.press("ArrowDown")
    assert "row 1, column 1" in sum_.inner_text()
    assert board.evaluate("e => e === document.activeElement"), "the focus stays"
    page.locator(f"{OUTPUT} .cw-cell").last.click()
    assert "row 5, column 5" in sum_.inner_text()
    assert page.evaluate(tops) == before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_largest_one_fits_a_phone(visit, page_with, theme):
    w = PoolingExplorer(input_size=12, kernel_size=5, stride=1, padding=2, mode="average", start="noise", dy=-3, dx=-3)
    page = visit(page_with(w, theme=theme), width=320)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert len(texts(page, OUTPUT)) == 144


def test_settings_from_python():
    w = PoolingExplorer()
    w.input_size = [5, 7]  # as the browser sends it
    assert w.input_size == (5, 7) and w.output_size == (2, 3)
    assert repr(w) == "PoolingExplorer(input_size=(5, 7))"
    with pytest.raises(BadInput, match="values has the size"):
        w.values = [[1, 2], [3, 4]]
    assert w.values == []
    with pytest.raises(BadInput, match="kernel_size is 6; it must be from 1 to 5"):
        w.kernel_size = 6
    assert PoolingExplorer(values=torch.eye(3), kernel_size=1).cells == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
