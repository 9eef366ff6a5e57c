// Covers a patch of the picture, and slides it over all places to see where the network looks.
import { h, say } from "./dom.js";
import { pictureView } from "./picture_view.js";
import { largestOf, signedColour } from "./map_paint.js";
import { percentOf } from "./score_bars.js";

export const SHADES = { grey: 128, black: 0, white: 255 };
const SLICE = 8; // milliseconds of work before the page gets its turn

// The patch as it lies on a picture: never over the rim.
export function patchBox({ patch_size: size, top, left }, side) {
  const [y, x] = [top, left].map((at) => Math.min(at, side - size));
  return { top: y, left: x, bottom: y + size - 1, right: x + size - 1 };
}

// Channels one after the other, each side×side bytes.
export function covered(bytes, side, { top, left, bottom, right }, byte) {
  const changed = bytes.slice();
  for (let start = 0; start < bytes.length; start += side * side) {
    for (let y = top; y <= bottom; y++) changed.fill(byte, start + y * side + left, start + y * side + right + 1);
  }
  return changed;
}

// move(top, left), steps(): [number of places in a line, score(top, left), the score without a patch, name of the class].
export function occlusionPanel({ text, knobs, move, steps }) {
  let side = 28, box = null, timer = null, start = null;
  const view = pictureView({ caption: text.patched, label: text.patched,
    extra: { class: "cw-live-frame cw-live-movable", tabindex: 0, role: "application", "aria-label": text.patch_alt, onpointerdown: grab, onpointermove: drag, onpointerup: drop, onpointercancel: drop, onkeydown: press } });
  const map = pictureView({ caption: text.map_none, label: text.map_none });
  const go = h("button", { type: "button", "data-act": "map", onclick: () => (timer ? halt(text.map_stopped) : run()) }, text.map_it);
  const effect = h("p", { class: "cw-live-effect" });
  const progress = h("p", { class: "cw-live-progress", role: "status" });
  const element = h("div", { class: "cw-live-occlusion" },
    h("div", { class: "cw-live-pair" }, view.element, map.element),
    h("div", { class: "cw-live-side" }, h("div", { class: "cw-knobs" }, knobs), h("div", { class: "cw-buttons" }, go), effect, progress, h("p", { class: "cw-note" }, text.patch_note)));

  function at(event) {
    const frame = view.canvas.getBoundingClientRect();
    return [(event.clientY - frame.top) / frame.height, (event.clientX - frame.left) / frame.width].map((share) => Math.floor(share * side));
  }

  function grab(event) {
    if (event.button !== 0) return;
    view.frame.setPointerCapture(event.pointerId);
    const [y, x] = at(event);
    const inside = y >= box.top && y <= box.bottom && x >= box.left && x <= box.right;
    const middle = (box.bottom - box.top) >> 1;
    start = inside ? [y - box.top, x - box.left] : [middle, middle];
    drag(event);
  }

  function drag(event) {
    if (!start) return;
    const [y, x] = at(event);
    to(y - start[0], x - start[1]);
  }

  function drop() { start = null; }

  function press(event) {
    const by = event.shiftKey ? 4 : 1;
    const [dy, dx] = { ArrowUp: [-by, 0], ArrowDown: [by, 0], ArrowLeft: [0, -by], ArrowRight: [0, by] }[event.key] ?? [];
    if (dy === undefined) return;
    event.preventDefault();
    to(box.top + dy, box.left + dx);
  }

  function to(top, left) {
    const size = box.bottom - box.top;
    const [y, x] = [top, left].map((place) => Math.max(0, Math.min(side - size - 1, place)));
    box = { top: y, left: x, bottom: y + size, right: x + size }; // at once: the next key may come before the next frame
    move(y, x);
  }

  // In slices, so that the page stays alive; a change of the picture stops it.
  function run() {
    const { places, score, base, name, size } = steps();
    const scores = new Float64Array(places * places);
    let done = 0;
    go.textContent = text.stop;
    const slice = () => {
      const until = performance.now() + SLICE;
      while (done < scores.length && performance.now() < until) {
        scores[done] = score(Math.floor(done / places), done % places);
        done += 1;
      }
      paintMap(scores, done, places, size, base);
      progress.textContent = say(text.map_progress, { done, all: scores.length });
      if (done < scores.length) timer = setTimeout(slice, 0);
      else finish(scores, places, base, name);
    };
    map.rename(say(text.map_of, { name }));
    timer = setTimeout(slice, 0);
  }

  function paintMap(scores, done, places, size, base) {
    const changes = scores.subarray(0, done).map((score) => score - base);
    const top = largestOf(changes);
    const image = new Uint8ClampedArray(4 * side * side);
    const pixels = new Uint32Array(image.buffer);
    const middle = (size - 1) >> 1; // a patch counts at its middle
    changes.forEach((change, i) => { pixels[(Math.floor(i / places) + middle) * side + (i % places) + middle] = signedColour(change / top); });
    map.paint(image, side, side);
  }

  function finish(scores, places, base, name) {
    ending();
    let lowest = 0;
    scores.forEach((score, i) => { if (score < scores[lowest]) lowest = i; });
    map.canvas.dataset.places = scores.length;
    map.canvas.dataset.lowest = scores[lowest];
    progress.textContent = say(text.map_done, { name, base: percentOf(base), low: percentOf(scores[lowest]), y: Math.floor(lowest / places) + 1, x: (lowest % places) + 1 });
  }

  function halt(why) {
    if (!timer) return;
    ending();
    progress.textContent = why;
  }

  function ending() {
    clearTimeout(timer);
    timer = null;
    go.textContent = text.map_it;
  }

  // Another picture, network or patch: a map of the old one would be false.
  function forget() {
    halt("");
    progress.textContent = "";
    delete map.canvas.dataset.places;
    map.rename(text.map_none);
    map.paint(new Uint8ClampedArray(4 * side * side), side, side);
  }

  function show({ rgba, rows, patch, name, before, after }) {
    side = rows;
    box = patch;
    view.paint(rgba, rows, rows);
    view.cover(patch);
    const words = say(text.effect, { name, before: percentOf(before), after: percentOf(after) });
    if (effect.textContent !== words) effect.textContent = words;
  }

  return { element, show, forget, stop: () => clearTimeout(timer) };
}
