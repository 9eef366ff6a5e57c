// A network of the book as a list of operations, and what a change of its input, its width or a layer does to all of
// them. Twin of cnnlib.inspect on the graphs that cnnlib.inspect.graph writes; tested against it network by network.
import { ONE_CELL } from "./arithmetic.js";
import { KINDS } from "./graph_kinds.js";

export const BYTES = 4; // a float32

// Unpacks one network of the asset: each node with its name, kind, hyper-parameters, inputs and the block it stands in.
export function readNetwork(asset, name) {
  const { nodes, ...card } = asset.networks[name];
  return {
    ...card, name,
    nodes: nodes.map(([title, layer, inputs, block], index) => ({
      ...asset.layers[layer], name: title, index, inputs: inputs ?? [index - 1],
      path: (block === undefined ? title.split(".").slice(0, -1) : block.split(".")).filter((part) => part),
    })),
  };
}

// Python's round: halves go to the even number.
export function roundEven(value) {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 ? low + 1 : low;
}

const scaled = (width, count) => Math.max(1, roundEven(width * count));
const CHANNELS = { conv: "out_channels", linear: "out_features", zeros: "extra_channels" };

// The channels that a layer has as published, at another width or number of classes.
function ownChannels(node, count, { width, classes }) {
  if (node.classes) return classes;
  if (node.times) return node.times * scaled(width, count / node.times);
  if (node.before) return scaled(width, node.before + count) - scaled(width, node.before);
  return count;
}

// Every layer's hyper-parameters: as published, then scaled, then edited. What an edit does not name stays as it was.
export function settle(network, { width, num_classes: classes, edits }) {
  const chosen = { width, classes: classes ?? network.num_classes };
  const counts = []; // channels that each node hands on before any edit: a transition keeps a share of what comes in
  return network.nodes.map((node) => {
    const key = CHANNELS[node.op];
    const arriving = node.inputs.map((index) => counts[index] ?? 0);
    const own = key && (node.share ? Math.floor(node.share * arriving[0]) : ownChannels(node, node[key], chosen));
    const joined = { cat: arriving.reduce((a, b) => a + b), zeros: arriving[0] + own }[node.op];
    counts.push(joined ?? own ?? node.out_channels ?? arriving[0]);
    return { ...node, ...(key && { [key]: own }), ...edits[node.name] };
  });
}

// Sends a picture's shape through the nodes, up to the first that cannot take it. `built`: the rows of the size that the
// network was built for, whose fully connected layers take so many features and no others.
export function propagate(nodes, shape, built = null) {
  const picture = { shape, field: ONE_CELL };
  const rows = [];
  for (const node of nodes) {
    const maps = node.inputs.map((index) => (index < 0 ? picture : rows[index]));
    const arriving = maps[0].shape[0];
    const result = KINDS[node.op](node, maps, built?.[node.index].arriving);
    const row = { node, name: node.name, kind: node.kind, arriving, maps, parameters: 0, macs: 0, ...result };
    if (row.fault) return { rows, fault: row };
    if (node.again !== undefined) row.parameters = 0;
    row.memory = node.view ? 0 : BYTES * row.shape.reduce((a, b) => a * b);
    rows.push(row);
  }
  return { rows, fault: null };
}

// What the state asks for: the picture, and the size that the network is built for.
export function sizes(network, { input_size: size, in_channels: channels, fit }) {
  const side = size ?? network.shape[1];
  const fits = fit || network.settings.includes("image_size");
  return { side, channels: channels ?? network.shape[0], built: fits ? side : network.shape[1] };
}

// The network that the state describes, row by row, and the fault at which it ends.
export function inspect(network, state) {
  const { side, channels, built } = sizes(network, state);
  const nodes = settle(network, state);
  const first = built === side ? null : propagate(nodes, [channels, built, built]);
  const run = propagate(nodes, [channels, side, side], first?.fault ? null : first?.rows);
  return { ...run, nodes, input: [channels, side, side], totals: totals(run.rows) };
}

export function totals(rows) {
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  return { parameters: sum("parameters"), macs: sum("macs"), memory: sum("memory"), weights: BYTES * sum("parameters") };
}

// The layers that take other channels or features than before, though nobody edited them.
export function rebuilt(rows, before, edits) {
  const counts = new Set(["conv", "linear", "norm", "sparse", "subsample"]);
  return rows.filter((row, i) => counts.has(row.node.op) && before[i] && !edits[row.name] && row.arriving !== before[i].arriving);
}

// Whether the cell in the middle of a map sees the whole picture.
export function seesAll({ shape, field }, side) {
  if (!field) return true;
  const first = field.start + Math.floor((shape[1] - 1) / 2) * field.jump;
  return first <= 0 && first + field.size >= side;
}
