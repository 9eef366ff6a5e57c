// What is too wide for the window scrolls inside itself; then it must be reachable by keyboard, and only then.
window.addEventListener("DOMContentLoaded", () => {
  const places = document.querySelectorAll("article :is(div.math, pre, table, .cnnlib-figure-box, .pst-scrollable-table-container)");
  const look = ({ target: place }) => {
    const scrolls = place.scrollWidth > place.clientWidth + 1 && getComputedStyle(place).overflowX !== "visible";
    if (scrolls && !place.hasAttribute("tabindex")) {
      place.tabIndex = 0;
      place.dataset.scrolls = "";
    } else if (!scrolls && "scrolls" in place.dataset) {
      place.removeAttribute("tabindex");
      delete place.dataset.scrolls;
    }
  };
  const observer = new ResizeObserver((changes) => changes.forEach(look));
  places.forEach((place) => observer.observe(place));
});
