// The size formula, first with letters and then with the numbers of the moment, set as the chapter sets it.
import { h } from "./dom.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";

function math(tag, ...children) {
  const element = document.createElementNS(MATHML, tag);
  element.append(...children.flat());
  return element;
}

// "(3 − 1) · 2" as MathML: numbers, letters (with a subscript after _), and signs.
function symbols(line) {
  const tokens = line.match(/\d+(?:\.\d+)?|\p{L}(?:_\p{L}+)?|\S/gu);
  return tokens.map((token) => {
    if (/^\d/.test(token)) return math("mn", token);
    if (!/^\p{L}/u.test(token)) return math("mo", token);
    const [name, below] = token.split("_");
    return below ? math("msub", math("mi", name), math("mtext", below)) : math("mi", name);
  });
}

// One step of the chain. `floor` is [above, below] of a fraction that is rounded down, or one number; `rest` follows it.
function piece({ floor, rest }) {
  const parts = [math("mo", "=")];
  let words = "= ";
  if (floor) {
    const inner = floor.map((part) => math("mrow", symbols(part)));
    parts.push(math("mrow", math("mo", "⌊"), inner.length === 2 ? math("mfrac", inner) : inner, math("mo", "⌋")));
    words += `⌊${floor.length === 2 ? `(${floor[0]}) / ${floor[1]}` : floor[0]}⌋ `;
  }
  if (rest) parts.push(...symbols(rest));
  const element = math("math", math("mrow", parts));
  element.setAttribute("displaystyle", "true"); // fractions as large as the letters around them
  element.setAttribute("alttext", words + (rest ?? ""));
  return h("span", { class: "cw-cx-piece" }, element);
}

// The pieces for one dimension, as plain data.
function convolutionChain({ n, kernel, stride, dilation, before, after, reach }, ends) {
  const sidedPadding = before !== after;
  const room = n + before + after - reach;
  const pieces = [
    { floor: [`i + ${sidedPadding ? `p_${ends[0]} + p_${ends[1]}` : "2 p"} − d ( k − 1 ) − 1`, "s"], rest: "+ 1" },
    { floor: [`${n} + ${sidedPadding ? `${before} + ${after}` : `2 · ${before}`} − ${dilation} · ( ${kernel} − 1 ) − 1`, `${stride}`], rest: "+ 1" },
    { floor: [`${room}`, `${stride}`], rest: "+ 1" },
  ];
  if (room % stride) pieces.push({ floor: [String(Math.round((100 * room) / stride) / 100)], rest: "+ 1" });
  return pieces;
}

function transposedChain({ n, kernel, stride, dilation, before, extra }) {
  return [
    { rest: "( i − 1 ) s + d ( k − 1 ) + 1 − 2 p + p_out" },
    { rest: `( ${n} − 1 ) · ${stride} + ${dilation} · ( ${kernel} − 1 ) + 1 − 2 · ${before} + ${extra}` },
  ];
}

// One line, or one for the rows and one for the columns where they have settings of their own.
export function formulaLines(layer, apart, text) {
  const { state, rows, columns } = layer;
  const named = apart ? [[text.output_rows, rows, [text.top, text.bottom]], [text.output_columns, columns, [text.left, text.right]]] : [[text.output_size, rows]];
  const legend = h("p", { class: "cw-note" }, state.transposed ? text.letters_transposed : text.letters);
  return [...named.map(([name, one, ends]) => h("p", { class: "cw-formula cw-cx-chain" }, h("span", { class: "cw-cx-name" }, name),
    (state.transposed ? transposedChain(one) : convolutionChain(one, ends)).flatMap((each) => [" ", piece(each)]),
    " ", h("span", { class: "cw-cx-piece" }, "= ", h("strong", { class: "cw-size" }, String(one.size))))), legend];
}

// The same layer in PyTorch. Padding that differs from side to side is a layer of its own there.
export function pytorchCode(state) {
  const shown = (value) => (Array.isArray(value) ? `(${value.join(", ")})` : String(value));
  const sided = Array.isArray(state.padding) && state.padding.some(Array.isArray);
  const plain = { stride: 1, padding: 0, output_padding: 0, dilation: 1, groups: 1 };
  const named = Object.entries(plain)
    .filter(([key, usual]) => state[key] !== usual && !(key === "padding" && sided))
    .map(([key]) => `, ${key}=${shown(state[key])}`).join("");
  const kind = state.transposed ? "ConvTranspose2d" : "Conv2d";
  const layer = `nn.${kind}(${state.in_channels}, ${state.out_channels}, kernel_size=${shown(state.kernel_size)}${named}${state.bias ? "" : ", bias=False"})`;
  if (!sided) return layer;
  const [[top, bottom], [left, right]] = state.padding;
  return `nn.Sequential(nn.ZeroPad2d((${left}, ${right}, ${top}, ${bottom})), ${layer})`;
}
