"""The feature maps widget: what it shows is what the modules put out, of any network, which stays as it was."""

import json

import numpy as np
import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from cnnlib import inspect, models
from cnnlib.errors import BadInput
from cnnlib.widgets import BadSetting, FeatureMaps, bundle
from cnnlib.widgets import feature_recording as recording

UNPACKED = """async (record) => {
  const widget = (await window.cnnlibWidgets.load("feature_maps")).default;
  const { layers, frames } = await widget.unpack(record);
  return frames.map((frame) => layers.map((layer, i) =>
    Array.from({ length: layer.count }, (_, map) => [...widget.mapOf(layer, frame.layers[i], map)])));
}"""
LAYER = '.cw-fm-layers [role="option"] >> nth={}'


def lenet():
    torch.manual_seed(0)
    return models.build("lenet5")


def pictures(count=3, channels=1, side=28):
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(1))


def widget(count=3, **settings):
    return FeatureMaps(lenet(), pictures(count), names=[f"shift {i}" for i in range(count)], **settings)


class Branches(nn.Module):
    """Two branches, a sum, a layer used twice, one with two outputs, and a function in between."""

    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 1)
        self.norm, self.drop, self.again = nn.BatchNorm2d(4), nn.Dropout(), nn.ReLU(inplace=True)
        self.rows = nn.LSTM(4 * 12, 5, batch_first=True)
        self.out = nn.Linear(5, 7)

    def forward(self, x):
        x = self.again(self.norm(self.left(x) + self.right(x)))
        x = self.again(F.max_pool2d(x, 2) - 0.1)
        sequence, _ = self.rows(self.drop(x).permute(0, 2, 1, 3).flatten(2))
        return self.out(sequence[:, -1])


class Silent(nn.Module):
    """Puts out nothing."""

    def forward(self, x):
        return None


def test_frames_are_the_modules_outputs_within_half_a_step(visit, page_with):
    w = widget()
    net, found = lenet().eval(), visit(page_with(w)).evaluate(UNPACKED, w.record)
    assert w.layers == [name for name, _ in net.named_children()]
    for frame, image in enumerate(pictures()):
        x = image[None]
        for i, (name, layer) in enumerate(net.named_children()):
            x = layer(x)
            expected = (x[0] if x.dim() == 4 else x[:, None]).detach()
            theirs = torch.tensor(found[frame][i]).view(expected.shape)
            step = expected.abs().amax(dim=(1, 2), keepdim=True) / 127
            assert ((theirs - expected).abs() <= 0.505 * step + 1e-7).all(), name
            assert torch.allclose(w.maps(name, frame), theirs, atol=1e-6)
            assert (theirs[expected == 0] == 0).all(), "what a ReLU cut stays zero"


@pytest.mark.parametrize("build", ["squeezenet1_1", "resnet18", "googlenet", "mobilenet_v3_small", "densenet121"])
def test_any_torchvision_network_works_and_fits(build):
    torch.manual_seed(0)
    options = {"aux_logits": False, "init_weights": False} if build == "googlenet" else {}
    net = getattr(torchvision.models, build)(weights=None, **options)
    image = torch.rand(3, 96, 96)
    w = FeatureMaps(net, image)
    expected = inspect.feature_maps(net, image, device="cpu")
    assert w.layers == list(expected)
    assert len(w.record["data"]) <= 100_000
    for entry in w.record["layers"]:
        assert tuple(entry["shape"]) == tuple(expected[entry["name"]].shape)
        assert 1 <= entry["count"] <= 64 and entry["rows"] <= 64
    small = next(entry for entry in w.record["layers"] if entry["rows"] == entry["shape"][1])
    maps = expected[small["name"]][: small["count"]]
    assert (w.maps(small["name"]) - maps).abs().max() <= 0.6 * maps.abs().max() / 127 + 1e-6


def test_large_maps_are_averaged_and_long_lists_cut_and_it_is_said(visit, page_with):
    net = nn.Sequential(nn.Conv2d(3, 100, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(100, 2000))
    image = torch.rand(3, 130, 200)
    w = FeatureMaps(net, image, kilobytes=400)
    entry = w.record["layers"][0]
    assert (entry["count"], entry["rows"], entry["columns"]) == (64, 33, 50)
    expected = F.adaptive_avg_pool2d(net[0](image[None]), (33, 50))[0, :64].detach()
    assert torch.allclose(w.maps("0"), expected, atol=0.01)
    page = visit(page_with(w))
    title = page.locator(".cw-fm-title")
    assert "100 maps of 130×200. The first 64 are kept here. Each is averaged down to 33×50" in title.inner_text()
    page.locator(LAYER.format(3)).click()
    assert "2000 numbers, without places. The first 1024 are kept" in title.inner_text()
    assert len(FeatureMaps(net, image, kilobytes=10).record["data"]) <= 10_000


def test_only_some_layers_are_recorded():
    w = FeatureMaps(Branches(), torch.rand(3, 24, 24), only=["a", "out"])
    assert w.layers == ["again", "again (2)", "out"]
    w.add(torch.rand(3, 24, 24))
    assert w.layers == ["again", "again (2)", "out"]
    with pytest.raises(BadInput, match="no layer that begins with 'conv'"):
        FeatureMaps(Branches(), torch.rand(3, 24, 24), only=["conv"])


def test_a_lenet_costs_little():
    assert len(widget(1).to_html()) < 40_000
    assert len(json.dumps(widget(9).state())) < 110_000


def test_branches_functions_and_a_layer_used_twice(visit, page_with):
    net, image = Branches(), torch.rand(3, 24, 24)
    w = FeatureMaps(net, image)
    assert w.layers == ["left", "right", "norm", "again", "again (2)", "drop", "rows", "out"]
    kinds = [entry["kind"] for entry in w.record["layers"]]
    assert kinds[3:7] == ["ReLU", "ReLU", "Dropout", "LSTM"]
    assert tuple(w.maps("rows").shape) == (1, 12, 5), "rows of numbers are one map"
    page = visit(page_with(w))
    for i in range(len(w.layers)):
        page.locator(LAYER.format(i)).click()
    assert "7 numbers" in page.locator(".cw-fm-title").inner_text()


def test_the_network_stays_as_it_was():
    net = Branches().double()
    net.drop.eval()
    net.out.weight.grad = torch.ones_like(net.out.weight)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    calls = []
    handle = net.left.register_forward_hook(lambda m, i, o: calls.append(1))
    image = torch.rand(3, 24, 24, requires_grad=True)
    w = FeatureMaps(net, image)
    w.add(image)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert (net.training, net.norm.training, net.drop.training) == (True, True, False)
    assert (net.out.weight.grad == 1).all() and net.left.weight.grad is None and image.grad is None
    assert len(calls) == 2 and list(net.left._forward_hooks) == [handle.id]
    assert not net.out._forward_hooks and not net.out._forward_pre_hooks
    assert {p.dtype for p in net.parameters()} == {torch.float64} and all(p.requires_grad for p in net.parameters())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_it_runs_on_the_gpu_and_the_network_comes_back():
    net = lenet()
    places = []
    net.c1.register_forward_hook(lambda m, i, o: places.append(o.device.type))
    w = FeatureMaps(net, pictures(1))
    assert places == ["cuda"] and net.c1.weight.device.type == "cpu"
    expected = inspect.feature_maps(net, pictures(1)[0], device="cpu")["c1"]
    assert torch.allclose(w.maps("c1"), expected, atol=0.05)


def test_bytes_and_numbers_give_the_same():
    image = torch.randint(0, 256, (1, 28, 28), dtype=torch.uint8)
    a, b = FeatureMaps(lenet(), image), FeatureMaps(lenet(), image.float() / 255)
    assert a.record == b.record


def test_python_chooses_and_shows_others():
    w = widget()
    w.layer, w.map, w.frame = "c3", 15, 2
    w.layer = "s2"
    assert w.map == 5, "a layer of six maps has no map 15"
    w.show(pictures(2, side=28)[1], names=["another"])
    assert (w.layer, w.frame, len(w.record["frames"])) == ("s2", 0, 1)
    before = w.maps("out")
    with torch.no_grad():
        w._model.out.bias += 1
    w.add(pictures(2)[1], "after a step")
    assert w.frame == 1 and [frame["name"] for frame in w.record["frames"]] == ["another", "after a step"]
    assert torch.allclose(w.maps("out"), before + 1, atol=0.02)
    assert repr(w) == "FeatureMaps(Sequential, 2 frames, layer='s2')"


def test_frames_are_scrubbed_and_the_place_stays(visit, page_with):
    page = visit(page_with(widget(layer="act1", map=4)))
    name = page.locator(".cw-fm-frame-name").inner_text
    assert name() == "1 of 3: shift 0"
    seen = {page.locator(".cw-fm-close b").locator("xpath=..").inner_text()}
    height = "document.querySelector('.cw').offsetHeight"
    before = page.evaluate(height)
    page.get_by_label("frame").fill("2")
    assert name() == "3 of 3: shift 2"
    seen.add(page.locator(".cw-fm-close b").locator("xpath=..").inner_text())
    assert len(seen) == 2 and all(text.startswith("Map 4 (of 0 to 5)") for text in seen)
    page.get_by_role("button", name="Step", exact=True).click()
    assert name() == "1 of 3: shift 0", "after the last comes the first"
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('.cw-fm-frame-name').innerText.startsWith('2 of 3')")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Step back").click()
    assert name() == "1 of 3: shift 0"
    assert page.evaluate(height) == before, "nothing moves"


def test_a_new_recording_and_settings_from_python_are_shown(visit, page_with):
    w = widget(1)
    page = visit(page_with(w))
    w.show(pictures(2), names=["new", "newer"])
    told = """async (state) => {
      const { model } = (await window.cnnlibWidgets.ready)[0].value;
      Object.entries(state).forEach(([key, value]) => model.set(key, value));
    }"""
    page.evaluate(told, w.state())
    page.wait_for_selector(".cw-fm-frames")
    assert page.locator(".cw-fm-frame-name").inner_text() == "1 of 2: new"
    w.frame, w.layer = 1, "s4"
    page.evaluate(told, {"frame": w.frame, "layer": w.layer})
    assert page.locator(".cw-fm-frame-name").inner_text() == "2 of 2: newer"
    assert page.locator(".cw-fm-title").inner_text().startswith("s4")
    page.evaluate(told, {"layer": "nonsense"})
    assert page.locator(".cw-fm-title").inner_text().startswith("s4"), "the last valid state stays"


def test_layers_and_maps_are_chosen_by_keyboard(visit, page_with):
    page = visit(page_with(widget(1)))
    assert page.locator(".cw-fm-frames").count() == 0, "one picture needs no slider"
    page.locator(LAYER.format(0)).focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert "c3, Conv2d: 16 maps of 10×10" in page.locator(".cw-fm-title").inner_text()
    maps = page.locator('.cw-fm-grid [role="option"]')
    assert maps.count() == 16
    maps.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    assert maps.last.get_attribute("aria-selected") == "true"
    assert "Map 15" in page.locator(".cw-fm-words").inner_text()
    page.keyboard.press("ArrowUp")
    chosen = maps.evaluate_all("(all) => all.findIndex((each) => each.getAttribute('aria-selected') === 'true')")
    assert 0 < chosen < 15, "a line up"
    page.get_by_role("button", name="Reset").click()
    assert "c1, Conv2d" in page.locator(".cw-fm-title").inner_text()


def test_a_number_is_read_off_the_enlarged_map(visit, page_with):
    w = widget(1, layer="s2", map=3)
    page = visit(page_with(w))
    frame = page.locator(".cw-fm-frame")
    box = frame.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 5.5 / 14, box["y"] + box["height"] * 2.5 / 14)
    value = float(w.maps()[3, 2, 5])
    readout = page.locator(".cw-fm-readout").inner_text
    assert "row 2, column 5" in readout()
    assert float(readout().split(": ")[1].replace("−", "-")) == pytest.approx(value, abs=0.0006)
    page.mouse.move(0, 0)
    frame.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert "row 3, column 6" in readout()


def test_logits_have_names_and_shares(visit, page_with):
    classes = [f"class {letter}" for letter in "abcdefghij"]
    w = widget(2, classes=classes, layer="out", frame=1)
    page = visit(page_with(w))
    rows = page.locator('.cw-fm-rows [role="option"]')
    logits = w.maps()[0, 0]
    shares = logits.softmax(dim=0)
    for i, label in enumerate(rows.evaluate_all("(all) => all.map((each) => each.getAttribute('aria-label'))")):
        name, numbers = label.split(": ")
        assert name == classes[i]
        logit, share, _ = numbers.replace("−", "-").split()
        assert float(logit) == pytest.approx(float(logits[i]), abs=0.006)
        assert float(share) == pytest.approx(100 * float(shares[i]), abs=0.51)
    rows.nth(4).click()
    assert page.locator(".cw-fm-words b").inner_text() == "class e"
    page.keyboard.press("ArrowDown")
    assert page.locator(".cw-fm-words b").inner_text() == "class f"


def test_many_numbers_are_a_chart_that_can_be_walked(visit, page_with):
    w = widget(1, layer="c5")
    page = visit(page_with(w))
    chart = page.locator(".cw-fm-chart")
    assert chart.is_visible() and not page.locator(".cw-fm-rows").is_visible()
    chart.focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowRight")
    text = page.locator(".cw-fm-words p").first.inner_text()
    assert "Number 11 (of 0 to 119)" in text
    assert float(text.split(") ")[1].replace("−", "-")) == pytest.approx(float(w.maps()[0, 0, 11]), rel=0.01, abs=1e-3)


def test_own_colours_make_a_faint_map_visible(visit, page_with):
    net = nn.Conv2d(1, 2, 1, bias=False)
    net.weight.data = torch.tensor([1.0, 0.01]).view(2, 1, 1, 1)
    page = visit(page_with(FeatureMaps(net, torch.ones(1, 8, 8))))
    red = """() => [...document.querySelectorAll(".cw-fm-grid canvas")].map(
      (canvas) => canvas.getContext("2d").getImageData(3, 3, 1, 1).data[0])"""
    strong, faint = page.evaluate(red)
    assert strong < 60 and faint > 235
    page.get_by_label("own colours for each map").check()
    strong, faint = page.evaluate(red)
    assert strong == faint < 60


def test_scrubbing_redraws_within_a_frame(visit, page_with):
    net = nn.Conv2d(1, 64, 3, padding=1)
    page = visit(page_with(FeatureMaps(net, pictures(5, side=32), kilobytes=400)))
    median = page.evaluate("""async () => {
      const range = document.querySelector('.cw-fm-frames input[type="range"]');
      const times = [];
      for (let i = 0; i < 21; i++) {
        range.value = i % 5;
        const start = performance.now();
        range.dispatchEvent(new Event("input"));
        times.push(performance.now() - start);
        await new Promise((next) => setTimeout(next));
      }
      return times.sort((a, b) => a - b)[10];
    }""")
    assert median < 40, "16 ms on a quiet machine"


def test_it_fits_a_phone_in_both_themes_and_several_on_one_page(visit, page_with):
    for theme in ("light", "dark"):
        second = widget(1, layer="out", classes=["a long name of a class"] * 10)
        page = visit(page_with(widget(), second, theme=theme), width=320)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator(".cw-fm-title").all_inner_texts()[1].startswith("out")
    page.locator(LAYER.format(2)).click()
    first, second = page.locator(".cw-fm-title").all_inner_texts()
    assert first.startswith("s2") and second.startswith("out")
    assert page.evaluate("document.querySelectorAll('.cnnlib-widget [id]').length") == 0


def test_no_layer_makes_it_taller_than_the_room_kept_free(visit, page_with):
    for width, kept in zip((390, 1000), FeatureMaps.heights, strict=True):
        page = visit(page_with(widget()), width=width)
        heights = set()
        for i in range(12):
            page.locator(LAYER.format(i)).click()
            heights.add(page.evaluate("document.querySelector('.cw').offsetHeight"))
        assert len(heights) == 1 and max(heights) <= kept, heights


def test_without_javascript_the_maps_are_there(browser, page_with):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_with(widget(1)))
    assert page.evaluate("document.images[0].naturalWidth") == 6 * 29
    assert "c1" in page.locator("figcaption").inner_text()
    context.close()


def test_every_word_is_in_the_table():
    assert set(bundle.words("feature_maps")) >= {"title", "reset", "no_script"}
    assert "feature_maps" in bundle.widget_names()


@pytest.mark.parametrize(
    ("model", "image", "words"),
    [
        (nn.Conv2d, torch.rand(1, 8, 8), r"Build it first: model\(\)"),
        ("lenet5", torch.rand(1, 8, 8), "must be an nn.Module"),
        (lenet(), torch.rand(28, 28), r"image\[None\]"),
        (lenet(), torch.rand(3, 28, 28), "fails at c1"),
        (lenet(), torch.rand(1, 40, 40), "fails at c5"),
        (lenet(), torch.full((1, 28, 28), float("nan")), "784 numbers of the image are NaN"),
        (lenet(), torch.zeros(1, 3000, 3000), "at most 2,097,152"),
        (lenet(), torch.zeros(1, 28, 28, dtype=torch.int64), "torch.int64"),
        (lenet(), torch.zeros(1, 0, 28), "at least 1"),
        (lenet(), [], "There are 0 images"),
        (lenet(), np.zeros((1, 28, 28)), "must be a tensor"),
        (lenet(), [torch.rand(1, 28, 28)] * 65, "1 to 64"),
        (Silent(), torch.rand(1, 8, 8), "no layers"),
        (nn.Conv2d(1, 2, 3), [torch.rand(1, 8, 8), torch.rand(1, 9, 9)], "one size"),
    ],
)
def test_bad_input_is_told_in_one_sentence(model, image, words):
    with pytest.raises(BadInput, match=words):
        FeatureMaps(model, image)


def test_broken_weights_are_told_with_their_layer():
    net = lenet()
    net.c3.weight.data[0, 0, 0, 0] = float("nan")
    with pytest.raises(BadInput, match="output of 'c3' is not finite"):
        FeatureMaps(net, pictures(1))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"layer": "c2"}, "no layer 'c2'. Choose one of: act1"),
        ({"frame": 3}, "from 0 to 2"),
        ({"map": 6}, "from 0 to 5"),
        ({"layers": 3}, "Did you mean 'layer'"),
        ({"max_maps": 0}, "from 1 to 256"),
        ({"kilobytes": 5}, "from 10 to 2000"),
    ],
)
def test_bad_settings_are_told_in_one_sentence(settings, words):
    with pytest.raises(BadInput, match=words):
        widget(**settings)


def test_wrong_names_and_a_refused_change_leave_the_last_state():
    with pytest.raises(BadInput, match="1 names for 2 images"):
        FeatureMaps(lenet(), pictures(2), names=["one"])
    w = widget()
    before = w.state()
    with pytest.raises(BadSetting):
        w.frame = 7
    for image in (torch.rand(1, 20, 20), torch.full((1, 28, 28), float("inf"))):
        with pytest.raises(BadInput):
            w.show(image)
        with pytest.raises(BadInput):
            w.add(image)
    assert w.state() == before


def test_zeros_stay_zeros():
    net = nn.Conv2d(1, 2, 1)
    nn.init.zeros_(net.weight)
    nn.init.zeros_(net.bias)
    one = recording.frame(net, torch.rand(1, 4, 4), "", 64)
    assert recording.unpacked(recording.packed([one], {}, 10_000))[0]["Conv2d"].abs().max() == 0
