// The convolution itself, written as plainly as the chapter writes it.

// input[c][y][x], weight[o][c][i][j], bias[o] -> output[o][y][x]; cells outside of the input count as zero.
export function conv2d(input, weight, bias, { stride, padding, dilation }, rows, columns) {
  return weight.map((filter, o) =>
    grid(rows, columns, (y, x) => {
      let sum = bias[o];
      filter.forEach((kernel, c) => {
        kernel.forEach((row, i) => {
          row.forEach((w, j) => {
            const value = input[c][y * stride + i * dilation - padding]?.[x * stride + j * dilation - padding] ?? 0;
            sum += w * value;
          });
        });
      });
      return sum;
    }));
}

export function grid(rows, columns, value) {
  return Array.from({ length: rows }, (_, y) => Array.from({ length: columns }, (_, x) => value(y, x)));
}
