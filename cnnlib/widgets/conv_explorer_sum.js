// The arithmetic of one cell in full: every product, the sum of each channel, the bias, the total.
import { h, say, show } from "./dom.js";
import { channelsOf, fieldOf, groupOf, kernelOf, stampOf } from "./conv_explorer_layer.js";

const inBrackets = (value) => (value < 0 ? `(${show(value)})` : show(value));
const several = (numbers) => [...new Set(numbers)].map(show).join(", ");

// The factors of output cell (y, x) for one input channel: what stands under the window, padding included, row by row.
export function factorsOf(layer, { o, y, x }, c) {
  const { rows, columns, state } = layer;
  const kernel = kernelOf(layer, o, c);
  if (state.transposed) return fieldOf(layer, y, x).map((cell) => ({ value: layer.input[c][cell.y][cell.x], weight: kernel[cell.i][cell.j] }));
  return kernel.flatMap((line, i) => line.map((weight, j) => {
    const value = layer.input[c][y * rows.stride + i * rows.dilation - rows.before]?.[x * columns.stride + j * columns.dilation - columns.before];
    return { value: value ?? 0, weight, padding: value === undefined };
  }));
}

// How output cell `at` comes about.
export function cellSum(layer, at, text) {
  const { state } = layer;
  const { o, y, x } = at;
  const field = fieldOf(layer, y, x);
  const seen = field.length ? { rows: several(field.map((cell) => cell.y)), columns: several(field.map((cell) => cell.x)) } : null;
  const which = seen ? say(state.transposed ? text.is_written_by : text.reads, seen) : text[state.transposed ? "no_stamp" : "only_padding"];
  const channels = channelsOf(state, o);
  const subtotals = [];
  const products = channels.map((c) => {
    const factors = factorsOf(layer, at, c);
    const subtotal = factors.reduce((sum, { value, weight }) => sum + value * weight, 0);
    subtotals.push(subtotal);
    const terms = factors.flatMap(({ value, weight, padding }, index) => [
      index ? " + " : "", h("span", { class: padding ? "cw-cx-term outer" : "cw-cx-term" }, `${show(value)}·${inBrackets(weight)}`)]);
    return h("p", {}, h("b", {}, channelName(state, c, text)), " ", terms, factors.length ? ` = ${show(subtotal)}` : show(0));
  });
  const addends = subtotals.length > 1 ? subtotals.map((each, index) => (index ? inBrackets(each) : show(each))) : [show(subtotals[0])];
  if (state.bias) addends.push(say(text.bias_term, { b: inBrackets(layer.bias[o]) }));
  return [
    h("p", {}, h("b", {}, say(text.cell, { o, y, x })), " ", which, groupNote(layer, o, text)), ...products,
    h("p", { class: "cw-cx-total" }, h("b", {}, text.total), " ", addends.length > 1 ? `${addends.join(" + ")} = ` : "",
      h("strong", {}, show(layer.output[o][y][x]))),
  ];
}

// What input cell `at` writes: its value times the kernel, laid onto the output.
export function stampSum(layer, { o, y, x }, text) {
  const { state, rows, columns, input } = layer;
  // Adding 0 makes a negative zero an ordinary one.
  const matrix = (numbers) => `[ ${numbers.map((line) => line.map(show).join("  ")).join(" | ")} ]`;
  const channels = channelsOf(state, o);
  const { stamp } = stampOf(layer, o, y, x);
  const products = channels.map((c) => {
    const value = input[c][y][x];
    const kernel = kernelOf(layer, o, c);
    return h("p", {}, h("b", {}, channelName(state, c, text)), ` ${show(value)} × ${matrix(kernel)} = ${matrix(kernel.map((line) => line.map((w) => w * value + 0)))}`);
  });
  const total = channels.length > 1 ? h("p", {}, h("b", {}, text.together), ` ${matrix(stamp)}`) : null;
  return [
    h("p", {}, h("b", {}, say(text.stamp, { y, x })), " ", say(text.stamps, { o }), groupNote(layer, o, text)),
    ...products, total, h("p", { class: "cw-cx-total" }, say(text.stamp_count, { done: y * columns.n + x + 1, all: rows.n * columns.n })),
  ].filter(Boolean);
}

const channelName = (state, c, text) => (state.in_channels === 1 ? text.products : say(text.channel_line, { c }));

// How many lines to keep free for either text, where about `across` products stand side by side.
export function sumLines({ state, rows, columns }, across) {
  const wrapped = across < 8 ? 1 : 0; // the first line may take two
  const each = Math.ceil((rows.kernel * columns.kernel) / across) + (state.transposed ? wrapped : 0);
  const seen = state.in_channels / state.groups;
  return Math.min(10, 2 + wrapped + seen * each + (state.transposed && seen > 1 ? 1 : 0) + (state.groups > 1 ? 1 + wrapped : 0));
}

function groupNote({ state }, o, text) {
  if (state.groups === 1) return "";
  return " " + say(text.group_note, { o, group: groupOf(o, state.out_channels, state.groups), channels: channelsOf(state, o).join(", ") });
}
