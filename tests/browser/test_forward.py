"""The forward pass in JavaScript against PyTorch: every map of every network in the page, and why it is so."""

import base64
import random

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from cnnlib import data, experiments, models
from cnnlib.inspect import feature_maps
from cnnlib.widgets import bundle

NETS = [name for name in bundle.asset_names() if name.startswith("net_")]
FUNCTIONS = ("unpack", "prepare", "forward", "softmax", "fieldOf", "explain")
INPUTS = 26  # for each network

# Without a default export the module belongs to no widget, so a page imports its joined text from a Blob.
START = """async ({ text, assets }) => {
  const module = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const nets = Object.fromEntries(assets.map((asset) => [asset.name, module.unpack(asset)]));
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const text64 = (values) => {
    const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    let text = "";
    for (const byte of raw) text += String.fromCharCode(byte);
    return btoa(text);
  };
  window.trained = { ...module, nets, bytes, text64 };
}"""
MAPS = """({ name, pictures }) => {
  const { nets, prepare, forward, softmax, bytes, text64 } = window.trained;
  return pictures.map((picture) => {
    const maps = forward(nets[name], prepare(nets[name], bytes(picture)));
    return {
      maps: maps.map((map) => ({ ...map, type: map.values.constructor.name, values: text64(map.values) })),
      probabilities: softmax(maps[maps.length - 1].values),
    };
  });
}"""
WHY = """({ name, picture, places }) => {
  const { nets, prepare, forward, explain, bytes } = window.trained;
  const maps = forward(nets[name], prepare(nets[name], bytes(picture)));
  return places.map(([layer, channel, y, x]) => explain(nets[name], maps, layer, channel, y, x, 1e9));
}"""
FIELDS = """({ name, places }) => places.map(([layer, y, x, channel]) =>
  window.trained.fieldOf(window.trained.nets[name], layer, y, x, channel))"""


@pytest.fixture(scope="module")
def assets():
    """Every trained network of the page, and a padded one with odd strides, by its name without ``net_``."""
    known = {name.removeprefix("net_"): bundle.asset(name) for name in NETS}
    assert known, "no network is exported"
    return known | {"odd": odd_net()}


@pytest.fixture
def trained(visit, tmp_path, assets):
    """A page that has every network unpacked."""
    text = f"{bundle.module('forward')}\nexport {{ {', '.join(FUNCTIONS)} }};"
    page = tmp_path / "index.html"
    page.write_text('<!doctype html><title>Nets</title><link rel="icon" href="data:,">', encoding="utf-8")
    opened = visit(page.as_uri())
    opened.evaluate(START, {"text": text, "assets": [asset | {"name": name} for name, asset in assets.items()]})
    return opened


def odd_net():
    """Return an untrained network with what the trained ones lack: a padded input, strides, windows that overlap."""
    random_numbers = np.random.RandomState(4)

    def weights(*shape):
        whole = random_numbers.randint(-127, 128, shape).astype(np.int8)
        scale = random_numbers.uniform(0.001, 0.01, shape[0]).astype(np.float32)
        return {"shape": list(shape), "weight": base64.b64encode(whole.tobytes()).decode(),
                "scale": scale.tolist(), "bias": random_numbers.normal(size=shape[0]).tolist()}  # fmt: skip

    return {
        "name": "odd",
        "input": {"channels": 2, "rows": 12, "columns": 15, "pad": 2, "mean": [0.4, 0.5], "std": [0.2, 0.3]},
        "permutation": random_numbers.permutation(16 * 19).tolist(),
        "layers": [
            {"kind": "conv", "name": "a", "stride": 2, "padding": 1, **weights(3, 2, 3, 4)},
            {"kind": "pool", "name": "b", "how": "max", "kernel": 3, "stride": 1},
            {"kind": "conv", "name": "c", "stride": 1, "padding": 2, **weights(4, 3, 3, 3)},
            {"kind": "relu", "name": "d"},
            {"kind": "pool", "name": "e", "how": "average", "kernel": 3, "stride": 2},
            {"kind": "flatten", "name": "f"},
            {"kind": "linear", "name": "g", **weights(5, 4 * 3 * 4)},
        ],
    }  # fmt: skip


def weight_of(layer):
    """Return a layer's stored weights as float32: each whole number times the scale of its output channel."""
    whole = torch.tensor(list(base64.b64decode(layer["weight"])), dtype=torch.uint8).view(torch.int8)
    scale = torch.tensor(layer["scale"], dtype=torch.float32)
    return (whole.float().view(len(scale), -1) * scale[:, None]).view(layer["shape"])


def prepared(asset, pictures):
    """Return what the network is fed for uint8 pictures (N, C, H, W)."""
    about = asset["input"]
    mean, std = (torch.tensor(about[key], dtype=torch.float64).view(-1, 1, 1) for key in ("mean", "std"))
    x = F.pad(pictures, [about["pad"]] * 4).double()
    if asset["permutation"] is not None:
        x = x.flatten(2)[:, :, asset["permutation"]].view(x.shape)
    return ((x / 255 - mean) / std).float()


def run(layers, x):
    """Return every map, from the stored layers alone."""
    maps = [x]
    for layer in layers:
        if layer["kind"] == "conv":
            bias = torch.tensor(layer["bias"], dtype=torch.float32)
            x = F.conv2d(x, weight_of(layer), bias, layer["stride"], layer["padding"])
        elif layer["kind"] == "linear":
            x = F.linear(x, weight_of(layer), torch.tensor(layer["bias"], dtype=torch.float32))
        elif layer["kind"] == "pool":
            pool = {"max": F.max_pool2d, "average": F.avg_pool2d}[layer["how"]]
            x = pool(x, layer["kernel"], layer["stride"])
        else:
            x = {"relu": F.relu, "flatten": lambda maps: maps.flatten(1)}[layer["kind"]](x)
        maps.append(x)
    return maps


def pictures_for(asset):
    """Return pictures of the network's shape: noise of several kinds, and those that come with the package."""
    random_numbers = torch.Generator().manual_seed(7)
    about = asset["input"]
    shape = (about["channels"], about["rows"], about["columns"])
    noise = torch.randint(0, 256, (INPUTS // 2, *shape), dtype=torch.uint8, generator=random_numbers)
    noise[0], noise[1], noise[2] = 0, 255, noise[2] // 255 * 255
    known = data.load("digits" if shape[0] == 1 else "shapes").test_images[: INPUTS - len(noise)]
    fitting = F.interpolate(known[:, : shape[0]].float(), shape[1:]).round().byte()
    return torch.cat([noise, fitting])


def text64(picture):
    return base64.b64encode(picture.contiguous().numpy().tobytes()).decode()


def test_every_map_of_every_network_equals_pytorch(trained, assets):
    count = 0
    for name, asset in assets.items():
        pictures = pictures_for(asset)
        expected = run(asset["layers"], prepared(asset, pictures))
        got = trained.evaluate(MAPS, {"name": name, "pictures": [text64(picture) for picture in pictures]})
        for i, answer in enumerate(got):
            maps = answer["maps"]
            assert [m["name"] for m in maps] == ["input", *(layer["name"] for layer in asset["layers"])]
            for one, wanted in zip(maps, expected, strict=True):
                assert one["type"] == "Float32Array"
                assert one["shape"] == list(wanted.shape[1:]), (name, one["name"])
                values = torch.frombuffer(bytearray(base64.b64decode(one["values"])), dtype=torch.float32)
                torch.testing.assert_close(values, wanted[i].flatten(), atol=1e-4, rtol=0, msg=f"{name}, {one['name']}")
            torch.testing.assert_close(
                torch.tensor(answer["probabilities"]), expected[-1][i].softmax(0), atol=1e-5, rtol=0
            )
            count += 1
    assert count >= 200


@pytest.mark.parametrize("name", NETS)
def test_the_registered_model_with_the_stored_weights_gives_the_same_maps(name):
    asset = bundle.asset(name)
    cell = experiments.get(asset["source"]["experiment"]).variants[asset["source"]["variant"]]
    folded = {"batch_norm": False} if cell.model == "vgg_0503" else {}
    model = models.build(cell.model, **cell.settings | folded)
    stored = {layer["name"]: layer for layer in asset["layers"] if "weight" in layer}
    model.load_state_dict(
        {f"{name}.weight": weight_of(layer) for name, layer in stored.items()}
        | {f"{name}.bias": torch.tensor(layer["bias"]) for name, layer in stored.items()}
    )
    x = prepared(asset, pictures_for(asset)[-3:])
    expected = run(asset["layers"], x)
    for i, picture in enumerate(x):
        maps = feature_maps(model, picture, device="cpu")
        assert list(maps) == [layer["name"] for layer in asset["layers"]]
        for got, wanted in zip(maps.values(), expected[1:], strict=True):
            torch.testing.assert_close(got, wanted[i], atol=1e-4, rtol=1e-5)


def some_places(asset, maps, rng, each=6):
    """Return (layer, channel, y, x) of some numbers of every map; corners are among them."""
    for layer, one in enumerate(maps):
        channels, *sides = one.shape[1:]
        rows, columns = sides or (1, 1)
        yield (layer, channels - 1, 0, 0)
        yield (layer, 0, rows - 1, columns - 1)
        for _ in range(each - 2):
            yield (layer, rng.randrange(channels), rng.randrange(rows), rng.randrange(columns))


def test_the_reasons_of_a_number_add_up_to_it(trained, assets):
    rng = random.Random(5)
    for name, asset in assets.items():
        picture = pictures_for(asset)[-1]
        maps = run(asset["layers"], prepared(asset, picture[None]))
        places = list(some_places(asset, maps, rng))
        got = trained.evaluate(WHY, {"name": name, "picture": text64(picture), "places": places})
        for (layer, channel, y, x), why in zip(places, got, strict=True):
            value = float(maps[layer][0, channel, y, x] if maps[layer].dim() == 4 else maps[layer][0, channel])
            assert why["value"] == pytest.approx(value, abs=1e-4), (name, layer)
            before = maps[layer - 1][0]
            stored = asset["layers"][layer - 1]
            if layer == 0:
                assert why["kind"] == "input"
            elif why["kind"] in ("conv", "linear"):
                assert why["bias"] + sum(why["channels"]) == pytest.approx(value, abs=1e-4)
                assert sum(term["product"] for term in why["terms"]) + why["bias"] == pytest.approx(value, abs=1e-4)
                check_terms(why, asset, layer, channel, y, x, maps)
            elif why["kind"] == "relu":
                flat = before.view(len(before), -1)[channel, y * (before.shape[-1] if before.dim() == 3 else 1) + x]
                assert why["before"] == pytest.approx(float(flat), abs=1e-4)
                assert why["value"] == max(why["before"], 0)
            elif why["kind"] == "pool":
                cells = [cell["value"] for cell in why["cells"]]
                assert len(cells) == stored["kernel"] ** 2
                for cell in why["cells"]:
                    assert cell["value"] == pytest.approx(float(before[channel, cell["y"], cell["x"]]), abs=1e-4)
                if why["how"] == "max":
                    assert cells[why["winner"]] == why["value"] == max(cells)
                else:
                    assert why["winner"] is None
                    assert sum(cells) / len(cells) == pytest.approx(value, abs=1e-4)
            else:
                assert why["kind"] == "flatten"
                place = why["from"]
                assert float(before[place["channel"], place["y"], place["x"]]) == pytest.approx(value, abs=1e-4)


def check_terms(why, asset, layer, output, y, x, maps):
    """Each term is a product of a weight and the number that it meets, the largest first, grouped by its channel."""
    stored, before = asset["layers"][layer - 1], maps[layer - 1][0]
    weight = weight_of(stored)[output]
    if stored["kind"] == "linear":  # read in the shape it had before it was flattened, if it was
        flattened = asset["layers"][layer - 2]["kind"] == "flatten"
        before = maps[layer - 2][0] if flattened else before.view(-1, 1, 1)
        weight, top, left = weight.view(before.shape), 0, 0
    else:
        top, left = (place * stored["stride"] - stored["padding"] for place in (y, x))
    assert len(why["channels"]) == len(before)
    for channel, subtotal in enumerate(why["channels"]):
        parts = [term["product"] for term in why["terms"] if term["channel"] == channel]
        assert sum(parts) == pytest.approx(subtotal, abs=1e-5)
    for term in why["terms"]:
        place = (term["channel"], term["y"], term["x"])
        assert term["value"] == pytest.approx(float(before[place]), abs=1e-4)
        assert term["weight"] == float(weight[place[0], place[1] - top, place[2] - left])
        assert term["product"] == pytest.approx(term["value"] * term["weight"])
    sizes = [abs(term["product"]) for term in why["terms"]]
    assert sizes == sorted(sizes, reverse=True)


def test_the_field_of_a_cell_is_where_its_gradient_is_not_zero(trained, assets):
    rng = random.Random(6)
    forms = {str([(layer["kind"], layer.get("shape")) for layer in one["layers"]]): one for one in assets.values()}
    for asset in forms.values():
        name = asset["name"]
        # Positive weights, averages for maxima and no ReLU: then every pixel that a cell sees moves it.
        linear = [layer | {"how": "average"} if layer["kind"] == "pool" else layer for layer in asset["layers"]]
        linear = [positive(layer) for layer in linear]
        about = asset["input"]
        sides = [about["rows"] + 2 * about["pad"], about["columns"] + 2 * about["pad"]]
        x = torch.rand(1, about["channels"], *sides, requires_grad=True)
        maps = run(linear, x)
        places = list(some_places(asset, maps, rng))
        got = trained.evaluate(FIELDS, {"name": name, "places": [(place[0], *place[2:], place[1]) for place in places]})
        for (layer, channel, row, column), field in zip(places, got, strict=True):
            cell = maps[layer][0, channel, row, column] if maps[layer].dim() == 4 else maps[layer][0, channel]
            (gradient,) = torch.autograd.grad(cell, x, retain_graph=True) if layer else (one_cell(x, row, column),)
            seen = gradient[0].abs().sum(dim=0).nonzero()
            (top, left), (bottom, right) = seen.amin(dim=0).tolist(), seen.amax(dim=0).tolist()
            assert field == {"top": top, "left": left, "bottom": bottom, "right": right}, (name, layer)
            assert len(seen) == (bottom - top + 1) * (right - left + 1), "a field has no holes"


def positive(layer):
    """Return a layer with no weight below one step, and nothing for a ReLU to cut off."""
    if "weight" not in layer:
        return layer
    whole = np.abs(np.frombuffer(base64.b64decode(layer["weight"]), dtype=np.int8).astype(int)).clip(1, 127)
    return layer | {
        "weight": base64.b64encode(whole.astype(np.int8).tobytes()).decode(),
        "bias": [0.0] * len(layer["bias"]),
        "scale": [1 / whole.size] * len(layer["scale"]),
    }


def one_cell(x, row, column):
    """Return what a gradient of the input by itself would be."""
    alone = torch.zeros_like(x)
    alone[:, :, row, column] = 1
    return alone


def test_softmax_stands_large_numbers(trained):
    got = trained.evaluate("() => window.trained.softmax(Float32Array.from([1000, 999, -1000]))")
    assert got == pytest.approx(torch.tensor([1000.0, 999, -1000]).softmax(0).tolist(), abs=1e-7)


def test_a_check_of_maps_can_fail(trained, assets):
    """One weight changed by one step shows in the maps, so the comparison above is no formality."""
    name, asset = next(iter(assets.items()))
    first = asset["layers"][next(i for i, layer in enumerate(asset["layers"]) if "weight" in layer)]
    raw = bytearray(base64.b64decode(first["weight"]))
    raw[0] = (raw[0] + 20) % 256 if raw[0] < 100 else (raw[0] - 20) % 256
    changed = [layer | {"weight": base64.b64encode(bytes(raw)).decode()} if layer is first else layer
               for layer in asset["layers"]]  # fmt: skip
    picture = pictures_for(asset)[3]
    wanted = run(changed, prepared(asset, picture[None]))[-1][0]
    (got,) = trained.evaluate(MAPS, {"name": name, "pictures": [text64(picture)]})
    logits = torch.frombuffer(bytearray(base64.b64decode(got["maps"][-1]["values"])), dtype=torch.float32)
    assert float((logits - wanted).abs().max()) > 1e-4
