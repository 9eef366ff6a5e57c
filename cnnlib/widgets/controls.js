// The knobs of all widgets: a labelled whole number with − and +, and a labelled choice.
import { h } from "./dom.js";

// `change(value)` returns true if the widget takes the value; otherwise the old one stays.
export function stepper({ label, value, min, max, step = 1, change }) {
  let current = value;
  const field = h("input", {
    type: "number", min, max, step, value, "aria-label": label, inputmode: "numeric",
    onchange: () => offer(field.value === "" ? NaN : Number(field.value)),
  });
  const button = (sign, by) =>
    h("button", { type: "button", tabindex: -1, "aria-label": `${label} ${sign}`, onclick: () => offer(current + by) }, sign);

  function offer(wanted) {
    const whole = Number.isFinite(wanted) ? Math.min(max, Math.max(min, Math.round(wanted))) : current;
    if (whole !== current && change(whole)) current = whole;
    field.value = current;
  }

  const element = h("label", { class: "cw-knob" },
    h("span", { class: "cw-knob-name" }, label),
    h("span", { class: "cw-stepper" }, button("−", -step), field, button("+", step)));
  return { element, set: (next) => { current = next; field.value = next; } };
}

// A stepper with a slider under it: the one is exact, the other quick. Both are set by the widget that takes a value.
export function slider(options) {
  const { label, value, min, max, change } = options;
  const knob = stepper(options);
  const range = h("input", { type: "range", min, max, step: 1, value, "aria-label": label, oninput: () => change(Number(range.value)) });
  return { element: h("div", { class: "cw-slider" }, knob.element, range), set: (next) => { knob.set(next); range.value = next; } };
}

// A choice among [key, label] pairs.
export function choice({ label, value, options, change }) {
  const select = h("select", { "aria-label": label, onchange: () => change(select.value) },
    options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  const element = h("label", { class: "cw-knob" }, h("span", { class: "cw-knob-name" }, label), select);
  return { element, set: (next) => { select.value = next; } };
}
