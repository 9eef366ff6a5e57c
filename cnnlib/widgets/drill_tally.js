// The line below a drill: how many were solved, which slips were made; kept by the browser, and forgotten on demand.
import { h, say } from "./dom.js";
import { changeProgress, drillRecord, readProgress } from "./progress.js";
import { slipName } from "./task_view.js";

const FORGET_PATIENCE = 4000; // milliseconds in which a second press means it

export function drillTally(text) {
  let here = {}; // where the browser keeps nothing, the count of this page
  let keeping = readProgress() !== null, topicShown = "mixed", asked = null;
  const line = h("p", {}), slips = h("p", { class: "cw-drill-slips" }), where = h("span", { class: "cw-note" });
  const forgetButton = h("button", { type: "button", onclick: forget }, text.forget);
  const element = h("div", { class: "cw-drill-tally" }, h("div", {}, line, slips), h("div", { class: "cw-drill-kept" }, forgetButton, where));

  const read = () => readProgress()?.drills ?? here;

  function change(topic, how) {
    const apply = (drills) => {
      drills[topic] = drillRecord(drills[topic]);
      how(drills[topic]);
    };
    keeping = changeProgress((record) => apply(record.drills));
    if (!keeping) apply(here);
  }

  function show(topic = topicShown) {
    topicShown = topic;
    const drills = keeping ? read() : here;
    const records = (topic === "mixed" ? Object.values(drills) : [drills[topic]]).map(drillRecord);
    const sum = (key) => records.reduce((total, each) => total + each[key], 0), most = (key) => Math.max(0, ...records.map((each) => each[key]));
    const values = { solved: sum("solved"), answered: sum("answered"), streak: most("streak"), best: most("best") };
    line.textContent = values.answered ? say(text.progress, values) : text.progress_none;
    const counts = {};
    for (const [slip, times] of records.flatMap((each) => Object.entries(each.slips))) if (slipName(slip)) counts[slip] = (counts[slip] ?? 0) + times;
    const often = Object.entries(counts).sort((a, b) => b[1] - a[1]).slice(0, 2);
    const said = often.map(([slip, times]) => say(text.slip_times, { slip: slipName(slip), times })).join("; ");
    slips.textContent = said && say(text.slips_seen, { slips: said });
    where.textContent = keeping ? text.kept : text.not_kept;
  }

  function forget() {
    if (!asked) {
      forgetButton.textContent = text.really_forget;
      asked = setTimeout(unask, FORGET_PATIENCE);
      return;
    }
    unask();
    here = {};
    changeProgress((record) => { record.drills = {}; });
    show();
  }

  function unask() {
    clearTimeout(asked);
    asked = null;
    forgetButton.textContent = text.forget;
  }

  return {
    element, show,
    slip: (topic, slip) => change(topic, (kept) => { kept.slips[slip] = (kept.slips[slip] ?? 0) + 1; }),
    done: (topic, solved) => change(topic, (kept) => {
      kept.answered += 1;
      kept.solved += solved ? 1 : 0;
      kept.streak = solved ? kept.streak + 1 : 0;
      kept.best = Math.max(kept.best, kept.streak);
    }),
    stop: () => clearTimeout(asked),
  };
}
