// How numbers become colours, and how the maps of one layer are arranged on one canvas.

// From -1 (orange) over 0 (white) to 1 (blue), as in the book's figures: 511 colours as the bytes of RGBA.
const SCALE_ENDS = [[178, 72, 12], [27, 94, 152]];
const SIGNED = Uint32Array.from({ length: 511 }, (_, i) => {
  const share = (i - 255) / 255;
  const [r, g, b] = SCALE_ENDS[share < 0 ? 0 : 1].map((end) => Math.round(247 + (end - 247) * Math.abs(share)));
  return packed(r, g, b);
});
const CELLS_HIGH = 180; // a layer's maps are drawn smaller rather than higher than that, in CSS pixels
const BAR_HIGH = 32;

export function packed(r, g, b, alpha = 255) {
  return ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0; // canvases are little-endian on every machine in use
}

export function signedColour(share) {
  return SIGNED[Math.round(255 * Math.max(-1, Math.min(1, share))) + 255];
}

export function largestOf(values) {
  let top = 0;
  for (const value of values) top = Math.max(top, Math.abs(value));
  return top || 1;
}

// Feature maps side by side: how many in a line, and how many CSS pixels a cell gets.
export function mapLayout([count, rows, columns], width) {
  const inLine = (scale) => Math.max(1, Math.min(count, Math.floor((width / scale + 1) / (columns + 1))));
  const least = Math.max(2, Math.ceil(24 / columns));
  let scale = Math.max(least, Math.min(5, Math.floor(84 / columns)));
  while (scale > least && Math.ceil(count / inLine(scale)) * (rows + 1) * scale > CELLS_HIGH) scale -= 1;
  while (scale > 1 && columns * scale > width) scale -= 1;
  const lines = Math.ceil(count / inLine(scale));
  const across = Math.ceil(count / lines);
  return { scale, across, lines, width: across * (columns + 1) - 1, height: lines * (rows + 1) - 1 };
}

// A row of numbers as bars, in as many lines as it needs.
export function barLayout([count], width) {
  const unit = Math.max(2, Math.min(16, Math.floor(width / count)));
  const lines = Math.ceil(count / Math.floor(width / unit));
  const across = Math.ceil(count / lines);
  return { unit, across, lines, width: across * unit, height: lines * (BAR_HIGH + 3) - 3 };
}

// Both fill `pixels`, the 32-bit view of a canvas's image, from a layer's values.
export function paintMaps(pixels, layout, [count, rows, columns], values) {
  const top = largestOf(values);
  for (let map = 0, i = 0; map < count; map++) {
    const corner = Math.floor(map / layout.across) * (rows + 1) * layout.width + (map % layout.across) * (columns + 1);
    for (let y = 0; y < rows; y++) {
      for (let x = 0, at = corner + y * layout.width; x < columns; x++) pixels[at++] = SIGNED[Math.round((255 * values[i++]) / top) + 255];
    }
  }
}

export function paintBars(pixels, layout, [count], values, line) {
  const top = largestOf(values);
  const middle = BAR_HIGH / 2;
  const gap = layout.unit > 3 ? 1 : 0;
  pixels.fill(0);
  for (let i = 0; i < count; i++) {
    const [row, column] = [Math.floor(i / layout.across), i % layout.across];
    const length = Math.round((middle * Math.abs(values[i])) / top);
    const colour = SIGNED[values[i] < 0 ? 0 : 510];
    const first = values[i] < 0 ? middle : middle - length;
    for (let x = column * layout.unit; x < (column + 1) * layout.unit - gap; x++) {
      for (let y = first; y < first + length; y++) pixels[(row * (BAR_HIGH + 3) + y) * layout.width + x] = colour;
      if (length === 0) pixels[(row * (BAR_HIGH + 3) + middle) * layout.width + x] = line;
    }
  }
}

// The neuron at a point of the drawn layer, in CSS pixels; null in the gaps.
export function neuronAt(layout, shape, left, top) {
  const [count, rows = 1, columns = 1] = shape;
  if (shape.length === 1) {
    const channel = Math.floor(top / (BAR_HIGH + 3)) * layout.across + Math.floor(left / layout.unit);
    return left < 0 || left >= layout.width || channel < 0 || channel >= count ? null : { channel, y: 0, x: 0 };
  }
  const [across, down] = [left / layout.scale, top / layout.scale];
  const [column, row] = [Math.floor(across / (columns + 1)), Math.floor(down / (rows + 1))];
  const [x, y] = [Math.floor(across - column * (columns + 1)), Math.floor(down - row * (rows + 1))];
  const channel = row * layout.across + column;
  return column < 0 || column >= layout.across || row < 0 || channel >= count || x >= columns || y >= rows ? null : { channel, y, x };
}

// Where a neuron is drawn, in CSS pixels.
export function neuronBox(layout, shape, { channel, y, x }) {
  const [column, row] = [channel % layout.across, Math.floor(channel / layout.across)];
  if (shape.length === 1) return { left: column * layout.unit, top: row * (BAR_HIGH + 3), width: layout.unit, height: BAR_HIGH };
  const [, rows, columns] = shape;
  const at = (index, length, inner) => (index * (length + 1) + inner) * layout.scale;
  return { left: at(column, columns, x), top: at(row, rows, y), width: layout.scale, height: layout.scale };
}
