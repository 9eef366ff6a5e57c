// The arithmetic of the playground: one filter on one picture gives one map; and what one of its numbers is made of.
import { convSize, poolSize } from "./arithmetic.js";

// picture: { rows, columns, planes }, a plane a typed array of rows · columns numbers. planes: the filter.
// Returns the convolution and the map after ReLU and pooling, each { rows, columns, values }; null where nothing is left.
export function featureMap(picture, planes, { stride, padding, dilation, relu, pooling, pool_size: window }) {
  const size = (n) => convSize({ n, kernel: planes[0].length, stride, padding, dilation });
  const conv = { rows: size(picture.rows), columns: size(picture.columns) };
  if (conv.rows === null || conv.columns === null) return null;
  conv.values = convolve(picture, planes, conv, { stride, padding, dilation });
  const active = relu ? { ...conv, values: conv.values.map((value) => (value > 0 ? value : 0)) } : conv;
  const map = pooling === "none" ? active : pooled(active, pooling, window);
  return map && { conv, active, map };
}

// Weight by weight, each times a shifted picture: the inner loop runs along a row, without asking where the border is.
function convolve({ rows, columns, planes: pictures }, planes, size, { stride, padding, dilation }) {
  const values = new Float64Array(size.rows * size.columns);
  planes.forEach((plane, c) => plane.forEach((line, i) => line.forEach((weight, j) => {
    if (weight === 0) return;
    const pixels = pictures[c];
    const shift = j * dilation - padding;
    const from = Math.max(0, Math.ceil(-shift / stride));
    const to = Math.min(size.columns, Math.floor((columns - 1 - shift) / stride) + 1);
    for (let y = 0; y < size.rows; y++) {
      const row = y * stride + i * dilation - padding;
      if (row < 0 || row >= rows) continue; // the padding is zero
      const out = y * size.columns;
      let at = row * columns + from * stride + shift;
      for (let x = from; x < to; x++, at += stride) values[out + x] += weight * pixels[at];
    }
  })));
  return values;
}

function pooled({ rows, columns, values }, pooling, window) {
  const size = { rows: poolSize({ n: rows, kernel: window }), columns: poolSize({ n: columns, kernel: window }) };
  if (size.rows === null || size.columns === null) return null;
  const result = new Float64Array(size.rows * size.columns);
  for (let y = 0; y < size.rows; y++) {
    for (let x = 0; x < size.columns; x++) {
      let sum = 0, most = -Infinity;
      for (let i = 0; i < window; i++) {
        for (let j = 0; j < window; j++) {
          const value = values[(y * window + i) * columns + x * window + j];
          sum += value;
          if (value > most) most = value;
        }
      }
      result[y * size.columns + x] = pooling === "max" ? most : sum / window ** 2;
    }
  }
  return { ...size, values: result };
}

// What the number at row y, column x of the map is made of: `pool`, the numbers that were pooled, or null; `place`, the
// place of the convolution that is looked at (the largest under max pooling, the first under average); `taps`, for each
// channel each weight with the pixel under it (null in the padding); the sum of each channel; what all cells together see.
export function explain(picture, planes, state, { conv, active, map }, y, x) {
  const { stride, padding, dilation, pooling, pool_size: window } = state;
  const k = planes[0].length;
  const side = pooling === "none" ? 1 : window;
  const cells = Array.from({ length: side * side }, (_, n) => {
    const cell = { y: y * side + Math.floor(n / side), x: x * side + (n % side) };
    return { ...cell, value: active.values[cell.y * conv.columns + cell.x] };
  });
  const place = pooling === "max" ? cells.reduce((best, cell) => (cell.value > best.value ? cell : best)) : cells[0];
  const [top, left] = [place.y * stride - padding, place.x * stride - padding];
  const taps = planes.map((plane, c) => plane.flatMap((line, i) => line.map((weight, j) => {
    const [row, column] = [top + i * dilation, left + j * dilation];
    const inside = row >= 0 && row < picture.rows && column >= 0 && column < picture.columns;
    const pixel = inside ? picture.planes[c][row * picture.columns + column] : null;
    return { row, column, pixel, weight, product: weight * (pixel ?? 0) };
  })));
  const reach = dilation * (k - 1) + 1;
  return {
    taps, place, top, left, reach,
    sums: taps.map((channel) => channel.reduce((sum, tap) => sum + tap.product, 0)),
    conv: conv.values[place.y * conv.columns + place.x],
    active: place.value,
    pool: pooling === "none" ? null : cells.map((cell) => cell.value),
    value: map.values[y * map.columns + x],
    seen: { top: cells[0].y * stride - padding, left: cells[0].x * stride - padding, size: reach + (side - 1) * stride },
  };
}

// Lowest and highest number.
export function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

// The size that all but a hundredth of the numbers stay below: a rim of padding must not make the rest of a map pale.
export function usualSize(values, { low, high }) {
  const most = Math.max(Math.abs(low), Math.abs(high));
  if (most === 0) return 0;
  const bins = new Uint32Array(256);
  for (const value of values) bins[Math.min(255, Math.floor((Math.abs(value) / most) * 256))] += 1;
  let left = values.length * 0.01, at = 255;
  while (at > 0 && (left -= bins[at]) >= 0) at -= 1;
  return ((at + 1) / 256) * most;
}
