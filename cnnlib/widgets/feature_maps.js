// The feature maps of a network: frames to scrub through, layers to choose, maps to enlarge.
import { h, say, show } from "./dom.js";
import { keep } from "./frame.js";
import { player, toggle } from "./controls.js";
import { paintColour, paintGrey, paintScale } from "./signed.js";
import { isRow, largest, mapOf, softmaxOf, thingsOf, unpack } from "./feature_record.js";
import { picker } from "./feature_list.js";
import { mapGrid } from "./feature_grid.js";
import { rowOfNumbers } from "./feature_bars.js";
import { closeView } from "./feature_close.js";
import { words } from "./feature_maps.words.js";

const KEYS = ["layer", "frame", "map", "own_scale"];

async function render({ model, el }) {
  let view = await build(model, el);
  // A new recording, from Python only: everything is built anew.
  const replace = async () => { const old = view; view = await build(model, el); old.stop(); };
  model.on("change:record", replace);
  return () => { model.off("change:record", replace); view.stop(); };
}

async function build(model, el) {
  const text = words.en;
  const record = await unpack(model.get("record"));
  const { layers, frames, classes } = record;
  const tops = layers.map((_, i) => largest(record, i));
  const indexOf = (name) => layers.findIndex((layer) => layer.name === name);

  const step = (by) => kept.propose({ frame: (kept.state.frame + by + frames.length) % frames.length });
  const play = player({ text, step, interval: 600 });
  const range = h("input", { type: "range", min: 0, max: frames.length - 1, step: 1, "aria-label": text.frame,
    oninput: () => { play.pause(); kept.propose({ frame: Number(range.value) }); } });
  const frameName = h("span", { class: "cw-fm-frame-name", "aria-live": "polite" });
  const picture = h("canvas", { class: "cw-canvas", role: "img" });
  const pictureName = h("figcaption", {});
  const list = picker({ label: text.layers, className: "cw-fm-layers", choose: (i) => kept.propose({ layer: layers[i].name, map: Math.min(kept.state.map, thingsOf(layers[i]) - 1) }) });
  list.fill(layers.map((layer) => [h("span", { class: "cw-fm-layer" }, layer.name), h("span", { class: "cw-fm-shape" }, layer.shape.join("×") || "1")]));
  const title = h("p", { class: "cw-fm-title", "aria-live": "polite" });
  const grid = mapGrid({ text, choose: (map) => kept.propose({ map }) });
  const numbers = rowOfNumbers({ text, choose: (map) => kept.propose({ map }) });
  const close = closeView({ text });
  const closeName = h("b", {});
  const closeRange = h("span", {});
  const scale = h("canvas", { class: "cw-fm-scale", "aria-hidden": "true" });
  paintScale(scale, true);
  const scaleNote = h("p", { class: "cw-note" });
  const own = toggle({ label: text.own_scale, value: false, change: (own_scale) => kept.propose({ own_scale }) });

  const kept = keep({ model, keys: KEYS, draw, problem: ({ layer, frame, map }) =>
    (indexOf(layer) >= 0 && frame >= 0 && frame < frames.length && map >= 0 && map < thingsOf(layers[indexOf(layer)]) ? null : text.title) });
  const section = h("section", { class: "cw cw-fm", "aria-label": text.title },
    frames.length > 1 ? h("div", { class: "cw-fm-frames" }, h("div", { class: "cw-buttons" }, play.elements), range, frameName) : null,
    h("div", { class: "cw-fm-body" },
      h("div", { class: "cw-fm-side" }, h("figure", { class: "cw-fm-picture" }, picture, pictureName), list.element),
      h("div", { class: "cw-fm-main" }, title, h("div", { class: "cw-fm-stage" }, grid.element, numbers.element),
        h("div", { class: "cw-fm-close" }, close.element,
          h("div", { class: "cw-fm-words" }, h("p", {}, closeName, " ", closeRange), close.readout, scale, scaleNote, own.element)))),
    h("div", { class: "cw-buttons" }, h("button", { type: "button", onclick: () => { play.pause(); kept.reset(); } }, text.reset)));
  el.replaceChildren(section);

  function draw(state) {
    const index = indexOf(state.layer);
    const layer = layers[index];
    const part = frames[state.frame].layers[index];
    drawFrame(frames[state.frame], state.frame);
    list.set(index);
    title.textContent = titleOf(layer);
    const row = isRow(layer);
    grid.element.hidden = row;
    numbers.element.hidden = !row;
    close.element.hidden = row;
    close.readout.hidden = row;
    own.element.hidden = row;
    own.set(state.own_scale);
    const shared = Math.max(...tops[index]);
    scale.hidden = row;
    const top = show(Number(shared.toPrecision(3)));
    scaleNote.textContent = state.own_scale && !row ? text.own : say(row ? text.bars : text.shared, { top });
    if (row) drawNumbers(layer, index, part, shared, state.map);
    else drawMaps(layer, part, state.own_scale ? tops[index] : tops[index].map(() => shared), state.map);
  }

  function drawFrame({ name, picture: { channels, rows, columns, bytes } }, i) {
    range.value = i;
    frameName.textContent = say(text.frame_of, { i: i + 1, n: frames.length, name });
    const size = rows * columns;
    if (channels === 3) paintColour(picture, rows, columns, [0, 1, 2].map((c) => Float32Array.from(bytes.subarray(c * size, (c + 1) * size), (byte) => byte / 255)));
    else paintGrey(picture, rows, columns, bytes, 0, 255);
    const caption = say(text.input, { c: channels, h: rows, w: columns });
    pictureName.textContent = caption;
    picture.setAttribute("aria-label", `${caption}: ${name}`);
  }

  function drawMaps(layer, part, colours, chosen) {
    grid.draw(layer, part, colours, chosen);
    const values = mapOf(layer, part, chosen);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    closeName.textContent = say(text.close, { i: chosen, last: layer.count - 1 });
    closeRange.textContent = low === 0 && high === 0 ? text.empty : say(text.range, { low: show(low), high: show(high) });
    close.draw({ rows: layer.rows, columns: layer.columns, values }, colours[chosen], say(text.close_alt, { i: chosen, name: layer.name }));
  }

  function drawNumbers(layer, index, part, top, chosen) {
    const values = mapOf(layer, part, 0);
    const named = index === layers.length - 1 && classes.length === layer.columns;
    const shares = named ? softmaxOf(values) : null;
    numbers.draw(layer, values, top, chosen, named ? { names: classes, shares } : {});
    closeName.textContent = named ? classes[chosen] : say(text.value, { i: chosen, last: layer.columns - 1 });
    const value = show(Number(values[chosen].toPrecision(4)));
    closeRange.textContent = named ? `${value}; ${say(text.softmax, { share: `${(100 * shares[chosen]).toFixed(1)} %` })}` : value;
  }

  function titleOf({ name, kind, shape, count, rows, columns }) {
    if (shape.length < 2) {
      const n = shape[0] ?? 1;
      return say(text.values_title, { name, kind, n }) + (columns < n ? ` ${say(text.some_values, { count: columns })}` : "");
    }
    const [h2, w2] = shape.slice(-2);
    const n = shape.slice(0, -2).reduce((a, b) => a * b, 1);
    const parts = [say(n === 1 ? text.map_title : text.maps_title, { name, kind, n, h: h2, w: w2 })];
    if (count < n) parts.push(say(text.some_maps, { count }));
    if (rows < h2 || columns < w2) parts.push(say(text.averaged, { h: rows, w: columns }));
    return parts.join(" ");
  }

  kept.start();
  return { stop: () => { play.pause(); kept.stop(); } };
}

export default { render, unpack, mapOf };
