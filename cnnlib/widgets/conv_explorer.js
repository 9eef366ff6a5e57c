// The convolution explorer: every number of a small layer, the window that moves over it, and what each output adds up.
import { h, say, show } from "./dom.js";
import { player, choice } from "./controls.js";
import { convParameters, convMacs } from "./arithmetic.js";
import { keep } from "./frame.js";
import { SETTINGS, NUMBERS, pair, problemOf, sizeOf } from "./conv_explorer_state.js";
import { MOST_NUMBER, changed, numbersOf, parse } from "./conv_explorer_numbers.js";
import { compute, fieldOf, holesOf, readersOf, stampOf, stampedMap } from "./conv_explorer_layer.js";
import { formulaLines, pytorchCode } from "./conv_explorer_formula.js";
import { cellSum, factorsOf, stampSum, sumLines } from "./conv_explorer_sum.js";
import { buildStage } from "./conv_explorer_stage.js";
import { knobPanel } from "./conv_explorer_knobs.js";
import { words } from "./conv_explorer.words.js";

function render({ model, el }) {
  const text = words.en;
  let layer, stage, view = { o: 0, y: 0, x: 0 }, stamping = true; // stamping: a transposed one is watched from its input
  const isStamping = () => layer.state.transposed && stamping;

  const hint = h("p", { class: "cw-cx-hint", "aria-live": "polite" });
  const formula = h("div", {});
  const place = h("div", {});
  const sum = h("div", { class: "cw-sum cw-cx-sum", "aria-live": "polite", tabindex: 0, role: "region", "aria-label": text.total });
  const notes = h("div", { class: "cw-note" });
  const watch = choice({ label: text.watch, value: "stamps", options: [["stamps", text.watch_stamps], ["cells", text.watch_cells]],
    change: (value) => { stamping = value === "stamps"; look({ o: view.o, y: 0, x: 0 }); } });
  // A screen reader would be talked over by every step.
  const play = player({ text, step, playing: (on) => sum.setAttribute("aria-live", on ? "off" : "polite") });
  const kept = keep({ model, keys: [...SETTINGS, ...NUMBERS], problem: (next) => problemOf(next, text), draw });
  const knobs = knobPanel({ text, propose: kept.propose, refuse: kept.tell, arranged: () => arrange() });
  el.classList.add("cw-cx-root");
  el.append(h("section", { class: "cw cw-cx", "aria-label": text.title },
    knobs.element, h("div", { class: "cw-cx-say" }, kept.sentence, hint), formula, place,
    h("div", { class: "cw-buttons" }, play.elements, h("button", { type: "button", "data-act": "reset", onclick: reset }, text.reset), watch.element),
    sum, notes));

  function draw(state, before) {
    layer = compute(state);
    knobs.set(state);
    if (!before || SETTINGS.some((key) => JSON.stringify(state[key]) !== JSON.stringify(before[key]))) arrange();
    else fill();
  }

  // New boards, where a setting has changed; the numbers alone are filled into those that are there.
  function arrange() {
    const { state } = layer;
    stage = buildStage({ layer, text, view: () => view, chooseInput, chooseOutput, write });
    place.replaceChildren(stage.element);
    formula.replaceChildren(...formulaLines(layer, knobs.apart, text));
    notes.replaceChildren(h("p", {}, leftOut()), h("p", {}, shapes()), h("p", {}, cost()), h("p", {}, h("code", {}, pytorchCode(state))));
    watch.element.hidden = !state.transposed;
    sum.style.setProperty("--narrow-lines", sumLines(layer, 4));
    sum.style.setProperty("--wide-lines", sumLines(layer, 10));
    fill();
  }

  function fill() {
    stage.fill(layer);
    const [rows, columns] = walked();
    look({ o: Math.min(view.o, layer.state.out_channels - 1), y: Math.min(view.y, rows - 1), x: Math.min(view.x, columns - 1) });
  }

  // The cells that are walked through: those of the output, or those of the input that stamp.
  const walked = () => (isStamping() ? [layer.rows.n, layer.columns.n] : layer.size);

  // Shows one cell: what it is made of, or what it writes.
  function look(next) {
    view = next;
    const { o, y, x } = view;
    const { rows, columns } = layer;
    const seen = stage.showFilter(o);
    const field = isStamping() ? [{ y, x }] : layer.state.transposed ? fieldOf(layer, y, x) : windowAt(y, x);
    const taps = isStamping() || !layer.state.transposed ? [] : field.map(({ i, j }) => ({ y: i, x: j }));
    stage.inputs.forEach((each, c) => each.mark(seen.includes(c) ? field.map((cell) => ({ y: cell.y + stage.top, x: cell.x + stage.left })) : []));
    stage.kernels.forEach((each) => each.mark(taps));
    stage.outputs.forEach((each, map) => {
      const done = !isStamping() || map < o;
      const numbers = done ? layer.canvas[map] : map === o ? stampedMap(layer, o, y, x) : [];
      each.values((row, column) => numbers[row]?.[column] ?? null);
      each.mark(isStamping() && map === o ? stampOf(layer, o, y, x).cells : []);
      each.point(!isStamping() && map === o ? { y: y + rows.edge, x: x + columns.edge } : null);
    });
    watch.set(stamping ? "stamps" : "cells");
    sum.replaceChildren(...(isStamping() ? stampSum : cellSum)(layer, view, text));
    hint.textContent = isStamping() ? text.hint_stamps : text.hint;
  }

  // All cells under the window, those of the padding too.
  function windowAt(y, x) {
    const { rows, columns } = layer;
    const along = ({ kernel, stride, dilation, before }, at) => Array.from({ length: kernel }, (_, tap) => at * stride + tap * dilation - before);
    return along(rows, y).flatMap((row) => along(columns, x).map((column) => ({ y: row, x: column })));
  }

  // From cell to cell, row by row, then on to the next map.
  function step(by) {
    const [rows, columns] = walked();
    const all = layer.state.out_channels * rows * columns;
    const index = ((view.o * rows + view.y) * columns + view.x + by + all) % all;
    look({ o: Math.floor(index / (rows * columns)), y: Math.floor(index / columns) % rows, x: index % columns });
  }

  function chooseInput(c, y, x, count) {
    kept.tell("");
    const { transposed } = layer.state;
    if (count !== undefined && isStamping()) look({ ...view, y, x });
    if (count === undefined) hint.textContent = text.hint_padding;
    else {
      const times = `${transposed ? "write" : "read"}_${count > 1 ? "times" : count ? "once" : "never"}`;
      hint.textContent = say(text.hint_input, { name: say(text.input_name, { c, y, x }), value: show(layer.input[c][y][x]), times: say(text[times], { count }) });
    }
  }

  function chooseOutput(o, y, x) {
    kept.tell("");
    if (layer.output[o][y]?.[x] === undefined) {
      hint.textContent = text.hint_cut;
      return;
    }
    play.pause();
    stamping = false;
    look({ o, y, x });
  }

  function write(key, path, typed) {
    const value = parse(typed);
    if (value === null) kept.tell(say(text.not_a_number, { typed: typed.slice(0, 12) }));
    else if (Math.abs(value) > MOST_NUMBER) kept.tell(say(text.number_too_large, { typed: typed.slice(0, 12), most: MOST_NUMBER }));
    else kept.propose({ [key]: changed(key === "biases" ? layer.bias : layer[key], path, value) });
  }

  function reset() {
    play.pause();
    stamping = true;
    view = { o: 0, y: 0, x: 0 };
    knobs.reset();
    kept.reset();
    kept.tell("");
    draw(kept.state, null); // even if no setting had changed
  }

  function leftOut() {
    const { rows, columns } = layer;
    const all = rows.n * columns.n;
    const count = readersOf(layer).flat().filter((times) => times === 0).length;
    const { edge: top, size: height } = rows, { edge: left, size: width } = columns;
    const holes = holesOf(layer).filter(([y, x]) => y >= top && x >= left && y < top + height && x < left + width).length;
    const unread = count ? say(count === 1 ? text.unread_one : text.unread, { count, all }) : text.all_read;
    return holes ? `${unread} ${say(text.holes, { count: holes })}` : unread;
  }

  function shapes() {
    const shape = (numbers) => (Array.isArray(numbers) ? [numbers.length, ...shape(numbers[0])] : []);
    const named = Object.fromEntries(["input", "weight", "output"].map((key) => [key, shape(layer[key]).join(" × ")]));
    return say(text.shapes, named);
  }

  function cost() {
    const { in_channels: inChannels, out_channels: outChannels, groups, bias, transposed } = layer.state;
    const [height, width] = pair(layer.state.kernel_size);
    const counts = { inChannels, outChannels, height, width, groups };
    const cells = transposed ? layer.rows.n * layer.columns.n : layer.size[0] * layer.size[1];
    return say(text.cost, { parameters: show(convParameters({ ...counts, bias })), weights: show(convParameters({ ...counts, bias: false })),
      macs: show(convMacs({ ...counts, cells })) });
  }

  kept.start();
  return () => {
    play.pause();
    kept.stop();
  };
}

export default { render, compute, sizeOf, problemOf: (state) => problemOf(state, words.en), numbersOf, fieldOf, readersOf, holesOf, stampedMap, factorsOf, pytorchCode, parse };
