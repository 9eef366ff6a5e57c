// The network inspector: every network of the book, layer by layer, as its input, its width or a layer is changed.
import { h, say, show } from "./dom.js";
import { asset, keep } from "./frame.js";
import { choice, slider, stepper, toggle } from "./controls.js";
import { inspect, propagate, readNetwork, rebuilt, roundEven, sizes } from "./graph.js";
import { bytes, editsWords, faultWords } from "./network_sentences.js";
import { lanes } from "./network_lanes.js";
import { layerSettings } from "./network_settings.js";
import { layerTree } from "./network_table.js";
import { words } from "./network_inspector.words.js";

const KEYS = ["network", "input_size", "in_channels", "num_classes", "width", "fit", "edits"];
const WIDTHS = [0.125, 0.25, 0.375, 0.5, 0.75, 1, 1.25, 1.5, 2];
const OWN = { input_size: null, in_channels: null, num_classes: null, width: 1, fit: false, edits: {} };

// The rows, totals and the fault of a state; `data` is the asset with all networks.
function compute(data, state) {
  return inspect(readNetwork(data, state.network), state);
}

async function render({ model, el }) {
  const text = words.en;
  const data = await asset(model, "networks");
  let network = null, view = null, base = null, selected = 0, block = null;

  const wrong = h("p", { class: "cw-problem", role: "alert" });
  const rangeWords = ({ typed, ...range }) => say(text.out_of_range, { ...range, typed: typed || text.empty });
  const number = (make, key, max) => make({
    label: text[key], value: 1, min: 1, max, change: (value) => take(key, value),
    refuse: (typed) => { wrong.textContent = rangeWords({ label: text[key], min: 1, max, typed }); },
  });
  const knobs = {
    network: choice({
      label: text.network, value: model.get("network"), options: Object.entries(data.networks).map(([name, card]) => [name, card.title]),
      change: (name) => { keeper.propose({ network: name, ...OWN }); },
    }),
    in_channels: number(stepper, "in_channels", 1024),
    num_classes: number(stepper, "num_classes", 65536),
    width: choice({
      label: text.width, value: 1, options: WIDTHS.map((width) => [String(width), `× ${width}`]),
      change: (width) => { keeper.propose({ width: Number(width) }); },
    }),
    input_size: number(slider, "input_size", 640),
  };
  const fit = toggle({ label: text.fit, value: model.get("fit"), change: (on) => keeper.propose({ fit: on }) });
  const totals = ["parameters", "macs", "weights", "maps"].map((key) => ({ key, value: h("b", {}), before: h("small", {}) }));
  const news = h("p", { class: "cw-ni-news", "aria-live": "polite" });
  const about = h("p", { class: "cw-note cw-ni-about" });
  const fault = h("p", { class: "cw-problem cw-ni-fault", role: "alert" });
  const drawing = lanes({ text, pick: (index) => table.select(index) });
  const keeper = keep({ model, keys: KEYS, draw });
  const settings = layerSettings({ text, editable: data.editable, sentence: keeper.sentence, offer, refuse: (range) => keeper.tell(rangeWords(range)), leave: () => table.focus() });
  const table = layerTree({ text, pick: (index, focus, item) => { choose(index, item); if (focus) settings.focus(); } });
  const button = (label, onclick) => h("button", { type: "button", onclick }, label);
  const undo = button(text.undo, () => keeper.propose({ edits: {} }));

  // A knob at the network's own value says so with null, so that the state stays short.
  function take(key, value) {
    const own = { input_size: network.shape[1], in_channels: network.shape[0], num_classes: network.num_classes }[key];
    return keeper.propose({ [key]: value === own ? null : value });
  }

  function choose(index, item) {
    if (index !== null) selected = index;
    block = item?.children ? item : null;
    drawing.select(item ? item.first : selected);
    showSettings();
  }

  function showSettings() {
    const row = view.rows[selected];
    const why = view.fault?.node.index === selected ? faultWords(text, view.fault) : text.unreached;
    settings.show(view.nodes[selected], row, why, block);
  }

  // What PyTorch would refuse to build is refused here; what it would refuse to run is told by the table.
  function offer(name, key, value) {
    const index = network.nodes.findIndex((node) => node.name === name);
    const own = base.nodes[index][key];
    const { [key]: _, ...others } = keeper.state.edits[name] ?? {};
    const changes = value === own ? others : { ...others, [key]: value };
    if (changes.kind === "AvgPool2d") delete changes.dilation; // it has none
    const { [name]: __, ...rest } = keeper.state.edits;
    const edits = Object.keys(changes).length ? { ...rest, [name]: changes } : rest;
    const next = compute(data, { ...keeper.state, edits });
    const node = next.nodes[index];
    const why = node.op === "pool" && 2 * node.padding > node.kernel_size
      ? say(text.fault_padding, { layer: name, most: Math.floor(node.kernel_size / 2) })
      : next.fault?.node.index === index && next.fault.fault === "fault_groups" && faultWords(text, next.fault);
    if (why) keeper.tell(why);
    return !why && keeper.propose({ edits });
  }

  function draw(state, before) {
    const fresh = before?.network !== state.network;
    if (fresh) {
      network = readNetwork(data, state.network);
      const first = network.nodes.findIndex((node) => state.edits[node.name]);
      selected = first >= 0 ? first : Math.max(0, network.nodes.findIndex((node) => data.editable[node.kind]));
      block = null;
    }
    const edited = Object.keys(state.edits).length > 0;
    base = inspect(network, { ...state, edits: {} });
    view = { ...(edited ? inspect(network, state) : base), network, selected };
    const fitted = edited ? rebuilt(view.rows, base.rows, state.edits) : [];
    view.marks = new Map([...fitted.map((row) => [row.node.index, "rebuilt"]), ...network.nodes.filter((node) => state.edits[node.name]).map((node) => [node.index, "edited"])]);
    setKnobs(state);
    showTotals(edited);
    wrong.textContent = "";
    fault.textContent = view.fault ? say(text.fault, { why: faultWords(text, view.fault) }) : "";
    const told = edited ? editsWords(text, state.edits, fitted, base.rows) : view.fault ? "" : text.no_edits;
    if (news.textContent !== told) news.textContent = told; // said aloud only if it is news
    undo.disabled = !edited;
    table.show(view);
    drawing.show(view);
    if (fresh) table.select(selected);
    else showSettings();
  }

  function setKnobs(state) {
    const { side, channels } = sizes(network, state);
    const values = { network: state.network, in_channels: channels, num_classes: state.num_classes ?? network.num_classes ?? view.nodes.at(-1).out_features, width: String(state.width), input_size: side };
    const widths = knobs.width.element.querySelector("select"); // Python may set one that is not on the list
    if (![...widths.options].some((option) => option.value === values.width)) widths.append(h("option", { value: values.width }, `× ${values.width}`));
    for (const [key, each] of Object.entries(knobs)) {
      each.set(values[key]);
      const fixed = !["network", "input_size"].includes(key) && !network.settings.includes(key);
      each.element.querySelectorAll("input, select, button").forEach((field) => { field.disabled = fixed; });
    }
    const always = network.settings.includes("image_size");
    fit.set(state.fit || always);
    fit.element.querySelector("input").disabled = always;
    about.textContent = [say(text.source, network), network.unlisted.length ? say(text.unlisted, { names: network.unlisted.join(", ") }) : ""].join(" ");
  }

  function showTotals(edited) {
    const shown = ({ totals: all }) => [show(all.parameters), show(all.macs), bytes(all.weights), bytes(all.memory)];
    const [now, unedited] = [shown(view), shown(base)];
    totals.forEach(({ value, before }, i) => {
      value.textContent = now[i];
      before.textContent = view.fault ? text.so_far : edited && now[i] !== unedited[i] ? say(text.unedited, { value: unedited[i] }) : "";
    });
  }

  el.append(h("section", { class: "cw", "aria-label": text.title },
    h("div", { class: "cw-knobs cw-ni-knobs" }, Object.values(knobs).map((each) => each.element)),
    h("div", { class: "cw-ni-line" }, fit.element, wrong),
    h("dl", { class: "cw-ni-totals" }, totals.map(({ key, value, before }) => h("div", {}, h("dt", {}, text[key]), h("dd", {}, value, before)))),
    drawing.element, settings.element,
    h("div", { class: "cw-ni-said" }, fault, news), table.element,
    h("div", { class: "cw-buttons" },
      button(text.unfold_all, () => table.unfold(true)), button(text.fold_all, () => table.unfold(false)),
      undo, button(text.reset, () => keeper.reset())),
    about, h("p", { class: "cw-note" }, text.table_note, " ", text.keys)));
  keeper.start();
  return () => { keeper.stop(); table.stop(); drawing.stop(); };
}

export default { render, compute, propagate, roundEven };
