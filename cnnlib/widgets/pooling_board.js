// A grid of numbers that is drawn once and afterwards only changed, so that a step is quick and the focus stays.
import { s } from "./dom.js";

const SIDE = 30;
const CROSS = `M5 5L${SIDE - 5} ${SIDE - 5}M${SIDE - 5} 5L5 ${SIDE - 5}`;
const CORNER = `M${SIDE - 9} 1H${SIDE - 1}V9Z`;

// pick(y, x): a cell was clicked. key(event): a key was pressed; without these two the board is only looked at.
// least: cells that the board has room for at least, so that a small grid is not drawn huge.
export function numberBoard({ pick, key, least }) {
  const ground = s("g", {}), frames = s("g", { class: "cw-pool-frames" });
  const element = s("svg", {
    class: pick ? "cw-pool-board cw-pick" : "cw-pool-board", role: pick ? "application" : "img", tabindex: pick ? 0 : null, onkeydown: key,
  }, ground, frames);
  let cells = [], shape = "";

  function build(rows, columns) {
    const side = SIDE * Math.max(rows, columns, least) + 6;
    element.setAttribute("viewBox", `${(columns * SIDE - side) / 2} ${(rows * SIDE - side) / 2} ${side} ${side}`);
    cells = Array.from({ length: rows }, (_, y) => Array.from({ length: columns }, (_, x) => cell(y, x)));
    ground.replaceChildren(...cells.flat().map(({ group }) => group));
  }

  function cell(y, x) {
    const parts = [s("rect", { width: SIDE, height: SIDE }), s("text", { x: SIDE / 2, y: SIDE / 2 })];
    const group = s("g", { transform: `translate(${x * SIDE} ${y * SIDE})`, onclick: pick && (() => pick(y, x)) }, parts);
    return { group, parts, now: {} };
  }

  // Only what has changed is touched: most cells stay as they are in most steps.
  function update({ group, parts: [rect, words], now }, { text, kind = "", tone = 0, mark = "" }) {
    if (now.kind !== kind) group.setAttribute("class", `cw-cell ${kind}`);
    if ((now.mark ?? "") !== mark) {
      group.querySelector("path")?.remove();
      if (mark) rect.after(s("path", { d: { cross: CROSS, corner: CORNER }[mark], class: `cw-pool-${mark}` }));
    }
    if (now.text !== text) {
      words.textContent = text;
      words.style.fontSize = text.length > 5 ? "8.5px" : text.length > 3 ? "10.5px" : "12px";
    }
    if (now.tone !== tone) {
      rect.style.fill = tone ? `color-mix(in srgb, var(${tone < 0 ? "--cw-neg" : "--cw-pos"}) ${Math.round(48 * Math.abs(tone))}%, var(--cw-paper))` : "";
    }
    Object.assign(now, { text, kind, tone, mark });
  }

  // framed: { y, x, rows, columns, kind } of the lines around windows and chosen cells.
  function draw({ rows, columns, label, value, framed = [] }) {
    if (shape !== `${rows} ${columns}`) build(rows, columns);
    shape = `${rows} ${columns}`;
    element.setAttribute("aria-label", label);
    cells.forEach((row, y) => row.forEach((each, x) => update(each, value(y, x))));
    frames.replaceChildren(...framed.map(frameAround));
  }

  function frameAround({ y, x, rows = 1, columns = 1, kind }) {
    const inset = kind === "winner" ? 3 : 0; // a ring within the cell
    return s("rect", {
      class: `cw-pool-frame ${kind}`, x: x * SIDE + inset, y: y * SIDE + inset, rx: inset ? SIDE / 2 : 2,
      width: columns * SIDE - 2 * inset, height: rows * SIDE - 2 * inset,
    });
  }
  return { element, draw };
}

// A number that fits into a cell; the sum below has more digits.
export function brief(value) {
  return String(Number(value.toFixed(Math.abs(value) < 10 ? 2 : 1))).replace("-", "−");
}
