// The prediction by order: the runs as a list that the reader sorts, best on top.
import { h, say } from "./dom.js";

// runs: [{ key, label, sample }], order: keys; told(order) is called with each new order.
export function orderList({ text, runs, order, told }) {
  const live = h("p", { class: "cw-tr-live", "aria-live": "polite" });
  const rows = new Map(runs.map((run) => [run.key, row(run)]));
  const list = h("ol", { class: "cw-tr-order", "aria-label": text.order_label });
  let current = [...order];

  function row(run) {
    const button = (by, sign, words) => h("button", {
      type: "button", "data-by": by, "aria-label": say(words, { run: run.label }), onclick: () => move(run, by),
    }, sign);
    const place = h("span", { class: "cw-tr-place", "aria-hidden": "true" });
    const [up, down] = [button(-1, "↑", text.move_up), button(1, "↓", text.move_down)];
    const element = h("li", { "data-run": run.key }, place, run.sample(), h("span", { class: "cw-tr-run" }, run.label), up, down);
    return { element, place, up, down };
  }

  function move(run, by) {
    const from = current.indexOf(run.key);
    const to = from + by;
    if (to < 0 || to >= current.length) return;
    [current[from], current[to]] = [current[to], current[from]];
    draw();
    const { up, down } = rows.get(run.key);
    (by < 0 ? (up.disabled ? down : up) : (down.disabled ? up : down)).focus(); // the row has moved under the hand
    live.textContent = say(text.moved, { run: run.label, place: to + 1, count: current.length });
    told([...current]);
  }

  function draw() {
    current.forEach((key, i) => {
      const { element, place, up, down } = rows.get(key);
      place.textContent = `${i + 1}`;
      up.disabled = i === 0;
      down.disabled = i === current.length - 1;
      list.append(element);
    });
  }

  draw();
  return h("div", {}, list, live);
}
