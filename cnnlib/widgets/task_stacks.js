// Several layers behind one another: what one output sees, which shape comes out, how many parameters there are.
import { convParameters, convSize, linearParameters, poolSize, receptiveField, span } from "./arithmetic.js";

function windowOf({ kernel_size: kernel, stride = 1, padding = 0, dilation = 1 }) {
  return { kernel, stride, padding, dilation };
}

function fieldSlips({ windows }) {
  const given = windows.map(windowOf);
  const reach = ({ kernel, dilation }) => span(kernel, dilation) - 1;
  // The sum over all windows of `part(window)` times a jump that grows by `grow`.
  const walk = (part, grow, early = false) => {
    let jump = 1, total = 0;
    for (const window of given) {
      if (early) jump = grow(jump, window.stride);
      total += part(window) * jump;
      if (!early) jump = grow(jump, window.stride);
    }
    return total;
  };
  const times = (jump, stride) => jump * stride, stay = () => 1;
  const strides = given.map(({ stride }) => stride);
  return [
    ["jumps_ignored", 1 + walk(reach, stay)],
    ["own_stride_counted", 1 + walk(reach, times, true)],
    ["strides_added", 1 + walk(reach, (jump, stride) => (stride === 1 ? jump : (jump === 1 ? 0 : jump) + stride))],
    ["kernels_added", walk(({ kernel, dilation }) => span(kernel, dilation), stay)],
    ["kernel_not_less_one", 1 + walk(({ kernel, dilation }) => dilation * kernel, times)],
    ["first_cell_forgotten", walk(reach, times)],
    given.some(({ dilation }) => dilation > 1) && ["dilation_forgotten", 1 + walk(({ kernel }) => kernel - 1, times)],
    ["multiplied_not_summed", given.reduce((product, { kernel, dilation }) => product * span(kernel, dilation), 1)],
    ["last_window_only", span(given.at(-1).kernel, given.at(-1).dilation)],
    strides.some((stride) => stride > 1) && ["all_strides_multiplied", strides.reduce(times, 1)],
    ["padding_counted", receptiveField(given).at(-1).size + 2 * given.reduce((sum, { padding }) => sum + padding, 0)],
  ];
}

function fieldSteps({ windows }) {
  const fields = receptiveField(windows.map(windowOf));
  return [["w_field_start", {}], ...windows.map((window, i) => {
    const { size: r0, jump: j0 } = fields[i - 1] ?? { size: 1, jump: 1 }, { kernel: k, stride: s, dilation: d } = windowOf(window);
    return [d > 1 ? "w_field_dilated" : "w_field", { i: i + 1, r0, j0, k, d, s, r: fields[i].size, j: fields[i].jump }];
  })];
}

// The shapes [channels, height, width] behind each layer of a list, by the rules given, or null where one does not fit.
function shapesOf({ shape, layers }, rules = {}) {
  const { channels = (layer) => layer.out_channels, size = layerSize } = rules;
  let last = shape;
  const all = layers.map((layer) => {
    if (last) {
      const next = last.slice(1).map((n) => size(layer, n));
      last = next.includes(null) ? null : [layer.type === "pool" ? last[0] : channels(layer, last[0]), ...next];
    }
    return last;
  });
  return all.includes(null) ? null : all;
}

function layerSize(layer, n, change = {}) {
  const { kernel_size: kernel, stride = layer.type === "pool" ? kernel : 1, padding = 0 } = { ...layer, ...change };
  return layer.type === "pool" ? poolSize({ n, kernel, stride, padding }) : convSize({ n, kernel, stride, padding });
}

function roundedUp(layer, n) {
  const { kernel_size: kernel, stride = layer.type === "pool" ? kernel : 1, padding = 0 } = layer;
  return Math.ceil((n + 2 * padding - kernel) / stride) + 1;
}

function shapeSlips(args) {
  const end = (rules) => shapesOf(args, rules)?.at(-1) ?? null, right = end();
  return [
    ["channels_kept", end({ channels: (layer, before) => before })],
    ["channels_multiplied", end({ channels: (layer, before) => layer.out_channels * before })],
    ["channels_added", end({ channels: (layer, before) => layer.out_channels + before })],
    ["rounded_up", end({ size: roundedUp })],
    ["padding_forgotten", end({ size: (layer, n) => layerSize(layer, n, { padding: 0 }) })],
    ["padding_once", end({ size: (layer, n) => layerSize(layer, n + (layer.padding ?? 0), { padding: 0 }) })],
    ["stride_forgotten", end({ size: (layer, n) => layerSize(layer, n, layer.type === "pool" ? {} : { stride: 1 }) })],
    ["one_forgotten", end({ size: (layer, n) => layerSize(layer, n) - 1 })],
    ["kernel_forgotten", end({ size: (layer, n) => (layer.type === "pool" ? layerSize(layer, n) : Math.floor(n / (layer.stride ?? 1))) })],
    ["pooling_forgotten", shapesOf({ ...args, layers: args.layers.filter(({ type }) => type !== "pool") })?.at(-1) ?? null],
    right && ["channels_last", [right[1], right[2], right[0]]],
  ];
}

const shapeSteps = (args) => shapesOf(args).map(([c, h, w], i) => ["w_layer_shape", { i: i + 1, c, h, w }]);

function countOf(layer) {
  if (layer.type === "norm") return 2 * layer.channels;
  const { bias = true, groups = 1 } = layer;
  if (layer.type === "linear") return linearParameters({ inFeatures: layer.in_features, outFeatures: layer.out_features, bias });
  return convParameters({ inChannels: layer.in_channels, outChannels: layer.out_channels, height: layer.kernel_size, groups, bias });
}

const sumOf = (layers, count = countOf) => layers.reduce((sum, layer) => sum + count(layer), 0);

const product = (shape) => shape.reduce((all, each) => all * each, 1);

export const stackTasks = {
  receptive_field: {
    answer: ({ windows }) => receptiveField(windows.map(windowOf)).at(-1).size,
    slips: fieldSlips,
    steps: fieldSteps,
  },
  // What comes out of convolutions and poolings: [channels, height, width].
  layers_shape: { answer: (args) => shapesOf(args)?.at(-1) ?? null, slips: shapeSlips, steps: shapeSteps },
  // The same, laid out in one row.
  layers_features: {
    answer: (args) => product(shapesOf(args).at(-1)),
    slips(args) {
      const [c, h, w] = shapesOf(args).at(-1);
      return [
        ["places_forgotten_flat", c], ["channels_forgotten_flat", h * w], ["map_side_once", c * h],
        ...shapeSlips(args).filter(([name, shape]) => shape && name !== "channels_last").map(([name, shape]) => [name, product(shape)])];
    },
    steps(args) {
      const [c, h, w] = shapesOf(args).at(-1);
      return [...shapeSteps(args), ["w_flat", { c, h, w, in: c * h * w }]];
    },
  },
  // The parameters of a list of layers, each told in full.
  layers_parameters: {
    answer: ({ layers }) => sumOf(layers),
    slips({ layers }) {
      const without = (change) => sumOf(layers, (layer) => countOf({ ...layer, ...change(layer) }));
      return [
        ["bias_forgotten", without(() => ({ bias: false }))],
        ["bias_counted", without(() => ({ bias: true }))],
        ["in_channels_forgotten", without((layer) => (layer.type === "conv" ? { in_channels: 1, groups: 1 } : {}))],
        ["norm_forgotten", sumOf(layers.filter(({ type }) => type !== "norm"))],
        ["running_counted", sumOf(layers) + sumOf(layers.filter(({ type }) => type === "norm"))],
        ["first_layer_only", countOf(layers[0])],
        ["last_layer_only", countOf(layers.at(-1))],
      ];
    },
    steps: ({ layers }) => [
      ...layers.map((layer, i) => ["w_layer_count", { i: i + 1, count: countOf(layer) }]), ["w_layers_total", { total: sumOf(layers) }]],
  },
};
