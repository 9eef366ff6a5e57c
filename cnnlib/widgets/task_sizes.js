// How large an output is: the right answer, what common slips would give, and the way to it, step by step.
// Arguments have the names of cnnlib.arithmetic. A slip is [name, value]; a step is [key of a sentence, its numbers].
import { convSize, poolSize, samePadding, span, transposeSize } from "./arithmetic.js";

// Padding [before, after]: given as one number, as a pair, or as "same".
export function paddingEnds({ kernel_size, dilation = 1, padding = 0 }) {
  if (padding === "same") return samePadding(kernel_size, dilation);
  return Array.isArray(padding) ? padding : [padding, padding];
}

function convSlips(args) {
  const { input_size: n, kernel_size: kernel, stride = 1, dilation = 1 } = args;
  const [before, after] = paddingEnds(args);
  const size = (change) => convSize({ n, kernel, stride, before, after, dilation, ...change });
  const room = n + before + after - span(kernel, dilation);
  return [
    ["floor_forgotten", room / stride + 1],
    ["rounded_up", Math.ceil(room / stride) + 1],
    ["one_forgotten", Math.floor(room / stride)],
    ["padding_forgotten", size({ before: 0, after: 0 })],
    before === after ? ["padding_once", size({ after: 0 })] : ["padding_both_ends", size({ before: after })],
    ["stride_forgotten", size({ stride: 1 })],
    ["dilation_forgotten", size({ dilation: 1 })],
    dilation > 1 && ["dilation_times_kernel", Math.floor((n + before + after - dilation * kernel) / stride) + 1],
    ["kernel_one_short", Math.floor((room + 1) / stride) + 1],
    ["kernel_forgotten", Math.floor((n + before + after) / stride)],
  ];
}

export function convSteps(args) {
  const { input_size: n, kernel_size: k, stride: s = 1, dilation: d = 1, padding = 0 } = args;
  const [before, after] = paddingEnds(args);
  const both = before + after, room = n + both - span(k, d), steps = Math.floor(room / s);
  return [
    ["w_conv", {}],
    d > 1 && ["w_span", { d, k, span: span(k, d) }],
    padding === "same" ? ["w_padding_same", { d, k, both }] : both > 0 && ["w_padding", { before, after, both }],
    ["w_room", { n, both, span: span(k, d), room }],
    ...movingSteps(room, s, steps),
    ["w_plus_one", { steps, o: steps + 1 }],
  ].filter(Boolean);
}

function movingSteps(room, s, steps) {
  if (room % s === 0) return [["w_steps_even", { room, s, steps }]];
  return [[steps > room / s ? "w_steps_up" : "w_steps", { room, s, exact: room / s, steps }]];
}

function poolOf({ input_size: n, kernel_size: kernel, stride = kernel, padding = 0, ceil_mode: ceil = false }) {
  return { n, kernel, stride, padding, ceil };
}

function poolSlips(args) {
  const given = poolOf(args), { n, kernel, stride, padding, ceil } = given;
  const room = n + 2 * padding - kernel;
  return [
    !ceil && ["floor_forgotten", room / stride + 1],
    !ceil && ["rounded_up", Math.ceil(room / stride) + 1],
    ceil && ["ceil_forgotten", poolSize({ ...given, ceil: false })],
    ceil && ["late_window_kept", Math.ceil(room / stride) + 1],
    ["one_forgotten", poolSize(given) - 1],
    ["padding_forgotten", poolSize({ ...given, padding: 0 })],
    ["padding_once", poolSize({ ...given, n: n + padding, padding: 0 })],
    [args.stride === undefined ? "pool_stride_one" : "stride_forgotten", poolSize({ ...given, stride: 1 })],
    stride !== kernel && ["pool_stride_kernel", poolSize({ ...given, stride: kernel })],
    ["kernel_one_short", Math.floor((room + 1) / stride) + 1],
    ["kernel_forgotten", Math.floor((n + 2 * padding) / stride)],
  ];
}

function poolSteps(args) {
  const { n, kernel: k, stride: s, padding: p, ceil } = poolOf(args);
  const room = n + 2 * p - k, steps = ceil ? Math.ceil(room / s) : Math.floor(room / s), o = poolSize(poolOf(args));
  return [
    [ceil ? "w_pool_ceil" : "w_pool", {}],
    args.stride === undefined && ["w_pool_stride", { k }],
    p > 0 && ["w_padding", { before: p, after: p, both: 2 * p }],
    ["w_room", { n, both: 2 * p, span: k, room }],
    ...movingSteps(room, s, steps),
    ["w_plus_one", { steps, o: steps + 1 }],
    o === steps && ["w_late_window", { start: steps * s, end: n + p, o }],
  ].filter(Boolean);
}

function transposeSlips({ input_size: n, kernel_size: kernel, stride = 1, padding = 0, output_padding: outputPadding = 0, dilation = 1 }) {
  const right = transposeSize({ n, kernel, stride, padding, outputPadding, dilation });
  return [
    ["forward_formula", convSize({ n, kernel, stride, padding, dilation })],
    ["padding_added", right + 4 * padding],
    ["padding_once", right + padding],
    ["padding_forgotten", right + 2 * padding],
    ["output_padding_forgotten", right - outputPadding],
    ["output_padding_twice", right + outputPadding],
    ["minus_one_forgotten", right + stride],
    ["only_times_stride", n * stride],
    ["stride_forgotten", right - (n - 1) * (stride - 1)],
    ["dilation_forgotten", right - (dilation - 1) * (kernel - 1)],
    dilation > 1 && ["dilation_times_kernel", right - span(kernel, dilation) + dilation * kernel],
    ["one_forgotten", right - 1],
  ];
}

function transposeSteps({ input_size: n, kernel_size: k, stride: s = 1, padding: p = 0, output_padding: extra = 0, dilation: d = 1 }) {
  const start = (n - 1) * s, end = start + span(k, d), cut = end - 2 * p;
  return [
    ["w_transposed", {}],
    ["w_last_start", { n, s, start }],
    d > 1 && ["w_span", { d, k, span: span(k, d) }],
    ["w_window_end", { span: span(k, d), start, end }],
    p > 0 && ["w_cut", { p, end, cut }],
    extra > 0 && ["w_extra", { extra, cut, o: cut + extra }],
  ].filter(Boolean);
}

// How many input cells no window reads, for kernels at least as large as the stride: the padding comes last.
function unreadCells({ input_size: n, kernel_size: k, stride: s, padding: p = 0 }) {
  return Math.max(0, ((n + 2 * p - k) % s) - p);
}

export const sizeTasks = {
  conv_output_size: {
    answer(args) {
      const [before, after] = paddingEnds(args);
      return convSize({ n: args.input_size, kernel: args.kernel_size, stride: args.stride, before, after, dilation: args.dilation });
    },
    slips: convSlips,
    steps: convSteps,
  },
  pool_output_size: { answer: (args) => poolSize(poolOf(args)), slips: poolSlips, steps: poolSteps },
  conv_transpose_output_size: {
    answer: (args) => transposeSize({
      n: args.input_size, kernel: args.kernel_size, stride: args.stride, padding: args.padding,
      outputPadding: args.output_padding, dilation: args.dilation }),
    slips: transposeSlips,
    steps: transposeSteps,
  },
  same_padding_total: {
    answer: ({ kernel_size: k, dilation: d = 1 }) => samePadding(k, d)[0] + samePadding(k, d)[1],
    slips: ({ kernel_size: k, dilation: d = 1 }) => [
      ["one_end_only", (d * (k - 1)) / 2], ["dilation_forgotten", k - 1], ["dilation_times_kernel", d * k], ["kernel_not_less_one", k]],
    steps: ({ kernel_size: k, dilation: d = 1 }) => [["w_padding_same", { d, k, both: d * (k - 1) }]],
  },
  unread_cells: {
    answer: unreadCells,
    slips: ({ input_size: n, kernel_size: k, stride: s, padding: p = 0 }) => [
      ["none_unread", 0], ["padding_unread", (n + 2 * p - k) % s], ["padding_forgotten", (n - k) % s], ["rest_of_division", n % s]],
    steps(args) {
      const { input_size: n, kernel_size: k, stride: s, padding: p = 0 } = args, room = n + 2 * p - k;
      return [
        ["w_room", { n, both: 2 * p, span: k, room }],
        ["w_rest", { room, s, rest: room % s }],
        p > 0 && ["w_rest_padding", { p, unread: unreadCells(args) }],
      ].filter(Boolean);
    },
  },
  largest_input: {
    answer: ({ output_size: o, kernel_size: k, stride: s, padding: p = 0 }) => o * s - 1 - 2 * p + k,
    slips: ({ output_size: o, kernel_size: k, stride: s, padding: p = 0 }) => [
      ["smallest_input", (o - 1) * s - 2 * p + k], ["one_window_more", o * s - 2 * p + k], ["padding_forgotten", o * s - 1 + k], ["only_times_stride", o * s]],
    steps: ({ output_size: o, kernel_size: k, stride: s, padding: p = 0 }) => [
      ["w_smallest", { o, s, p2: 2 * p, k, small: (o - 1) * s - 2 * p + k }],
      ["w_largest", { s, rest: s - 1, small: (o - 1) * s - 2 * p + k, n: o * s - 1 - 2 * p + k }]],
  },
};
