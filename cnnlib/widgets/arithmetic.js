// The twin of cnnlib.arithmetic, tested against it case by case. Where Python raises BadInput, a function
// here returns null: no output is left, or the groups do not divide the channels.

// Cells from the first to the last that a kernel covers.
export function span(kernel, dilation = 1) {
  return dilation * (kernel - 1) + 1;
}

// Padding [before, after] that keeps the size at stride 1; an even window needs one cell more after than before.
export function samePadding(kernel, dilation = 1) {
  const total = dilation * (kernel - 1);
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}

// Convolution along one dimension. `padding` is on each side; `before` and `after` may differ from it.
export function convSize({ n, kernel, stride = 1, padding = 0, before = padding, after = padding, dilation = 1 }) {
  const room = n + before + after - span(kernel, dilation);
  return room < 0 ? null : Math.floor(room / stride) + 1;
}

// Max, average or L2 pooling along one dimension; ceil_mode drops a last window that would start beyond the input.
export function poolSize({ n, kernel, stride = kernel, padding = 0, dilation = 1, ceil = false }) {
  if (2 * padding > kernel) return null;
  const room = n + 2 * padding - span(kernel, dilation);
  let windows = (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
  if (ceil && (windows - 1) * stride >= n + padding) windows -= 1;
  return windows < 1 ? null : windows;
}

// Transposed convolution along one dimension.
export function transposeSize({ n, kernel, stride = 1, padding = 0, outputPadding = 0, dilation = 1 }) {
  if (outputPadding >= Math.max(stride, dilation)) return null;
  const size = (n - 1) * stride - 2 * padding + span(kernel, dilation) + outputPadding;
  return size < 1 ? null : size;
}

// Each filter spans all input channels of its group.
export function convParameters({ inChannels, outChannels, height, width = height, groups = 1, bias = true }) {
  const pairs = channelPairs(inChannels, outChannels, groups);
  return pairs === null ? null : pairs * height * width + (bias ? outChannels : 0);
}

// The weights, once for each of `cells` output cells.
export function convMacs({ inChannels, outChannels, height, width = height, cells, groups = 1 }) {
  const pairs = channelPairs(inChannels, outChannels, groups);
  return pairs === null ? null : pairs * height * width * cells;
}

export function linearParameters({ inFeatures, outFeatures, bias = true }) {
  return inFeatures * outFeatures + (bias ? outFeatures : 0);
}

export function linearMacs({ inFeatures, outFeatures }) {
  return inFeatures * outFeatures;
}

// What a cell sees of the input, along one dimension: how many cells, the step between neighbours, the first cell.
export const ONE_CELL = { size: 1, jump: 1, start: 0 };

export function fieldAfter(field, { kernel, stride = 1, padding = 0, dilation = 1 }) {
  return {
    size: field.size + (span(kernel, dilation) - 1) * field.jump,
    jump: field.jump * stride,
    start: field.start - padding * field.jump,
  };
}

// The field after each window of a stack.
export function receptiveField(windows) {
  let field = ONE_CELL;
  return windows.map((window) => (field = fieldAfter(field, window)));
}

// First and last input cell that cell `index` sees.
export function fieldCells(field, index) {
  const first = field.start + index * field.jump;
  return [first, first + field.size - 1];
}

// How many (input channel, output channel) pairs are joined by a kernel.
function channelPairs(inChannels, outChannels, groups) {
  return inChannels % groups || outChannels % groups ? null : (inChannels / groups) * outChannels;
}
