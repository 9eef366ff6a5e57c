// The training explorer: recorded runs, first guessed, then shown, then walked through epoch by epoch.
import { h, say } from "./dom.js";
import { keep, asset } from "./frame.js";
import { choice } from "./controls.js";
import { comparisonOf, epochsOf, score, valueAt, divergedIn, sketchError, endOf, lead } from "./training_data.js";
import { predictStage } from "./training_predict.js";
import { resultStage, sampleOf } from "./training_result.js";
import { words } from "./training_explorer.words.js";

const QUANTITIES = ["loss", "accuracy"];

async function render({ model, el }) {
  const text = words.en;
  const data = await asset(model, "training_runs");
  const guesses = new Map(); // by comparison: what was guessed; null where the guess was skipped
  let stage = null;

  const kept = keep({
    model, keys: ["comparison", "epoch", "quantity", "predicted"],
    problem: ({ comparison, epoch, quantity }) => {
      if (!comparisonOf(data, comparison)) return say(text.no_comparison, { names: data.comparisons.map((each) => each.name).join(", ") });
      if (!QUANTITIES.includes(quantity)) return say(text.no_quantity, { names: QUANTITIES.join(", ") });
      const last = epochsOf(data, comparison);
      return Number.isInteger(epoch) && epoch >= 1 && epoch <= last ? null : say(text.no_epoch, { last });
    },
    draw,
  });
  const comparison = choice({
    label: text.comparison, value: kept.first.comparison,
    options: data.comparisons.map(({ name }) => [name, text[`name_${name}`]]), change: open,
  });
  const body = h("div");

  const quantityOf = (name) => (comparisonOf(data, name).asks.endsWith("loss") ? "loss" : "accuracy");

  function open(name) {
    kept.propose({ comparison: name, epoch: 1, predicted: guesses.has(name), quantity: quantityOf(name) });
  }

  function draw(state, before) {
    comparison.set(state.comparison);
    const same = before && stage && ["comparison", "predicted"].every((key) => before[key] === state[key]);
    if (!same) build(state);
    stage.show(state);
  }

  function runsOf(name) {
    return comparisonOf(data, name).runs.map((key, i) => ({
      key, style: i + 1, record: data.runs[key], label: text[`run_${key.split("@")[0]}`] ?? data.runs[key].title, sample: () => sampleOf(i + 1),
    }));
  }

  function build(state) {
    stage?.stop();
    const shared = { text, data, name: state.comparison, runs: runsOf(state.comparison), propose: kept.propose };
    stage = state.predicted
      ? resultStage({ ...shared, guess: guesses.get(state.comparison) ?? null })
      : predictStage({
        ...shared,
        done: (guess) => {
          guesses.set(state.comparison, guess);
          kept.propose({ predicted: true, epoch: 1 });
          stage.arrive();
        },
      });
    body.replaceChildren(...stage.elements);
  }

  function reset() {
    guesses.clear();
    stage.stop();
    stage = null;
    kept.reset();
    if (!stage) draw(kept.state, null); // nothing but the guess had changed
  }

  el.append(h("section", { class: "cw cw-tr", "aria-label": text.title },
    h("div", { class: "cw-tr-top" }, comparison.element, h("button", { type: "button", onclick: reset }, text.reset)),
    kept.sentence, body));
  kept.start();
  return () => {
    stage.stop();
    kept.stop();
  };
}

export default { render, score, valueAt, divergedIn, sketchError, endOf, lead };
