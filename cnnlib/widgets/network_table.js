// The layer table of the inspector: a tree of rows that folds. Only the rows that the box shows are in the page, with
// empty rows as tall as those left out: a network of 500 layers costs no more than one of 20.
import { h, say, show } from "./dom.js";
import { seesAll } from "./graph.js";
import { faultWords, bytes, times, windowWords } from "./network_sentences.js";
import { treeOf, unfoldedItems, groupKeys, groupsAround, firstOpen } from "./network_tree.js";

const COLUMNS = ["layer", "kind", "output", "parameters", "macs", "memory", "field"];
const SHARES = { parameters: 3, macs: 4 }; // the columns with a bar for their share of the total
const FIRST_ROWS = 45;
const ROW = 27, SPARE = 12; // pixels of a row; rows drawn beyond the box, so that scrolling meets no gap

// pick(index or null, focus): a row is chosen; null is a block, `focus` asks for the settings' first field.
export function layerTree({ text, pick }) {
  let items = [], nested = false, open = new Set(), visible = [], drawn = [], view = null, network = null, chosen = "0", failed = null;
  const lines = new Map();
  const body = h("tbody", {});
  const foot = h("tr", {}, h("th", { scope: "row" }, text.total), COLUMNS.slice(1).map(() => h("td")));
  const grid = h("table", { class: "cw-table cw-ni-table", role: "treegrid", "aria-label": text.title },
    h("thead", {}, h("tr", {}, COLUMNS.map((key) => h("th", { scope: "col" }, text[key])))), body, h("tfoot", {}, foot));
  const box = h("div", { class: "cw-ni-box" }, grid);
  const place = { top: 0, height: 400 }; // as last heard: asking the page for them would make it lay out again
  const watch = new ResizeObserver(() => look());
  box.addEventListener("scroll", look, { passive: true });
  watch.observe(box);
  grid.addEventListener("keydown", steer);
  body.addEventListener("click", (event) => {
    const line = event.target.closest("tr");
    const item = line && drawn.find((each) => lines.get(each.key).line === line);
    if (!item) return;
    if (item.children && (item.key === chosen || event.target.closest(".cw-ni-fold"))) fold(item);
    choose(item, true);
  });

  function lineOf(item) {
    if (!lines.has(item.key)) {
      const name = h("th", { scope: "row", style: `padding-left:${0.4 + 0.8 * item.depth}rem` },
        nested ? h("span", { class: "cw-ni-fold", "aria-hidden": "true" }) : null, h("span", { class: "cw-ni-mark" }), h("span", {}, item.title));
      const what = h("td", {}, h("span", {}), h("span", { class: "cw-ni-window" }));
      const cells = [name, what, ...COLUMNS.slice(2).map(() => h("td"))];
      const parts = { 0: name.querySelector(".cw-ni-mark"), 1: what.firstChild, how: what.lastChild };
      const line = h("tr", { tabindex: -1, "aria-level": item.depth + 1 }, cells);
      lines.set(item.key, { line, cells, parts, told: {} });
    }
    return lines.get(item.key);
  }

  // Writes a cell only if it says something new: most do not.
  function tell(entry, column, words) {
    if (entry.told[column] === words) return;
    entry.told[column] = words;
    (entry.parts[column] ?? entry.cells[column]).textContent = words;
  }

  function fillLine(item) {
    const entry = lineOf(item);
    const { line, cells } = entry;
    const rows = view.rows.slice(item.first, item.last + 1);
    const failing = view.fault && item.first <= view.fault.node.index && view.fault.node.index <= item.last;
    const last = rows.at(-1);
    const node = view.nodes[item.first];
    const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
    const cut = item.last >= view.rows.length;
    const mark = item.children ? "" : view.marks.get(item.first) ?? "";
    line.className = [failing ? "fault" : cut ? "cut" : "", mark, item.children ? "group" : ""].join(" ").trim();
    if (item.children) {
      line.setAttribute("aria-expanded", open.has(item.key));
      cells[0].firstChild.textContent = open.has(item.key) ? "▾" : "▸";
    }
    line.setAttribute("aria-selected", item.key === chosen);
    line.tabIndex = item.key === chosen ? 0 : -1;
    tell(entry, 0, { edited: "✎ ", rebuilt: "↳ " }[mark] ?? "");
    const [what, how] = item.children ? [say(text.block, { count: item.last - item.first + 1 }), ""] : [node.kind, windowWords(text, node)];
    tell(entry, 1, what);
    tell(entry, "how", ` ${how}`);
    tell(entry, 2, failing && !item.children ? "✕" : cut ? text.unreached : times(last.shape));
    const share = (key) => (view.totals[key] && !cut ? `${(100 * sum(key)) / view.totals[key]}%` : "0%");
    for (const [key, column] of Object.entries(SHARES)) {
      tell(entry, column, cut ? "–" : show(sum(key)));
      if (entry[key] !== share(key)) cells[column].style.setProperty("--share", (entry[key] = share(key)));
    }
    const memory = sum("memory");
    tell(entry, 5, cut ? "–" : memory ? bytes(memory) : text.in_place);
    tell(entry, 6, cut ? "–" : fieldWords(last));
    const why = failing && !item.children ? faultWords(text, view.fault) : text[`${mark}_mark`];
    why ? line.setAttribute("title", why) : line.removeAttribute("title");
  }

  function fieldWords(row) {
    if (!row.field) return text.whole;
    const n = row.field.size;
    return seesAll(row, view.input[1]) ? text.whole : `${n}×${n}`;
  }

  function look() {
    Object.assign(place, { top: box.scrollTop, height: box.clientHeight });
    if (view) draw();
  }

  // The rows to draw: those in the box, and the chosen one, which may have the focus.
  function wanted() {
    const first = Math.max(0, Math.floor(place.top / ROW) - SPARE);
    const last = Math.min(visible.length, Math.ceil((place.top + place.height) / ROW) + SPARE);
    const at = indexOf(chosen);
    const among = Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
    if (at < first) return [at, ...among];
    return at >= last ? [...among, at] : among;
  }

  function lay(indices) {
    const held = body.contains(body.getRootNode().activeElement);
    const gap = (count) => (count ? [h("tr", { class: "gap", "aria-hidden": "true" }, h("td", { colspan: COLUMNS.length, style: `height:${count * ROW}px` }))] : []);
    let next = 0;
    const parts = indices.flatMap((index) => {
      const { line } = lineOf(visible[index]);
      line.setAttribute("aria-rowindex", index + 2);
      const before = gap(index - next);
      next = index + 1;
      return [...before, line];
    });
    body.replaceChildren(...parts, ...gap(visible.length - next));
    if (held) lines.get(chosen).line.focus({ preventScroll: true });
  }

  const indexOf = (key) => visible.findIndex((item) => item.key === key);

  function draw() {
    visible = unfoldedItems(items, open);
    if (indexOf(chosen) < 0) chosen = around(Number(chosen.split("-")[0])).key;
    const indices = wanted();
    const next = indices.map((index) => visible[index]);
    if (next.length !== drawn.length || next.some((item, i) => item !== drawn[i]) || Number(grid.getAttribute("aria-rowcount")) !== visible.length + 1) {
      drawn = next;
      grid.setAttribute("aria-rowcount", visible.length + 1);
      lay(indices);
    }
    drawn.forEach(fillLine);
    const { parameters, macs, memory } = view.totals;
    foot.cells[0].textContent = view.fault ? text.so_far : text.total;
    [[2, show(parameters)], [3, show(macs)], [4, bytes(memory)]].forEach(([i, words]) => { foot.cells[i + 1].textContent = words; });
  }

  // The innermost visible item that holds a node.
  function around(index) {
    return visible.filter((item) => item.first <= index && index <= item.last).at(-1) ?? visible[0];
  }

  function fold(item) {
    open.has(item.key) ? open.delete(item.key) : open.add(item.key);
    draw();
  }

  function reveal(index) {
    const room = place.height - 3 * ROW; // the head and the foot stay in sight, above and below
    if (index * ROW < place.top) box.scrollTop = index * ROW;
    else if (index * ROW > place.top + room) box.scrollTop = index * ROW - room;
  }

  function choose(item, focus, on = false) {
    chosen = item.key;
    draw();
    reveal(indexOf(item.key));
    if (focus) lines.get(item.key).line.focus({ preventScroll: true });
    pick(item.children ? null : item.first, on, item);
  }

  function steer(event) {
    const at = indexOf(chosen);
    const item = visible[at];
    const parent = () => visible.slice(0, at).reverse().find((each) => each.depth < item.depth);
    const moves = {
      ArrowDown: () => choose(visible[Math.min(at + 1, visible.length - 1)], true),
      ArrowUp: () => choose(visible[Math.max(at - 1, 0)], true),
      Home: () => choose(visible[0], true),
      End: () => choose(visible.at(-1), true),
      ArrowRight: () => { if (item.children && !open.has(item.key)) fold(item); else choose(visible[Math.min(at + 1, visible.length - 1)], true); },
      ArrowLeft: () => { if (item.children && open.has(item.key)) fold(item); else if (parent()) choose(parent(), true); },
      Enter: () => { if (item.children) fold(item); else choose(item, false, true); },
      " ": () => (item.children ? fold(item) : choose(item, true)),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }

  return {
    element: box,
    show(next) {
      view = next;
      if (view.network !== network) {
        network = view.network;
        items = treeOf(network.nodes);
        nested = items.some((item) => item.children);
        open = firstOpen(items, FIRST_ROWS);
        lines.clear();
        drawn = [];
        chosen = "0";
        failed = null;
        box.scrollTop = 0;
      }
      const fault = view.fault?.node.index ?? null;
      if (fault !== null) groupsAround(items, fault).forEach((key) => open.add(key));
      draw();
      if (fault !== null && fault !== failed) reveal(visible.indexOf(around(fault)));
      failed = fault;
    },
    select(index) {
      groupsAround(items, index).forEach((key) => open.add(key));
      draw();
      choose(around(index), false);
    },
    stop: () => watch.disconnect(),
    focus: () => lines.get(chosen).line.focus({ preventScroll: true }),
    unfold(all) {
      open = new Set(all ? groupKeys(items) : []);
      draw();
    },
  };
}
