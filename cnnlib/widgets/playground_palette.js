// The filters of a trained network's first layer, to choose from.
import { h, say } from "./dom.js";
import { paintColour, paintSigned } from "./signed.js";

// A row of small pictures: one filter is chosen, by pointer or with the arrow keys.
export function palette({ text, change }) {
  const element = h("div", { class: "cw-kp-palette", role: "radiogroup", "aria-label": text.filters });
  let filters = null, buttons = [];

  function build() {
    buttons = filters.map((planes, i) => {
      const canvas = h("canvas", {});
      paintFilter(canvas, planes);
      return h("button", {
        type: "button", role: "radio", "aria-label": say(text.filter_alt, { i }),
        onclick: () => change(i),
        onkeydown: (event) => {
          const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
          if (!by) return;
          event.preventDefault();
          const next = (i + by + filters.length) % filters.length;
          change(next);
          buttons[next].focus();
        },
      }, canvas);
    });
    element.replaceChildren(...buttons);
  }

  function draw(next, chosen) {
    if (next !== filters) { filters = next; build(); }
    buttons.forEach((button, i) => {
      button.setAttribute("aria-checked", i === chosen);
      button.tabIndex = i === chosen ? 0 : -1;
    });
  }
  return { element, draw };
}

// A plane by its signs; three planes as a colour picture, in which grey stands for zero.
function paintFilter(canvas, planes) {
  const k = planes[0].length;
  const top = Math.max(...planes.flat(2).map(Math.abs));
  if (planes.length === 1) paintSigned(canvas, k, k, planes[0].flat(), top);
  else paintColour(canvas, k, k, planes.map((plane) => plane.flat().map((weight) => 0.5 + weight / (2 * top))));
}
