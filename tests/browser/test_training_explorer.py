"""The training explorer in a real browser: it asks first, tells the truth, and every number is a record's."""

import copy
import itertools
import math
import random
import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from cnnlib.widgets import TrainingExplorer, bundle, training_runs

TEXT = bundle.words("training_explorer")
DATA = bundle.asset(training_runs.ASSET)
COMPARISONS = {each["name"]: each for each in DATA["comparisons"]}
MODEL = "(await window.cnnlibWidgets.ready)[0].value.model"
ROWS = "(table) => [...table.tBodies[0].rows].map((row) => [...row.cells].slice(1).map((c) => c.dataset.value))"
PLACES = """() => [...document.querySelectorAll(".cw-tr p, .cw-tr figure, .cw-tr tr, .cw-tr button, .cw-tr input")].map(
  (element) => { const { x, y, width, height } = element.getBoundingClientRect(); return [x, y, width, height]; })"""
DASHES = "(element) => getComputedStyle(element).strokeDasharray"
CALL = """async ([name, calls]) => {
  const widget = (await window.cnnlibWidgets.load("training_explorer")).default;
  return calls.map((values) => widget[name](...values));
}"""


def label(run):
    return TEXT[f"run_{run.split('@')[0]}"]


def reveal(page):
    page.get_by_role("button", name=TEXT["reveal"]).click()


def go_to(page, epoch):
    page.evaluate(f"async () => {{ const model = {MODEL}; model.set('epoch', {epoch}); }}")


def cells(page):
    """Return what the table shows: label to the four values as text."""
    return {
        row.get_attribute("data-run"): [cell.inner_text() for cell in row.locator("td").all()[:4]]
        for row in page.locator(".cw-tr-values tbody tr").all()
    }


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_numbers_at_the_cursor_are_the_records(visit, page_with, name):
    w = TrainingExplorer(comparison=name, predicted=True)
    page = visit(page_with(w))
    for epoch in {1, 2, 4, w.epochs}:
        go_to(page, epoch)
        shown = cells(page)
        for run, record in w.runs.items():
            rows = record.runs[0]["epochs"]
            if epoch > len(rows) or not math.isfinite(rows[epoch - 1]["train_loss"]):
                assert shown[run] == [TEXT["diverged"]] * 4
                continue
            for column, said in zip(training_runs.CURVES, shown[run], strict=True):
                unit = 100 if column.endswith("accuracy") else 1
                number = float(re.match(r"[\d.]+", said)[0])
                assert number == pytest.approx(unit * rows[epoch - 1][column], abs=0.051 if unit == 100 else 0.00051)


@pytest.mark.parametrize("name", [name for name in COMPARISONS if name != "remedies"])
def test_the_layers_numbers_are_the_records(visit, page_with, name):
    w = TrainingExplorer(comparison=name, predicted=True)
    page = visit(page_with(w))
    page.get_by_text(TEXT["layer_numbers"]).click()
    for epoch in (1, w.epochs - 1):
        go_to(page, epoch)
        tables = page.locator(".cw-tr-layers").all()
        for table, column, shift in zip(tables, ("gradient_norm", "weight_norm"), (0, 1), strict=True):
            got = table.evaluate(ROWS)
            for i, record in enumerate(w.runs.values()):
                layers = record.runs[0]["layers"]
                expected = [layer[column][epoch - 1 + shift] for layer in layers]
                assert [float(row[i]) for row in got[: len(layers)]] == expected


def test_every_word_is_in_the_table():
    parts = [part for part in bundle.modules("training_explorer") if part.startswith("training")]
    used = {word for part in parts for word in re.findall(r"\btext\.(\w+)", bundle.source(part))}
    assert len(used) > 50
    assert used <= set(TEXT)


@pytest.mark.parametrize("name", COMPARISONS)
def test_it_asks_first_and_nothing_of_the_answer_is_in_the_page(visit, page_with, name):
    page = visit(page_with(TrainingExplorer(comparison=name)))
    alive = page.locator(".cw-tr")
    assert alive.locator("[data-line], .cw-tr-values, .cw-tr-dot").count() == 0
    html = alive.inner_html()
    ends = [seed["val_accuracy"][-1] for run in COMPARISONS[name]["runs"] for seed in DATA["runs"][run]["seeds"]]
    assert not [end for end in ends if f"{100 * end:.1f} %" in html]
    reveal(page)
    for caption in ("on_training", "on_validation"):
        curves = page.locator(f'.cw-tr-grid figure:has-text("{TEXT[caption]}") [data-line]')
        assert curves.count() == len(COMPARISONS[name]["runs"])
    assert page.locator(".cw-tr-order").count() == 0


def python_score(name, order):
    """Judge an order from the ledger, written anew: pairs, right, even, and the widest slip."""
    asks = COMPARISONS[name]["asks"]
    sign, margin = (1, 0.05) if asks.endswith("loss") else (-1, 0.02)
    costs = {}
    for run in order:
        rows = [one["epochs"][-1] for one in training_runs.load(run).runs]
        costs[run] = [sign * row[asks] if math.isfinite(row["train_loss"]) else math.inf for row in rows]
    right = even = 0
    slips = []
    for a, b in itertools.combinations(order, 2):
        mean_a, mean_b = (sum(costs[run]) / len(costs[run]) for run in (a, b))
        overlap = min(costs[a]) <= max(costs[b]) and min(costs[b]) <= max(costs[a])
        close = overlap or abs(mean_a - mean_b) < margin
        even += close
        right += close or mean_a < mean_b
        if not close and mean_a > mean_b:
            slips.append((mean_a - mean_b, a, b))
    widest = max(slips, key=lambda slip: slip[0]) if slips else None
    return len(order) * (len(order) - 1) // 2, right, even, widest and widest[1:]


def test_every_order_is_scored_as_the_records_say(visit, page_with):
    rng, cases = random.Random(5), []
    for name, each in COMPARISONS.items():
        orders = list(itertools.permutations(each["runs"]))
        cases += [(name, list(order)) for order in rng.sample(orders, min(len(orders), 40))]
    page = visit(page_with(TrainingExplorer()))
    got = page.evaluate(CALL, ["score", [[DATA, name, order] for name, order in cases]])
    kinds = set()
    for (name, order), one in zip(cases, got, strict=True):
        pairs, right, even, slip = python_score(name, order)
        assert (one["pairs"], one["right"], one["even"]) == (pairs, right, even), (name, order)
        assert (slip is None) == (right == pairs)
        assert (one["slip"] and (one["slip"]["upper"], one["slip"]["lower"])) == slip
        kinds.add(right == pairs)
    assert kinds == {True, False}


def put_in_order(page, order):
    """Sort the list by its buttons, as a hand would."""
    for place, run in enumerate(order):
        row = page.locator(f'.cw-tr-order li[data-run="{run}"]')
        while row.locator(".cw-tr-place").inner_text() != str(place + 1):
            row.locator('[data-by="-1"]').click()


def test_a_right_prediction_and_its_opposite_are_told_apart(visit, page_with):
    name = "optimizer"
    best = sorted(COMPARISONS[name]["runs"], key=lambda run: -training_runs.load(run).histories[0].last["val_accuracy"])
    page = visit(page_with(TrainingExplorer(comparison=name)))
    put_in_order(page, best)
    reveal(page)
    verdict = page.locator(".cw-tr-verdict")
    assert "All 6 pairs of your order stand right." in verdict.inner_text()
    assert "slip" not in verdict.inner_text()
    page.get_by_role("button", name=TEXT["reset"]).click()
    put_in_order(page, best[::-1])
    reveal(page)
    pairs, right, _, slip = python_score(name, best[::-1])
    said = verdict.inner_text()
    assert f"{right} of the {pairs} pairs" in said
    assert f"you put {label(slip[0])} above {label(slip[1])}" in said
    assert page.evaluate("document.activeElement.className") == "cw-tr-verdict", "a reader who listens is told at once"


def test_it_can_be_skipped_and_reset_brings_the_question_back(visit, page_with):
    page = visit(page_with(TrainingExplorer(quantity="accuracy")))
    page.get_by_role("button", name=TEXT["skip"]).click()
    assert TEXT["skipped"] in page.locator(".cw-tr-verdict").inner_text()
    assert page.locator("[data-line]").count() > 0
    page.get_by_role("combobox", name=TEXT["comparison"]).select_option("depth")
    assert page.locator(".cw-tr-order").count() == 1, "another comparison, another question"
    page.get_by_role("combobox", name=TEXT["comparison"]).select_option("learning-rate")
    assert page.locator("[data-line]").count() > 0, "what has been seen is not asked again"
    page.get_by_role("button", name=TEXT["reset"]).click()
    assert page.locator("[data-line]").count() == 0
    assert page.locator(".cw-tr-order").count() == 1


def test_all_of_it_works_by_keyboard(visit, page_with):
    page = visit(page_with(TrainingExplorer()))
    runs = COMPARISONS["learning-rate"]["runs"]
    page.get_by_role("button", name=f"Move {label(runs[2])} up").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    listed = [row.get_attribute("data-run") for row in page.locator(".cw-tr-order li").all()]
    assert listed == [runs[2], runs[0], runs[1], *runs[3:]]
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == f"Move {label(runs[2])} down"
    assert f"{label(runs[2])} is now number 1 of 5" in page.locator(".cw-tr-live").first.inner_text()
    page.get_by_role("application").focus()
    for key in ("ArrowUp", "ArrowRight", "PageDown", "ArrowRight", "ArrowRight", "ArrowUp", "Delete"):
        page.keyboard.press(key)
    assert page.locator(".cw-tr-points circle").count() == 2
    assert TEXT["sketch_none"].format(epoch=4) in page.locator(".cw-tr-live").last.inner_text()
    page.get_by_role("button", name=TEXT["reveal"]).press("Enter")
    assert f"Your sketch of {label(runs[0])} is" in page.locator(".cw-tr-verdict").inner_text()
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator(".cw-tr-epoch").inner_text() == "epoch 3 of 10"
    assert slider.get_attribute("aria-valuetext") == "epoch 3 of 10"
    page.keyboard.press("End")
    assert page.locator(".cw-tr-epoch").inner_text() == "epoch 10 of 10"


def test_a_curve_can_be_drawn_and_is_compared(visit, page_with):
    page = visit(page_with(TrainingExplorer(comparison="optimizer")))
    run = COMPARISONS["optimizer"]["runs"][2]
    page.get_by_label(TEXT["sketch_run"].format(what=TEXT["val_accuracy"])).select_option(run)
    box = page.get_by_role("application").bounding_box()
    unit = box["width"] / 256
    page.mouse.move(box["x"] + 40 * unit, box["y"] + 174 * unit)  # 0 % at epoch 1
    page.mouse.down()
    page.mouse.move(box["x"] + 236 * unit, box["y"] + 98 * unit, steps=3)  # 50 % at epoch 10
    page.mouse.up()
    assert page.locator(".cw-tr-points circle").count() == 10, "what lies between two places of the hand is filled in"
    reveal(page)
    curve = training_runs.load(run).histories[0].column("val_accuracy")
    drawn = [0.5 * i / 9 for i in range(10)]
    off = 100 * sum(abs(a - b) for a, b in zip(drawn, curve, strict=True)) / 10
    said = page.locator(".cw-tr-verdict").inner_text()
    assert float(re.search(r"is (\d+) points off", said)[1]) == pytest.approx(off, abs=2)
    assert page.locator(".cw-tr-grid .cw-tr-sketch").count() == 0, "the loss is on show, and the sketch is no loss"
    page.get_by_role("combobox", name=TEXT["view"]).select_option("accuracy")
    assert page.locator(".cw-tr-grid .cw-tr-sketch").count() == 1


def test_nothing_jumps_while_epochs_pass(visit, page_with):
    for name, width in (("learning-rate", 1000), ("depth", 390), ("remedies", 390)):
        w = TrainingExplorer(comparison=name, predicted=True)
        page = visit(page_with(w), width=width)
        places = set()
        for epoch in range(1, w.epochs + 1):
            go_to(page, epoch)
            places.add(str(page.evaluate(PLACES)))
        assert len(places) == 1, name


def test_play_walks_to_the_end_and_stops_there(visit, page_with):
    page = visit(page_with(TrainingExplorer(predicted=True, epoch=9)))
    page.get_by_role("button", name=TEXT["play"]).click()
    page.wait_for_function("document.querySelector('.cw-tr-epoch').textContent === 'epoch 10 of 10'")
    page.get_by_role("button", name=TEXT["play"]).wait_for()
    page.get_by_role("button", name=TEXT["play"]).click()
    page.wait_for_function("document.querySelector('.cw-tr-epoch').textContent === 'epoch 1 of 10'")
    page.get_by_role("button", name=TEXT["pause"]).click()
    page.get_by_role("button", name=TEXT["forward"]).click()
    assert page.locator(".cw-tr-epoch").inner_text() == "epoch 2 of 10"
    page.get_by_role("button", name=TEXT["back"]).click()
    page.get_by_role("button", name=TEXT["back"]).click()
    assert page.locator(".cw-tr-epoch").inner_text() == "epoch 1 of 10"


def test_a_pointer_on_a_curve_moves_the_cursor(visit, page_with):
    page = visit(page_with(TrainingExplorer(predicted=True)))
    box = page.locator(".cw-tr-grid svg").first.bounding_box()
    unit = box["width"] / 340
    page.mouse.click(box["x"] + (40 + 196 * 5 / 9) * unit, box["y"] + 100 * unit)
    assert page.locator(".cw-tr-epoch").inner_text() == "epoch 6 of 10"
    assert page.get_by_role("slider").input_value() == "6"


@pytest.fixture
def doctored(monkeypatch):
    """Return a copy of the runs in which the first seed of the second run breaks off in its second epoch."""
    data = copy.deepcopy(DATA)
    run = data["runs"][COMPARISONS["optimizer"]["runs"][1]]
    run["seeds"] = run["seeds"][:1]
    for column in training_runs.CURVES:
        values = run["seeds"][0][column]
        run["seeds"][0][column] = [values[0], None if column.endswith("loss") else 0.1]
    for layer in run["layers"]:
        for column in ("gradient_norm", "weight_norm"):
            layer[column] = [*layer[column][: 1 + (column == "weight_norm")], None]
        layer["quantiles"] = [*layer["quantiles"][:2], [None] * 5]
    monkeypatch.setattr(bundle, "asset", lambda name: data)
    return label(COMPARISONS["optimizer"]["runs"][1])


def test_a_run_that_diverged_is_shown_as_such(visit, page_with, doctored):
    page = visit(page_with(TrainingExplorer(comparison="optimizer", epoch=5)))
    run = COMPARISONS["optimizer"]["runs"][1]
    others = [each for each in COMPARISONS["optimizer"]["runs"] if each != run]
    put_in_order(page, [run, *others])
    reveal(page)
    assert f"you put {doctored} above" in page.locator(".cw-tr-verdict").inner_text()
    go_to(page, 1)
    assert re.match(r"\d", cells(page)[run][0])
    for epoch in (2, 7):
        go_to(page, epoch)
        assert cells(page)[run] == ["diverged"] * 4, "an accuracy of a network full of NaN is no measurement"
    assert f"{doctored} diverged in epoch 2: its loss was no longer a number" in page.locator(".cw-tr").inner_text()
    assert f"{doctored} ×" in page.locator(".cw-tr-grid figure").first.inner_text()
    assert page.locator(".cw-tr-grid figure").first.locator(".cw-tr-cross").count() == 1
    said = page.locator(".cw-tr-grid svg").nth(2).get_attribute("aria-label")
    assert f"{doctored}: no number, it has diverged." in said
    page.get_by_role("combobox", name=TEXT["weights"]).select_option(run)
    assert "no number" in page.locator(".cw-tr-grid svg").nth(3).get_attribute("aria-label")


def test_seeds_that_diverged_in_the_records_are_named(visit, page_with):
    w = TrainingExplorer(predicted=True)
    said = visit(page_with(w)).locator(".cw-tr").inner_text()
    gone = {run: [h for h in record.histories if h.diverged] for run, record in w.runs.items()}
    assert any(gone.values()), "the largest rate breaks the net"
    for run, histories in gone.items():
        for history in histories:
            assert re.search(rf"{label(run)} diverged in .*epoch {len(history.epochs)} \({history.label}\)", said)


def test_axes_are_linear_or_logarithmic_and_lines_have_names(visit, page_with):
    page = visit(page_with(TrainingExplorer(comparison="depth", predicted=True)))
    curves = page.locator(".cw-tr-grid figure").first
    line = curves.locator("[data-line] .cw-tr-line").first
    linear = line.get_attribute("d")
    page.get_by_role("combobox", name=TEXT["view"]).select_option("log")
    logarithmic = curves.locator("[data-line] .cw-tr-line").first.get_attribute("d")
    assert linear != logarithmic
    page.get_by_role("combobox", name=TEXT["view"]).select_option("accuracy")
    assert page.evaluate(f"async () => {MODEL}.get('quantity')") == "accuracy"
    assert "%" in curves.inner_text()
    names = curves.locator(".cw-tr-name text").all_text_contents()
    assert sorted(names) == sorted(label(run) for run in COMPARISONS["depth"]["runs"])
    heights = sorted(box["y"] for box in (t.bounding_box() for t in curves.locator(".cw-tr-name text").all()))
    assert all(b - a >= 10 for a, b in itertools.pairwise(heights)), "names do not lie on each other"
    dashes = {line.evaluate(DASHES) for line in curves.locator("[data-line] .cw-tr-line").all()}
    assert len(dashes) == 4, "lines can be told apart without colour"


def test_runs_without_layers_say_so(visit, page_with):
    page = visit(page_with(TrainingExplorer(comparison="remedies", predicted=True)))
    assert TEXT["no_layers"] in page.locator(".cw-tr").inner_text()
    assert page.locator(".cw-tr-grid figure").count() == 2


def test_where_the_runs_come_from_is_said(visit, page_with):
    for name in COMPARISONS:
        w = TrainingExplorer(comparison=name, predicted=True)
        page = visit(page_with(w))
        page.get_by_text(TEXT["how_made"]).click()
        said = page.locator(".cw-tr").inner_text()
        for record in w.runs.values():
            assert record.dataset["title"] in said and record.hardware["processor"] in said
            assert f"{record.parameters:,}" in said and record.commit.split()[0] in said
        single = all(record.n == 1 for record in w.runs.values())
        assert (TEXT["single"] in said) == single


def test_changes_from_the_kernel_are_followed_and_bad_ones_are_not(visit, page_with):
    page = visit(page_with(TrainingExplorer(predicted=True)))
    page.evaluate(f"async () => {{ const m = {MODEL}; m.set('comparison', 'dropout'); m.set('epoch', 12); }}")
    assert page.locator(".cw-tr-epoch").inner_text() == "epoch 12 of 20"
    page.evaluate(f"async () => {{ const m = {MODEL}; m.set('epoch', 99); m.set('quantity', 'speed'); }}")
    assert page.locator(".cw-tr-epoch").inner_text() == "epoch 12 of 20"


def test_several_live_on_one_page(visit, page_with):
    page = visit(page_with(TrainingExplorer(predicted=True), TrainingExplorer(comparison="depth")))
    one, other = page.locator(".cw-tr").all()
    before = other.inner_html()
    one.get_by_role("button", name=TEXT["forward"]).click()
    assert one.locator(".cw-tr-epoch").inner_text() == "epoch 2 of 10"
    assert other.inner_html() == before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone_before_and_after(visit, page_with, theme):
    for name in COMPARISONS:
        page = visit(page_with(TrainingExplorer(comparison=name), theme=theme), width=320)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        reveal(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        table = page.locator(".cw-tr-values")
        assert table.evaluate("(e) => e.scrollWidth <= e.parentElement.clientWidth"), "the table needs no scrolling"
        labels = page.locator(".cw-tr-name text").all()
        assert all(t.bounding_box()["x"] + t.bounding_box()["width"] <= 320 for t in labels)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_what_comes_after_the_prediction(visit, page_with, theme):
    rules = {"rules": {"landmark-one-main": {"enabled": False}, "page-has-heading-one": {"enabled": False}}}
    for name in ("learning-rate", "remedies"):
        page = visit(page_with(TrainingExplorer(comparison=name, predicted=True), theme=theme), width=390)
        for summary in page.locator("summary").all():
            summary.click()
        found = Axe().run(page, options=rules)
        assert found.violations_count == 0, found.generate_report()


def test_a_step_is_drawn_within_a_frame(visit, page_with):
    page = visit(page_with(TrainingExplorer(comparison="depth", predicted=True)))
    times = page.evaluate(f"""async () => {{
      const model = {MODEL};
      const times = [];
      for (let i = 0; i < 40; i += 1) {{
        const start = performance.now();
        model.set("epoch", 1 + (i % 10));
        document.body.getBoundingClientRect();
        times.push(performance.now() - start);
      }}
      return times.sort((a, b) => a - b);
    }}""")
    assert times[20] < 16, f"median {times[20]:.1f} ms"


def test_without_javascript_the_question_comes_first_and_the_answer_can_be_opened(browser, page_with):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_with(TrainingExplorer(comparison="optimizer")))
    assert TEXT["ask_optimizer"] in page.locator(".cw-tr").inner_text()
    assert not page.locator("table").is_visible()
    page.get_by_text(TEXT["reveal"]).click()
    for run, record in TrainingExplorer(comparison="optimizer").runs.items():
        ends = [100 * history.last["val_accuracy"] for history in record.histories]
        row = page.locator(f'tr:has-text("{label(run)}")').inner_text()
        assert f"{min(ends):.1f} to {max(ends):.1f} %" in row
    context.close()
