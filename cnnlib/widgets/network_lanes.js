// The network at a glance: one bar a layer for the side of its map, its channels, its parameters and its MACs.
import { h, s, say } from "./dom.js";
import { rowTitle, times } from "./network_sentences.js";

const DRAWN = new Set(["conv", "pool", "adaptive", "linear", "cat", "zeros", "subsample", "sparse", "codes"]);
const LANES = {
  side: { value: (row) => row.shape[1] ?? 1, scale: Math.sqrt, centred: true },
  channels: { value: (row) => row.shape[0], scale: Math.sqrt },
  parameters: { value: (row) => row.parameters, scale: (value) => value },
  macs: { value: (row) => row.macs, scale: (value) => value },
};
const PICTURE = -1;
const APART = 26; // pixels from one written side to the next, at least

export function lanes({ text, pick }) {
  let view = null, slots = [], at = 0, wide = 600;
  const parts = Object.fromEntries(Object.keys(LANES).map((key) => {
    const path = s("path", {});
    const plot = h("div", { class: "cw-ni-plot" }, s("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" }, path));
    return [key, { path, plot, lane: h("div", { class: `cw-ni-lane ${key}` }, h("span", {}, text[key]), plot) }];
  }));
  const sides = h("div", { class: "cw-ni-sides", "aria-hidden": "true" });
  parts.side.plot.append(sides);
  const cursor = h("div", { class: "cw-ni-cursor" });
  const stage = h("div", { class: "cw-ni-lanes", role: "slider", tabindex: 0, "aria-label": text.lanes, "aria-valuemin": 1 },
    Object.values(parts).map((part) => part.lane), h("div", { class: "cw-ni-over" }, cursor));
  const element = h("figure", {}, stage, h("figcaption", {}, text.lanes_note));

  const over = stage.lastChild;
  const watch = new ResizeObserver(([entry]) => { wide = entry.contentRect.width; if (view) writeSides(); });
  watch.observe(over);
  const slotAt = (event) => {
    const { left, width } = over.getBoundingClientRect();
    return Math.max(0, Math.min(slots.length - 1, Math.floor(((event.clientX - left) / width) * slots.length)));
  };
  const take = (slot) => { if (slot > 0 && (slot !== at || view.selected !== slots[slot])) pick(slots[slot]); };
  over.addEventListener("pointerdown", (event) => { over.setPointerCapture(event.pointerId); take(slotAt(event)); });
  over.addEventListener("pointermove", (event) => { if (over.hasPointerCapture(event.pointerId)) take(slotAt(event)); });
  stage.addEventListener("keydown", (event) => {
    const to = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 1, End: slots.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    take(Math.max(1, Math.min(slots.length - 1, to)));
  });

  const rowAt = (index) => (index < 0 ? { shape: view.input, parameters: 0, macs: 0 } : view.rows[index]);

  // One path a lane: a rectangle for each layer that a picture reaches.
  function outline({ value, scale, centred }) {
    const values = slots.map(rowAt).map((row) => (row ? scale(value(row)) : 0));
    const top = Math.max(...values, 1e-9);
    const step = 1 / slots.length;
    return values.map((number, i) => {
      const tall = number ? Math.max(number / top, 0.02) : 0;
      const low = centred ? 0.5 + tall / 2 : 1;
      return tall ? `M${(i + 0.08) * step} ${low}v${-tall}h${0.84 * step}v${tall}z` : "";
    }).join("");
  }

  // The side is written where it changes, and there is room.
  function writeSides() {
    let last = null, place = -1;
    const marks = [];
    slots.forEach((index, i) => {
      const side = rowAt(index) && (rowAt(index).shape[1] ?? 1);
      if (!side || side === last || (i / slots.length - place) * wide < APART) return;
      [last, place] = [side, i / slots.length];
      marks.push(h("span", { style: `left:${(100 * i) / slots.length}%` }, side));
    });
    const end = view.fault ? slots.findIndex((index) => index >= view.fault.node.index) : -1;
    if (end >= 0) marks.push(h("span", { class: "end", style: `left:${(100 * end) / slots.length}%` }, "✕"));
    sides.replaceChildren(...marks);
  }

  return {
    element,
    stop: () => watch.disconnect(),
    show(next) {
      view = next;
      slots = [PICTURE, ...view.nodes.filter((node) => DRAWN.has(node.op)).map((node) => node.index)];
      Object.entries(LANES).forEach(([key, lane]) => parts[key].path.setAttribute("d", outline(lane)));
      writeSides();
      this.select(view.selected);
    },
    select(index) {
      view.selected = index;
      at = Math.max(1, slots.findLastIndex((slot) => slot <= index));
      cursor.style.left = `${(100 * at) / slots.length}%`;
      cursor.style.width = `${100 / slots.length}%`;
      const row = view.rows[slots[at]];
      stage.setAttribute("aria-valuemax", slots.length - 1);
      stage.setAttribute("aria-valuenow", at);
      stage.setAttribute("aria-valuetext", row ? say(text.lane_value, { layer: rowTitle(row), shape: times(row.shape) }) : text.unreached);
    },
  };
}
