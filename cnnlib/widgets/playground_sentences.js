// How one number of the map comes about, in words.
import { h, say, show } from "./dom.js";

export function sentences(text, { relu, pooling }, { taps, sums, conv, pool, value }, y, x) {
  const lines = [h("b", {}, `${say(text.at, { y, x })}: ${short(value, 3)}`)];
  if (sums.length === 3) {
    const [r, g, b] = [short(sums[0], 3), inBrackets(sums[1], 3), inBrackets(sums[2], 3)];
    lines.push(say(text.channels_sum, { r, g, b, sum: short(conv, 3) }));
  } else if (taps[0].length <= 9) {
    const products = taps[0].map(({ pixel, weight }) => `${short(pixel ?? 0)}·${inBrackets(weight)}`).join(" + ");
    lines.push(say(text.products, { products, sum: short(conv, 3) }));
  } else lines.push(say(text.products_more, { n: taps[0].length, sum: short(conv, 3) }));
  if (relu) lines.push(say(conv > 0 ? text.relu_keeps : text.relu_cuts, { value: short(conv, 3) }));
  if (pool) lines.push(say(text[`pool_${pooling}`], { values: pool.map((each) => short(each, 3)).join(", "), value: short(value, 3) }));
  return lines.map((line) => h("p", {}, line));
}

// A rounded number, never −0.
export function short(value, digits = 2) {
  return show(Number(value.toFixed(digits)) || 0);
}

function inBrackets(value, digits = 2) {
  return Number(value.toFixed(digits)) < 0 ? `(${short(value, digits)})` : short(value, digits);
}
