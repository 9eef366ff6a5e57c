// The filter as it lies on the picture: a grid for each channel, in each cell the pixel above and the weight below.
import { h, say, show } from "./dom.js";

// change(plane, row, column, number) takes a typed weight; names(c, count): what a plane is called.
export function filterView({ text, change, names }) {
  const element = h("div", { class: "cw-kp-planes" });
  let cells = [], sums = [], shape = "";

  function build(planes) {
    const k = planes[0].length;
    element.classList.toggle("dense", k > 3);
    for (const place of [element, element.parentElement]) {
      place.style.setProperty("--k", k);
      place.style.setProperty("--planes", planes.length);
    }
    sums = planes.map(() => h("output", { class: "cw-kp-sum" }));
    cells = planes.map((plane, c) => plane.flatMap((row, i) => row.map((_, j) => cell(c, i, j, planes.length))));
    element.replaceChildren(...planes.map((_, c) => h("figure", { class: "cw-kp-plane" },
      h("div", { class: "cw-kp-grid", role: "group", "aria-label": names(c, planes.length) }, cells[c].map((each) => each.element)),
      h("figcaption", {}, names(c, planes.length), planes.length > 1 ? [" ", sums[c]] : null))));
  }

  function cell(c, i, j, count) {
    const pixel = h("span", { class: "cw-kp-pixel" });
    const field = h("input", {
      type: "number", step: "any", inputmode: "decimal",
      "aria-label": say(text.weight_alt, { plane: names(c, count), i, j }),
      onchange: () => change(c, i, j, field.value === "" ? NaN : Number(field.value)),
    });
    return { element: h("div", { class: "cw-kp-cell" }, pixel, field), pixel, field };
  }

  // planes: the weights. taps, sums: what `explain` says about one place.
  function draw(planes, { taps, sums: parts }) {
    const next = `${planes.length}×${planes[0].length}`;
    if (next !== shape) build(planes);
    shape = next;
    const digits = planes[0].length > 3 ? 2 : 3;
    const top = Math.max(...planes.flat(2).map(Math.abs)) || 1;
    planes.forEach((plane, c) => {
      plane.flat().forEach((weight, n) => {
        const { field, pixel } = cells[c][n];
        const value = String(Number(weight.toFixed(digits))).replace(/^(-?)0(?=\.)/, digits === 2 ? "$1" : "$&");
        if (field.value !== value) field.value = value;
        field.style.setProperty("--share", `${Math.round((45 * Math.abs(weight)) / top)}%`);
        field.classList.toggle("negative", weight < 0);
        lay(pixel, taps[c][n].pixel, planes.length > 1 ? c : null);
      });
      sums[c].textContent = show(parts[c]);
    });
  }

  return { element, draw };
}

// Shows a pixel's number on its own colour.
function lay(place, value, channel) {
  const pad = value === null;
  place.classList.toggle("pad", pad);
  place.textContent = pad ? "0" : value.toFixed(2).replace(/^0(?=\.)/, "");
  if (pad) { place.style.backgroundColor = ""; place.style.color = ""; return; }
  const byte = Math.round(255 * value);
  const colour = channel === null ? [byte, byte, byte] : [0, 1, 2].map((c) => (c === channel ? byte : 0));
  const light = (0.2126 * colour[0] ** 2.2 + 0.7152 * colour[1] ** 2.2 + 0.0722 * colour[2] ** 2.2) / 255 ** 2.2;
  place.style.backgroundColor = `rgb(${colour})`;
  place.style.color = light > 0.18 ? "#000" : "#fff";
}
