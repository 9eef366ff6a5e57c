// What an answer to a question of a quiz is worth, and what is said about it. Facts (kind, arguments, the right options)
// come from `question`, sentences from `wording`; an answer to a number or a shape is computed.
import { say } from "./dom.js";
import { answerOf, judge, slipsOf } from "./tasks.js";
import { shown, slipHint, slipName } from "./task_view.js";
import { words } from "./quiz.words.js";

const sameList = (a, b) => a.length === b.length && a.every((each, i) => each === b[i]);
const inOrder = (options, chosen) => options.filter((each) => chosen.includes(each));

// { right, said: [sentences] }. `given` is a number, a shape, an option, a list of options or an order.
const JUDGES = {
  number: computedVerdict,
  shape: computedVerdict,
  choice({ right }, wording, given) {
    const text = words.en;
    return given === right ? { right: true, said: [text.right] }
      : { right: false, said: [text.wrong, wording.because[given], say(text.right_option, { option: wording.options[right] })] };
  },
  several({ options, right }, wording, given) {
    const text = words.en;
    if (sameList(inOrder(options, given), inOrder(options, right))) return { right: true, said: [text.right] };
    const wrongly = options.filter((each) => given.includes(each) !== right.includes(each));
    const list = inOrder(options, right).map((each) => wording.options[each]).join("; ");
    return { right: false, said: [text.wrong, say(text.right_options, { options: list }), ...wrongly.map((each) => wording.because[each])] };
  },
  order({ items }, wording, given) {
    const text = words.en;
    return sameList(items, given) ? { right: true, said: [text.right] }
      : { right: false, said: [text.wrong, say(text.right_order, { order: items.map((each) => wording.options[each]).join(" → ") })] };
  },
};

function computedVerdict({ task, args }, wording, given) {
  const text = words.en, { right, slips: [slip] } = judge(task, args, given);
  if (right) return { right, said: [text.right] };
  const said = [say(text.not_given, { given: shown(given) })];
  if (slip) said.push(say(text.looks_like, { slip: slipName(slip) }), slipHint(slip));
  else said.push(text.no_slip);
  return { right, said: [...said, say(text.it_is, { answer: shown(answerOf(task, args)) })] };
}

export function judgeAnswer(question, wording, given) {
  return JUDGES[question.kind](question, wording, given);
}

// The right answer, and answers that need as much room as any other on the screen.
export function sampleAnswers({ kind, task, args, options, right, items }) {
  if (kind === "number" || kind === "shape") return [answerOf(task, args), ...slipsOf(task, args).map(({ value }) => value)];
  if (kind === "choice") return [right, ...options.filter((each) => each !== right)];
  if (kind === "several") return [right, options.filter((each) => !right.includes(each))];
  return [items, [...items].reverse()];
}

// Whether this is a table of questions at all: a file may be missing or damaged.
export function isQuiz(data) {
  const wording = data?.words?.en;
  return Array.isArray(data?.questions) && data.questions.length > 0 && data.questions.every(({ id, kind }) =>
    kind in JUDGES && typeof wording?.[id]?.ask === "string");
}
