// A grid of numbers: drawn once, then only its numbers and marks change, so that a step costs next to nothing.
// Its cells are chosen by pointer or arrow keys; a number that may be changed is typed right over its cell.
import { h, s } from "./dom.js";
import { grid } from "./conv_explorer_numbers.js";
import { numerals, UNIT } from "./conv_explorer_numerals.js";

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

// inner: { top, left, rows, columns }, the real cells; what lies around them is padding, or cut off.
// crosses: cells marked as left out. shaded: numbers far from zero have more colour. named(y, x): the name of a cell's number, for its field.
// choose(y, x): a cell was chosen. write(y, x, typed): a number was typed, only where editable(y, x).
export function board({ rows, columns, label, inner = { top: 0, left: 0, rows, columns }, crosses = [], shaded = false, editable = () => false, named, choose, write }) {
  const box = (y, x) => ({ x: x * UNIT, y: y * UNIT, width: UNIT, height: UNIT });
  const isInner = (y, x) => y >= inner.top && x >= inner.left && y < inner.top + inner.rows && x < inner.left + inner.columns;
  const drawn = numerals({ shaded, isOuter: (y, x) => !isInner(y, x) });
  const marks = s("g", { class: "cw-cx-marks" });
  const cursor = s("rect", { class: "cw-cx-cursor", ...box(inner.top, inner.left) });
  const current = s("rect", { class: "cw-cx-current", ...box(0, 0), visibility: "hidden" });
  const svg = s("svg", {
    viewBox: `-2 -2 ${columns * UNIT + 4} ${rows * UNIT + 4}`, class: "cw-cx-svg", role: "application", "aria-label": label, tabindex: 0,
    onclick: press, onkeydown: keyed,
  },
  s("rect", { class: "cw-cx-paper", x: inner.left * UNIT, y: inner.top * UNIT, width: inner.columns * UNIT, height: inner.rows * UNIT }),
  drawn.shades,
  inner.rows < rows || inner.columns < columns ? s("path", { class: "cw-cx-outer", d: lines(0, 0, rows, columns) }) : null,
  s("path", { class: "cw-cx-inner", d: lines(inner.top, inner.left, inner.rows, inner.columns) }),
  s("path", { class: "cw-cx-crosses", d: crosses.map(([y, x]) => `M${x * UNIT + 2} ${y * UNIT + 2}l7 7m12 12l7 7m0 -26l-7 7m-12 12l-7 7`).join("") }),
  marks, drawn.texts, cursor, current);
  const element = h("div", { class: "cw-cx-board", style: `--columns:${columns}` }, svg);
  let at = { y: inner.top, x: inner.left }, marked = null, field = null, numbers = [];

  function press(event) {
    const place = svg.getBoundingClientRect();
    const unit = place.width / (columns * UNIT + 4); // of one unit of the drawing, in pixels
    const find = (pixels, count) => Math.min(count - 1, Math.max(0, Math.floor((pixels / unit - 2) / UNIT)));
    go(find(event.clientY - place.top, rows), find(event.clientX - place.left, columns));
    if (editable(at.y, at.x)) edit();
  }

  function keyed(event) {
    const move = MOVES[event.key];
    if (move) go(Math.min(rows - 1, Math.max(0, at.y + move[0])), Math.min(columns - 1, Math.max(0, at.x + move[1])));
    else if (!editable(at.y, at.x) || event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === "Enter" || event.key === "F2") edit();
    else if (/^[-−+.\d]$/.test(event.key)) edit(event.key);
    else return;
    event.preventDefault();
  }

  function go(y, x) {
    select(y, x);
    choose?.(y, x);
  }

  function select(y, x) {
    at = { y, x };
    cursor.setAttribute("x", x * UNIT);
    cursor.setAttribute("y", y * UNIT);
  }

  function edit(typed) {
    field?.remove();
    const { y, x } = at;
    const old = String(numbers[y][x]);
    const mine = h("input", {
      type: "text", class: "cw-cx-field", "aria-label": named(y, x), value: typed ?? old, autocomplete: "off",
      style: `left:${(100 * (x + 0.5)) / columns}%;top:${(100 * (y + 0.5)) / rows}%`,
      onblur: () => close(true),
      onkeydown: (event) => {
        if (event.key !== "Enter" && event.key !== "Escape") return;
        event.preventDefault();
        close(event.key === "Enter");
        svg.focus();
      },
    });
    function close(take) {
      if (field !== mine) return;
      field = null; // first: to take the field away is to blur it
      mine.remove();
      if (take && mine.value !== old) write(y, x, mine.value);
    }
    field = mine;
    element.append(mine);
    mine.focus();
    mine.setSelectionRange(typed === undefined ? 0 : mine.value.length, mine.value.length);
  }

  // The numbers, or null for an empty cell.
  function values(value) {
    numbers = grid(rows, columns, value);
    drawn.show(numbers);
  }

  // Marks cells {y, x}. A pattern that only moved is moved as a whole, and so it can glide.
  function mark(cells) {
    const [top, left] = [Math.min(...cells.map((cell) => cell.y)), Math.min(...cells.map((cell) => cell.x))];
    const pattern = cells.map((cell) => `${cell.y - top},${cell.x - left}`).join(" ");
    if (pattern !== marked) marks.replaceChildren(...cells.map((cell) => s("rect", box(cell.y - top, cell.x - left))));
    marked = pattern;
    if (cells.length) marks.style.transform = `translate(${left * UNIT}px,${top * UNIT}px)`;
  }

  function point(cell) {
    current.setAttribute("visibility", cell ? "visible" : "hidden");
    if (!cell) return;
    current.setAttribute("x", cell.x * UNIT);
    current.setAttribute("y", cell.y * UNIT);
    if (svg !== document.activeElement) select(cell.y, cell.x);
  }

  return { element, svg, values, mark, point };
}

// The lines of a grid as one path.
function lines(top, left, rows, columns) {
  const down = Array.from({ length: columns + 1 }, (_, x) => `M${(left + x) * UNIT} ${top * UNIT}v${rows * UNIT}`);
  const across = Array.from({ length: rows + 1 }, (_, y) => `M${left * UNIT} ${(top + y) * UNIT}h${columns * UNIT}`);
  return [...down, ...across].join("");
}
