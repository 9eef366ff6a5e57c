// The kernel playground: a kernel, its stride, padding and dilation at work on a photograph.
import { h, say, show } from "./dom.js";
import { stepper, choice } from "./controls.js";
import { convSize } from "./arithmetic.js";
import { words } from "./kernel_playground.words.js";

const LIMITS = { stride: [1, 4], padding: [0, 4], dilation: [1, 4] };
const POOLINGS = ["none", "max", "average"];
const PRESETS = {
  identity: [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
  box: Array.from({ length: 5 }, () => Array(5).fill(0.04)),
  gauss: [1, 4, 6, 4, 1].map((a) => [1, 4, 6, 4, 1].map((b) => (a * b) / 256)),
  sharpen: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
  sobel_x: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
  sobel_y: [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
  laplace: [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
  gabor: [-2, -1, 0, 1, 2].map((y) => [-2, -1, 0, 1, 2].map((x) =>
    Math.round(100 * Math.exp(-(x * x + y * y) / 4) * Math.cos((Math.PI * (x + y)) / 2)) / 100)),
};

function decode(base64) {
  return Float64Array.from(atob(base64), (char) => char.charCodeAt(0) / 255);
}

// Cross-correlation of one channel, then perhaps pooling; null where nothing is left.
function compute({ pixels, rows, columns, stride, padding, dilation, pooling }, kernel) {
  const picture = typeof pixels === "string" ? decode(pixels) : pixels;
  const k = kernel.length;
  const size = (n) => convSize({ n, kernel: k, stride, padding, dilation });
  const map = { rows: size(rows), columns: size(columns) };
  if (map.rows < 1 || map.columns < 1) return null;
  map.values = new Float64Array(map.rows * map.columns);
  for (let y = 0; y < map.rows; y++) {
    for (let x = 0; x < map.columns; x++) {
      let sum = 0;
      for (let i = 0; i < k; i++) {
        const row = y * stride + i * dilation - padding;
        if (row < 0 || row >= rows) continue; // the padding is zero
        for (let j = 0; j < k; j++) {
          const column = x * stride + j * dilation - padding;
          if (column >= 0 && column < columns) sum += kernel[i][j] * picture[row * columns + column];
        }
      }
      map.values[y * map.columns + x] = sum;
    }
  }
  const result = pooling === "none" ? map : pool(map, pooling);
  return result.rows < 1 || result.columns < 1 ? null : { conv: [map.rows, map.columns], ...result };
}

function pool(map, pooling) {
  const [rows, columns] = [map.rows, map.columns].map((n) => Math.floor(n / 2));
  const values = new Float64Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const at = 2 * y * map.columns + 2 * x;
      const four = [map.values[at], map.values[at + 1], map.values[at + map.columns], map.values[at + map.columns + 1]];
      values[y * columns + x] = pooling === "max" ? Math.max(...four) : four.reduce((a, b) => a + b) / 4;
    }
  }
  return { rows, columns, values };
}

function render({ model, el }) {
  const text = words.en;
  const keys = [...Object.keys(LIMITS), "pooling", "preset"];
  const photo = { rows: model.get("rows"), columns: model.get("columns"), pixels: decode(model.get("pixels")) };
  const read = () => Object.fromEntries(keys.map((key) => [key, model.get(key)]));
  const first = read();
  let state = { ...first };
  let kernel = PRESETS[state.preset].map((row) => [...row]);

  const knobs = Object.fromEntries(Object.entries(LIMITS).map(([key, [min, max]]) => [key, stepper({
    label: text[key], value: state[key], min, max, change: (value) => { adopt({ ...state, [key]: value }); return true; },
  })]));
  knobs.pooling = choice({ label: text.pooling, value: state.pooling, options: POOLINGS.map((p) => [p, text[p]]),
    change: (pooling) => adopt({ ...state, pooling }) });
  knobs.preset = choice({ label: text.preset, value: state.preset, options: Object.keys(PRESETS).map((p) => [p, text[p]]),
    change: (preset) => adopt({ ...state, preset }, true) });
  const table = h("div", {});
  const before = h("canvas", { class: "cw-canvas", role: "img" });
  const after = h("canvas", { class: "cw-canvas", role: "img" });
  const [beforeName, afterName] = [h("figcaption", {}), h("figcaption", {})];
  const range = h("p", { class: "cw-note", "aria-live": "polite" });
  const formula = h("p", { class: "cw-formula" });
  el.append(h("section", { class: "cw", "aria-label": text.title },
    h("div", { class: "cw-knobs" }, knobs.preset.element, Object.keys(LIMITS).map((key) => knobs[key].element), knobs.pooling.element),
    h("div", { class: "cw-views" },
      h("figure", {}, before, beforeName), h("div", {}, table), h("figure", {}, h("div", { class: "cw-frame" }, after), afterName)),
    formula, range,
    h("div", { class: "cw-buttons" }, h("button", { type: "button", onclick: () => adopt({ ...first }, true) }, text.reset))));

  function adopt(next, freshKernel = next.preset !== state.preset) {
    state = next;
    if (freshKernel) kernel = PRESETS[state.preset].map((row) => [...row]);
    keys.forEach((key) => model.set(key, state[key]));
    model.save_changes();
    Object.entries(knobs).forEach(([key, knob]) => knob.set(state[key]));
    if (freshKernel) drawKernel();
    draw();
  }

  function drawKernel() {
    table.replaceChildren(h("table", { class: "cw-kernel" }, h("tbody", {}, kernel.map((row, i) => h("tr", {}, row.map((weight, j) => {
      const field = h("input", {
        type: "number", step: "any", value: Math.round(weight * 1000) / 1000, "aria-label": say(text.weight_alt, { i, j }),
        onchange: () => {
          const number = field.value === "" ? NaN : Number(field.value);
          if (Number.isFinite(number)) kernel[i][j] = number;
          field.value = Math.round(kernel[i][j] * 1000) / 1000;
          draw();
        },
      });
      return h("td", {}, field);
    }))))));
  }

  function draw() {
    const { stride: s, padding: p, dilation: d } = state;
    const { rows: height, columns: width } = photo;
    const map = compute({ ...photo, ...state }, kernel);
    const low = Math.min(...map.values), high = Math.max(...map.values);
    const top = Math.max(Math.abs(low), Math.abs(high)) || 1;
    paint(before, height, width, (i) => { const grey = 255 * photo.pixels[i]; return [grey, grey, grey]; });
    paint(after, map.rows, map.columns, (i) => signed(map.values[i] / top));
    after.style.width = `${(100 * map.columns) / Math.max(width, map.columns)}%`; // smaller maps look smaller
    before.setAttribute("aria-label", say(text.input_alt, { h: height, w: width }));
    const numbers = { low: show(low), high: show(high), sum: show(kernel.flat().reduce((a, b) => a + b)) };
    after.setAttribute("aria-label", say(text.output_alt, { h: map.rows, w: map.columns, ...numbers }));
    beforeName.textContent = say(text.input, { h: height, w: width });
    afterName.textContent = say(text.output, { h: map.rows, w: map.columns });
    range.textContent = say(text.range, numbers);
    const conv = { h: height, w: width, p, d, k: kernel.length, s, ch: map.conv[0], cw: map.conv[1] };
    formula.textContent = say(text.formula, conv) + (state.pooling === "none" ? "" : `; ${say(text.pooled, { h: map.rows, w: map.columns })}`);
  }

  const follow = () => {
    const next = read();
    if (JSON.stringify(next) !== JSON.stringify(state)) adopt(next);
  };
  keys.forEach((key) => model.on(`change:${key}`, follow));
  drawKernel();
  draw();
  return () => keys.forEach((key) => model.off(`change:${key}`, follow));
}

function paint(canvas, rows, columns, colour) {
  canvas.width = columns;
  canvas.height = rows;
  const image = new ImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) image.data.set([...colour(i), 255], 4 * i);
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// From -1 (orange) over 0 (white) to 1 (blue), as in the book's figures.
function signed(value) {
  const end = value < 0 ? [178, 72, 12] : [27, 94, 152];
  const share = Math.min(1, Math.abs(value));
  return end.map((channel) => 247 + (channel - 247) * share);
}

export default { render, compute, PRESETS };
