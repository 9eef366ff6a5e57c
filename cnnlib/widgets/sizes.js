// Twins of cnnlib.arithmetic: the browser tests compare them.

// Cells from the first to the last that a kernel covers.
export function span(kernel, dilation) {
  return dilation * (kernel - 1) + 1;
}

// Output size of a convolution or pooling along one dimension; 0 or less where the window does not fit.
export function outputSize({ n, kernel, stride, padding, dilation }) {
  return Math.floor((n + 2 * padding - span(kernel, dilation)) / stride) + 1;
}

export function convParameters({ inChannels, outChannels, height, width, bias }) {
  return outChannels * inChannels * height * width + (bias ? outChannels : 0);
}

export function convMacs({ inChannels, outChannels, height, width, cells }) {
  return outChannels * inChannels * height * width * cells;
}
