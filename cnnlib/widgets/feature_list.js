// Things to choose one from, by pointer or with the arrow keys: the layers as a list, the maps of a layer as a grid.
import { h } from "./dom.js";

// across(): how many stand in a line, for the arrows up and down.
export function picker({ label, className, choose, across = () => 1 }) {
  const element = h("div", { class: className, role: "listbox", "aria-label": label, onkeydown: press });
  let items = [], chosen = 0;

  function fill(contents) {
    items = contents.map((content, i) => h("div", { role: "option", class: "cw-fm-option", onclick: () => choose(i) }, content));
    element.replaceChildren(...items);
  }

  function press(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across(), ArrowUp: -across(), Home: -items.length, End: items.length }[event.key];
    if (!step) return;
    event.preventDefault();
    choose(Math.max(0, Math.min(items.length - 1, chosen + step)));
    items[chosen].focus();
  }

  function set(next) {
    if (next === chosen && items[next].tabIndex === 0) return;
    chosen = next;
    items.forEach((item, i) => {
      item.setAttribute("aria-selected", i === chosen);
      item.tabIndex = i === chosen ? 0 : -1;
    });
    const { offsetTop, offsetHeight } = items[chosen]; // scrolled inside the list only, never the page
    const low = offsetTop + offsetHeight - element.clientHeight;
    if (element.scrollTop > offsetTop - 4) element.scrollTop = offsetTop - 4;
    else if (element.scrollTop < low + 4) element.scrollTop = low + 4;
  }

  return { element, fill, set, items: () => items };
}
