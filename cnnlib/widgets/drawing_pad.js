// A pad to draw on: by pointer, touch or pen, and by keyboard, where the arrows move a cursor and the space bar paints.
import { h, say } from "./dom.js";

const FINE = 10; // the pad has so many cells for each pixel of the network's picture, in each direction

// changed(): something was painted; done(): a stroke is finished. The pad holds side×side pixels, FINE times enlarged.
export function drawingPad({ text, changed, done }) {
  let side = 28, colour = false, brush = 2, erasing = false, last = null;
  const cursor = { x: 0, y: 0, down: false };
  const surface = h("canvas", { class: "cw-live-surface" });
  const context = surface.getContext("2d", { willReadFrequently: true });
  const ring = h("div", { class: "cw-live-cursor" });
  const element = h("div", { class: "cw-live-pad", tabindex: 0, role: "application", "aria-label": text.pad_alt,
    onpointerdown: start, onpointermove: move, onpointerup: end, onpointercancel: end, onkeydown: press, onblur: () => lift(),
  }, surface, ring);
  const spoken = h("p", { class: "cw-live-spoken", "aria-live": "polite" });
  const tool = (name, act) => h("button", { type: "button", "data-act": name, onclick: act }, text[name]);
  const pen = tool("pen", () => choose(false)), eraser = tool("eraser", () => choose(true));
  const ink = h("input", { type: "color", value: "#20304a", "aria-label": text.ink, class: "cw-live-ink" });
  const tools = [pen, eraser, tool("clear", () => { wipe(); changed(); done(); }), tool("invert", () => { invert(); changed(); done(); })];
  choose(false);

  function choose(eraserOn) {
    erasing = eraserOn;
    pen.setAttribute("aria-pressed", String(!erasing));
    eraser.setAttribute("aria-pressed", String(erasing));
  }

  function paint(from, to) {
    context.strokeStyle = erasing ? ground() : colour ? ink.value : "#fff";
    context.lineWidth = brush * FINE;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y + (from.x === to.x && from.y === to.y ? 0.01 : 0)); // a line without length leaves no dot
    context.stroke();
    changed();
  }

  function place(event) {
    const box = surface.getBoundingClientRect();
    const along = (at, start, length) => ((at - start) / length) * surface.width;
    return { x: along(event.clientX, box.left, box.width), y: along(event.clientY, box.top, box.height) };
  }

  function start(event) {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    lift();
    last = place(event);
    Object.assign(cursor, last);
    paint(last, last);
  }

  function move(event) {
    if (!last) return;
    const seen = event.getCoalescedEvents?.() ?? [];
    for (const each of seen.length ? seen : [event]) {
      const next = place(each);
      paint(last, next);
      last = next;
    }
    Object.assign(cursor, last);
    showCursor();
  }

  function end() {
    if (!last) return;
    last = null;
    showCursor();
    done();
  }

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  function press(event) {
    const step = STEPS[event.key];
    if (step && !event.altKey && !event.ctrlKey && !event.metaKey) {
      const by = FINE * (event.shiftKey ? 4 : 1);
      const [x, y] = [cursor.x + step[0] * by, cursor.y + step[1] * by].map((at) => Math.min(surface.width, Math.max(0, at)));
      const from = { ...cursor };
      Object.assign(cursor, { x, y });
      if (cursor.down) { paint(from, cursor); done(); }
    } else if (event.key === " ") {
      cursor.down = !cursor.down;
      if (cursor.down) { paint(cursor, cursor); done(); }
      tellPen();
    } else if (event.key === "Escape" && cursor.down) lift();
    else return;
    event.preventDefault();
    showCursor();
  }

  function lift() {
    if (!cursor.down) return;
    cursor.down = false;
    tellPen();
    showCursor();
  }

  function tellPen() {
    spoken.textContent = say(cursor.down ? text.pen_down : text.pen_up, { y: Math.floor(cursor.y / FINE) + 1, x: Math.floor(cursor.x / FINE) + 1 });
  }

  function showCursor() {
    const width = (100 * brush) / side;
    ring.style.cssText = `left:${(100 * cursor.x) / surface.width}%;top:${(100 * cursor.y) / surface.height}%;width:${width}%;height:${width}%`;
    ring.classList.toggle("down", cursor.down);
  }

  const ground = () => (colour ? "#fff" : "#000");

  function wipe() {
    context.fillStyle = ground();
    context.fillRect(0, 0, surface.width, surface.height);
  }

  function invert() {
    const image = all();
    image.data.forEach((value, i) => { if (i % 4 < 3) image.data[i] = 255 - value; });
    context.putImageData(image, 0, 0);
  }

  const all = () => context.getImageData(0, 0, surface.width, surface.height);

  // Lays an n×n picture over the whole pad, pixel by pixel.
  function lay(rgba, n) {
    const small = h("canvas", { width: n, height: n });
    small.getContext("2d").putImageData(new ImageData(rgba, n, n), 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, surface.width, surface.height);
  }

  // Another network may take another kind of picture: what was drawn stays, scaled.
  function become(newSide, inColour) {
    colour = inColour;
    ink.hidden = !colour;
    if (newSide === side && surface.width === FINE * side) return;
    const before = surface.width === FINE * side ? all() : null;
    side = newSide;
    surface.width = surface.height = FINE * side;
    if (before) lay(before.data, before.width);
    Object.assign(cursor, { x: surface.width / 2, y: surface.height / 2 });
    showCursor();
  }

  return {
    element, spoken, tools, ink, become, lay, wipe,
    setBrush: (width) => { brush = width; showCursor(); },
    get size() { return FINE * side; },
    get busy() { return last !== null; }, // in the middle of a stroke
    rgba: () => all().data,
  };
}
