// From what was drawn or loaded to the bytes of a small picture, as the makers of MNIST and of Fashion-MNIST did it.

const FAINT = 0.15; // of the range between paper and ink: below it lies paper

// How bright each pixel looks (ITU-R BT.601): RGBA bytes to grey ones.
export function greyOf(rgba) {
  const grey = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < grey.length; i++) grey[i] = Math.round(0.299 * rgba[4 * i] + 0.587 * rgba[4 * i + 1] + 0.114 * rgba[4 * i + 2]);
  return grey;
}

// A square picture averaged down to out×out; `channel` and `step` pick one of several interleaved channels.
export function shrink(values, side, out, channel = 0, step = 1) {
  const small = averaged(values, { side, channel, step }, { top: 0, left: 0, height: side, width: side }, out, out);
  return Uint8Array.from(small, Math.round);
}

// MNIST: the box around the ink is scaled until its longer side is `box` cells, keeping its shape, and then moved by
// whole cells until the ink's centre of mass lies in the middle. Fashion-MNIST: the box itself lies in the middle.
export function fitInk(ink, side, { out, box, centre }) {
  const picture = new Uint8Array(out * out);
  const found = inkBox(ink, side);
  if (!found) return picture;
  const scale = box / Math.max(found.height, found.width);
  const [height, width] = [found.height, found.width].map((length) => Math.max(1, Math.round(length * scale)));
  const small = averaged(ink, { side, channel: 0, step: 1 }, found, height, width);
  const [top, left] = centre === "mass" ? massInTheMiddle(small, height, width, out) : [Math.floor((out - height) / 2), Math.floor((out - width) / 2)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) picture[(top + y) * out + left + x] = Math.round(small[y * width + x]);
  }
  return picture;
}

// The smallest rectangle that holds all ink, or null.
function inkBox(ink, side) {
  let [top, left, bottom, right] = [side, side, -1, -1];
  for (let y = 0, i = 0; y < side; y++) {
    for (let x = 0; x < side; x++, i++) {
      if (ink[i] === 0) continue;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
      if (x < left) left = x;
      if (x > right) right = x;
    }
  }
  return bottom < 0 ? null : { top, left, height: bottom - top + 1, width: right - left + 1 };
}

// Where the top left corner must go; never so far that ink would fall off the picture.
function massInTheMiddle(small, height, width, out) {
  let [mass, down, across] = [0, 0, 0];
  small.forEach((value, i) => {
    mass += value;
    down += value * Math.floor(i / width);
    across += value * (i % width);
  });
  const place = (sum, length) => Math.min(out - length, Math.max(0, Math.round((out - 1) / 2 - sum / mass)));
  return [place(down, height), place(across, width)];
}

// Each new cell is the average of the part of the picture that it covers; first along the rows, then down the columns.
function averaged(values, { side, channel, step }, { top, left, height, width }, rows, columns) {
  const across = shares(left, width, columns);
  const lines = new Float64Array(height * columns);
  for (let y = 0; y < height; y++) {
    const start = (top + y) * side;
    for (let x = 0; x < columns; x++) {
      const { first, weights } = across[x];
      let sum = 0;
      for (let k = 0, at = (start + first) * step + channel; k < weights.length; k++, at += step) sum += weights[k] * values[at];
      lines[y * columns + x] = sum;
    }
  }
  const small = new Float64Array(rows * columns);
  shares(0, height, rows).forEach(({ first, weights }, y) => {
    for (let x = 0; x < columns; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * lines[(first + k) * columns + x];
      small[y * columns + x] = sum;
    }
  });
  return small;
}

// For each of `count` equal parts of a stretch: the first cell under it, and what share each cell from there on has.
function shares(start, length, count) {
  const part = length / count;
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [i * part, Math.min(length, (i + 1) * part)];
    const first = Math.floor(from + 1e-9);
    const cells = Math.max(1, Math.ceil(to - 1e-9) - first);
    const weights = Float64Array.from({ length: cells }, (_, k) => (Math.min(to, first + k + 1) - Math.max(from, first + k)) / part);
    return { first: start + first, weights };
  });
}

// A scan or a photograph of something on paper: light on black, as MNIST is. The grey of the border counts as paper.
export function lifted(grey, side) {
  const border = [...grey.keys()].filter((i) => i < side || i >= side * (side - 1) || i % side === 0 || i % side === side - 1);
  const paper = border.map((i) => grey[i]).sort((a, b) => a - b)[border.length >> 1];
  const turned = paper > 127; // dark on light
  const [ground, values] = turned ? [255 - paper, grey.map((value) => 255 - value)] : [paper, grey];
  const range = Math.max(1, values.reduce((a, b) => Math.max(a, b), 0) - ground);
  const ink = values.map((value) => {
    const share = (value - ground) / range;
    return share < FAINT ? 0 : Math.round(255 * share);
  });
  return { ink, turned };
}

// Grey bytes, or red, green and blue one after the other, as RGBA.
export function rgbaOf(bytes, channels) {
  const cells = bytes.length / channels;
  const rgba = new Uint8ClampedArray(4 * cells);
  for (let i = 0; i < cells; i++) {
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = bytes[(channels === 3 ? c : 0) * cells + i];
    rgba[4 * i + 3] = 255;
  }
  return rgba;
}

export function toBase64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
