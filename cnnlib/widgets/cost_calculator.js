// The parameter and cost calculator: four pairs of ways to do the same, layer by layer, with a knob for every number.
import { h, say, show } from "./dom.js";
import { stepper, slider, toggle } from "./controls.js";
import { keep } from "./frame.js";
import { EXAMPLES, LARGEST_KERNEL, compute } from "./cost_layers.js";
import { sideNames, layerName, ratioWords, sumLines, verdictOf, problemWords } from "./cost_sentences.js";
import { words } from "./cost_calculator.words.js";

const LIMITS = {
  height: [1, 1024], width: [1, 1024], in_channels: [1, 1024], out_channels: [1, 4096],
  kernel_size: [1, LARGEST_KERNEL], stride: [1, 16], padding: [0, 15], layers: [2, 10], reduced: [1, 1024],
};
const SWITCHES = ["bias", "widen"];
const MAPS = ["height", "width", "in_channels", "out_channels", "kernel_size"];
const KNOBS = {
  dense: [...MAPS, "stride", "padding", "bias"], stack: [...MAPS, "bias", "layers"],
  bottleneck: [...MAPS, "bias", "widen", "reduced"], depthwise: [...MAPS, "stride", "padding", "bias"],
};
const SLIDERS = ["layers", "reduced"];
const VERSUS = ["parameters", "macs", "bytes"];

function render({ model, el }) {
  const text = words.en;
  const problem = (next) => (compute(next) ? null : problemWords(text, next, LARGEST_KERNEL));
  const store = keep({ model, keys: ["comparison", ...Object.keys(LIMITS), ...SWITCHES], problem, draw });
  let left = {}; // what each comparison was left with

  const tabs = Object.keys(EXAMPLES).map((key) => h("button", { type: "button", "aria-pressed": "false", onclick: () => turnTo(key) }, text[key]));
  const knobs = Object.fromEntries(Object.entries(KNOBS).map(([name, keys]) => [name, Object.fromEntries(keys.map((key) => [key, knob(name, key)]))]));
  const places = { knobs: h("div", { class: "cw-knobs" }), sides: h("div", { class: "cw-cost-sides" }), versus: h("div", { class: "cw-cost-versus" }) };
  const verdict = h("p", { class: "cw-verdict cw-cost-verdict", "aria-live": "polite" });
  el.append(h("section", { class: "cw cw-cost", "aria-label": text.title },
    h("div", { class: "cw-cost-tabs", role: "group", "aria-label": text.comparisons }, tabs),
    places.knobs, store.sentence, verdict, places.versus, places.sides, h("p", { class: "cw-note" }, text.bytes_note),
    h("div", { class: "cw-buttons" }, h("button", { type: "button", onclick: reset }, text.reset))));

  function knob(name, key) {
    const label = text[`${key}_${name}`] ?? text[key], value = model.get(key);
    if (SWITCHES.includes(key)) return toggle({ label, value, change: (on) => store.propose({ [key]: on }) });
    const [min, max] = LIMITS[key];
    const change = (number) => {
      const taken = store.propose({ [key]: number });
      if (!taken) knobs[name][key].set(store.state[key]); // a slider would stay where it was drawn to
      return taken;
    };
    return (SLIDERS.includes(key) ? slider : stepper)({ label, value, min, max, change });
  }

  // Another comparison comes with what it was left with, or with its example.
  function turnTo(comparison) {
    const { state } = store;
    if (comparison === state.comparison) return;
    left[state.comparison] = state;
    const example = comparison === store.first.comparison ? store.first : EXAMPLES[comparison];
    store.propose(left[comparison] ?? { comparison, ...example });
  }

  function reset() {
    left = {};
    store.reset();
  }

  function draw(state, before) {
    const costs = compute(state), names = sideNames(text, state);
    const { comparison } = state;
    if (comparison !== before?.comparison) {
      places.knobs.replaceChildren(...Object.values(knobs[comparison]).map(({ element }) => element));
      tabs.forEach((tab, index) => tab.setAttribute("aria-pressed", String(Object.keys(EXAMPLES)[index] === comparison)));
    }
    Object.entries(knobs[comparison]).forEach(([key, each]) => each.set(state[key]));
    const [what, why] = verdictOf(text, state, costs);
    verdict.replaceChildren(h("b", {}, what), ` ${why}`);
    places.versus.replaceChildren(...VERSUS.map((key) => versus(key, costs, names)), h("p", { class: "cw-note" }, text.bars_note));
    places.sides.replaceChildren(...[costs.first, costs.second].map((side, index) => sideTable(state, side, names[index])));
  }

  const number = (value) => h("td", { "data-value": value }, show(value));
  const scrolling = (label, ...parts) => h("div", { class: "cw-scroll", role: "group", "aria-label": label, tabindex: 0 }, parts);
  const headed = (cells) => h("thead", {}, h("tr", {}, cells.map((cell) => (cell ? h("th", { scope: "col" }, cell) : h("td")))));

  // Both sides' sums of one count, with bars in proportion: a piece a layer, and a line where the first side ends.
  function versus(key, { first, second }, names) {
    const [a, b] = [first.total[key], second.total[key]], top = Math.max(a, b);
    const lane = (side, name, kind, limit) => [
      h("p", {}, name, h("span", { "data-value": side.total[key] }, show(side.total[key]))),
      h("div", { class: "cw-parts", "aria-hidden": "true" },
        side.layers.map((layer) => h("div", { class: `cw-bar ${kind}`, style: `width:${(100 * layer[key]) / top}%` })), limit)];
    return h("div", { class: "cw-cost-count", "data-count": key },
      h("strong", { class: "cw-title" }, text[key]), h("p", { class: "cw-cost-ratio" }, ratioWords(text, a, b)),
      lane(first, names[0], ""), lane(second, names[1], "other", h("i", { class: "cw-limit", style: `left:${(100 * a) / top}%` })),
      key === "bytes" ? h("p", { class: "cw-note" }, say(text.numbers, { a: show(first.total.activations), b: show(second.total.activations) })) : null);
  }

  // One side, layer by layer, and its formulas with the numbers filled in.
  function sideTable(state, { layers, total }, name) {
    const row = (title, size, cost) => h("tr", {}, h("th", { scope: "row" }, title, size && h("small", {}, size.map(show).join(" × "))),
      number(cost.parameters), number(cost.macs), number(cost.bytes));
    const rows = layers.map((layer) => row(layerName(text, layer), layer.size, layer));
    return h("div", { class: "cw-cost-side" }, h("strong", { class: "cw-title" }, name),
      scrolling(name, h("table", { class: "cw-table" }, headed([text.layer, text.parameters, text.macs, text.bytes_short]),
        h("tbody", {}, rows, layers.length > 1 ? row(text.together, null, total) : null))),
      sumLines(text, state, layers).map((line) => h("p", { class: "cw-note cw-cost-sum" }, line)));
  }

  store.start();
  return store.stop;
}

export default { render, compute, examples: EXAMPLES, ratioWords: (a, b) => ratioWords(words.en, a, b) };
