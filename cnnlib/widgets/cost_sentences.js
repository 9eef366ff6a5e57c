// What the calculator says: names of sides and layers, formulas with their numbers, ratios in words, the verdict.
import { say, show } from "./dom.js";
import { bigKernel } from "./cost_layers.js";

export function sideNames(text, state) {
  const values = { big: bigKernel(state), n: state.layers, k: state.kernel_size, r: show(state.reduced) };
  return ["first", "second"].map((side) => say(text[`${state.comparison}_${side}`], values));
}

export function layerName(text, { kind, kernel: k, ins, outs }) {
  return say(text[kind], { k, i: show(ins), o: show(outs) });
}

// "3,376 times fewer": how the second number compares with the first.
export function ratioWords(text, first, second) {
  if (first === second) return text.same;
  return first > second ? say(text.fewer, { times: rounded(first / second) }) : say(text.more, { times: rounded(second / first) });
}

const rounded = (value) => show(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));

// One line for each kind of layer of a side; equal layers in a row share one.
export function sumLines(text, state, layers) {
  const groups = [];
  layers.forEach((layer, index) => {
    const line = layerSum(text, state, layer);
    if (groups.at(-1)?.line === line) groups.at(-1).b = index + 1;
    else groups.push({ line, a: index + 1, b: index + 1 });
  });
  if (layers.length === 1) return [groups[0].line];
  return groups.map(({ line, a, b }) => say(a === b ? text.one_layer : text.more_layers, { a, b }) + line);
}

function layerSum(text, state, layer) {
  const { kind, kernel: k, weights, parameters, macs, size } = layer;
  const bias = parameters === weights ? "" : say(text.sum_bias, { biases: show(parameters - weights), parameters: show(parameters) });
  const numbers = { k, i: show(layer.ins), o: show(layer.outs), weights: show(weights), macs: show(macs), bias };
  if (kind === "linear") return say(text.sum_linear, { ...numbers, h: show(state.height), w: show(state.width), c: show(state.in_channels) });
  return say(kind === "conv" ? text.sum_conv : text.sum_depthwise, { ...numbers, h: show(size[1]), w: show(size[2]) });
}

// [what it comes to, why].
export function verdictOf(text, state, { first, second, last }) {
  const { comparison, kernel_size: k, layers: n, out_channels: o } = state;
  const of = (key) => ratioWords(text, first.total[key], second.total[key]);
  if (comparison === "dense") return [say(text.dense_verdict, { parameters: of("parameters"), macs: of("macs") }), text.dense_why];
  if (comparison === "stack") {
    const values = { n, k, big: bigKernel(state), few: n * k * k, many: bigKernel(state) ** 2, parameters: of("parameters") };
    return [say(text.stack_verdict, values), say(text.stack_why, values)];
  }
  const ratio = first.total.macs / second.total.macs;
  if (comparison === "depthwise") {
    const share = (1 / ratio).toPrecision(3);
    return [say(text.depthwise_verdict, { o: show(o), k, share, macs: of("macs") }), ratio > 1 ? text.depthwise_pays : text.depthwise_never];
  }
  const sentence = { [-1]: text.costs, 0: text.equal, 1: text.saves }[Math.sign(first.total.macs - second.total.macs)];
  const pays = last < 1 ? text.never : say(text.pays_to, { last: show(last) });
  const wider = state.reduced > Math.min(state.in_channels, o) ? ` ${text.wider}` : "";
  return [say(sentence, { share: (100 / ratio).toPrecision(3), times: rounded(Math.max(ratio, 1 / ratio)) }), pays + wider];
}

export function problemWords(text, state, most) {
  const { comparison, kernel_size: k, height: h, width: w, padding: p, layers: n } = state;
  const big = bigKernel(state);
  if (comparison === "stack") return say(text.too_large, { n, k, big, most });
  return say(text.does_not_fit, { k, h, w, p });
}
