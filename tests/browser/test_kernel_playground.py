"""The kernel playground in a real browser: its maps are PyTorch's, and every number says where it comes from."""

import itertools
import random
import re

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from cnnlib.widgets import BadSetting, KernelPlayground
from cnnlib.widgets import playground_kernels as kernels

COMPUTED = """async (cases) => {
  const widget = (await window.cnnlibWidgets.load("kernel_playground")).default;
  const learned = await window.cnnlibWidgets.ready.then((all) => all[0].value.model.asset("first_kernels"));
  return cases.map(({ state, picture, places }) => {
    const result = widget.compute(state, picture, learned);
    if (!result) return null;
    const { planes, map } = result;
    const told = places.map(([y, x]) => widget.explain(
      picture, planes, state, result, Math.floor(y * map.rows), Math.floor(x * map.columns)));
    return { planes, rows: map.rows, columns: map.columns, values: [...map.values], told };
  });
}"""
PHOTOGRAPH = """async (address) => {
  const widget = (await window.cnnlibWidgets.load("kernel_playground")).default;
  return (await widget.decode(address)).planes.map((plane) => [...plane].map((value) => Math.round(255 * value)));
}"""
TOPS = """[...document.querySelectorAll(".cw-kp-frame, .cw-kp-place")].map(
  (each) => Math.round(each.getBoundingClientRect().top + scrollY))"""
KNOB = '.cw-knob:has-text("{}") :is(input, select)'
INPUT, OUTPUT = ".cw-kp-pixels >> nth=0", ".cw-kp-pixels >> nth=1"


def random_states(count, seed=1):
    """Return states that need not come from the knobs: every preset, size and setting."""
    rng = random.Random(seed)
    for _ in range(count):
        preset = rng.choice(kernels.presets()[:-1])
        yield {"preset": preset, "kernel_size": rng.choice(kernels.sizes(preset)), "angle": rng.randint(0, 180),
               "filter": rng.randrange(6), "channels": rng.choice(("grey", "colour")), "stride": rng.randint(1, 4),
               "padding": rng.randint(0, 12), "dilation": rng.randint(1, 4), "relu": rng.random() < 0.4,
               "pooling": rng.choice(("none", "max", "average")), "pool_size": rng.choice((2, 3)),
               "weights": []}  # fmt: skip


def torch_map(image, planes, state):
    """Return the map as PyTorch has it, or None where nothing is left."""
    weight = torch.tensor(planes, dtype=torch.float64)[None]
    try:
        output = F.conv2d(image[None], weight, None, state["stride"], state["padding"], state["dilation"])
        output = output.relu() if state["relu"] else output
        if state["pooling"] != "none":
            output = (F.max_pool2d if state["pooling"] == "max" else F.avg_pool2d)(output, state["pool_size"])
    except RuntimeError:
        return None
    return output[0, 0]


def test_feature_maps_equal_torch(visit, page_with):
    draw = torch.Generator().manual_seed(0)
    cases, images = [], []
    for state in random_states(300):
        channels = 3 if state["channels"] == "colour" else 1
        images.append(torch.rand(channels, 19, 26, generator=draw, dtype=torch.float64))
        picture = {"rows": 19, "columns": 26, "planes": images[-1].flatten(1).tolist()}
        cases.append({"state": state, "picture": picture, "places": [(0, 0), (0.5, 0.3), (0.99, 0.99)]})
    empty = 0
    found = visit(page_with(KernelPlayground())).evaluate(COMPUTED, cases)
    for case, image, got in zip(cases, images, found, strict=True):
        state = case["state"]
        planes = python_filter(state)
        expected = torch_map(image, planes, state)
        if got is None:
            assert expected is None, state
            empty += 1
            continue
        assert np.allclose(got["planes"], planes, atol=1e-12), state
        assert (got["rows"], got["columns"]) == expected.shape
        values = torch.tensor(got["values"], dtype=torch.float64).view(expected.shape)
        assert torch.allclose(values, expected, atol=1e-10), state
        for (y, x), told in zip(case["places"], got["told"], strict=True):
            check_explanation(told, float(expected[int(y * got["rows"]), int(x * got["columns"])]), state, image)
    assert 0 < empty < 100


def python_filter(state):
    """Return the filter as the Python side of the widget has it."""
    preset, channels = state["preset"], 3 if state["channels"] == "colour" else 1
    if preset in kernels.LEARNED:
        return kernels.in_channels(kernels.learned(preset)[state["filter"]], channels)
    return kernels.in_channels(kernels.designed(preset, state["kernel_size"], state["angle"]), channels)


def check_explanation(told, value, state, image):
    """The taps that are shown add up to the number that is shown."""
    assert told["value"] == pytest.approx(value, abs=1e-10)
    sums = [sum(tap["product"] for tap in channel) for channel in told["taps"]]
    assert sums == pytest.approx(told["sums"])
    assert sum(sums) == pytest.approx(told["conv"], abs=1e-10)
    assert told["active"] == pytest.approx(max(0, told["conv"]) if state["relu"] else told["conv"], abs=1e-10)
    for plane, channel in zip(image, told["taps"], strict=True):
        for tap in channel:
            inside = 0 <= tap["row"] < plane.shape[0] and 0 <= tap["column"] < plane.shape[1]
            assert tap["pixel"] == (float(plane[tap["row"], tap["column"]]) if inside else None)
    if state["pooling"] == "max":
        assert told["active"] == pytest.approx(value) == max(told["pool"])
    if state["pooling"] == "average":
        assert sum(told["pool"]) / len(told["pool"]) == pytest.approx(value, abs=1e-10)


def test_the_page_decodes_the_photographs_as_python_does(visit, page_with):
    w = KernelPlayground(channels="colour")
    page = visit(page_with(w))
    for w.photograph in ("china", "flower"):
        ours = (255 * w.image()).round().flatten(1)
        theirs = torch.tensor(page.evaluate(PHOTOGRAPH, w.photographs[w.photograph]))
        assert (ours - theirs).abs().max() <= 3, "two decoders of JPEG may round differently"


def test_python_computes_what_it_shows():
    sizes = {"stride": (1, 3), "padding": (0, 4), "dilation": (1, 3), "pooling": ("none", "max"), "pool_size": (2, 3)}
    for values in itertools.product(*sizes.values()):
        w = KernelPlayground(preset="vgg_0503", filter=3, relu=True, **dict(zip(sizes, values, strict=True)))
        assert tuple(w.feature_map().shape) == w.output_size
        expected = torch_map(w.image().double(), w.weight, w.state())
        assert torch.allclose(w.feature_map().double(), expected, atol=1e-5)


def test_a_third_on_each_colour_is_the_kernel_on_grey():
    for preset in ("sobel_x", "gauss", "lenet5"):
        grey, colour = (KernelPlayground(preset=preset, channels=channels) for channels in ("grey", "colour"))
        assert len(colour.weight) == 3
        assert torch.allclose(grey.feature_map(), colour.feature_map(), atol=1e-5)


def test_designed_kernels_are_what_the_chapter_says():
    known = {
        "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        "laplace": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
        "sobel_x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        "sobel_y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    }
    for preset, rows in known.items():
        assert KernelPlayground(preset=preset).weight == [rows]
    sums = {"identity": 1, "box": 1, "gauss": 1, "sharpen": 1, "emboss": 1, "sobel_x": 0, "sobel_y": 0, "laplace": 0,
            "gabor": 0, "redness": 0, "red_green": 0}  # fmt: skip
    for preset, total in sums.items():
        for size in kernels.sizes(preset):
            assert np.sum(kernels.designed(preset, size, 30)) == pytest.approx(total, abs=1e-12), (preset, size)


def test_learned_kernels_name_their_data():
    for net in kernels.bundle.asset("first_kernels")["nets"].values():
        assert net["data"] and len(net["fingerprint"]) == 16 and net["accuracy"] > 0.6
    assert np.shape(kernels.learned("lenet5")) == (6, 1, 5, 5)
    assert np.shape(kernels.learned("vgg_0503")) == (16, 3, 3, 3)


def test_the_kernel_can_be_chosen_and_edited(visit, page_with):
    page = visit(page_with(KernelPlayground()), width=320)
    note = page.locator(".cw-kp-range").inner_text
    assert "sum to 1" in note()
    page.get_by_label("kernel", exact=True).select_option("laplace")
    assert "sum to 0" in note()
    assert "from −" in note(), "a Laplacian gives negative values too"
    weight = page.get_by_label("Weight of the kernel, row 1, column 1")
    weight.fill("-3")
    page.keyboard.press("Tab")
    assert "sum to 1" in note()
    assert page.get_by_label("kernel", exact=True).input_value() == "own"
    for nonsense in ("", "1e9", "-1001"):
        weight.fill(nonsense)
        page.keyboard.press("Tab")
        assert weight.input_value() == "-3"
        assert "from −1,000 to 1,000" in page.locator(".cw-problem").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator(KNOB.format("kernel_size")).select_option("5")
    assert page.locator(".cw-kp-cell input").count() == 25
    assert "sum to 1" in note(), "zeros were put around it"
    page.get_by_role("button", name="Reset").click()
    assert page.locator(".cw-kp-cell input").count() == 9
    assert page.get_by_label("kernel", exact=True).input_value() == "identity"


def test_an_impossible_size_is_told_and_the_last_state_stays(visit, page_with):
    page = visit(page_with(KernelPlayground(preset="sobel_x")))
    for preset, size, words in (("sobel_x", "1", "There is no Sobel"), ("lenet5", "7", "Possible: 5×5")):
        page.get_by_label("kernel", exact=True).select_option(preset)
        before = page.locator(KNOB.format("kernel_size")).input_value()
        page.locator(KNOB.format("kernel_size")).select_option(size)
        assert words in page.locator(".cw-problem").inner_text()
        assert page.locator(KNOB.format("kernel_size")).input_value() == before
    page.get_by_label("kernel", exact=True).select_option("own")
    page.locator(KNOB.format("kernel_size")).select_option("7")
    assert page.locator(".cw-kp-cell input").count() == 49


def test_stride_and_pooling_shrink_the_picture(visit, page_with):
    page = visit(page_with(KernelPlayground()))
    caption = page.locator(".cw-kp-views figcaption").last.inner_text
    assert "1×105×158" in caption()
    page.get_by_label("stride", exact=True).fill("2")
    page.keyboard.press("Tab")
    assert "1×53×79" in caption()
    width = "document.querySelectorAll('.cw-kp-canvas')[1].offsetWidth"
    wide = page.evaluate(width)
    page.get_by_label("pooling, last").select_option("max")
    assert "1×26×39" in caption()
    assert "⌊(53 − 2) / 2⌋ + 1 = 26" in page.locator(".cw-kp-formula").inner_text()
    assert page.evaluate(width) < 0.6 * wide, "a smaller map looks smaller"
    page.get_by_label("pooling window").select_option("3")
    assert "1×17×26" in caption()
    assert "The largest of" in page.locator(".cw-kp-explained").inner_text()


def test_colour_gives_one_map_and_three_parts_of_one_sum(visit, page_with):
    page = visit(page_with(KernelPlayground(preset="sobel_x")))
    before = page.locator(".cw-kp-range").inner_text()
    page.get_by_label("channels").select_option("colour")
    assert page.locator(".cw-kp-grid").count() == 3
    assert "3 × 3 × 3 = 27 weights" in page.locator(".cw-kp-filter").inner_text()
    assert "1×105×158" in page.locator(".cw-kp-views figcaption").last.inner_text()
    assert page.locator(".cw-kp-range").inner_text() == before, "a third on each colour is the kernel on grey"
    line = page.locator(".cw-kp-explained p").nth(1).inner_text().replace("−", "-")
    red, green, blue, total = map(float, re.findall(r"-?\d+\.?\d*", line))
    assert red + green + blue == pytest.approx(total, abs=0.002)
    page.get_by_label("kernel", exact=True).select_option("redness")
    page.get_by_label("channels").select_option("grey")
    assert "from 0 to 0" in page.locator(".cw-kp-range").inner_text(), "a grey picture is nowhere red"


def test_a_place_is_looked_at_by_keyboard_and_pointer(visit, page_with):
    page = visit(page_with(KernelPlayground(preset="gauss", stride=2, padding=2)))
    told = page.locator(".cw-kp-explained").inner_text
    page.locator(OUTPUT).focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    row = int(told().split("Row ")[1].split(",")[0])
    assert "column 0" in told()
    page.keyboard.press("Shift+ArrowRight")
    assert f"Row {row}, column 10" in told()
    assert f"Row {row}, column 10" in page.locator(".cw-kp-spoken").text_content()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowUp")
    assert "Row 0, column 10" in told(), "it stops at the border"
    assert page.locator(".cw-kp-pixel.pad").count() == 10, "two rows of the kernel lie on the padding"
    box = page.locator(OUTPUT).bounding_box()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 2)
    assert "Row 53, column 79" in told()
    marks = page.locator(f"{INPUT} >> rect").last
    assert [marks.get_attribute(name) for name in ("x", "y", "width", "height")] == ["156", "104", "5", "5"]
    box = page.locator(INPUT).bounding_box()
    page.mouse.click(box["x"] + 1, box["y"] + 1)
    assert "Row 0, column 0" in told()


def test_a_tap_looks_at_a_place(visit, page_with):
    page = visit(page_with(KernelPlayground()), width=390, has_touch=True)
    page.locator(OUTPUT).tap(position={"x": 2, "y": 2})
    assert "Row 0, column 0" in page.locator(".cw-kp-explained").inner_text()


def test_the_gabor_kernel_turns(visit, page_with):
    page = visit(page_with(KernelPlayground(preset="gabor")))
    weights = "[...document.querySelectorAll('.cw-kp-cell input')].map((field) => Number(field.value))"
    upright = np.reshape(page.evaluate(weights), (7, 7))
    page.get_by_role("slider").fill("90")
    level = np.reshape(page.evaluate(weights), (7, 7))
    assert np.allclose(level, upright.T, atol=0.011)
    assert not np.allclose(level, upright, atol=0.1)


@pytest.mark.parametrize("width", [320, 720])
def test_nothing_moves_when_the_kernel_is_stepped_through(visit, page_with, width):
    page = visit(page_with(KernelPlayground()), width=width)
    seen = {}
    for preset in kernels.presets():
        page.get_by_label("kernel", exact=True).select_option(preset)
        seen[preset] = tuple(page.evaluate(TOPS))
    assert len(set(seen.values())) == 1, seen


def test_learned_filters_are_chosen_by_keyboard(visit, page_with):
    page = visit(page_with(KernelPlayground()))
    page.get_by_label("kernel", exact=True).select_option("vgg_0503")
    assert page.get_by_label("channels").input_value() == "colour"
    radios = page.get_by_role("radio")
    assert radios.count() == 16
    radios.first.focus()
    page.keyboard.press("ArrowLeft")
    assert radios.nth(15).get_attribute("aria-checked") == "true"
    assert "Filter 15 of 16, learned from CIFAR-10" in page.locator(".cw-kp-extra").inner_text()
    shown = float(page.locator(".cw-kp-cell input").first.input_value())
    assert shown == pytest.approx(kernels.learned("vgg_0503")[15][0][0][0], abs=0.001)


def test_sign_has_its_colour(visit, page_with):
    page = visit(page_with(KernelPlayground(preset="sobel_x")))
    colours = """() => { const c = document.querySelectorAll('.cw-kp-canvas')[1];
      return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }"""
    values = KernelPlayground(preset="sobel_x").feature_map().flatten()
    pixels = torch.tensor(page.evaluate(colours)).view(-1, 4)[:, :3].float()
    assert (pixels[values > 0.5, 2] > pixels[values > 0.5, 0]).all(), "blue above zero"
    assert (pixels[values < -0.5, 0] > pixels[values < -0.5, 2]).all(), "orange below"
    assert (pixels[values.abs() < 0.004] > 235).all(), "white at zero"
    page.get_by_label("show the map").select_option("grey")
    pixels = torch.tensor(page.evaluate(colours)).view(-1, 4)
    assert (pixels[:, 0] == pixels[:, 2]).all()
    assert "lowest" in page.locator(".cw-kp-ends").inner_text()


def test_the_readers_own_picture_is_taken_and_others_are_refused(visit, page_with, tmp_path):
    page = visit(page_with(KernelPlayground(preset="identity", kernel_size=1)))
    Image.new("RGB", (300, 900), (255, 0, 0)).save(tmp_path / "red.png")
    (tmp_path / "words.txt").write_text("no picture")
    field = page.locator('input[type="file"]')
    field.set_input_files(tmp_path / "words.txt")
    assert "words.txt cannot be opened" in page.locator(".cw-problem").inner_text()
    field.set_input_files({"name": "giant.png", "mimeType": "image/png", "buffer": b"0" * 20_000_001})
    assert "too large" in page.locator(".cw-problem").inner_text()
    field.set_input_files(tmp_path / "red.png")
    page.wait_for_function("document.querySelector('.cw-knob select').value === 'own'")
    assert "from 0.333 to 0.333" in page.locator(".cw-kp-range").inner_text(), "the mean of red, green and blue"
    assert page.locator(".cw-problem").inner_text() == ""
    state = page.evaluate("window.cnnlibWidgets.ready.then((all) => all[0].value.model.get('photograph'))")
    assert state == "china", "the picture stays out of what a kernel would see"
    page.get_by_label("picture", exact=True).select_option("flower")
    assert "flower.jpg" in page.locator(".cw-note").last.inner_text()
    page.get_by_role("button", name="Reset").click()
    assert page.get_by_label("picture", exact=True).input_value() == "china"


def test_a_dropped_picture_is_taken(visit, page_with):
    page = visit(page_with(KernelPlayground(preset="identity", kernel_size=1)))
    page.evaluate("""async () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 50, height: 20 });
      const blob = await new Promise((done) => canvas.toBlob(done));
      const transfer = new DataTransfer();
      transfer.items.add(new File([blob], "clear.png", { type: "image/png" }));
      const drop = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
      document.querySelector(".cw-drop").dispatchEvent(drop);
    }""")
    page.wait_for_function("document.querySelector('.cw-kp-range').innerText.includes('from 1 to 1')")


def test_a_knob_redraws_within_a_frame(visit, page_with):
    page = visit(page_with(KernelPlayground(preset="gabor", channels="colour")))
    median = page.evaluate("""async () => {
      const range = document.querySelector('.cw-kp-extra input[type="range"]');
      const times = [];
      for (let i = 0; i < 21; i++) {
        range.value = 5 * (i + 1);
        const start = performance.now();
        range.dispatchEvent(new Event("input"));
        times.push(performance.now() - start);
        await new Promise((next) => setTimeout(next));
      }
      return times.sort((a, b) => a - b)[10];
    }""")
    assert median < 40, "16 ms on a quiet machine; measured 9"


def test_it_fits_a_phone_in_both_themes_and_several_on_one_page(visit, page_with):
    for theme in ("light", "dark"):
        widgets = [KernelPlayground(preset="vgg_0503", dilation=2), KernelPlayground(preset="gabor", channels="colour")]
        page = visit(page_with(*widgets, theme=theme), width=320)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    sizes = page.get_by_label("stride", exact=True)
    sizes.last.fill("3")
    page.keyboard.press("Tab")
    assert [field.input_value() for field in sizes.all()] == ["1", "3"]
    assert page.evaluate("document.querySelectorAll('.cnnlib-widget [id]').length") == 0


def test_the_room_kept_free_is_enough(visit, page_with):
    for width, kept in zip((390, 1000), KernelPlayground.heights, strict=True):
        page = visit(page_with(KernelPlayground()), width=width)
        assert page.evaluate("document.querySelector('.cw').offsetHeight") <= kept


def test_without_javascript_the_photograph_is_there(browser, page_with):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_with(KernelPlayground(photograph="flower")))
    assert page.evaluate("document.images[0].naturalWidth") == 160
    assert "vultilion" in page.locator("figcaption").inner_text()
    context.close()


def test_a_network_s_own_filter_can_be_laid_over_the_photograph():
    conv = torch.nn.Conv2d(3, 4, 5)
    w = KernelPlayground(weights=conv.weight[2])
    assert (w.preset, w.channels, w.kernel_size) == ("own", "colour", 5)
    expected = F.conv2d(w.image()[None], conv.weight[2:3]).detach()[0, 0]
    assert torch.allclose(w.feature_map(), expected, atol=1e-4)
    w.channels = "grey"
    assert np.allclose(w.weight, conv.weight[2].sum(dim=0, keepdim=True).detach(), atol=1e-6)
    w.kernel_size = 3
    assert np.shape(w.weights) == (1, 3, 3)
    w.preset = "sobel_y"
    assert w.weights == [] and repr(w) == "KernelPlayground(preset='sobel_y')"


def test_what_belongs_together_follows_from_python():
    w = KernelPlayground(preset="vgg_0503")
    assert (w.channels, w.kernel_size) == ("colour", 3)
    w.filter = 15
    w.preset = "lenet5"
    assert (w.kernel_size, w.filter) == (5, 5)
    w.preset = "gabor"
    assert w.kernel_size == 5
    assert KernelPlayground(preset="gabor").kernel_size == 7


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"preset": "blur"}, "no preset 'blur'"),
        ({"preset": "sobel"}, "Did you mean 'sobel_"),
        ({"stride": 0}, "stride is 0"),
        ({"pooling": "min"}, "min"),
        ({"photograph": "cat"}, "cat"),
        ({"channels": "red"}, "red"),
        ({"kernel_size": 4}, "kernel_size is 4"),
        ({"preset": "sobel_x", "kernel_size": 1}, "one of: 3, 5, 7"),
        ({"preset": "lenet5", "kernel_size": 3}, "one of: 5"),
        ({"preset": "lenet5", "filter": 6}, "filters 0 to 5"),
        ({"preset": "own"}, "no weights"),
        ({"weights": [[1, 2], [3, 4]]}, r"shape \(2, 2\)"),
        ({"weights": [[1, 2, 3]] * 2}, r"shape \(2, 3\)"),
        ({"weights": [[float("nan")]]}, "numbers from -1000"),
        ({"weights": [[1e9]]}, "numbers from -1000"),
        ({"weights": "sobel"}, "shape"),
        ({"angle": 181}, "angle is 181"),
    ],
)
def test_bad_settings_are_refused(setting, words):
    with pytest.raises(BadSetting, match=words):
        KernelPlayground(**setting)


def test_a_refused_change_leaves_the_last_state():
    w = KernelPlayground(preset="sobel_x", padding=1)
    before = w.state()
    for name, value in {"kernel_size": 1, "padding": 13, "weights": [[[0]] * 2], "preset": "none"}.items():
        with pytest.raises(BadSetting):
            setattr(w, name, value)
        assert w.state() == before
