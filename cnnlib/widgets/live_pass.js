// One pass of the live network, without anything to see: from the pad to the picture, from the picture to the scores.
import { forward, softmax, prepare } from "./forward.js";
import { greyOf, shrink, fitInk } from "./picture_fit.js";

const FITS = { digits: { box: 20, centre: "mass" }, clothes: { box: 28, centre: "box" } }; // colour pictures are not moved

// What kind of picture a network takes.
export function familyOf({ input, classes }) {
  if (input.channels === 3) return "colours";
  return classes.join("") === "0123456789" ? "digits" : "clothes";
}

// From the pad (RGBA, side×side) to the network's picture.
export function pictureFrom(rgba, side, { input, classes }, centred) {
  const out = input.rows;
  if (input.channels === 3) return Uint8Array.from([0, 1, 2].flatMap((channel) => [...shrink(rgba, side, out, channel, 4)]));
  const fit = FITS[familyOf({ input, classes })];
  return centred ? fitInk(greyOf(rgba), side, { out, ...fit }) : shrink(greyOf(rgba), side, out);
}

// The pass itself: bytes in, all maps and the scores out.
export function compute(net, bytes) {
  const x = prepare(net, bytes);
  const maps = forward(net, x);
  return { x, maps, scores: softmax(maps[maps.length - 1].values) };
}
