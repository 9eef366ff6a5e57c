// The settings of the chosen layer, and how each of its numbers comes about.
import { h, say } from "./dom.js";
import { choice, stepper, toggle } from "./controls.js";
import { derivations, rowTitle } from "./network_sentences.js";

// offer(layer, key, value): a wish; true if it is taken. refuse({ label, typed, min, max }) tells why a number is none.
export function layerSettings({ text, editable, sentence, offer, refuse, leave }) {
  const title = h("strong", { class: "cw-ni-title" });
  const fields = h("div", { class: "cw-knobs cw-ni-fields" });
  const how = h("dl", { class: "cw-ni-how" });
  const element = h("section", { class: "cw-ni-settings", "aria-live": "off" }, title, fields, sentence, how);
  element.addEventListener("keydown", (event) => { if (event.key === "Escape") leave(); });
  let shown = null, knobs = {};

  function knob(name, key, value, limits) {
    const label = key === "kind" ? text.pool_kind : text[key];
    const change = (wanted) => offer(name, key, wanted);
    if (key === "kind") return choice({ label, value, options: limits.map((kind) => [kind, text[kind]]), change: (kind) => { change(kind); } });
    if (typeof limits[0] === "boolean") return toggle({ label, value, change });
    const [min, max] = limits;
    return stepper({ label, value, min, max, change, refuse: (typed) => refuse({ label, min, max, typed }) });
  }

  function build(node) {
    const limits = editable[node.kind] ?? {};
    knobs = Object.fromEntries(Object.entries(limits).map(([key, range]) => [key, knob(node.name, key, node[key], range)]));
    fields.replaceChildren(...Object.values(knobs).map((each) => each.element));
    if (!Object.keys(knobs).length) fields.append(h("p", { class: "cw-note" }, text.nothing_to_set));
  }

  const focus = () => fields.querySelector("input, select")?.focus({ preventScroll: true });

  return {
    element,
    focus,
    // A row of the table, or a block of them. `node` has the settings, also where no picture reaches the layer.
    show(node, row, why, block) {
      const key = block ? block.key : `${node.index} ${node.kind}`;
      if (block) {
        title.textContent = say(text.settings_of, { layer: block.title, kind: say(text.block, { count: block.last - block.first + 1 }) });
        fields.replaceChildren(h("p", { class: "cw-note" }, say(text.block_to_set, { count: block.last - block.first + 1 })));
        how.replaceChildren();
      } else {
        title.textContent = say(text.settings_of, { layer: rowTitle({ node, name: node.name }), kind: node.kind });
        const held = fields.contains(element.getRootNode().activeElement);
        if (key !== shown) build(node);
        if (key !== shown && held) focus(); // a pooling has become another kind
        Object.entries(knobs).forEach(([name, each]) => each.set(node[name]));
        const lines = row ? derivations(text, row) : [[text.how_size, why]];
        how.replaceChildren(...lines.flatMap(([what, words]) => [h("dt", {}, what), h("dd", {}, words)]));
      }
      shown = key;
    },
  };
}
