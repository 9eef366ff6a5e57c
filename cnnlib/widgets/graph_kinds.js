// What each kind of layer does to sizes, counts and receptive field; one entry an `op` of cnnlib.inspect.graph.
// An entry takes its node and the maps that arrive, and gives { shape, parameters, macs, field }, or { fault, ... } with
// the key of the sentence that says why no map comes out. A map is { shape: [C, H, W] or [features], field }.
import { convSize, poolSize, convParameters, convMacs, linearParameters, linearMacs, fieldAfter, span } from "./arithmetic.js";

const square = (channels, side) => [channels, side, side];
const after = (field, window) => field && fieldAfter(field, window);
// What a sum or a concatenation sees: the smallest field that holds all of them.
function union(fields) {
  if (fields.some((field) => !field)) return null;
  const start = Math.min(...fields.map((field) => field.start));
  const end = Math.max(...fields.map((field) => field.start + field.size));
  return { size: end - start, jump: fields[0].jump, start };
}

const tooSmall = (node, side, { kernel, padding = 0, dilation = 1 }) => ({
  fault: padding ? "fault_window_padded" : "fault_window",
  side, kernel: span(kernel, dilation), padding, padded: side + 2 * padding,
});
const trained = (node, name, count) => (node.frozen?.includes(name) ? 0 : count);
const counted = (node, weights, biases) => trained(node, "weight", weights) + (node.bias ? trained(node, "bias", biases) : 0);

export const KINDS = {
  conv(node, [{ shape: [channels, side], field }]) {
    const { kernel_size: kernel, stride, padding, dilation, groups, out_channels: outChannels } = node;
    if (channels % groups || outChannels % groups) return { fault: "fault_groups", groups, channels, outChannels };
    const size = convSize({ n: side, kernel, stride, padding, dilation });
    if (size === null) return tooSmall(node, side, { kernel, padding, dilation });
    const counts = { inChannels: channels, outChannels, height: kernel, groups };
    return {
      shape: square(outChannels, size), field: after(field, { kernel, stride, padding, dilation }),
      parameters: counted(node, convParameters({ ...counts, bias: false }), outChannels),
      macs: convMacs({ ...counts, cells: size * size }),
    };
  },

  pool(node, [{ shape: [channels, side], field }]) {
    const window = { kernel: node.kernel_size, stride: node.stride, padding: node.padding, dilation: node.dilation };
    const size = poolSize({ n: side, ...window, ceil: node.ceil_mode });
    return size === null ? tooSmall(node, side, window) : { shape: square(channels, size), field: after(field, window) };
  },

  adaptive(node, [{ shape: [channels, side], field }]) {
    const size = node.output_size;
    const step = side / size; // windows of one size only where it divides
    return { shape: square(channels, size), field: Number.isInteger(step) ? after(field, { kernel: step, stride: step }) : null };
  },

  linear(node, [{ shape: [inFeatures] }], built) {
    const expected = built ?? inFeatures;
    if (expected !== inFeatures) return { fault: "fault_features", expected, features: inFeatures };
    const outFeatures = node.out_features;
    return {
      shape: [outFeatures], field: null, macs: linearMacs({ inFeatures, outFeatures }),
      parameters: counted(node, linearParameters({ inFeatures, outFeatures, bias: false }), outFeatures),
    };
  },

  sum(node, maps) {
    const odd = maps.find((map) => String(map.shape) !== String(maps[0].shape));
    if (odd) return { fault: "fault_sum", one: maps[0].shape, other: odd.shape };
    return { shape: maps[0].shape, field: union(maps.map((map) => map.field)) };
  },

  cat(node, maps) {
    const odd = maps.find((map) => map.shape[1] !== maps[0].shape[1]);
    if (odd) return { fault: "fault_cat", one: maps[0].shape, other: odd.shape };
    return {
      shape: [maps.reduce((total, map) => total + map.shape[0], 0), ...maps[0].shape.slice(1)],
      field: union(maps.map((map) => map.field)),
    };
  },

  // Option A's shortcut: every stride-th row and column, and channels of zeros behind the input's own.
  zeros(node, [{ shape: [channels, side], field }]) {
    const window = { kernel: 1, stride: node.stride };
    return { shape: square(channels + node.extra_channels, convSize({ n: side, ...window })), field: after(field, window) };
  },

  // Subsampling and the sparse C3 of 1998, and the distances to fixed codes, which hold nothing that is trained.
  subsample(node, [{ shape: [channels, side], field }]) {
    const window = { kernel: 2, stride: 2 };
    const size = poolSize({ n: side, ...window });
    if (size === null) return tooSmall(node, side, window);
    return { shape: square(channels, size), field: after(field, window), parameters: 2 * channels };
  },

  sparse(node, [map]) {
    const channels = map.shape[0];
    if (channels < node.joined) return { fault: "fault_sparse", joined: node.joined, channels };
    const { kernel_size: kernel, out_channels: outChannels } = node;
    const dense = KINDS.conv({ ...node, stride: 1, padding: 0, dilation: 1, groups: 1, bias: true }, [map]);
    return dense.fault ? dense : { ...dense, parameters: node.pairs * kernel * kernel + outChannels };
  },

  codes(node, [{ shape: [features] }]) {
    if (features !== node.length) return { fault: "fault_codes", expected: node.length, features };
    return { shape: [node.out_features], field: null };
  },

  flatten(node, [{ shape }]) {
    return { shape: [shape.reduce((a, b) => a * b)], field: null };
  },

  same(node, [{ shape, field }]) {
    return { shape, field };
  },

  norm(node, [{ shape, field }]) {
    const parameters = node.affine ? trained(node, "weight", shape[0]) + trained(node, "bias", shape[0]) : 0;
    return { shape, field, parameters };
  },
};
