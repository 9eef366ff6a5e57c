// The pictures to start from, each a formula; cnnlib.widgets.pooling_explorer has the same ones in Python.
import { table } from "./pooling.js";

const LIGHT = 9;

// What a picture has at row y, column x of h rows and w columns.
const PICTURES = {
  edge: (y, x, h, w) => (x >= Math.floor(w / 2) ? LIGHT : 0),
  stroke: (y, x, h, w) => seven(y, x, h, w),
  checkerboard: (y, x) => ((y + x) % 2 ? LIGHT : 0),
  spot: (y, x, h, w) => (y === Math.floor(h / 2) && x === Math.floor(w / 2) ? LIGHT : 0),
  noise: (y, x) => ((31 * y * y + 57 * x * x + 91 * y * x + 13 * y + 29 * x + 7) % 101 % 19) - LIGHT,
};

export const STARTS = Object.keys(PICTURES);

export function startingPicture(name, rows, columns) {
  return table(rows, columns, (y, x) => PICTURES[name](y, x, rows, columns));
}

// A seven as one writes it: a bar, then a line down to the left, grey where it covers a cell in part.
function seven(y, x, h, w) {
  const top = Math.min(1, h - 1), right = Math.max(0, w - 2), bottom = Math.max(top, h - 2);
  if (y < top || y > bottom) return 0;
  if (y === top) return x >= Math.min(1, right) && x <= right ? LIGHT : 0;
  const slope = (right - Math.floor(w / 3)) / Math.max(1, bottom - top);
  const middle = right - (y - top) * slope;
  return Math.max(0, Math.floor(LIGHT - 7 * Math.abs(x - middle) + 0.5));
}
