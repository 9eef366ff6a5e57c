// All maps of a layer, each on a small canvas.
import { h, say } from "./dom.js";
import { picker } from "./feature_list.js";
import { paintSigned } from "./signed.js";

export function mapGrid({ text, choose }) {
  const list = picker({ label: text.maps, className: "cw-fm-grid", choose, across: () => {
    const items = list.items();
    return Math.max(1, items.findIndex((item) => item.offsetTop !== items[0].offsetTop));
  } });
  let layer = null, canvases = [];

  function build(next) {
    layer = next;
    canvases = Array.from({ length: layer.count }, () => h("canvas", {}));
    list.element.style.setProperty("--thumb", `${layer.count <= 8 ? 6.4 : layer.count <= 20 ? 4.7 : 3.3}rem`);
    list.fill(canvases);
    list.items().forEach((item, i) => item.setAttribute("aria-label", say(text.map_alt, { i })));
  }

  // tops: what the darkest colour of each map stands for
  function draw(next, { steps, levels }, tops, chosen) {
    if (next !== layer) build(next);
    const size = layer.rows * layer.columns;
    canvases.forEach((canvas, i) => {
      paintSigned(canvas, layer.rows, layer.columns, levels.subarray(i * size, (i + 1) * size), steps[i] ? tops[i] / steps[i] : 1);
    });
    list.set(chosen);
  }
  return { element: list.element, draw };
}
