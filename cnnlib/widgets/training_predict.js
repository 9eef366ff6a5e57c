// The stage before: the question, the runs to be ordered, and empty axes; nothing of what happened is in it.
import { h, say } from "./dom.js";
import { choice } from "./controls.js";
import { comparisonOf, epochsOf } from "./training_data.js";
import { orderList } from "./training_order.js";
import { sketchPad } from "./training_sketch.js";
import { valueWords } from "./training_verdict.js";

const HIGHEST = { train_loss: 3, val_loss: 3, val_accuracy: 1 }; // of the empty axes: the same whatever the runs did

// done(guess) ends the stage: with { order, sketch }, or with null where the reader skipped it.
export function predictStage({ text, data, name, runs, done }) {
  const { asks } = comparisonOf(data, name);
  const epochs = epochsOf(data, name);
  const guess = { order: runs.map((run) => run.key), sketch: { run: runs[0].key, values: Array(epochs).fill(null) } };

  const pad = sketchPad({
    text, label: say(text.sketch_label, { what: text[asks], epochs }), up: text[asks], high: HIGHEST[asks],
    tickText: (tick) => (asks === "val_accuracy" ? say(text.percent, { value: 100 * tick }) : String(tick)),
    valueText: (value) => valueWords(text, asks, value), values: guess.sketch.values,
    told: (values) => { guess.sketch.values = values; },
  });
  const whose = choice({
    label: say(text.sketch_run, { what: text[asks] }), value: guess.sketch.run, options: runs.map((run) => [run.key, run.label]),
    change: (run) => { guess.sketch.run = run; },
  });
  const elements = [
    h("p", { class: "cw-tr-ask" }, text[`ask_${name}`]),
    h("div", { class: "cw-tr-predict" },
      h("div", {}, h("p", { class: "cw-tr-heading" }, say(text[`order_${asks}`], { epoch: epochs })),
        orderList({ text, runs, order: guess.order, told: (order) => { guess.order = order; } })),
      h("div", {}, h("p", { class: "cw-tr-heading" }, text.sketch_heading), pad.element,
        h("div", { class: "cw-tr-whose" }, whose.element, h("button", { type: "button", onclick: pad.clear }, text.sketch_clear)))),
    h("div", { class: "cw-buttons" },
      h("button", { type: "button", class: "cw-tr-main", "data-act": "reveal", onclick: () => done(guess) }, text.reveal),
      h("button", { type: "button", class: "cw-tr-skip", "data-act": "skip", onclick: () => done(null) }, text.skip)),
  ];
  return { elements, show: () => {}, stop: () => {}, arrive: () => {} };
}
