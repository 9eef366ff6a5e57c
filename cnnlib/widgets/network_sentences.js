// What the network inspector says of a layer: its shape, what it is, how each of its numbers comes about, why it fails.
import { say, show } from "./dom.js";
import { span } from "./arithmetic.js";

export const times = (shape) => shape.join("×");

// Bytes as people read them.
export function bytes(count) {
  const [unit, name] = [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]].find(([size]) => count >= size) ?? [1, "bytes"];
  return `${Number((count / unit).toPrecision(3)).toLocaleString("en")} ${name}`;
}

const NORMAL = { stride: 1, padding: 0, dilation: 1, groups: 1, ceil_mode: false };

// A layer's window in few words: 11×11, stride 4, padding 2.
export function windowWords(text, node) {
  if (node.op === "adaptive") return say(text.d_output_size, node);
  if (node.op === "zeros") return say(text.d_stride, node);
  if (!("stride" in node)) return node.op === "sparse" ? say(text.d_window, node) : "";
  const other = Object.keys(NORMAL).filter((key) => key in node && node[key] !== NORMAL[key]);
  return [text.d_window, ...other.map((key) => text[`d_${key}`])].map((words) => say(words, node)).join(", ");
}

// What a row is called where it stands alone: a function is named by the block that it is called in.
export function rowTitle(row) {
  return row.node.path.length && !row.name.includes(".") ? `${row.node.path.join(".")}.${row.name}` : row.name;
}

// Why a layer has no output.
export function faultWords(text, fault) {
  const jump = fault.fault.startsWith("fault_window") && fault.maps[0].field?.jump;
  const values = {
    ...fault, layer: rowTitle(fault), block: fault.node.path.join("."),
    expected: show(fault.expected ?? 0), features: show(fault.features ?? 0),
    one: times(fault.one ?? []), other: times(fault.other ?? []),
  };
  return [say(text[fault.fault], values), jump > 1 ? say(text.fault_jump, { jump }) : ""].filter((words) => words).join(" ");
}

const WINDOWS = { conv: 1, pool: 1, zeros: 1, subsample: 1, sparse: 1 };
const HOW_SIZE = {
  conv: "conv", sparse: "conv", pool: "conv", adaptive: "adaptive", linear: "linear", codes: "other", flatten: "flatten",
  cat: "cat", sum: "sum", zeros: "zeros", subsample: "other", same: "same", norm: "same",
};
const HOW_PARAMETERS = { conv: "conv", linear: "linear", norm: "norm", sparse: "sparse" };
const HOW_MACS = { conv: "conv", sparse: "conv", linear: "linear" };

// How a row's four numbers come about, as [what, sentence].
export function derivations(text, row) {
  const { node, shape, field, arriving, maps } = row;
  const before = maps[0];
  const kernel = node.kernel_size ?? (node.op === "subsample" ? 2 : 1);
  const groups = node.groups ?? 1;
  const stride = node.stride ?? (node.op === "subsample" ? 2 : 1);
  const values = {
    ...node, padding: node.padding ?? 0, stride, n: show(before.shape[1] ?? arriving), size: show(shape[1] ?? 1),
    span: span(kernel, node.dilation ?? 1), shape: times(shape), features: show(shape[0]),
    from: maps.map((map) => times(map.shape)).join(", "), out: show(shape[0]),
    in_group: groups > 1 ? `${show(arriving)} / ${groups}` : show(arriving),
    parameters: show(row.parameters), macs: show(row.macs),
    biases: node.bias ? say(text.how_biases, { out: show(shape[0]) }) : "",
    before: before.field?.size, jump: before.field?.jump, after: field?.size, step: field?.jump,
  };
  const windowed = WINDOWS[node.op] && field;
  const size = node.ceil_mode ? "ceil" : HOW_SIZE[node.op];
  const seen = windowed ? "window" : field ? "other" : "whole";
  return [
    [text.how_size, say(text[`how_${size}_size`], values)],
    [text.how_parameters, say(text[`how_${HOW_PARAMETERS[node.op] ?? "other"}_parameters`], values)],
    [text.how_macs, say(text[`how_${HOW_MACS[node.op] ?? "other"}_macs`], values)],
    [text.how_field, say(text[`how_${seen}_field`], values)],
  ];
}

// What is edited, and which layers are built to fit.
export function editsWords(text, edits, layers, base) {
  const short = (names) => {
    const some = names.slice(0, 3).join(", ");
    return names.length > 3 ? say(text.and_more, { layers: some, count: names.length - 3 }) : some;
  };
  const changed = Object.entries(edits).map(([name, values]) => `${name} (${Object.entries(values).map(([key, value]) => `${key} ${value}`).join(", ")})`);
  const fitted = layers.map((row) => say(text.rebuilt_one, {
    layer: row.name, before: show(base[row.node.index].arriving), after: show(row.arriving) }));
  const said = [say(text.is_edited, { edited: short(changed) })];
  if (fitted.length) said.push(say(text.are_rebuilt, { layers: short(fitted) }));
  return said.join(" ");
}
