// What the prediction was worth, in words.
import { say } from "./dom.js";
import { comparisonOf, curveOf, divergedIn, endOf, score, sketchError } from "./training_data.js";
import { joined } from "./training_sketch.js";

const numberWords = (column, value) => (column.endsWith("accuracy") ? (100 * value).toFixed(1) : value.toFixed(3));
const withUnit = (text, column, words) => (column.endsWith("accuracy") ? say(text.percent, { value: words }) : words);

export function valueWords(text, column, value) {
  return value === null ? text.diverged : withUnit(text, column, numberWords(column, value));
}

// Where the seeds of a run ended: one number, or from where to where, and how many of them diverged.
export function endWords(text, run, column) {
  const { low, high, diverged, seeds } = endOf(run, column);
  if (low === null) return text.diverged;
  const [from, to] = [low, high].map((value) => numberWords(column, value));
  const range = withUnit(text, column, from === to ? from : say(text.range, { low: from, high: to }));
  return diverged ? say(text.range_diverged, { range, diverged, seeds }) : range;
}

// guess: { order, sketch: { run, values } }. Sentences for the order and, if there is one, for the drawing.
export function verdictOf({ text, data, name, guess, label }) {
  const { asks } = comparisonOf(data, name);
  const { pairs, right, even, slip } = score(data, name, guess.order);
  const said = [say(right === pairs ? text.all_right : text.some_right, { right, pairs })];
  if (even) said.push(say(text[`even_${asks}`], { even }));
  if (slip) {
    said.push(say(text.slip, {
      upper: label(slip.upper), lower: label(slip.lower), what: text[asks],
      upper_end: endWords(text, data.runs[slip.upper], asks), lower_end: endWords(text, data.runs[slip.lower], asks),
    }));
  }
  return [...said, ...sketchWords({ text, data, asks, guess, label })];
}

function sketchWords({ text, data, asks, guess, label }) {
  const { run, values } = guess.sketch;
  if (values.every((value) => value === null)) return [];
  const [seed] = data.runs[run].seeds;
  const error = sketchError(joined(values), curveOf(seed, asks));
  if (!error) return [say(divergedIn(seed) === null ? text.sketch_short : text.sketch_diverged, { run: label(run) })];
  const size = (value) => (asks.endsWith("accuracy") ? say(text.points, { value: (100 * Math.abs(value)).toFixed(0) }) : Math.abs(value).toFixed(2));
  const said = [say(text.sketch_mean, { run: label(run), mean: size(error.mean) })];
  if (error.end !== null) said.push(say(error.end > 0 ? text.sketch_high : text.sketch_low, { end: size(error.end) }));
  return said;
}
