// The drill: endless questions on sizes and costs. An answer is checked by computing it; a wrong one is told which slip
// it looks like; after two tries, or on demand, the way to the answer is shown.
import { h, say } from "./dom.js";
import { choice } from "./controls.js";
import { keep } from "./frame.js";
import { answerOf, judge, slipsOf, stepsOf } from "./tasks.js";
import { TOPIC_NAMES, drillQuestion } from "./drill_questions.js";
import { numberField, readAnswer, shown, slipHint, slipName, stepLines, stepList } from "./task_view.js";
import { drillTally } from "./drill_tally.js";
import { words } from "./drill.words.js";

const TRIES = 2;
const STACKS = ["receptive_field", "mixed"]; // their questions may have five lines of code
const KEYS = ["topic", "level", "seed", "number"];

function render({ model, el }) {
  const text = words.en;
  let question, tries, done, answered = 0, correct = 0;

  const topics = choice({ label: text.topic, value: model.get("topic"), options: [...TOPIC_NAMES, "mixed"].map((each) => [each, text[`topic_${each}`]]),
    change: (topic) => frame.propose({ topic, number: 1 }) });
  const levels = choice({ label: text.level, value: model.get("level"), options: [1, 2, 3].map((each) => [each, text[`level_${each}`]]),
    change: (level) => frame.propose({ level: Number(level), number: 1 }) });
  const frame = keep({ model, keys: KEYS, draw });
  const field = numberField({ label: text.answer, sum: text.sum, enter: () => (done ? next() : check()) });
  const tally = drillTally(text);

  const title = h("p", { class: "cw-drill-number" });
  const ask = h("p", { class: "cw-drill-ask" });
  const code = h("pre", { class: "cw-drill-code", tabindex: 0, "aria-label": text.code });
  const asked = h("div", { class: "cw-drill-question" }, title, ask, code);
  const verdict = h("div", { class: "cw-drill-said", role: "status" });
  const panel = h("div", { class: "cw-drill-verdict", tabindex: 0, role: "group", "aria-label": text.verdict,
    onkeydown: (event) => { if (event.key === "Enter" && done && !event.repeat) next(); } }, frame.sentence, verdict);
  const button = (label, onclick) => h("button", { type: "button", onclick }, label);
  const checkButton = button(text.check, check), showButton = button(text.show, giveUp), nextButton = button(text.next, next);
  const card = h("section", { class: "cw cw-drill" },
    h("div", { class: "cw-drill-knobs" }, topics.element, levels.element),
    asked,
    h("div", { class: "cw-drill-answer" }, field.element, checkButton, showButton),
    panel,
    h("div", { class: "cw-buttons" }, nextButton, button(text.reset, restart)), tally.element);
  el.append(card);

  // A new question, drawn from the state alone.
  function draw(state) {
    question = drillQuestion(state);
    [tries, done] = [0, false];
    topics.set(state.topic);
    levels.set(state.level);
    card.setAttribute("aria-label", say(text.label, { topic: text[`topic_${state.topic}`] }));
    title.textContent = say(text.question, { number: state.number, topic: text[`topic_${question.topic}`] });
    ask.textContent = say(text[question.ask], question.values);
    asked.classList.toggle("stack", STACKS.includes(state.topic));
    code.textContent = question.code.join("\n");
    verdict.classList.remove("right");
    code.scrollTop = panel.scrollTop = 0;
    field.clear();
    verdict.replaceChildren(h("p", { class: "cw-note" }, text.waiting));
    settle();
    tally.show(state.topic);
  }

  function settle() {
    field.lock(done);
    checkButton.disabled = showButton.disabled = done;
    nextButton.disabled = !done;
  }

  function check() {
    if (done) return;
    const { task, args } = question, { value, why } = readAnswer(field.input.value, task, args);
    frame.tell(why ?? "");
    if (why) return field.input.focus();
    const { right, slips } = judge(task, args, value);
    tries += 1;
    if (slips.length) tally.slip(question.topic, slips[0]);
    if (right || tries === TRIES) return finish(right, right ? say(text.right, { answer: shown(value) }) : say(text.wrong, { given: shown(value) }), slips, right);
    verdict.replaceChildren(...diagnosis(say(text.wrong, { given: shown(value) }), slips), h("p", {}, text.once_more));
    panel.scrollTop = 0;
    tally.show(frame.state.topic);
    field.input.focus();
    field.input.select();
  }

  function diagnosis(first, slips) {
    const [name, other] = slips;
    return [
      h("p", {}, h("b", {}, first), " ", name && say(text.looks_like, { slip: slipName(name) }), " ", other && say(text.or_like, { slip: slipName(other) })),
      h("p", {}, name ? slipHint(name) : text.no_slip)];
  }

  function giveUp() {
    frame.tell("");
    if (!done) finish(false, say(text.it_is, { answer: shown(answerOf(question.task, question.args)) }), [], true);
  }

  // Ends a question; `solved` with the right answer, else the answer is told with the way to it.
  function finish(solved, first, slips, told) {
    done = true;
    answered += 1;
    correct += solved ? 1 : 0;
    model.set("answered", answered);
    model.set("correct", correct);
    model.save_changes();
    tally.done(question.topic, solved);
    const { task, args } = question;
    verdict.replaceChildren(...(told ? [h("p", {}, h("b", {}, first))] : diagnosis(first, slips)),
      h("p", {}, told ? text.the_way : `${say(text.it_is, { answer: shown(answerOf(task, args)) })} ${text.the_way}`), stepList(task, args));
    verdict.classList.toggle("right", solved);
    panel.scrollTop = 0;
    settle();
    tally.show(frame.state.topic);
    panel.focus({ preventScroll: true });
  }

  function next() {
    frame.propose({ number: frame.state.number + 1 });
    field.input.focus({ preventScroll: true });
  }

  function restart() {
    frame.reset();
    draw(frame.state);
  }

  frame.start();
  return () => {
    tally.stop();
    frame.stop();
  };
}

// For the tests: questions with their right answers, slips and steps, from the settings alone.
function compute({ topic, level, seed, number = 1 }, count = 1) {
  return Array.from({ length: count }, (_, i) => {
    const { task, args, ...rest } = drillQuestion({ topic, level, seed, number: number + i });
    return { ...rest, task, args, answer: answerOf(task, args), slips: slipsOf(task, args), steps: stepsOf(task, args), lines: stepLines(task, args) };
  });
}

export default { render, compute, judge };
