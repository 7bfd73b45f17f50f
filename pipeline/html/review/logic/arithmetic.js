// Exact arithmetic with the numbers of a page, as `arithmetic.py` does it. A value is a fraction, [numerator,
// denominator] of BigInt, or EMPTY or UNKNOWN. A formula is a field, a number, or [operation, formula, formula].

const EMPTY = "empty";
const UNKNOWN = "unknown";
const isFraction = (value) => Array.isArray(value);

function fraction(top, bottom = 1n) {
  const divisor = (a, b) => (b ? divisor(b, a % b) : a);
  const common = divisor(top, bottom) || 1n;
  const sign = bottom / common < 0n ? -common : common;
  return [top / sign, bottom / sign];
}

const plus = ([a, b], [c, d]) => fraction(a * d + c * b, b * d);
const negative = ([a, b]) => [-a, b];
const minus = (one, other) => plus(one, negative(other));
const times = ([a, b], [c, d]) => fraction(a * c, b * d);
const over = ([a, b], [c, d]) => (c ? fraction(a * d, b * c) : UNKNOWN);
const compare = ([a, b], [c, d]) => Number(a * d > c * b) - Number(a * d < c * b);
const absolute = ([a, b]) => [a < 0n ? -a : a, b];
const ZERO = fraction(0n);
const DAY = fraction(24n);

const isTime = (text) => /^\s*\d+:[0-5]\d\s*$/.test(text);

// The number that a text is. A separator or a space before the last two digits, or a separator before the last one, is
// a decimal one; other spaces group three digits.
function valueOf(text) {
  const plain = text.replaceAll("'", "").trim();
  if (!plain) return EMPTY;
  if (isTime(plain)) {
    const [hours, minutes] = plain.split(":").map(BigInt);
    return fraction(60n * hours + minutes, 60n);
  }
  const [, start, ...ends] = /^(.*?)(?:[.,](\d{1,2})|\s+(\d\d))?$/s.exec(plain);
  const [head, tail] = [start.replace(/[.,]/g, ""), ends.join("")];
  if (!/^(\d*|\d{1,3}(\s\d{3})+)$/.test(head) || !(head + tail)) return UNKNOWN;
  return fraction(BigInt(head.replace(/\s/g, "") + tail), 10n ** BigInt(tail.length));
}

const decimalsOf = (text) => /(?:[.,]|\s)(\d{1,2})\s*$/.exec(text)?.[1].length ?? 0;

// What a written number may differ from the calculated one: half of this.
function unitOf(text, decimals) {
  return isTime(text) ? fraction(1n, 60n) : fraction(1n, 10n ** BigInt(Math.max(decimalsOf(text), decimals)));
}

const OPERATIONS = {
  "+": plus,
  "-": minus,
  "*": times,
  "/": over,
};

function operate(operation, a, b) {
  if (a === UNKNOWN || b === UNKNOWN) return UNKNOWN;
  const isSum = operation === "+" || operation === "-";
  if (a === EMPTY || b === EMPTY) {
    if (!isSum || a === b) return EMPTY;
    return operate(operation, a === EMPTY ? ZERO : a, b === EMPTY ? ZERO : b);
  }
  return OPERATIONS[operation](a, b);
}

const parseNumber = (number) => {
  const [whole, part = ""] = String(number).split(".");
  return fraction(BigInt(whole + part), 10n ** BigInt(part.length));
};

// The value of a formula. values(field): that of a field; values(field, true): the values of all lines.
function evaluate(formula, values) {
  if (typeof formula === "number") return parseNumber(formula);
  if (typeof formula === "string") return values(formula);
  const [operation, first, second] = formula;
  if (operation === "sum") return values(first, true).reduce((a, b) => operate("+", a, b), EMPTY);
  if (second === undefined) return operate("-", ZERO, evaluate(first, values));
  return operate(operation, evaluate(first, values), evaluate(second, values));
}

const fieldsOf = (formula) => {
  if (typeof formula === "string") return [formula];
  return Array.isArray(formula) ? formula.slice(1).flatMap(fieldsOf) : [];
};

// The value that a field must have for a formula to have this result; UNKNOWN if there is not exactly one.
function solve(formula, field, result, values) {
  if (formula === field) return result;
  if (!Array.isArray(formula)) return UNKNOWN;
  const [operation, first, second] = formula;
  if (second === undefined) return solve(first, field, negative(result), values);
  const isFirst = fieldsOf(first).includes(field);
  if (isFirst === fieldsOf(second).includes(field)) return UNKNOWN;
  const raw = evaluate(isFirst ? second : first, values);
  const other = raw === EMPTY && (operation === "+" || operation === "-") ? ZERO : raw;
  if (!isFraction(other)) return UNKNOWN;
  const part = {
    "+": () => minus(result, other),
    "-": () => (isFirst ? plus(result, other) : minus(other, result)),
    "*": () => over(result, other),
    "/": () => (isFirst ? times(result, other) : over(other, result)),
  }[operation]();
  return isFraction(part) ? solve(isFirst ? first : second, field, part, values) : UNKNOWN;
}

function roundTo(value, unit) {
  const [top, bottom] = plus(over(absolute(value), unit), [1n, 2n]);
  return times(unit, fraction((value[0] < 0n ? -1n : 1n) * (top / bottom)));
}

// A calculated number as text: with these decimals, or up to two if it is exact with them.
function writeValue(value, decimals, decimal, asTime = false) {
  if (asTime) {
    const [minutes] = roundTo(times(value, fraction(60n)), fraction(1n));
    const day = ((minutes % 1440n) + 1440n) % 1440n;
    return `${day / 60n}:${String(day % 60n).padStart(2, "0")}`;
  }
  let count = decimals;
  while (count < 2 && (value[0] * 10n ** BigInt(count)) % value[1]) count += 1;
  const unit = fraction(1n, 10n ** BigInt(count));
  if (compare(roundTo(value, unit), value)) count = decimals; // not exact with two either
  const scale = 10n ** BigInt(count);
  const [top] = times(roundTo(value, fraction(1n, scale)), fraction(scale));
  const [sign, digits] = [top < 0n ? "-" : "", String(absolute([top, 1n])[0]).padStart(count + 1, "0")];
  return count ? `${sign}${digits.slice(0, -count)}${decimal}${digits.slice(-count)}` : `${sign}${digits}`;
}

const squeeze = (text) => text.replace(/\s/g, "").replaceAll(",", ".");
const isSame = (one, other) => squeeze(one) === squeeze(other);

// The result of a formula in a line with these texts: past midnight, a day is added.
function resultOf(formula, values, texts) {
  const result = evaluate(formula, values);
  return isFraction(result) && result[0] < 0n && texts.some(isTime) ? plus(result, DAY) : result;
}

// Whether a written number is the result: "fits", "differs", "unchecked", or "nothing" if both are empty.
function judge(result, text, decimals) {
  const written = valueOf(text);
  if (result === EMPTY && written === EMPTY) return "nothing";
  if (!isFraction(result) || !isFraction(written)) return "unchecked";
  const half = times(unitOf(text, decimals), [1n, 2n]);
  return compare(absolute(minus(result, written)), half) <= 0 ? "fits" : "differs";
}

// Formulas as they are written: + - * / ( ), numbers, names of fields, sum(field).
function parseFormula(text, names) {
  const plain = text.replaceAll("×", "*").replaceAll("÷", "/").replaceAll("−", "-");
  const tokens = plain.match(/\d+(?:\.\d+)?|[\p{L}_][\p{L}\p{N}_-]*|[^\s]/gu) ?? [];
  let at = 0;
  const take = (...wanted) => (wanted.includes(tokens[at]) ? tokens[at++] : null);
  const expect = (wanted) => { if (!take(wanted)) throw new Error(`${wanted} is missing`); };
  const atom = () => {
    if (take("(")) {
      const inner = terms();
      expect(")");
      return inner;
    }
    if (take("-")) return ["-", atom()];
    const token = tokens[at++];
    if (token === undefined) throw new Error("something is missing at the end");
    if (/^\d/.test(token)) return Number(token);
    if (token === "sum" && take("(")) {
      const field = atom();
      expect(")");
      return ["sum", field];
    }
    if (!names.includes(token)) throw new Error(`${token} is no field`);
    return token;
  };
  const chain = (next, ...operations) => {
    let left = next();
    for (let found = take(...operations); found; found = take(...operations)) left = [found, left, next()];
    return left;
  };
  const factors = () => chain(atom, "*", "/");
  const terms = () => chain(factors, "+", "-");
  const formula = terms();
  if (at < tokens.length) throw new Error(`${tokens[at]} is one too many`);
  return formula;
}
