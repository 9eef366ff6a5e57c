// What goes on inside in one epoch, layer by layer: gradients, the size of the weights, and how they are spread.
import { h, s, say } from "./dom.js";
import { CHART, compact, frameOf, pathOf, powerOfTen, scalesOf } from "./training_axes.js";
import { chart } from "./training_chart.js";

const isThere = (value) => value !== null && value !== undefined;
const within = (list) => list.filter(isThere);
const rangeOf = (values) => ({ low: Math.min(...values) / 1.3, high: Math.max(...values) * 1.3 });

// runs: { key, label, style, layers }, of those that were recorded with their layers. The range is that of all epochs,
// so that nothing but the lines moves from one epoch to the next.
function sizes({ text, runs, column, caption, shift }) {
  const all = within(runs.flatMap((run) => run.layers.flatMap((layer) => layer[column]))).filter((value) => value > 0);
  const range = all.length ? rangeOf(all) : { low: 0.1, high: 1 };
  const count = Math.max(...runs.map((run) => run.layers.length));
  return (epoch) => {
    const lines = runs.map((run) => ({ ...run, values: run.layers.map((layer) => layer[column][epoch - 1 + shift] ?? null) }));
    const ends = lines.map((line) => (isThere(line.values[0])
      ? say(text.layer_alt, { run: line.label, first: compact(line.values[0]), last: compact(line.values.at(-1)) })
      : say(text.layer_alt_none, { run: line.label })));
    return chart({
      label: [say(caption.alt, { epoch }), ...ends].join(" "), lines: lines.filter((line) => within(line.values).length),
      count, ...range, log: true, across: text.layer_axis, up: caption.up, tickText: tickOf,
    }).element;
  };
}

const isPower = (tick) => Number.isInteger(Math.log10(tick));
const tickOf = (tick, ticks) => (ticks.every(isPower) ? powerOfTen(Math.log10(tick)) : compact(tick));

export const gradientChart = ({ text, runs }) =>
  sizes({ text, runs, column: "gradient_norm", caption: { up: text.gradient_up, alt: text.gradient_alt }, shift: 0 });

export const weightChart = ({ text, runs }) =>
  sizes({ text, runs, column: "weight_norm", caption: { up: text.weight_up, alt: text.weight_alt }, shift: 1 });

// How the weights of one run are spread in each layer: the middle half dark, nine tenths light; dotted: before training.
export function spreadChart({ text, run }) {
  const all = within(run.layers.flatMap((layer) => layer.quantiles.flat()));
  const reach = Math.max(...all.map(Math.abs)) * 1.1;
  const axis = { count: run.layers.length, low: -reach, high: reach, log: false };
  const scales = scalesOf(axis);
  return (epoch) => {
    const at = (when, mark) => run.layers.map((layer) => layer.quantiles[when]?.[mark] ?? null);
    const band = (low, high) => {
      const [lower, upper] = [at(epoch, low), at(epoch, high)];
      if (!within(lower).length) return "";
      const back = lower.map((value, i) => `L${scales.x(i + 1).toFixed(1)} ${scales.y(value).toFixed(1)}`).reverse();
      return `${pathOf(upper, scales)}${back.join("")}Z`;
    };
    const first = run.layers[0].quantiles[epoch];
    const label = first && isThere(first[0])
      ? say(text.spread_alt, { run: run.label, epoch, low: compact(first[0]), high: compact(first[4]) })
      : say(text.layer_alt_none, { run: run.label });
    return s("svg", { viewBox: `0 0 ${CHART.width} ${CHART.height}`, class: "cw-tr-chart", role: "img", "aria-label": label },
      frameOf({ ...axis, across: text.layer_axis, up: text.spread_up, tickText: compact }),
      s("g", { class: `cw-tr-s${run.style}` },
        s("path", { class: "cw-tr-band", d: band(0, 4) }), s("path", { class: "cw-tr-band", d: band(1, 3) }),
        s("path", { class: "cw-tr-line", d: pathOf(at(epoch, 2), scales) })),
      [0, 4].map((mark) => s("path", { class: "cw-tr-start", d: pathOf(at(0, mark), scales) })),
      s("text", { class: "cw-tr-key", x: CHART.right + 10, y: 60 }, run.label),
      [text.spread_key_most, text.spread_key_half, text.spread_key_start].map((words, i) =>
        s("text", { class: "cw-tr-small", x: CHART.right + 10, y: 78 + 14 * i }, words)));
  };
}

// The numbers behind the charts, for one quantity: a row a layer, a column a run.
export function layerTable({ text, runs, column, shift, epoch }) {
  const count = Math.max(...runs.map((run) => run.layers.length));
  const cell = (run, i) => {
    const layer = run.layers[i];
    const value = layer ? layer[column][epoch - 1 + shift] : undefined;
    return h("td", { title: layer?.name, "data-value": value ?? null }, layer ? (isThere(value) ? compact(value) : text.no_number) : "");
  };
  return h("table", { class: "cw-table cw-tr-layers" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, text.layer), runs.map((run) => h("th", { scope: "col" }, run.label)))),
    h("tbody", {}, Array.from({ length: count }, (_, i) =>
      h("tr", {}, h("th", { scope: "row" }, String(i + 1)), runs.map((run) => cell(run, i))))));
}
