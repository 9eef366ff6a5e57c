// The boards of one state: each input channel with its kernel, the bias, and the output maps.
import { h, say } from "./dom.js";
import { board } from "./conv_explorer_board.js";
import { channelsOf, groupOf, holesOf, kernelAt, kernelOf, readersOf } from "./conv_explorer_layer.js";

// Lays out the boards for a layer. view() is what is being looked at; chooseInput(c, y, x) and chooseOutput(o, y, x) get
// cells as the layer counts them, write(key, path, typed) what was typed into the input, the weight or the biases.
export function buildStage({ layer, text, view, chooseInput, chooseOutput, write }) {
  const { state, rows, columns } = layer;
  const { in_channels: ins, out_channels: outs, groups, transposed } = state;
  const [top, left] = transposed ? [0, 0] : [rows.before, columns.before];
  const padded = { rows: transposed ? rows.n : rows.n + rows.before + rows.after, columns: transposed ? columns.n : columns.n + columns.before + columns.after };
  const grouped = (caption, group) => (groups > 1 ? say(text.in_group, { caption, group }) : caption);
  const readers = readersOf(layer);
  const unread = readers.flatMap((line, y) => line.flatMap((count, x) => (count ? [] : [[y + top, x + left]])));
  const isInput = (y, x) => readers[y - top]?.[x - left] !== undefined;

  const inputs = Array.from({ length: ins }, (_, c) => board({
    ...padded, inner: { top, left, rows: rows.n, columns: columns.n }, crosses: unread, editable: isInput,
    label: say(top + left + rows.after + columns.after && !transposed ? text.input_alt : text.input_plain_alt,
      { c, rows: rows.n, columns: columns.n, top: rows.before, bottom: rows.after, left: columns.before, right: columns.after }),
    named: (y, x) => say(text.input_name, { c, y: y - top, x: x - left }),
    choose: (y, x) => chooseInput(c, y - top, x - left, readers[y - top]?.[x - left]),
    write: (y, x, typed) => write("input", [c, y - top, x - left], typed),
  }));
  const kernels = Array.from({ length: ins }, (_, c) => board({
    rows: rows.kernel, columns: columns.kernel, editable: () => true, label: "",
    named: (i, j) => say(text.weight_name, { o: view().o, c, i, j }),
    write: (i, j, typed) => write("weight", [...kernelAt(state, view().o, c), i, j], typed),
  }));
  const bias = !state.bias ? null : board({
    rows: 1, columns: 1, editable: () => true, label: "", named: () => say(text.bias_name, { o: view().o }),
    write: (y, x, typed) => write("biases", [view().o], typed),
  });
  const outputs = Array.from({ length: outs }, (_, o) => board({
    rows: rows.drawn, columns: columns.drawn, inner: { top: rows.edge, left: columns.edge, rows: rows.size, columns: columns.size },
    crosses: holesOf(layer), shaded: true, label: say(text.output_alt, { o, rows: rows.size, columns: columns.size }),
    choose: (y, x) => chooseOutput(o, y - rows.edge, x - columns.edge),
  }));

  const captions = kernels.map(() => h("figcaption", {}));
  const figure = (each, caption, kind) => h("figure", { class: `cw-cx-figure cw-cx-${kind}` }, each.element, caption);
  const named = (many, alone, several, values, group) =>
    h("figcaption", {}, many === 1 ? alone : grouped(say(several, values), group));
  const sign = (mark) => h("span", { class: "cw-sign", "aria-hidden": "true" }, mark);
  const inputFigures = inputs.map((each, c) => figure(each, named(ins, text.input_alone, text.input, { c }, groupOf(c, ins, groups)), "input"));
  const kernelFigures = kernels.map((each, c) => figure(each, captions[c], "kernel"));
  if (bias) kernelFigures.at(-1).append(h("div", { class: "cw-cx-bias" }, h("span", { "aria-hidden": "true" }, text.bias_of), bias.element));
  const outputFigures = outputs.map((each, o) => figure(each, named(outs, text.output_alone, text.output, { o }, groupOf(o, outs, groups)), "output"));

  // As many maps side by side as leave the picture about as high on the right as on the left.
  const beside = outs <= ins ? 1 : Math.min(outs, 2);
  const most = Math.max(ins * padded.rows, Math.ceil(outs / beside) * rows.drawn);
  const pairColumns = padded.columns + Math.max(columns.kernel, groups > 1 ? 5 : 1); // a caption may be the widest
  const element = h("div", { class: "cw-cx-stage" },
    h("div", {
      class: ["cw-cx-flow", groups > 1 ? "cw-cx-grouped" : "", ins + outs > 2 ? "cw-cx-many" : ""].join(" "),
      style: `--across-pair:${pairColumns};--across:${pairColumns + beside * columns.drawn};--down:${most}`,
    },
      h("div", { class: "cw-cx-pairs" }, inputFigures.map((each, c) => h("div", { class: "cw-cx-pair" }, each, sign(transposed ? "×" : "∗"), kernelFigures[c]))),
      sign(transposed ? "→" : "="),
      h("div", { class: "cw-cx-maps", style: `--beside:${beside}` }, outputFigures)));

  // The numbers of a layer of the same shape.
  function fill(next) {
    layer = next;
    inputs.forEach((each, c) => each.values((y, x) => layer.input[c][y - top]?.[x - left] ?? 0));
  }

  // The filter of output channel o, with its bias.
  function showFilter(o) {
    const seen = channelsOf(state, o);
    kernels.forEach((each, c) => {
      const isSeen = seen.includes(c);
      inputFigures[c].classList.toggle("cw-cx-off", !isSeen);
      kernelFigures[c].classList.toggle("cw-cx-off", !isSeen);
      captions[c].textContent = !isSeen ? say(text.kernel_not_seen, { o, c }) : ins === 1 && outs === 1 ? text.kernel_alone : say(text.kernel, { o, c });
      each.svg.setAttribute("aria-label", say(text.kernel_alt, { o, c, rows: rows.kernel, columns: columns.kernel }));
      if (isSeen) each.values((i, j) => kernelOf(layer, o, c)[i][j]);
    });
    bias?.svg.setAttribute("aria-label", say(text.bias_alt, { o }));
    bias?.values(() => layer.bias[o]);
    return seen;
  }

  return { element, inputs, kernels, outputs, fill, showFilter, top, left };
}
