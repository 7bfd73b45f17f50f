// Exact arithmetic with the numbers of a page, as `arithmetic.py` does it. A value is a fraction, [numerator,
// denominator] of BigInt, or EMPTY or UNKNOWN.

const EMPTY = "empty";
const UNKNOWN = "unknown";
const isFraction = (value) => Array.isArray(value);

function fraction(top, bottom = 1n) {
  const divisor = (a, b) => (b ? divisor(b, a % b) : a);
  const common = divisor(top, bottom) || 1n;
  const sign = bottom / common < 0n ? -common : common;
  return [top / sign, bottom / sign];
}

const plus = ([a, b], [c, d]) => (b === d ? [a + c, b] : fraction(a * d + c * b, b * d)); // reduced where it is shown
const negative = ([a, b]) => [-a, b];
const minus = (one, other) => plus(one, negative(other));
const times = ([a, b], [c, d]) => fraction(a * c, b * d);
const over = ([a, b], [c, d]) => (c ? fraction(a * d, b * c) : UNKNOWN);
const compare = ([a, b], [c, d]) => Number(a * d > c * b) - Number(a * d < c * b);
const absolute = ([a, b]) => [a < 0n ? -a : a, b];
const ZERO = fraction(0n);
const DAY = fraction(24n);

const TIME = /^(\d{1,3}):([0-5]\d)$/;
const MINUTE = fraction(1n, 60n);

// The number that a text is, and the value of its last digit; UNKNOWN if it is not one number. A separator or a space
// before the last two digits, or a separator before the last one, is a decimal one; other spaces group three digits. A
// minus is not read, but a person may type it.
function readAmount(text) {
  const plain = text.replaceAll("'", "").trim();
  if (/^-\d/.test(plain)) {
    const { value, unit } = readAmount(plain.slice(1));
    return value ? { value: negative(value), unit } : UNKNOWN;
  }
  const [, hours, minutes] = TIME.exec(plain) ?? [];
  if (hours) return { value: fraction(60n * BigInt(hours) + BigInt(minutes), 60n), unit: MINUTE };
  const [, start, ...ends] = /^(.*?)(?:[.,](\d{1,2})|\s+(\d\d))?$/s.exec(plain);
  const [head, tail] = [start.replace(/[.,]/g, ""), ends.join("")];
  if (!/^(\d*|\d{1,3}(\s\d{3})+)$/.test(head) || !(head + tail)) return UNKNOWN;
  const unit = fraction(1n, 10n ** BigInt(tail.length));
  return { value: times(unit, fraction(BigInt(head.replace(/\s/g, "") + tail))), unit };
}

const isTime = (text) => readAmount(text).unit === MINUTE;
const valueOf = (text) => (text.trim() ? (readAmount(text).value ?? UNKNOWN) : EMPTY);

// What a written number may differ from the calculated one: half of this. usual: unit of most numbers of its field.
function unitOf(text, usual) {
  const { unit } = text ? readAmount(text) : {};
  if (!unit) return usual;
  return unit === MINUTE || compare(unit, usual) < 0 ? unit : usual;
}

const OPERATIONS = { "+": plus, "-": minus, "*": times, "/": over };

function operate(operation, a, b) {
  if (a === UNKNOWN || b === UNKNOWN) return UNKNOWN;
  const isSum = operation === "+" || operation === "-";
  if (a === EMPTY || b === EMPTY) {
    if (!isSum || a === b) return EMPTY;
    return operate(operation, a === EMPTY ? ZERO : a, b === EMPTY ? ZERO : b);
  }
  return OPERATIONS[operation](a, b);
}

function parseFraction(text) {
  const [top, bottom = "1"] = text.split("/");
  return fraction(BigInt(top), BigInt(bottom));
}

// The value of a formula: ["field", name], ["sum", name], ["number", "n/d"], ["negative", formula], or [sign, formula,
// formula]. values(name): that of a field; values(name, true): those of all lines.
function evaluate(formula, values) {
  const [kind, first, second] = formula;
  if (kind === "number") return parseFraction(first);
  if (kind === "field") return values(first);
  if (kind === "sum") return values(first, true).reduce((a, b) => operate("+", a, b), EMPTY);
  const part = evaluate(first, values);
  if (kind === "negative") return isFraction(part) ? negative(part) : part;
  return operate(kind, part, evaluate(second, values));
}

const fieldsOf = ([kind, first, second]) => {
  if (kind === "number") return [];
  return kind === "field" || kind === "sum" ? [first] : [first, second].filter(Boolean).flatMap(fieldsOf);
};

// A number as text, rounded half up to its unit.
function writeAmount(value, unit, decimal) {
  const [top, bottom] = plus(over(value, unit), [1n, 2n]);
  const units = top / bottom - BigInt(top % bottom < 0n);
  const [sign, digits] = units < 0n ? ["-", String(-units)] : ["", String(units)];
  if (!compare(unit, MINUTE)) return `${sign}${BigInt(digits) / 60n}:${String(BigInt(digits) % 60n).padStart(2, "0")}`;
  const count = String(unit[1]).length - 1;
  const whole = digits.padStart(count + 1, "0");
  return count ? `${sign}${whole.slice(0, -count)}${decimal}${whole.slice(-count)}` : `${sign}${whole}`;
}

// A calculated number that is not rounded: in this unit, a smaller one, or a minute if it is of times. One that has no
// end, such as 8 / 3, has four decimals.
function writeResult(value, unit, decimal, isClock) {
  const decimals = [0n, 1n, 2n, 3n, 4n].map((count) => fraction(1n, 10n ** count));
  const units = compare(unit, MINUTE) ? decimals.filter((each) => compare(each, unit) <= 0) : [unit];
  const tried = [...units.slice(0, 3), ...(isClock ? [MINUTE] : []), ...units];
  return writeAmount(value, tried.find((each) => over(value, each)[1] === 1n) ?? units.at(-1), decimal);
}

// An amount with this decimal separator; the other one groups its digits. Other texts stay as they are.
function replaceDecimal(text, decimal) {
  const found = /^(-?\d+|-?\d{1,3}(?:[.,' ]\d{3})+)([.,])(\d{1,2})$/.exec(text);
  if (!found || found[2] === decimal) return text;
  return `${found[1].replaceAll(decimal, decimal === "." ? "," : ".")}${decimal}${found[3]}`;
}

// A number as the table writes it, given the pattern of its field: as `write_amount` of `amounts.py` does it.
function writeNumber(text, decimal, pattern = decimal) {
  const named = pattern.replace(/\(\?:|\{[\d,]*\}/g, ""); // without signs that stand for no separator
  const clock = /(?<!\S)(\d{1,2})[.,]([0-5]\d)(?!\S)/g;
  const written = named.includes(":") ? text.replace(clock, "$1:$2") : text;
  return named.includes(decimal) ? replaceDecimal(written, decimal) : written;
}

const squeeze = (text) => text.replace(/\s/g, "").replaceAll(",", ".");
const isSame = (one, other) => squeeze(one) === squeeze(other);

// The result of a formula in a line with these texts: past midnight, a day is added.
function resultOf(formula, values, texts) {
  const result = evaluate(formula, values);
  return isFraction(result) && result[0] < 0n && texts.some(isTime) ? plus(result, DAY) : result;
}

// Whether a written number is the result: "fits", "differs", "unchecked", or "nothing" if both are empty. It may
// lack the minus of the result. others: texts that the result follows from; no digit of them remains uncompared. Where
// results are rounded, none fits: a number differs, also when it is rounded, or is unchecked. count: how many other
// numbers one that fits could be, as far as it was compared.
function judge(result, text, others, { unit, rounds }) {
  const written = valueOf(text);
  if (result === EMPTY && written === EMPTY) return { state: "nothing" };
  if (!isFraction(result) || !isFraction(written)) return { state: "unchecked" };
  const finer = (one, each) => (each && compare(each, one) < 0 ? each : one);
  const units = rounds ? [] : others.map((each) => readAmount(each).unit);
  const finest = units.reduce(finer, unitOf(text, parseFraction(unit)));
  const isClose = (each) => compare(absolute(minus(each, written)), times(finest, [1n, 2n])) <= 0;
  if (!isClose(result) && !isClose(absolute(result))) return { state: "differs" };
  const [top, bottom] = over(readAmount(text).unit, finest);
  const count = (10 ** text.replace(/\D/g, "").length * Number(top)) / Number(bottom);
  return rounds ? { state: "unchecked" } : { state: "fits", count };
}

// Formulas as they are written: + - * / ( ), numbers, names of fields, and with `hasSums` sum(name).
function parseFormula(text, names, hasSums = true) {
  if (text.length > KNOWN.mostCharacters) throw new Error(`it has more than ${KNOWN.mostCharacters} characters`);
  const tokens = splitFormula(text, names, hasSums);
  let at = 0;
  const take = (...wanted) => (wanted.includes(tokens[at]?.[0]) ? tokens[at++][0] : "");
  const part = () => {
    if (take("(")) {
      const inner = terms();
      if (!take(")")) throw new Error(") is missing");
      return inner;
    }
    if (take("-")) return ["negative", part()];
    const token = tokens[at++];
    if (!token) throw new Error("it ends too early");
    if (token.length < 2) throw new Error(`${token[0]} cannot stand there`);
    return token;
  };
  const chain = (next, ...signs) => {
    let left = next();
    for (let sign = take(...signs); sign; sign = take(...signs)) left = [sign, left, next()];
    return left;
  };
  const factors = () => chain(part, "*", "/");
  const terms = () => chain(factors, "+", "-");
  const formula = terms();
  if (at < tokens.length) throw new Error(`nothing can precede ${tokens[at].at(-1)} there`);
  return formula;
}

// The parts of a formula: fields, numbers and sums as in a tree, and signs alone. Of two names, the longer one counts.
function splitFormula(text, names, hasSums) {
  const sorted = [...names].sort((a, b) => b.length - a.length);
  const isWord = /[\p{L}\p{N}_]/u;
  const begins = (rest) =>
    sorted.find((name) => rest.startsWith(name) && !(isWord.test(name.at(-1)) && isWord.test(rest[name.length] ?? "")));
  const tokens = [];
  let rest = text.trimStart();
  const skip = (count) => {
    rest = rest.slice(count).trimStart();
  };
  while (rest) {
    const sum = /^sum\s*\(/.exec(rest);
    const number = /^\d+(\.\d+)?/.exec(rest);
    const name = begins(rest);
    if (sum) {
      if (!hasSums) throw new Error("sum(NAME) is only for a field that holds one number");
      skip(sum[0].length);
      const field = begins(rest);
      if (!field) throw new Error("sum( needs one field");
      skip(field.length);
      if (rest[0] !== ")") throw new Error(") is missing");
      skip(1);
      tokens.push(["sum", field]);
    } else if (number) {
      const [whole, decimals = ""] = number[0].split(".");
      const value = fraction(BigInt(whole + decimals), 10n ** BigInt(decimals.length));
      tokens.push(["number", value[1] === 1n ? String(value[0]) : value.join("/")]);
      skip(number[0].length);
    } else if (name) {
      tokens.push(["field", name]);
      skip(name.length);
    } else if ("+-*/()".includes(rest[0])) {
      tokens.push([rest[0]]);
      skip(1);
    } else throw new Error(`${/^[^+*/()]*/.exec(rest)[0].trim()} is not a field`);
  }
  return tokens;
}
