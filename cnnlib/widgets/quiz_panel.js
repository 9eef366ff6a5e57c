// One question of a quiz on its panel: what is asked, the controls, and room for whatever may be said about the answer.
import { h, say } from "./dom.js";
import { stepList } from "./task_view.js";
import { judgeAnswer, sampleAnswers } from "./quiz_judge.js";
import { control, rich } from "./quiz_controls.js";
import { words } from "./quiz.words.js";

// `done(right)` is told once, `next()` when the reader goes on.
export function questionPanel({ question, wording, number, of, draw, name, done, next }) {
  const text = words.en;
  let answered = false;
  const controls = control(question, wording, { draw, name, enter: () => (answered ? next() : check()) });
  const problem = h("p", { class: "cw-problem", role: "alert" });
  const checkButton = h("button", { type: "button", onclick: check }, text.check);
  const nextButton = h("button", { type: "button", class: "cw-quiz-hidden", onclick: next }, number < of ? text.next : text.to_the_end);
  const verdict = h("div", { class: "cw-quiz-said", role: "status", tabindex: -1, "aria-label": text.verdict,
    onkeydown: (event) => { if (event.key === "Enter" && answered && !event.repeat) next(); } });
  // All that could be said lies invisible in the same place, so that the longest of it keeps the room.
  const room = sampleAnswers(question).map((given) => h("div", { class: "cw-quiz-room", "aria-hidden": "true" }, verdictOf(given).nodes));
  const element = h("div", { class: "cw-quiz-panel" },
    h("p", { class: "cw-quiz-where" }, say(text.where, { number, of })),
    h("p", { class: "cw-quiz-ask" }, rich(wording.ask)),
    question.code && h("pre", { class: "cw-quiz-code", tabindex: 0 }, question.code.join("\n")),
    controls.element,
    h("div", { class: "cw-buttons" }, checkButton),
    h("div", { class: "cw-quiz-verdict" }, room, problem, verdict),
    h("div", { class: "cw-buttons" }, nextButton));

  function verdictOf(given) {
    const { right, said } = judgeAnswer(question, wording, given);
    const [first, ...more] = said;
    const nodes = [
      h("p", {}, h("b", { class: right ? "cw-quiz-right" : "cw-quiz-wrong" }, `${right ? "✓" : "✗"} ${first}`), more.map((sentence) => [" ", ...rich(sentence)])),
      question.task && stepList(question.task, question.args),
      h("p", {}, h("b", {}, text.why), " ", rich(wording.why)),
      h("p", { class: "cw-note" }, rich(say(text.section, { section: wording.section })))].filter(Boolean);
    return { right, nodes };
  }

  function check() {
    if (answered) return;
    const { given, why } = controls.read();
    problem.textContent = why ?? "";
    if (why) return controls.focus();
    answered = true;
    controls.lock();
    checkButton.disabled = true;
    nextButton.classList.remove("cw-quiz-hidden");
    const { right, nodes } = verdictOf(given);
    verdict.replaceChildren(...nodes);
    verdict.focus({ preventScroll: true });
    done(right);
  }

  return { element, focus: controls.focus };
}
