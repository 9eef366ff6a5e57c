// Shows a term's definition beside it: when it is pointed at, reached with the keyboard, or tapped. The definitions stand
// hidden at the end of the page (book/_ext/term_hints.py). Escape, a move away or a tap elsewhere closes them.
(() => {
  "use strict";
  const LINGER = 200; // milliseconds in which the pointer can move from the word onto its definition
  const EDGE = 8; // pixels left free at the sides of the screen
  let open = null; // { link, box }
  let timer = 0;
  let touched = false; // whether the last press was a finger's: a tap shows, a second tap follows the link

  const boxOf = (link) => document.getElementById(link.getAttribute("aria-describedby"));

  function show(link) {
    clearTimeout(timer);
    if (open?.link === link) return;
    hide();
    const box = boxOf(link);
    if (!box) return;
    box.hidden = false;
    place(link, box);
    open = { link, box };
  }

  function place(link, box) {
    const line = link.getClientRects()[0]; // of a term that goes on in the next line, its first half
    const home = box.offsetParent.getBoundingClientRect();
    const width = document.documentElement.clientWidth;
    const left = Math.max(EDGE, Math.min(line.left, width - box.offsetWidth - EDGE));
    const below = line.bottom + box.offsetHeight + EDGE < window.innerHeight || line.top < box.offsetHeight + EDGE;
    box.style.left = `${left - home.left}px`;
    box.style.top = `${(below ? line.bottom + 4 : line.top - box.offsetHeight - 4) - home.top}px`;
  }

  function hide() {
    clearTimeout(timer);
    if (open) open.box.hidden = true;
    open = null;
  }

  const hideSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(hide, LINGER);
  };

  document.addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch";
    if (open && !open.box.contains(event.target) && !open.link.contains(event.target)) hide();
  });
  document.addEventListener("keydown", (event) => {
    touched = false;
    if (event.key === "Escape") hide();
  });
  window.addEventListener("resize", hide);

  for (const link of document.querySelectorAll("a.term-hint")) {
    link.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && show(link));
    link.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && hideSoon());
    link.addEventListener("focus", () => !touched && show(link));
    link.addEventListener("blur", hide);
    link.addEventListener("click", (event) => {
      if (!touched || open?.link === link) return;
      event.preventDefault();
      show(link);
    });
    boxOf(link)?.addEventListener("pointerenter", () => clearTimeout(timer));
    boxOf(link)?.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && hideSoon());
  }
})();
