// What can be said about recorded runs: plain functions of the data, without a page.
export const MARGIN = { train_loss: 0.05, val_loss: 0.05, val_accuracy: 0.02 }; // closer ends are called even

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

export function comparisonOf(data, name) {
  return data.comparisons.find((each) => each.name === name) ?? null;
}

// The longest run decides how many epochs there are to step through.
export function epochsOf(data, name) {
  return Math.max(...comparisonOf(data, name).runs.map((run) => data.runs[run].recipe.epochs));
}

// The epoch in which the loss stopped being a number, or null.
export function divergedIn(seed) {
  const at = seed.train_loss.findIndex((loss) => !isNumber(loss));
  return at < 0 ? null : at + 1;
}

// A column up to the divergence; an accuracy of a network full of NaN is no measurement.
export function curveOf(seed, column) {
  const end = divergedIn(seed);
  return end === null ? seed[column] : seed[column].slice(0, end - 1);
}

// What a run shows in one epoch: a number, "diverged", or null where it has ended.
export function valueAt(seed, column, epoch) {
  const end = divergedIn(seed);
  if (end !== null && epoch >= end) return "diverged";
  return seed[column][epoch - 1] ?? null;
}

// Where a run ends: the lowest and the highest end of its seeds (null if all diverged), and how many diverged.
export function endOf(run, column) {
  const ends = run.seeds.filter((seed) => divergedIn(seed) === null).map((seed) => seed[column].at(-1));
  const [low, high] = ends.length ? [Math.min(...ends), Math.max(...ends)] : [null, null];
  return { low, high, diverged: run.seeds.length - ends.length, seeds: run.seeds.length };
}

// The seeds' ends as costs, lowest best, and infinite for a seed that diverged.
function costsOf(run, column) {
  const sign = column.endsWith("loss") ? 1 : -1;
  const costs = run.seeds.map((seed) => (divergedIn(seed) === null ? sign * seed[column].at(-1) : Infinity));
  return { mean: costs.reduce((sum, cost) => sum + cost, 0) / costs.length, best: Math.min(...costs), worst: Math.max(...costs) };
}

// How much better one run ends than another: positive, negative, or 0 where they are even.
export function lead(one, other, column) {
  const [a, b] = [costsOf(one, column), costsOf(other, column)];
  const overlap = a.best <= b.worst && b.best <= a.worst;
  return overlap || Math.abs(b.mean - a.mean) < MARGIN[column] ? 0 : b.mean - a.mean;
}

// Judges an order, best first: all pairs, how many stand right, how many of those were even, and the widest slip.
export function score(data, name, order) {
  const { asks } = comparisonOf(data, name);
  const verdict = { pairs: 0, right: 0, even: 0, slip: null };
  let widest = 0;
  order.forEach((upper, i) => order.slice(i + 1).forEach((lower) => {
    const by = lead(data.runs[upper], data.runs[lower], asks);
    verdict.pairs += 1;
    verdict.right += by >= 0 ? 1 : 0;
    verdict.even += by === 0 ? 1 : 0;
    if (-by > widest) {
      widest = -by;
      verdict.slip = { upper, lower };
    }
  }));
  return verdict;
}

// How far a drawn curve is from the recorded one: on average, and at the end (positive: drawn too high).
export function sketchError(drawn, curve) {
  const errors = drawn.map((value, i) => (isNumber(value) && isNumber(curve[i]) ? value - curve[i] : null));
  const known = errors.filter(isNumber);
  if (!known.length) return null;
  return { mean: known.reduce((sum, error) => sum + Math.abs(error), 0) / known.length, end: errors.at(-1) ?? null };
}
