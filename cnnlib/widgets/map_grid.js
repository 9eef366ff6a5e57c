// One layer: all its feature maps, or its row of bars, on one canvas. A neuron is chosen by pointer, touch or keyboard.
import { h, say } from "./dom.js";
import { packed, mapLayout, barLayout, paintMaps, paintBars, neuronAt, neuronBox } from "./map_paint.js";

const NEUTRAL = packed(128, 138, 148);

// choose(neuron, how): `how` is "hover", "hold" (clicked or tapped) or "key". letGo(): Escape was pressed.
export function mapGrid({ text, index, layer, choose, letGo }) {
  const { name, kind, shape } = layer;
  const flat = shape.length === 1;
  const title = say(flat ? text.layer_flat : text.layer_maps, { name, kind: kindOf(text, layer), n: shape[0], h: shape[1], w: shape[2] });
  const canvas = h("canvas", { class: "cw-live-map", tabindex: 0, role: "application", "aria-label": say(flat ? text.bars_alt : text.maps_alt, { title }),
    "data-layer": index, onpointermove: hover, onpointerdown: hold, onkeydown: press, onfocus: focus });
  const here = h("div", { class: "cw-live-here", hidden: true });
  const element = h("div", { class: "cw-live-layer" }, h("p", { class: "cw-live-layer-name" }, title), h("div", { class: "cw-live-frame" }, canvas, here));
  let layout = null, image = null, pixels = null, values = null, marked = null, seen = false;

  function fit(width) {
    const next = flat ? barLayout(shape, width) : mapLayout(shape, width);
    if (JSON.stringify(next) === JSON.stringify(layout)) return;
    layout = next;
    [canvas.width, canvas.height] = [layout.width, layout.height];
    const scale = flat ? 1 : layout.scale;
    canvas.style.cssText = `width:${layout.width * scale}px;height:${layout.height * scale}px`;
    image = new ImageData(layout.width, layout.height);
    pixels = new Uint32Array(image.data.buffer);
    if (values) paint(values);
    mark(marked);
  }

  // Only what is in sight: a deep network has hundreds of maps, and a stroke must not wait for them.
  function paint(next) {
    values = next;
    if (!layout || !seen) return;
    if (flat) paintBars(pixels, layout, shape, values, NEUTRAL);
    else paintMaps(pixels, layout, shape, values);
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  function mark(neuron) {
    marked = neuron;
    here.hidden = !neuron;
    if (!neuron || !layout) return;
    const { left, top, width, height } = neuronBox(layout, shape, neuron);
    here.style.cssText = `left:${left - 2}px;top:${top - 2}px;width:${width + 4}px;height:${height + 4}px`;
  }

  function under(event) {
    const box = canvas.getBoundingClientRect();
    return neuronAt(layout, shape, event.clientX - box.left, event.clientY - box.top);
  }

  function hover(event) {
    const neuron = under(event);
    if (neuron) choose(neuron, event.buttons ? "hold" : "hover");
  }

  function hold(event) {
    const neuron = under(event);
    if (neuron) choose(neuron, "hold");
  }

  // By Tab only: a click has chosen its neuron already.
  function focus() {
    if (canvas.matches(":focus-visible") && !marked) choose({ channel: 0, y: 0, x: 0 }, "key");
  }

  function press(event) {
    if (event.key === "Escape") return letGo();
    const next = walked(shape, marked ?? { channel: 0, y: 0, x: 0 }, event.key, layout.across);
    if (!next) return;
    event.preventDefault();
    choose(next, "key");
  }

  function show(inSight) {
    seen = inSight;
    if (seen && values) paint(values);
  }

  return { element, fit, paint, mark, show };
}

// Arrows move inside a map, Page Up and Page Down from map to map; in a row of bars left and right do.
export function walked([count, rows = 1, columns = 1], { channel, y, x }, key, across) {
  const within = (value, length) => Math.max(0, Math.min(length - 1, value));
  const flat = rows * columns === 1;
  const steps = flat
    ? { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across, PageUp: -10, PageDown: 10 }
    : { PageUp: -1, PageDown: 1 };
  if (key in steps) return { channel: within(channel + steps[key], count), y, x };
  if (key === "Home") return { channel: 0, y, x };
  if (key === "End") return { channel: count - 1, y, x };
  const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  return moves[key] ? { channel, y: within(y + moves[key][0], rows), x: within(x + moves[key][1], columns) } : null;
}

export function kindOf(text, { kind, how }) {
  return text[`kind_${kind}${how ? `_${how}` : ""}`] ?? kind;
}
