// The parameter calculator: a fully connected layer and a convolution on the same picture.
import { h, say, show } from "./dom.js";
import { stepper } from "./controls.js";
import { convSize, convParameters, convMacs } from "./arithmetic.js";
import { words } from "./cost_calculator.words.js";

const LIMITS = {
  height: [1, 4096], width: [1, 4096], channels: [1, 1024], units: [1, 4096],
  kernel_size: [1, 31], stride: [1, 16], padding: [0, 15],
};
const ROWS = ["weights", "biases", "parameters", "outputs", "macs"];

// Both layers' numbers from the state alone; null where the kernel does not fit.
function compute({ height, width, channels, units, kernel_size: kernel, stride, padding, bias }) {
  const [rows, columns] = [height, width].map((n) => convSize({ n, kernel, stride, padding, dilation: 1 }));
  if (rows === null || columns === null) return null;
  const counts = { inChannels: channels, outChannels: units, height: kernel, width: kernel };
  const layer = (weights, parameters, outputs, macs) => ({ weights, biases: parameters - weights, parameters, outputs, macs });
  const inputs = height * width * channels;
  return {
    rows, columns,
    dense: layer(inputs * units, inputs * units + (bias ? units : 0), units, inputs * units),
    conv: layer(
      convParameters({ ...counts, bias: false }), convParameters({ ...counts, bias }),
      rows * columns * units, convMacs({ ...counts, cells: rows * columns })),
  };
}

function render({ model, el }) {
  const text = words.en;
  const keys = [...Object.keys(LIMITS), "bias"];
  const read = () => Object.fromEntries(keys.map((key) => [key, model.get(key)]));
  const first = read();
  let state = { ...first };

  const knobs = Object.fromEntries(Object.entries(LIMITS).map(([key, [min, max]]) => [key, stepper({
    label: text[key], value: state[key], min, max, change: (value) => propose({ ...state, [key]: value }),
  })]));
  const box = h("input", { type: "checkbox", checked: state.bias, onchange: () => propose({ ...state, bias: box.checked }) });
  const problem = h("p", { class: "cw-problem", role: "alert" });
  const result = h("div", { "aria-live": "polite" });
  el.append(h("section", { class: "cw", "aria-label": text.title },
    h("div", { class: "cw-knobs" }, Object.values(knobs).map((knob) => knob.element), h("label", { class: "cw-check" }, box, text.bias)),
    problem, result,
    h("div", { class: "cw-buttons" }, h("button", { type: "button", onclick: () => propose({ ...first }) }, text.reset))));

  function propose(next) {
    if (!compute(next)) {
      problem.textContent = say(text.does_not_fit, { k: next.kernel_size, h: next.height, w: next.width, p: next.padding });
      return false;
    }
    keys.forEach((key) => model.set(key, next[key]));
    model.save_changes();
    adopt(next);
    return true;
  }

  function adopt(next) {
    state = next;
    problem.textContent = "";
    Object.entries(knobs).forEach(([key, knob]) => knob.set(state[key]));
    box.checked = state.bias;
    draw();
  }

  function draw() {
    const { dense, conv, rows, columns } = compute(state);
    const row = (key) => h("tr", {}, h("th", { scope: "row" }, text[key]),
      [dense[key], conv[key]].map((value) => h("td", { "data-value": value }, show(value))),
      h("td", {}, conv[key] ? ratio(dense[key] / conv[key]) : "–"));
    const top = Math.log10(Math.max(dense.macs, conv.macs, 10));
    const bar = (kind, key, value) => h("div", {}, h("small", {}, `${text[kind]}, ${text[key]}`),
      h("div", { class: `cw-bar ${kind === "conv" ? "other" : ""}`, style: `width:${(100 * Math.log10(Math.max(value, 1))) / top}%` }));
    result.replaceChildren(
      h("p", {}, h("b", {}, text.dense), " ", say(text.sum_dense, {
        h: show(state.height), w: show(state.width), c: show(state.channels), u: show(state.units), weights: show(dense.weights) })),
      h("p", {}, h("b", {}, text.conv), " ", say(text.sum_conv, {
        k: state.kernel_size, c: show(state.channels), u: show(state.units), weights: show(conv.weights), oh: show(rows), ow: show(columns) })),
      h("div", { class: "cw-scroll" }, h("table", { class: "cw-table" },
        h("thead", {}, h("tr", {}, ["what", "dense", "conv", "ratio"].map((key) => h("th", { scope: "col" }, text[key])))),
        h("tbody", {}, ROWS.map(row)))),
      h("div", { role: "img", "aria-label": text.bars },
        ["parameters", "macs"].map((key) => [bar("dense", key, dense[key]), bar("conv", key, conv[key])])));
  }

  const rounded = (value) => show(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
  const ratio = (value) => {
    if (value === 1) return text.same;
    return value > 1 ? say(text.fewer, { times: rounded(value) }) : say(text.more, { times: rounded(1 / value) });
  };
  const follow = () => {
    const next = read();
    if (JSON.stringify(next) !== JSON.stringify(state) && compute(next)) adopt(next);
  };
  keys.forEach((key) => model.on(`change:${key}`, follow));
  draw();
  return () => keys.forEach((key) => model.off(`change:${key}`, follow));
}

export default { render, compute };
