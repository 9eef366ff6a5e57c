// What every widget has in common: one state, the sentence about a wish that cannot be met, the way back,
// and the tie to its model, which is a Python object in Jupyter and a plain object in the page.
import { h } from "./dom.js";

// keys: the settings that make up the state. problem(next): a sentence that says why `next` is impossible, or null.
// draw(state, before): shows a state; `before` is the one shown until now, null at first.
export function keep({ model, keys, problem = () => null, draw }) {
  const read = () => Object.fromEntries(keys.map((key) => [key, model.get(key)]));
  const first = read();
  const sentence = h("p", { class: "cw-problem", role: "alert" });
  let state = null;
  let telling = false; // while several settings are handed to the model one by one

  function show(next) {
    const before = state;
    state = next;
    sentence.textContent = "";
    draw(state, before);
  }

  // Takes a changed part of the state; an impossible wish is told, and the last valid state stays.
  function propose(part) {
    const next = { ...state, ...part };
    const why = problem(next);
    if (why) {
      sentence.textContent = why;
      return false;
    }
    if (same(next, state)) return true;
    telling = true;
    keys.forEach((key) => model.set(key, next[key]));
    telling = false;
    model.save_changes();
    show(next);
    return true;
  }

  // Python has validated what comes from the kernel; a half-told change of several settings is waited for.
  function follow() {
    const next = read();
    if (!telling && !same(next, state) && !problem(next)) show(next);
  }

  keys.forEach((key) => model.on(`change:${key}`, follow));
  return {
    sentence,
    propose,
    start: () => show(first),
    reset: () => propose({ ...first }),
    tell: (why) => { sentence.textContent = why; },
    get state() { return state; },
    first,
    stop: () => keys.forEach((key) => model.off(`change:${key}`, follow)),
  };
}

// Data too large for a setting (weights, graphs, recorded runs): sent by the kernel, or a script beside the page's own.
export async function asset(model, name) {
  return model.get("_assets")?.[name] ?? model.asset(name);
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}
