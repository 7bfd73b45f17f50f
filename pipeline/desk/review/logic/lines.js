// Lines and totals of a page: what they say of each reading, whether they add up, and which number mends them.

const CLOSE = 2; // digits in which a calculated number may differ from what was read

function groupLines(page) {
  const lines = new Map();
  for (const number of page.numbers) {
    if (!isThere(number) && !needsText(number)) continue;
    if (!number.line || page.pile.fields[number.field]?.holds !== "lines") continue;
    if (!lines.has(number.line)) lines.set(number.line, new Map());
    lines.get(number.line).set(number.field, number);
  }
  return new Map([...lines].sort(([a], [b]) => a - b));
}

const textIn = (number, changes) => changes?.get(number) ?? number.text;
const valueIn = (number, changes) => {
  const text = textIn(number, changes);
  return needsText(number) && !changes?.has(number) ? UNKNOWN : valueOf(text);
};

// What each field is in a line, or on the page. changes: other texts, by number.
function valuesIn(page, cells, changes) {
  return (field, all = false) => {
    if (!all && cells?.has(field)) return valueIn(cells.get(field), changes);
    const own = page.byField.get(field) ?? [];
    if (!all) return page.pile.fields[field]?.holds === "lines" || !own.length ? EMPTY : valueIn(own[0], changes);
    if (page.pile.fields[field]?.holds !== "many") return own.map((number) => valueIn(number, changes));
    return own.flatMap((number) => textIn(number, changes).split(/\s+/).map(valueOf));
  };
}

function groupFields(page) {
  page.byField = new Map();
  for (const number of page.numbers) {
    if (!isThere(number) && !needsText(number)) continue;
    if (number.kind === "unfit" && isOpen(number)) continue;
    if (!page.byField.has(number.field)) page.byField.set(number.field, []);
    page.byField.get(number.field).push(number);
  }
}

// The numbers of a check, in the order of its formula; the written one is last.
function listNumbers(page, check) {
  const own = fieldsOf(check.formula).flatMap((field) => {
    if (check.cells?.has(field)) return [check.cells.get(field)];
    const rows = page.byField.get(field) ?? [];
    return check.cells && page.pile.fields[field]?.holds === "lines" ? [] : rows;
  });
  const written = check.cells?.get(check.target) ?? (check.cells ? null : page.byField.get(check.target)?.[0]) ?? null;
  return { terms: [...new Set(own)], written };
}

const habitOf = (page, field) => ({ unit: "1", ...page.pile.fields[field] });
const decimalOf = (page) => page.decimal ?? ".";

// The texts of some numbers; where a field holds many, a space separates two of them.
const textsOf = (page, numbers, changes) =>
  numbers.flatMap((number) => {
    const text = textIn(number, changes);
    return page.pile.fields[number.field]?.holds === "many" ? text.split(/\s+/) : [text];
  });

// A result as the written number, or as most numbers of its field.
function showResult(page, check, value, text = "") {
  if (!isFraction(value)) return "?";
  const unit = unitOf(text, parseFraction(habitOf(page, check.target).unit));
  return writeResult(absolute(value), unit, decimalOf(page), textsOf(page, check.numbers).some(isTime));
}

function judgeCheck(page, check, changes) {
  const { terms, numbers, written } = check;
  const result = resultOf(check.formula, valuesIn(page, check.cells, changes), textsOf(page, numbers, changes));
  const text = written ? textIn(written, changes) : "";
  if (written && valueIn(written, changes) === UNKNOWN) return { result, state: "unchecked" };
  return { result, ...judge(result, text, textsOf(page, terms, changes), habitOf(page, check.target)) };
}

// All checks of a page: each line with each formula, then the totals.
function listChecks(page) {
  groupFields(page);
  const { lines, sums } = isOut(page) ? { lines: {}, sums: {} } : page.pile;
  const checks = [];
  for (const [line, cells] of Object.keys(lines).length ? groupLines(page) : []) {
    for (const [target, { formula }] of Object.entries(lines))
      checks.push({ kind: "line", line, cells, target, formula });
  }
  for (const [target, { formula }] of Object.entries(sums)) {
    checks.push({ kind: "sum", line: 0, cells: null, target, formula });
  }
  for (const check of checks) {
    Object.assign(check, listNumbers(page, check));
    check.numbers = [...check.terms, ...(check.written ? [check.written] : [])];
  }
  return checks;
}

const isFromReader = (number) => isOpen(number) && (number.kind === "read" || number.kind === "withheld");

function setReadings(number, readings) {
  const [[text, confidence], ...alternatives] = readings;
  Object.assign(number, { text, read: text, confidence, alternatives, kind: text ? "read" : "withheld" });
}

// Whether a number is one of a check, or was before a person has deleted it.
const isAbout = ({ formula, target, line }, number) =>
  [...fieldsOf(formula), target].includes(number.field) && (!line || !number.line || number.line === line);

const isUnexpected = ({ answer, weighed, text }) =>
  answer === "none" || (answer && !weighed.some(([each, chance]) => chance >= 0.5 && isSame(each, text)));

// Numbers are as `arithmetic.py` has weighed them, until a person answers one of a check. If it adds up then, the
// others are right; if it does with one other text that was read, this one is. changed: open numbers that are no more
// as they were weighed.
function reconsider(page, check, changed) {
  const { numbers, written } = check;
  const isNew = (number) => (number.answer || changed.has(number)) && isAbout(check, number);
  if (!written || !page.numbers.some(isNew)) return;
  const open = numbers.filter(isFromReader);
  const judgeWith = (number, text) => judgeCheck(page, check, new Map([[number, text]]));
  const chance = open.reduce((product, { confidence }) => product * confidence, 1);
  const weigh = (share, count) => (share * count) / (share * (count - 1) + 1);
  const verdict = judgeCheck(page, check);
  if (verdict.state === "fits") {
    for (const number of open) number.confidence = Math.max(number.confidence, weigh(chance, verdict.count));
  }
  if (verdict.state !== "differs") return;
  const others = open.flatMap((number) =>
    number.readings
      .filter(([text, share]) => share && text !== number.text && judgeWith(number, text).state === "fits")
      .map(([text, share]) => ({ number, text, share: (chance * share) / (number.confidence || 1) })),
  );
  if (others.length !== 1) return;
  const [{ number, text, share }] = others;
  const confidence = weigh(share, judgeWith(number, text).count);
  if (confidence < KNOWN.settled) return;
  const rest = [[number.text, 1 - confidence], ...number.alternatives.filter(([each]) => each !== text)];
  setReadings(number, [[text, confidence], ...rest]);
  changed.add(number);
}

function makeChecks(page) {
  for (const number of page.numbers) if (isFromReader(number)) setReadings(number, number.weighed);
  const checks = listChecks(page);
  const changed = new Set();
  for (const check of checks) {
    if (!page.numbers.some((number) => isUnexpected(number) && isAbout(check, number))) continue;
    for (const number of check.numbers.filter(isFromReader)) {
      setReadings(number, number.readings);
      changed.add(number);
    }
  }
  for (const check of [...checks, ...checks.toReversed()]) reconsider(page, check, changed);
  const proved = new Set(); // by their lines, when the totals follow
  for (const check of checks) {
    Object.assign(check, judgeCheck(page, check));
    if (check.state === "fits" && check.kind === "line") check.numbers.forEach((number) => proved.add(number));
    // As a person has seen all of it, it is as written.
    const isSeen = (number) =>
      number.answer || (check.kind === "sum" && number !== check.written && proved.has(number));
    const isKept = check.numbers.some(({ answer }) => answer === "kept") || check.numbers.every(isSeen);
    if (check.state === "differs" && isKept) check.state = "kept";
  }
  return checks;
}

function fitsPattern(field, text) {
  if (!field?.fits) return true;
  let plain = text.trim().replace(/^-(?=\d)/, "");
  if (!field.spaces) plain = plain.replace(/\s/g, "");
  if (!field.separators) plain = plain.replace(/[.,:/'-]/g, "");
  field.regex ??= new RegExp(`^(?:${field.fits})$`, "u");
  return field.regex.test(plain);
}

// The text that a number must have for a check to add up, or "".
function calculate(page, check, number) {
  const field = page.pile.fields[number.field];
  const like = [number.read, ...(page.byField.get(number.field) ?? []).map(({ text }) => text)].find(Boolean) ?? "";
  let value = isFraction(check.result) ? absolute(check.result) : UNKNOWN;
  if (number !== check.written) {
    // The result is linear in the number, unless it divides: its values with 0 and 1 give the line.
    const written = check.written ? valueIn(check.written) : UNKNOWN;
    const [zero, one] = ["0", "1"].map((text) => judgeCheck(page, check, new Map([[number, text]])).result);
    if (![written, zero, one].every(isFraction)) return "";
    value = over(minus(written, zero), minus(one, zero));
  }
  if (!isFraction(value)) return "";
  if (isTime(like)) value = plus(value, fraction(-24n * (over(value, DAY)[0] / over(value, DAY)[1])));
  if (value[0] < 0n && isTime(like)) value = plus(value, DAY);
  if (value[0] < 0n) return "";
  const unit = isTime(like) ? MINUTE : parseFraction(habitOf(page, number.field).unit);
  const fits = (text) =>
    fitsPattern(field, text) && judgeCheck(page, check, new Map([[number, text]])).state === "fits";
  return [writeResult(value, unit, decimalOf(page)), writeAmount(value, unit, decimalOf(page))].find(fits) ?? "";
}

// The open numbers of a check that nothing proves, the least certain first.
const listUnproved = (page, { numbers }) =>
  numbers
    .filter((number) => isOpen(number) && number.read && !page.proved.has(number))
    .sort((a, b) => a.confidence - b.confidence);

// The numbers that mend a check, and their texts, the most probable first: those that were weighed, and what is
// calculated and close to what was read. Without a total that it mends, too, a doubtful number is calculated first, and
// of two doubtful ones, neither gives the other.
function listRepairs(page, check) {
  const open = listUnproved(page, check);
  const doubtful = open.filter((number) => !isSure(number));
  const totals = page.checks.filter((each) => each.kind === "sum" && each !== check && each.state === "differs");
  const found = open.flatMap((number) => {
    const most = check.kind === "line" || number === check.written || !isSure(number) ? CLOSE : 1;
    const isLikely = !doubtful.length || (doubtful.length === 1 && number === doubtful[0]);
    const text = calculate(page, check, number);
    const calculated = text && !number.alternatives.some(([each]) => isSame(each, text)) ? [[text, 0]] : [];
    return [...number.alternatives, ...calculated].flatMap(([each, chance]) => {
      const fits = (other) => judgeCheck(page, other, new Map([[number, each]])).state === "fits";
      const far = countChanges(squeeze(each), squeeze(number.text)).at(-1).at(-1);
      const fixesTotal = totals.some(fits);
      if (!each || !fits(check) || (!chance && (far > most || !(fixesTotal || isLikely)))) return [];
      return [{ number, text: each, chance, cost: 3 * far + number.confidence, fixesTotal }];
    });
  });
  return found.sort((a, b) => b.chance - a.chance || b.fixesTotal - a.fixesTotal || a.cost - b.cost);
}

const isSure = ({ answer, confidence }) => Boolean(answer) || confidence >= KNOWN.certain;
const provedBy = (checks) =>
  new Set(checks.flatMap(({ state, numbers }) => (state === "fits" ? numbers.filter(isSure) : [])));
