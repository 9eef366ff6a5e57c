// The kernels that the playground offers; the twin of playground_kernels.py, where each is explained.
export const KERNEL_SIZES = [1, 3, 5, 7];
export const LEARNED = ["lenet5", "vgg_0503"];
export const IN_COLOUR = ["redness", "red_green", "vgg_0503"];
// preset: the size it is shown at first, and the smallest at which it is what its name says
const FIRST_AND_LEAST = {
  identity: [3, 1], box: [5, 1], gauss: [5, 1], sharpen: [3, 3], emboss: [3, 3], sobel_x: [3, 3],
  sobel_y: [3, 3], laplace: [3, 3], gabor: [7, 3], redness: [1, 1], red_green: [3, 3],
};
export const DESIGNED = Object.keys(FIRST_AND_LEAST);

// The sizes that a preset can have, the one to start with first.
export function presetSizes(preset, learned) {
  if (LEARNED.includes(preset)) return [learned.nets[preset].weights[0][0].length];
  const [first, least] = FIRST_AND_LEAST[preset] ?? [3, 1];
  return [first, ...KERNEL_SIZES.filter((size) => size >= least && size !== first)];
}

// The filter of a state: a list of planes, one a channel of the picture.
export function filterOf({ preset, filter, kernel_size: size, angle, channels, weights }, learned) {
  if (preset === "own") return weights;
  const planes = LEARNED.includes(preset) ? learned.nets[preset].weights[filter] : designed(preset, size, angle);
  return inChannels(planes, channels === "colour" ? 3 : 1);
}

// Grey is the mean of the colours, so a third of a kernel on each colour answers as the kernel does on grey.
export function inChannels(planes, channels) {
  if (planes.length === channels) return planes;
  return channels === 3 ? [0, 1, 2].map(() => scaled(planes[0], 1 / 3)) : [added(...planes)];
}

// Zeros around it, or its middle.
export function resized(planes, size) {
  const before = (size - planes[0].length) / 2;
  return planes.map((plane) => square(size, (i, j) => plane[i - before]?.[j - before] ?? 0));
}

function designed(preset, size, angle) {
  if (preset === "redness") return [1, -1 / 2, -1 / 2].map((share) => scaled(PLANES.identity(size), share));
  if (preset === "red_green") return [1, -1, 0].map((share) => scaled(PLANES.sobel_x(size), share));
  return [PLANES[preset](size, angle)];
}

const PLANES = {
  identity: (size) => square(size, (i, j) => (i === j && 2 * i === size - 1 ? 1 : 0)),
  box: (size) => square(size, () => 1 / size ** 2),
  gauss: (size) => scaled(outer(binomial(size), binomial(size)), 1 / 4 ** (size - 1)),
  sharpen: (size) => added(PLANES.identity(size), scaled(PLANES.laplace(size), -1)),
  emboss: (size) => {
    const along = scaled(PLANES.sobel_x(size), 1 / (2 * 16 ** ((size - 3) / 2)));
    return added(PLANES.identity(size), along, turned(along));
  },
  sobel_x: (size) => outer(binomial(size), differences(size, [1, 0, -1])),
  sobel_y: (size) => turned(PLANES.sobel_x(size)),
  laplace: (size) => {
    const bell = [0, ...binomial(size - 2), 0];
    const bend = differences(size, [1, -2, 1]);
    return scaled(added(outer(bell, bend), outer(bend, bell)), 1 / 4 ** (size - 3));
  },
  gabor: (size, angle) => {
    const turn = (angle * Math.PI) / 180;
    const middle = (size - 1) / 2;
    const wave = square(size, (i, j) => {
      const [x, y] = [j - middle, i - middle];
      const along = x * Math.cos(turn) + y * Math.sin(turn);
      return Math.exp(-(x * x + y * y) / (2 * (size / 4) ** 2)) * Math.cos((2 * Math.PI * along) / ((size + 1) / 2));
    });
    const mean = wave.flat().reduce((a, b) => a + b) / size ** 2;
    return wave.map((row) => row.map((value) => value - mean));
  },
};

// A row of Pascal's triangle.
function binomial(size) {
  return Array.from({ length: size - 1 }).reduce((row) => [1, ...row.slice(1).map((n, i) => n + row[i]), 1], [1]);
}

function differences(size, taps) {
  const bell = [0, 0, ...binomial(size - 2), 0, 0];
  return Array.from({ length: size }, (_, i) => taps.reduce((sum, tap, t) => sum + tap * bell[i + t], 0));
}

const square = (size, value) => Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => value(i, j)));
const scaled = (plane, share) => plane.map((row) => row.map((weight) => share * weight));
const outer = (column, row) => column.map((a) => row.map((b) => a * b));
const turned = (plane) => plane.map((row, i) => row.map((_, j) => plane[j][i]));
const added = (...planes) => planes[0].map((row, i) => row.map((_, j) => planes.reduce((sum, plane) => sum + plane[i][j], 0)));
