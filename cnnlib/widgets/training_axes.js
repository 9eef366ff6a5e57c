// Axes of a small chart: where a value lies, which values are marked, and the frame itself.
import { s } from "./dom.js";

export const CHART = { width: 340, height: 206, left: 40, right: 236, top: 22, bottom: 174 };
const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

export const powerOfTen = (power) => `10${[...String(power)].map((sign) => RAISED[sign]).join("")}`;

// A number of any size in few signs: 0.0123, 4.56, 1.3·10⁻⁵.
export function compact(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 0.001 && size < 10000) return String(Number(value.toPrecision(3))).replace("-", "−");
  const [digits, power] = value.toExponential(1).split("e");
  return `${digits.replace("-", "−")}·${powerOfTen(Number(power))}`;
}

// Round values to mark on an axis from low to high.
export function ticksOf(low, high, log) {
  if (log) {
    const powers = Array.from({ length: Math.floor(Math.log10(high)) - Math.ceil(Math.log10(low)) + 1 }, (_, i) => Math.ceil(Math.log10(low)) + i);
    if (powers.length >= 2) return powers.filter((_, i) => i % Math.ceil(powers.length / 5) === 0).map((power) => 10 ** power);
    const near = 10 ** Math.floor(Math.log10(low));
    return [1, 2, 5, 10, 20, 50].map((step) => step * near).filter((value) => value >= low && value <= high);
  }
  const rough = (high - low) / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((each) => each * unit >= rough) * unit;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

// Places in the chart. x runs over the whole numbers from 1 to count; a y outside the range lands on its edge.
export function scalesOf({ count, low, high, log }) {
  const { left, right, top, bottom } = CHART;
  const turn = log ? Math.log10 : (value) => value;
  const span = turn(high) - turn(low);
  const share = (value) => (log && value <= 0 ? 0 : Math.min(1, Math.max(0, (turn(value) - turn(low)) / span)));
  return {
    x: (at) => (count === 1 ? (left + right) / 2 : left + ((at - 1) * (right - left)) / (count - 1)),
    y: (value) => bottom - share(value) * (bottom - top),
    nearest: (x) => Math.min(count, Math.max(1, Math.round(1 + ((x - left) * (count - 1)) / (right - left)))),
    value: (y) => low + (Math.min(1, Math.max(0, (bottom - y) / (bottom - top)))) * (high - low),
    beyond: (value) => value > high,
  };
}

// The frame: lines and numbers at the ticks, and what the axes mean.
export function frameOf({ count, low, high, log, across, up, tickText }) {
  const { left, right, top, bottom } = CHART;
  const { x, y } = scalesOf({ count, low, high, log });
  const every = Math.ceil(count / 10); // neighbours need room for their numbers
  const ticks = ticksOf(low, high, log);
  const marks = Array.from({ length: count }, (_, i) => i + 1).filter((at) => at === 1 || at === count || (at % every === 0 && at - 1 >= every && count - at >= every));
  return s("g", { class: "cw-tr-frame" },
    ticks.map((tick) => [
      s("path", { d: `M${left} ${y(tick)}H${right}` }),
      s("text", { x: left - 5, y: y(tick) + 4, "text-anchor": "end" }, tickText(tick, ticks)),
    ]),
    marks.map((at) => s("text", { x: x(at), y: bottom + 14, "text-anchor": "middle" }, String(at))),
    s("text", { x: left - 36, y: top - 10, class: "cw-tr-what" }, up),
    s("text", { x: (left + right) / 2, y: bottom + 28, "text-anchor": "middle" }, across),
    s("path", { d: `M${left} ${top}V${bottom}H${right}`, class: "cw-tr-axis" }));
}

// A path through points; a missing value (null) leaves a gap.
export function pathOf(values, { x, y }) {
  let pen = "M";
  return values.map((value, i) => {
    if (value === null || value === undefined) {
      pen = "M";
      return "";
    }
    const piece = `${pen}${x(i + 1).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    return piece;
  }).join("");
}

// Heights for labels that want to stand at `wanted`, at least `gap` apart and between top and bottom, order kept.
export function spread(wanted, gap, low, high) {
  const order = wanted.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y || a.i - b.i);
  order.forEach((label, k) => { label.y = Math.max(label.y, k ? order[k - 1].y + gap : low); });
  for (let k = order.length - 1, limit = high; k >= 0; k -= 1, limit = order[k + 1].y - gap) order[k].y = Math.min(order[k].y, limit);
  const places = [];
  order.forEach(({ y, i }) => { places[i] = y; });
  return places;
}
