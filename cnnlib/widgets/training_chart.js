// A chart with one line a run, each named at its right end; with a cursor where it runs over epochs.
import { s } from "./dom.js";
import { CHART, frameOf, pathOf, scalesOf, spread } from "./training_axes.js";

const GAP = 13; // between two labels

// lines: { key, label, style (1 to 6), values (null where there is none), ended (the epoch in which the run diverged, or
// null), others (further seeds: values and ended) }.
// `pick(at)`, where given, is called while a pointer is drawn over the chart.
export function chart({ label, lines, count, low, high, log, across, up, tickText, pick }) {
  const { right, top, bottom, width, height } = CHART;
  const scales = scalesOf({ count, low, high, log });
  const place = (line) => scales.y(lastOf(line.values) ?? high);
  const heights = spread(lines.map(place), GAP, top + 4, bottom - 2);
  const cursor = s("path", { class: "cw-tr-cursor", d: "" });
  const dots = lines.map((line) => s("circle", { r: 3.4, class: `cw-tr-dot cw-tr-s${line.style}` }));
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "cw-tr-chart", role: "img", "aria-label": label },
    frameOf({ count, low, high, log, across, up, tickText }),
    lines.map((line) => s("g", { class: `cw-tr-s${line.style}`, "data-line": line.key },
      (line.others ?? []).map((other) => s("g", { class: "cw-tr-other" }, s("path", { d: pathOf(other.values, scales) }), cross(other))),
      s("path", { class: "cw-tr-line", d: pathOf(line.values, scales) }),
      line.values.map((value, i) => mark(value, i + 1)))),
    pick ? [cursor, dots] : null,
    lines.map((line, i) => name(line, heights[i], place(line))));

  // A small sign where a value cannot stand where it belongs: above the axis, or exactly 0 on a logarithmic one.
  function mark(value, at) {
    if (value === null || value === undefined) return null;
    if (scales.beyond(value)) return s("path", { class: "cw-tr-beyond", d: `M${scales.x(at) - 4} ${top}l4 -7l4 7Z` });
    if (log && value === 0) return s("circle", { class: "cw-tr-zero", cx: scales.x(at), cy: bottom, r: 3 });
    return null;
  }

  // Where a line breaks off because its run diverged: at its last point, or at the top if there is none.
  function cross({ values, ended }) {
    if (!ended) return null;
    const at = lastIndex(values) + 1;
    const [x, y] = [scales.x(at || ended), at ? scales.y(values[at - 1]) : top];
    return s("path", { class: "cw-tr-cross", d: `M${x - 4} ${y - 4}l8 8m0 -8l-8 8` });
  }

  function name(line, y, end) {
    const x = scales.x(lastIndex(line.values) + 1 || line.ended || 1);
    return s("g", { class: `cw-tr-s${line.style} cw-tr-name` },
      s("path", { class: "cw-tr-leader", d: `M${x.toFixed(1)} ${end.toFixed(1)}L${right + 8} ${y.toFixed(1)}` }),
      cross(line), s("text", { x: right + 11, y: y + 4 }, line.ended ? `${line.label} ×` : line.label));
  }

  function show(epoch) {
    cursor.setAttribute("d", `M${scales.x(epoch)} ${top}V${bottom}`);
    lines.forEach((line, i) => {
      const value = line.values[epoch - 1] ?? null;
      dots[i].setAttribute("visibility", value === null ? "hidden" : "visible");
      if (value === null) return;
      dots[i].setAttribute("cx", scales.x(epoch));
      dots[i].setAttribute("cy", scales.y(value));
    });
  }

  if (pick) draggable(svg, (x) => pick(scales.nearest(x)));
  return { element: svg, show };
}

const lastIndex = (values) => values.findLastIndex((value) => value !== null && value !== undefined);
const lastOf = (values) => values[lastIndex(values)] ?? null;

// Calls move(x, y), in the chart's own units, while a pointer is held down on it. A finger may still scroll the page.
export function draggable(svg, move) {
  const tell = (event) => {
    const box = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / box.width;
    move((event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    svg.setPointerCapture(event.pointerId);
    tell(event);
  });
  svg.addEventListener("pointermove", (event) => { if (svg.hasPointerCapture(event.pointerId)) tell(event); });
}
