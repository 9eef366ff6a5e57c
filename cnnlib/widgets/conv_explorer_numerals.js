// All numbers of a board in a handful of elements: one text for all cells whose number is equally long, one path for all
// cells that are equally far from zero. An element a cell would make a large layer too slow to turn a knob on.
import { s } from "./dom.js";
import { short } from "./conv_explorer_numbers.js";

export const UNIT = 30; // the side of a cell
const FONTS = [0, 18, 17, 14, 11.5, 9.5, 8]; // by the length of the number
const WIDTHS = { ".": 0.27, "−": 0.58, e: 0.47 }; // of a sign, in parts of the font's size; every sign is centred in its place
const LEVELS = 8;

const widthOf = (sign) => WIDTHS[sign] ?? 0.53;
const square = ([y, x]) => `M${x * UNIT} ${y * UNIT}h${UNIT}v${UNIT}h${-UNIT}z`;

// show(numbers) takes rows of numbers, null for an empty cell; isOuter(y, x): whether a number is muted.
export function numerals({ shaded, isOuter }) {
  const texts = [false, true].map((outer) => FONTS.map((font) => s("text", { "font-size": font, class: outer ? "outer" : null })));
  const shades = shaded ? ["--cw-pos", "--cw-neg"].map((colour) => Array.from({ length: LEVELS }, (_, level) =>
    s("path", { style: `fill:var(${colour});fill-opacity:${(0.55 * (level + 1)) / LEVELS}` }))) : [];
  let shown = "";

  function show(numbers) {
    const now = JSON.stringify(numbers);
    if (now === shown) return;
    shown = now;
    const glyphs = texts.map((fonts) => fonts.map(() => ({ signs: "", x: [], y: [] })));
    const cells = shades.map((levels) => levels.map(() => []));
    const top = Math.max(1, ...numbers.flat().map(Math.abs));
    numbers.forEach((row, y) => row.forEach((number, x) => {
      if (number === null) return;
      place(glyphs[Number(isOuter(y, x))], short(number), y, x);
      const level = Math.ceil((LEVELS * Math.abs(number)) / top) - 1;
      if (shaded && level >= 0 && !isOuter(y, x)) cells[Number(number < 0)][level].push([y, x]);
    }));
    texts.forEach((fonts, outer) => fonts.forEach((element, length) => {
      const { signs, x, y } = glyphs[outer][length];
      element.textContent = signs;
      element.setAttribute("x", x.join(" "));
      element.setAttribute("y", y.join(" "));
    }));
    shades.forEach((levels, sign) => levels.forEach((path, level) => path.setAttribute("d", cells[sign][level].map(square).join(""))));
  }

  return { shades, texts, show };
}

// Adds the signs of one number, side by side around the middle of its cell.
function place(fonts, words, y, x) {
  const length = Math.min(words.length, FONTS.length - 1);
  const { signs, x: lefts, y: tops } = fonts[length];
  const widths = [...words].map((sign) => widthOf(sign) * FONTS[length]);
  let left = (x + 0.5) * UNIT - widths.reduce((sum, width) => sum + width, 0) / 2;
  widths.forEach((width) => {
    lefts.push(Math.round(10 * (left + width / 2)) / 10);
    tops.push((y + 0.5) * UNIT);
    left += width;
  });
  fonts[length].signs = signs + words;
}
