// The stage after: how the guess did, the curves, and everything about one epoch.
import { h, s, say } from "./dom.js";
import { choice, player } from "./controls.js";
import { scalesOf } from "./training_axes.js";
import { chart } from "./training_chart.js";
import { comparisonOf, curveOf, divergedIn, epochsOf } from "./training_data.js";
import { gradientChart, layerTable, spreadChart, weightChart } from "./training_layers.js";
import { sketchOver } from "./training_sketch.js";
import { endings, origin, valueTable } from "./training_table.js";
import { valueWords, verdictOf } from "./training_verdict.js";

const TOP_LOSS = 3.5; // of the linear axis; a wild first epoch would flatten all the others
const SIZES = "sizes"; // the view of the weights that shows all runs

export const sampleOf = (style) => s("svg", { viewBox: "0 0 30 8", class: `cw-tr-sample cw-tr-s${style}`, "aria-hidden": "true" },
  s("path", { class: "cw-tr-line", d: "M1 4H29" }));

export function resultStage({ text, data, name, runs, guess, propose }) {
  const { asks } = comparisonOf(data, name);
  const last = epochsOf(data, name);
  const inside = runs.filter((run) => run.record.layers.length).map((run) => ({ ...run, layers: run.record.layers }));
  let [state, log, weights, starting] = [null, false, SIZES, false];
  let curves = [];

  const label = (key) => runs.find((run) => run.key === key).label;
  const verdict = h("p", { class: "cw-tr-verdict", tabindex: -1, role: "status" },
    guess ? verdictOf({ text, data, name, guess, label }).join(" ") : text.skipped);

  const range = h("input", { type: "range", min: 1, max: last, step: 1, "aria-label": text.epoch_axis, oninput: () => propose({ epoch: Number(range.value) }) });
  const reading = h("span", { class: "cw-tr-epoch" });
  const play = player({ text, step, playing: (on) => { starting = on; } });
  const view = choice({
    label: text.view, value: "loss", options: [["loss", text.view_loss], ["log", text.view_log], ["accuracy", text.view_accuracy]],
    change: (key) => {
      log = key === "log";
      if (!propose({ quantity: key === "accuracy" ? key : "loss" })) return;
      redraw();
    },
  });
  const weightView = choice({
    label: text.weights, value: weights, options: [[SIZES, text.weights_all], ...inside.map((run) => [run.key, say(text.weights_one, { run: run.label })])],
    change: (key) => { weights = key; weightsAt = weightsView(); drawLayers(); },
  });

  // Forward ends at the last epoch; Play, pressed there, begins anew.
  function step(by) {
    const next = state.epoch + by;
    const fresh = starting;
    starting = false;
    if (next <= last) propose({ epoch: Math.max(1, next) });
    else if (fresh) propose({ epoch: 1 });
    else play.pause();
  }

  const gradientsAt = inside.length ? gradientChart({ text, runs: inside }) : null;
  const weightsView = () => (weights === SIZES ? weightChart({ text, runs: inside }) : spreadChart({ text, run: inside.find((run) => run.key === weights) }));
  let weightsAt = inside.length ? weightsView() : null;

  const panels = { train: h("div"), val: h("div"), gradient: h("div"), weight: h("div") };
  const table = valueTable({ text, runs, asks });
  const numbers = h("div", { class: "cw-scroll", tabindex: 0, role: "region", "aria-label": text.layer_numbers });
  const details = h("details", { ontoggle: drawNumbers }, h("summary", {}, text.layer_numbers), numbers);

  function column(part) {
    const name = `${part}_${state.quantity}`;
    return { name, lines: runs.map((run) => line(run, name)) };
  }

  function line(run, name) {
    const [first, ...others] = run.record.seeds.map((seed) => ({
      values: Array.from({ length: last }, (_, i) => curveOf(seed, name)[i] ?? null), ended: divergedIn(seed),
    }));
    return { ...run, ...first, others };
  }

  function drawCurves() {
    const parts = ["train", "val"].map(column);
    const all = parts.flatMap(({ lines }) => lines.flatMap((each) => [each, ...each.others].flatMap(({ values }) => values))).filter((value) => value !== null);
    const axis = { count: last, ...rangeOf(all), log };
    curves = parts.map(({ name, lines }, i) => {
      const ends = lines.map((each) => say(text.curve_end, { run: each.label, value: valueWords(text, name, each.ended ? null : each.values.at(-1)) }));
      const drawn = chart({
        ...axis, lines, label: [say(text.curve_alt, { what: text[name], count: runs.length, epochs: last }), ...ends].join(" "),
        across: text.epoch_axis, up: text[name], pick: (epoch) => { play.pause(); propose({ epoch }); },
        tickText: (tick) => (state.quantity === "accuracy" ? say(text.percent, { value: Math.round(100 * tick) }) : String(tick)),
      });
      if (guess && name === asks && guess.sketch.values.some((value) => value !== null)) {
        drawn.element.append(sketchOver(guess.sketch.values, scalesOf(axis)));
      }
      panels[i ? "val" : "train"].replaceChildren(drawn.element);
      return drawn;
    });
  }

  function rangeOf(values) {
    const top = Math.max(...values);
    if (state.quantity === "accuracy") return { low: 0, high: Math.min(1, Math.ceil(top * 10 + 0.2) / 10) };
    return log ? { low: Math.min(...values) / 1.15, high: top * 1.15 } : { low: 0, high: Math.min(TOP_LOSS, top * 1.08) };
  }

  function drawLayers() {
    if (!inside.length) return;
    panels.gradient.replaceChildren(gradientsAt(state.epoch));
    panels.weight.replaceChildren(weightsAt(state.epoch));
    drawNumbers();
  }

  function drawNumbers() {
    if (!details.open) return;
    const part = (column, shift, caption) => [h("p", { class: "cw-tr-heading" }, say(caption, { epoch: state.epoch })), layerTable({ text, runs: inside, column, shift, epoch: state.epoch })];
    numbers.replaceChildren(...part("gradient_norm", 0, text.gradient_alt), ...part("weight_norm", 1, text.weight_alt));
  }

  function drawEpoch() {
    range.value = state.epoch;
    reading.textContent = say(text.epoch_of, { epoch: state.epoch, last });
    range.setAttribute("aria-valuetext", reading.textContent);
    curves.forEach((each) => each.show(state.epoch));
    table.show(state.epoch);
    drawLayers();
  }

  function redraw() {
    view.set(log ? "log" : state.quantity);
    table.turn(state.quantity);
    drawCurves();
    drawEpoch();
  }

  function show(next) {
    const turned = !state || next.quantity !== state.quantity;
    state = next;
    if (next.quantity === "accuracy") log = false;
    if (turned) redraw();
    else drawEpoch();
  }

  const figure = (caption, part) => h("figure", {}, h("figcaption", {}, caption), panels[part]);
  const notes = [...endings({ text, runs }), ...(runs.some((run) => run.record.seeds.length > 1) ? [text.first_seed] : [])];
  const elements = [
    verdict,
    h("div", { class: "cw-knobs" }, view.element, inside.length ? weightView.element : null),
    h("div", { class: "cw-tr-walk" }, h("div", { class: "cw-tr-player" }, play.elements), h("div", { class: "cw-slider cw-tr-range" }, range), reading),
    h("div", { class: "cw-tr-grid" }, figure(text.on_training, "train"), figure(text.on_validation, "val"),
      inside.length ? [figure(text.gradients_of, "gradient"), figure(text.weights_of, "weight")] : null),
    inside.length ? null : h("p", { class: "cw-note" }, text.no_layers),
    h("p", { class: "cw-tr-look" }, text[`look_${name}`]), table.element,
    notes.map((sentence) => h("p", { class: "cw-tr-remark" }, sentence)),
    inside.length ? details : null, origin({ text, data, name, runs }),
  ].flat().filter(Boolean);
  return { elements, show, stop: play.pause, arrive: () => verdict.focus() };
}
