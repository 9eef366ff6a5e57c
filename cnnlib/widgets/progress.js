// What the reader has done, kept by the browser and nowhere else: one plain JSON object under one key, so that a page
// of the book can show, save and bring back all of it.
//
//   { "version": 1,
//     "drills":  { "<topic>":   { "answered": 12, "solved": 9, "streak": 3, "best": 5, "slips": { "<slip>": 2 } } },
//     "quizzes": { "<chapter>": { "taken": 2, "last": 5, "best": 6, "of": 7 } } }
//
// `solved` counts questions answered right within two tries, `streak` those in a row until now. Other keys are left
// alone, and so is a record of a later version.
export const PROGRESS_KEY = "cnnlib-progress";
const PROGRESS_VERSION = 1;

// The record; null where the browser keeps nothing (private windows, some browsers on file://).
export function readProgress() {
  try {
    const kept = parsed(window.localStorage.getItem(PROGRESS_KEY));
    return kept.version > PROGRESS_VERSION ? null : { ...kept, version: PROGRESS_VERSION, drills: { ...kept.drills }, quizzes: { ...kept.quizzes } };
  } catch {
    return null;
  }
}

// Changes the record by `change(record)`, reading it anew, since other widgets write into it too. False if nothing is kept.
export function changeProgress(change) {
  const record = readProgress();
  if (!record) return false;
  change(record);
  try {
    window.localStorage.setItem(PROGRESS_KEY, JSON.stringify(record));
    return true;
  } catch {
    return false;
  }
}

// What is kept of one drill, whatever somebody made of it.
export function drillRecord(kept) {
  const tidy = Object.fromEntries(["answered", "solved", "streak", "best"].map((key) => [key, countIn(kept?.[key])]));
  const slips = Object.entries(kept?.slips ?? {}).map(([slip, times]) => [slip, countIn(times)]);
  return { ...tidy, slips: Object.fromEntries(slips) };
}

export function countIn(value) {
  return Number.isInteger(value) && value > 0 ? value : 0;
}

function parsed(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" && !Array.isArray(value) ? value : {};
  } catch {
    return {}; // damaged: begin anew
  }
}
