// The knobs of all widgets: numbers, choices, switches, and a player for what moves by itself.
import { h } from "./dom.js";

// A labelled whole number with − and +. `change(value)` returns true if the widget takes the value;
// otherwise the old one stays. With `refuse(typed)`, what is no whole number within the limits is told and not taken;
// without it, the nearest value is.
export function stepper({ label, value, min, max, step = 1, change, refuse = null }) {
  let current = value;
  const field = h("input", {
    type: "number", min, max, step, value, "aria-label": label, inputmode: "numeric",
    onchange: () => offer(field.value === "" ? NaN : Number(field.value), field.value),
  });
  const button = (sign, by) =>
    h("button", { type: "button", tabindex: -1, "aria-label": `${label} ${sign}`, onclick: () => offer(current + by) }, sign);

  function offer(wanted, typed = String(wanted)) {
    if (refuse && !(Number.isInteger(wanted) && wanted >= min && wanted <= max)) {
      field.value = current;
      refuse(typed);
      return;
    }
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

// A switch. `change(on)` returns true if the widget takes it.
export function toggle({ label, value, change }) {
  const box = h("input", { type: "checkbox", checked: value, onchange: () => { if (!change(box.checked)) box.checked = !box.checked; } });
  return { element: h("label", { class: "cw-check" }, box, label), set: (next) => { box.checked = next; } };
}

// Back, play or pause, forward. `step(by)` moves by one; `playing(on)` tells when it starts and stops.
export function player({ text, step, interval = 700, playing = () => {} }) {
  let timer = null;
  const button = h("button", { type: "button", "data-act": "play", onclick: () => (timer ? pause() : play()) }, text.play);

  function play() {
    timer = setInterval(() => step(1), interval);
    button.textContent = text.pause;
    playing(true);
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    button.textContent = text.play;
    playing(false);
  }

  const move = (by) => () => { pause(); step(by); };
  const elements = [
    h("button", { type: "button", "data-act": "back", onclick: move(-1) }, text.back), button,
    h("button", { type: "button", "data-act": "forward", onclick: move(1) }, text.forward),
  ];
  return { elements, pause };
}
