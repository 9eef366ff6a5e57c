// The layer itself: which input cell meets which weight and lands in which output cell. Rows and columns are apart,
// so one list of such links for each of them says everything: sums, receptive fields, and the cells left out.
import { dimensions, sizeOf, written } from "./conv_explorer_state.js";
import { numbersOf, grid } from "./conv_explorer_numbers.js";

// All (input cell, tap of the kernel, output cell) along one dimension. A convolution reads: its output cells look at
// the input. A transposed one writes: its input cells reach into the output.
function links({ n, kernel, stride, dilation, before, size }, transposed) {
  const [from, to] = transposed ? [n, size] : [size, n];
  const found = [];
  for (let a = 0; a < from; a++) {
    for (let tap = 0; tap < kernel; tap++) {
      const b = a * stride + tap * dilation - before;
      if (b >= 0 && b < to) found.push(transposed ? { at: a, tap, out: b } : { at: b, tap, out: a });
    }
  }
  return found;
}

// The links of each cell: of the output (key "out") or of the input (key "at").
function gathered(list, key, count) {
  const of = Array.from({ length: count }, () => []);
  list.forEach((link) => of[link[key]].push(link));
  return of;
}

// Everything the picture shows, from the state alone; the tests compare it with PyTorch. `canvas` is the output before
// the padding of a transposed convolution is cut off, and the output itself otherwise.
export function compute(state) {
  if (sizeOf(state) === null) return null;
  const [rows, columns] = dimensions(state).map((one) => {
    const edge = state.transposed ? one.before : 0;
    const whole = state.transposed ? { ...one, before: 0, size: written(one).drawn } : one;
    const kept = links(one, state.transposed);
    return { ...one, edge, drawn: whole.size, byOut: gathered(kept, "out", one.size), byInput: gathered(kept, "at", one.n),
      wholeByOut: gathered(links(whole, state.transposed), "out", whole.size) };
  });
  const layer = { state, rows, columns, ...numbersOf(state), size: [rows.size, columns.size] };
  layer.canvas = Array.from({ length: state.out_channels }, (_, o) =>
    grid(rows.drawn, columns.drawn, (y, x) => layer.bias[o] + weighted(layer, o, rows.wholeByOut[y], columns.wholeByOut[x])));
  layer.output = layer.canvas.map((map) => grid(rows.size, columns.size, (y, x) => map[y + rows.edge][x + columns.edge]));
  return layer;
}

function weighted(layer, o, vertical, horizontal) {
  let sum = 0;
  for (const c of channelsOf(layer.state, o)) {
    const map = layer.input[c], kernel = kernelOf(layer, o, c);
    for (const { at: y, tap: i } of vertical) for (const { at: x, tap: j } of horizontal) sum += kernel[i][j] * map[y][x];
  }
  return sum;
}

// The group of an output channel, and of an input channel.
export const groupOf = (index, channels, groups) => Math.floor((index * groups) / channels);

// The input channels that output channel o is made of: all of its group.
export function channelsOf({ in_channels: ins, out_channels: outs, groups }, o) {
  const each = ins / groups;
  return Array.from({ length: each }, (_, index) => groupOf(o, outs, groups) * each + index);
}

// Where the kernel between input channel c and output channel o stands in the weight: its first two indices.
export function kernelAt({ in_channels: ins, out_channels: outs, groups, transposed }, o, c) {
  return transposed ? [c, o % (outs / groups)] : [o, c % (ins / groups)];
}

export function kernelOf(layer, o, c) {
  const [a, b] = kernelAt(layer.state, o, c);
  return layer.weight[a][b];
}

// The receptive field of an output cell: input cells with the weight that each meets, the same in every channel it sees.
export function fieldOf(layer, y, x) {
  return layer.rows.byOut[y].flatMap(({ at, tap }) => layer.columns.byOut[x].map((other) => ({ y: at, x: other.at, i: tap, j: other.tap })));
}

// How many output cells each input cell reaches, in one map; nought where it is never read.
export function readersOf({ rows, columns }) {
  return grid(rows.n, columns.n, (y, x) => rows.byInput[y].length * columns.byInput[x].length);
}

// Output cells that no input cell reaches, not even as padding: the holes of a transposed convolution.
export function holesOf({ state, rows, columns }) {
  if (!state.transposed) return [];
  return grid(rows.drawn, columns.drawn, (y, x) => [y, x]).flat().filter(([y, x]) => !rows.wholeByOut[y].length || !columns.wholeByOut[x].length);
}

// What input cell (y, x) stamps onto map o of the canvas: its corner, and kernel times value, summed over the channels.
export function stampOf(layer, o, y, x) {
  const { rows, columns, state, input } = layer;
  const stamp = grid(rows.kernel, columns.kernel, (i, j) =>
    channelsOf(state, o).reduce((sum, c) => sum + kernelOf(layer, o, c)[i][j] * input[c][y][x], 0));
  return { stamp, cells: stamp.flatMap((line, i) => line.map((value, j) => ({ y: y * rows.stride + i * rows.dilation, x: x * columns.stride + j * columns.dilation, value }))) };
}

// Map o of the canvas after the stamps of all input cells up to and including (y, x), row by row; null where no stamp
// has been yet.
export function stampedMap(layer, o, y, x) {
  const { rows, columns, bias } = layer;
  const last = y * columns.n + x;
  if (last === rows.n * columns.n - 1) return layer.canvas[o];
  const map = grid(rows.drawn, columns.drawn, () => null);
  for (let index = 0; index <= last; index++) {
    stampOf(layer, o, Math.floor(index / columns.n), index % columns.n).cells.forEach((cell) => {
      map[cell.y][cell.x] = (map[cell.y][cell.x] ?? bias[o]) + cell.value;
    });
  }
  return map;
}
