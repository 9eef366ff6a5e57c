// The kernel playground: one filter, its stride, padding, dilation and pooling at work on a picture.
import { h, say } from "./dom.js";
import { keep, asset } from "./frame.js";
import { choice, slider, stepper, toggle } from "./controls.js";
import { pictureFile } from "./picture_file.js";
import { paintColour, paintGrey, paintScale, paintSigned } from "./signed.js";
import { DESIGNED, IN_COLOUR, KERNEL_SIZES, LEARNED, filterOf, inChannels, presetSizes, resized } from "./playground_kernels.js";
import { explain, extent, featureMap, usualSize } from "./playground_map.js";
import { around, pixelView } from "./playground_pixels.js";
import { filterView } from "./playground_filter.js";
import { palette } from "./playground_palette.js";
import { ROWS, COLUMNS, decode, planesOf } from "./playground_picture.js";
import { sentences, short } from "./playground_sentences.js";
import { words } from "./kernel_playground.words.js";

const LIMITS = { stride: [1, 4], padding: [0, 12], dilation: [1, 4] };
const KEYS = ["photograph", "channels", "preset", "filter", "angle", "kernel_size", "weights", ...Object.keys(LIMITS),
  "relu", "pooling", "pool_size", "view"];
const LOUPE = 15;
const FIRST_PLACE = { y: 0.3, x: 0.155 }; // an eave of the palace, as shares of the map's sides
const MOST_WEIGHT = 1000;

// Everything that is shown, from the state, the picture and the learned filters; the tests compare it with PyTorch.
function compute(state, picture, learned) {
  const planes = filterOf(state, learned);
  const result = featureMap(picture, planes, state);
  return result && { planes, ...result };
}

async function render({ model, el }) {
  const text = words.en;
  const pictures = Object.fromEntries(await Promise.all(
    Object.entries(model.get("photographs")).map(async ([name, address]) => [name, await decode(address)])));
  const learned = await asset(model, "first_kernels").catch(() => null);
  let mine = null, showMine = false; // the reader's own picture: never part of the state, which Jupyter sends to the kernel
  let shown = null;
  let at = { ...FIRST_PLACE }; // the place looked at, as a share of the map

  const wish = (key) => (value) => kept.propose({ [key]: value });
  const options = (keys) => keys.map((key) => [key, text[key]]);
  const presets = [...DESIGNED, ...(learned ? LEARNED : []), "own"];
  const knobs = {
    photograph: choice({ label: text.photograph, value: "", options: [...options(["china", "flower"]), ["own", text.own_picture]], change: choosePicture }),
    channels: choice({ label: text.channels, value: "", options: options(["grey", "colour"]), change: chooseChannels }),
    preset: choice({ label: text.preset, value: "", options: options(presets), change: choosePreset }),
    kernel_size: choice({ label: text.kernel_size, value: "", options: KERNEL_SIZES.map((k) => [String(k), `${k}×${k}`]), change: chooseSize }),
    ...Object.fromEntries(Object.entries(LIMITS).map(([key, [min, max]]) => [key, stepper({ label: text[key], value: min, min, max, change: wish(key) })])),
    relu: toggle({ label: text.relu, value: false, change: wish("relu") }),
    pooling: choice({ label: text.pooling, value: "", options: options(["none", "max", "average"]), change: wish("pooling") }),
    pool_size: choice({ label: text.pool_size, value: "", options: [["2", "2×2"], ["3", "3×3"]], change: (value) => kept.propose({ pool_size: Number(value) }) }),
    view: choice({ label: text.view, value: "", options: [["signed", text.signed], ["grey", text.as_grey]], change: wish("view") }),
  };
  const angle = slider({ label: text.angle, value: 0, min: 0, max: 180, step: 5, change: wish("angle") });
  const filters = palette({ text, change: wish("filter") });
  const note = h("p", { class: "cw-note" });
  const file = pictureFile({ text, refuse: (why) => kept.tell(why), take: (pixels) => {
    mine = planesOf(pixels(ROWS, COLUMNS));
    choosePicture("own");
  } });
  const input = pixelView({ pick: (row, column) => lookAt(...overCell(row, column)) });
  const output = pixelView({ pick: (row, column) => lookAt(row, column), move: moveBy });
  const filter = filterView({ text, change: setWeight, names: (c, count) => (count === 1 ? text.plane_grey : text[`plane_${c}`]) });
  const loupe = h("canvas", { class: "cw-canvas", "aria-hidden": "true" });
  const scale = h("canvas", { class: "cw-kp-scale", "aria-hidden": "true" });
  const [scaleLow, scaleZero, scaleHigh, inputName, outputName, oneFilter] = Array.from({ length: 6 }, () => h("span", {}));
  const formula = h("p", { class: "cw-formula cw-kp-formula", "aria-live": "polite" });
  const range = h("p", { class: "cw-note cw-kp-range", "aria-live": "polite" });
  const sum = h("div", { class: "cw-kp-explained" });
  const spoken = h("p", { class: "cw-kp-spoken", "aria-live": "polite" });
  const credit = h("p", { class: "cw-note" });

  const kept = keep({ model, keys: KEYS, problem, draw });
  el.append(h("section", { class: "cw cw-kp", "aria-label": text.title },
    h("div", { class: "cw-knobs" }, Object.values(knobs).map((knob) => knob.element), file.element),
    kept.sentence,
    h("div", { class: "cw-kp-views" },
      h("figure", {}, h("div", { class: "cw-kp-frame" }, input.element), h("figcaption", {}, inputName)),
      h("figure", {}, h("div", { class: "cw-kp-frame" }, output.element), h("figcaption", {}, outputName),
        h("div", { class: "cw-kp-legend" }, scale, h("div", { class: "cw-kp-ends" }, scaleLow, scaleZero, scaleHigh)))),
    formula, range,
    h("div", { class: "cw-kp-extra" }, note, angle.element, filters.element),
    h("div", { class: "cw-kp-place" },
      h("div", { class: "cw-kp-filter" }, filter.element, h("p", { class: "cw-note" }, oneFilter)),
      h("figure", { class: "cw-kp-loupe" }, h("div", {}, loupe), h("figcaption", {}, text.loupe))),
    sum, spoken,
    h("div", { class: "cw-buttons" }, h("button", { type: "button", onclick: reset }, text.reset)),
    credit));

  // What the knobs do beyond their own setting.
  function choosePicture(name) {
    showMine = name === "own" && mine !== null;
    if (name === "own" || name === kept.state.photograph) draw(kept.state);
    else kept.propose({ photograph: name });
    if (name === "own" && !mine) kept.tell(text.stays);
  }

  function choosePreset(preset) {
    if (preset === "own") return kept.propose({ preset, weights: shown.planes });
    const part = { preset, weights: [], kernel_size: presetSizes(preset, learned)[0], filter: 0 };
    if (IN_COLOUR.includes(preset)) part.channels = "colour";
    return kept.propose(part);
  }

  function chooseSize(value) {
    const size = Number(value);
    const own = kept.state.preset === "own";
    const took = kept.propose({ kernel_size: size, ...(own ? { weights: resized(kept.state.weights, size) } : {}) });
    if (!took) knobs.kernel_size.set(String(kept.state.kernel_size));
  }

  function chooseChannels(channels) {
    const own = kept.state.preset === "own";
    kept.propose({ channels, ...(own ? { weights: inChannels(kept.state.weights, channels === "colour" ? 3 : 1) } : {}) });
  }

  function setWeight(c, i, j, number) {
    if (!(Math.abs(number) <= MOST_WEIGHT)) {
      kept.tell(text.weight_not_possible);
      filter.draw(shown.planes, shown.told);
      return;
    }
    const weights = shown.planes.map((plane) => plane.map((row) => [...row]));
    weights[c][i][j] = number;
    kept.propose({ preset: "own", weights });
  }

  function reset() {
    showMine = false;
    at = { ...FIRST_PLACE };
    kept.reset();
    draw(kept.state);
  }

  function problem(next) {
    if (next.preset === "own") return fits(next) ? null : text.weight_not_possible;
    const sizes = presetSizes(next.preset, learned);
    if (sizes.includes(next.kernel_size)) return null;
    const possible = [...sizes].sort().map((k) => `${k}×${k}`).join(", ");
    return say(text.size_not_possible, { preset: text[next.preset], k: next.kernel_size, sizes: possible });
  }

  function fits({ weights, kernel_size: k, channels }) {
    return weights.length === (channels === "colour" ? 3 : 1) && weights.every((plane) => plane.length === k && plane.every((row) => row.length === k));
  }

  // The place that is looked at: chosen on the map, or on the picture by the window's middle.
  function lookAt(y, x) {
    const { rows, columns } = shown.map;
    at = { y: (y + 0.5) / rows, x: (x + 0.5) / columns };
    drawPlace();
  }

  function overCell(row, column) {
    const { seen, state, map } = shown;
    const step = state.stride * (state.pooling === "none" ? 1 : state.pool_size);
    const near = (pixel, cells) => Math.max(0, Math.min(cells - 1, Math.round((pixel + state.padding - (seen - 1) / 2) / step)));
    return [near(row, map.rows), near(column, map.columns)];
  }

  function moveBy(rows, columns) {
    const { y, x } = place();
    const within = (value, cells) => Math.max(0, Math.min(cells - 1, value));
    lookAt(within(y + rows, shown.map.rows), within(x + columns, shown.map.columns));
    spoken.textContent = say(text.spoken, { ...place(), value: short(shown.told.value, 3) });
  }

  function place() {
    const cell = (share, cells) => Math.max(0, Math.min(cells - 1, Math.floor(share * cells)));
    return { y: cell(at.y, shown.map.rows), x: cell(at.x, shown.map.columns) };
  }

  function draw(state) {
    kept.tell("");
    const whole = showMine ? mine : pictures[state.photograph];
    const picture = { ...whole, planes: state.channels === "colour" ? whole.planes : [whole.grey] };
    shown = { state, picture, ...compute(state, picture, learned) };
    drawKnobs(state);
    if (state.channels === "colour") paintColour(input.canvas, ROWS, COLUMNS, picture.planes);
    else paintGrey(input.canvas, ROWS, COLUMNS, whole.grey);
    drawMap(state);
    drawPlace();
  }

  function drawKnobs(state) {
    for (const [key, knob] of Object.entries(knobs)) knob.set(typeof state[key] === "number" && !(key in LIMITS) ? String(state[key]) : state[key]);
    if (showMine) knobs.photograph.set("own");
    angle.set(state.angle);
    const net = LEARNED.includes(state.preset) ? learned.nets[state.preset] : null;
    angle.element.hidden = state.preset !== "gabor";
    filters.element.hidden = !net;
    if (net) filters.draw(net.weights, state.filter);
    note.textContent = net
      ? say(text.note_learned, { i: state.filter, n: net.weights.length, data: net.data, accuracy: `${(100 * net.accuracy).toFixed(1)} %` })
      : `${text[`note_${state.preset}`]}${learned ? "" : ` ${text.no_filters}`}`;
    credit.textContent = showMine ? text.stays : text[`credit_${state.photograph}`];
  }

  function drawMap(state) {
    const { conv, map, planes, picture } = shown;
    const { low, high } = extent(map.values);
    const top = usualSize(map.values, { low, high });
    Object.assign(shown, { top, extent: { low, high } });
    paintMap(output.canvas, map.rows, map.columns, map.values);
    paintScale(scale, state.view === "signed");
    const share = Math.min(1, COLUMNS / map.columns, ROWS / map.rows); // a smaller map looks smaller
    output.element.style.width = `${(100 * map.columns * share) / COLUMNS}%`;
    const numbers = { low: short(low, 3), high: short(high, 3), sum: short(planes.flat(2).reduce((a, b) => a + b), 3) };
    const [ends, middle] = state.view === "signed" ? [[-top, top], `0 ${text.zero}`] : [[low, high], ""];
    const names = state.view === "signed" ? [text.negative, text.positive] : [text.lowest, text.highest];
    scaleLow.textContent = `${low < ends[0] ? "≤ " : ""}${short(ends[0])} ${names[0]}`;
    scaleZero.textContent = middle;
    scaleHigh.textContent = `${names[1]} ${high > ends[1] ? "≥ " : ""}${short(ends[1])}`;
    input.element.setAttribute("aria-label", say(text.input_alt, { h: ROWS, w: COLUMNS }));
    output.element.setAttribute("aria-label", say(text.output_alt, { h: map.rows, w: map.columns, ...numbers }));
    inputName.textContent = say(text.input, { c: picture.planes.length, h: ROWS, w: COLUMNS });
    outputName.textContent = say(text.output, { h: map.rows, w: map.columns });
    range.textContent = say(text.range, numbers);
    const k = planes[0].length;
    const sizes = { h: ROWS, w: COLUMNS, p: state.padding, d: state.dilation, k, s: state.stride, ch: conv.rows, cw: conv.columns };
    const pool = say(text.pooled, { q: state.pool_size, ch: conv.rows, cw: conv.columns, h: map.rows, w: map.columns });
    formula.textContent = say(text.formula, sizes) + (state.pooling === "none" ? "" : `;  ${pool}`);
    oneFilter.textContent = say(text.one_filter, { c: planes.length, k, n: planes.length * k * k });
  }

  function paintMap(canvas, rows, columns, values) {
    if (shown.state.view === "signed") paintSigned(canvas, rows, columns, values, shown.top);
    else paintGrey(canvas, rows, columns, values, shown.extent.low, shown.extent.high);
  }

  function drawPlace() {
    const { state, picture, planes, map } = shown;
    const { y, x } = place();
    const told = explain(picture, planes, state, shown, y, x);
    shown.told = told;
    shown.seen = told.seen.size;
    filter.draw(planes, told);
    const window = { top: told.top, left: told.left, height: told.reach, width: told.reach, kind: "window" };
    const single = state.dilation > 1 ? told.taps[0].map(({ row, column }) => ({ top: row, left: column, height: 1, width: 1, kind: "tap" })) : [];
    const seen = told.pool ? [{ top: told.seen.top, left: told.seen.left, height: told.seen.size, width: told.seen.size, kind: "seen" }] : [];
    input.mark([...seen, ...single, window]);
    output.mark([{ top: y - 2, left: x - 2, height: 5, width: 5, kind: "window" }]);
    const near = around(map, y, x, LOUPE);
    paintMap(loupe, LOUPE, LOUPE, near.map((value) => value ?? 0));
    const context = loupe.getContext("2d");
    near.forEach((value, i) => { if (value === null) context.clearRect(i % LOUPE, Math.floor(i / LOUPE), 1, 1); });
    sum.replaceChildren(...sentences(text, state, told, y, x));
  }

  kept.start();
  return () => kept.stop();
}

export default { render, compute, explain, decode, filterOf };
