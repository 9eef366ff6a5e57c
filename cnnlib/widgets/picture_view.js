// A small picture with what is drawn over it: the field that a neuron sees, the pixels it is made of, and a patch.
import { h, s } from "./dom.js";

export function pictureView({ caption, label, extra = {} }) {
  const canvas = h("canvas", { class: "cw-live-picture", role: "img", "aria-label": label });
  const dots = s("path", {});
  const mask = s("svg", { class: "cw-live-dots", "aria-hidden": "true" }, dots); // SVG, for its colour follows the page's theme
  const field = h("div", { class: "cw-live-field", hidden: true });
  const patch = h("div", { class: "cw-live-patch", hidden: true });
  const frame = h("div", { class: "cw-live-frame", ...extra }, canvas, mask, field, patch);
  const name = h("figcaption", {}, caption);
  let rows = 0, columns = 0;

  function paint(rgba, height, width) {
    if (rows !== height || columns !== width) {
      [rows, columns] = [height, width];
      [canvas.width, canvas.height] = [columns, rows];
      mask.setAttribute("viewBox", `0 0 ${columns} ${rows}`);
    }
    canvas.getContext("2d").putImageData(new ImageData(rgba, columns, rows), 0, 0);
  }

  function place(element, box) {
    element.hidden = !box;
    if (!box) return;
    const percent = (part, whole) => `${(100 * part) / whole}%`;
    element.style.cssText = `left:${percent(box.left, columns)};top:${percent(box.top, rows)};` +
      `width:${percent(box.right - box.left + 1, columns)};height:${percent(box.bottom - box.top + 1, rows)}`;
    Object.assign(element.dataset, box);
  }

  // Single pixels, where a field is no rectangle of the picture any more.
  function scatter(places) {
    dots.setAttribute("d", places.map((at) => `M${at % columns} ${Math.floor(at / columns)}h1v1h-1z`).join(""));
    mask.dataset.count = places.length;
  }

  return {
    element: h("figure", { class: "cw-live-view" }, frame, name), frame, canvas, paint, scatter,
    outline: (box) => place(field, box),
    cover: (box) => place(patch, box),
    rename: (words) => {
      if (name.textContent === words) return;
      name.textContent = words;
      canvas.setAttribute("aria-label", words);
    },
  };
}
