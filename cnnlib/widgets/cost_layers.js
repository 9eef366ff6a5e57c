// The layers of the four comparisons and what each costs; cnnlib.widgets.cost_calculator has the same in Python.
import { convSize, convParameters, convMacs, linearParameters, linearMacs } from "./arithmetic.js";

const FLOAT32 = 4; // bytes a number
export const LARGEST_KERNEL = 31; // keeps every count below 2^53, where whole numbers end being exact

const USUAL = { stride: 1, padding: 0, bias: false, layers: 2, widen: false, reduced: 16 };
export const EXAMPLES = {
  dense: { ...USUAL, height: 640, width: 640, in_channels: 3, out_channels: 10, kernel_size: 11, bias: true },
  stack: { ...USUAL, height: 56, width: 56, in_channels: 256, out_channels: 256, kernel_size: 3 },
  bottleneck: { ...USUAL, height: 28, width: 28, in_channels: 192, out_channels: 32, kernel_size: 5 },
  depthwise: { ...USUAL, height: 28, width: 28, in_channels: 256, out_channels: 256, kernel_size: 3, padding: 1 },
};

// One kernel that sees as much as a stack of n kernels of side k.
export const bigKernel = ({ kernel_size: k, layers: n }) => n * (k - 1) + 1;

// The layers of both sides; without stride and padding a convolution keeps the size of its maps.
function sidesOfComparison(state) {
  const { comparison, height, width, in_channels: i, out_channels: o, kernel_size: k, stride, padding, reduced: r } = state;
  const conv = (kernel, ins, outs, more = {}) => ({ kind: "conv", kernel, ins, outs, groups: 1, ...more });
  if (comparison === "dense") {
    return [[{ kind: "linear", ins: height * width * i, outs: o }], [conv(k, i, o, { stride, padding })]];
  }
  if (comparison === "stack") {
    return [[conv(bigKernel(state), i, o)], Array.from({ length: state.layers }, (_, n) => conv(k, n ? o : i, o))];
  }
  if (comparison === "bottleneck") {
    return [[conv(k, i, o)], state.widen ? [conv(1, i, r), conv(k, r, r), conv(1, r, o)] : [conv(1, i, r), conv(k, r, o)]];
  }
  return [[conv(k, i, o, { stride, padding })], [conv(k, i, i, { stride, padding, groups: i, kind: "depthwise_layer" }), conv(1, i, o)]];
}

// A layer with its counts, on maps of that size; null where the kernel does not fit.
function layerCost(layer, [height, width], bias) {
  const { kind, kernel, ins, outs, groups, stride = 1, padding } = layer;
  if (kind === "linear") {
    const size = { inFeatures: ins, outFeatures: outs };
    return counted(layer, [outs], linearParameters({ ...size, bias: false }), linearParameters({ ...size, bias }), linearMacs(size));
  }
  const maps = padding === undefined ? [height, width] : [height, width].map((n) => convSize({ n, kernel, stride, padding }));
  if (maps.includes(null)) return null;
  const size = { inChannels: ins, outChannels: outs, height: kernel, groups };
  return counted(layer, [outs, ...maps], convParameters({ ...size, bias: false }), convParameters({ ...size, bias }),
    convMacs({ ...size, cells: maps[0] * maps[1] }));
}

function counted(layer, size, weights, parameters, macs) {
  const activations = size.reduce((product, n) => product * n, 1);
  return { ...layer, size, weights, parameters, macs, activations, bytes: FLOAT32 * activations };
}

const COUNTS = ["parameters", "macs", "activations", "bytes"];

function sideCost(layers, state) {
  const costs = [];
  let maps = [state.height, state.width];
  for (const layer of layers) {
    const cost = layerCost(layer, maps, state.bias);
    if (cost === null) return null;
    maps = cost.size.slice(1);
    costs.push(cost);
  }
  return { layers: costs, total: Object.fromEntries(COUNTS.map((key) => [key, costs.reduce((sum, cost) => sum + cost[key], 0)])) };
}

// Both sides of the comparison, or null where a setting is impossible.
export function compute(state) {
  if (state.comparison === "stack" && bigKernel(state) > LARGEST_KERNEL) return null;
  const [first, second] = sidesOfComparison(state).map((layers) => sideCost(layers, state));
  if (first === null || second === null) return null;
  return { first, second, last: state.comparison === "bottleneck" ? lastThatPays(state) : null };
}

// The largest number of reduced channels that needs fewer multiply-adds, 0 if there is none: the cost grows with the
// channels, and is above the direct one as soon as there are as many as go in and come out.
function lastThatPays(state) {
  const macs = (layers) => sideCost(layers, state).total.macs;
  const direct = macs(sidesOfComparison(state)[0]);
  let [pays, not] = [0, Math.max(state.in_channels, state.out_channels) + 1];
  while (not - pays > 1) {
    const middle = Math.floor((pays + not) / 2);
    if (macs(sidesOfComparison({ ...state, reduced: middle })[1]) < direct) pays = middle;
    else not = middle;
  }
  return pays;
}
