"""The quizzes: their tables, their numbers against Python, and a reader with a keyboard through all of them."""

import json
import re

import nbformat
import pytest

from cnnlib import models
from cnnlib.widgets import BadSetting, Quiz, bundle
from cnnlib.widgets.tasks import TASKS, answer

CHAPTERS = Quiz.chapters()
KEY = "cnnlib-progress"
COMPUTED = """async (table) => (await window.cnnlibWidgets.load("quiz")).default.compute(table)"""
JUDGED = """async ([question, wording, given]) =>
  (await window.cnnlibWidgets.load("quiz")).default.judge(question, wording, given)"""


def table(chapter):
    return bundle.asset(f"quiz_{chapter}")


def wordings(chapter):
    return table(chapter)["words"]["en"]


def test_every_chapter_has_its_quiz_and_shows_it(root):
    assert {path.stem for path in (root / "chapters").glob("*.ipynb")} == set(CHAPTERS)
    for chapter in CHAPTERS:
        cells = nbformat.read(root / "chapters" / f"{chapter}.ipynb", as_version=4).cells
        headings = [line for cell in cells if cell.cell_type == "markdown" for line in cell.source.split("\n")]
        headings = [line[3:] for line in headings if line.startswith("## ")]
        assert headings[headings.index("Quiz") - 1 : headings.index("Quiz") + 2] == ["Summary", "Quiz", "Sources"]
        assert sum(f'Quiz(chapter="{chapter}")' in cell.source for cell in cells if cell.cell_type == "code") == 1


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_table_is_sound(root, chapter):
    cells = nbformat.read(root / "chapters" / f"{chapter}.ipynb", as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    headings = set(re.findall(r"^#{2,4} (.+?)\s*$", text, re.MULTILINE))
    questions, words = table(chapter)["questions"], wordings(chapter)
    assert 5 <= len(questions) <= 8
    assert [q["id"] for q in questions] == list(words), "words for each question, and for no other"
    assert {"number", "choice"} <= {q["kind"] for q in questions}
    for q in questions:
        w = words[q["id"]]
        assert w["section"] in headings, f"the chapter has no section {w['section']!r}"
        assert all(len(w[key]) > 10 for key in ("ask", "why"))
        if q["kind"] in ("number", "shape"):
            assert set(q) <= {"id", "kind", "code", "task", "args"}, "no result is typed in"
            assert q["task"] in TASKS
        elif q["kind"] == "order":
            assert set(w["options"]) == set(q["items"])
            assert len(q["items"]) >= 3
        else:
            options, right = q["options"], [q["right"]] if q["kind"] == "choice" else q["right"]
            assert set(w["options"]) == set(options)
            assert len(set(w["options"].values())) == len(options) == len(set(options)) >= 3
            assert set(right) < set(options)
            assert set(w["because"]) >= set(options) - set(right), "each wrong option has its explanation"
            assert all(len(sentence) > 15 for sentence in w["because"].values())
            if q["kind"] == "several":
                assert len(right) >= 2 or len(options) > 3
                assert set(w["because"]) == set(options)


def test_numbers_equal_python_and_every_answer_is_judged(visit, page_with):
    page, words = visit(page_with(Quiz())), bundle.words("task")
    computed = explained = 0
    for chapter in CHAPTERS:
        data = table(chapter)
        for q, got in zip(data["questions"], page.evaluate(COMPUTED, data), strict=True):
            w = wordings(chapter)[q["id"]]
            right = page.evaluate(JUDGED, [q, w, got["samples"][0]])
            assert right == {"right": True, "said": ["Right."]}
            for given in got["samples"][1:]:
                wrong = page.evaluate(JUDGED, [q, w, given])
                assert not wrong["right"]
                if q["kind"] == "choice":
                    assert w["because"][given] in wrong["said"]
                    explained += 1
                elif q["kind"] == "several":
                    assert set(wrong["said"]) >= set(w["because"].values())
            if "task" in q:
                python = answer(q["task"], q["args"])
                assert got["answer"] == python, (chapter, q["id"])
                assert len(got["slips"]) >= 2, (chapter, q["id"])
                for slip in got["slips"]:
                    assert slip["value"] != python
                    told = page.evaluate(JUDGED, [q, w, slip["value"]])["said"]
                    assert any(words[f"slip_{other['name']}"] in " ".join(told) for other in got["slips"])
                shown = " × ".join(f"{n:,}" for n in python) if isinstance(python, list) else f"{python:,}"
                assert shown in got["lines"][-1], (chapter, q["id"], got["lines"])
                assert not re.search(r"undefined|NaN|[{}]", "".join(got["lines"]))
                computed += 1
    assert computed >= 40
    assert explained >= 120


def test_numbers_of_networks_are_those_of_the_networks():
    def of(chapter, id):
        q = next(q for q in table(chapter)["questions"] if q["id"] == id)
        return answer(q["task"], q["args"])

    def parameters(model, layer, **settings):
        return sum(p.numel() for p in dict(models.build(model, **settings).named_modules())[layer].parameters())

    assert of("06_lenet", "c5") == parameters("lenet5_1998", "c5")
    colour = {"in_channels": 3, "image_size": 32, "padding": 0}
    assert of("0502_lenet_on_cifar10", "colour") == parameters("lenet5", "c1", **colour)
    assert of("0501_permuted_pixels", "first") == parameters("fc_0501", "fc1")
    assert of("0503_vgg_on_cifar10", "features") == 512


def start(page, quiz):
    """Stand on the first control of a quiz, by the keyboard alone from its head."""
    quiz.get_by_role("button", name="Start again").focus()
    page.keyboard.press("Enter")


def answer_by_keyboard(page, quiz, q, right):
    """Give an answer with the keyboard only; the focus stands on the question's first control."""
    if q["kind"] in ("number", "shape"):
        for n, part in enumerate(right if isinstance(right, list) else [right]):
            if n:
                page.keyboard.press("Tab")
            page.keyboard.type(str(part))
        page.keyboard.press("Enter")
        return
    if q["kind"] == "order":
        order_by_keyboard(page, quiz, q["items"])
        return
    shown = [option.get_attribute("value") for option in quiz.locator(".here input").all()]
    if q["kind"] == "choice":
        page.keyboard.press("Space")
        for _ in range(shown.index(right)):
            page.keyboard.press("ArrowDown")
    else:
        for n, option in enumerate(shown):
            if n:
                page.keyboard.press("Tab")
            if option in right:
                page.keyboard.press("Space")
    page.keyboard.press("Enter")


def order_by_keyboard(page, quiz, items):
    words = wordings(quiz.get_attribute("data-chapter"))
    options = next(w["options"] for w in words.values() if set(w.get("options", {})) == set(items))
    texts = [options[item] for item in items]
    where = "document.activeElement.getAttribute('aria-label')"
    for place, text in enumerate(texts):
        while page.evaluate(where) != f"Move up: {text}":
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == "Check":
                for _ in range(2 * len(texts)):
                    page.keyboard.press("Shift+Tab")
        for _ in range([li.inner_text() for li in quiz.locator(".here li > span").all()].index(text) - place):
            page.keyboard.press("Enter")
    while page.evaluate("document.activeElement.textContent") != "Check":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def test_the_keyboard_leads_through_every_quiz_to_the_full_score(visit, page_with):
    page = visit(page_with(*(Quiz(chapter=chapter) for chapter in CHAPTERS)))
    page.evaluate(
        """(chapters) => document.querySelectorAll(".cw-quiz").forEach((quiz, i) => {
      quiz.dataset.chapter = chapters[i];
    })""",
        CHAPTERS,
    )
    for chapter in CHAPTERS:
        quiz = page.locator(f'.cw-quiz[data-chapter="{chapter}"]')
        start(page, quiz)
        questions = table(chapter)["questions"]
        for number, q in enumerate(questions, start=1):
            assert quiz.locator(".here .cw-quiz-where").inner_text() == f"Question {number} of {len(questions)}"
            right = answer(q["task"], q["args"]) if "task" in q else q.get("right")
            answer_by_keyboard(page, quiz, q, right)
            said = quiz.locator(".here .cw-quiz-said").inner_text()
            assert "Right." in said, (chapter, q["id"], said)
            why = wordings(chapter)[q["id"]]["why"].replace("`", "")
            assert why in said
            assert page.evaluate("document.activeElement.className") == "cw-quiz-said"
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.textContent") in ("Next question", "To the result")
            page.keyboard.press("Enter")
        assert f"{len(questions)} of {len(questions)} right." in quiz.inner_text()
        assert "nothing to read again" in quiz.inner_text()
    kept = json.loads(page.evaluate(f"localStorage.getItem('{KEY}')"))["quizzes"]
    assert set(kept) == set(CHAPTERS)
    assert all(record["best"] == record["of"] for record in kept.values())


def answer_wrongly(quiz, q):
    """Give a wrong answer; return what is said."""
    here = quiz.locator(".here")
    if q["kind"] in ("number", "shape"):
        for field in here.locator(".cw-answer").all():
            field.fill("77777")
    elif q["kind"] != "order":  # as it stands an order is never right
        right = [q["right"]] if isinstance(q["right"], str) else q["right"]
        here.locator(f'input[value="{next(o for o in q["options"] if o not in right)}"]').check()
    here.get_by_role("button", name="Check").click()
    return here.locator(".cw-quiz-said").inner_text()


@pytest.mark.parametrize("chapter", ["02_convolution_arithmetic", "05_training_a_network", "12_resnet"])
def test_wrong_answers_are_explained_and_listed_at_the_end(visit, page_with, chapter):
    page = visit(page_with(Quiz(chapter=chapter)))
    quiz = page.locator(".cw-quiz")
    questions, words = table(chapter)["questions"], wordings(chapter)
    for q in questions:
        said, w = answer_wrongly(quiz, q), words[q["id"]]
        assert "Not" in said
        assert w["why"].replace("`", "") in said
        assert f"In this chapter: {w['section']}" in said.replace("`", "")
        if q["kind"] == "choice":
            wrong = next(o for o in q["options"] if o != q["right"])
            assert w["because"][wrong].replace("`", "") in said
            assert quiz.locator(".here label.right").inner_text() == w["options"][q["right"]].replace("`", "")
        quiz.locator(".here .cw-buttons button").last.click()
    end = quiz.inner_text()
    assert f"0 of {len(questions)} right." in end
    assert all(w["section"].replace("`", "") in end for w in words.values())
    kept = json.loads(page.evaluate(f"localStorage.getItem('{KEY}')"))["quizzes"]
    assert kept == {chapter: {"taken": 1, "last": 0, "best": 0, "of": len(questions)}}
    page.get_by_role("button", name="Forget this quiz").click()
    assert json.loads(page.evaluate(f"localStorage.getItem('{KEY}')"))["quizzes"] == {}
    page.get_by_role("button", name="Start again").click()
    assert "Question 1 of" in quiz.inner_text()
    assert quiz.locator(".cw-quiz-marks .wrong").count() == 0


def test_what_is_no_answer_is_told_in_a_sentence(visit, page_with):
    page = visit(page_with(Quiz(chapter="06_lenet")), width=320)
    here = page.locator(".cw-quiz .here")
    for what, said in (("", "Type a number first"), ("abc", "Digits only"), ("-1", "never negative"), ("2.5", "whole")):
        here.locator(".cw-answer").fill(what)
        here.get_by_role("button", name="Check").click()
        assert said in here.locator(".cw-problem").inner_text()
    here.locator(".cw-answer").fill("４８，１２０")
    page.keyboard.press("Enter")
    assert "Right." in here.inner_text()
    assert here.locator(".cw-problem").inner_text() == ""
    page.keyboard.press("Enter")
    for field, what in zip(here.locator(".cw-answer").all(), ("16", "", "5"), strict=True):
        field.fill(what)
    page.keyboard.press("Enter")
    assert "Type a number first" in here.locator(".cw-problem").inner_text()
    here.locator(".cw-answer").nth(1).fill("5")
    page.keyboard.press("Enter")
    assert "Right." in here.inner_text()
    for _ in range(3):
        here.locator(".cw-buttons button").last.click()
        if here.locator(".cw-answer").count():
            here.locator(".cw-answer").fill("1")
        here.get_by_role("button", name="Check").click()
    assert "Choose one answer first" in here.locator(".cw-problem").inner_text()


@pytest.mark.parametrize(
    "data", ["null", "{}", '{"questions": [], "words": {}}', '{"questions": [{"id": "a", "kind": "magic"}]}']
)
def test_a_missing_or_damaged_table_is_told(visit, page_with, data):
    page = visit(page_with(Quiz()))
    said = page.evaluate(f"""async () => {{
      const place = document.createElement("div"), quiz = (await window.cnnlibWidgets.load("quiz")).default;
      const asset = async () => {{ const data = {data}; if (!data) throw new Error("gone"); return data; }};
      const get = (key) => ({{ chapter: "nowhere" }})[key];
      const model = {{ get, set() {{}}, save_changes() {{}}, on() {{}}, off() {{}}, asset }};
      (await quiz.render({{ model, el: place }}))();
      return place.textContent;
    }}""")
    assert "could not be loaded" in said
    assert "quiz_nowhere" in said


def test_another_chapter_from_python_is_followed(visit, page_with):
    page = visit(page_with(Quiz()))
    shown = page.evaluate(
        """async ([first, second]) => {
      const quiz = (await window.cnnlibWidgets.load("quiz")).default, place = document.createElement("div");
      const state = { chapter: "04_pooling", _assets: { "quiz_04_pooling": first } }, listeners = {};
      const model = { get: (k) => state[k], set: (k, v) => { state[k] = v; }, save_changes() {},
        on: (e, f) => { listeners[e] = f; }, off() {} };
      const stop = await quiz.render({ model, el: place });
      state.chapter = "10_nin"; // the kernel tells one change after the other
      listeners["change:chapter"]();
      state._assets = { "quiz_10_nin": second };
      listeners["change:_assets"]();
      await new Promise((done) => setTimeout(done, 50));
      stop();
      return place.querySelector(".here .cw-quiz-ask").textContent;
    }""",
        [table("04_pooling"), table("10_nin")],
    )
    assert shown == next(iter(wordings("10_nin").values()))["ask"].replace("`", "")


@pytest.mark.parametrize("broken", [
    "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })",
    "Storage.prototype.setItem = () => { throw new Error('full'); }",
])  # fmt: skip
def test_without_storage_it_goes_on_and_says_so(visit, page_with, broken):
    page = visit(page_with(Quiz(chapter="04_pooling")))
    page.evaluate(f"() => {{ {broken}; }}")
    quiz = page.locator(".cw-quiz")
    for q in table("04_pooling")["questions"]:
        answer_wrongly(quiz, q)
        quiz.locator(".here .cw-buttons button").last.click()
    assert "keeps nothing" in quiz.inner_text()


@pytest.mark.parametrize(("width", "theme"), [(320, "light"), (390, "dark"), (1000, "dark")])
def test_nothing_jumps_and_nothing_overflows(visit, page_with, width, theme):
    widgets = [Quiz(chapter=chapter) for chapter in CHAPTERS]
    page = visit(page_with(*widgets, theme=theme), width=width)
    measure = "[...document.querySelectorAll('.cw-quiz')].map((each) => each.getBoundingClientRect().height)"
    alive = page.evaluate(measure)
    for widget, height in zip(widgets, alive, strict=True):
        assert height <= 1.05 * widget.heights[width > 600], widget
    for chapter, quiz in list(zip(CHAPTERS, page.locator(".cw-quiz").all(), strict=True))[1:13:4]:
        for q in table(chapter)["questions"]:
            answer_wrongly(quiz, q)
            assert page.evaluate(measure) == alive
            quiz.locator(".here .cw-buttons button").last.click()
            assert page.evaluate(measure) == alive
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_settings_are_checked_and_the_last_state_stays():
    w = Quiz(chapter="04_pooling")
    assert list(w._assets) == ["quiz_04_pooling"]
    told = (("4", "There is no quiz for the chapter '4'.*Choose one of: 01_why"), ("04_poling", "Did you mean '04_p"))
    for chapter, words in told:
        with pytest.raises(BadSetting, match=words):
            w.chapter = chapter
        assert w.chapter == "04_pooling"
    w.chapter = "10_nin"
    assert list(w._assets) == ["quiz_10_nin"]
    assert repr(w) == "Quiz(chapter='10_nin')"
    w.set_state({"answered": 5, "correct": 4})  # what the browser sends
    assert (w.answered, w.correct) == (5, 4)


def test_without_javascript_the_answers_are_folded_away():
    for chapter in CHAPTERS:
        page = Quiz(chapter=chapter).to_html()
        assert page.count("<details>") == len(table(chapter)["questions"])
    assert "<p>54. The stride does not divide" in Quiz(chapter="02_convolution_arithmetic").to_html()
