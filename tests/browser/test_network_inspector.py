"""The network inspector: its rows are those of `cnnlib.inspect` for every network; it refuses where PyTorch does."""

import contextlib
import inspect
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib import models
from cnnlib.errors import BadInput
from cnnlib.inspect import layer_table
from cnnlib.inspect.graph import export_graphs, graph
from cnnlib.models.editing import EDITABLE, edit, fit
from cnnlib.widgets import NetworkInspector, bundle

OWN = {"input_size": None, "in_channels": None, "num_classes": None, "width": 1, "fit": False, "edits": {}}
SMALL = 100  # rows; longer networks repeat the same blocks
ALIKE = {f"{family}{depth}" for family in ("plain", "resnet", "preact_resnet") for depth in (32, 44, 56)} - {"resnet34"}
COMPUTED = """async (states) => {
  const widget = (await window.cnnlibWidgets.load("network_inspector")).default;
  const data = window.cnnlibWidgets.assets.networks;
  return states.map((state) => {
    const { rows, fault } = widget.compute(data, state);
    const row = ({ name, kind, shape, parameters, macs, field, memory }) =>
      [name, kind, shape, parameters, macs, field && field.size, field && field.jump, memory];
    return { rows: rows.map(row), fault: fault && [fault.name, fault.fault] };
  });
}"""


def rows(table):
    """Return the layer table as the page has it."""
    return [
        [r.name, r.kind, list(r.output_shape), r.parameters, r.macs, *(s and s[0] for s in (r.receptive_field, r.jump))]
        for r in table
    ]


def expected(net, shape):
    """Return what the page should say: rows, or the layer that refuses."""
    try:
        return rows(layer_table(net, shape)), None
    except BadInput as problem:
        return None, re.search(r"fails at (\S+):", str(problem)).group(1)


def built(name, **settings):
    with torch.device("meta"):
        return models.build(name, **settings)


def rows_of(name):
    return len(bundle.asset("networks")["networks"][name]["nodes"])


def taken(name):
    return inspect.signature(models.card(name).factory).parameters


def compare(page, cases):
    """Compare (state, (rows, refusing layer)) with the page; return how many were refused."""
    states = [OWN | state for state, _ in cases]
    for (state, (right, refuses)), got in zip(cases, page.evaluate(COMPUTED, states), strict=True):
        assert (got["fault"] and got["fault"][0]) == refuses, state
        assert refuses or [row[:7] for row in got["rows"]] == right, state
    return sum(refuses is not None for _, (_, refuses) in cases)


@pytest.fixture
def page(visit, page_with):
    return visit(page_with(NetworkInspector("lenet5")))


def test_the_committed_graphs_are_what_the_networks_are_now(tmp_path):
    here = bundle.HERE / "assets" / "networks.json"
    assert export_graphs(tmp_path).read_text(encoding="utf-8") == here.read_text(encoding="utf-8")
    assert list(bundle.asset("networks")["networks"]) == models.names()


def test_every_network_has_the_rows_of_its_layer_table(page):
    cases = []
    for name in models.names():
        shape = models.card(name).input_shape
        cases.append(({"network": name}, expected(built(name), shape)))
    assert compare(page, cases) == 0


def test_other_widths_channels_and_classes(page):
    cases = []
    for name in [name for name in models.names() if name not in ALIKE]:
        channels, *size = models.card(name).input_shape
        wanted = {"in_channels": 2, "num_classes": 17, "width": 1.5}
        more = {key: value for key, value in wanted.items() if key in taken(name)}
        widths = ((1.5,) if rows_of(name) > SMALL else (0.25, 0.5, 0.75, 1.5)) if "width" in more else (1,)
        for width in widths:
            more |= {"width": width} if "width" in more else {}
            right = expected(built(name, **more), (more.get("in_channels", channels), *size))
            cases.append(({"network": name} | more, right))
    assert len(cases) > 60
    assert compare(page, cases) == 0


def test_a_width_scales_every_count_as_python_rounds():
    """Halves go to the even number, on either side."""
    for width in (0.1, 0.125, 0.3, 0.46875, 1.0625):
        net = built("alexnet_32", width=width)
        assert NetworkInspector("alexnet_32", width=width).total_parameters == sum(p.numel() for p in net.parameters())


def test_the_pages_rounding_is_pythons(page):
    values = [n / 8 for n in range(400)] + [0.3 * n for n in range(50)]
    code = """async (values) => values.map((await window.cnnlibWidgets.load("network_inspector")).default.roundEven)"""
    assert page.evaluate(code, values) == [round(v) for v in values]


def test_other_input_sizes_pass_or_are_refused_at_the_same_layer(page):
    cases = []
    for name in [name for name in models.names() if rows_of(name) < SMALL]:
        channels, side, _ = models.card(name).input_shape
        own = built(name)
        for size in (1, 7, 20, side - 3, side + 9):
            net = own
            if "image_size" in taken(name):
                with contextlib.suppress(BadInput):  # too small to be built: the layer at which it ends is the same
                    net = built(name, image_size=size)
            cases.append(({"network": name, "input_size": size}, expected(net, (channels, size, size))))
    assert 40 < compare(page, cases) < len(cases) - 40


def test_fully_connected_layers_can_be_built_for_the_size(page):
    cases = []
    sizes = {"alexnet_2012": 224, "alexnet_32": 64, "cnn_0501": 40, "fc_0501": 9, "lenet5_1998": 30}
    for name, size in sizes.items():
        widget = NetworkInspector(name, input_size=size, fit=True)
        try:
            right = rows(widget.table), None
        except BadInput as problem:
            right = None, re.search(r"fails at (\S+):", str(problem)).group(1)
        cases.append((widget.state(), right))
    assert compare(page, cases) == 1, "of 30 pixels 4×4 cells are left for C5, whose kernel is 5×5"


EDITS = [
    ("alexnet_2012", {}, {"conv1": {"stride": 2}}),
    ("alexnet_2012", {}, {"conv1": {"out_channels": 95}}),  # conv2 has two groups
    ("alexnet_2012", {"width": 0.5}, {"conv3": {"groups": 4, "bias": False}, "fc7": {"out_features": 9}}),
    ("alexnet", {"input_size": 96}, {"pool1": {"kind": "AvgPool2d", "ceil_mode": True}, "average": {"output_size": 4}}),
    ("vgg16", {"input_size": 64}, {"block3.conv2": {"dilation": 2, "padding": 0}, "block5.pool": {"stride": 1}}),
    ("vgg16", {}, {"block1.conv1": {"kernel_size": 31, "stride": 16}}),
    ("resnet20", {}, {"stage2.0.conv1": {"stride": 1}}),
    ("resnet20", {}, {"stage2.0.shortcut": {"extra_channels": 8}, "stage2.0.conv2": {"out_channels": 24}}),
    ("resnet18", {}, {"conv1": {"out_channels": 65}}),
    ("googlenet", {}, {"blocks.3a.branch5.conv": {"padding": 1}}),
    ("googlenet", {"width": 0.5}, {"blocks.3a.branch5.conv": {"out_channels": 100}}),
    ("densenet121", {}, {"conv0": {"out_channels": 10}, "transition1.conv": {"out_channels": 7}}),
    ("densenet121", {}, {"transition2.pool": {"kind": "MaxPool2d", "dilation": 2}}),
    ("lenet5", {}, {"c1": {"kernel_size": 3}, "s2": {"kind": "AvgPool2d"}}),
    ("lenet5_1998", {}, {"c1": {"out_channels": 8}}),
    ("lenet5_1998", {}, {"c1": {"out_channels": 5}}),
    ("lenet5_1998", {}, {"c1": {"kernel_size": 9}}),
    ("nin", {"input_size": 20}, {"pool1": {"kernel_size": 5, "padding": 2, "ceil_mode": False}}),
]  # fmt: skip


def test_edits_equal_the_network_that_pytorch_builds(page):
    cases = []
    for name, settings, edits in EDITS:
        widget = NetworkInspector(name, **settings, edits=edits)
        try:
            right = rows(widget.table), None
        except BadInput as problem:
            where = re.search(r"fails at (.+?): ", str(problem)).group(1)
            right = None, {"the network's forward": "add" if "resnet" in name else "cat"}.get(where, where)
        cases.append((widget.state(), right))
    assert compare(page, cases) == 8


@pytest.mark.parametrize(("name", "size"), [("vgg11", 32), ("resnet20", 32), ("densenet40", 32), ("lenet5_1998", 32)])
def test_memory_is_that_of_all_outputs_that_are_kept(page, name, size):
    more = {key: value for key, value in {"width": 0.25, "image_size": size}.items() if key in taken(name)}
    net = models.build(name, **more).eval()
    picture = torch.zeros(1, models.card(name).input_shape[0], size, size)
    kept, storages = [picture], {}

    def keep(module, inputs, output):
        kept.append(output)
        storages[output.untyped_storage().data_ptr()] = output.untyped_storage().nbytes()

    for module in net.modules():
        if not list(module.children()) or type(module).__name__ == "DenseLayer":
            module.register_forward_hook(keep)
    with torch.no_grad():
        net(picture)
    storages.pop(picture.untyped_storage().data_ptr(), None)
    state = OWN | {"network": name, "input_size": size, "width": more.get("width", 1)}
    got = page.evaluate(COMPUTED, [state])[0]["rows"]
    assert sum(row[7] for row in got if row[1] != "F.add") == sum(storages.values())  # a sum is no module's output


class Shared(nn.Module):
    """One layer used twice, one that is not trained, a sum, a concatenation."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3, padding=1)
        self.still = nn.Conv2d(4, 4, 1).requires_grad_(False)

    def forward(self, x):
        x = self.conv(self.conv(x)) + x
        return self.still(torch.cat([x, F.relu(x)], 1))


def test_sharing_and_frozen_weights_are_in_the_graph(page):
    net = Shared()
    nodes = graph(net, (2, 8, 8))
    assert nodes[1]["again"] == 0
    assert nodes[-1]["frozen"] == ["weight", "bias"]
    code = """async (nodes) => {
      const { propagate } = (await window.cnnlibWidgets.load("network_inspector")).default;
      const full = nodes.map((node, index) => ({ path: [], ...node, index }));
      return propagate(full, [2, 8, 8]).rows.map((row) => [row.name, row.parameters, row.macs, row.field.size]);
    }"""
    right = [[r.name, r.parameters, r.macs, r.receptive_field[0]] for r in layer_table(net, (2, 8, 8))]
    assert page.evaluate(code, nodes) == right
    with pytest.raises(BadInput, match="does not know the layer SiLU"):
        graph(nn.Sequential(nn.Conv2d(1, 1, 1), nn.SiLU()), (1, 4, 4))


def test_the_network_of_the_widget_can_be_built_and_run():
    widget = NetworkInspector("resnet20", width=0.25, num_classes=4, edits={"conv1": {"kernel_size": 5, "padding": 2}})
    net = widget.build()
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 4)
    assert sum(p.numel() for p in net.parameters()) == widget.total_parameters
    odd = edit(models.build("lenet5"), {"c1": {"out_channels": 7, "bias": False}})
    assert fit(odd, (1, 20, 20))
    assert odd(torch.zeros(1, 1, 20, 20)).shape == (1, 10)
    assert odd.c1.bias is None
    assert not fit(models.build("vgg_0503", width=0.1), (3, 8, 8))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"network": "alexnet2"}, "Did you mean 'alexnet'"),
        ({"network": "lenet5_1998", "width": 0.5}, "cannot be built with another. Use width=1.0"),
        ({"network": "lenet5", "input_size": 0}, "input_size is 0; it must be from 1 to 640"),
        ({"network": "lenet5", "input_size": 10**9}, "Use input_size=640"),
        ({"network": "vgg16", "width": float("nan")}, "width is nan"),
        ({"network": "lenet5", "edits": {"c2": {"stride": 2}}}, "no layer of lenet5 'c2'. Choose one of: act1, act3"),
        ({"network": "lenet5", "edits": {"c1": {"strides": 2}}}, "Did you mean 'stride'"),
        ({"network": "lenet5", "edits": {"c1": {"stride": 0}}}, "stride of c1 is 0; it must be a whole number from 1"),
        ({"network": "lenet5", "edits": {"c1": {"stride": True}}}, "stride of c1 is True"),
        ({"network": "lenet5", "edits": {"c1": 3}}, "it must be a dict"),
        ({"network": "lenet5", "edits": {"c1": {"groups": 4}}}, "does not divide its 6 output channels"),
        ({"network": "vgg16", "width": 0.5, "edits": {"block1.conv1": {"groups": 64}}}, "divide its 32 output"),
        ({"network": "lenet5", "edits": {"s2": {"padding": 2}}}, "at most half of its kernel_size, 1 here"),
        ({"network": "lenet5", "edits": {"c1": {"kind": "MaxPool2d"}}}, "cannot become a 'MaxPool2d'"),
        ({"network": "lenet5", "edits": {"act1": {"stride": 2}}}, "no hyper-parameter of act1"),
    ],
)
def test_bad_settings_are_told_and_leave_the_last_state(settings, words):
    with pytest.raises(BadInput, match=words):
        NetworkInspector(**settings)
    *first, name = settings
    widget = NetworkInspector(**{key: settings[key] for key in first})
    before = widget.state()
    with pytest.raises(BadInput, match=words):
        setattr(widget, name, settings[name])
    assert widget.state() == before


def test_the_page_of_jupyter_may_choose_another_network_and_drop_the_edits_at_once():
    widget = NetworkInspector("lenet5", num_classes=7, edits={"c1": {"stride": 2}})
    widget.set_state(OWN | {"network": "lenet5_1998"})
    assert widget.state() == OWN | {"network": "lenet5_1998"}
    with pytest.raises(BadInput, match="no layer of lenet5_1998 'c9'"):
        widget.edits = {"c9": {}}
    assert repr(NetworkInspector("vgg16", width=0.5)) == "NetworkInspector(network='vgg16', width=0.5)"


def field(page, name):
    return page.locator(".cw-ni-settings").get_by_role("spinbutton", name=name)


def line(page, name):
    return page.locator(f'.cw-ni-table tbody tr:has(th:text-is("{name}"))')


def test_a_layer_is_edited_and_what_is_rebuilt_is_told(visit, page_with):
    page = visit(page_with(NetworkInspector("lenet5")))
    page.locator(".cw-ni-table tbody tr", has_text="c1").click()
    field(page, "out_channels").fill("8")
    page.keyboard.press("Tab")
    said = page.locator(".cw-ni-news").inner_text()
    assert said == "Edited: c1 (out_channels 8). Built to fit: c3 (6 → 8 in)."
    right = NetworkInspector("lenet5", edits={"c1": {"out_channels": 8}})
    totals = page.locator(".cw-ni-totals").inner_text()
    assert f"{right.total_parameters:,}" in totals
    assert "unedited 61,706" in totals
    assert "↳" in page.locator(".cw-ni-table tr.rebuilt").inner_text()
    field(page, "out_channels").fill("6")
    page.keyboard.press("Tab")
    assert "Edited" not in page.locator(".cw-ni-news").inner_text(), "the published number is no edit"
    assert page.get_by_role("button", name="Undo edits").is_disabled()


def test_what_cannot_be_built_is_refused_at_the_control(visit, page_with):
    page = visit(page_with(NetworkInspector("lenet5")))
    page.locator(".cw-ni-table tbody tr", has_text="c3").click()
    field(page, "groups").fill("5")
    page.keyboard.press("Tab")
    problem = page.locator(".cw-ni-settings .cw-problem")
    assert "cannot divide 6 input channels and 16 output channels into 5 groups" in problem.inner_text()
    assert field(page, "groups").input_value() == "1"
    page.locator(".cw-ni-table tbody tr", has_text="s2").click()
    field(page, "padding").fill("2")
    page.keyboard.press("Tab")
    assert "at most half of its kernel_size as padding, 1 here" in problem.inner_text()
    for wrong in ("", "1e9", "-3", "2.5"):
        field(page, "stride").fill(wrong)
        page.keyboard.press("Tab")
        assert f"stride is {wrong or 'empty'}; it must be a whole number from 1 to 16" in problem.inner_text()
        assert field(page, "stride").input_value() == "2"
    page.get_by_role("spinbutton", name="input size").fill("1e9")
    page.keyboard.press("Tab")
    assert "input size is 1e9; it must be a whole number from 1 to 640" in page.locator(".cw-ni-line").inner_text()
    page.get_by_role("spinbutton", name="classes").fill("11")
    page.keyboard.press("Tab")
    assert "1e9" not in page.locator(".cw-ni-line").inner_text()
    page.get_by_role("button", name="Reset").click()
    assert field(page, "stride").input_value() == "2"


def test_alexnet_at_32_pixels_says_which_layer_and_why(visit, page_with):
    page = visit(page_with(NetworkInspector("alexnet_2012")))
    size = page.get_by_role("spinbutton", name="input size")
    size.fill("32")
    page.keyboard.press("Tab")
    why = page.locator(".cw-ni-fault").inner_text()
    assert "pool2 gets a map of 2×2, smaller than its window of 3×3" in why
    assert "divided the side by 8" in why
    assert page.locator(".cw-ni-table tr.fault th").inner_text() == "pool2"
    assert "not reached" in page.locator(".cw-ni-table tr.cut").first.inner_text()
    size.fill("224")
    page.keyboard.press("Tab")
    assert "fc6 was built for 9,216 features and gets 6,400" in page.locator(".cw-ni-fault").inner_text()
    page.get_by_label("build the fully connected layers").check()
    assert page.locator(".cw-ni-fault").inner_text() == ""
    page.get_by_role("button", name="Reset").click()
    assert size.input_value() == "227"


def test_a_sum_with_two_shapes_names_both(visit, page_with):
    page = visit(page_with(NetworkInspector("resnet20", edits={"stage2.0.conv1": {"stride": 1}})))
    assert "The sum in stage2.0 cannot add 32×32×32 and 32×16×16" in page.locator(".cw-ni-fault").inner_text()
    page.get_by_role("button", name="Undo edits").click()
    assert page.locator(".cw-ni-fault").inner_text() == ""
    assert "0" in page.locator(".cw-ni-totals").inner_text()


def test_a_pooling_becomes_another_kind(visit, page_with):
    page = visit(page_with(NetworkInspector("lenet5")))
    page.locator(".cw-ni-table tbody tr", has_text="s2").click()
    page.locator(".cw-ni-settings").get_by_label("pooling").select_option("average")
    assert "AvgPool2d 2×2" in page.locator(".cw-ni-table tr.edited").inner_text()
    assert not field(page, "dilation").count(), "an average pooling has none"


def test_keyboard_alone_finds_a_layer_changes_it_and_comes_back(visit, page_with):
    page = visit(page_with(NetworkInspector("resnet110")))
    chosen = page.locator('.cw-ni-table tr[aria-selected="true"]')
    chosen.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert chosen.get_attribute("aria-expanded") == "false"
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert "conv1" in chosen.inner_text()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.ariaLabel") == "kernel_size"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    assert "stage1.0.conv1 (kernel_size 4)" in page.locator(".cw-ni-news").inner_text()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert chosen.get_attribute("aria-expanded") == "false"
    page.keyboard.press("End")
    assert "fc" in chosen.inner_text()
    page.locator(".cw-ni-lanes").focus()
    page.keyboard.press("Home")
    assert "conv1" in page.locator(".cw-ni-title").inner_text()


def test_pointer_in_the_drawing_chooses_the_layer(visit, page_with):
    page = visit(page_with(NetworkInspector("alexnet_2012")))
    box = page.locator(".cw-ni-over").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 9.5 / 12, box["y"] + 20)
    assert page.locator(".cw-ni-title").inner_text() == "fc6: Linear"
    assert "9,216 for each of 4,096 numbers = 37,748,736" in page.locator(".cw-ni-how").inner_text()


def test_long_networks_draw_only_what_is_seen_and_quickly(visit, page_with):
    page = visit(page_with(NetworkInspector("densenet121")))
    page.get_by_role("button", name="Unfold all").click()
    assert page.locator(".cw-ni-table").get_attribute("aria-rowcount") > "490"
    assert page.locator(".cw-ni-table tbody tr").count() < 60
    page.locator(".cw-ni-box").evaluate("(box) => { box.scrollTop = box.scrollHeight; }")
    page.locator(".cw-ni-table tbody tr", has_text="out").last.wait_for()
    times = page.evaluate("""async () => {
      const range = document.querySelector('input[type="range"]'), times = [];
      for (let i = 0; i < 21; i += 1) {
        const start = performance.now();
        range.value = 200 + i;
        range.dispatchEvent(new Event("input"));
        times.push(performance.now() - start);
        await new Promise(requestAnimationFrame);
      }
      return times.sort((a, b) => a - b);
    }""")
    assert times[10] < 60, "16 ms on a quiet machine"


def test_another_network_and_two_on_a_page(visit, page_with):
    page = visit(page_with(NetworkInspector("lenet5", edits={"c1": {"stride": 2}}), NetworkInspector("vgg16")))
    first, second = page.locator("section.cw").all()
    network = first.get_by_role("combobox", name="network")
    network.select_option(label="GoogLeNet")
    assert "6,998,552" in first.locator(".cw-ni-totals").inner_text()
    assert "heads.4a, heads.4d, which run only in training" in first.inner_text()
    assert "138,357,544" in second.locator(".cw-ni-totals").inner_text()
    first.get_by_role("button", name="Reset").click()
    assert "c1 (stride 2)" in first.locator(".cw-ni-news").inner_text()
    network.select_option(label="LeNet-5 (1998)")
    assert first.get_by_role("spinbutton", name="classes").is_disabled()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_narrow_page_does_not_scroll_sideways(visit, page_with, theme):
    page = visit(page_with(NetworkInspector("alexnet_2012", input_size=32), theme=theme), width=320)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    ink = page.evaluate("getComputedStyle(document.querySelector('.cw-ni-table tr.cut th')).backgroundColor")
    assert ink == {"light": "rgb(253, 253, 252)", "dark": "rgb(23, 28, 34)"}[theme]
    nameless = "(e) => !(e.ariaLabel || e.labels?.[0]?.innerText || e.innerText)"
    controls = "[...document.querySelectorAll('.cw :is(input, select, button)')]"
    assert page.evaluate(f"{controls}.filter({nameless}).length") == 0


def test_the_picture_for_readers_without_javascript_and_the_limits():
    text = NetworkInspector("resnet110").picture()
    assert "1,727,962" in text
    assert text.count("<tr>") < 20
    assert "fails at pool2" in NetworkInspector("alexnet_2012", input_size=32).picture()
    data = bundle.asset("networks")
    assert data["editable"] == {kind: {key: list(v) for key, v in keys.items()} for kind, keys in EDITABLE.items()}
    words = bundle.words("network_inspector")
    assert {key for keys in EDITABLE.values() for key in keys} - {"kind"} <= set(words)
