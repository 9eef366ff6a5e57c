// Numbers and origin of the runs: the values at the cursor, what ended early, and how everything was made.
import { h, say, show } from "./dom.js";
import { comparisonOf, divergedIn, valueAt } from "./training_data.js";
import { endWords, valueWords } from "./training_verdict.js";

const SHOWN = ["train_loss", "val_loss", "train_accuracy", "val_accuracy"];

// A row a run, its values at one epoch; `show(epoch)` changes the numbers and nothing else.
export function valueTable({ text, runs, asks }) {
  const kind = (column) => `cw-tr-${column.split("_")[1]}`; // a narrow table shows the quantity of the curves only
  const cells = runs.map(() => SHOWN.map((column) => h("td", { class: kind(column) })));
  const rows = runs.map((run, i) => h("tr", { "data-run": run.key },
    h("th", { scope: "row" }, run.sample(), run.label), cells[i], h("td", { class: "cw-tr-end" }, endWords(text, run.record, asks))));
  const head = h("tr", {}, h("th", { scope: "col" }, text.run), SHOWN.map((column) => h("th", { scope: "col", class: kind(column) }, text[column])),
    h("th", { scope: "col" }, say(text.in_the_end, { what: text[asks] })));
  const table = h("table", { class: "cw-table cw-tr-values" }, h("thead", {}, head), h("tbody", {}, rows));
  return {
    element: h("div", { class: "cw-scroll", tabindex: 0, role: "region", "aria-label": text.values_label }, table),
    turn: (quantity) => { table.dataset.quantity = quantity; },
    show: (epoch) => runs.forEach((run, i) => SHOWN.forEach((column, j) => {
      const value = valueAt(run.record.seeds[0], column, epoch);
      const isValue = typeof value === "number";
      cells[i][j].textContent = isValue ? valueWords(text, column, value) : value ? text.diverged : text.no_number;
      cells[i][j].toggleAttribute("data-none", !isValue);
      cells[i][j].dataset.value = isValue ? value : "";
    })),
  };
}

// One sentence for each run of which a seed broke off.
export function endings({ text, runs }) {
  return runs.map(({ label, record }) => {
    const gone = record.seeds.map((seed) => ({ seed: seed.seed, epoch: divergedIn(seed) })).filter(({ epoch }) => epoch !== null);
    const where = gone.map((one) => say(record.seeds.length > 1 ? text.in_epoch_of_seed : text.in_epoch, one)).join(", ");
    return where && say(text.diverged_in, { run: label, where });
  }).filter(Boolean);
}

// Data, pictures, seeds and machine in one paragraph; what differs between the runs in a table behind it.
export function origin({ text, data, name, runs }) {
  const records = comparisonOf(data, name).runs.map((run) => data.runs[run]);
  const [{ dataset, recipe, hardware }] = records;
  const seeds = [...new Set(records.map((record) => record.seeds.length))].sort();
  const row = (run) => {
    const { record } = run;
    const { optimizer, lr, momentum, weight_decay: decay, batch_size: batch, schedule } = record.recipe;
    const rule = [text[`optimizer_${optimizer}`], lr, momentum ? say(text.momentum, { momentum }) : null, decay ? say(text.decay, { decay }) : null];
    return h("tr", {}, h("th", { scope: "row" }, record.title),
      [record.model, show(record.parameters), rule.filter((part) => part !== null).join(", "), text[`schedule_${schedule}`] ?? schedule, batch,
        record.seeds.length, `${record.seeds[0].seconds} s`, record.commit].map((value) => h("td", {}, String(value))));
  };
  return [
    h("p", { class: "cw-note" }, [
      say(text.origin, {
        dataset: dataset.title, used: show(recipe.limit ?? dataset.train - recipe.validation), held: show(recipe.validation),
        epochs: recipe.epochs, processor: hardware.processor, threads: hardware.threads,
      }),
      seeds.length === 1 && seeds[0] === 1 ? text.single : say(text.several, { seeds: seeds.join(", ") }),
    ].join(" ")),
    h("details", {}, h("summary", {}, text.how_made), h("div", { class: "cw-scroll", tabindex: 0, role: "region", "aria-label": text.how_made },
      h("table", { class: "cw-table" },
        h("thead", {}, h("tr", {}, text.made_columns.split("|").map((words) => h("th", { scope: "col" }, words)))),
        h("tbody", {}, runs.map(row))))),
  ];
}
