// The quiz at a chapter's end: some questions, each explained once it is answered, and at the end what to read again.
import { h, say } from "./dom.js";
import { asset } from "./frame.js";
import { seeded } from "./seeded.js";
import { changeProgress, countIn, readProgress } from "./progress.js";
import { answerOf, slipsOf } from "./tasks.js";
import { stepLines } from "./task_view.js";
import { isQuiz, judgeAnswer, sampleAnswers } from "./quiz_judge.js";
import { rich } from "./quiz_controls.js";
import { questionPanel } from "./quiz_panel.js";
import { words } from "./quiz.words.js";

async function render({ model, el }) {
  const text = words.en;
  const card = h("section", { class: "cw cw-quiz", "aria-label": text.title });
  el.append(card);
  const mine = `quiz-${Math.random().toString(36).slice(2)}`; // so that no two quizzes of a page share radio buttons
  let turn = 0, chapter = null, stopped = false;

  async function load() {
    const wanted = model.get("chapter");
    let data = null;
    try {
      data = await asset(model, `quiz_${wanted}`);
    } catch {
      // told below, in a sentence
    }
    if (stopped || wanted !== model.get("chapter")) return;
    if (!isQuiz(data)) return card.replaceChildren(h("p", { class: "cw-problem", role: "alert" }, say(text.missing, { chapter: wanted })));
    chapter = wanted;
    start(data);
  }

  // A fresh run: all panels lie in one place, so that the longest keeps the room, and one of them is seen.
  function start(data, focus = false) {
    const { questions } = data, wording = data.words.en, of = questions.length;
    const results = Array(of).fill(null);
    const draw = seeded(chapter, turn++);
    const marks = questions.map((_, i) => h("li", { "aria-label": say(text.mark, { number: i + 1, mark: text.mark_open }) }));
    const panels = questions.map((question, i) => questionPanel({
      question, wording: wording[question.id], number: i + 1, of, draw, name: `${mine}-${turn}-${i}`,
      done: (right) => finish(i, right), next: () => show(i + 1, true) }));
    const end = endPanel();
    const places = [...panels, end];
    count();

    function finish(i, right) {
      results[i] = right;
      marks[i].className = right ? "right" : "wrong";
      marks[i].textContent = right ? "✓" : "✗";
      marks[i].setAttribute("aria-label", say(text.mark, { number: i + 1, mark: right ? text.mark_right : text.mark_wrong }));
      count();
      if (!results.includes(null)) end.fill();
    }

    function count() {
      model.set("answered", results.filter((each) => each !== null).length);
      model.set("correct", results.filter(Boolean).length);
      model.save_changes();
    }

    function show(place, focus) {
      places.forEach((each, i) => each.element.classList.toggle("here", i === place));
      if (focus) places[place].focus();
    }

    function endPanel() {
      const score = h("p", { class: "cw-quiz-score", tabindex: -1 }), again = h("ul", {}), kept = h("p", { class: "cw-note" });
      const lead = h("p", {});
      const forgetButton = h("button", { type: "button", onclick: forget }, text.forget);
      const item = ([section, numbers]) => h("li", {}, rich(say(text.read_item, { section, number: numbers.join(", ") })));
      const sections = (wanted) => { // each section once, with the numbers of its questions
        const found = new Map();
        questions.forEach(({ id }, i) => { if (wanted(i)) found.set(wording[id].section, [...(found.get(wording[id].section) ?? []), i + 1]); });
        return [...found].map(item);
      };
      const room = h("div", { class: "cw-quiz-room", "aria-hidden": "true" }, h("p", { class: "cw-quiz-score" }, "0"), h("p", {}, text.read_again), h("ul", {}, sections(() => true)), h("p", { class: "cw-note" }, text.best));
      const element = h("div", { class: "cw-quiz-panel" }, h("div", { class: "cw-quiz-verdict" }, room, h("div", { class: "cw-quiz-said", role: "status" }, score, lead, again, kept)),
        h("div", { class: "cw-buttons" }, forgetButton));

      function fill() {
        const correct = results.filter(Boolean).length;
        score.textContent = say(text.score, { correct, of });
        lead.textContent = correct === of ? text.all_right : text.read_again;
        again.replaceChildren(...sections((i) => !results[i]));
        const keeps = changeProgress(({ quizzes: all }) => {
          const { taken, best } = all[chapter] ?? {};
          all[chapter] = { taken: countIn(taken) + 1, last: correct, best: Math.max(countIn(best), correct), of };
        });
        kept.textContent = keeps ? say(text.best, { best: readProgress().quizzes[chapter].best, of }) : text.not_kept;
        forgetButton.disabled = !keeps;
      }

      function forget() {
        changeProgress(({ quizzes: all }) => { delete all[chapter]; });
        kept.textContent = text.forgotten;
        forgetButton.disabled = true;
      }
      return { element, fill, focus: () => score.focus({ preventScroll: true }) };
    }

    card.replaceChildren(
      h("div", { class: "cw-quiz-head" }, h("b", {}, text.title), h("ol", { class: "cw-quiz-marks" }, marks),
        h("button", { type: "button", onclick: () => start(data, true) }, text.reset)),
      h("div", { class: "cw-quiz-panels" }, places.map((each) => each.element)));
    show(0, focus);
  }

  const follow = () => { if (model.get("chapter") !== chapter) load(); };
  model.on("change:chapter", follow);
  model.on("change:_assets", follow);
  await load();
  return () => {
    stopped = true;
    model.off("change:chapter", follow);
    model.off("change:_assets", follow);
  };
}

// For the tests: what is computed for each question of a table.
function compute(data) {
  return data.questions.map((question) => ({
    id: question.id, samples: sampleAnswers(question),
    ...(question.task && { answer: answerOf(question.task, question.args), slips: slipsOf(question.task, question.args), lines: stepLines(question.task, question.args) }),
  }));
}

export default { render, compute, judge: judgeAnswer };
