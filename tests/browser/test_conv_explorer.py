"""The convolution explorer in a real browser: its numbers are PyTorch's, and all answers to hand and keyboard."""

import math
import random
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib import arithmetic
from cnnlib.errors import BadInput
from cnnlib.widgets import BadSetting, ConvExplorer, bundle

CALL = """async ([name, cases]) => {
  const widget = (await window.cnnlibWidgets.load("conv_explorer")).default;
  return cases.map((state) => widget[name](state));
}"""
COMPUTED = """async (cases) => {
  const widget = (await window.cnnlibWidgets.load("conv_explorer")).default;
  return cases.map((state) => {
    const { input, weight, bias, output, canvas } = widget.compute(state);
    return { input, weight, bias, output, canvas };
  });
}"""
FIELDS = """async (cases) => {
  const widget = (await window.cnnlibWidgets.load("conv_explorer")).default;
  return cases.map(({ state, y, x }) => {
    const layer = widget.compute(state);
    return { field: widget.fieldOf(layer, y, x), readers: widget.readersOf(layer), holes: widget.holesOf(layer) };
  });
}"""
# Board, row and column of everything that is marked, read off the screen: which cell lies under each mark.
MARKED = """([kind, what]) => [...document.querySelectorAll(`.cw-cx-${kind} .cw-cx-svg`)].flatMap((svg, c) => {
  const box = svg.getBoundingClientRect(), unit = box.width / svg.viewBox.baseVal.width;
  return [...svg.querySelectorAll(what)].filter((mark) => mark.getAttribute("visibility") !== "hidden").map((mark) => {
    const own = mark.getBoundingClientRect();
    const at = (middle, start) => Math.floor(((middle - start) / unit - 2) / 30);
    return [c, at(own.top + own.height / 2, box.top), at(own.left + own.width / 2, box.left)];
  });
}).sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])"""
# The numbers on the screen, cell by cell: a text holds those of many cells, each of its signs with a place of its own.
TEXTS = """(kind) => [...document.querySelectorAll(`.cw-cx-${kind} > .cw-cx-board > .cw-cx-svg`)].map((svg) => {
  const columns = Math.floor(svg.viewBox.baseVal.width / 30), rows = Math.floor(svg.viewBox.baseVal.height / 30);
  const cells = Array(rows * columns).fill("");
  svg.querySelectorAll("text").forEach((text) => [...text.textContent].forEach((sign, index) => {
    const [x, y] = [text.x, text.y].map((list) => Math.floor(list.baseVal[index].value / 30));
    cells[y * columns + x] += sign.replace("−", "-");
  }));
  return cells;
})"""
CALM = {"reduced_motion": "reduce"}  # a mark is where it belongs at once


def some(rng, low, high):
    """Return an int, or now and then one for the rows and one for the columns."""
    return rng.randint(low, high) if rng.random() < 0.5 else (rng.randint(low, high), rng.randint(low, high))


def random_settings(rng, transposed=None):
    transposed = rng.random() < 0.4 if transposed is None else transposed
    ends = [[rng.randint(0, 3), rng.randint(0, 3)] for _ in range(2)]
    return {
        "input_size": some(rng, 1, 6 if transposed else 12),
        "in_channels": rng.randint(1, 4),
        "out_channels": rng.randint(1, 4),
        "kernel_size": some(rng, 1, 4 if transposed else 7),
        "stride": some(rng, 1, 3),
        "dilation": some(rng, 1, 3),
        "padding": rng.choice((rng.randint(0, 3), tuple(rng.randint(0, 2) for _ in "yx"), tuple(map(tuple, ends)))),
        "groups": rng.choice((1, 1, 1, 2, 2, 3, 4)),
        "transposed": transposed,
        "bias": rng.random() < 0.7,
        "output_padding": some(rng, 0, 2) if transposed and rng.random() < 0.5 else 0,
    }


def likely_settings(rng, transposed):
    """Return settings that mostly can be shown, many of them with groups, dilation, and sides of their own."""
    settings = random_settings(rng, transposed)
    common = math.gcd(settings["in_channels"], settings["out_channels"])
    settings["groups"] = rng.choice([g for g in (1, 2, 3, 4) if common % g == 0])
    if transposed:
        settings["padding"] = some(rng, 0, 1)
        settings["kernel_size"] = some(rng, 2, 3)
        settings["output_padding"] = rng.randint(
            0, max(min(both(settings["stride"])), min(both(settings["dilation"]))) - 1
        )
    else:
        settings["input_size"] = some(rng, 5, 12)
    return settings


def valid_states(seed, count, transposed=None):
    """Return states that can be shown."""
    rng, states = random.Random(seed), []
    while len(states) < count:
        kind = rng.random() < 0.4 if transposed is None else transposed
        try:
            states.append(ConvExplorer(**likely_settings(rng, kind)).state())
        except BadInput:
            continue
    return states


def both(value):
    return value if isinstance(value, tuple | list) else (value, value)


def by_torch(state, image, weight, bias=None):
    """Return what PyTorch makes of some numbers under a widget's settings."""
    image = torch.as_tensor(image, dtype=torch.float64)
    weight = torch.as_tensor(weight, dtype=torch.float64)
    bias = None if bias is None else torch.as_tensor(bias, dtype=torch.float64)
    (top, bottom), (left, right) = (both(side) for side in both(state["padding"]))
    settings = {"stride": both(state["stride"]), "dilation": both(state["dilation"]), "groups": state["groups"]}
    if state["transposed"]:
        settings |= {"padding": (top, left), "output_padding": both(state["output_padding"])}
        return F.conv_transpose2d(image[None], weight, bias, **settings)[0]
    return F.conv2d(F.pad(image, (left, right, top, bottom))[None], weight, bias, **settings)[0]


# The arithmetic ------------------------------------------------------------------------------------------------------


def test_sizes_and_refusals_equal_python(visit, page_with):
    rng = random.Random(1)
    cases = [random_settings(rng) for _ in range(1500)]
    page = visit(page_with(ConvExplorer()))
    sizes, problems = (page.evaluate(CALL, [name, cases]) for name in ("sizeOf", "problemOf"))
    refused = {True: 0, False: 0}
    for case, size, problem in zip(cases, sizes, problems, strict=True):
        try:
            widget = ConvExplorer(**case)
        except BadInput as told:
            assert problem, (case, told)
            refused[case["transposed"]] += 1
            continue
        assert problem is None, case
        assert tuple(size) == both(widget.output_size), case
        named = {name: case[name] for name in ("input_size", "kernel_size", "stride", "padding", "dilation")}
        if case["transposed"]:
            named["padding"] = tuple(both(side)[0] for side in both(case["padding"]))
            named["output_padding"] = case["output_padding"]
            ours = arithmetic.conv_transpose_output_size(**named)
        else:
            ours = arithmetic.conv_output_size(**named)
        assert tuple(size) == both(ours), case
    assert all(count > 50 for count in refused.values())
    assert 1500 - sum(refused.values()) > 300


def test_sizes_equal_python_where_neither_limit_nor_group_is_in_the_way(visit, page_with):
    rng = random.Random(11)
    cases = [random_settings(rng, transposed=False) for _ in range(700)]
    got = visit(page_with(ConvExplorer())).evaluate(CALL, ["sizeOf", cases])
    names = ("input_size", "kernel_size", "stride", "padding", "dilation")
    refused = 0
    for case, size in zip(cases, got, strict=True):
        try:
            ours = arithmetic.conv_output_size(**{name: case[name] for name in names})
        except BadInput:
            assert size is None, case
            refused += 1
            continue
        assert tuple(size) == both(ours), case
    assert 50 < refused < 500


@pytest.mark.parametrize("transposed", [False, True])
def test_feature_maps_equal_torch(visit, page_with, transposed):
    states = valid_states(2, 300, transposed=transposed)
    for state, got in zip(states, visit(page_with(ConvExplorer())).evaluate(COMPUTED, states), strict=True):
        assert tuple(torch.tensor(got["input"]).shape[1:]) == both(state["input_size"])
        expected = by_torch(state, got["input"], got["weight"], got["bias"])
        assert torch.equal(torch.tensor(got["output"], dtype=torch.float64), expected), state
    assert sum(state["groups"] > 1 for state in states) > 40
    assert sum(state["dilation"] != 1 for state in states) > 60
    one_sided = sum(any(isinstance(side, tuple) for side in both(state["padding"])) for state in states)
    assert one_sided == 0 if transposed else one_sided > 40


def test_a_readers_own_numbers_give_torchs_maps(visit, page_with):
    rng = random.Random(5)
    states = valid_states(6, 40)
    for state in states:
        rows, columns = both(state["input_size"])
        kernel = both(state["kernel_size"])
        first, second = state["out_channels"], state["in_channels"]
        if state["transposed"]:
            first, second = second, first
        draw = lambda *shape: torch.randint(-9, 10, shape, generator=torch.Generator().manual_seed(rng.randint(0, 99)))  # noqa: E731
        state["input"] = draw(state["in_channels"], rows, columns).tolist()
        state["weight"] = draw(first, second // state["groups"], *kernel).tolist()
        state["biases"] = draw(state["out_channels"]).tolist()
    for state, got in zip(states, visit(page_with(ConvExplorer())).evaluate(COMPUTED, states), strict=True):
        expected = by_torch(state, state["input"], state["weight"], state["biases"] if state["bias"] else None)
        assert torch.equal(torch.tensor(got["output"], dtype=torch.float64), expected), state


def test_fields_and_cells_left_out_equal_the_gradients(visit, page_with):
    rng = random.Random(3)
    cases = []
    for state in valid_states(7, 200):
        rows, columns = both(ConvExplorer(**state).output_size)
        cases.append({"state": state, "y": rng.randrange(rows), "x": rng.randrange(columns)})
    got = visit(page_with(ConvExplorer())).evaluate(FIELDS, cases)
    with_unread = with_holes = 0
    for case, found in zip(cases, got, strict=True):
        state = case["state"] | {"groups": 1}
        image = torch.ones(1, *both(state["input_size"]), dtype=torch.float64, requires_grad=True)
        out = by_torch(state, image, torch.ones(1, 1, *both(state["kernel_size"])))
        (one,) = torch.autograd.grad(out[0, case["y"], case["x"]], image, retain_graph=True)
        assert sorted((c["y"], c["x"]) for c in found["field"]) == [tuple(i) for i in one[0].nonzero().tolist()], case
        (every,) = torch.autograd.grad(out.sum(), image)
        assert torch.equal(torch.tensor(found["readers"]).double(), every[0]), "as often as the gradient counts"
        unread = int((every == 0).sum())
        assert ConvExplorer(**case["state"]).unread == unread
        with_unread += unread > 0
        if state["transposed"]:
            top, left = (both(side)[0] for side in both(state["padding"]))
            inside = [[y - top, x - left] for y, x in found["holes"]]
            inside = [[y, x] for y, x in inside if 0 <= y < out.shape[1] and 0 <= x < out.shape[2]]
            assert inside == (out[0] == 0).nonzero().tolist(), "nothing is stamped there: ones add to nothing"
            with_holes += bool(inside)
    assert with_unread > 30
    assert with_holes > 5


def test_the_stamps_add_up_to_the_transposed_convolution(visit, page_with):
    stamped = """async (state) => {
      const widget = (await window.cnnlibWidgets.load("conv_explorer")).default;
      const layer = widget.compute(state);
      return { ...layer, one: widget.stampedMap(layer, 1, 1, 1), canvas: layer.canvas[1] };
    }"""
    state = ConvExplorer(input_size=3, in_channels=2, out_channels=2, stride=2, padding=1, transposed=True).state()
    got = visit(page_with(ConvExplorer())).evaluate(stamped, state)
    image, weight, bias = (torch.tensor(got[key], dtype=torch.float64) for key in ("input", "weight", "bias"))
    uncut = F.conv_transpose2d(image[None], weight, bias, stride=2)[0, 1]
    assert torch.equal(torch.tensor(got["canvas"], dtype=torch.float64), uncut)
    seen = image.clone()
    seen[:, 1, 2] = seen[:, 2] = 0  # the stamps after the fifth
    part = F.conv_transpose2d(seen[None], weight, bias, stride=2)[0, 1]
    reached = [(y, x) for y, row in enumerate(got["one"]) for x, value in enumerate(row) if value is not None]
    assert all(part[y, x] == got["one"][y][x] for y, x in reached)
    assert len(reached) == 5 * 5 + 2 * 3, "two rows of stamps less one stamp"


def test_the_code_shown_is_the_layer(visit, page_with):
    states = valid_states(9, 120)
    shown = visit(page_with(ConvExplorer())).evaluate(CALL, ["pytorchCode", states])
    for state, code in zip(states, shown, strict=True):
        layer = eval(code, {"nn": nn})
        shape = layer(torch.zeros(1, state["in_channels"], *both(state["input_size"]))).shape
        widget = ConvExplorer(**state)
        assert shape[1:] == (state["out_channels"], *both(widget.output_size)), code
        assert sum(p.numel() for p in layer.parameters()) == widget.parameters


def test_pythons_picture_holds_the_same_numbers(visit, page_with):
    states = valid_states(10, 60)
    for state, got in zip(states, visit(page_with(ConvExplorer())).evaluate(COMPUTED, states), strict=True):
        picture = re.findall(r"<text[^>]*>([^<]*)</text>", ConvExplorer(**state).picture())
        seen = state["in_channels"] // state["groups"]
        kernels = got["weight"][:seen] if state["transposed"] else got["weight"][0]
        kernels = [each[0] for each in kernels] if state["transposed"] else kernels
        flat = [
            value for maps in (got["input"], kernels, got["output"]) for map_ in maps for row in map_ for value in row
        ]
        assert picture == [f"{value:g}".replace("-", "−") for value in flat], state


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("2", 2),
        (" -1.5 ", -1.5),
        ("−3", -3),
        ("0,5", 0.5),
        (".5", 0.5),
        ("1/4", 0.25),
        ("-0", 0),
        ("", None),
        ("x", None),
        ("NaN", None),
        ("1/0", None),
        ("Infinity", None),
        ("1e9", None),
        ("--1", None),
        ("1 2", None),
    ],
)
def test_what_counts_as_a_number(visit, page_with, typed, value):
    assert visit(page_with(ConvExplorer())).evaluate(CALL, ["parse", [typed]]) == [value]


# The hand -------------------------------------------------------------------------------------------------------------


def knob(page, label):
    return page.get_by_role("spinbutton", name=label, exact=True)


def turn(page, label, value):
    knob(page, label).fill(value)
    page.keyboard.press("Tab")


def size(page):
    return page.locator(".cw-size").all_inner_texts()


def problem(page):
    return page.locator(".cw-problem").inner_text()


def total(page):
    return float(page.locator(".cw-cx-total strong").inner_text().replace("−", "-"))


def board(page, kind, index=0):
    return page.locator(f".cw-cx-{kind} > .cw-cx-board > .cw-cx-svg").nth(index)


def press_cell(page, kind, y, x, index=0, rows=None):
    """Click the middle of a cell."""
    svg = board(page, kind, index)
    unit = svg.bounding_box()["width"] / svg.evaluate("(svg) => svg.viewBox.baseVal.width")
    svg.click(position={"x": (2 + 30 * (x + 0.5)) * unit, "y": (2 + 30 * (y + 0.5)) * unit})


def open_drawer(page):
    if not page.locator("details").evaluate("(drawer) => drawer.open"):
        page.locator("summary").click()


@pytest.mark.parametrize("how", ["file", "http"])
def test_a_knob_changes_the_output_size(visit, page_with, served, how):
    address = page_with(ConvExplorer(input_size=7))
    page = visit(address if how == "file" else served)
    assert size(page) == ["5"]
    turn(page, "stride", "2")
    assert size(page) == ["3"]
    chain = page.locator("math").evaluate_all("(all) => all.map((each) => each.getAttribute('alttext'))")
    assert chain[1:] == ["= ⌊(7 + 2 · 0 − 1 · ( 3 − 1 ) − 1) / 2⌋ + 1", "= ⌊(4) / 2⌋ + 1"]
    turn(page, "kernel_size", "2")
    chain = page.locator("math").evaluate_all("(all) => all.map((each) => each.getAttribute('alttext'))")
    assert chain[-1] == "= ⌊2.5⌋ + 1", "the floor is seen at work"
    page.get_by_role("button", name="Reset").click()
    assert size(page) == ["5"]


def test_the_formula_is_filled_in_for_each_dimension_and_for_the_transposed(visit, page_with):
    page = visit(
        page_with(
            ConvExplorer(input_size=(4, 5), stride=2, padding=((1, 0), (0, 0))),
            ConvExplorer(input_size=(2, 3), stride=2, padding=1, output_padding=1, transposed=True),
        )
    )
    lines = page.locator(".cw-formula").all()
    names = [line.locator(".cw-cx-name").inner_text() for line in lines]
    assert names == ["output rows", "output columns"] * 2
    filled = [line.locator("math").nth(1).get_attribute("alttext") for line in lines]
    assert filled == [
        "= ⌊(4 + 1 + 0 − 1 · ( 3 − 1 ) − 1) / 2⌋ + 1",
        "= ⌊(5 + 2 · 0 − 1 · ( 3 − 1 ) − 1) / 2⌋ + 1",
        "= ( 2 − 1 ) · 2 + 1 · ( 3 − 1 ) + 1 − 2 · 1 + 1",
        "= ( 3 − 1 ) · 2 + 1 · ( 3 − 1 ) + 1 − 2 · 1 + 1",
    ]
    assert size(page) == ["2", "2", "4", "6"]


def test_the_plain_case_is_plain_and_the_drawer_holds_the_rest(visit, page_with):
    page = visit(page_with(ConvExplorer()))
    shown = page.locator(".cw-knob-name").evaluate_all(
        "(all) => all.filter((e) => e.checkVisibility()).map((e) => e.textContent)"
    )
    assert shown == ["input size", "kernel_size", "stride", "padding", "input channels", "output channels"]
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    for label in ("dilation", "groups"):
        assert knob(page, label).is_visible()
    assert not knob(page, "output_padding").is_visible(), "it belongs to the transposed convolution"
    page.get_by_label("transposed").check()
    assert knob(page, "output_padding").is_visible()
    page.get_by_label("rows and columns apart").check()
    assert knob(page, "padding: rows").is_visible(), "the same cut at both ends"
    page.get_by_label("transposed").uncheck()
    for label in ("input size: rows", "kernel_size: columns", "padding: top", "padding: right", "dilation: rows"):
        assert knob(page, label).is_visible()
    turn(page, "input size: columns", "9")
    turn(page, "padding: top", "2")
    assert size(page) == ["6", "7"]
    assert (
        page.locator("code").inner_text() == "nn.Sequential(nn.ZeroPad2d((0, 0, 2, 0)), nn.Conv2d(1, 1, kernel_size=3))"
    )
    page.get_by_label("rows and columns apart").uncheck()
    assert size(page) == ["8"], "both as the rows are, padding as at the top"
    assert knob(page, "padding").input_value() == "2"


def test_impossible_settings_are_told_and_the_last_state_stays(visit, page_with):
    page = visit(page_with(ConvExplorer(input_size=4, in_channels=2, out_channels=4, dilation=1)))
    open_drawer(page)
    turn(page, "dilation", "3")
    assert "A kernel of 3 with dilation 3 spans 7 cells and does not fit: the input has 4 cells." in problem(page)
    assert knob(page, "dilation").input_value() == "1"
    turn(page, "kernel_size", "5")
    assert "A kernel of 5 does not fit" in problem(page)
    turn(page, "groups", "4")
    assert "4 groups do not divide 2 input and 4 output channels. Possible here: 1, 2." in problem(page)
    turn(page, "groups", "2")
    assert problem(page) == ""
    turn(page, "input channels", "3")
    assert "Possible here: 1." in problem(page)
    assert size(page) == ["2"]
    page.get_by_label("transposed").check()
    turn(page, "output_padding", "1")
    assert (
        "output_padding 1 is too large: it must be smaller than the stride (1) or the dilation (1), here at most 0."
        in problem(page)
    )
    turn(page, "padding", "3")
    assert "cuts off all 6 cells" in problem(page)
    turn(page, "stride", "4")
    assert problem(page) == ""
    turn(page, "input size", "12")
    assert "would span 47 cells, and at most 18 can be drawn" in problem(page)
    page.get_by_label("transposed").uncheck()
    page.get_by_label("rows and columns apart").check()
    turn(page, "padding: left", "1")
    page.get_by_label("transposed").click()
    assert "cuts the same padding off both ends, and here they are 1 and 0" in problem(page)
    assert not page.get_by_label("transposed").is_checked()


@pytest.mark.parametrize("nonsense", ["", "-3", "99", "1e9", "2.6"])
def test_a_knob_takes_whole_numbers_within_its_limits_only(visit, page_with, nonsense):
    page = visit(page_with(ConvExplorer(stride=2)))
    turn(page, "stride", nonsense)
    assert "from 1 to 4" in problem(page)
    assert knob(page, "stride").input_value() == "2"
    assert size(page) == ["2"]
    page.get_by_role("button", name="stride +").click()
    assert problem(page) == ""
    assert knob(page, "stride").input_value() == "3"


def test_the_sum_is_spelled_out_and_moves_by_keyboard(visit, page_with):
    widget = ConvExplorer(in_channels=2, out_channels=2)
    page = visit(page_with(widget), **CALM)
    text = page.locator(".cw-sum").inner_text
    assert "Output 0, row 0, column 0" in text()
    assert text().count("channel ") == 2, "one line for each input channel, and one sum"
    board(page, "output", 1).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert "Output 1, row 1, column 1 reads input rows 1, 2, 3 and columns 1, 2, 3." in text()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Output channel 1: 4 by 4")
    computed = page.evaluate(COMPUTED, [widget.state()])[0]
    assert total(page) == computed["output"][1][1][1]
    for o in (0, 1):
        assert [float(t) for t in page.evaluate(TEXTS, "output")[o]] == [
            v for row in computed["output"][o] for v in row
        ]
    products = [re.findall(r"([−\d]+)·\(?([−\d]+)", line) for line in text().splitlines() if line.startswith("channel")]
    for c, line in enumerate(products):
        window = [computed["input"][c][y][x] for y in (1, 2, 3) for x in (1, 2, 3)]
        weights = [value for row in computed["weight"][1][c] for value in row]
        assert [(int(a.replace("−", "-")), int(b.replace("−", "-"))) for a, b in line] == list(
            zip(window, weights, strict=True)
        )
    assert page.evaluate(MARKED, ["input", ".cw-cx-marks rect"]) == [
        [c, y, x] for c in (0, 1) for y in (1, 2, 3) for x in (1, 2, 3)
    ]
    for _ in range(9):
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowUp")
    assert "Output 1, row 0, column 0" in text()


def test_a_clicked_output_cell_shows_its_receptive_field(visit, page_with):
    settings = {
        "input_size": (7, 9),
        "in_channels": 4,
        "out_channels": 2,
        "groups": 2,
        "kernel_size": (3, 2),
        "stride": (2, 3),
        "dilation": (1, 2),
        "padding": ((1, 0), (2, 1)),
    }
    page = visit(page_with(ConvExplorer(**settings)), **CALM)
    press_cell(page, "output", 2, 1, index=1)
    assert "Output 1, row 2, column 1" in page.locator(".cw-sum").inner_text()
    assert "sees only channels 2, 3" in page.locator(".cw-sum").inner_text()
    image = torch.ones(4, 7, 9, dtype=torch.float64, requires_grad=True)
    out = by_torch(ConvExplorer(**settings).state(), image, torch.ones(2, 2, 3, 2))
    (reach,) = torch.autograd.grad(out[1, 2, 1], image, retain_graph=True)
    marked = page.evaluate(MARKED, ["input", ".cw-cx-marks rect"])
    read = [[c, y - 1, x - 2] for c, y, x in marked if 0 <= y - 1 < 7 and 0 <= x - 2 < 9]
    assert read == reach.nonzero().tolist(), "in both channels of its group, and in no other"
    assert len(marked) == 2 * 6, "and what lies in the padding"
    assert page.evaluate(MARKED, ["output", ".cw-cx-current"]) == [[1, 2, 1]]
    off = page.locator(".cw-cx-input").evaluate_all("(all) => all.map((e) => e.classList.contains('cw-cx-off'))")
    assert off == [True, True, False, False]
    assert page.locator(".cw-cx-kernel figcaption").all_inner_texts()[0] == "filter 1 does not see channel 0"
    (every,) = torch.autograd.grad(out.sum(), image)
    crossed = page.locator(".cw-cx-input .cw-cx-crosses").first.get_attribute("d").count("M")
    assert crossed == int((every[0] == 0).sum()) > 0
    assert f"{crossed} of 63 input cells are never read" in page.locator(".cw-note").last.inner_text()


def test_every_number_can_be_typed_over_by_pointer_and_keyboard(visit, page_with):
    page = visit(page_with(ConvExplorer(input_size=3, kernel_size=1)), **CALM)
    before = [float(t) for t in page.evaluate(TEXTS, "output")[0]]
    press_cell(page, "kernel", 0, 0)
    field = page.get_by_label("Weight of filter 0 for channel 0, row 0, column 0")
    field.fill("10")
    page.keyboard.press("Enter")
    assert [float(t) for t in page.evaluate(TEXTS, "output")[0]] == [5 * value for value in before], "the weight was 2"
    assert page.locator(".cw-cx-field").count() == 0
    board(page, "input").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("-7")
    assert page.get_by_label("Input channel 0, row 1, column 1", exact=True).input_value() == "-7"
    page.keyboard.press("Enter")
    assert page.evaluate(TEXTS, "output")[0][4] == "-70"
    page.keyboard.press("Enter")
    page.keyboard.type("5")
    page.keyboard.press("Escape")
    assert page.evaluate(TEXTS, "input")[0][4] == "-7", "Escape leaves the number"
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Input channel 0")
    bias = page.locator(".cw-cx-bias .cw-cx-svg")
    bias.focus()
    page.keyboard.type("3")
    page.keyboard.press("Tab")
    assert page.evaluate(TEXTS, "output")[0][4] == "-67"
    for nonsense, told in (
        ("NaN", "“NaN” is not a number"),
        ("", "“” is not a number"),
        ("1e9", "“1e9” is not"),
        ("5000", "from −999 to 999"),
    ):
        press_cell(page, "input", 1, 1)
        page.locator(".cw-cx-field").fill(nonsense)
        page.keyboard.press("Enter")
        assert told in problem(page)
        assert page.evaluate(TEXTS, "input")[0][4] == "-7"
    page.get_by_role("button", name="Reset").click()
    assert [float(t) for t in page.evaluate(TEXTS, "output")[0]] == before
    assert problem(page) == ""


def test_what_is_typed_is_kept_where_the_size_changes(visit, page_with):
    page = visit(page_with(ConvExplorer(input_size=5)), **CALM)
    board(page, "input").focus()
    page.keyboard.type("42")
    page.keyboard.press("Enter")
    turn(page, "input size", "7")
    texts = page.evaluate(TEXTS, "input")[0]
    assert (len(texts), texts[0]) == (49, "42")
    model = page.evaluate("window.cnnlibWidgets.ready.then((all) => all[0].value.model.get('input')[0][0][0])")
    assert model == 42, "the model has it, for Python"


def test_padding_is_not_editable_and_an_input_cell_says_who_reads_it(visit, page_with):
    page = visit(page_with(ConvExplorer(input_size=5, padding=1)), **CALM)
    press_cell(page, "input", 0, 0)
    assert page.locator(".cw-cx-field").count() == 0
    assert "always counts as 0" in page.locator(".cw-cx-hint").inner_text()
    board(page, "input").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert "row 0, column 0: 1. Each map reads it in 4 windows." in page.locator(".cw-cx-hint").inner_text()


def test_play_steps_pause_stops_and_nothing_jumps(visit, page_with):
    page = visit(
        page_with(ConvExplorer(input_size=4, in_channels=2, out_channels=2, groups=2, kernel_size=2)), width=390
    )
    height = "document.querySelector('.cw').getBoundingClientRect().height"
    first = page.evaluate(height)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('.cw-sum').innerText.includes('column 1')")
    assert page.locator(".cw-sum").get_attribute("aria-live") == "off"
    page.get_by_role("button", name="Pause").click()
    assert page.locator(".cw-sum").get_attribute("aria-live") == "polite"
    forward = page.get_by_role("button", name="Step forward")
    for _ in range(17):
        forward.focus()
        page.keyboard.press("Enter")
        assert page.evaluate(height) == first, page.locator(".cw-sum").inner_text()
    assert "Output 0, row 0, column 0" in page.locator(".cw-sum").inner_text(), "after the last cell comes the first"
    page.get_by_role("button", name="Step back").click()
    assert "Output 1, row 2, column 2" in page.locator(".cw-sum").inner_text()


def test_the_transposed_one_stamps_and_gathers(visit, page_with):
    widget = ConvExplorer(input_size=(2, 3), in_channels=2, kernel_size=3, stride=2, padding=1, transposed=True)
    page = visit(page_with(widget), **CALM)
    height = "document.querySelector('.cw').getBoundingClientRect().height"
    first = page.evaluate(height)
    computed = page.evaluate(COMPUTED, [widget.state()])[0]
    assert page.evaluate(MARKED, ["input", ".cw-cx-marks rect"]) == [[0, 0, 0], [1, 0, 0]]
    assert sum(t != "" for t in page.evaluate(TEXTS, "output")[0]) == 9, "one stamp so far"
    forward = page.get_by_role("button", name="Step forward")
    for _ in range(4):
        forward.click()
        assert page.evaluate(height) == first
    assert "Input row 1, column 1 stamps onto output 0" in page.locator(".cw-sum").inner_text()
    assert "Stamp 5 of 6" in page.locator(".cw-sum").inner_text()
    marked = page.evaluate(MARKED, ["output", ".cw-cx-marks rect"])
    assert marked == [[0, y, x] for y in (2, 3, 4) for x in (2, 3, 4)]
    forward.click()
    assert [float(t) for t in page.evaluate(TEXTS, "output")[0]] == [v for row in computed["canvas"][0] for v in row]
    press_cell(page, "output", 2, 3)  # of all that is written, the padding that is cut off included
    text = page.locator(".cw-sum").inner_text()
    assert "Output 0, row 1, column 2 is written by input rows 0, 1 and columns 1." in text
    image = torch.ones(2, 2, 3, dtype=torch.float64, requires_grad=True)
    out = by_torch(widget.state(), image, torch.ones(2, 1, 3, 3))
    (reach,) = torch.autograd.grad(out[0, 1, 2], image)
    assert page.evaluate(MARKED, ["input", ".cw-cx-marks rect"]) == reach.nonzero().tolist()
    assert total(page) == computed["output"][0][1][2]
    assert page.get_by_label("watch").input_value() == "cells"
    press_cell(page, "output", 0, 0)
    assert "Cut off" in page.locator(".cw-cx-hint").inner_text()
    page.get_by_label("watch").select_option("stamps")
    assert "Stamp 1 of 6" in page.locator(".cw-sum").inner_text()


def test_holes_of_a_transposed_convolution_are_crossed_out(visit, page_with):
    page = visit(page_with(ConvExplorer(input_size=3, kernel_size=1, stride=2, transposed=True, bias=False)))
    assert page.locator(".cw-cx-output .cw-cx-crosses").get_attribute("d").count("M") == 25 - 9
    assert "16 output cells are holes" in page.locator(".cw-note").last.inner_text()
    page.get_by_label("watch").select_option("cells")
    page.get_by_role("button", name="Step forward").click()
    assert "is a hole" in page.locator(".cw-sum").inner_text()


FOCUSED = """() => {
  const at = document.activeElement;
  return (at.getAttribute("aria-label") ?? at.closest("label, summary, button")?.innerText ?? "").trim();
}"""


def test_everything_is_reached_by_the_tab_key(visit, page_with):
    page = visit(page_with(ConvExplorer(transposed=True)))
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(FOCUSED))
    for name in (
        "input size",
        "groups",
        "output_padding",
        "rows and columns apart",
        "transposed",
        "with bias",
        "More knobs",
        "Step back",
        "Play",
        "Step forward",
        "Reset",
        "watch",
        "sum",
    ):
        assert name in reached, reached
    assert (
        sum(name.startswith(("Input channel", "Filter 0, kernel", "Bias of", "Output channel")) for name in reached)
        == 4
    )


# The page -------------------------------------------------------------------------------------------------------------


def test_python_moves_the_knobs_and_wrong_news_is_ignored(visit, page_with):
    page = visit(page_with(ConvExplorer()))
    set_model = """async ([key, value]) => {
      const [{ value: { model } }] = await window.cnnlibWidgets.ready;
      model.set(key, value);
    }"""
    page.evaluate(set_model, ["padding", [[1, 0], [0, 2]]])
    assert size(page) == ["5", "6"]
    assert knob(page, "padding: right").input_value() == "2"
    page.evaluate(set_model, ["kernel_size", 7])
    assert size(page) == ["1", "2"]
    page.evaluate(set_model, ["groups", 3])
    assert size(page) == ["1", "2"]


def test_reset_brings_everything_back(visit, page_with):
    widget = ConvExplorer(input_size=(5, 7), groups=2, in_channels=2, out_channels=2)
    page = visit(page_with(widget))
    look = "document.querySelector('.cw').innerText"
    first = page.evaluate(look)
    turn(page, "padding: left", "2")
    turn(page, "groups", "1")
    page.get_by_label("with bias").uncheck()
    page.get_by_role("button", name="Step forward").click()
    page.get_by_role("button", name="Play").click()
    assert page.evaluate(look) != first
    page.get_by_role("button", name="Reset").click()
    assert page.evaluate(look) == first


def test_several_live_on_one_page_and_leave_nothing_behind(visit, page_with):
    page = visit(page_with(ConvExplorer(input_size=5), ConvExplorer(input_size=9)))
    assert size(page) == ["3", "7"]
    knob(page, "stride").last.fill("2")
    page.keyboard.press("Tab")
    assert size(page) == ["3", "4"]
    assert page.locator(".cw [id]").count() == 0
    page.get_by_role("button", name="Play").first.click()
    ended = page.evaluate("""async () => {
      const [{ value: { destroy, el } }] = await window.cnnlibWidgets.ready;
      destroy();
      const before = el.innerText;
      await new Promise((done) => setTimeout(done, 1500));
      return el.innerText === before;
    }""")
    assert ended, "no timer goes on"


BOOK = [
    {"input_size": 6, "kernel_size": 3, "stride": 2},
    {"input_size": 5, "in_channels": 3, "out_channels": 2, "padding": 1},
    {"input_size": 3, "stride": 2, "padding": 1, "transposed": True},
    {"input_size": 8, "stride": 2},
    {"input_size": 5},
    {"input_size": (5, 8), "in_channels": 4, "out_channels": 4, "groups": 2, "padding": ((1, 0), (2, 1))},
    {"input_size": 12, "in_channels": 4, "out_channels": 4, "kernel_size": 7, "padding": 3, "dilation": 2},
]


@pytest.mark.parametrize("settings", BOOK)
def test_it_fits_a_phone_and_its_room_was_kept(visit, page_with, settings):
    widget = ConvExplorer(**settings)
    page = visit(page_with(widget), width=320)
    for width in (320, 390, 700, 1000):
        page.set_viewport_size({"width": width, "height": 900})
        kept = widget.heights[width >= 700]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        alive = page.locator(".cw").first.bounding_box()["height"]
        assert alive <= kept, (width, "nothing below it moves when it comes alive")
        if width in (320, 700):
            assert kept < 1.3 * alive, (width, kept, alive)


def test_its_texts_can_be_read_in_both_themes(visit, page_with):
    colours = """() => {
      const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
      const bytes = (colour) => {
        paint.clearRect(0, 0, 1, 1);
        paint.fillStyle = colour;
        paint.fillRect(0, 0, 1, 1);
        return [...paint.getImageData(0, 0, 1, 1).data];
      };
      const of = (selector, property) => bytes(getComputedStyle(document.querySelector(selector))[property]);
      const panel = of(".cw", "backgroundColor");
      return [
        [of(".cw-cx-input text:not(.outer)", "fill"), of(".cw-cx-paper", "fill")],
        [of(".cw-cx-input text.outer", "fill"), panel],
        [of(".cw-cx-hint", "color"), panel], [of(".cw-note", "color"), panel], [of(".cw-problem", "color"), panel],
        [of(".cw-cx-sum .outer", "color"), of(".cw-sum", "backgroundColor")],
      ];
    }"""

    def luminance(colour):
        parts = (c / 255 for c in colour[:3])
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for theme in ("light", "dark"):
        page = visit(page_with(ConvExplorer(padding=1), theme=theme), width=320)
        for ink, ground in page.evaluate(colours):
            dark, bright = sorted((luminance(ink), luminance(ground)))
            assert (bright + 0.05) / (dark + 0.05) >= 4.5, (theme, ink, ground)


def test_words_are_all_in_the_table_and_all_are_used():
    parts = [
        part
        for part in bundle.modules("conv_explorer")
        if part.startswith("conv_explorer") and not part.endswith("words")
    ]
    text = "\n".join(map(bundle.source, parts)) + bundle.source("controls")
    table = set(bundle.words("conv_explorer"))
    assert set(re.findall(r"\btext\.(\w+)", "\n".join(map(bundle.source, parts)))) <= table
    built = {f"{who}_{how}" for who in ("read", "write") for how in ("times", "once", "never")} | {"no_script"}
    assert {word for word in table - built if not re.search(rf"\b{word}\b", text)} == set()


def test_without_javascript_its_first_state_is_there(browser, page_with):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_with(ConvExplorer(input_size=7)))
    assert "maps 7×7 to 5×5" in page.locator("figcaption").inner_text()
    assert page.locator("svg .window").count() == 9 + 1
    context.close()


# Python --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"input_size": 2}, "no output is left"),
        ({"padding": (1, 0, 2, 2)}, r"Use padding=\(\(1, 0\), \(2, 2\)\)"),
        ({"padding": "same"}, "padding is 'same'; it must be a whole number from 0 to 3"),
        ({"stride": (1, 2, 3)}, r"stride is \(1, 2, 3\); it must be an int or \(rows, columns\)"),
        ({"stride": 2.5}, "stride is 2.5"),
        ({"groups": (1, 2)}, "groups is"),
        ({"groups": 2}, "groups=2 does not divide in_channels=1.*Use one of: 1"),
        ({"output_padding": 1}, "only a transposed convolution has it"),
        ({"transposed": True, "output_padding": 1}, "output_padding is 1; it must be smaller than the stride"),
        ({"transposed": True, "padding": ((1, 0), (0, 0))}, "cuts the same off both ends"),
        ({"transposed": True, "stride": 4}, "writes 23 cells in a row; at most 18"),
        ({"input": [[[1, float("nan")]]]}, "input holds nan; it must hold numbers from -999 to 999"),
        ({"weight": [[["1"]]]}, "weight holds '1'"),
        ({"biases": 3}, "biases holds 3 where a list is needed"),
    ],
)
def test_bad_settings_are_told_in_python_too(settings, told):
    with pytest.raises(BadSetting, match=told):
        ConvExplorer(**settings)


def test_settings_have_one_shortest_form_and_numbers_bring_their_sizes():
    w = ConvExplorer(input_size=[7, 7], padding=((1, 1), (2, 2)), stride=(1, 2))
    assert (w.input_size, w.padding, w.stride) == (7, (1, 2), (1, 2))
    assert w.output_size == (7, 5)
    assert ConvExplorer(padding=((1, 1), (1, 1))).padding == 1
    assert ConvExplorer(padding=[[1, 0], [2, 2]]).padding == ((1, 0), (2, 2))
    w = ConvExplorer(input=torch.arange(24).reshape(2, 3, 4), weight=torch.ones(4, 1, 2, 2).int(), groups=2)
    assert (w.in_channels, w.out_channels, w.input_size, w.kernel_size) == (2, 4, (3, 4), 2)
    assert w.input[1][2] == [20, 21, 22, 23]
    assert (w.parameters, w.macs) == (4 * 4 + 4, 4 * 4 * 6)
    before = w.state()
    with pytest.raises(BadSetting):
        w.groups = 4
    assert w.state() == before
