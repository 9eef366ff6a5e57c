// The bottleneck calculator: a convolution at once, and through a 1×1 convolution to fewer channels.
import { h, say, show } from "./dom.js";
import { slider } from "./controls.js";
import { convMacs, convParameters } from "./arithmetic.js";
import { words } from "./bottleneck_calculator.words.js";

const LIMITS = { in_channels: [1, 1024], out_channels: [1, 1024], kernel_size: [1, 11], size: [1, 256], reduced: [1, 1024] };

// All counts from the state alone; biases are left out, maps keep their size.
function compute({ in_channels: ins, out_channels: outs, kernel_size: kernel, size, reduced }) {
  const layer = (inChannels, outChannels, side) => {
    const counts = { inChannels, outChannels, height: side, width: side };
    return { weights: convParameters({ ...counts, bias: false }), macs: convMacs({ ...counts, cells: size * size }) };
  };
  const [direct, reduce, spatial] = [layer(ins, outs, kernel), layer(ins, reduced, 1), layer(reduced, outs, kernel)];
  return {
    direct, reduce, spatial,
    together: { weights: reduce.weights + spatial.weights, macs: reduce.macs + spatial.macs },
    // The cost through r channels is r × one channel's: it pays as long as that stays below the direct cost.
    last: Math.ceil(direct.weights / (ins + kernel * kernel * outs)) - 1,
  };
}

function render({ model, el }) {
  const text = words.en;
  const keys = Object.keys(LIMITS);
  const read = () => Object.fromEntries(keys.map((key) => [key, model.get(key)]));
  const first = read();
  let state = { ...first };

  const knobs = Object.fromEntries(Object.entries(LIMITS).map(([key, [min, max]]) => [key, slider({
    label: text[key], value: state[key], min, max, change: (value) => propose({ ...state, [key]: value }),
  })]));
  const result = h("div", {});
  el.append(h("section", { class: "cw", "aria-label": text.title },
    h("div", { class: "cw-knobs" }, Object.values(knobs).map((knob) => knob.element)),
    result,
    h("div", { class: "cw-buttons" }, h("button", { type: "button", onclick: () => propose({ ...first }) }, text.reset))));
  const verdict = h("p", { class: "cw-verdict", "aria-live": "polite" });

  function propose(next) {
    keys.forEach((key) => model.set(key, next[key]));
    model.save_changes();
    adopt(next);
    return true;
  }

  function adopt(next) {
    state = next;
    Object.entries(knobs).forEach(([key, knob]) => knob.set(state[key]));
    draw();
  }

  function draw() {
    const counts = compute(state);
    const { direct, reduce, spatial, together, last } = counts;
    const places = { s: state.size, k: state.kernel_size, i: state.in_channels, o: state.out_channels, r: state.reduced };
    const through = say(text.through, places);
    const row = (key) => h("tr", {}, h("th", { scope: "row" }, say(text[key], places)),
      ["weights", "macs"].map((column) => h("td", { "data-value": counts[key][column] }, show(counts[key][column]))));
    const top = Math.max(direct.macs, together.macs);
    const part = (macs, kind) => h("div", { class: `cw-bar ${kind}`, style: `width:${(100 * macs) / top}%` });
    const bar = (name, ...parts) => h("div", { class: "cw-lane" }, h("small", {}, name), h("div", { class: "cw-parts" }, parts,
      h("i", { class: "cw-limit", style: `left:${(100 * direct.macs) / top}%` })));
    const ratio = direct.macs / together.macs;
    const wider = state.reduced > Math.min(state.in_channels, state.out_channels) ? ` ${text.wider}` : "";
    verdict.replaceChildren(
      h("b", {}, ratio === 1 ? text.same : say(ratio > 1 ? text.saves : text.costs, {
        share: (100 / ratio).toPrecision(3), times: (ratio > 1 ? ratio : 1 / ratio).toPrecision(3) })),
      ` ${last < 1 ? text.never : say(text.pays_to, { last: show(last) })}${wider}`);
    result.replaceChildren(
      h("p", {}, h("b", {}, text.direct), " ", say(text.sum_direct, { ...places, macs: show(direct.macs) })),
      h("p", {}, h("b", {}, through), " ", say(text.sum_through, { ...places, macs: show(together.macs) })),
      h("div", { class: "cw-scroll" }, h("table", { class: "cw-table" },
        h("thead", {}, h("tr", {}, ["what", "weights", "macs"].map((key) => h("th", { scope: "col" }, text[key])))),
        h("tbody", {}, ["direct", "reduce", "spatial", "together"].map(row)))),
      h("div", { role: "img", "aria-label": say(text.bars, { direct: show(direct.macs), through: show(together.macs) }) },
        bar(text.direct, part(direct.macs, "")), bar(through, part(reduce.macs, "other"), part(spatial.macs, "third"))),
      verdict);
  }

  const follow = () => {
    const next = read();
    if (JSON.stringify(next) !== JSON.stringify(state)) adopt(next);
  };
  keys.forEach((key) => model.on(`change:${key}`, follow));
  draw();
  return () => keys.forEach((key) => model.off(`change:${key}`, follow));
}

export default { render, compute };
