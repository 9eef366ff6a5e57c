// A trained network, computed from first principles: no library, only loops. A map is { name, kind, shape, values };
// its shape is [channels, rows, columns], or [units] once it is flat, and its values lie row after row.
import { ONE_CELL, convSize, fieldAfter, fieldCells, poolSize } from "./arithmetic.js";

// Every layer turns the map before it into its own. The first map is the input, the last one holds the logits.
export function forward(net, x) {
  const [input, ...layers] = net.layers;
  const maps = [{ name: input.name, kind: input.kind, shape: input.shape, values: x }];
  for (const layer of layers) {
    const values = LAYERS[layer.kind](layer, maps[maps.length - 1]);
    maps.push({ name: layer.name, kind: layer.kind, shape: layer.shape, values });
  }
  return maps;
}

const LAYERS = { conv: convolution, relu: rectifier, pool: pooling, flatten: flattening, linear: fullyConnected };

// One kernel for each output channel. It slides over all input channels at once; at each place, the products of its
// weights and the numbers under them are added to the bias.
function convolution({ weight, weightShape, bias, stride, padding, shape }, before) {
  const [outputs, inputs, height, width] = weightShape;
  const [, rows, columns] = shape;
  const { values: numbers, down, across } = framed(before, padding);
  const values = new Float32Array(outputs * rows * columns);
  let cell = 0;
  for (let output = 0; output < outputs; output++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        let sum = bias[output];
        let w = output * inputs * height * width;
        for (let input = 0; input < inputs; input++) {
          for (let dy = 0; dy < height; dy++) {
            let n = (input * down + y * stride + dy) * across + x * stride;
            for (let dx = 0; dx < width; dx++) sum += weight[w++] * numbers[n++];
          }
        }
        values[cell++] = sum;
      }
    }
  }
  return values;
}

// Padding: the same map with a frame of zeros.
function framed({ shape: [channels, rows, columns], values }, padding) {
  if (padding === 0) return { values, down: rows, across: columns };
  const [down, across] = [rows + 2 * padding, columns + 2 * padding];
  const wider = new Float32Array(channels * down * across);
  for (let line = 0; line < channels * rows; line++) {
    const [channel, y] = [Math.floor(line / rows), line % rows];
    const start = (channel * down + y + padding) * across + padding;
    wider.set(values.subarray(line * columns, (line + 1) * columns), start);
  }
  return { values: wider, down, across };
}

// What is below zero becomes zero.
function rectifier(layer, before) {
  return before.values.map((value) => (value > 0 ? value : 0));
}

// The largest number of each window, or the windows' averages; channel by channel.
function pooling({ how, kernel, stride, shape }, before) {
  const [channels, rows, columns] = shape;
  const [, down, across] = before.shape;
  const values = new Float32Array(channels * rows * columns);
  let cell = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        let [largest, sum] = [-Infinity, 0];
        for (let dy = 0; dy < kernel; dy++) {
          for (let dx = 0; dx < kernel; dx++) {
            const value = before.values[(channel * down + y * stride + dy) * across + x * stride + dx];
            if (value > largest) largest = value;
            sum += value;
          }
        }
        values[cell++] = how === "max" ? largest : sum / (kernel * kernel);
      }
    }
  }
  return values;
}

// The same numbers, now seen as one long row.
function flattening(layer, before) {
  return before.values;
}

// Each unit has a weight for every number before it.
function fullyConnected({ weight, weightShape: [units, inputs], bias }, before) {
  const values = new Float32Array(units);
  for (let unit = 0; unit < units; unit++) {
    let sum = bias[unit];
    for (let i = 0; i < inputs; i++) sum += weight[unit * inputs + i] * before.values[i];
    values[unit] = sum;
  }
  return values;
}

// Logits become probabilities. Taking the largest off first changes nothing but the danger of too large numbers.
export function softmax(values) {
  const largest = Math.max(...values);
  const powers = Array.from(values, (value) => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
// End of the network itself; below it is read from its file, fed, and explained.

// Reads a weight file of `cnnlib export`. layers[i] makes map i of `forward`; layers[0] stands for the input.
// Each layer gets the shape of its map and `takes`: the shape [channels, rows, columns] in which its input is read,
// which a fully connected layer behind `flatten` has forgotten.
export function unpack(asset) {
  const { channels, rows, columns, pad } = asset.input;
  let before = { kind: "input", name: "input", shape: [channels, rows + 2 * pad, columns + 2 * pad], takes: null };
  const layers = [before];
  for (const stored of asset.layers) {
    const takes = before.kind === "flatten" ? before.takes : asMaps(before.shape);
    before = { ...stored, ...numbersOf(stored), takes, shape: outputShape(stored, before.shape) };
    layers.push(before);
  }
  return { ...asset, layers };
}

function asMaps(shape) {
  return shape.length === 3 ? shape : [shape[0], 1, 1];
}

// A weight is stored as a whole number from -127 to 127; each output channel or unit has its own scale.
function numbersOf({ shape, weight, scale, bias }) {
  if (!weight) return {};
  const whole = Int8Array.from(atob(weight), (letter) => letter.charCodeAt(0));
  const [scales, each] = [Float32Array.from(scale), whole.length / scale.length];
  const numbers = Float32Array.from(whole, (number, i) => number * scales[Math.floor(i / each)]);
  return { weightShape: shape, weight: numbers, bias: Float32Array.from(bias) };
}

function outputShape({ kind, shape: weightShape, kernel, stride, padding }, [channels, ...sides]) {
  const convolved = (n, i) => convSize({ n, kernel: weightShape[2 + i], stride, padding });
  if (kind === "conv") return [weightShape[0], ...sides.map(convolved)];
  if (kind === "pool") return [channels, ...sides.map((n) => poolSize({ n, kernel, stride }))];
  if (kind === "flatten") return [channels * sides[0] * sides[1]];
  return kind === "linear" ? [weightShape[0]] : [channels, ...sides];
}

// A picture's bytes, channel after channel and row after row, become the numbers that the network was trained on:
// framed with black, standardised, and shuffled if its pixels were.
export function prepare(net, bytes) {
  const { channels, rows, columns, pad, mean, std } = net.input;
  const [, down, across] = net.layers[0].shape;
  const cells = down * across;
  return Float32Array.from({ length: channels * cells }, (_, i) => {
    const channel = Math.floor(i / cells);
    const place = net.permutation ? net.permutation[i % cells] : i % cells;
    const [y, x] = [Math.floor(place / across) - pad, (place % across) - pad];
    const inside = y >= 0 && y < rows && x >= 0 && x < columns;
    const byte = inside ? bytes[(channel * rows + y) * columns + x] : 0;
    return (byte / 255 - mean[channel]) / std[channel];
  });
}

// The rectangle of the network's input that a cell of map `layer` sees: its first and last row and column, clipped.
// Only flattened numbers need the channel: it is their place in the row.
export function fieldOf(net, layer, y, x, channel = 0) {
  const { kind, takes } = net.layers[layer];
  const [, rows, columns] = net.layers[0].shape;
  if (kind === "flatten") {
    const place = channel % (takes[1] * takes[2]);
    return fieldOf(net, layer - 1, Math.floor(place / takes[2]), place % takes[2]);
  }
  if (net.layers[layer].shape.length === 1) return { top: 0, left: 0, bottom: rows - 1, right: columns - 1 };
  const [top, bottom] = fieldAlong(net, layer, 0, y, rows);
  const [left, right] = fieldAlong(net, layer, 1, x, columns);
  return { top, left, bottom, right };
}

function fieldAlong(net, layer, axis, index, size) {
  const windows = net.layers.slice(1, layer + 1).filter(({ kind }) => kind === "conv" || kind === "pool");
  const field = windows.reduce((before, { weightShape, kernel, stride, padding = 0 }) =>
    fieldAfter(before, { kernel: kernel ?? weightShape[2 + axis], stride, padding }), ONE_CELL);
  const [first, last] = fieldCells(field, index);
  return [Math.max(first, 0), Math.min(last, size - 1)];
}

// Why a number of map `layer` is what it is. A flat map's unit is its channel, with y and x 0.
// conv, linear: `bias`, the sum `channels[c]` of the products with each input channel, and the `most` largest products
// as `terms` { channel, y, x, value, weight, product }, placed in the map before.
// pool: the window's `cells` { y, x, value } and which of them won (null: they share). relu: `before`.
// flatten: where the number was. All of them: `value`.
export function explain(net, maps, layer, channel, y, x, most = 10) {
  const { kind, how } = net.layers[layer];
  const value = valueAt(maps[layer], channel, y, x);
  if (kind === "conv" || kind === "linear") return { kind, value, ...sumOf(net, maps, layer, channel, y, x, most) };
  if (kind === "relu") return { kind, value, before: valueAt(maps[layer - 1], channel, y, x) };
  if (kind === "flatten") return { kind, value, from: placeOf(net.layers[layer].takes, channel) };
  if (kind !== "pool") return { kind, value };
  const withValue = (place) => ({ ...place, value: valueAt(maps[layer - 1], channel, place.y, place.x) });
  const cells = windowOf(net.layers[layer], y, x).map(withValue);
  return { kind, how, value, cells, winner: how === "max" ? cells.findIndex((cell) => cell.value === value) : null };
}

function sumOf(net, maps, layer, output, y, x, most) {
  const { kind, takes, weight, weightShape, bias } = net.layers[layer];
  const [inputs, rows, columns] = takes;
  const [height, width] = kind === "conv" ? weightShape.slice(2) : [rows, columns];
  const [top, left] = kind === "conv" ? corner(net.layers[layer], y, x) : [0, 0];
  const kernel = inputs * height * width; // weights that make one number
  const channels = new Array(inputs).fill(0);
  const terms = [];
  for (let i = 0; i < kernel; i++) {
    const place = placeOf([inputs, height, width], i);
    const at = { channel: place.channel, y: top + place.y, x: left + place.x };
    if (at.y < 0 || at.y >= rows || at.x < 0 || at.x >= columns) continue; // zeros of the padding
    const value = maps[layer - 1].values[(at.channel * rows + at.y) * columns + at.x];
    const product = value * weight[output * kernel + i];
    channels[at.channel] += product;
    terms.push({ ...at, value, weight: weight[output * kernel + i], product });
  }
  terms.sort((a, b) => Math.abs(b.product) - Math.abs(a.product));
  return { bias: bias[output], channels, terms: terms.slice(0, most) };
}

function corner({ stride, padding = 0 }, y, x) {
  return [y * stride - padding, x * stride - padding];
}

function windowOf(layer, y, x) {
  const [[top, left], side] = [corner(layer, y, x), layer.kernel];
  return Array.from({ length: side ** 2 }, (_, i) => ({ y: top + Math.floor(i / side), x: left + (i % side) }));
}

function placeOf([, rows, columns], index) {
  const cells = rows * columns;
  return { channel: Math.floor(index / cells), y: Math.floor((index % cells) / columns), x: index % columns };
}

function valueAt({ shape: [, rows = 1, columns = 1], values }, channel, y, x) {
  return values[(channel * rows + y) * columns + x];
}
