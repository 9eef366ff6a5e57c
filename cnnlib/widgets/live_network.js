// The live network: what is drawn runs through a trained network, and every number of it can be looked at.
import { h, say } from "./dom.js";
import { keep, asset } from "./frame.js";
import { stepper, slider, choice, toggle } from "./controls.js";
import { forward, softmax, unpack, prepare, fieldOf, explain } from "./forward.js";
import { familyOf, pictureFrom, compute } from "./live_pass.js";
import { pictureFile } from "./picture_file.js";
import { drawingPad } from "./drawing_pad.js";
import { greyOf, shrink, fitInk, lifted, rgbaOf, toBase64, fromBase64 } from "./picture_fit.js";
import { scoreBars } from "./score_bars.js";
import { pictureView } from "./picture_view.js";
import { layersPanel, scattered } from "./live_layers.js";
import { occlusionPanel, patchBox, covered, SHADES } from "./occlusion.js";
import { shufflePanel, shuffled, shuffledOrder } from "./shuffle_panel.js";
import { words } from "./live_network.words.js";

const KEYS = ["net", "example", "pixels", "centred", "covered", "patch_size", "top", "left", "shade", "shuffle", "brush"];

async function render({ model, el }) {
  const text = words.en;
  const names = model.get("nets");
  const pictures = model.get("pictures");
  let net = null, family = null, turn = 0, frame = null;
  let given = null; // bytes that came from outside and are shown as they are, until they are drawn on
  let touched = false; // the reader drew or loaded something
  let bytes = null, stale = true, passed = null, order = null;
  let laid = null; // what of the state lies on the pad: the picture's bytes or the number of an example

  const title = (name) => text[`net_${name}`] ?? name;
  const kept = keep({ model, keys: KEYS, draw, problem });
  const nets = choice({ label: text.net, value: names[0], options: names.map((name) => [name, title(name)]), change: open });
  const facts = h("p", { class: "cw-note cw-live-facts", "aria-live": "polite" });
  const pad = drawingPad({ text, changed: () => { touched = true; given = null; stale = true; request(); }, done: request });
  const knobs = {
    brush: stepper({ label: text.brush, value: 2, min: 1, max: 8, refuse: (typed) => kept.tell(say(text.bad_brush, { typed })), change: (brush) => kept.propose({ brush }) }),
    centred: toggle({ label: text.centred, value: true, change: (on) => kept.propose({ centred: on }) }),
    patch_size: slider({ label: text.patch_size, value: 7, min: 1, max: 16, refuse: (typed) => kept.tell(say(text.bad_patch, { typed })), change: (size) => kept.propose({ patch_size: size }) }),
    shade: choice({ label: text.shade, value: "grey", options: Object.keys(SHADES).map((key) => [key, text[key]]), change: (shade) => kept.propose({ shade }) }),
  };
  const file = pictureFile({ text, refuse: kept.tell, take: load });
  const view = pictureView({ caption: "", label: text.picture_alt });
  const bars = scoreBars({ text, label: text.scores });
  const thumbs = h("div", { class: "cw-live-thumbs", role: "group", "aria-label": text.examples });
  const told = h("p", { class: "cw-note cw-live-told", "aria-live": "polite" }, text.keys);
  const honest = h("p", { class: "cw-note cw-live-honest" });
  const layers = layersPanel({ text, looked: (box, places) => { view.outline(box); view.scatter(places); } });
  const occlusion = occlusionPanel({ text, knobs: [knobs.shade.element, knobs.patch_size.element], move: (top, left) => kept.propose({ top, left }), steps });
  const shuffle = shufflePanel({ text });
  const bodies = { covered: occlusion.element, shuffle: shuffle.element };
  const folds = Object.fromEntries(Object.keys(bodies).map((key) => [key,
    h("details", { class: "cw-live-fold", ontoggle: (event) => kept.propose({ [key]: event.target.open }) }, h("summary", {}, text[`fold_${key}`]))]));

  el.append(h("section", { class: "cw cw-live", "aria-label": text.title },
    h("div", { class: "cw-live-head" }, nets.element, facts), kept.sentence,
    h("div", { class: "cw-live-stage" },
      h("div", { class: "cw-live-draw" }, pad.element, h("div", { class: "cw-buttons" }, pad.tools), h("div", { class: "cw-live-width" }, knobs.brush.element, pad.ink), told, pad.spoken),
      h("div", { class: "cw-live-answer" }, view.element, h("div", {}, h("p", { class: "cw-live-heading" }, text.scores), bars.table, bars.spoken),
        h("div", { class: "cw-live-start" }, knobs.centred.element, thumbs, file.element, h("button", { type: "button", "data-act": "reset", onclick: reset }, text.reset)))), honest,
    folds.covered,
    h("p", { class: "cw-live-heading" }, text.layers), layers.element,
    folds.shuffle));

  function problem(next) {
    if (!names.includes(next.net)) return say(text.no_such_net, { name: next.net });
    return next.patch_size >= 1 && next.patch_size <= 16 ? null : say(text.bad_patch, { typed: next.patch_size });
  }

  // A network is fetched first and shown then; if that fails, the last one stays.
  async function open(name) {
    const mine = ++turn;
    try {
      const next = unpack(await asset(model, `net_${name}`));
      const { channels, rows, columns } = next.input;
      if (!compute(next, new Uint8Array(channels * rows * columns)).scores.every(Number.isFinite)) throw new Error("not numbers");
      if (mine !== turn) return;
      adopt(next);
    } catch {
      if (mine !== turn) return;
      if (net) kept.propose({ net: net.name });
      nets.set(net ? net.name : name);
      kept.tell(say(text.not_loaded, { name: title(name) }));
    }
  }

  function adopt(next) {
    const before = net;
    const other = before?.input.channels !== next.input.channels || before.input.rows !== next.input.rows;
    const newFamily = familyOf(next) !== family;
    net = next;
    family = familyOf(net);
    pad.become(net.input.rows, net.input.channels === 3);
    order = shuffledOrder(net.input.rows * net.input.columns);
    [bars, shuffle].forEach((each) => each.name(net.classes));
    layers.adopt(net);
    if (newFamily) offer();
    tellFacts();
    stale = true;
    if (before && other && kept.state.pixels === laid) { touched = true; given = null; } // what was drawn stays, scaled
    else if (newFamily || wanted() !== laid) source();
    if (!kept.propose({ net: net.name })) return;
    nets.set(net.name);
    request();
  }

  function tellFacts() {
    const percent = (share) => `${(100 * share).toFixed(2)} %`; // exact, for there are 10,000 test pictures
    const { source: from } = net;
    facts.textContent = say(text.facts, { data: from.dataset_title, tested: percent(from.test_accuracy), exported: percent(from.exported_accuracy),
      n: net.parameters.toLocaleString("en"), experiment: from.experiment, variant: from.variant, seed: from.seed });
  }

  // The pictures to start from, of the kind that this network takes.
  function offer() {
    thumbs.replaceChildren(...pictures[family].map(({ name, pixels }, i) => {
      const small = h("canvas", { width: net.input.columns, height: net.input.rows });
      small.getContext("2d").putImageData(new ImageData(rgbaOf(fromBase64(pixels), net.input.channels), net.input.columns, net.input.rows), 0, 0);
      const label = text[`picture_${name}`];
      return h("button", { type: "button", class: "cw-live-thumb", title: label, "aria-label": label, "data-example": i, onclick: () => example(i) }, small);
    }));
    honest.textContent = text[`honest_${family}`];
    knobs.centred.element.hidden = family === "colours";
  }

  function example(i) {
    if (kept.propose({ example: i, pixels: "" }) && touched) source();
  }

  // Lays on the pad what the state says: the picture itself, or one of the examples.
  function source() {
    const { pixels, example: i } = kept.state;
    const own = pixels && fromBase64(pixels);
    given = own && own.length === net.input.channels * net.input.rows * net.input.columns ? own : null;
    [touched, laid] = [false, wanted()];
    const offered = pictures[family][i % pictures[family].length].pixels;
    told.textContent = text.keys;
    pad.lay(rgbaOf(given ?? fromBase64(offered), net.input.channels), net.input.rows);
    stale = true;
    request();
  }

  function load(pixels) {
    const size = pad.size;
    let rgba = pixels(size, size);
    let turned = false;
    if (net.input.channels === 1) {
      const found = lifted(greyOf(rgba), size);
      [rgba, turned] = [rgbaOf(found.ink, 1), found.turned];
    }
    pad.lay(rgba, size);
    touched = true;
    given = null;
    stale = true;
    kept.tell("");
    told.textContent = net.input.channels === 3 ? text.loaded : turned ? text.loaded_turned : text.loaded_light;
    request();
  }

  // Also ends what is under way: a network still loading, a stroke that the state does not know of yet.
  function reset() {
    turn += 1;
    [touched, laid] = [false, null];
    kept.reset();
    if (net?.name === kept.state.net) source();
    nets.set(kept.state.net);
  }

  function draw(state, before) {
    Object.entries(knobs).forEach(([key, knob]) => knob.set(state[key]));
    Object.entries(folds).forEach(([key, element]) => {
      element.open = state[key];
      if (!state[key]) bodies[key].remove(); // what is not seen is not there
      else if (bodies[key].parentNode !== element) element.append(bodies[key]);
    });
    pad.setBrush(state.brush);
    if (!net) return;
    if (state.net !== net.name) { open(state.net); return; }
    if (wanted() !== laid) source();
    if (before && state.centred !== before.centred) { given = null; touched ||= state.pixels !== ""; stale = true; }
    if (before && ["covered", "patch_size", "shade"].some((key) => state[key] !== before[key])) occlusion.forget();
    request();
  }

  const wanted = () => kept.state.pixels || `example ${kept.state.example}`;

  function request() {
    frame ??= requestAnimationFrame(() => { frame = null; drawNow(); });
  }

  function drawNow() {
    if (!net) return;
    const { state } = kept;
    const { rows, channels } = net.input;
    if (stale) {
      bytes = given ?? pictureFrom(pad.rgba(), pad.size, net, state.centred);
      passed = compute(net, bytes);
      stale = false;
      occlusion.forget();
    }
    const box = patchBox(state, rows);
    const shown = state.covered ? covered(bytes, rows, box, SHADES[state.shade]) : bytes;
    const result = state.covered ? compute(net, shown) : passed;
    const rgba = rgbaOf(shown, channels);
    view.paint(rgba, rows, rows);
    view.rename(say(net.permutation ? text.as_drawn : text.picture, { h: rows, w: rows }));
    bars.show(net.classes, result.scores, state.covered ? passed.scores : null);
    layers.show(result.x, result.maps);
    if (state.covered) {
      const best = bestOf(passed.scores);
      occlusion.show({ rgba, rows, patch: box, name: net.classes[best], before: passed.scores[best], after: result.scores[best] });
    }
    if (state.shuffle) {
      const mixed = shuffled(shown, order);
      shuffle.show({ rgba: rgbaOf(mixed, channels), rows, classes: net.classes, scores: compute(net, mixed).scores, permuted: Boolean(net.permutation) });
    }
    if (touched && !pad.busy) {
      laid = toBase64(bytes); // what the pad shows already need not be laid on it
      kept.propose({ pixels: laid });
    }
  }

  const bestOf = (scores) => scores.indexOf(Math.max(...scores));

  // What the occlusion map asks for: the score of the best class with the patch at each place.
  function steps() {
    const { state } = kept;
    const [rows, best, size] = [net.input.rows, bestOf(passed.scores), state.patch_size];
    const [running, picture, byte] = [net, bytes, SHADES[state.shade]];
    return {
      places: rows - size + 1, size, base: passed.scores[best], name: net.classes[best],
      score: (top, left) => compute(running, covered(picture, rows, patchBox({ patch_size: size, top, left }, rows), byte)).scores[best],
    };
  }

  kept.start();
  await open(kept.state.net);
  if (frame) cancelAnimationFrame(frame);
  frame = null;
  drawNow();
  return () => {
    turn += 1;
    cancelAnimationFrame(frame);
    [kept, layers, occlusion, bars, shuffle].forEach((each) => each.stop());
  };
}

export default { render, compute, unpack, prepare, forward, softmax, fieldOf, explain, fitInk, shrink, lifted, scattered, shuffled, shuffledOrder };
