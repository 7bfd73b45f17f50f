// The questions of a page: what is known to be wrong first, at any confidence, then what is doubtful.

const GROUPS = { "▯": 0, "!": 0, "≠": 0, Σ: 1, "?": 2, "·": 3 };
const percent = (share) => `${Math.floor(100 * share)} %`;

// Numbers that a formula needs, in lines that have others.
function findMissing(page, checks) {
  const found = new Map();
  for (const { kind, line, cells, target, formula, result, written } of checks) {
    if (kind !== "line") continue;
    const absent = fieldsOf(formula).filter((field) => page.pile.fields[field]?.holds === "lines" && !cells.has(field));
    const isNeeded = written && result === EMPTY && absent.length === 1;
    const field = isFraction(result) && !written ? target : isNeeded ? absent[0] : "";
    const isAnswered = (each) => each.kind === "missing" && each.field === field && each.line === line;
    if (!field || page.numbers.some(isAnswered)) continue;
    const values = { kind: "missing", field, line, box: findCell(page, field, line), isCell: true, isNeeded: true };
    found.set(`${field} ${line}`, makeNumber(page, `m${line} ${field}`, values));
  }
  return [...found.values()];
}

function recheck(page) {
  page.numbers = page.numbers.filter(({ isNeeded, answer, later }) => !isNeeded || answer || later);
  let checks = makeChecks(page);
  const missing = findMissing(page, checks);
  if (missing.length) {
    page.numbers.push(...missing);
    checks = makeChecks(page);
  }
  page.checks = checks;
  page.proved = provedBy(checks);
  page.questions = ask(page);
  for (const [number, { mark }] of page.questions) number.asked ??= GROUPS[mark];
  for (const number of page.numbers) if (number.answer && number.answer !== "covered") number.asked ??= GROUPS["?"];
  page.counts = countPage(page);
  page.items = page.numbers.filter(({ asked }) => asked !== null).sort((a, b) => a.asked - b.asked || byPlace(a, b));
}

// Down the page, and within a line from left to right.
function byPlace(one, other) {
  if (one.line !== other.line || !one.line) {
    const [a, b] = [one, other].map((each) => depthOf(each.page, middleOf(each.box)));
    if (a !== b) return a - b;
  }
  return one.box[0] - other.box[0];
}

// A question: mark; why, in words; text: the large reading; isCalculated; check: what does not add up; offer: what
// would add up, instead of a sure reading.
function ask(page) {
  const questions = new Map();
  const add = (number, question) => {
    if (!questions.has(number)) questions.set(number, question);
  };
  for (const number of page.numbers.filter(isOpen)) {
    if (number.kind === "page") add(number, { mark: "▯", why: number.what, text: "page" });
    else if (needsText(number)) add(number, askText(page, number));
    else if (number.kind === "unfit") add(number, { mark: "!", why: "fits no line", text: number.text });
    else if (number.kind === "few") add(number, { mark: "!", why: number.what, text: "" });
  }
  for (const check of page.checks.filter(({ state }) => state === "differs")) askCheck(page, check, add);
  for (const number of page.numbers.filter(isOpen)) {
    if (number.kind !== "read" || page.proved.has(number)) continue;
    if (number.hasInk) add(number, { mark: "!", why: "ink", text: number.text });
    const mends = page.checks.find(({ numbers, mending }) => mending && numbers.includes(number));
    const why = mends ? `ticks itself with ${mends.mending.text}` : `${percent(number.confidence)}`;
    if (!isSure(number)) add(number, { mark: "?", why, text: number.text, check: mends });
  }
  for (const number of page.numbers.filter((each) => isOpen(each) && each.sampled)) {
    add(number, { mark: "·", why: percent(number.confidence), text: number.text });
  }
  return questions;
}

const NAMES = { withheld: "not read", ink: "ink", missing: "missing" };

// What its line or total gives, if all the other numbers in it are sure.
function askText(page, number) {
  const isKnown = (other) => other === number || isSure(other);
  const gives = (each) => each.numbers.includes(number) && each.numbers.every(isKnown) && calculate(page, each, number);
  const check = page.checks.find(gives);
  const given = check ? calculate(page, check, number) : "";
  const text = number.kind === "withheld" || /[1-9]/.test(given) ? given : ""; // what would be 0 need not be a number
  const reason = check?.kind === "line" ? "line gives it" : `total needs ${text}`;
  const first = number.kind === "withheld" ? "" : `${NAMES[number.kind]}; `;
  const why = text ? `${first}${reason}` : NAMES[number.kind];
  return { mark: "!", why, text, isCalculated: Boolean(text), check };
}

// Ask for the number that mends a line or a total; otherwise for the least certain one of a line, or for a doubtful one
// of a total.
function askCheck(page, check, add) {
  check.repairs = listRepairs(page, check);
  [check.mending] = check.repairs;
  const { kind, written, mending } = check;
  const [least] = listUnproved(page, check);
  if (mending) {
    const { number, text, chance } = mending;
    const isLikely = isSure({ confidence: number.readings[0][1] }) || (chance && chance < KNOWN.settled);
    const shown = isLikely ? { text: number.text, offer: text } : { text, isCalculated: true };
    add(number, { mark: "≠", why: `read as ${number.text}${nameOthers(check, number)}`, check, ...shown });
  } else if (least && (kind === "line" || !isSure(least))) {
    add(least, { mark: "≠", why: kind === "line" ? "line does not add up" : "total is off", text: least.text, check });
  }
  if (kind === "sum" && written && isOpen(written)) {
    const why = mending ? `ticks itself with ${mending.text}` : `off by ${showDifference(page, check)}`;
    add(written, { mark: "Σ", why, text: written.text, check });
  }
}

const RARE = 0.02; // probability below which a repair is not named

// The numbers that may be wrong instead, as a continuation of a sentence.
const nameOthers = (check, number) =>
  check.repairs
    .filter((each) => each.number !== number && each.chance >= RARE)
    .slice(0, 2)
    .map((each) => `; or ${label(each.number)} is ${each.text}`)
    .join("");

function showDifference(page, check) {
  const difference = minus(absolute(check.result), valueIn(check.written));
  return showResult(page, check, difference);
}

// What is to be said of a page as a whole.
function summarise(page) {
  const open = [...page.questions.keys()].filter(({ later }) => !later);
  const totals = page.checks.filter(({ kind }) => kind === "sum");
  const differing = totals.find(({ state }) => state === "differs");
  const lines = page.checks.filter(({ kind, state }) => kind === "line" && state === "differs").length;
  if (isOut(page)) return page.decision ? "left out" : page.doubt.what;
  if (page.notice) return page.notice;
  if (differing) return `total and lines differ by ${showDifference(page, differing)}`;
  if (lines) return lines === 1 ? "1 line does not add up" : `${lines} lines do not add up`;
  if (totals.some(({ state }) => state === "unchecked")) return "sum cannot be checked yet";
  if (page.checks.length && addsUp(page)) return "adds up";
  const empty = open.filter(needsText).length;
  if (empty) return empty === 1 ? "1 number was not read" : `${empty} numbers were not read`;
  return open.length && open.every((number) => page.questions.get(number).mark === "?")
    ? `below ${percent(KNOWN.certain)}`
    : "";
}

const addsUp = (page) =>
  page.checks.some(({ state }) => state === "fits") &&
  page.checks.every(({ state }) => state === "fits" || state === "nothing");

// Pages that could not be aligned, pages where something does not fit, pages with doubtful numbers, and the others.
function rankPage(page) {
  const groups = [...page.questions.values()].map(({ mark }) => GROUPS[mark]);
  if (page.doubt || page.notice) return 0;
  return groups.length ? (Math.min(...groups) < GROUPS["?"] ? 1 : 2) : 3;
}

// The whole queue: pages that are to be decided first; what was left for later follows the rest.
function listItems(pile) {
  const pages = [...pile.pages].sort((a, b) => a.rank - b.rank || a.number - b.number);
  const items = pages.flatMap((page) => page.items);
  const isLater = (number) => number.later && number.page.questions.has(number);
  const rest = items.filter((number) => !isWhole(number) && !isLater(number));
  return [...items.filter((number) => isWhole(number) && !isLater(number)), ...rest, ...items.filter(isLater)];
}

const isAsked = (number) => number.page.questions.has(number);

// The question that follows a number in the queue, or null. isLater: also what was left for later.
function findNext(items, number, isLater = false) {
  const at = items.indexOf(number);
  const wanted = (each) => isAsked(each) && (isLater || !each.later) && each !== number;
  return items.slice(at + 1).find(wanted) ?? items.slice(0, Math.max(at, 0)).find(wanted) ?? null;
}

// doubt: how many of those that were not asked are wrong, by their confidence.
const NAMED = ["right", "corrected", "added", "later", "open", "proved", "certain", "sampled", "wrong", "doubt"];
const UNCOUNTED = Object.fromEntries(NAMED.map((name) => [name, 0]));

function countPage(page) {
  const counts = { ...UNCOUNTED };
  for (const number of page.numbers) {
    if (number.answer === "covered") continue;
    const isRight = ["right", "kept", "use", "turn", "out"].includes(number.answer);
    if (page.questions.has(number)) counts[number.later ? "later" : "open"] += 1;
    else if (number.answer) {
      counts[isRight ? "right" : "corrected"] += 1;
      counts.added += number.kind === "added";
      counts.sampled += number.sampled;
      counts.wrong += number.sampled && !isRight;
    } else if (number.kind === "read") {
      const [[text, confidence]] = number.readings;
      counts[text !== number.text || confidence < KNOWN.certain ? "proved" : "certain"] += 1;
      counts.doubt += 1 - number.confidence;
    }
  }
  return counts;
}

function countAnswers(pile) {
  const total = { ...UNCOUNTED };
  for (const { counts } of pile.pages) for (const name of Object.keys(total)) total[name] += counts[name];
  return { ...total, asked: total.right + total.corrected };
}

// The least certain of the numbers that were not asked.
function chooseSample(pile, count) {
  return pile.pages
    .flatMap((page) => page.numbers)
    .filter((each) => isOpen(each) && each.kind === "read" && !isAsked(each))
    .sort((a, b) => a.confidence - b.confidence)
    .slice(0, count);
}
