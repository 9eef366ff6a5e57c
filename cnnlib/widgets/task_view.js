// What drill and quiz show of a question with a number for an answer: the field, the slips, the steps, in words.
import { h, say, show } from "./dom.js";
import { answerOf, judge, slipsOf, stepsOf } from "./tasks.js";
import { readNumber } from "./number_input.js";
import { taskWords } from "./task.words.js";

const taskText = taskWords.en;

export const slipName = (slip) => taskText[`slip_${slip}`];
export const slipHint = (slip) => taskText[`hint_${slip}`];

// A number or a shape as people read it.
export function shown(value) {
  return Array.isArray(value) ? value.map(show).join(" × ") : show(value);
}

export function stepLines(task, args) {
  return stepsOf(task, args).map(([key, values]) =>
    say(taskText[key], Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value === "number" ? show(value) : value]))));
}

export function stepList(task, args) {
  return h("ol", { class: "cw-steps" }, stepLines(task, args).map((line) => h("li", {}, line)));
}

// A field for a number or a sum. `enter` is called on Enter; the value of a sum is shown behind it.
export function numberField({ label, sum, enter = () => {} }) {
  const told = h("span", { class: "cw-sum-value", "aria-live": "polite" });
  const input = h("input", {
    type: "text", inputmode: "numeric", autocomplete: "off", spellcheck: "false", "aria-label": label, class: "cw-answer",
    oninput: () => {
      const { value } = readNumber(input.value);
      told.textContent = value !== undefined && /[^\d\s.,'’_０-９]/.test(input.value) ? say(sum, { value: show(value) }) : "";
    },
    onkeydown: (event) => { if (event.key === "Enter" && !event.repeat) enter(); },
  });
  return {
    element: h("label", { class: "cw-answer-label" }, h("span", { class: "cw-knob-name" }, label), input, told),
    input,
    clear: () => { input.value = ""; told.textContent = ""; },
    lock: (locked) => { input.readOnly = locked; },
  };
}

// What was typed: { value }, or { why } with a sentence. A broken number is an answer only where a slip gives it.
export function readAnswer(typed, task, args) {
  const { value, why } = readNumber(typed);
  if (why) return { why: taskText[why] };
  if (!Number.isInteger(value) && !Array.isArray(answerOf(task, args)) && !judge(task, args, value).slips.length) return { why: taskText.number_whole };
  return { value };
}

export const wholeOnly = (typed) => {
  const { value, why } = readNumber(typed);
  if (why) return { why: taskText[why] };
  return Number.isInteger(value) ? { value } : { why: taskText.number_whole };
};

// Every answer that is worth room on the screen: the right one and each slip.
export function possibleAnswers(task, args) {
  return [answerOf(task, args), ...slipsOf(task, args).map(({ value }) => value)];
}
