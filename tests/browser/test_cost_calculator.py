"""The parameter and cost calculator in a real browser: its numbers are Python's, and Python's those of real layers."""

import random

import pytest
import torch
from torch import nn

from cnnlib import arithmetic, inspect
from cnnlib.errors import BadInput
from cnnlib.widgets import CostCalculator
from cnnlib.widgets.cost_calculator import EXAMPLES

CALL = """async (cases) => {
  const widget = (await window.cnnlibWidgets.load("cost_calculator")).default;
  return cases.map((state) => widget.compute(state));
}"""
STATE = """async (keys) => {
  const {model} = (await window.cnnlibWidgets.ready)[0].value;
  return keys.map((key) => model.get(key));
}"""
COUNTS = ("parameters", "macs", "activations", "bytes")
TAB = {"dense": "Fully connected", "stack": "One large kernel", "bottleneck": "Directly", "depthwise": "Standard"}


def random_state(rng, comparison):
    return {"comparison": comparison, "height": rng.randint(1, 1024), "width": rng.randint(1, 1024),
            "in_channels": rng.randint(1, 1024), "out_channels": rng.randint(1, 4096),
            "kernel_size": rng.randint(1, rng.choice((5, 31))), "stride": rng.randint(1, 16),
            "padding": rng.randint(0, 15), "bias": rng.random() < 0.5, "layers": rng.randint(2, 10),
            "widen": rng.random() < 0.5, "reduced": rng.randint(1, 1024)}  # fmt: skip


def test_numbers_equal_python(visit, page_with):
    rng = random.Random(3)
    cases = [random_state(rng, comparison) for comparison in EXAMPLES for _ in range(170)]
    cases += [{**random_state(rng, "bottleneck"), "in_channels": 1 + n % 2} for n in range(20)]  # may never pay
    cases += [{**random_state(rng, "dense"), "height": rng.randint(1, 9), "kernel_size": 20} for _ in range(20)]
    refused, never = 0, 0
    for case, got in zip(cases, visit(page_with(CostCalculator())).evaluate(CALL, cases), strict=True):
        try:
            w = CostCalculator(**case)
        except BadInput:
            assert got is None, case
            refused += 1
            continue
        layers = got["first"]["layers"] + got["second"]["layers"]
        assert [(*layer["size"], *(layer[count] for count in COUNTS)) for layer in layers] == [
            (*row.output_size, *(getattr(row, count) for count in COUNTS)) for row in w.table
        ], case
        for side, total in (("first", w.first), ("second", w.second)):
            assert [got[side]["total"][count] for count in COUNTS] == [getattr(total, count) for count in COUNTS]
            assert all(getattr(total, count) < 2**53 for count in COUNTS), "a whole number for JavaScript too"
        if case["comparison"] == "bottleneck":
            assert got["last"] == w.last_that_pays
            never += w.last_that_pays == 0
    assert 50 < refused < 250
    assert never > 0


def conv(ins, outs, kernel, **more):
    return nn.Conv2d(ins, outs, kernel, padding=more.pop("padding", "same"), **more)


REAL = [
    (CostCalculator(height=20, width=15, in_channels=3, out_channels=7, kernel_size=4, stride=3, padding=2),
     nn.Sequential(nn.Flatten(), nn.Linear(20 * 15 * 3, 7)), nn.Sequential(conv(3, 7, 4, stride=3, padding=2))),
    (CostCalculator(comparison="stack", height=9, width=8, in_channels=3, out_channels=6, layers=3, bias=True),
     nn.Sequential(conv(3, 6, 7)), nn.Sequential(conv(3, 6, 3), conv(6, 6, 3), conv(6, 6, 3))),
    (CostCalculator(comparison="stack", height=9, width=8, in_channels=3, out_channels=6, kernel_size=4),
     nn.Sequential(conv(3, 6, 7, bias=False)), nn.Sequential(conv(3, 6, 4, bias=False), conv(6, 6, 4, bias=False))),
    (CostCalculator(comparison="bottleneck", bias=True), nn.Sequential(conv(192, 32, 5)),
     nn.Sequential(conv(192, 16, 1), conv(16, 32, 5))),
    (CostCalculator(comparison="bottleneck", height=8, width=8, in_channels=32, out_channels=24, kernel_size=3,
                    reduced=8, widen=True), nn.Sequential(conv(32, 24, 3, bias=False)),
     nn.Sequential(conv(32, 8, 1, bias=False), conv(8, 8, 3, bias=False), conv(8, 24, 1, bias=False))),
    (CostCalculator(comparison="depthwise", height=13, width=9, in_channels=12, out_channels=20, stride=2, bias=True),
     nn.Sequential(conv(12, 20, 3, stride=2, padding=1)),
     nn.Sequential(conv(12, 12, 3, stride=2, padding=1, groups=12), conv(12, 20, 1))),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(("w", "first", "second"), REAL)
def test_python_counts_what_real_layers_have(w, first, second):
    for side, total, net in (("first", w.first, first), ("second", w.second, second)):
        ours = [row for row in w.table if row.side == side]
        theirs = inspect.layer_table(net, (w.in_channels, w.height, w.width))
        theirs = [row for row in theirs if not row.kind.startswith("Flatten")]
        assert [(r.output_size, r.parameters, r.macs) for r in ours] == [
            (tuple(r.output_shape), r.parameters, r.macs) for r in theirs
        ]
        assert total.parameters == sum(p.numel() for p in net.parameters())
        sizes, x = [], torch.zeros(1, w.in_channels, w.height, w.width)
        for layer in net:
            x = layer(x)
            if not isinstance(layer, nn.Flatten):
                sizes.append(x.numel() * x.element_size())
        assert [r.bytes for r in ours] == sizes and total.bytes == sum(sizes)


def test_a_stack_sees_what_its_one_kernel_sees():
    for layers in range(2, 11):
        w = CostCalculator(comparison="stack", layers=layers)
        seen = arithmetic.receptive_field([arithmetic.Window(3)] * layers)[-1].size
        assert w.receptive_field == seen == 2 * layers + 1
        assert w.first.parameters == seen**2 * 256**2


def words(page):
    return page.locator(".cw-cost").inner_text()


def count(page, key):
    return page.locator(f'[data-count="{key}"]').inner_text()


def totals(page, key):
    return [int(each.get_attribute("data-value")) for each in page.locator(f'[data-count="{key}"] [data-value]').all()]


def test_the_notes_example_done_right(visit, page_with):
    page = visit(page_with(CostCalculator()))
    assert totals(page, "parameters") == [12_288_010, 3640] and "3,376 times fewer" in count(page, "parameters")
    assert totals(page, "macs") == [12_288_000, 1_440_747_000] and "117 times more" in count(page, "macs")
    assert totals(page, "bytes") == [40, 4 * 10 * 630 * 630]
    assert "10 against 3,969,000 numbers of 4 bytes" in count(page, "bytes")
    assert "640 × 640 × 3 inputs × 10 units = 12,288,000 weights + 10 biases = 12,288,010 parameters" in words(page)
    assert "11 × 11 × 3 × 10 = 3,630 weights + 10 biases = 3,640 parameters, used at 630 × 630 places" in words(page)


def test_two_and_three_small_kernels_against_a_large_one(visit, page_with):
    page = visit(page_with(CostCalculator(comparison="stack")))
    assert totals(page, "parameters") == [25 * 256**2, 18 * 256**2]
    assert "2 convolutions of 3 × 3 see 5 × 5 cells" in page.locator(".cw-verdict").inner_text()
    page.get_by_role("slider").press("ArrowRight")
    assert totals(page, "parameters") == [49 * 256**2, 27 * 256**2]
    verdict = page.locator(".cw-verdict").inner_text()
    assert "see 7 × 7 cells" in verdict and "3 · 3² = 27 weights against 7² = 49" in verdict
    assert "1.81 times fewer" in count(page, "macs") and "3 times more" in count(page, "bytes")
    assert page.locator(".cw-cost-side").nth(1).locator("tbody tr").count() == 3 + 1
    assert "Layers 1 to 3, each: 3 × 3 × 256 × 256 = 589,824 weights" in words(page)
    field = page.get_by_role("spinbutton", name="in_channels")
    field.fill("3")
    page.keyboard.press("Tab")
    assert "more" in count(page, "parameters"), "behind a picture of three channels a stack costs more"


def test_the_usual_bottleneck_and_where_it_stops_paying(visit, page_with):
    page = visit(page_with(CostCalculator(comparison="bottleneck")))
    assert totals(page, "macs") == [120_422_400, 12_443_648]
    cells = page.locator(".cw-cost-side").nth(1).locator("tbody tr td:nth-child(3)")
    assert [int(c.get_attribute("data-value")) for c in cells.all()] == [2_408_448, 10_035_200, 12_443_648]
    verdict = page.locator(".cw-verdict").inner_text
    assert "9.68 times fewer" in verdict() and "pays up to 154 reduced channels" in verdict()
    field = page.get_by_role("spinbutton", name="reduced channels")
    for reduced, said in (("154", "times fewer"), ("155", "costs more than it saves")):
        field.fill(reduced)
        page.keyboard.press("Tab")
        assert said in verdict()
    assert "no bottleneck any more" in verdict()
    line = page.locator('[data-count="macs"] .cw-limit').bounding_box()
    bar = page.locator('[data-count="macs"] .cw-bar').last.bounding_box()
    assert line["x"] < bar["x"] + bar["width"], "the bar reaches beyond the line"
    page.get_by_role("button", name="Reset").click()
    assert field.input_value() == "16"


def test_a_single_channel_cannot_be_reduced(visit, page_with):
    page = visit(page_with(CostCalculator(comparison="bottleneck", in_channels=1, reduced=1)))
    assert "never pays" in page.locator(".cw-verdict").inner_text()


def test_the_bottleneck_of_resnet(visit, page_with):
    w = CostCalculator(comparison="bottleneck", height=56, width=56, in_channels=256, out_channels=256, kernel_size=3,
                       reduced=64, widen=True)  # fmt: skip
    assert (w.first.parameters, w.second.parameters) == (589_824, 16_384 + 36_864 + 16_384)
    page = visit(page_with(w))
    assert page.locator(".cw-cost-side").nth(1).locator("tbody tr").count() == 3 + 1
    page.get_by_label("back up by 1 × 1").uncheck()
    assert page.locator(".cw-cost-side").nth(1).locator("tbody tr").count() == 2 + 1


def test_depthwise_needs_the_share_of_the_formula(visit, page_with):
    page = visit(page_with(CostCalculator(comparison="depthwise")))
    first, second = totals(page, "macs")
    assert second / first == pytest.approx(1 / 256 + 1 / 9)
    assert "1/256 + 1/3² = 0.115" in page.locator(".cw-verdict").inner_text()
    field = page.get_by_role("spinbutton", name="kernel_size")
    field.fill("1")
    page.keyboard.press("Tab")
    assert "does not pay" in page.locator(".cw-verdict").inner_text()


def test_a_reader_turns_from_one_comparison_to_another_and_back(visit, page_with):
    page = visit(page_with(CostCalculator(kernel_size=5)))
    keys = CostCalculator.settings()
    for name, tab in TAB.items():
        page.get_by_role("button", name=tab).click()
        expected = CostCalculator(comparison=name, **({"kernel_size": 5} if name == "dense" else {}))
        assert page.evaluate(STATE, keys) == [expected.state()[key] for key in keys]
        assert totals(page, "macs") == [expected.first.macs, expected.second.macs]
        assert page.locator('.cw-cost-tabs [aria-pressed="true"]').inner_text().startswith(tab)
    page.get_by_role("spinbutton", name="height").fill("14")
    page.keyboard.press("Tab")
    page.get_by_role("button", name=TAB["dense"]).click()
    page.get_by_role("button", name=TAB["depthwise"]).click()
    assert page.get_by_role("spinbutton", name="height").input_value() == "14", "it is as it was left"
    page.get_by_role("button", name="Reset").click()
    assert page.evaluate(STATE, keys) == [CostCalculator(kernel_size=5).state()[key] for key in keys]


def test_impossible_settings_are_told_and_the_last_state_stays(visit, page_with):
    page = visit(page_with(CostCalculator(height=28, width=28, in_channels=1)), width=320)
    knob = page.get_by_role("spinbutton", name="height")
    knob.fill("8")
    page.keyboard.press("Tab")
    assert "does not fit into a picture of 8 × 28" in page.locator(".cw-problem").inner_text()
    assert knob.input_value() == "28"
    for nonsense, got in (("", "28"), ("1e9", "1024"), ("abc", "1024")):
        knob.evaluate("(e, text) => { e.value = text; e.dispatchEvent(new Event('change')); }", nonsense)
        assert knob.input_value() == got
    page.get_by_label("with bias").uncheck()
    assert totals(page, "parameters")[1] == 11 * 11 * 10
    page.get_by_role("button", name=TAB["stack"]).click()
    page.get_by_role("spinbutton", name="kernel_size").fill("20")
    page.keyboard.press("Tab")
    assert "2 layers of 20 × 20 see 39 × 39 cells" in page.locator(".cw-problem").inner_text()
    page.get_by_role("spinbutton", name="kernel_size").fill("9")
    page.keyboard.press("Tab")
    page.get_by_role("slider").press("End")
    assert "see 81 × 81 cells" in page.locator(".cw-problem").inner_text()
    assert page.get_by_role("slider").input_value() == "2", "the slider goes back"
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_sliders_work_by_keyboard_on_a_narrow_page(visit, page_with, theme):
    page = visit(page_with(CostCalculator(comparison="bottleneck"), theme=theme), width=320)
    slider = page.get_by_role("slider", name="reduced channels")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("spinbutton", name="reduced channels").input_value() == "17"
    assert totals(page, "macs")[1] == CostCalculator(comparison="bottleneck", reduced=17).second.macs
    assert slider.evaluate("element => element === document.activeElement"), "drawing must not take the focus"
    page.keyboard.press("End")
    assert slider.input_value() == "1024"
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_largest_numbers_fit_and_stay_whole(visit, page_with):
    w = CostCalculator(comparison="stack", height=1024, width=1024, in_channels=1024, out_channels=4096, kernel_size=4,
                       layers=10)  # fmt: skip
    page = visit(page_with(w), width=320)
    assert totals(page, "macs") == [w.first.macs, w.second.macs]
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_python_takes_the_rest_from_the_comparisons_example():
    w = CostCalculator(comparison="stack", layers=3)
    assert repr(w) == "CostCalculator(comparison='stack', layers=3)"
    assert eval(repr(w), {"CostCalculator": CostCalculator}).state() == w.state()
    w.comparison = "depthwise"
    assert (w.height, w.layers) == (56, 3), "a later change leaves the other settings alone"
    w = CostCalculator(height=8, width=8, kernel_size=8, comparison="stack")
    with pytest.raises(BadInput, match="see 71 cells"):
        w.layers = 10
    assert w.layers == 2
