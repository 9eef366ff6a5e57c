// The knobs: the plain case in sight, the rest in a drawer. One switch gives rows and columns settings of their own.
import { h, say } from "./dom.js";
import { stepper, toggle } from "./controls.js";
import { LIMITS, pair, sides, fold, isApart } from "./conv_explorer_state.js";

const PLAIN = ["input_size", "kernel_size", "stride", "padding", "in_channels", "out_channels"];
const PAIRED = ["input_size", "kernel_size", "stride", "dilation", "output_padding"];

// propose(part) returns true if the state takes it; refuse(sentence) is told what is no whole number within the limits.
// arranged() is told when rows and columns come apart or together.
export function knobPanel({ text, propose, refuse, arranged }) {
  let state = null, apart = false;
  const knob = (key, label, change) => {
    const [min, max] = LIMITS[key];
    return stepper({ label, value: min, min, max, change,
      refuse: (typed) => refuse(say(text[typed === "" ? "nothing_typed" : "out_of_range"], { name: label, typed, min, max })) });
  };
  const single = (key) => knob(key, text[key], (value) => propose({ [key]: value }));

  // Two knobs, for the rows and for the columns.
  const double = (key) => ["rows", "columns"].map((side, axis) => knob(key, `${text[key]}: ${text[side]}`,
    (value) => propose({ [key]: fold(pair(state[key]).map((old, other) => (other === axis ? value : old))) })));

  // Four for the padding; a transposed convolution cuts the same off at both ends, and has two.
  const paddingSide = (side, axis, end) => knob("padding", `${text.padding}: ${text[side]}`, (value) =>
    propose({ padding: fold(sides(state.padding).map((old, other) => (other === axis ? old.map((each, at) => (at === end ? value : each)) : old))) }));
  const paddings = [paddingSide("top", 0, 0), paddingSide("bottom", 0, 1), paddingSide("left", 1, 0), paddingSide("right", 1, 1)];
  const cuts = ["rows", "columns"].map((side, axis) => knob("padding", `${text.padding}: ${text[side]}`, (value) =>
    propose({ padding: fold(sides(state.padding).map(([old], other) => (other === axis ? value : old))) })));

  const one = Object.fromEntries(Object.keys(LIMITS).map((key) => [key, single(key)]));
  const two = Object.fromEntries(PAIRED.map((key) => [key, double(key)]));
  const split = toggle({ label: text.apart, value: false, change: (on) => (on ? showApart(true) : together()) });
  const transposed = toggle({ label: text.transposed, value: false,
    change: (on) => propose({ transposed: on, weight: null, ...(on ? {} : { output_padding: 0 }) }) });
  const bias = toggle({ label: text.with_bias, value: true, change: (on) => propose({ bias: on }) });

  const elements = (key) => [one[key].element, ...(two[key] ?? []).map((each) => each.element),
    ...(key === "padding" ? [...paddings, ...cuts].map((each) => each.element) : [])];
  const drawer = h("details", { class: "cw-cx-more" }, h("summary", {}, text.more),
    h("div", { class: "cw-knobs" }, ["dilation", "groups", "output_padding"].flatMap(elements)),
    h("div", { class: "cw-cx-switches" }, split.element, transposed.element, bias.element));
  const element = h("div", { class: "cw-cx-knobs" }, h("div", { class: "cw-knobs" }, PLAIN.flatMap(elements)), drawer);

  function showApart(on) {
    apart = on;
    split.set(on);
    show();
    arranged();
    return true;
  }

  // Both dimensions as the rows are; the padding on all sides as at the top.
  function together() {
    const same = Object.fromEntries(PAIRED.map((key) => [key, pair(state[key])[0]]));
    const taken = propose({ ...same, padding: sides(state.padding)[0][0] });
    if (taken) showApart(false);
    return taken;
  }

  function show() {
    const hide = (knobs, yes) => knobs.forEach((each) => { each.element.hidden = yes; });
    PAIRED.forEach((key) => {
      const gone = key === "output_padding" && !state.transposed;
      hide([one[key]], apart || gone);
      hide(two[key], !apart || gone);
    });
    element.classList.toggle("cw-cx-apart", apart); // longer names, wider knobs
    hide([one.padding], apart);
    hide(paddings, !apart || state.transposed);
    hide(cuts, !apart || !state.transposed);
  }

  function set(next) {
    const begins = state === null;
    state = next;
    if (isApart(state)) apart = true;
    Object.keys(LIMITS).forEach((key) => one[key].set(sides(state[key])[0][0]));
    PAIRED.forEach((key) => two[key].forEach((each, axis) => each.set(pair(state[key])[axis])));
    paddings.forEach((each, index) => each.set(sides(state.padding)[index >> 1][index % 2]));
    cuts.forEach((each, axis) => each.set(sides(state.padding)[axis][0]));
    split.set(apart);
    transposed.set(state.transposed);
    bias.set(state.bias);
    if (begins) drawer.open = apart || state.transposed || state.dilation !== 1 || state.groups !== 1;
    show();
  }

  return { element, set, reset: () => { apart = false; }, get apart() { return apart; } };
}
