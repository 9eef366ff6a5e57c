// Reads what people type for a number: 3640, 3,640, 3 640, ３６４０, or a sum such as 10 * (3 * 11² + 1).
// Gives { value } or { why }, where `why` is the key of a sentence.
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const NUMBER = /^(?:\d{1,3}(?:[ ,'’_]\d{3})+(?!\d)|\d+)(?:\.\d+)?/;
const SIGNS = { "×": "*", "·": "*", "⋅": "*", "∗": "*", "•": "*", "−": "-", "–": "-", "÷": "/" };

export function readNumber(typed) {
  const text = [...typed].map((letter) => (RAISED.includes(letter) ? `^${RAISED.indexOf(letter)}` : letter)).join("")
    .normalize("NFKC").replace(/[×·⋅∗•−–÷]/g, (sign) => SIGNS[sign]).replace(/(\d[\s)]*)[xX](?=[\s(]*\d)/g, "$1*").trim();
  if (!text) return { why: "number_empty" };
  if (/\p{L}/u.test(text)) return { why: "number_letters" };
  const tokens = tokensOf(text);
  if (typeof tokens === "string") return { why: tokens };
  const value = valueOf(tokens);
  if (value === null) return { why: "number_sum" };
  if (value < 0) return { why: "number_negative" };
  if (value > Number.MAX_SAFE_INTEGER) return { why: "number_large" };
  return { value };
}

// Numbers and signs in a row; or the key of the sentence about what is wrong.
function tokensOf(text) {
  const tokens = [];
  for (let rest = text; rest; rest = rest.trimStart()) {
    const number = NUMBER.exec(rest)?.[0];
    if (number) {
      if (typeof tokens.at(-1) === "number") return "number_grouping";
      tokens.push(Number(number.replace(/[ ,'’_]/g, "")));
    } else if ("+-*/^()".includes(rest[0])) tokens.push(rest[0]);
    else return ",.'’_".includes(rest[0]) ? "number_grouping" : "number_sum";
    rest = rest.slice(number?.length ?? 1);
  }
  return tokens;
}

// The value of a sum by the usual rules, or null if it is none.
function valueOf(tokens) {
  let at = 0;
  const takes = (signs) => signs.includes(tokens[at]) && tokens[at++];

  function single() {
    if (takes(["-"])) return -single();
    if (takes(["("])) {
      const inner = sum();
      return takes([")"]) ? inner : NaN;
    }
    return typeof tokens[at] === "number" ? tokens[at++] : NaN;
  }
  function power() {
    const base = single();
    return takes(["^"]) ? base ** single() : base;
  }
  function product() {
    let value = power();
    for (let sign; (sign = takes(["*", "/"])); ) value = sign === "*" ? value * power() : value / power();
    return value;
  }
  function sum() {
    let value = product();
    for (let sign; (sign = takes(["+", "-"])); ) value = sign === "+" ? value + product() : value - product();
    return value;
  }

  const value = sum();
  return at === tokens.length && Number.isFinite(value) ? Number(value.toPrecision(15)) : null;
}
