// All layers of the network with their maps, and beside them the one neuron that is looked at: its field and its sum.
import { h, say } from "./dom.js";
import { fieldOf, explain } from "./forward.js";
import { mapGrid } from "./map_grid.js";
import { pictureView } from "./picture_view.js";
import { neuronSum, placeOfNeuron, decimals } from "./neuron_sum.js";
import { rgbaOf } from "./picture_fit.js";

const TOLD_AFTER = 400; // milliseconds: a screen reader hears where the walk ends, not every step

// The input as the network gets it: framed and permuted, back in bytes.
export function seenBytes(net, x) {
  const { channels, mean, std } = net.input;
  const cells = x.length / channels;
  return Uint8Array.from(x, (value, i) => {
    const channel = Math.floor(i / cells);
    return Math.round(Math.min(255, Math.max(0, 255 * (value * std[channel] + mean[channel]))));
  });
}

// The pixels of the picture as drawn that a field of the network's input is made of; null if that is a rectangle again.
export function scattered(net, { top, left, bottom, right }) {
  if (!net.permutation) return null;
  const { rows, columns, pad } = net.input;
  const across = net.layers[0].shape[2];
  const places = [];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const place = net.permutation[y * across + x];
      const [row, column] = [Math.floor(place / across) - pad, (place % across) - pad];
      if (row >= 0 && row < rows && column >= 0 && column < columns) places.push(row * columns + column);
    }
  }
  return places;
}

// looked(field, places): another neuron is looked at.
export function layersPanel({ text, looked }) {
  const list = h("div", { class: "cw-live-list", tabindex: -1 });
  const view = pictureView({ caption: text.seen, label: text.seen });
  const sum = h("div", { class: "cw-live-sum", tabindex: 0, role: "group", "aria-label": text.sum_alt });
  const sees = h("p", { class: "cw-note cw-live-sees" });
  const hold = h("p", { class: "cw-note cw-live-hold" });
  const spoken = h("p", { class: "cw-live-spoken", "aria-live": "polite" });
  const element = h("div", { class: "cw-live-layers" }, list, h("div", { class: "cw-live-why" }, h("div", { class: "cw-live-seen" }, view.element, h("div", {}, sees, hold)), sum, spoken));
  let net = null, maps = null, grids = [], timer = null;
  let picked = null; // { layer, channel, y, x }
  let held = false;

  const fit = () => grids.forEach((grid) => grid.fit(list.clientWidth - 20));
  const watch = new ResizeObserver(fit);
  watch.observe(list);
  const sight = new IntersectionObserver((entries) =>
    entries.forEach(({ target, isIntersecting }) => grids.find((grid) => grid.element === target)?.show(isIntersecting)), { root: list, rootMargin: "100px" });

  function adopt(next) {
    const name = picked && net.layers[picked.layer].name;
    net = next;
    grids = net.layers.slice(1).map((layer, i) => mapGrid({ text, index: i + 1, layer, letGo, choose: (neuron, how) => choose({ layer: i + 1, ...neuron }, how) }));
    sight.disconnect();
    list.replaceChildren(...grids.map((grid) => grid.element));
    grids.forEach((grid) => sight.observe(grid.element));
    if (list.clientWidth) fit();
    const same = net.layers.findIndex((layer) => layer.name === name);
    picked = same > 0 && inside(net.layers[same].shape, picked) ? { ...picked, layer: same } : firstLook(net);
    held = false;
    mark();
  }

  function choose(neuron, how) {
    if (how === "hover" && held) return;
    const again = how === "hold" && held && JSON.stringify(neuron) === JSON.stringify(picked);
    held = how === "hover" ? false : !again;
    if (JSON.stringify(neuron) !== JSON.stringify(picked)) {
      picked = neuron;
      mark();
      why();
    }
    hold.textContent = held ? text.held : text.follows;
    if (how !== "hover") tell();
  }

  function letGo() {
    held = false;
    hold.textContent = text.follows;
  }

  function mark() {
    grids.forEach((grid, i) => grid.mark(i + 1 === picked.layer ? picked : null));
  }

  function field() {
    return fieldOf(net, picked.layer, picked.y, picked.x, picked.channel);
  }

  function why() {
    if (!maps) return;
    const { layer, channel, y, x } = picked;
    const box = field();
    const explained = explain(net, maps, layer, channel, y, x);
    sum.replaceChildren(...neuronSum({ text, layer: net.layers[layer], neuron: picked, explained, before: net.layers[layer - 1] }));
    sees.textContent = sentence(box);
    view.outline(box);
    looked(net.permutation ? null : box, scattered(net, box) ?? []);
  }

  const sentence = (box) => say(net.permutation ? text.field_permuted : text.field, {
    h: box.bottom - box.top + 1, w: box.right - box.left + 1, top: box.top + 1, bottom: box.bottom + 1, left: box.left + 1, right: box.right + 1 });

  function tell() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const { layer, channel, y, x } = picked;
      const { value } = explain(net, maps, layer, channel, y, x, 1);
      spoken.textContent = `${placeOfNeuron(text, net.layers[layer], picked)} = ${decimals(value)}. ${sentence(field())}`;
    }, TOLD_AFTER);
  }

  function show(x, newMaps) {
    maps = newMaps;
    grids.forEach((grid, i) => grid.paint(maps[i + 1].values));
    const [channels, rows, columns] = net.layers[0].shape;
    view.paint(rgbaOf(seenBytes(net, x), channels), rows, columns);
    view.rename(net.permutation ? text.seen_permuted : text.seen);
    why();
  }

  letGo();
  return { element, adopt, show, get picked() { return picked; }, stop: () => { watch.disconnect(); sight.disconnect(); clearTimeout(timer); } };
}

function inside([count, rows = 1, columns = 1], { channel, y, x }) {
  return channel < count && y < rows && x < columns;
}

// A cell in the middle of the second convolution, whose field is worth a look; else the first unit with weights.
function firstLook(net) {
  const convs = net.layers.flatMap((layer, i) => (layer.kind === "conv" ? [i] : []));
  const layer = convs[1] ?? convs[0] ?? net.layers.findIndex(({ kind }) => kind === "linear");
  const [, rows = 1, columns = 1] = net.layers[layer].shape;
  return { layer, channel: 0, y: rows >> 1, x: columns >> 1 };
}
