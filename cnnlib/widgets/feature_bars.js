// A layer without places: its numbers as bars, with names if there are few.
import { h, s, say, show } from "./dom.js";
import { picker } from "./feature_list.js";

const FEW = 24;
const [WIDTH, HEIGHT] = [1000, 200]; // of the drawing's own units; it is stretched to its room

export function rowOfNumbers({ text, choose }) {
  const list = picker({ label: text.values, className: "cw-fm-rows", choose });
  const chart = s("svg", { class: "cw-fm-chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "application", tabindex: 0,
    onpointerdown: point, onpointermove: (event) => { if (event.buttons) point(event); }, onkeydown: press });
  const [above, below, cursor, line] = [s("path", { class: "cw-fm-pos" }), s("path", { class: "cw-fm-neg" }), s("rect", { class: "cw-fm-cursor", y: 0, height: HEIGHT }), s("path", { class: "cw-fm-zero" })];
  chart.append(cursor, above, below, line);
  const element = h("div", { class: "cw-fm-numbers" }, list.element, chart);
  let layer = null, rows = [], chosen = 0, count = 0;

  function point(event) {
    const box = chart.getBoundingClientRect();
    choose(Math.max(0, Math.min(count - 1, Math.floor(((event.clientX - box.left) / box.width) * count))));
  }

  function press(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10, Home: -count, End: count }[event.key];
    if (!step) return;
    event.preventDefault();
    choose(Math.max(0, Math.min(count - 1, chosen + step)));
  }

  function build(next, names) {
    layer = next;
    count = next.columns;
    list.element.hidden = count > FEW;
    chart.toggleAttribute("hidden", count <= FEW);
    rows = count > FEW ? [] : Array.from({ length: count }, (_, i) => ({
      bar: h("span", { class: "cw-fm-bar" }), value: h("span", { class: "cw-fm-value" }), share: h("span", { class: "cw-fm-share" }), name: names?.[i] ?? String(i),
    }));
    list.fill(rows.map(({ bar, value, share, name }) => [h("span", { class: "cw-fm-name" }, name), h("span", { class: "cw-fm-track" }, bar), value, names ? share : null]));
    chart.setAttribute("aria-label", say(text.values_alt, { n: count }));
  }

  // top: what a bar of full length stands for; names and shares only for the classes
  function draw(next, values, top, at, { names, shares } = {}) {
    if (next !== layer) build(next, names);
    chosen = at;
    if (rows.length) {
      rows.forEach(({ bar, value, share, name }, i) => {
        const length = top ? (50 * Math.abs(values[i])) / top : 0;
        bar.style.left = `${values[i] < 0 ? 50 - length : 50}%`;
        bar.style.width = `${length}%`;
        bar.classList.toggle("negative", values[i] < 0);
        value.textContent = show(Number(values[i].toPrecision(3)));
        share.textContent = shares ? `${(100 * shares[i]).toFixed(shares[i] > 0.0995 ? 0 : 1)} %` : "";
        list.items()[i].setAttribute("aria-label", `${name}: ${value.textContent} ${share.textContent}`);
      });
      list.set(at);
      return;
    }
    const step = WIDTH / count;
    const bars = (sign) => Array.from(values, (value, i) => (sign * value > 0
      ? `M${(i * step).toFixed(1)} ${HEIGHT / 2}v${((-value / top) * (HEIGHT / 2)).toFixed(1)}h${(step * 0.8).toFixed(2)}V${HEIGHT / 2}z` : "")).join("");
    above.setAttribute("d", bars(1));
    below.setAttribute("d", bars(-1));
    line.setAttribute("d", `M0 ${HEIGHT / 2}H${WIDTH}`);
    cursor.setAttribute("x", at * step);
    cursor.setAttribute("width", Math.max(step, 2));
  }
  return { element, draw };
}
