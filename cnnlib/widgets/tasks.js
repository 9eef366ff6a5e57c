// Every question with a number for an answer: computed, compared with what common slips would give, explained.
import { sizeTasks } from "./task_sizes.js";
import { costTasks } from "./task_costs.js";
import { stackTasks } from "./task_stacks.js";
import { countTasks } from "./task_counts.js";

export const TASKS = { ...sizeTasks, ...costTasks, ...stackTasks, ...countTasks };

export function answerOf(task, args) {
  return TASKS[task].answer(args);
}

// The slips that show: those that do not give the right answer, most likely first. [{ name, value }, …]
export function slipsOf(task, args) {
  const right = answerOf(task, args);
  const shows = (value) => (Array.isArray(right)
    ? Array.isArray(value) && value.every((each) => each >= 1) && !agrees(value, right)
    : Number.isFinite(value) && value >= 0 && Math.abs(value - right) > 1e-9);
  return TASKS[task].slips(args).filter((slip) => slip && shows(slip[1])).map(([name, value]) => ({ name, value }));
}

// What an answer shows: right or not, and the names of the slips that give just this number.
export function judge(task, args, given) {
  if (agrees(given, answerOf(task, args))) return { right: true, slips: [] };
  return { right: false, slips: slipsOf(task, args).filter(({ value }) => agrees(given, value)).map(({ name }) => name) };
}

// The worked answer: [key of a sentence, its numbers], step by step; the last one holds the answer.
export function stepsOf(task, args) {
  return TASKS[task].steps(args);
}

// Whole numbers must agree exactly; of a broken one (a floor forgotten) a reader types some decimals.
function agrees(given, value) {
  if (Array.isArray(value)) return value.length === given?.length && value.every((each, i) => each === given[i]);
  return Number.isInteger(value) ? Math.abs(given - value) < 1e-9 : !Number.isInteger(given) && Math.abs(given - value) < 0.051;
}
