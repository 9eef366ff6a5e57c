// Why a neuron has its value: the bias, what each input channel adds, and the largest single products.
import { h, say } from "./dom.js";

const MOST_CHANNELS = 16; // beyond that, the largest ones and the rest in one
const TERMS = 8;

// explained: what `explain` of forward.js returns. before: the layer whose map the sum reads, { name, shape, flat }.
export function neuronSum({ text, layer, neuron, explained, before }) {
  const place = placeOfNeuron(text, layer, neuron);
  const head = h("p", { class: "cw-live-neuron" }, h("b", {}, place), " ", h("span", { class: "cw-live-value", "data-value": explained.value }, `= ${decimals(explained.value)}`));
  return [head, ...BODIES[explained.kind]({ text, explained, before })];
}

const BODIES = { conv: weightedSum, linear: weightedSum, relu: rectified, pool: pooledFrom, flatten: flattenedFrom, input: () => [] };

export function placeOfNeuron(text, { name, shape }, { channel, y, x }) {
  return say(shape.length === 1 ? text.unit : text.neuron, { layer: name, c: channel + 1, y: y + 1, x: x + 1 });
}

function weightedSum({ text, explained: { bias, channels, terms, value }, before }) {
  const single = before.shape.length === 1;
  const lines = largestChannels(channels).map(({ channel, subtotal, others }) => [
    others ? say(text.others, { n: others }) : say(single ? text.from_unit : text.from_map, { c: channel + 1 }), subtotal]);
  const longest = Math.max(Math.abs(bias), ...lines.map(([, subtotal]) => Math.abs(subtotal)), 1e-9);
  const line = ([name, part], i) => h("div", { class: "cw-live-part", "data-part": part }, h("span", {}, name),
    h("div", { class: "cw-live-beam" }, h("div", { class: part < 0 ? "cw-bar other" : "cw-bar",
      style: `width:${(50 * Math.abs(part)) / longest}%;${part < 0 ? "right" : "left"}:50%` })),
    h("span", { class: "cw-live-number" }, i ? signedDecimals(part) : decimals(part)));
  const product = ({ channel, y, x, value: number, weight, product: result }) => h("tr", {},
    h("td", {}, single ? say(text.from_unit, { c: channel + 1 }) : say(text.place, { c: channel + 1, y: y + 1, x: x + 1 })),
    h("td", {}, decimals(number)), h("td", {}, decimals(weight)), h("td", {}, decimals(result)));
  return [
    h("p", { class: "cw-note" }, say(single ? text.sum_units : text.sum_maps, { before: before.name })),
    h("div", { class: "cw-live-parts" }, [[text.bias, bias], ...lines].map(line),
      h("div", { class: "cw-live-part total" }, h("span", {}, text.total), h("span", {}), h("span", { class: "cw-live-number" }, `= ${decimals(value)}`))),
    h("p", { class: "cw-note" }, text.largest),
    h("table", { class: "cw-live-terms" },
      h("thead", {}, h("tr", {}, [single ? text.where_units : text.where, text.value, text.weight, text.product].map((word) => h("th", { scope: "col" }, word)))),
      h("tbody", {}, terms.slice(0, TERMS).map(product))),
  ];
}

// All input channels in their order; of many, the largest and the sum of the rest.
export function largestChannels(channels) {
  const all = channels.map((subtotal, channel) => ({ channel, subtotal }));
  if (all.length <= MOST_CHANNELS) return all;
  const sorted = all.sort((a, b) => Math.abs(b.subtotal) - Math.abs(a.subtotal));
  const rest = sorted.slice(MOST_CHANNELS - 1);
  return [...sorted.slice(0, MOST_CHANNELS - 1), { others: rest.length, subtotal: rest.reduce((sum, { subtotal }) => sum + subtotal, 0) }];
}

function rectified({ text, explained: { before } }) {
  return [h("p", {}, say(before > 0 ? text.relu_passes : text.relu_stops, { a: decimals(before) }))];
}

function pooledFrom({ text, explained: { how, cells, winner }, before }) {
  const side = Math.sqrt(cells.length);
  const row = (y) => h("tr", {}, cells.slice(y * side, (y + 1) * side).map(({ value }, x) =>
    h("td", { class: y * side + x === winner ? "winner" : null }, decimals(value))));
  return [
    h("p", {}, say(how === "max" ? text.pool_max : text.pool_average, { before: before.name, y: cells[0].y + 1, x: cells[0].x + 1 })),
    h("table", { class: "cw-live-window" }, h("tbody", {}, Array.from({ length: side }, (_, y) => row(y)))),
  ];
}

function flattenedFrom({ text, explained: { from }, before }) {
  return [h("p", {}, say(text.flattened, { before: before.name, c: from.channel + 1, y: from.y + 1, x: from.x + 1 }))];
}

// Three decimals and a true minus sign; quicker than toLocaleString, for it is called on every stroke.
export function decimals(value) {
  const text = value.toFixed(3);
  return text === "-0.000" ? "0.000" : text.replace("-", "−");
}

function signedDecimals(value) {
  return value < 0 ? decimals(value).replace("−", "− ") : `+ ${decimals(value)}`;
}
