// The pooling explorer: a small picture, its pooled map, and both again after the picture was moved a little.
import { h, say, show } from "./dom.js";
import { stepper, choice, toggle, player } from "./controls.js";
import { keep } from "./frame.js";
import { MODES, sidesOf, strideOf, pooledSize, pool2d, poolCell, shifted, readers, difference, table } from "./pooling.js";
import { STARTS, startingPicture } from "./pooling_pictures.js";
import { numberBoard, brief } from "./pooling_board.js";
import { formulaLines, ruleSentence, whereTo, sumLines, verdictSentence } from "./pooling_sentences.js";
import { words } from "./pooling_explorer.words.js";

const KEYS = ["input_size", "kernel_size", "stride", "padding", "mode", "ceil_mode", "count_include_pad", "dy", "dx", "start", "values"];
const NUMBERS = { kernel_size: [1, 5], stride: [0, 5], padding: [0, 2], dy: [-3, 3], dx: [-3, 3] };
const MOST_SIDE = 12, MOST_VALUE = 99;
const STEP_MS = 900;
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

// The picture as it is: the reader's own numbers, or the one to start from.
const pictureOf = (state) => (state.values.length ? state.values : startingPicture(state.start, ...sidesOf(state)));

// Everything the widget shows, from the state alone; the tests compare it with PyTorch.
function compute(state) {
  const size = pooledSize(state);
  if (size === null) return null;
  const input = pictureOf(state), moved = shifted(input, state.dy, state.dx);
  const output = pool2d(input, state, size), after = pool2d(moved, state, size);
  return { size, input, moved, output, after, change: difference(output, after), pixels: difference(input, moved), readers: readers(state, size) };
}

// The same shift through every kind of pooling, and through skipping; null where a kind cannot take these settings.
function compared(state, { size, input, moved }) {
  const through = (mode) => difference(pool2d(input, state, size, mode), pool2d(moved, state, size, mode));
  const corner = (picture) => table(...size, (y, x) => picture[y * strideOf(state)][x * strideOf(state)]);
  const rows = MODES.map((mode) => [mode, mode === "L2" && state.padding ? null : through(mode)]);
  return [...rows, ["skip", state.padding ? null : difference(corner(input), corner(moved))]];
}

function problemOf(text, state) {
  const { kernel_size: k, padding: p } = state;
  if (2 * p > k) return say(text.padding_too_large, { p, most: Math.floor(k / 2) });
  if (state.mode === "L2" && p) return text.L2_padding;
  if (pooledSize(state) === null) return say(text.no_window, { k, p, n: Math.min(...sidesOf(state)) });
  return null;
}

function render({ model, el }) {
  const text = words.en;
  let shown, at = { y: 0, x: 0 }, pen = { y: 0, x: 0 };
  const store = keep({ model, keys: KEYS, problem: (next) => problemOf(text, next), draw: adopt });
  const { propose } = store;

  const knob = (key, [min, max]) => stepper({ label: text[key], value: model.get(key), min, max, change: (value) => propose({ [key]: value }) });
  const sides = ["height", "width"].map((name, side) => stepper({
    label: text[name], value: sidesOf(store.first)[side], min: 1, max: MOST_SIDE, change: (value) => resize(side, value) }));
  const numbers = Object.fromEntries(Object.entries(NUMBERS).map(([key, limits]) => [key, knob(key, limits)]));
  const mode = choice({ label: text.mode, value: model.get("mode"), options: MODES.map((key) => [key, text[key]]),
    change: (value) => { if (!propose({ mode: value })) mode.set(store.state.mode); } });
  const start = choice({ label: text.start, value: model.get("start"), options: [...STARTS, "own"].map((key) => [key, text[key]]),
    change: (value) => propose(value === "own" ? { values: shown.input } : { start: value, values: [] }) });
  const ceil = toggle({ label: text.ceil_mode, value: model.get("ceil_mode"), change: (on) => propose({ ceil_mode: on }) });
  const count = toggle({ label: text.count_include_pad, value: model.get("count_include_pad"), change: (on) => propose({ count_include_pad: on }) });
  const value = stepper({ label: text.pen, value: 0, min: -MOST_VALUE, max: MOST_VALUE, change: write });

  const boards = {
    input: numberBoard({ least: 6, pick: (y, x) => point(y, x), key: editByKey }),
    moved: numberBoard({ least: 6 }),
    output: numberBoard({ least: 4, pick: (y, x) => choose(y, x), key: moveByKey }),
    after: numberBoard({ least: 4, pick: (y, x) => choose(y, x), key: moveByKey }),
  };
  const captions = Object.fromEntries(Object.keys(boards).map((name) => [name, h("figcaption")]));
  const formula = h("div", { class: "cw-pool-formula", "aria-live": "polite" });
  const place = h("p", { class: "cw-note cw-pool-place", "aria-live": "polite" });
  const legend = h("p", { class: "cw-note cw-pool-legend" });
  const sum = h("div", { class: "cw-sum cw-pool-sum", role: "group", "aria-label": text.sum, tabindex: 0, "aria-live": "polite" });
  const verdict = h("p", { class: "cw-pool-verdict", "aria-live": "polite" });
  const kinds = h("tbody");
  const play = player({ text, step, interval: STEP_MS,
    playing: (on) => sum.setAttribute("aria-live", on ? "off" : "polite") }); // a screen reader would be talked over

  const figure = (name) => h("figure", { class: `cw-pool-${name}` }, boards[name].element, captions[name]);
  el.append(h("section", { class: "cw cw-pool", "aria-label": text.title },
    h("div", { class: "cw-knobs" }, [...sides, numbers.kernel_size, numbers.stride, numbers.padding, mode, start, numbers.dy, numbers.dx, ceil, count]
      .map(({ element }) => element)),
    store.sentence, formula,
    h("div", { class: "cw-pool-stage" }, Object.keys(boards).map(figure)), verdict, legend,
    h("div", { class: "cw-buttons" }, play.elements, h("button", { type: "button", onclick: reset }, text.reset)),
    sum, h("div", { class: "cw-pool-pen" }, value.element, place),
    h("div", { class: "cw-scroll" }, h("table", { class: "cw-table cw-pool-kinds" }, h("caption", {}, text.compare),
      h("thead", {}, h("tr", {}, ["kind", "count", "percent"].map((key) => h("th", { scope: "col" }, text[key])), h("td"))), kinds)),
    h("p", { class: "cw-note" }, text.percent_note)));

  function adopt(state) {
    shown = compute(state);
    at = within(at, shown.size);
    pen = within(pen, sidesOf(state));
    sides.forEach((side, index) => side.set(sidesOf(state)[index]));
    Object.entries(numbers).forEach(([key, each]) => each.set(state[key]));
    mode.set(state.mode);
    start.set(state.values.length ? "own" : state.start);
    ceil.set(state.ceil_mode);
    count.set(state.count_include_pad);
    count.element.querySelector("input").disabled = state.mode !== "average"; // no other kind divides
    formula.replaceChildren(...formulaLines(text, state, shown.size), h("p", { class: "cw-note" }, ruleSentence(text, state, shown.size)));
    verdict.textContent = verdictSentence(text, state, shown.change, shown.pixels);
    drawKinds(compared(state, shown));
    draw();
  }

  function drawKinds(rows) {
    const top = Math.max(...rows.map(([, found]) => found?.percent ?? 0)) || 1;
    kinds.replaceChildren(...rows.map(([name, found]) => h("tr", { "data-kind": name, class: name === store.state.mode ? "current" : null },
      h("th", { scope: "row" }, text[name]),
      h("td", {}, found ? say(text.count_value, found) : text.not_here),
      h("td", {}, found?.percent == null ? text.not_here : say(text.percent_value, { percent: show(Math.round(found.percent)) })),
      h("td", { class: "cw-pool-bar" }, found?.percent ? h("div", { class: "cw-bar", style: `width:${(100 * found.percent) / top}%` }) : null))));
  }

  // The boards and the sum: all that a step changes.
  function draw() {
    const { state } = store;
    const [height, width] = sidesOf(state), [rows, columns] = shown.size;
    const cells = { before: poolCell(shown.input, at.y, at.x, state), after: poolCell(shown.moved, at.y, at.x, state) };
    const name = text[state.mode], { change } = shown, counts = { count: change.count, of: change.of };
    drawInput("input", shown.input, cells.before, say(text.input_alt, { h: height, w: width }), [{ ...inFrame(state, pen), kind: "pen" }]);
    drawInput("moved", shown.moved, cells.after, say(text.moved_alt, { where: whereTo(text, state) }), []);
    drawOutput("output", shown.output, say(text.output_alt, { mode: name, h: rows, w: columns }), () => false);
    drawOutput("after", shown.after, say(text.after_alt, { mode: name, ...counts }), (y, x) => shown.after[y][x] !== shown.output[y][x]);
    captions.input.textContent = say(text.input, { h: height, w: width });
    captions.moved.textContent = say(text.moved, { where: whereTo(text, state) });
    captions.output.textContent = say(text.output, { mode: name, h: rows, w: columns });
    captions.after.textContent = say(text.after, counts);
    const often = shown.readers.flat();
    legend.replaceChildren(...[["corner", "legend_shared"], ["cross", "legend_unread"], ["changed", "legend_changed"]].map(([mark, key]) =>
      h("span", {}, h("i", { class: `cw-pool-key ${mark}`, "aria-hidden": "true" }), say(text[key], {
        shared: often.filter((n) => n > 1).length, unread: often.filter((n) => n === 0).length, changed: change.count }))));
    place.textContent = say(text.pen_place, { ...pen, readers: shown.readers[pen.y][pen.x] });
    value.set(shown.input[pen.y][pen.x]);
    sum.replaceChildren(...sumLines(text, state, at, cells.before, cells.after));
  }

  // With its padding, and with what a last window reaches beyond it.
  function drawInput(name, picture, cell, label, framed) {
    const { state } = store;
    const { padding: p, kernel_size: k } = state, s = strideOf(state);
    const [height, width] = sidesOf(state);
    const top = Math.max(1, ...picture.flat().map(Math.abs));
    const outside = { max: "−∞", average: state.count_include_pad ? "0" : "", L2: "" }[state.mode];
    const frame = { y: at.y * s, x: at.x * s, rows: k, columns: k, kind: "window" };
    boards[name].draw({
      label, rows: Math.max(height + 2 * p, (shown.size[0] - 1) * s + k), columns: Math.max(width + 2 * p, (shown.size[1] - 1) * s + k),
      framed: [frame, ...framed, ...(cell.winner ? [{ ...inFrame(state, cell.winner), kind: "winner" }] : [])],
      value: (y, x) => {
        const number = picture[y - p]?.[x - p], read = shown.readers[y - p]?.[x - p];
        const padded = y < height + 2 * p && x < width + 2 * p;
        if (number === undefined) return { text: padded ? outside : "", kind: padded ? "pad" : "beyond" };
        return { text: brief(number), tone: number / top, mark: read === 0 ? "cross" : read > 1 ? "corner" : "" };
      },
    });
  }

  function drawOutput(name, map, label, changed) {
    const top = Math.max(1, ...shown.output.flat().map(Math.abs), ...shown.after.flat().map(Math.abs));
    const framed = map.flatMap((row, y) => row.map((_, x) => (changed(y, x) ? { y, x, kind: "changed" } : null)).filter(Boolean));
    boards[name].draw({
      label, rows: map.length, columns: map[0].length, framed: [...framed, { ...at, kind: "current" }],
      value: (y, x) => ({ text: brief(map[y][x]), tone: map[y][x] / top }),
    });
  }

  // A change of one side keeps the reader's own numbers where there is still room for them.
  function resize(side, cells) {
    const next = sidesOf(store.state).map((now, index) => (index === side ? cells : now));
    const picture = startingPicture(store.state.start, ...next);
    const values = store.state.values.length ? table(...next, (y, x) => store.state.values[y]?.[x] ?? picture[y][x]) : [];
    return propose({ input_size: next[0] === next[1] ? next[0] : next, values });
  }

  function write(number) {
    return propose({ values: shown.input.map((row, y) => row.map((old, x) => (y === pen.y && x === pen.x ? number : old))) });
  }

  function choose(y, x) {
    at = within({ y, x }, shown.size);
    draw();
  }

  function point(y, x) {
    const { padding } = store.state;
    pen = within({ y: y - padding, x: x - padding }, sidesOf(store.state));
    draw();
  }

  function step(by) {
    const [rows, columns] = shown.size, count = rows * columns;
    const next = (at.y * columns + at.x + by + count) % count;
    choose(Math.floor(next / columns), next % columns);
  }

  function moveByKey(event) {
    const [dy, dx] = ARROWS[event.key] ?? [];
    if (dy === undefined) return;
    event.preventDefault();
    choose(at.y + dy, at.x + dx);
  }

  function editByKey(event) {
    const [dy, dx] = ARROWS[event.key] ?? [];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (dy !== undefined) point(pen.y + dy + store.state.padding, pen.x + dx + store.state.padding);
    else if (/^[0-9]$/.test(event.key)) write(Number(event.key));
    else if (event.key === "-") write(0 - shown.input[pen.y][pen.x]);
    else return;
    event.preventDefault();
  }

  function reset() {
    play.pause();
    [at, pen] = [{ y: 0, x: 0 }, { y: 0, x: 0 }];
    store.reset();
    draw();
  }

  store.start();
  return () => {
    play.pause();
    store.stop();
  };
}

const within = ({ y, x }, [rows, columns]) => ({ y: Math.min(Math.max(y, 0), rows - 1), x: Math.min(Math.max(x, 0), columns - 1) });

// Where a cell of the input lies on a board that shows the padding too.
const inFrame = ({ padding }, { y, x }) => ({ y: y + padding, x: x + padding });

export default { render, compute, compared, sizeOf: pooledSize, problemOf: (state) => problemOf(words.en, state) };
