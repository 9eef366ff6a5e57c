"""The drill in a real browser: thousands of its questions against `cnnlib.arithmetic`, and a reader who errs."""

import json
import re

import pytest
import torch
from torch import nn

from cnnlib.widgets import BadSetting, Drill, bundle
from cnnlib.widgets.drill import EXAMPLES, TOPICS
from cnnlib.widgets.tasks import answer

ASK = """async ([state, count]) => {
  const drill = (await window.cnnlibWidgets.load("drill")).default;
  return drill.compute(state, count).map((question) => ({
    ...question, told: question.slips.map(({ value }) => drill.judge(question.task, question.args, value)),
    rightly: drill.judge(question.task, question.args, question.answer),
  }));
}"""
STORED = "() => localStorage.getItem('cnnlib-progress')"
KEY = "cnnlib-progress"


def questions(page, count=1, **state):
    return page.evaluate(ASK, [{"topic": "mixed", "level": 1, "seed": 0, "number": 1, **state}, count])


def typed(page, what):
    """Type an answer and press Enter; return what is said."""
    page.locator(".cw-answer").fill(str(what))
    page.keyboard.press("Enter")
    return page.locator(".cw-drill-verdict").inner_text()


def test_thousands_of_answers_and_slips_are_right(visit, page_with):
    page, words, seen = visit(page_with(Drill())), bundle.words("task"), 0
    slips = set()
    for topic in TOPICS:
        for level in (1, 2, 3):
            asked = questions(page, 110, topic=topic, level=level, seed=7)
            assert len({json.dumps(q["args"]) for q in asked}) >= 30, "the questions hardly differ"
            for q in asked:
                right = answer(q["task"], q["args"])
                assert q["answer"] == right >= 1, q
                assert q["rightly"] == {"right": True, "slips": []}
                assert len(q["slips"]) >= 3
                for slip, told in zip(q["slips"], q["told"], strict=True):
                    assert slip["value"] != right
                    assert not told["right"]
                    assert slip["name"] in told["slips"]
                    assert words[f"slip_{slip['name']}"]
                    assert words[f"hint_{slip['name']}"]
                    slips.add(slip["name"])
                assert re.search(rf"(?<![\d,.]){right:,}(?![\d,.]*\d)", q["lines"][-1]), q["lines"]
                assert not re.search(r"undefined|NaN|[{}]", "".join(q["lines"]))
                seen += 1
    assert seen >= 2000
    named = """floor_forgotten padding_once one_forgotten dilation_forgotten kernel_one_short bias_counted
        bias_forgotten in_channels_forgotten groups_forgotten kernel_not_squared jumps_ignored own_stride_counted
        multiplied_not_summed stride_forgotten out_channels_forgotten ceil_forgotten pool_stride_one
        output_padding_forgotten"""
    assert set(named.split()) <= slips


def test_slips_are_what_their_names_say(visit, page_with):
    page = visit(page_with(Drill()))
    judged = """async ([task, args, given]) =>
      (await window.cnnlibWidgets.load("drill")).default.judge(task, args, given)"""
    alexnet = {"input_size": 224, "kernel_size": 11, "stride": 4}
    resnet = {"input_size": 224, "kernel_size": 7, "stride": 2, "padding": 3}
    note001 = {"in_channels": 3, "out_channels": 10, "kernel_size": 11}
    field = {"windows": [{"kernel_size": 3, "stride": 2}, {"kernel_size": 3}]}
    for task, args, given, name in (
        ("conv_output_size", alexnet, 54.25, "floor_forgotten"), ("conv_output_size", alexnet, 55, "rounded_up"),
        ("conv_output_size", resnet, 111, "one_forgotten"), ("conv_output_size", resnet, 109, "padding_forgotten"),
        ("conv_output_size", {"input_size": 32, "kernel_size": 5, "padding": 2}, 30, "padding_once"),
        ("conv_output_size", {"input_size": 32, "kernel_size": 3, "dilation": 2}, 30, "dilation_forgotten"),
        ("conv_parameters", note001, 1210, "channels_and_bias_forgotten"),
        ("conv_parameters", note001, 1220, "in_channels_forgotten"),
        ("conv_parameters", note001, 3630, "bias_forgotten"),
        ("conv_parameters", {**note001, "bias": False}, 3640, "bias_counted"),
        ("receptive_field", field, 5, "jumps_ignored"), ("receptive_field", field, 9, "own_stride_counted"),
    ):  # fmt: skip
        said = page.evaluate(judged, [task, args, given])
        assert not said["right"]
        assert said["slips"][0] == name, (task, args, given, said)


def test_the_code_is_what_is_asked_about(visit, page_with):
    page = visit(page_with(Drill()))
    for topic in ("output_size", "pooling_size", "transposed_size", "parameters", "macs"):
        for q in (q for level in (1, 2, 3) for q in questions(page, 25, topic=topic, level=level, seed=2)):
            if "…" in q["code"][-1]:
                continue
            layers = [eval(line.split("#")[0], {"nn": nn}).to("meta") for line in q["code"]]
            count = sum(p.numel() for layer in layers for p in layer.parameters())
            if topic == "parameters":
                assert count == q["answer"], q
                continue
            channels = getattr(layers[-1], "in_channels", 3)
            x = torch.empty((1, channels, q["values"]["n"], q["values"]["n"]), device="meta")
            if q["task"] == "linear_macs":
                x = x[0, 0]
            for layer in layers:
                x = layer(x)
            if topic == "macs":
                places = x.shape[-1] * x.shape[-2] if x.dim() == 4 else 1
                assert q["answer"] == layers[-1].weight.numel() * places
            else:
                assert x.shape[-1] == x.shape[-2] == q["answer"], q


def test_the_same_seed_asks_the_same(visit, page_with):
    page = visit(page_with(Drill()))
    first, again = (questions(page, 40, topic="mixed", level=2, seed=5) for _ in range(2))
    assert first == again
    assert questions(page, 1, level=2, seed=5, number=33)[0] == first[32]
    assert questions(page, 40, level=2, seed=6) != first
    assert {q["topic"] for q in first} == set(EXAMPLES)
    assert all(answer(task, args) for _, _, task, args in EXAMPLES.values())


def test_two_tries_then_the_way(visit, page_with):
    page = visit(page_with(Drill(topic="output_size", level=2, seed=3)))
    q = questions(page, topic="output_size", level=2, seed=3)[0]
    slip = next(s for s in q["slips"] if s["name"] == "one_forgotten")
    said = typed(page, slip["value"])
    assert bundle.words("task")["slip_one_forgotten"] in said
    assert "One more try" in said
    assert "The way there" not in said
    assert page.evaluate("document.activeElement.className") == "cw-answer"
    said = typed(page, 7654)
    assert "Not 7,654." in said
    assert f"It is {q['answer']}." in said
    assert all(line in said for line in q["lines"])
    assert page.evaluate("document.activeElement.className") == "cw-drill-verdict"
    assert "Solved 0 of 1" in page.locator(".cw-drill-tally").inner_text()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Next question"
    page.keyboard.press("Enter")
    assert page.locator(".cw-drill-number").inner_text() == "Question 2: output size"
    assert page.evaluate("document.activeElement.className") == "cw-answer"


def test_right_answers_count_and_enter_goes_on(visit, page_with):
    page = visit(page_with(Drill(topic="parameters", level=3)))
    for number, q in enumerate(questions(page, 5, topic="parameters", level=3), start=1):
        assert page.locator(".cw-drill-code").inner_text().split("\n") == q["code"]
        assert f"Right: {q['answer']:,}." in typed(page, f"{q['answer']:,}")
        assert f"Solved {number} of {number}. In a row: {number}" in page.locator(".cw-drill-tally").inner_text()
        page.keyboard.press("Enter")
    assert page.locator(".cw-drill-number").inner_text().startswith("Question 6")
    page.get_by_text("Show the way").click()
    assert "Solved 5 of 6. In a row: 0, at best 5" in page.locator(".cw-drill-tally").inner_text()
    page.get_by_role("button", name="Reset").click()
    assert page.locator(".cw-drill-number").inner_text().startswith("Question 1")
    assert page.locator(".cw-answer").input_value() == ""


def test_the_model_hears_of_it(visit, page_with):
    page = visit(page_with(Drill(topic="macs")))
    told = page.evaluate("""async () => {
      const drill = (await window.cnnlibWidgets.load("drill")).default, place = document.createElement("div");
      const press = (name) => [...place.querySelectorAll("button")].find((b) => b.textContent === name).click();
      const state = { topic: "macs", level: 1, seed: 0, number: 1 }, listeners = {};
      const model = { get: (k) => state[k], set: (k, v) => { state[k] = v; }, save_changes() {},
        on: (e, f) => { listeners[e] = f; }, off() {} };
      document.body.append(place);
      const stop = drill.render({ model, el: place });
      place.querySelector(".cw-answer").value = String(drill.compute(state)[0].answer);
      ["Check", "Next question", "Show the way"].forEach(press);
      const after = { ...state };
      Object.assign(state, { topic: "parameters", number: 4 }); // as if Python had set it
      listeners["change:topic"]();
      const shown = place.querySelector(".cw-drill-number").textContent;
      stop();
      return [after, shown];
    }""")
    state = {"topic": "macs", "level": 1, "seed": 0, "number": 2, "answered": 2, "correct": 1}
    assert told == [state, "Question 4: parameters"]


def test_what_is_no_answer_costs_no_try(visit, page_with):
    page = visit(page_with(Drill(topic="transposed_size")), width=390)
    for what, said in (
        ("", "Type a number first"), ("   ", "Type a number first"), ("abc", "Digits only"), ("1e9", "Digits only"),
        ("-5", "never negative"), ("−5", "never negative"), ("3.5", "whole number"), ("3 4", "Two numbers"),
        ("1,23", "Two numbers"), ("12*", "cannot be worked out"), ("1/0", "cannot be worked out"),
        ("(3", "cannot be worked out"), ("9" * 30, "larger than anything"), ("三", "Digits only"),
    ):  # fmt: skip
        heard = typed(page, what)
        assert said in heard
        assert "One more try" not in heard
    assert "One more try" in typed(page, 1_000_000_000)
    assert "Right" in typed(page, questions(page, topic="transposed_size")[0]["answer"])


def test_numbers_as_people_type_them(visit, page_with):
    page = visit(page_with(Drill(topic="macs", seed=1)))
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    for q, form in zip(
        questions(page, 9, topic="macs", seed=1),
        (lambda n: f"{n:,}", lambda n: f"{n:,}".replace(",", " "), lambda n: str(n).translate(wide),
         lambda n: f"{n:,}".replace(",", "，").translate(wide), lambda n: f"{n:,}".replace(",", "'"),
         lambda n: f" {n} ", lambda n: f"2 × ({n} − {n} / 2)", lambda n: f"{n - 9}+3²", lambda n: f"1x{n}"),
        strict=True,
    ):  # fmt: skip
        assert f"Right: {q['answer']:,}." in typed(page, form(q["answer"]))
        page.keyboard.press("Enter")


def test_the_value_of_a_sum_is_shown_while_typing(visit, page_with):
    page = visit(page_with(Drill()))
    page.locator(".cw-answer").fill("10 * (3 * 11 * 11 + 1)")
    assert page.locator(".cw-sum-value").inner_text() == "= 3,640"
    page.locator(".cw-answer").fill("3640")
    assert page.locator(".cw-sum-value").inner_text() == ""


def test_progress_is_kept_and_forgotten(visit, page_with):
    page = visit(page_with(Drill(topic="output_size", level=2, seed=3)))
    assert page.evaluate(STORED) is None, "nothing is written before anything is done"
    page.evaluate(f"localStorage.setItem('{KEY}', JSON.stringify({{version: 1, other: 5}}))")
    q = questions(page, topic="output_size", level=2, seed=3)[0]
    slip = next(s for s in q["slips"] if s["name"] == "one_forgotten")
    typed(page, slip["value"])
    typed(page, q["answer"])
    kept = json.loads(page.evaluate(STORED))
    assert kept == {
        "version": 1, "other": 5, "quizzes": {},
        "drills": {"output_size": {"answered": 1, "solved": 1, "streak": 1, "best": 1, "slips": {"one_forgotten": 1}}},
    }  # fmt: skip
    page.reload()
    page.evaluate("() => window.cnnlibWidgets.ready.then(() => true)")
    tally = page.locator(".cw-drill-tally")
    assert "Solved 1 of 1" in tally.inner_text()
    assert "the + 1 forgotten (1×)" in tally.inner_text()
    page.get_by_text("Forget my drills").click()
    assert "Solved 1 of 1" in tally.inner_text(), "one press does not do it"
    page.get_by_text("Really forget them?").click()
    assert "Nothing solved yet" in tally.inner_text()
    assert json.loads(page.evaluate(STORED)) == {"version": 1, "other": 5, "quizzes": {}, "drills": {}}


REMOUNT = """async () => {
  const place = document.querySelector(".cnnlib-widget");
  await window.cnnlibWidgets.mount(place);
}"""


@pytest.mark.parametrize(
    "broken",
    [
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })",
        "Storage.prototype.setItem = () => { throw new Error('full'); }",
        f"localStorage.setItem('{KEY}', JSON.stringify({{ version: 99, drills: 'of tomorrow' }}))",
    ],
)
def test_without_storage_it_goes_on_and_says_so(visit, page_with, broken):
    page = visit(page_with(Drill(topic="output_size")))
    page.evaluate(f"() => {{ {broken}; }}")
    page.evaluate(REMOUNT)
    for number, q in enumerate(questions(page, 2, topic="output_size"), start=1):
        assert "Right" in typed(page, q["answer"])
        assert f"Solved {number} of {number}" in page.locator(".cw-drill-tally").inner_text()
        page.keyboard.press("Enter")
    assert "keeps nothing" in page.locator(".cw-drill-tally").inner_text()
    if "99" in broken:
        assert json.loads(page.evaluate(STORED)) == {"version": 99, "drills": "of tomorrow"}


@pytest.mark.parametrize("damaged", ["{", "[1]", "5", '{"drills":7}', '{"drills":{"output_size":"x","macs":null}}'])
def test_a_damaged_record_is_begun_anew(visit, page_with, damaged):
    page = visit(page_with(Drill(topic="output_size")))
    page.evaluate(f"(text) => localStorage.setItem('{KEY}', text)", damaged)
    page.evaluate(REMOUNT)
    assert "Right" in typed(page, questions(page, topic="output_size")[0]["answer"])
    assert json.loads(page.evaluate(STORED))["drills"]["output_size"]["solved"] == 1
    page.locator("select").first.select_option("mixed")
    assert "Solved 1 of 1" in page.locator(".cw-drill-tally").inner_text()


def test_topic_and_level_can_be_chosen(visit, page_with):
    page = visit(page_with(Drill(topic="output_size"), Drill(topic="macs")))
    first, second = page.locator(".cw-drill").all()
    first.get_by_label("topic").select_option("receptive_field")
    first.get_by_label("level").select_option("3")
    q = questions(page, topic="receptive_field", level=3)[0]
    assert first.locator(".cw-drill-code").inner_text().split("\n") == q["code"]
    assert "multiply-adds" in second.locator(".cw-drill-number").inner_text()
    first.get_by_role("button", name="Reset").click()
    assert "output size" in first.locator(".cw-drill-number").inner_text()
    assert first.get_by_label("level").input_value() == "1"


BOX = """() => [".cw-drill", ".cw-drill-verdict", ".cw-drill .cw-buttons", ".cw-drill-tally"].map((part) => {
  const each = document.querySelector(part);
  const { top, height } = each.getBoundingClientRect();
  return [Math.round(top + scrollY), Math.round(height)];
})"""


@pytest.mark.parametrize(("width", "theme"), [(320, "light"), (390, "dark"), (1000, "dark")])
def test_nothing_jumps_and_nothing_overflows(visit, page_with, width, theme):
    for topic in ("mixed", "parameters"):
        widget = Drill(topic=topic, level=3)
        page = visit(page_with(widget, theme=theme), width=width)
        alive = page.locator(".cw-drill").bounding_box()["height"]
        assert alive <= 1.05 * widget.heights[width > 600]
        before = page.evaluate(BOX)
        for q in questions(page, 4, topic=topic, level=3):
            for given in ("what?", q["slips"][0]["value"], 88_888):
                typed(page, given)
                assert page.evaluate(BOX) == before
                assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.keyboard.press("Enter")
            assert page.evaluate(BOX) == before


def test_a_new_question_is_drawn_in_a_frame(visit, page_with):
    page = visit(page_with(Drill(level=3)))
    times = page.evaluate("""() => {
      const buttons = [...document.querySelectorAll("button")];
      const [show, next] = ["Show the way", "Next question"].map((text) => buttons.find((b) => b.textContent === text));
      return Array.from({ length: 40 }, () => {
        const start = performance.now();
        show.click();
        next.click();
        document.body.getBoundingClientRect();
        return (performance.now() - start) / 2;
      }).sort((a, b) => a - b);
    }""")
    assert times[20] <= 16


def test_settings_are_checked_and_the_last_state_stays():
    w = Drill(topic="macs", level=2, seed=4)
    for name, value, words in (
        ("topic", "size", "There is no topic 'size'.*Choose one of: macs, mixed"),
        ("topic", "parameter", "Did you mean 'parameters'"),
        ("level", 4, "level is 4; it must be from 1 to 3. Use level=3"),
        ("seed", -1, "seed is -1"),
        ("number", 0, "number is 0; it must be from 1"),
    ):
        before = w.state()
        with pytest.raises(BadSetting, match=words):
            setattr(w, name, value)
        assert w.state() == before
    assert repr(w) == "Drill(topic='macs', level=2, seed=4)"
    assert (w.answered, w.correct) == (0, 0)
    assert "answered" not in w.state()
    w.set_state({"answered": 3, "correct": 2})  # what the browser sends
    assert (w.answered, w.correct) == (3, 2)


def test_there_is_a_question_without_javascript():
    for topic in TOPICS:
        page = Drill(topic=topic).to_html()
        assert "nn." in page
        assert "<details>" in page
    assert "<p>55</p>" in Drill(topic="output_size").to_html()
