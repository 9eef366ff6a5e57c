// Pooling of one channel as PyTorch computes it, windows that are cut by the rim included.
import { poolSize } from "./arithmetic.js";

export const MODES = ["max", "average", "L2"];

export const strideOf = (state) => state.stride || state.kernel_size; // 0: as PyTorch has it when none is given

export const sidesOf = ({ input_size: size }) => (Array.isArray(size) ? size : [size, size]);

// [rows, columns] of the pooled map, or null.
export function pooledSize(state) {
  const { kernel_size: kernel, padding, ceil_mode: ceil } = state;
  const sizes = sidesOf(state).map((n) => poolSize({ n, kernel, stride: strideOf(state), padding, ceil }));
  return sizes.includes(null) ? null : sizes;
}

// Window number `index` along n cells: its first cell, the cells [from, to) of the input that it reads, and how many
// of its cells lie within the padded input. What lies beyond does not exist.
export function windowAlong(index, n, state) {
  const { kernel_size: k, padding: p } = state;
  const start = index * strideOf(state) - p;
  return { start, from: Math.max(start, 0), to: Math.min(start + k, n), padded: Math.min(start + k, n + p) - start };
}

// One output cell with everything that its arithmetic needs. Python: max_pool2d, avg_pool2d, lp_pool2d with norm 2.
export function poolCell(input, y, x, state, mode = state.mode) {
  const rows = windowAlong(y, input.length, state);
  const columns = windowAlong(x, input[0].length, state);
  const cells = [];
  for (let i = rows.from; i < rows.to; i += 1) {
    for (let j = columns.from; j < columns.to; j += 1) cells.push({ y: i, x: j, value: input[i][j] });
  }
  const whole = state.kernel_size ** 2;
  const inside = rows.padded * columns.padded; // cells of the input and of its padding
  const found = { rows, columns, cells, whole, inside, padding: inside - cells.length, cut: whole - inside };
  if (mode === "max") {
    const winner = cells.reduce((best, cell) => (cell.value > best.value ? cell : best));
    return { ...found, value: winner.value, winner, ties: cells.filter(({ value }) => value === winner.value).length };
  }
  if (mode === "average") {
    const sum = cells.reduce((total, { value }) => total + value, 0);
    const divisor = state.count_include_pad ? inside : cells.length;
    return { ...found, sum, divisor, value: sum / divisor };
  }
  // PyTorch takes the mean of the squares and multiplies it by the size of a whole window, also where one is cut.
  const sum = cells.reduce((total, { value }) => total + value * value, 0);
  return { ...found, sum, scale: whole / inside, value: Math.sqrt((sum * whole) / inside) };
}

export function pool2d(input, state, [rows, columns], mode = state.mode) {
  return table(rows, columns, (y, x) => poolCell(input, y, x, state, mode).value);
}

// The picture moved within its frame; what comes in from outside is 0.
export function shifted(input, dy, dx) {
  return table(input.length, input[0].length, (y, x) => input[y - dy]?.[x - dx] ?? 0);
}

// How many windows read each cell.
export function readers(state, [outRows, outColumns]) {
  const along = (n, windows) => Array.from({ length: n }, (_, cell) =>
    Array.from({ length: windows }, (_, index) => windowAlong(index, n, state)).filter(({ from, to }) => from <= cell && cell < to).length);
  const [height, width] = sidesOf(state);
  const rows = along(height, outRows), columns = along(width, outColumns);
  return table(height, width, (y, x) => rows[y] * columns[x]);
}

// What differs between two maps: how many cells, the largest change, and the mean change in percent of the mean size.
export function difference(before, after) {
  const sizes = before.flat().map(Math.abs);
  const changes = before.flatMap((row, y) => row.map((value, x) => Math.abs(after[y][x] - value)));
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  return {
    count: changes.filter((change) => change > 0).length, of: changes.length,
    largest: Math.max(...changes), percent: sum(sizes) ? (100 * sum(changes)) / sum(sizes) : null,
  };
}

export function table(rows, columns, value) {
  return Array.from({ length: rows }, (_, y) => Array.from({ length: columns }, (_, x) => value(y, x)));
}
