// The other counts of the chapters: channels that are stacked, steps of an epoch, crops, patches, connections.
import { convMacs } from "./arithmetic.js";

function bottleneckParts({ in_channels: inChannels, out_channels: outChannels, kernel_size: height, size, reduced }) {
  const cells = size * size;
  return {
    direct: convMacs({ inChannels, outChannels, height, cells }),
    reduce: convMacs({ inChannels, outChannels: reduced, height: 1, cells }),
    conv: convMacs({ inChannels: reduced, outChannels, height, cells }),
  };
}

// The largest number of channels in between with which there are fewer multiply-adds than directly.
function lastThatPays({ in_channels: c, out_channels: o, kernel_size: k }) {
  return Math.floor((k * k * c * o - 1) / (c + k * k * o));
}

export const countTasks = {
  bottleneck_macs: {
    answer: (args) => bottleneckParts(args).reduce + bottleneckParts(args).conv,
    slips(args) {
      const { direct, reduce, conv } = bottleneckParts(args);
      return [
        ["reduction_forgotten", conv], ["reduction_only", reduce], ["bottleneck_ignored", direct], ["both_ways_counted", direct + reduce],
        ["places_forgotten", (reduce + conv) / args.size ** 2], ["map_side_once", (reduce + conv) / args.size],
        ["kernel_not_squared", reduce + conv / args.kernel_size], ["operations_counted", 2 * (reduce + conv)]];
    },
    steps(args) {
      const { reduce, conv } = bottleneckParts(args), { in_channels: c, out_channels: o, kernel_size: k, reduced: r, size } = args;
      return [["w_reduce", { c, r, size, reduce }], ["w_large", { r, o, k, size, conv }], ["w_both", { a: reduce, b: conv, total: reduce + conv }]];
    },
  },
  bottleneck_limit: {
    answer: lastThatPays,
    slips: ({ in_channels: c, out_channels: o, kernel_size: k }) => [
      ["equal_counts", (k * k * c * o) / (c + k * k * o)], ["limit_rounded_up", Math.ceil((k * k * c * o) / (c + k * k * o))],
      ["limit_is_channels", c], ["limit_is_outputs", o], ["kernel_not_squared", Math.ceil((k * c * o) / (c + k * o)) - 1]],
    steps: ({ in_channels: c, out_channels: o, kernel_size: k }) => [
      ["w_limit", { direct: k * k * c * o, each: c + k * k * o }],
      ["w_limit_below", { exact: (k * k * c * o) / (c + k * k * o), limit: lastThatPays({ in_channels: c, out_channels: o, kernel_size: k }) }]],
  },
  steps_per_epoch: {
    answer: ({ pictures, batch_size }) => Math.ceil(pictures / batch_size),
    slips: ({ pictures, batch_size }) => [
      ["last_batch_forgotten", Math.floor(pictures / batch_size)], ["batch_cut", pictures / batch_size], ["one_batch_more", Math.ceil(pictures / batch_size) + 1]],
    steps: ({ pictures, batch_size: b }) => [["w_batches", { pictures, b, exact: pictures / b, steps: Math.ceil(pictures / b) }]],
  },
  stacked_channels: {
    answer: ({ branches }) => branches.reduce((sum, each) => sum + each, 0),
    slips: ({ branches }) => [
      ["branch_chosen", Math.max(...branches)], ["branches_added_up", branches[0]], ["branches_averaged", branches.reduce((a, b) => a + b, 0) / branches.length],
      ["last_branch_forgotten", branches.slice(0, -1).reduce((a, b) => a + b, 0)]],
    steps: ({ branches }) => [["w_stacked", { sum: branches.join(" + "), total: branches.reduce((a, b) => a + b, 0) }]],
  },
  dense_block_channels: {
    answer: ({ first, growth, layers }) => first + growth * layers,
    slips: ({ first, growth, layers }) => [
      ["input_not_kept", growth * layers], ["last_layer_only", growth], ["added_like_residual", first], ["one_layer_only", first + growth],
      ["one_layer_short", first + growth * (layers - 1)], ["first_multiplied", first * layers]],
    steps: ({ first, growth, layers }) => [["w_dense", { first, growth, layers, total: first + growth * layers }]],
  },
  dense_connections: {
    answer: ({ layers }) => (layers * (layers + 1)) / 2,
    slips: ({ layers }) => [["chain_counted", layers], ["input_not_connected", (layers * (layers - 1)) / 2], ["both_directions", layers * layers]],
    steps: ({ layers }) => [["w_connections", { layers, more: layers + 1, total: (layers * (layers + 1)) / 2 }]],
  },
  resnet_depth: {
    answer: ({ n }) => 6 * n + 2,
    slips: ({ n }) => [["ends_forgotten", 6 * n], ["blocks_counted", 3 * n + 2], ["one_end_forgotten", 6 * n + 1], ["one_stage_only", 2 * n + 2]],
    steps: ({ n }) => [["w_depth", { n, pairs: 3 * n, convs: 6 * n, total: 6 * n + 2 }]],
  },
  patches: {
    answer: ({ image_size: n, patch_size: k }) => Math.floor(n / k) ** 2,
    slips: ({ image_size: n, patch_size: k }) => [
      ["one_row_only", Math.floor(n / k)], ["patch_pixels", k * k], ["overlapping_patches", (n - k + 1) ** 2], ["patches_doubled", 2 * Math.floor(n / k)]],
    steps: ({ image_size: n, patch_size: k }) => [["w_patches", { n, k, side: Math.floor(n / k), total: Math.floor(n / k) ** 2 }]],
  },
  crops: {
    answer: ({ size, crop, mirrored }) => (size - crop + 1) ** 2 * (mirrored ? 2 : 1),
    slips: ({ size, crop, mirrored }) => [
      ["fence_posts", (size - crop) ** 2 * (mirrored ? 2 : 1)], mirrored && ["mirror_forgotten", (size - crop + 1) ** 2],
      ["one_direction", (size - crop + 1) * (mirrored ? 2 : 1)]],
    steps: ({ size, crop, mirrored }) => [
      ["w_crop_places", { size, crop, places: size - crop + 1 }], ["w_crops", { places: size - crop + 1, squared: (size - crop + 1) ** 2 }],
      mirrored && ["w_mirrored", { squared: (size - crop + 1) ** 2, total: 2 * (size - crop + 1) ** 2 }]].filter(Boolean),
  },
  training_macs: {
    answer: ({ macs, pictures, epochs }) => 3 * macs * pictures * epochs,
    slips: ({ macs, pictures, epochs }) => [
      ["forward_only", macs * pictures * epochs], ["backward_once", 2 * macs * pictures * epochs], ["one_epoch_only", 3 * macs * pictures],
      ["one_picture_only", 3 * macs * epochs]],
    steps: ({ macs, pictures, epochs }) => [["w_training", { macs, pictures, epochs, total: 3 * macs * pictures * epochs }]],
  },
};
