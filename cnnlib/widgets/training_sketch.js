// The prediction by hand: empty axes on which the reader draws how a curve will run.
import { h, s, say } from "./dom.js";
import { CHART, frameOf, pathOf, scalesOf } from "./training_axes.js";
import { draggable } from "./training_chart.js";

const WIDTH = 256; // narrower than the charts: no names stand beside an empty axis
const STEPS = { ArrowUp: 0.02, ArrowDown: -0.02, PageUp: 0.1, PageDown: -0.1 }; // of the axis

// values: one for each epoch, null where nothing is drawn. told(values) is called with each new drawing.
export function sketchPad({ text, label, up, high, tickText, valueText, values, told }) {
  const count = values.length;
  const axis = { count, low: 0, high, log: false };
  const scales = scalesOf(axis);
  let drawn = [...values];
  let [at, last] = [1, null];
  const line = s("path", { class: "cw-tr-sketch" });
  const points = s("g", { class: "cw-tr-points" });
  const cursor = s("path", { class: "cw-tr-cursor" });
  const svg = s("svg", {
    viewBox: `0 0 ${WIDTH} ${CHART.height}`, class: "cw-tr-chart cw-tr-pad", role: "application", tabindex: 0,
    "aria-label": label, onkeydown: byKey, onpointerup: () => { last = null; }, onpointercancel: () => { last = null; },
  }, s("rect", { class: "cw-tr-ground", x: CHART.left, y: CHART.top, width: CHART.right - CHART.left, height: CHART.bottom - CHART.top }),
  frameOf({ ...axis, across: text.epoch_axis, up, tickText }), cursor, line, points);
  const live = h("p", { class: "cw-tr-live", "aria-live": "polite" });

  // A quick hand skips epochs: what lies between two places of one stroke is filled in.
  draggable(svg, (x, y) => {
    const [here, value] = [scales.nearest(x), scales.value(y)];
    const from = last ?? { at: here, value };
    const step = Math.sign(here - from.at) || 1;
    for (let epoch = from.at; epoch !== here + step; epoch += step) {
      const share = here === from.at ? 1 : (epoch - from.at) / (here - from.at);
      drawn[epoch - 1] = from.value + share * (value - from.value);
    }
    last = { at: here, value };
    at = here;
    tell();
  });

  function byKey(event) {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") at = Math.min(count, Math.max(1, at + (event.key === "ArrowLeft" ? -1 : 1)));
    else if (event.key in STEPS) {
      const now = drawn[at - 1] ?? drawn[at - 2] ?? high / 2; // goes on from the point before
      drawn[at - 1] = Math.min(high, Math.max(0, now + STEPS[event.key] * high));
    } else if (event.key === "Delete" || event.key === "Backspace") drawn[at - 1] = null;
    else return;
    event.preventDefault();
    tell();
  }

  function tell() {
    draw();
    const value = drawn[at - 1];
    live.textContent = value === null ? say(text.sketch_none, { epoch: at }) : say(text.sketch_at, { epoch: at, value: valueText(value) });
    told([...drawn]);
  }

  function draw() {
    const known = drawn.map((value, i) => ({ value, i })).filter((point) => point.value !== null);
    line.setAttribute("d", known.map(({ value, i }, k) => `${k ? "L" : "M"}${scales.x(i + 1)} ${scales.y(value)}`).join(""));
    points.replaceChildren(...known.map(({ value, i }) => s("circle", { cx: scales.x(i + 1), cy: scales.y(value), r: 3 })));
    cursor.setAttribute("d", `M${scales.x(at)} ${CHART.top}V${CHART.bottom}`);
  }

  draw();
  return { element: h("div", {}, svg, live), clear: () => { drawn = drawn.map(() => null); tell(); } };
}

// The drawing over the curves that came: shown in the chart that it was drawn for.
export const sketchOver = (values, scales) => s("path", { class: "cw-tr-sketch", d: pathOf(joined(values), scales) });

// Gaps between drawn epochs are bridged, since the hand meant one curve.
export function joined(values) {
  const known = values.map((value, i) => ({ value, i })).filter((point) => point.value !== null);
  return values.map((value, i) => {
    if (value !== null) return value;
    const before = known.findLast((point) => point.i < i);
    const after = known.find((point) => point.i > i);
    if (!before || !after) return null;
    return before.value + ((i - before.i) / (after.i - before.i)) * (after.value - before.value);
  });
}
