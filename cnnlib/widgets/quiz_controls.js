// The controls of a question: a field, three fields, one choice, several choices, an order. Each gives
// { element, read() → { given } or { why }, lock(), focus() }.
import { h, say } from "./dom.js";
import { numberField, readAnswer, wholeOnly } from "./task_view.js";
import { words } from "./quiz.words.js";

const MAKERS = { number: numberControl, shape: shapeControl, choice: optionsControl, several: optionsControl, order: orderControl };

// `draw` shuffles, `name` keeps the radio buttons of several quizzes apart, `enter` answers.
export function control(question, wording, { draw, name, enter }) {
  return MAKERS[question.kind](question, wording, { draw, name, enter });
}

// Words with `code` in them.
export function rich(sentence) {
  return sentence.split("`").map((part, i) => (i % 2 ? h("code", {}, part) : part));
}

function numberControl({ task, args }, wording, { enter }) {
  const field = numberField({ label: words.en.answer, sum: words.en.sum, enter });
  return {
    element: field.element,
    read() {
      const { value, why } = readAnswer(field.input.value, task, args);
      return why ? { why } : { given: value };
    },
    lock: () => field.lock(true),
    focus: () => field.input.focus({ preventScroll: true }),
  };
}

function shapeControl(question, wording, { enter }) {
  const text = words.en;
  const fields = ["channels", "height", "width"].map((key) => numberField({ label: text[key], sum: text.sum, enter }));
  return {
    element: h("div", { class: "cw-quiz-shape" }, fields.map((field) => field.element)),
    read() {
      const all = fields.map((field) => wholeOnly(field.input.value)), first = all.find(({ why }) => why);
      return first ?? { given: all.map(({ value }) => value) };
    },
    lock: () => fields.forEach((field) => field.lock(true)),
    focus: () => fields[0].input.focus({ preventScroll: true }),
  };
}

function optionsControl({ kind, options, right }, wording, { draw, name, enter }) {
  const text = words.en, several = kind === "several";
  const inputs = draw.shuffled(options).map((option) => h("input", {
    type: several ? "checkbox" : "radio", name, value: option,
    onkeydown: (event) => { if (event.key === "Enter" && !event.repeat) enter(); } }));
  const chosen = () => inputs.filter((input) => input.checked).map((input) => input.value);
  return {
    element: h("fieldset", { class: "cw-quiz-options" }, h("legend", {}, several ? text.several_right : text.one_right),
      inputs.map((input) => h("label", {}, input, h("span", {}, rich(wording.options[input.value]))))),
    read() {
      const given = chosen();
      if (!given.length) return { why: several ? text.choose_some : text.choose_one };
      return { given: several ? given : given[0] };
    },
    lock: () => inputs.forEach((input) => {
      const wanted = several ? right.includes(input.value) : right === input.value;
      input.disabled = true;
      if (wanted || input.checked) input.closest("label").classList.add(wanted ? "right" : "wrong");
    }),
    focus: () => inputs[0].focus({ preventScroll: true }),
  };
}

function orderControl({ items }, wording, { draw }) {
  const text = words.en;
  let order = draw.shuffled(items);
  if (order.every((each, i) => each === items[i])) order.push(order.shift()); // never right from the start
  const told = h("span", { class: "cw-quiz-moved", role: "status" });
  const list = h("ol", { class: "cw-quiz-order" });
  const rows = Object.fromEntries(items.map((item) => {
    const button = (label, sign, by) => h("button", { type: "button", "aria-label": say(label, { item: wording.options[item] }), onclick: (event) => move(item, by, event.currentTarget) }, sign);
    return [item, h("li", {}, h("span", {}, rich(wording.options[item])), button(text.up, "↑", -1), button(text.down, "↓", 1))];
  }));

  function move(item, by, pressed) {
    const from = order.indexOf(item), to = from + by;
    if (to < 0 || to >= order.length) return;
    [order[from], order[to]] = [order[to], order[from]];
    show();
    pressed.focus({ preventScroll: true });
    told.textContent = say(text.moved, { item: wording.options[item], place: to + 1, of: order.length });
  }

  const show = () => list.replaceChildren(...order.map((item) => rows[item]));
  show();
  const buttons = [...list.querySelectorAll("button")];
  return {
    element: h("fieldset", { class: "cw-quiz-options" }, h("legend", {}, text.sort), list, told),
    read: () => ({ given: [...order] }),
    lock: () => buttons.forEach((each) => { each.disabled = true; }),
    focus: () => list.querySelector("button").focus({ preventScroll: true }),
  };
}
