// Whatever is wider than the page scrolls inside itself. One who uses the keyboard must be able to get there first: each
// such table, formula or figure is a stop of the Tab key, for as long as it has something to scroll.
(() => {
  "use strict";
  const WIDE = ".bd-article :is(table, div.math, pre, .cnnlib-figure-box, .pst-scrollable-table-container)";

  function update(box) {
    const scrolls = box.scrollWidth > box.clientWidth + 1;
    const inside = box.querySelector("a[href]:not(.headerlink), button, input, [tabindex]");
    if (scrolls && !inside) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }

  const observer = new ResizeObserver((changes) => changes.forEach((change) => update(change.target)));
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(WIDE).forEach((box) => observer.observe(box)));
})();
