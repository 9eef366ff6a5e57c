// The settings of the explorer: one number or two, their limits, the sizes that follow, and what cannot be.
import { say } from "./dom.js";
import { span, convSize, transposeSize } from "./arithmetic.js";

export const LIMITS = {
  input_size: [1, 12], in_channels: [1, 4], out_channels: [1, 4], kernel_size: [1, 7], stride: [1, 4],
  padding: [0, 3], dilation: [1, 3], groups: [1, 4], output_padding: [0, 3],
};
export const MOST_CELLS = 18; // along one side of a drawing: more would be too small to read on a phone
export const SETTINGS = [...Object.keys(LIMITS), "transposed", "bias"];
export const NUMBERS = ["input", "weight", "biases"]; // the reader's own, or null

// A setting holds for both dimensions, or is [rows, columns].
export function pair(value) {
  return Array.isArray(value) ? value : [value, value];
}

// Padding as [[top, bottom], [left, right]], whichever way it was given.
export function sides(padding) {
  return pair(padding).map(pair);
}

// The shortest form of a setting: one number where both dimensions agree. Python folds in the same way.
export function fold(value) {
  const inner = value.map((each) => (Array.isArray(each) && each[0] === each[1] ? each[0] : each));
  if (inner.some(Array.isArray)) return value;
  return inner[0] === inner[1] ? inner[0] : inner;
}

// Whether rows and columns have settings of their own.
export function isApart(state) {
  return ["input_size", "kernel_size", "stride", "padding", "dilation", "output_padding"].some((key) => Array.isArray(state[key]));
}

// What holds along the rows and along the columns, with the size of the output; null where there is none.
export function dimensions(state) {
  return [0, 1].map((axis) => {
    const [n, kernel, stride, dilation, extra] =
      ["input_size", "kernel_size", "stride", "dilation", "output_padding"].map((key) => pair(state[key])[axis]);
    const [before, after] = sides(state.padding)[axis];
    const size = state.transposed
      ? transposeSize({ n, kernel, stride, padding: before, outputPadding: extra, dilation })
      : convSize({ n, kernel, stride, before, after, dilation });
    return { n, kernel, stride, dilation, extra, before, after, reach: span(kernel, dilation), size };
  });
}

// Rows and columns of the output, or null.
export function sizeOf(state) {
  const sizes = dimensions(state).map((one) => one.size);
  return sizes.includes(null) ? null : sizes;
}

// What a transposed convolution writes before the padding is cut off: its cells, and the cells that are drawn.
export function written({ n, stride, reach, before, extra }) {
  const all = (n - 1) * stride + reach;
  return { all, drawn: Math.max(all, all - before + extra) };
}

// The sentence that says why a state is impossible, or null.
export function problemOf(state, text) {
  const { in_channels: ins, out_channels: outs, groups, transposed } = state;
  if (ins % groups || outs % groups) {
    const divisors = [1, 2, 3, 4].filter((g) => ins % g === 0 && outs % g === 0).join(", ");
    return say(text.groups_do_not_divide, { groups, ins, outs, divisors });
  }
  if (!transposed && pair(state.output_padding).some(Boolean)) return text.output_padding_alone;
  const apart = isApart(state);
  for (const [axis, one] of dimensions(state).entries()) {
    const which = apart ? text[axis ? "in_columns" : "in_rows"] : "";
    const why = transposed ? transposedProblem(one, text) : convolutionProblem(one, text);
    if (why) return which + why;
  }
  return null;
}

function convolutionProblem({ n, before, after, reach, kernel, dilation, size }, text) {
  if (size !== null) return null;
  const padded = before + after ? say(text.with_padding, { n, before, after, room: n + before + after }) : say(text.without_padding, { n });
  return say(dilation > 1 ? text.dilated_too_large : text.too_large, { kernel, dilation, reach, padded });
}

function transposedProblem(one, text) {
  const { before, after, extra, stride, dilation, size } = one;
  if (before !== after) return say(text.one_sided, { before, after });
  const most = Math.max(stride, dilation) - 1;
  if (extra > most) return say(text.output_padding_too_large, { extra, stride, dilation, most });
  if (size === null) return say(text.all_cut_off, { all: written(one).all, before });
  const { drawn } = written(one);
  return drawn > MOST_CELLS ? say(text.too_many_cells, { drawn, most: MOST_CELLS }) : null;
}
