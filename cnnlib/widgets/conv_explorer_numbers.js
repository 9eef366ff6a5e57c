// The numbers in the cells: an example that has something to find in it, under whatever the reader has typed.
import { show } from "./dom.js";
import { pair } from "./conv_explorer_state.js";

export const MOST_NUMBER = 999;

export function grid(rows, columns, value) {
  return Array.from({ length: rows }, (_, y) => Array.from({ length: columns }, (_, x) => value(y, x)));
}

// Bright squares on a dark ground, at another place in each channel. A larger input shows more of the same picture.
function exampleInput(c, y, x) {
  const inside = (at) => at % 6 >= 1 && at % 6 <= 4;
  return inside(y + c) && inside(x + 5 * c) ? 2 + ((y + 2 * x + c) % 3) : (3 * y + 5 * x + c) % 7 === 0 ? 1 : 0;
}

// What the filters look for: vertical edges, horizontal edges, brightness, a diagonal. The kernels of one filter differ
// from channel to channel. A transposed convolution begins with a hill, which blends neighbours.
function exampleWeight(o, c, i, j, rows, columns, transposed) {
  if (rows * columns === 1) return [2, -1, 1, 3][(o + c) % 4];
  const [down, right] = [i - (rows - 1) / 2, j - (columns - 1) / 2].map(Math.sign);
  const hill = (1 + Math.min(i, rows - 1 - i)) * (1 + Math.min(j, columns - 1 - j));
  const looks = [columns > 1 ? right : down, rows > 1 ? down : right, 1, Math.sign(j - i) || (c ? 0 : 1)];
  return transposed && o === c ? hill : looks[(o + c) % 4];
}

// The bias of filter o: 0, 1, −1, 2.
function exampleBias(o) {
  return o % 2 ? (o + 1) / 2 : -o / 2 || 0;
}

// All numbers of a state, in PyTorch's shapes: input (in, rows, columns), weight (out, in / groups, rows, columns), or
// (in, out / groups, rows, columns) where it is transposed, and one bias an output channel.
export function numbersOf(state) {
  const { in_channels: ins, out_channels: outs, groups, transposed } = state;
  const [height, width] = pair(state.input_size);
  const [rows, columns] = pair(state.kernel_size);
  const input = Array.from({ length: ins }, (_, c) =>
    grid(height, width, (y, x) => state.input?.[c]?.[y]?.[x] ?? exampleInput(c, y, x)));
  const [first, second] = transposed ? [ins, outs / groups] : [outs, ins / groups];
  const weight = grid(first, second, (a, b) => {
    const other = Math.floor((a * groups) / first) * second + b; // the channel that b means in the group of a
    const [o, c] = transposed ? [other, a] : [a, other];
    return grid(rows, columns, (i, j) => state.weight?.[a]?.[b]?.[i]?.[j] ?? exampleWeight(o, c, i, j, rows, columns, transposed));
  });
  const bias = Array.from({ length: outs }, (_, o) => (state.bias ? state.biases?.[o] ?? exampleBias(o) : 0));
  return { input, weight, bias };
}

// The same numbers with one of them changed: path is [c, y, x], [a, b, i, j] or [o].
export function changed(numbers, path, value) {
  const [head, ...rest] = path;
  return numbers.map((each, index) => (index !== head ? each : rest.length ? changed(each, rest, value) : value));
}

// What was typed as a number: "2", "−1.5" or "1/9"; null if it is none.
export function parse(typed) {
  const plain = typed.trim().replace("−", "-").replace(",", ".");
  const found = /^([-+]?(?:\d+\.?\d*|\.\d+))(?:\/(\d+\.?\d*))?$/.exec(plain);
  if (!found) return null;
  const value = Number(found[1]) / Number(found[2] ?? 1);
  return Number.isFinite(value) ? value || 0 : null; // no negative zero
}

// A number short enough for a cell; the sum below spells it out.
export function short(value) {
  const full = show(value).replace(/,/g, "");
  if (full.length <= 5) return full;
  const size = Math.abs(value);
  if (size < 10000) return value.toFixed(size < 1 ? 2 : size < 100 ? 1 : 0).replace("-", "−").replace("0.", ".");
  return value.toExponential(0).replace("-", "−").replace("+", "");
}
