// Reads a recording: what feature_recording.py packs. A map is whole numbers times its step.

// Returns { layers, classes, frames }, a frame { name, picture: { channels, rows, columns, bytes }, layers }, and a layer
// of a frame { steps, levels }: `levels` holds its maps one after the other.
export async function unpack(record) {
  const bytes = await inflated(record.data);
  let at = 0;
  const take = (size) => bytes.subarray(at, (at += size));
  const frames = record.frames.map(({ name, picture: [channels, rows, columns] }) => ({
    name, picture: { channels, rows, columns, bytes: take(channels * rows * columns) }, layers: [],
  }));
  record.layers.forEach((layer, i) => frames.forEach((frame, f) => {
    const part = take(layer.count * layer.rows * layer.columns);
    frame.layers.push({ steps: record.frames[f].steps[i], levels: new Int8Array(part.buffer, part.byteOffset, part.length) });
  }));
  return { layers: record.layers, classes: record.classes, frames };
}

async function inflated(base64) {
  const packed = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// A layer without maps is a row of numbers.
export function isRow(layer) {
  return layer.shape.length < 2;
}

// How many things of a layer can be chosen: maps, or numbers.
export function thingsOf(layer) {
  return isRow(layer) ? layer.columns : layer.count;
}

// The numbers of one map of a layer in a frame.
export function mapOf(layer, { steps, levels }, i) {
  const size = layer.rows * layer.columns;
  return Float32Array.from(levels.subarray(i * size, (i + 1) * size), (level) => level * steps[i]);
}

// The largest size of a number in each map of a layer, over all frames.
export function largest({ frames }, index) {
  return frames[0].layers[index].steps.map((_, i) => 127 * Math.max(...frames.map((frame) => frame.layers[index].steps[i])));
}

export function softmaxOf(values) {
  const top = Math.max(...values);
  const powers = Array.from(values, (value) => Math.exp(value - top));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}
