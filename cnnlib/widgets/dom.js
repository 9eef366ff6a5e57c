// Makes elements. Listeners sit on the widget's own elements only, so they go when the element goes.
const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null));
  return element;
}

// An HTML element: h("button", { type: "button", onclick: play }, "Play").
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

// An SVG element.
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// Fills the places of a sentence: say("{a} of {b}", { a: 1, b: 2 }).
export function say(sentence, values = {}) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// A number as people read it: thousands apart, a true minus sign, at most three decimals.
const AS_READ = new Intl.NumberFormat("en", { maximumFractionDigits: 3 }); // made once: making it is what takes time

export function show(value) {
  const rounded = Math.round(value * 1000) / 1000;
  return AS_READ.format(rounded).replace("-", "−");
}
