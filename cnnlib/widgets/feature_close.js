// One map, enlarged; its numbers can be read off.
import { h, say, show } from "./dom.js";
import { paintSigned } from "./signed.js";

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export function closeView({ text }) {
  const canvas = h("canvas", { class: "cw-fm-large" });
  const cursor = h("span", { class: "cw-fm-here", hidden: true });
  const frame = h("div", { class: "cw-fm-frame", role: "application", tabindex: 0, onpointerdown: point,
    onpointermove: (event) => { if (event.pointerType === "mouse" || event.buttons) point(event); }, onkeydown: press }, canvas, cursor);
  const readout = h("p", { class: "cw-fm-readout", "aria-live": "polite" });
  let map = null, at = null;

  function point(event) {
    const box = canvas.getBoundingClientRect();
    const cell = (offset, length, cells) => Math.max(0, Math.min(cells - 1, Math.floor((offset / length) * cells)));
    look({ y: cell(event.clientY - box.top, box.height, map.rows), x: cell(event.clientX - box.left, box.width, map.columns) });
  }

  function press(event) {
    const step = MOVES[event.key];
    if (!step) return;
    event.preventDefault();
    const within = (value, cells) => Math.max(0, Math.min(cells - 1, value));
    look(at ? { y: within(at.y + step[0], map.rows), x: within(at.x + step[1], map.columns) } : { y: 0, x: 0 });
  }

  function look(next) {
    at = next && next.y < map.rows && next.x < map.columns ? next : null;
    cursor.hidden = !at;
    readout.textContent = at ? say(text.at, { ...at, value: show(map.values[at.y * map.columns + at.x]) }) : text.hint;
    if (!at) return;
    Object.assign(cursor.style, { left: `${(100 * at.x) / map.columns}%`, top: `${(100 * at.y) / map.rows}%`, width: `${100 / map.columns}%`, height: `${100 / map.rows}%` });
  }

  // map: { rows, columns, values }; the place looked at stays from map to map
  function draw(next, top, label) {
    map = next;
    paintSigned(canvas, map.rows, map.columns, map.values, top);
    frame.style.setProperty("--ratio", map.columns / map.rows);
    frame.setAttribute("aria-label", label);
    look(at);
  }
  return { element: frame, readout, draw };
}
