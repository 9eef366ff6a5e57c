// What a layer costs: parameters and multiply-adds, with the slips that count something twice or not at all.
import { convMacs, convParameters, convSize, linearMacs, linearParameters } from "./arithmetic.js";
import { convSteps, paddingEnds } from "./task_sizes.js";

// A kernel is a number or [height, width].
function sides(size) {
  return Array.isArray(size) ? size : [size, size];
}

function conv({ in_channels, out_channels, kernel_size, groups = 1 }) {
  const [height, width] = sides(kernel_size);
  return { inChannels: in_channels, outChannels: out_channels, height, width, groups };
}

const parametersOf = (args) => convParameters({ ...conv(args), bias: args.bias ?? true });

function parameterSlips(args) {
  const { inChannels, outChannels, height, width, groups } = conv(args);
  const bias = args.bias ?? true, added = bias ? outChannels : 0;
  const weights = convParameters({ ...conv(args), bias: false });
  return [
    bias ? ["bias_forgotten", weights] : ["bias_counted", weights + outChannels],
    bias && ["channels_and_bias_forgotten", outChannels * height * width],
    ["in_channels_forgotten", outChannels * height * width + added],
    groups > 1 && ["groups_forgotten", weights * groups + added],
    groups > 1 && ["groups_twice", weights / groups + added],
    bias && ["bias_once", weights + 1],
    bias && ["bias_per_kernel", weights + (inChannels / groups) * outChannels],
    bias && ["bias_per_input", weights + inChannels],
    ["one_filter_only", weights / outChannels + (bias ? 1 : 0)],
    height === width && ["kernel_not_squared", (weights / height) + added],
    height === width && height > 1 && bias && ["kernel_not_squared_no_bias", weights / height],
  ];
}

function filterSteps(args) {
  const { inChannels, outChannels: out, height: h, width: w, groups } = conv(args);
  const c = inChannels / groups, filter = c * h * w;
  return [
    groups > 1 && ["w_group", { groups, in: inChannels, c }],
    ["w_filter", { c, h, w, filter }],
    ["w_filters", { out, filter, weights: out * filter }],
  ].filter(Boolean);
}

function parameterSteps(args) {
  const weights = convParameters({ ...conv(args), bias: false }), out = args.out_channels;
  const last = args.bias ?? true ? ["w_biases", { weights, out, total: weights + out }] : ["w_no_bias", { total: weights }];
  return [...filterSteps(args), last];
}

function macSlips(args, [rows, columns]) {
  const cells = rows * columns, macs = convMacs({ ...conv(args), cells }), { inChannels, outChannels, height, width, groups } = conv(args);
  return [
    ["places_forgotten", macs / cells],
    ["parameters_given", macs / cells + outChannels],
    ["map_side_once", (macs / cells) * rows],
    ["bias_counted_macs", macs + outChannels * cells],
    ["operations_counted", 2 * macs],
    ["in_channels_forgotten", (macs / inChannels) * groups],
    ["out_channels_forgotten", macs / outChannels],
    groups > 1 && ["groups_forgotten", macs * groups],
    groups > 1 && ["groups_twice", macs / groups],
    height === width && ["kernel_not_squared", macs / height],
    ["kernel_forgotten_macs", macs / (height * width)],
  ];
}

function macSteps(args, [rows, columns]) {
  const cells = rows * columns, weights = convMacs({ ...conv(args), cells: 1 });
  return [...filterSteps(args), ["w_places", { h: rows, w: columns, cells, weights, macs: weights * cells }]];
}

// The maps of a layer that is told by its input: a square.
function mapOf(args) {
  const [before, after] = paddingEnds(args);
  const side = convSize({ n: args.input_size, kernel: args.kernel_size, stride: args.stride, before, after, dilation: args.dilation });
  return side === null ? null : [side, side];
}

function layerMacSlips(args) {
  const [side] = mapOf(args), with_ = (cells) => convMacs({ ...conv(args), cells });
  return [
    ["input_places_used", with_(args.input_size ** 2)],
    ["output_one_short", with_((side - 1) ** 2)],
    ...macSlips(args, mapOf(args)),
  ];
}

function flat({ shape }) {
  return shape.reduce((product, each) => product * each, 1);
}

export const costTasks = {
  conv_parameters: { answer: parametersOf, slips: parameterSlips, steps: parameterSteps },
  conv_macs: {
    answer: (args) => convMacs({ ...conv(args), cells: sides(args.output_size)[0] * sides(args.output_size)[1] }),
    slips: (args) => macSlips(args, sides(args.output_size)),
    steps: (args) => macSteps(args, sides(args.output_size)),
  },
  conv_layer_macs: {
    answer(args) {
      const map = mapOf(args);
      return map && convMacs({ ...conv(args), cells: map[0] * map[1] });
    },
    slips: layerMacSlips,
    steps: (args) => [...convSteps(args), ...macSteps(args, mapOf(args))],
  },
  linear_parameters: {
    answer: ({ in_features: i, out_features: o, bias = true }) => linearParameters({ inFeatures: i, outFeatures: o, bias }),
    slips: ({ in_features: i, out_features: o, bias = true }) => [
      bias ? ["bias_forgotten", i * o] : ["bias_counted", i * o + o],
      bias && ["bias_once", i * o + 1], bias && ["bias_per_input", i * o + i], ["one_unit_only", i + (bias ? 1 : 0)], ["added_not_multiplied", i + o]],
    steps: ({ in_features: i, out_features: o, bias = true }) => [
      ["w_linear", { in: i, out: o, weights: i * o }],
      bias ? ["w_unit_biases", { weights: i * o, out: o, total: i * o + o }] : ["w_no_bias", { total: i * o }]],
  },
  linear_macs: {
    answer: ({ in_features, out_features }) => linearMacs({ inFeatures: in_features, outFeatures: out_features }),
    slips: ({ in_features: i, out_features: o }) => [
      ["bias_counted_macs", i * o + o], ["operations_counted", 2 * i * o], ["one_unit_only", i], ["added_not_multiplied", i + o]],
    steps: ({ in_features: i, out_features: o }) => [["w_linear", { in: i, out: o, weights: i * o }], ["w_linear_once", { macs: i * o }]],
  },
  // The first fully connected layer behind maps of shape [channels, height, width].
  flat_linear_parameters: {
    answer: (args) => linearParameters({ inFeatures: flat(args), outFeatures: args.out_features, bias: args.bias ?? true }),
    slips({ shape: [c, h, w], out_features: o, bias = true }) {
      const added = bias ? o : 0;
      return [
        bias ? ["bias_forgotten", c * h * w * o] : ["bias_counted", c * h * w * o + o],
        ["channels_forgotten_flat", h * w * o + added], ["map_side_once", c * h * o + added],
        bias && ["bias_once", c * h * w * o + 1], bias && ["bias_per_input", c * h * w * o + c * h * w], ["places_forgotten_flat", c * o + added]];
    },
    steps({ shape: [c, h, w], out_features: o, bias = true }) {
      const weights = c * h * w * o;
      return [
        ["w_flat", { c, h, w, in: c * h * w }], ["w_linear", { in: c * h * w, out: o, weights }],
        bias ? ["w_unit_biases", { weights, out: o, total: weights + o }] : ["w_no_bias", { total: weights }]];
    },
  },
  // A depthwise convolution and a 1×1 convolution behind it, without biases.
  separable_parameters: {
    answer: ({ in_channels: i, out_channels: o, kernel_size: k }) => i * k * k + i * o,
    slips: ({ in_channels: i, out_channels: o, kernel_size: k }) => [
      ["full_convolution", i * o * k * k], ["depthwise_only", i * k * k], ["pointwise_only", i * o], ["multiplied_not_summed", i * k * k * i * o],
      ["kernel_not_squared", i * k + i * o]],
    steps: ({ in_channels: i, out_channels: o, kernel_size: k }) => [
      ["w_depthwise", { i, k, depth: i * k * k }], ["w_pointwise", { i, o, point: i * o }], ["w_both", { a: i * k * k, b: i * o, total: i * k * k + i * o }]],
  },
};
