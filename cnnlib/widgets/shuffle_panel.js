// The other experiment: the network is trained on ordinary pictures, and only the picture it is asked about is shuffled.
import { h } from "./dom.js";
import { seeded } from "./seeded.js";
import { pictureView } from "./picture_view.js";
import { scoreBars } from "./score_bars.js";

// A fixed order of all pixels, the same on every machine and for every picture.
export function shuffledOrder(cells, seed = 501) {
  return seeded("test time", cells, seed).shuffled(Array.from({ length: cells }, (_, i) => i));
}

// Pixel i becomes the old pixel order[i], in each channel alike.
export function shuffled(bytes, order) {
  return bytes.map((_, i) => bytes[i - (i % order.length) + order[i % order.length]]);
}

export function shufflePanel({ text }) {
  const view = pictureView({ caption: text.shuffled_picture, label: text.shuffled_picture });
  const bars = scoreBars({ text, label: text.shuffled_scores });
  const note = h("p", {});
  const element = h("div", { class: "cw-live-shuffle" },
    h("div", { class: "cw-live-label" }, text.shuffle_label),
    h("div", { class: "cw-live-pair" }, view.element, h("div", {}, h("p", { class: "cw-live-heading" }, text.shuffled_scores), bars.table)), note);
  return {
    element, name: bars.name, stop: bars.stop,
    show({ rgba, rows, classes, scores, permuted }) {
      view.paint(rgba, rows, rows);
      bars.show(classes, scores);
      note.textContent = permuted ? text.shuffle_permuted : text.shuffle_note;
    },
  };
}
