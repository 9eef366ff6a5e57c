"""The cheat sheet: its formulas are the package's arithmetic, its numbers the networks', its PDF up to date."""

import math
import random
import re
from pathlib import Path

import draw_cheat_sheet
import draw_social_card
import pytest
import torch
from torch import nn

from cnnlib import arithmetic, models, sheet
from cnnlib.arithmetic import Window

RULES = {rule.name: rule for rule in sheet.rules()}
WORDS = r"C_\text{out}", r"C_\text{in}", r"\sigma", r"\mu", "r_{l-1}", "j_{l-1}", "r_l", "j_l"
NAMES = dict(zip(WORDS, ("c_out", "c_in", "sigma", "mu", "r_before", "j_before", "r", "j"), strict=True))


def value(formula, **letters):
    """Compute what stands right of a formula's equals sign, for the letters' values."""
    text = formula.rpartition("=")[2]
    for word in WORDS:
        text = text.replace(word, f" {NAMES[word]} ")
    for left, right, function in ((r"\lfloor", r"\rfloor", "math.floor"), (r"\lceil", r"\rceil", "math.ceil")):
        text = text.replace(rf"\left{left}", f" {function}(").replace(rf"\right{right}", ")")
    text = text.replace(r"\left(", "(").replace(r"\right)", ")").replace(r"\,", " ").replace(r"\pm", "")
    group = r"\{([^{}]*)\}"
    while r"\frac" in text or r"\sqrt" in text:
        before = text
        text = re.sub(r"\\sqrt" + group, r" math.sqrt(\1) ", text)
        text = re.sub(r"\\frac" + group + group, r" ((\1)/(\2)) ", text)
        assert text != before, text
    text = re.sub(r"\\ln (\w)", r"math.log(\1)", text).replace("^2", "**2")
    # Two things side by side are multiplied; a function's name and its bracket are not.
    text = re.sub(r"(?<![\w.])(\d+)(?=[a-zA-Z])", r"\1*", text)
    text = re.sub(r"(?<=[\w)])\s+(?=[\w(])", "*", text.strip())
    text = re.sub(r"(?<=\))(?=\()", "*", text)
    text = re.sub(r"math\.(\w+)\*\(", r"math.\1(", text)
    return eval(text, {"math": math}, letters)  # the sheet's own formulas


def draws(**ranges):
    """Return many draws of whole numbers, each from its range."""
    chance = random.Random(0)
    return [{name: chance.randint(*ends) for name, ends in ranges.items()} for _ in range(50)]


def test_the_reader_of_formulas_computes():
    assert value(r"x = \left\lfloor \frac{a + 2b}{c\,(d - 1)} \right\rfloor + 1", a=3, b=4, c=2, d=3) == 3
    assert value(r"C_\text{out} \left( \frac{C_\text{in}}{g}\,k^2 + 1 \right)", c_out=2, c_in=4, g=2, k=3) == 38


def test_sizes():
    for draw in draws(i=(20, 60), k=(1, 5), s=(1, 4), p=(0, 3), d=(1, 3)):
        i, k, s, p, d = draw.values()
        expected = arithmetic.conv_output_size(i, k, s, p, d)
        assert value(RULES["output, convolution or pooling"].formula, **draw) == expected
        expected = arithmetic.conv_transpose_output_size(i, k, s, p, dilation=d)
        assert value(RULES["output, transposed convolution"].formula, **draw) == expected
    for k in (1, 3, 5, 7):
        for d in (1, 2):
            kept = value(RULES["padding that keeps the size (s = 1, odd k)"].formula, k=k, d=d)
            assert (kept, kept) == arithmetic.same_padding(k, d)


def test_receptive_fields():
    for draw in draws(k=(1, 7), s=(1, 3), d=(1, 3)):
        before = arithmetic.receptive_field([Window(3), Window(2, stride=2)])[-1]
        after = before.after(Window(draw["k"], stride=draw["s"], dilation=draw["d"]))
        letters = draw | {"r_before": before.size, "j_before": before.jump}
        assert value(RULES["side, layer by layer, from r = j = 1"].formula, **letters) == after.size
        assert value(RULES["jump: input pixels between neighbours"].formula, **letters) == after.jump


def test_parameters_and_costs():
    for draw in draws(k=(1, 7), g=(1, 4), m=(1, 9), n=(1, 9), H=(1, 9), W=(1, 9), a=(1, 9), b=(1, 9)):
        k, g, m, n, height, width, a, b = draw.values()
        channels = {"c_in": a * g, "c_out": b * g}
        parameters = arithmetic.conv_parameters(a * g, b * g, k, groups=g)
        macs = arithmetic.conv_macs(a * g, b * g, k, (height, width), groups=g)
        assert value(RULES["convolution"].formula, k=k, g=g, **channels) == parameters
        assert value(RULES["convolution; H, W of the output"].formula, k=k, g=g, H=height, W=width, **channels) == macs
        linear = "fully connected, n to m units"
        by_section = {rule.section: rule.formula for rule in sheet.rules() if rule.name == linear}
        assert value(by_section["Parameters"], m=m, n=n) == arithmetic.linear_parameters(n, m)
        assert value(by_section["Multiply-adds a picture"], m=m, n=n) == arithmetic.linear_macs(n, m)


def test_what_pytorch_counts_and_draws():
    def count(*layers):
        return sum(p.numel() for layer in layers for p in layer.parameters())

    assert value(RULES["batch norm"].formula, C=5) == count(nn.BatchNorm2d(5))
    pair = nn.Conv2d(6, 6, 3, groups=6, bias=False), nn.Conv2d(6, 8, 1, bias=False)
    assert value(RULES["depthwise separable, without biases"].formula, c_in=6, c_out=8, k=3) == count(*pair)
    maps = torch.empty(2, 3, 5, 7)
    assert value(RULES["bytes of a batch of maps, float32"].formula, N=2, C=3, H=5, W=7) == maps.nbytes

    torch.manual_seed(0)
    weight = torch.empty(400, 60, 3, 3)
    n, m = 60 * 9, 400 * 9
    he = RULES["He, before ReLU; n numbers are summed"].formula
    glorot = RULES["Glorot, before tanh; n summed, m feeds"].formula
    assert nn.init.kaiming_normal_(weight).std().item() == pytest.approx(value(he, n=n), rel=0.01)
    assert nn.init.xavier_normal_(weight).std().item() == pytest.approx(value(glorot, n=n, m=m), rel=0.01)
    ours = value(RULES["PyTorch's own: evenly between"].formula, n=n)
    assert nn.Conv2d(60, 400, 3).weight.abs().max().item() == pytest.approx(ours, rel=0.01)


def test_training():
    blank = nn.functional.cross_entropy(torch.zeros(4, 10), torch.arange(4)).item()
    assert value(RULES["first loss, K classes"].formula, K=10) == pytest.approx(blank)
    loader = torch.utils.data.DataLoader(range(50_000), batch_size=128)
    assert value(RULES["steps an epoch, n pictures"].formula, n=50_000, N=128) == len(loader)
    weight = nn.Parameter(torch.zeros(()))
    optimizer = torch.optim.SGD([weight], lr=1.0, momentum=0.9)
    for _ in range(300):
        before = weight.item()
        weight.grad = torch.ones(())
        optimizer.step()
    longer = value(RULES["momentum lengthens the steps by"].formula, mu=0.9)
    assert before - weight.item() == pytest.approx(longer, rel=1e-3)
    tosses = (torch.rand(2000, 400, generator=torch.Generator().manual_seed(0)) < 0.9).double().mean(dim=1)
    expected = value(RULES["standard error of accuracy a on n pictures"].formula, a=0.9, n=400)
    assert tosses.std().item() == pytest.approx(expected, rel=0.05)


def test_every_formula_was_looked_at():
    source = Path(__file__).read_text(encoding="utf-8")
    assert [rule.name for rule in sheet.rules() if rule.formula and rule.name not in source] == []


def test_the_examples_are_right():
    """Counted once more, by PyTorch's own layers, with the numbers that the examples name."""
    said = {(rule.section, rule.name): rule.example for rule in sheet.rules()}
    shape = nn.Conv2d(3, 64, 7, 2, 3)(torch.zeros(1, 3, 224, 224)).shape
    assert said["Sizes", "output, convolution or pooling"].endswith(f"o = {shape[-1]}")
    first = sum(p.numel() for p in nn.Conv2d(3, 64, 7).parameters())
    assert said["Parameters", "convolution"].endswith(f": {first:,}")
    macs = nn.Conv2d(3, 64, 7).weight.numel() * shape[-1] ** 2
    assert said["Multiply-adds a picture", "convolution; H, W of the output"].endswith(f": {macs:,}")
    assert said["Learning rate", "Adam"].startswith(f"start at {torch.optim.Adam([torch.zeros(1)]).defaults['lr']:g},")


def test_every_network_of_the_registry_is_listed_with_its_card():
    assert len(sheet.nets()) == len(models.names())
    for name in models.names():
        card = models.card(name)
        net = next(net for net in sheet.nets() if net.title == card.title)
        assert (net.parameters, net.input_shape, net.year, net.idea) == (
            card.parameters, card.input_shape, card.year, card.idea,
        )  # fmt: skip


def test_a_network_named_by_its_depth_has_it():
    """The papers' own counts: AlexNet has eight layers with weights, GoogLeNet 22, the others say it in their names."""
    depth = {net.title: net.depth for net in sheet.nets()}
    named = {title: int(re.search(r"-(\d+)", title)[1]) for title in depth if re.match(r"(VGG|.*[Nn]et)-\d", title)}
    del named["LeNet-5 (1998)"], named["LeNet-5 (modern)"]  # the fifth LeNet
    assert len(named) > 20
    assert {title: depth[title] for title in named} == named
    assert (depth["AlexNet (2012)"], depth["GoogLeNet"]) == (8, 22)


def test_a_year_is_the_one_in_the_source():
    cards = [models.card(name) for name in models.names()]
    assert [card.name for card in cards if card.year and card.year < 1990] == []
    assert [card.name for card in cards if card.year and str(card.year) not in card.source] == []


def test_the_page_shows_every_section(root):
    page = (root / "book" / "cheat_sheet.md").read_text(encoding="utf-8")
    assert re.findall(r'rules_table\("([^"]+)"\)', page) == sheet.sections()
    assert re.findall(r"^## (.+)$", page, re.MULTILINE)[:-1] == sheet.sections()


def test_the_printed_sheet_is_up_to_date_and_one_page():
    assert draw_cheat_sheet.written_digest() == draw_cheat_sheet.digest(), "run `python tools/draw_cheat_sheet.py`"
    assert len(re.findall(rb"/Type /Page\b(?!s)", draw_cheat_sheet.TARGET.read_bytes())) == 1


def test_the_printed_sheet_is_the_same_when_drawn_again(tmp_path):
    first, second = tmp_path / "1.pdf", tmp_path / "2.pdf"
    draw_cheat_sheet.draw(first)
    draw_cheat_sheet.draw(second)
    assert first.read_bytes() == second.read_bytes()


def test_the_card_of_links_is_up_to_date():
    assert draw_social_card.written_digest() == draw_social_card.digest(), "run `python tools/draw_social_card.py`"
