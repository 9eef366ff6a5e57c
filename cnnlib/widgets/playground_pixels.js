// A picture whose pixels can be pointed at, with frames drawn over it in its own pixels.
import { h, s } from "./dom.js";

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -Infinity], End: [0, Infinity] };

// pick(row, column) is told the pixel under the pointer, move(rows, columns) by how much the keys move.
export function pixelView({ pick, move }) {
  const canvas = h("canvas", { class: "cw-kp-canvas" });
  const marks = s("svg", { class: "cw-kp-marks", preserveAspectRatio: "none", "aria-hidden": "true" });
  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    const cell = (offset, length, cells) => Math.max(0, Math.min(cells - 1, Math.floor((offset / length) * cells)));
    pick(cell(event.clientY - box.top, box.height, canvas.height), cell(event.clientX - box.left, box.width, canvas.width));
  };
  const element = h("div", {
    class: "cw-kp-pixels", role: move ? "application" : "img", tabindex: move ? 0 : null,
    onpointerdown: point,
    onpointermove: (event) => { if (event.pointerType === "mouse" || event.buttons) point(event); },
    onkeydown: (event) => {
      const step = move && MOVES[event.key];
      if (!step) return;
      event.preventDefault();
      const far = event.shiftKey ? 10 : 1;
      move(step[0] * far, step[1] * far);
    },
  }, canvas, marks);

  // frames: { top, left, height, width, kind } in pixels; all but the filled taps get a pale rim, to be seen on any picture
  function mark(frames) {
    marks.setAttribute("viewBox", `0 0 ${canvas.width} ${canvas.height}`);
    const rect = ({ top, left, height, width }, look) =>
      s("rect", { x: left, y: top, width, height, class: `cw-kp-${look}`, "vector-effect": "non-scaling-stroke" });
    marks.replaceChildren(...frames.flatMap((frame) => (frame.kind === "tap" ? [rect(frame, "tap")] : [rect(frame, "halo"), rect(frame, frame.kind)])));
  }
  return { element, canvas, mark };
}

// The part of a map around one place, `side` pixels wide, as a list of numbers; null beyond the border.
export function around({ rows, columns, values }, y, x, side) {
  const half = (side - 1) / 2;
  return Array.from({ length: side * side }, (_, i) => {
    const [row, column] = [y + Math.floor(i / side) - half, x + (i % side) - half];
    return row < 0 || row >= rows || column < 0 || column >= columns ? null : values[row * columns + column];
  });
}
