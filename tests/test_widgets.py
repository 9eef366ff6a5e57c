"""Widgets as Python objects: validated traits, sizes as PyTorch has them, a stable form on the page."""

import json
import re
import xml.etree.ElementTree as ET

import pytest
import torch
import traitlets
from torch import nn
from widget_examples import CLASSES, MADE_OF, make

from cnnlib import widgets
from cnnlib.errors import BadInput
from cnnlib.widgets import BadSetting, ConvExplorer, CostCalculator, KernelPlayground, PoolingExplorer, bundle

ALL = pytest.mark.parametrize("widget", CLASSES, ids=lambda kind: kind.__name__)
CHANGED = {
    "ConvExplorer": {"stride": 2}, "CostCalculator": {"stride": 2}, "Drill": {"topic": "macs"},
    "KernelPlayground": {"stride": 2}, "LiveNetwork": {"nets": ["lenet_fashion_max"]},
    "NetworkInspector": {"network": "lenet5"}, "PoolingExplorer": {"stride": 2},
    "TrainingExplorer": {"comparison": "depth"},
}  # fmt: skip


@ALL
def test_every_widget_has_a_page_form_with_its_state_and_a_picture(widget):
    w = make(widget)
    page = ET.fromstring(re.sub(r"(<img [^>]*)>", r"\1/>", w.to_html()))
    assert page.get("data-widget") == w.module
    assert json.loads(page.get("data-state")) == w.state()
    assert len("".join(page.itertext())) > 20, "there is something to read without JavaScript"
    assert w._repr_mimebundle_()[0]["text/html"] == w.to_html()


@ALL
def test_the_repr_is_stable_and_makes_the_widget_again(widget):
    w = make(widget, **CHANGED.get(widget.__name__, {}))
    assert repr(w) == repr(make(widget, **CHANGED.get(widget.__name__, {})))
    if widget.__name__ not in MADE_OF:
        [(name, value)] = CHANGED[widget.__name__].items()
        assert repr(w) == f"{widget.__name__}({name}={value!r})"
        assert eval(repr(w), vars(widgets)).state() == w.state()


@ALL
def test_the_module_is_one_text_without_imports(widget):
    text = make(widget)._esm
    assert not re.search(r"^\s*import\b", text, re.MULTILINE)
    assert text.count("export default") == 1
    assert not re.search(r"https?://(?!www\.w3\.org/(?:2000/svg|1998/Math/MathML))", text)
    names = re.findall(r"^(?:const|function|class|let) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)), "joined modules must not share a name"


@ALL
def test_every_word_on_the_screen_is_in_the_table(widget):
    text = bundle.source(widget.module)
    used = set(re.findall(r"\btext\.(\w+)", text))
    assert used <= set(bundle.words(widget.module))


@ALL
def test_the_pages_script_of_a_widget_hands_over_its_module(widget):
    script = bundle.module_script(widget.module)
    assert json.loads(script[script.index(" = ") + 3 : script.rindex(";")]) == make(widget)._esm


def test_output_size_is_pytorchs():
    w = ConvExplorer(input_size=9, kernel_size=3, stride=2, padding=1, dilation=2)
    assert w.output_size == nn.Conv2d(1, 1, 3, 2, 1, 2)(torch.zeros(1, 1, 9, 9)).shape[2]


def test_the_bottlenecks_counts_are_the_layers_own():
    small = {"in_channels": 7, "out_channels": 5, "kernel_size": 3, "height": 6, "width": 6, "reduced": 2}
    for settings in ({}, small):
        w = CostCalculator(comparison="bottleneck", **settings)
        x = torch.zeros(1, w.in_channels, w.height, w.width)
        conv = nn.Conv2d(w.in_channels, w.out_channels, w.kernel_size, padding="same", bias=False)
        reduce = nn.Conv2d(w.in_channels, w.reduced, 1, bias=False)
        spatial = nn.Conv2d(w.reduced, w.out_channels, w.kernel_size, padding="same", bias=False)
        places = conv(x).shape[2] * conv(x).shape[3]
        assert w.first.macs == conv.weight.numel() * places
        assert w.second.macs == (reduce.weight.numel() + spatial.weight.numel()) * places
        assert spatial(reduce(x)).shape == conv(x).shape
        direct, last, through = w.first.macs, w.last_that_pays, []
        for w.reduced in range(1, 300):
            through.append(w.second.macs)
        assert last == sum(macs < direct for macs in through)


def test_changes_from_python_are_validated_and_the_last_state_stays():
    w = ConvExplorer(input_size=4)
    wrong = (("dilation", 3, "spans 7"), ("stride", 0, "from 1 to 4"), ("kernel_size", 8, "from 1 to 7"))
    for name, value, words in wrong:
        before = w.state()
        with pytest.raises(BadSetting, match=words):
            setattr(w, name, value)
        assert w.state() == before
    with pytest.raises(traitlets.TraitError):
        w.stride = "2"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ConvExplorer(input_size=2, kernel_size=3), "no output is left"),
        (lambda: ConvExplorer(strides=2), "Did you mean 'stride'"),
        (lambda: ConvExplorer(padding=-1), "padding is -1"),
        (lambda: CostCalculator(height=5), "kernel_size=11"),
        (lambda: CostCalculator(out_channels=0), "out_channels is 0"),
        (lambda: CostCalculator(reduced=0), "reduced is 0; it must be from 1 to 1024. Use reduced=1"),
        (lambda: CostCalculator(channels=3), "no setting of CostCalculator 'channels'"),
        (lambda: CostCalculator(comparison="stacks"), "Did you mean 'stack'"),
        (lambda: CostCalculator(comparison="stack", layers=9, kernel_size=9), "see 73 cells"),
        (lambda: PoolingExplorer(padding=2), "padding is 2; in pooling it may be at most half"),
        (lambda: PoolingExplorer(mode="L2", kernel_size=3, padding=1), "L2 pooling has none"),
        (lambda: PoolingExplorer(mode="mean"), "There is no mode 'mean'"),
        (lambda: PoolingExplorer(input_size=(4, 13)), "input_size is .4, 13.; it must be a whole number from 1 to 12"),
        (lambda: PoolingExplorer(input_size=2, kernel_size=3), "no output is left"),
        (lambda: PoolingExplorer(values=[[1, 2], [3]]), "values has the shape"),
        (lambda: PoolingExplorer(values=[[1, 2.5]]), "values has the shape"),
        (lambda: PoolingExplorer(values=[[1, 2], [3, 4]], input_size=3), "but input_size is 3"),
        (lambda: KernelPlayground(preset="sobel"), "Did you mean 'sobel_"),
    ],
)
def test_bad_settings_are_told_in_one_sentence(call, words):
    with pytest.raises(BadInput, match=words):
        call()
