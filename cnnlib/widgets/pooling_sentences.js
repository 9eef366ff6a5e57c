// What the pooling explorer says: the size's formula, the arithmetic of one output, the shift.
import { h, say, show } from "./dom.js";
import { span } from "./arithmetic.js";
import { sidesOf, strideOf, windowAlong } from "./pooling.js";

// One line a side: the formula with its numbers.
export function formulaLines(text, state, size) {
  const { kernel_size: k, padding: p, ceil_mode: ceil } = state;
  const s = strideOf(state), [open, close] = ceil ? ["⌈", "⌉"] : ["⌊", "⌋"];
  return sidesOf(state).map((n, side) => {
    const room = n + 2 * p - span(k);
    const rounded = (ceil ? Math.ceil(room / s) : Math.floor(room / s)) + 1;
    const sum = say(text.formula, { side: sideName(text, side), open, close, n, p, k, s, room: show(room) });
    const drop = rounded === size[side] ? "" : say(text.less_one, { windows: rounded });
    return h("p", { class: "cw-formula" }, sum, drop, h("strong", { class: "cw-size" }, String(size[side])));
  });
}

// What happens at the rim: both sides in one sentence where they agree.
export function ruleSentence(text, state, size) {
  const rules = sidesOf(state).map((n, side) => rule(text, state, n, size[side]));
  if (rules[0] === rules[1]) return say(text.both_sides, { rule: rules[0] });
  return rules.map((each, side) => say(text.one_side, { side: capital(sideName(text, side)), rule: each })).join(" ");
}

function rule(text, state, n, windows) {
  const { kernel_size: k, padding: p, ceil_mode: ceil } = state;
  const s = strideOf(state), room = n + 2 * p - span(k), over = (windows - 1) * s - room;
  if (over > 0) return say(text.over, { over });
  if (over === 0) return text.exact;
  if (ceil) return say(text.dropped, { windows: windows + 1, start: windows * s, last: n + p - 1 });
  return say(text.rest, { s, rest: -over });
}

// Where a picture was moved, in words.
export function whereTo(text, { dy, dx }) {
  const parts = [[dy, "down", "up"], [dx, "right", "left"]].filter(([n]) => n)
    .map(([n, forth, back]) => say(n > 0 ? text[forth] : text[back], { n: Math.abs(n) }));
  return parts.join(", ") || text.nowhere;
}

// The sum of one output cell, with what is special about it.
export function cellSum(text, state, cell) {
  const { mode } = state;
  const numbers = cell.cells.map(({ value }) => value);
  const values = { ...cell, value: show(cell.value), sum: show(cell.sum ?? 0) };
  if (mode === "max") values.terms = numbers.map(show).join(", ");
  if (mode === "average") values.terms = numbers.map(signed).join(" + ");
  if (mode === "L2") values.terms = numbers.map((value) => `${signed(value)}²`).join(" + ");
  return [say(mode === "L2" && cell.cut ? text.L2_cut_sum : text[`${mode}_sum`], values), ...remarks(text, state, cell)].join("; ");
}

function remarks(text, { mode, count_include_pad: counted }, cell) {
  const said = [];
  if (mode === "max") said.push(say(cell.ties > 1 ? text.max_first : text.max_won, { ties: cell.ties, ...cell.winner }));
  if (mode === "max" && cell.padding) said.push(text.max_pad);
  if (mode === "average" && cell.padding) said.push(say(counted ? text.average_pad : text.average_no_pad, cell));
  if (cell.cut) said.push(say(text.cut, cell));
  if (mode === "L2") said.push(cell.cut ? text.L2_cut : text.L2_plain);
  return said;
}

// The place of an output and both its sums: before the shift and after it.
export function sumLines(text, state, at, before, after) {
  const [height, width] = sidesOf(state);
  const rows = windowAlong(at.y, height, state), columns = windowAlong(at.x, width, state);
  const by = after.value - before.value;
  const change = by === 0 ? text.unchanged : say(text.changed_by, { by: `${by > 0 ? "+" : ""}${show(by)}` });
  const place = { ...at, y0: rows.from, y1: rows.to - 1, x0: columns.from, x1: columns.to - 1 };
  return [
    h("p", {}, h("b", {}, say(text.sum_of, place))),
    h("p", { "data-part": "before" }, h("b", {}, `${text.before_shift}: `), cellSum(text, state, before)),
    h("p", { "data-part": "after" }, h("b", {}, `${text.after_shift}: `), cellSum(text, state, after), " – ", h("b", {}, change)),
  ];
}

export function verdictSentence(text, { dy, dx }, output, pixels) {
  if (!dy && !dx) return text.verdict_unmoved;
  const values = { count: output.count, of: output.of, largest: show(output.largest), pixels: pixels.count, all: pixels.of };
  return say(output.count ? text.verdict : text.verdict_none, values);
}

const sideName = (text, side) => (side ? text.width : text.height);
const capital = (word) => word[0].toUpperCase() + word.slice(1);
const signed = (value) => (value < 0 ? `(${show(value)})` : show(value));
