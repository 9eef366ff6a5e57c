// The scores of all classes as bars, in the order of the classes, so that the eye finds each at its place.
import { h, say } from "./dom.js";

// Told after so many milliseconds without a change: a screen reader must not hear every stroke.
const QUIET = 700;

export function scoreBars({ text, label }) {
  const table = h("div", { class: "cw-live-scores", role: "img" });
  const spoken = h("p", { class: "cw-live-spoken", "aria-live": "polite" });
  let rows = [], timer = null;

  function name(classes) {
    rows = classes.map((each) => {
      const fill = h("div", { class: "cw-bar" }), was = h("div", { class: "cw-live-was" }), percent = h("span", { class: "cw-live-percent" });
      const row = h("div", { class: "cw-live-score" }, h("span", { class: "cw-live-class", title: each }, each), h("div", { class: "cw-live-track" }, fill, was), percent);
      return { row, fill, was, percent };
    });
    table.replaceChildren(...rows.map(({ row }) => row));
  }

  // `before`: the scores without the patch, shown as marks, or null.
  function show(classes, scores, before = null) {
    const best = scores.indexOf(Math.max(...scores));
    rows.forEach(({ row, fill, was, percent }, i) => {
      fill.style.width = `${100 * scores[i]}%`;
      was.style.left = before ? `${100 * before[i]}%` : "";
      was.hidden = !before;
      percent.textContent = percentOf(scores[i]);
      row.classList.toggle("best", i === best);
      row.dataset.score = scores[i];
    });
    clearTimeout(timer);
    const listed = `${label}: ${classes.map((each, i) => `${each} ${percentOf(scores[i])}`).join(", ")}`;
    if (!table.hasAttribute("aria-label")) return table.setAttribute("aria-label", listed); // the first time there is nothing to tell
    timer = setTimeout(() => {
      const [first, second] = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]);
      spoken.textContent = say(text.most_likely, { first: classes[first], p: percentOf(scores[first]), second: classes[second], q: percentOf(scores[second]) });
      table.setAttribute("aria-label", listed);
    }, QUIET);
  }
  return { table, spoken, name, show, stop: () => clearTimeout(timer) };
}

// Never "100 %" or "0 %" for what is not quite so.
export function percentOf(share) {
  const percent = 100 * share;
  if (percent >= 99.95) return share === 1 ? "100 %" : "> 99.9 %";
  if (percent < 0.05) return share === 0 ? "0 %" : "< 0.1 %";
  return `${percent.toFixed(1)} %`;
}
