// Pictures as numbers: the two photographs and the reader's own, all of one size.
import { h } from "./dom.js";

export const ROWS = 107, COLUMNS = 160;

// A picture's address to its numbers: { rows, columns, planes, grey }, from 0 to 1.
export async function decode(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const context = h("canvas", { width: COLUMNS, height: ROWS }).getContext("2d");
  context.drawImage(image, 0, 0);
  return planesOf(context.getImageData(0, 0, COLUMNS, ROWS).data);
}

// From RGBA bytes. Grey is the mean of the three colours.
export function planesOf(bytes) {
  const planes = [0, 1, 2].map((c) => Float64Array.from({ length: ROWS * COLUMNS }, (_, i) => bytes[4 * i + c] / 255));
  return { rows: ROWS, columns: COLUMNS, planes, grey: planes[0].map((red, i) => (red + planes[1][i] + planes[2][i]) / 3) };
}
