"""The live network in a real browser: what it shows is what the network computes, however the picture came about."""

import base64
import json

import numpy as np
import pytest
import torch
from PIL import Image

from cnnlib.widgets import BadSetting, LiveNetwork, bundle

NETS_0501 = ["0501_fc", "0501_cnn", "0501_fc_permuted", "0501_cnn_permuted"]
STATE = "async (key) => (await window.cnnlibWidgets.ready)[0].value.model.get(key)"
SET = """async (part) => {
  const { model } = (await window.cnnlibWidgets.ready)[0].value;
  for (const [key, value] of Object.entries(part)) model.set(key, value);
}"""
FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
# What the page shows, and what forward() makes of the pixels that the page shows.
SHOWN = """async (nth) => {
  const { model, el } = (await window.cnnlibWidgets.ready)[nth].value;
  const { unpack, prepare, forward, softmax } = (await window.cnnlibWidgets.load("live_network")).default;
  const net = unpack(window.cnnlibWidgets.assets[`net_${model.get("net")}`]);
  const canvas = el.querySelector(".cw-live-answer .cw-live-picture");
  const rgba = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const cells = canvas.width * canvas.height;
  const byte = (_, i) => rgba[4 * (i % cells) + Math.floor(i / cells)];
  const bytes = Uint8Array.from({ length: net.input.channels * cells }, byte);
  const maps = forward(net, prepare(net, bytes));
  return {
    bytes: [...bytes], expected: softmax(maps[maps.length - 1].values),
    scores: [...el.querySelectorAll(".cw-live-answer .cw-live-score")].map((row) => Number(row.dataset.score)),
    percents: [...el.querySelectorAll(".cw-live-answer .cw-live-percent")].map((cell) => cell.textContent),
  };
}"""


@pytest.fixture
def alive(visit, page_with):
    def open_with(*widgets, theme="light", **options):
        page = visit(page_with(*(widgets or (LiveNetwork(),)), theme=theme), **options)
        page.evaluate(FRAME)
        return page

    return open_with


def settle(page):
    page.evaluate(FRAME)


def shown(page, nth=0):
    """Return what the page shows, after checking that the scores belong to the pixels."""
    settle(page)
    found = page.evaluate(SHOWN, nth)
    np.testing.assert_allclose(found["scores"], found["expected"], atol=1e-6)
    return found


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def stroke(page, pad, *places):
    """Draw by mouse through places given as shares of the pad."""
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=5)
    page.mouse.up()
    settle(page)


SEVEN = (0.3, 0.25), (0.7, 0.25), (0.5, 0.8)


# ----- the picture


def fitted(ink, box, out, centre):
    """Scale and centre as the widget says it does, by matrices: slow, and written apart from the JavaScript."""
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(float)
    scale = box / max(cut.shape)
    height, width = (max(1, int(np.floor(side * scale + 0.5))) for side in cut.shape)

    def averaging(many, few):
        edges = np.linspace(0, many, few + 1)
        low, high = edges[:-1, None], edges[1:, None]
        cells = np.arange(many)[None]
        return np.clip(np.minimum(high, cells + 1) - np.maximum(low, cells), 0, None) * few / many

    small = averaging(cut.shape[0], height) @ cut @ averaging(cut.shape[1], width).T
    if centre == "mass":
        y, x = np.mgrid[:height, :width]
        at = [np.floor((out - 1) / 2 - (small * axis).sum() / small.sum() + 0.5) for axis in (y, x)]
        top, left = (int(np.clip(place, 0, out - side)) for place, side in zip(at, small.shape, strict=True))
    else:
        top, left = (out - height) // 2, (out - width) // 2
    picture = np.zeros((out, out))
    picture[top : top + height, left : left + width] = np.floor(small + 0.5)
    return picture


def test_a_drawing_is_scaled_and_centred_as_mnist_was(alive):
    page = alive()
    rng = np.random.default_rng(1)
    for _ in range(4):
        ink = np.zeros((280, 280), np.uint8)
        for _ in range(3):
            (top, left), (height, width) = rng.integers(0, 200, 2), rng.integers(4, 80, 2)
            ink[top : top + height, left : left + width] = rng.integers(60, 256)
        for fit in ({"out": 28, "box": 20, "centre": "mass"}, {"out": 28, "box": 28, "centre": "box"}):
            got = page.evaluate(
                """async ([ink, fit]) => {
                  const { fitInk } = (await window.cnnlibWidgets.load("live_network")).default;
                  return [...fitInk(ink, 280, fit)];
                }""",
                [ink.flatten().tolist(), fit],
            )
            picture = np.array(got).reshape(28, 28)
            assert np.abs(picture - fitted(ink, **fit)).max() <= 1  # halves may round either way
            sides = [np.ptp(np.flatnonzero(picture.any(axis=axis))) + 1 for axis in (0, 1)]
            assert max(sides) == fit["box"]


def test_the_centre_of_mass_lies_in_the_middle(alive):
    page = alive()
    page.get_by_role("button", name="Clear").click()
    stroke(page, page.locator(".cw-live-pad"), (0.1, 0.1), (0.35, 0.1), (0.2, 0.4))
    picture = np.array(shown(page)["bytes"], float).reshape(28, 28)
    y, x = np.mgrid[:28, :28]
    assert abs((picture * y).sum() / picture.sum() - 13.5) <= 0.51
    assert abs((picture * x).sum() / picture.sum() - 13.5) <= 0.51
    page.get_by_label("scale and centre it").uncheck()
    picture = np.array(shown(page)["bytes"], float).reshape(28, 28)
    assert picture[:14, :14].sum() > 0.9 * picture.sum()  # now it stays in the corner where it was drawn


def test_by_mouse(alive):
    page = alive()
    page.get_by_role("button", name="Clear").click()
    blank = shown(page)
    assert not any(blank["bytes"])
    stroke(page, page.locator(".cw-live-pad"), *SEVEN)
    drawn = shown(page)
    assert sum(value > 128 for value in drawn["bytes"]) > 20
    assert drawn["scores"] != blank["scores"]
    assert base64.b64decode(page.evaluate(STATE, "pixels")) == bytes(drawn["bytes"])
    page.get_by_role("button", name="Eraser").click()
    stroke(page, page.locator(".cw-live-pad"), *SEVEN)
    assert sum(shown(page)["bytes"]) < sum(drawn["bytes"])


def test_by_touch(alive):
    page = alive(has_touch=True, width=390)
    page.get_by_role("button", name="Clear").tap()
    pad = page.locator(".cw-live-pad")
    pad.scroll_into_view_if_needed()
    scrolled = page.evaluate("scrollY")
    box = pad.bounding_box()
    finger = page.context.new_cdp_session(page)
    moves = ("touchStart", SEVEN[:1]), ("touchMove", SEVEN[1:2]), ("touchMove", SEVEN[2:]), ("touchEnd", ())
    for kind, places in moves:
        points = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in places]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    picture = np.array(shown(page)["bytes"]).reshape(28, 28)
    assert (picture > 128).sum() > 20
    assert np.ptp(np.flatnonzero(picture.any(axis=1))) > 10, "a stroke, not a dot"
    assert page.evaluate("scrollY") == scrolled, "the page must not scroll while one draws"


def test_by_keyboard(alive):
    page = alive()
    page.get_by_role("button", name="Clear").click()
    page.locator(".cw-live-pad").focus()
    for key in ("Shift+ArrowUp", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    assert not any(shown(page)["bytes"]), "the pen is up"
    page.keyboard.press("Space")
    assert "Pen down at row 11" in page.locator(".cw-live-draw .cw-live-spoken").inner_text()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+ArrowLeft")
    picture = np.array(shown(page)["bytes"]).reshape(28, 28)
    rows, columns = (np.ptp(np.flatnonzero(picture.any(axis=axis))) + 1 for axis in (1, 0))
    assert rows == 20 and columns < 8, "one line down, and nothing to the left after the pen was lifted"


def test_an_example_reaches_the_network_as_it_is(alive):
    widget = LiveNetwork(centred=False, example=4)
    page = alive(widget)
    assert shown(page)["bytes"] == widget.image.flatten().tolist()
    page.locator('[data-example="7"]').click()
    assert page.evaluate(STATE, "example") == 7
    assert shown(page)["bytes"] == LiveNetwork(example=7).image.flatten().tolist()


def test_python_hands_over_a_picture_and_reads_one(alive):
    widget = LiveNetwork()
    image = torch.arange(784).remainder(256).to(torch.uint8).view(1, 28, 28)
    widget.show(image)
    assert torch.equal(widget.image, image)
    page = alive(widget)
    assert shown(page)["bytes"] == image.flatten().tolist()  # to the last byte: it is neither scaled nor moved
    page.evaluate(SET, {"pixels": ""})
    assert shown(page)["bytes"] != image.flatten().tolist()


# ----- pictures of one's own


@pytest.mark.parametrize("dark_on_light", [True, False])
def test_an_own_picture(alive, tmp_path, dark_on_light):
    photo = np.full((90, 120, 3), 205 if dark_on_light else 40, np.uint8)
    photo[20:70, 55:65] = 30 if dark_on_light else 235
    Image.fromarray(photo).save(tmp_path / "one.png")
    page = alive()
    page.locator('input[type="file"]').set_input_files(tmp_path / "one.png")
    page.wait_for_function("document.querySelector('.cw-live-told').textContent.includes('Loaded')")
    told = page.locator(".cw-live-told").inner_text()
    assert ("inverted" in told) == dark_on_light
    picture = np.array(shown(page)["bytes"]).reshape(28, 28)
    assert picture[14, 14] == 255 and picture[14, 5] == 0, "light on black, whatever the paper was"
    page.get_by_role("button", name="Invert").click()
    page.get_by_label("scale and centre it").uncheck()
    picture = np.array(shown(page)["bytes"]).reshape(28, 28)
    assert picture[14, 14] == 0 and picture[14, 3] == 255


def test_what_is_no_picture_is_refused(alive, tmp_path):
    (tmp_path / "notes.png").write_text("not a picture")
    (tmp_path / "huge.png").write_bytes(b"\0" * 20_000_001)
    page = alive()
    before = shown(page)["bytes"]
    for name, told in (("notes.png", "“notes.png” is no picture"), ("huge.png", "“huge.png” is too large")):
        page.locator('input[type="file"]').set_input_files(tmp_path / name)
        page.wait_for_function("(told) => document.querySelector('.cw-problem').textContent.includes(told)", arg=told)
        assert shown(page)["bytes"] == before


# ----- every number of every layer


def test_a_neuron_shows_its_field_and_its_sum(alive):
    page = alive(LiveNetwork(example=3))
    for layer, key_presses in ((1, 5), (4, 3), (8, 6), (12, 2)):
        canvas = page.locator(f'canvas[data-layer="{layer}"]')
        canvas.focus()
        for key in ("ArrowRight", "ArrowDown", "PageDown")[: 3 if layer < 7 else 1] * key_presses:
            page.keyboard.press(key)
        check_the_sum(page, layer)


def check_the_sum(page, layer):
    """The value is that of the map, the field is `fieldOf`'s, and the parts shown add up to the value."""
    settle(page)
    got = page.evaluate(
        """async (layer) => {
          const { model, el } = (await window.cnnlibWidgets.ready)[0].value;
          const { unpack, compute, fieldOf } = (await window.cnnlibWidgets.load("live_network")).default;
          const net = unpack(window.cnnlibWidgets.assets[`net_${model.get("net")}`]);
          const canvas = el.querySelector(".cw-live-answer .cw-live-picture");
          const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
          const { maps } = compute(net, Uint8Array.from({ length: 784 }, (_, i) => data[4 * i]));
          const title = el.querySelector(".cw-live-neuron b").textContent;
          const [channel, y = 1, x = 1] = title.slice(title.indexOf(",")).match(/\\d+/g).map(Number);
          const [, rows = 1, columns = 1] = maps[layer].shape;
          const field = el.querySelector(".cw-live-seen .cw-live-field").dataset;
          return {
            title, name: net.layers[layer].name,
            expected: maps[layer].values[((channel - 1) * rows + y - 1) * columns + x - 1],
            value: Number(el.querySelector(".cw-live-value").dataset.value),
            text: el.querySelector(".cw-live-value").textContent,
            parts: [...el.querySelectorAll(".cw-live-part[data-part]")].map((part) => Number(part.dataset.part)),
            field: Object.fromEntries(["top", "left", "bottom", "right"].map((key) => [key, Number(field[key])])),
            wanted: fieldOf(net, layer, y - 1, x - 1, channel - 1),
          };
        }""",
        layer,
    )
    assert got["title"].startswith(got["name"])
    assert got["value"] == pytest.approx(got["expected"], abs=1e-5)
    assert float(got["text"].strip("= ").replace("−", "-")) == pytest.approx(got["expected"], abs=6e-4)
    assert sum(got["parts"]) == pytest.approx(got["expected"], abs=1e-4)
    assert got["field"] == got["wanted"]
    return got


def test_pointing_shows_and_a_click_holds(alive):
    page = alive()
    canvas = page.locator('canvas[data-layer="1"]')
    canvas.scroll_into_view_if_needed()
    canvas.hover(position={"x": 40, "y": 40})
    first = check_the_sum(page, 1)["title"]
    canvas.hover(position={"x": 70, "y": 20})
    second = check_the_sum(page, 1)["title"]
    assert first != second
    canvas.click(position={"x": 30, "y": 30})
    held = check_the_sum(page, 1)["title"]
    canvas.hover(position={"x": 70, "y": 20})
    assert check_the_sum(page, 1)["title"] == held
    page.keyboard.press("Escape")
    canvas.hover(position={"x": 69, "y": 21})
    assert check_the_sum(page, 1)["title"] == second


def test_touching_a_map_chooses_a_neuron(alive):
    page = alive(has_touch=True, width=390)
    canvas = page.locator('canvas[data-layer="1"]')
    canvas.scroll_into_view_if_needed()
    canvas.tap(position={"x": 20, "y": 30})
    check_the_sum(page, 1)


def test_pooling_and_relu_are_explained_too(alive):
    page = alive(LiveNetwork(example=3))
    page.locator('canvas[data-layer="2"]').focus()
    assert "Before the ReLU it was" in page.locator(".cw-live-sum").inner_text()
    page.locator('canvas[data-layer="3"]').focus()
    for _ in range(6):
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
    numbers = [float(text.replace("−", "-")) for text in page.locator(".cw-live-window td").all_inner_texts()]
    value = float(page.locator(".cw-live-value").get_attribute("data-value"))
    assert len(numbers) == 4 and max(numbers) == pytest.approx(value, abs=6e-4)


# ----- occlusion


def test_a_patch_changes_the_score_and_is_moved_by_arrows_and_by_hand(alive):
    page = alive(LiveNetwork(example=3, shade="black"))
    without = shown(page)
    page.get_by_text("Cover a patch").click()
    covered = shown(page)
    assert page.evaluate(STATE, "covered") is True
    assert covered["scores"] != without["scores"]
    picture = np.array(covered["bytes"]).reshape(28, 28)
    assert not picture[8:15, 8:15].any()
    patch = page.get_by_role("application", name="The picture with the patch")
    patch.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    assert (page.evaluate(STATE, "top"), page.evaluate(STATE, "left")) == (12, 9)
    assert shown(page)["scores"] != covered["scores"]
    for _ in range(9):
        page.keyboard.press("Shift+ArrowRight")
    assert page.evaluate(STATE, "left") == 28 - 7, "it stays inside the picture"
    box = patch.locator("canvas").bounding_box()
    at = [(box["x"] + share * box["width"], box["y"] + share * box["height"]) for share in (0.15, 0.6)]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1], steps=4)
    page.mouse.up()
    assert (page.evaluate(STATE, "top"), page.evaluate(STATE, "left")) == (13, 13)  # 0.6 · 28 = 16.8, in its middle
    before = page.locator(".cw-live-effect").inner_text()
    page.keyboard.press("ArrowUp")
    settle(page)
    effect = page.locator(".cw-live-effect").inner_text()
    assert effect.startswith("Score of “") and " without the patch, " in effect
    assert effect.split(" without")[0] == before.split(" without")[0] and effect != before
    page.get_by_text("Cover a patch").click()
    assert shown(page)["bytes"] == without["bytes"]


def test_the_map_is_finished_and_finds_the_worst_place(alive):
    page = alive(LiveNetwork(example=3, covered=True, patch_size=9, shade="black"))
    page.get_by_role("button", name="Map it").click()
    page.wait_for_selector(".cw-live-pair canvas[data-places]")
    got = page.locator(".cw-live-pair canvas[data-places]").evaluate("(canvas) => ({ ...canvas.dataset })")
    said = page.locator(".cw-live-progress").inner_text()
    assert got["places"] == str(20 * 20)
    row, column = (int(said.split(word)[1].split()[0].strip(",")) for word in ("row ", "column "))
    page.evaluate(SET, {"top": row - 1, "left": column - 1})
    found = shown(page)
    name = page.locator(".cw-live-effect").inner_text().split("“")[1].split("”")[0]
    assert found["scores"][int(name)] == pytest.approx(float(got["lowest"]), abs=1e-6)


def test_the_map_can_be_stopped_and_is_forgotten_with_its_picture(alive):
    page = alive(LiveNetwork(covered=True))
    # In one go, so that the map cannot be finished before it is stopped.
    page.evaluate("document.querySelector('[data-act=map]').click(); document.querySelector('[data-act=map]').click()")
    assert page.locator(".cw-live-progress").inner_text().startswith("Stopped")
    page.get_by_role("button", name="Map it").click()
    page.wait_for_selector(".cw-live-pair canvas[data-places]")
    page.locator('[data-example="5"]').click()
    settle(page)
    assert page.locator(".cw-live-pair canvas[data-places]").count() == 0
    assert page.locator(".cw-live-progress").inner_text() == ""


# ----- the choice of networks


def test_each_network_that_the_book_carries_runs(alive):
    page = alive(LiveNetwork(nets=LiveNetwork.names()))
    for name in LiveNetwork.names():
        choose(page, name)
        assert len(shown(page)["scores"]) == 10
        source = bundle.asset(f"net_{name}")["source"]
        facts = page.locator(".cw-live-facts").inner_text()
        assert f"Trained on {source['dataset_title']}: {100 * source['test_accuracy']:.2f} %" in facts
        assert f"{100 * source['exported_accuracy']:.2f} % with the weights rounded" in facts
        assert f"Experiment {source['experiment']}, variant {source['variant']}, seed {source['seed']}" in facts
        option = page.locator(f'option[value="{name}"]').inner_text()
        assert option != name, "it needs words"


def choose(page, name):
    page.get_by_label("trained network").select_option(name)
    loaded = "async (name) => (await window.cnnlibWidgets.ready)[0].value.model.get('net') === name"
    page.wait_for_function(loaded, arg=name)
    settle(page)


def test_a_drawing_stays_when_the_network_changes(alive):
    page = alive()
    stroke(page, page.locator(".cw-live-pad"), *SEVEN)
    before = shown(page)
    choose(page, "lenet_mnist_average")
    after = shown(page)
    assert after["bytes"] == before["bytes"] and after["scores"] != before["scores"]


def test_from_grey_to_colour_and_back(alive):
    page = alive(LiveNetwork(nets=["lenet_mnist_max", "vgg_cifar"], centred=False))
    choose(page, "vgg_cifar")
    assert len(shown(page)["bytes"]) == 3 * 32 * 32
    assert page.get_by_label("scale and centre it").is_hidden()  # colour pictures are not moved
    page.get_by_label("colour of the pen").fill("#ff0000")
    page.get_by_role("spinbutton", name="brush").fill("8")
    page.keyboard.press("Tab")
    stroke(page, page.locator(".cw-live-pad"), (0.2, 0.5), (0.8, 0.5))
    red, green, blue = np.array(shown(page)["bytes"]).reshape(3, 32, 32)[:, 16, 16]
    assert (red, green, blue) == (255, 0, 0)
    choose(page, "lenet_mnist_max")
    found = shown(page)
    assert len(found["bytes"]) == 784 and base64.b64decode(page.evaluate(STATE, "pixels")) == bytes(found["bytes"])


def test_a_network_that_cannot_be_loaded_is_told_and_the_last_one_stays(page_with, browser, tmp_path):
    """The browser's own line on the console about the missing file is right; so this page is opened without `visit`."""
    address = page_with(LiveNetwork(nets=["lenet_mnist_max", "lenet_mnist_average", "lenet_fashion_max"]))
    (tmp_path / "cnn-assets" / "net_lenet_mnist_average.js").unlink()
    spoilt = json.dumps({"name": "lenet_fashion_max", "layers": []})
    (tmp_path / "cnn-assets" / "net_lenet_fashion_max.js").write_text(
        f'window.cnnlibWidgets.assets["net_lenet_fashion_max"] = {spoilt};'
    )
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector('[data-alive="true"]')
    before = shown(page)["scores"]
    for name in ("lenet_mnist_average", "lenet_fashion_max"):
        page.get_by_label("trained network").select_option(name)
        page.wait_for_function("document.querySelector('.cw-problem').textContent.includes('could not be loaded')")
        assert page.get_by_label("trained network").input_value() == "lenet_mnist_max"
        assert page.evaluate(STATE, "net") == "lenet_mnist_max"
        assert shown(page)["scores"] == before
        page.get_by_role("button", name="Reset").click()
    page.close()


def test_a_network_trained_on_permuted_pixels_shows_both_pictures(alive):
    page = alive(LiveNetwork(nets=NETS_0501, net="0501_cnn_permuted", example=2))
    order = bundle.asset("net_0501_cnn_permuted")["permutation"]
    drawn = shown(page)["bytes"]
    seen = page.evaluate(
        """() => { const canvas = document.querySelector(".cw-live-seen .cw-live-picture");
          return [...canvas.getContext("2d").getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0); }"""
    )
    assert max(abs(a - drawn[place]) for a, place in zip(seen, order, strict=True)) <= 1
    assert "permuted" in page.locator(".cw-live-seen figcaption").inner_text()
    # The field is a square of what the network sees; in the drawing its pixels lie scattered.
    assert page.locator(".cw-live-answer .cw-live-field").is_hidden()
    field = page.locator(".cw-live-seen .cw-live-field").evaluate("(element) => ({ ...element.dataset })")
    top, left, bottom, right = (int(field[key]) for key in ("top", "left", "bottom", "right"))
    marked = {order[28 * y + x] for y in range(top, bottom + 1) for x in range(left, right + 1)}
    path = page.locator(".cw-live-answer .cw-live-dots path").get_attribute("d")
    places = [part.split("h")[0].split() for part in path.split("M")[1:]]
    assert {28 * int(y) + int(x) for x, y in places} == marked


# ----- the other experiment


@pytest.mark.parametrize("name", ["0501_cnn", "0501_cnn_permuted"])
def test_shuffling_at_test_time_is_labelled_and_apart(alive, name):
    page = alive(LiveNetwork(nets=NETS_0501, net=name, example=3))
    before = shown(page)
    seen = "document.querySelector('.cw-live-seen .cw-live-picture').toDataURL()"
    as_seen = page.evaluate(seen)
    page.get_by_text("A different experiment: shuffle").click()
    after = shown(page)
    panel = page.locator(".cw-live-shuffle")
    assert panel.locator(".cw-live-label").inner_text() == "Not the experiment of 0501"
    assert ("another list" in panel.inner_text()) == name.endswith("permuted")
    # The network above goes on as before: the same picture, the same preparation, the same scores.
    assert (after["bytes"], after["scores"], page.evaluate(seen)) == (before["bytes"], before["scores"], as_seen)
    got = panel.locator(".cw-live-score").evaluate_all("(rows) => rows.map((row) => Number(row.dataset.score))")
    picture = panel.locator("canvas").evaluate(
        "(canvas) => [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"
    )
    assert sorted(picture) == sorted(before["bytes"]) and picture != before["bytes"]
    expected = page.evaluate(
        """async ([name, picture]) => {
          const { unpack, compute } = (await window.cnnlibWidgets.load("live_network")).default;
          return compute(unpack(window.cnnlibWidgets.assets[`net_${name}`]), Uint8Array.from(picture)).scores;
        }""",
        [name, picture],
    )
    np.testing.assert_allclose(got, expected, atol=1e-6)
    assert got != before["scores"]


# ----- manners


def test_reset_brings_everything_back(alive):
    page = alive(LiveNetwork(example=2))
    before = shown(page)
    stroke(page, page.locator(".cw-live-pad"), *SEVEN)
    choose(page, "lenet_fashion_max")
    page.get_by_text("Cover a patch").click()
    page.get_by_label("scale and centre it").uncheck()
    page.get_by_role("button", name="Reset").click()
    page.wait_for_function("document.querySelector('select').value === 'lenet_mnist_max'")
    page.wait_for_function("document.querySelector('.cw-live-facts').textContent.includes('MNIST')")
    after = shown(page)
    assert (after["bytes"], after["scores"]) == (before["bytes"], before["scores"])
    assert page.evaluate(STATE, "covered") is False and page.evaluate(STATE, "pixels") == ""


def test_two_on_one_page_are_independent(alive):
    page = alive(LiveNetwork(), LiveNetwork(net="lenet_mnist_average", example=4))
    other = shown(page, 1)
    stroke(page, page.locator(".cw-live-pad").first, *SEVEN)
    assert shown(page, 0)["bytes"] != other["bytes"]
    assert shown(page, 1) == other


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_320_pixels(alive, theme):
    page = alive(LiveNetwork(covered=True, shuffle=True), width=320, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for nth in (1, 4, 8):
        canvas = page.locator(f'canvas[data-layer="{nth}"]')
        box, list_box = canvas.bounding_box(), page.locator(".cw-live-list").bounding_box()
        assert box["x"] + box["width"] <= list_box["x"] + list_box["width"]


def test_many_moves_between_two_frames_cost_one_pass(alive):
    """However fast the hand is, the network runs once a frame, and only the maps in sight are painted."""
    page = alive()
    passes = page.evaluate(
        """async () => {
          const pad = document.querySelector(".cw-live-pad");
          const box = pad.getBoundingClientRect();
          const frame = () => new Promise((done) => requestAnimationFrame(done));
          const send = (kind, i) => pad.dispatchEvent(new PointerEvent(kind, { pointerId: 1, button: 0, bubbles: true,
            clientX: box.left + box.width * (0.3 + 0.01 * i), clientY: box.top + box.height * (0.3 + 0.01 * i) }));
          pad.setPointerCapture = () => {};
          const painted = [];
          const real = CanvasRenderingContext2D.prototype.putImageData;
          CanvasRenderingContext2D.prototype.putImageData = function (...given) {
            painted.push(this.canvas.dataset.layer ?? this.canvas.className);
            return real.apply(this, given);
          };
          send("pointerdown", 0);
          for (let i = 1; i <= 40; i++) send("pointermove", i);
          const before = painted.length;
          await frame();
          await frame();
          send("pointerup", 40);
          CanvasRenderingContext2D.prototype.putImageData = real;
          return [before, painted];
        }"""
    )
    assert passes[0] == 0
    assert passes[1].count("1") == 1 and passes[1].count("12") == 0


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"nets": ["lenet6"]}, "There is no trained network 'lenet6'"),
        ({"nets": []}, "name at least one"),
        ({"net": "0501_fc"}, "Choose one of: lenet_fashion_average"),
        ({"patch_size": 17}, "Use patch_size=16"),
        ({"brush": 0}, "Use brush=1"),
        ({"shade": "pink"}, "There is no shade 'pink'"),
        ({"pixels": "%%"}, "not base64"),
        ({"pixels": "AAAA"}, "holds 3 bytes; it must be 784 or 3072"),
    ],
)
def test_bad_settings_name_the_mend_and_the_last_state_stays(settings, told):
    with pytest.raises(BadSetting, match=told.replace("(", r"\(")):
        LiveNetwork(**settings)
    widget = LiveNetwork()
    before = widget.state()
    (name, value), *_ = settings.items()
    with pytest.raises(BadSetting):
        setattr(widget, name, value)
    assert widget.state() == before


def test_a_picture_of_the_wrong_shape_is_refused():
    with pytest.raises(BadSetting, match=r"shape \(3, 32, 32\); lenet_mnist_max takes"):
        LiveNetwork().show(torch.zeros(3, 32, 32, dtype=torch.uint8))


def test_impossible_numbers_are_told_at_the_widget(alive):
    page = alive(LiveNetwork(covered=True))
    for label, value, told in (("patch", "99", "“99” is no size"), ("brush", "", "“” is no width")):
        knob = page.locator(f'.cw-knob:has-text("{label}") input')
        before = knob.input_value()
        knob.fill(value)
        page.keyboard.press("Tab")
        assert told in page.locator(".cw-problem").inner_text()
        assert knob.input_value() == before
