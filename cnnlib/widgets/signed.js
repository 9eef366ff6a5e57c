// Paints numbers as colours, as the book's figures do: blue above zero, white at zero, orange below.
// Canvases take no CSS variables; the colours are those of cnnlib/plot/style.py, the same on a light and a dark page.
const SIGNED_STOPS = [[178, 72, 12], [244, 162, 107], [247, 247, 245], [127, 178, 221], [27, 94, 152]];
const SHADES = 512; // on each side of zero
const signedTable = colourTable(2 * SHADES + 1, (share) => {
  const place = share * (SIGNED_STOPS.length - 1);
  const at = Math.min(SIGNED_STOPS.length - 2, Math.floor(place));
  return SIGNED_STOPS[at].map((from, c) => from + (SIGNED_STOPS[at + 1][c] - from) * (place - at));
});
const greyTable = colourTable(256, (share) => [255 * share, 255 * share, 255 * share]);

// One number a pixel, so that a whole picture is a copy from the table.
function colourTable(size, colour) {
  const bytes = new Uint8ClampedArray(4 * size);
  for (let i = 0; i < size; i++) bytes.set([...colour(i / (size - 1)), 255], 4 * i);
  return new Uint32Array(bytes.buffer);
}

// values from -top to top
export function paintSigned(canvas, rows, columns, values, top) {
  const scale = top > 0 ? SHADES / top : 0;
  paintPixels(canvas, rows, columns, (i) => signedTable[Math.max(0, Math.min(2 * SHADES, Math.round(SHADES + values[i] * scale)))]);
}

// values from low (black) to high (white)
export function paintGrey(canvas, rows, columns, values, low = 0, high = 1) {
  const scale = high > low ? 255 / (high - low) : 0;
  paintPixels(canvas, rows, columns, (i) => greyTable[Math.max(0, Math.min(255, Math.round((values[i] - low) * scale)))]);
}

// three planes from 0 to 1
export function paintColour(canvas, rows, columns, planes) {
  const image = sized(canvas, rows, columns);
  for (let i = 0; i < rows * columns; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * planes[c][i];
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// A strip that shows the colours from left to right.
export function paintScale(canvas, signed) {
  const width = 129;
  const values = Float64Array.from({ length: width }, (_, i) => i / (width - 1));
  if (signed) paintSigned(canvas, 1, width, values.map((share) => 2 * share - 1), 1);
  else paintGrey(canvas, 1, width, values);
}

function paintPixels(canvas, rows, columns, colour) {
  const image = sized(canvas, rows, columns);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = colour(i);
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function sized(canvas, rows, columns) {
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== rows) canvas.height = rows;
  return new ImageData(columns, rows);
}
