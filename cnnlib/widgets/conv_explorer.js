// The convolution explorer: one filter spans all input channels and sums to one map.
import { h, s, say, show } from "./dom.js";
import { stepper } from "./controls.js";
import { span, convSize, convParameters, convMacs } from "./arithmetic.js";
import { conv2d, grid } from "./conv.js";
import { words } from "./conv_explorer.words.js";

const LIMITS = {
  input_size: [1, 12], in_channels: [1, 3], out_channels: [1, 4],
  kernel_size: [1, 5], stride: [1, 4], padding: [0, 3], dilation: [1, 3],
};
const CELL = 30;
const STEP_MS = 700;

const sizeOf = (state) => convSize({
  n: state.input_size, kernel: state.kernel_size,
  stride: state.stride, padding: state.padding, dilation: state.dilation,
});

// Small whole numbers with something to find in them: a bright square, different in each channel.
function firstInput(n, channels) {
  return Array.from({ length: channels }, (_, c) =>
    grid(n, n, (y, x) => {
      const inside = y >= 1 + c && y <= n - 3 + c && x >= 2 - c && x <= n - 2 - c;
      return inside ? 2 + ((y + 2 * x + c) % 2) : (y * 3 + x * 5 + c) % 7 === 0 ? 1 : 0;
    }));
}

// Filters that look for something: vertical edges, horizontal edges, brightness, diagonals.
function firstWeights(outs, ins, k) {
  const middle = (k - 1) / 2;
  const looks = [
    (i, j) => Math.sign(j - middle), (i) => Math.sign(i - middle), () => 1, (i, j) => Math.sign(j - i),
  ];
  return Array.from({ length: outs }, (_, o) => Array.from({ length: ins }, (_, c) =>
    grid(k, k, (i, j) => (k === 1 ? 1 + o - c : looks[o](c % 2 ? j : i, c % 2 ? i : j)))));
}

// Everything the picture shows, from the state alone; the tests compare it with PyTorch.
function compute(state, weights = firstWeights(state.out_channels, state.in_channels, state.kernel_size)) {
  const input = firstInput(state.input_size, state.in_channels);
  const bias = Array.from({ length: state.out_channels }, (_, o) => (o % 2 ? -1 : 1) * o);
  const size = sizeOf(state);
  return { input, weights, bias, size, output: conv2d(input, weights, bias, state, size, size) };
}

function render({ model, el }) {
  const text = words.en;
  const first = Object.fromEntries(Object.keys(LIMITS).map((key) => [key, model.get(key)]));
  let state = { ...first };
  let weights, shown, at = { o: 0, y: 0, x: 0 }, timer = null;

  const knobs = Object.fromEntries(Object.entries(LIMITS).map(([key, [min, max]]) => [key, stepper({
    label: text[key], value: state[key], min, max, change: (value) => propose({ ...state, [key]: value }),
  })]));
  const problem = h("p", { class: "cw-problem", role: "alert" });
  const formula = h("p", { class: "cw-formula" });
  const stage = h("div", { class: "cw-stage" });
  const sum = h("div", { class: "cw-sum", "aria-live": "polite" });
  const cost = h("p", { class: "cw-note" });
  const unread = h("p", { class: "cw-note" });
  const playButton = h("button", { type: "button", onclick: togglePlay }, text.play);
  const buttons = h("div", { class: "cw-buttons" },
    h("button", { type: "button", onclick: () => step(-1) }, text.back), playButton,
    h("button", { type: "button", onclick: () => step(1) }, text.forward),
    h("button", { type: "button", onclick: reset }, text.reset));
  el.append(h("section", { class: "cw", "aria-label": text.title },
    h("div", { class: "cw-knobs" }, Object.values(knobs).map((knob) => knob.element)),
    problem, formula, stage, buttons, sum, cost, unread));

  function propose(next) {
    const room = next.input_size + 2 * next.padding;
    const needed = span(next.kernel_size, next.dilation);
    if (needed > room) {
      problem.textContent = say(text.does_not_fit, { span: needed, room });
      return false;
    }
    Object.entries(next).forEach(([key, value]) => model.set(key, value));
    model.save_changes();
    adopt(next);
    return true;
  }

  function adopt(next) {
    const fresh = !weights || ["kernel_size", "in_channels", "out_channels"].some((key) => next[key] !== state[key]);
    state = next;
    problem.textContent = "";
    if (fresh) weights = firstWeights(state.out_channels, state.in_channels, state.kernel_size);
    Object.entries(knobs).forEach(([key, knob]) => knob.set(state[key]));
    recompute();
  }

  function recompute() {
    shown = compute(state, weights);
    const last = shown.size - 1;
    at = { o: Math.min(at.o, state.out_channels - 1), y: Math.min(at.y, last), x: Math.min(at.x, last) };
    draw();
  }

  function reset() {
    pause();
    weights = null;
    at = { o: 0, y: 0, x: 0 };
    propose({ ...first });
  }

  // From cell to cell, row by row, then on to the next output channel.
  function step(by) {
    const { size } = shown;
    const count = size * size * state.out_channels;
    const index = ((at.o * size + at.y) * size + at.x + by + count) % count;
    at = { o: Math.floor(index / (size * size)), y: Math.floor(index / size) % size, x: index % size };
    draw();
  }

  function togglePlay() {
    if (timer) return pause();
    playButton.textContent = text.pause;
    sum.setAttribute("aria-live", "off"); // a screen reader would be talked over by every step
    timer = setInterval(() => step(1), STEP_MS);
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    playButton.textContent = text.play;
    sum.setAttribute("aria-live", "polite");
  }

  function moveByKey(event) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const within = (value) => Math.min(shown.size - 1, Math.max(0, value));
    at = { o: Number(event.currentTarget.dataset.o), y: within(at.y + move[0]), x: within(at.x + move[1]) };
    draw();
  }

  function draw() {
    const { input, size, output, bias } = shown;
    const { input_size: n, padding: p, kernel_size: k, stride, dilation: d } = state;
    const focused = stage.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const reach = (out) => new Set(Array.from({ length: k }, (_, i) => out * stride + i * d));
    const rows = reach(at.y), columns = reach(at.x);
    const read = new Set(Array.from({ length: size }, (_, out) => [...reach(out)]).flat());
    const isUnread = (y, x) => !(read.has(y) && read.has(x));

    const inputs = input.map((map, c) => figure(say(text.input, { c }), board(n + 2 * p, {
      label: say(text.input_alt, { c, n, p }),
      value: (y, x) => map[y - p]?.[x - p] ?? 0,
      kind: (y, x) => [
        map[y - p]?.[x - p] === undefined ? "pad" : "", rows.has(y) && columns.has(x) ? "window" : "",
        isUnread(y, x) && map[y - p]?.[x - p] !== undefined ? "unread" : "",
      ],
    })));
    const filter = weights[at.o].map((kernel, c) => figure(say(text.filter, { o: at.o, c }), kernelTable(kernel, c)));
    const outputs = output.map((map, o) => figure(say(text.output, { o }), board(size, {
      label: say(text.output_alt, { o, n: size }), key: `out${o}`, o,
      value: (y, x) => map[y][x], shade: true,
      kind: (y, x) => [o === at.o && y === at.y && x === at.x ? "current" : ""],
      pick: (y, x) => { at = { o, y, x }; draw(); },
    })));
    stage.replaceChildren(
      h("div", { class: "cw-column" }, inputs),
      h("div", { class: "cw-sign", "aria-hidden": "true" }, "∗"),
      h("div", { class: "cw-column" }, filter),
      h("div", { class: "cw-sign", "aria-hidden": "true" }, "="),
      h("div", { class: "cw-column" }, outputs));
    stage.querySelector(`[data-key="${focused}"]`)?.focus();

    const room = n + 2 * p - span(k, d);
    formula.replaceChildren(`${text.formula} = ⌊(${n} + 2·${p} − ${d}·(${k} − 1) − 1) / ${stride}⌋ + 1 = ⌊${room} / ${stride}⌋ + 1 = `,
      h("strong", { class: "cw-size" }, String(size)));
    const products = weights[at.o].map((kernel, c) => {
      const terms = kernel.flatMap((row, i) => row.map((w, j) => {
        const value = input[c][at.y * stride + i * d - p]?.[at.x * stride + j * d - p] ?? 0;
        return { text: `${show(value)}·${w < 0 ? `(${show(w)})` : show(w)}`, product: value * w };
      }));
      const subtotal = terms.reduce((total, term) => total + term.product, 0);
      return h("p", {}, h("b", {}, say(text.channel_line, { c })), ` ${terms.map((t) => t.text).join(" + ")} = ${show(subtotal)}`);
    });
    sum.replaceChildren(
      h("p", {}, say(text.sum_over, { o: at.o, y: at.y, x: at.x })), ...products,
      h("p", {}, h("b", {}, text.bias), ` ${show(bias[at.o])}`),
      h("p", {}, h("b", {}, text.total), " ", h("strong", {}, show(output[at.o][at.y][at.x]))));
    const counts = { inChannels: state.in_channels, outChannels: state.out_channels, height: k, width: k };
    cost.textContent = say(text.cost, {
      parameters: show(convParameters({ ...counts, bias: true })), out: state.out_channels, in: state.in_channels, k,
      macs: show(convMacs({ ...counts, cells: size * size })),
    });
    const missed = grid(n, n, (y, x) => isUnread(y + p, x + p)).flat().some(Boolean);
    unread.textContent = missed ? text.unread : text.all_read;
  }

  // A grid of numbers as one picture; with `pick` its cells can be chosen by pointer and by arrow keys.
  function board(side, { label, value, kind, shade, pick, key, o }) {
    const all = grid(side, side, value);
    const top = Math.max(1, ...all.flat().map(Math.abs));
    const marked = [], plain = []; // the marked cells are drawn last, over their neighbours' borders
    all.forEach((row, y) => row.forEach((number, x) => {
      const kinds = kind(y, x).filter(Boolean);
      const [left, up] = [x * CELL, y * CELL];
      (kinds.includes("window") || kinds.includes("current") ? marked : plain).push(s("g", { class: ["cw-cell", ...kinds].join(" "), onclick: pick && (() => pick(y, x)) },
        s("rect", { x: left, y: up, width: CELL, height: CELL,
          style: shade ? `fill:var(${number < 0 ? "--cw-neg" : "--cw-pos"});fill-opacity:${(0.55 * Math.abs(number)) / top}` : null }),
        kinds.includes("unread") ? s("path", { d: `M${left + 4} ${up + 4}l${CELL - 8} ${CELL - 8}m0 ${8 - CELL}l${8 - CELL} ${CELL - 8}` }) : null,
        s("text", { x: left + CELL / 2, y: up + CELL / 2 }, show(number))));
    }));
    return s("svg", {
      viewBox: `-2 -2 ${side * CELL + 4} ${side * CELL + 4}`, class: pick ? "cw-board cw-pick" : "cw-board", style: `max-width:${side * CELL + 4}px`,
      role: pick ? "application" : "img", "aria-label": label, tabindex: pick ? 0 : null,
      "data-key": key, "data-o": o, onkeydown: pick && moveByKey,
    }, plain, marked);
  }

  function kernelTable(kernel, c) {
    const field = (weight, i, j) => {
      const input = h("input", {
        type: "number", step: "any", value: weight, "data-key": `w${c}-${i}-${j}`, "aria-label": say(text.weight_alt, { o: at.o, c, i, j }),
        onchange: () => {
          const number = input.value === "" ? NaN : Number(input.value);
          if (Number.isFinite(number)) weights[at.o][c][i][j] = number; // otherwise the old weight comes back
          recompute();
        },
      });
      return h("td", {}, input);
    };
    return h("table", { class: "cw-kernel" }, h("tbody", {}, kernel.map((row, i) => h("tr", {}, row.map((w, j) => field(w, i, j))))));
  }

  function figure(caption, body) {
    return h("figure", {}, body, h("figcaption", {}, caption));
  }

  const follow = () => {
    const next = Object.fromEntries(Object.keys(LIMITS).map((key) => [key, model.get(key)]));
    if (JSON.stringify(next) !== JSON.stringify(state) && sizeOf(next) !== null) adopt(next);
  };
  Object.keys(LIMITS).forEach((key) => model.on(`change:${key}`, follow));
  adopt(state);
  return () => {
    clearInterval(timer);
    Object.keys(LIMITS).forEach((key) => model.off(`change:${key}`, follow));
  };
}

export default { render, compute, sizeOf };
