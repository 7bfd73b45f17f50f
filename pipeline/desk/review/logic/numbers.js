// The numbers of a page: what was read, and what a person has answered. State = readings + steps.

// readings: each text with its probability by the reader, the one that was read first. weighed: the same, given the
// other numbers of its line and total. text, confidence, alternatives: given the answers, too.
// kind: "read"; "withheld" if no reading fits; "unfit" if it fits no line; "ink" that was not read; "missing" where a
// number should be; "few" if a field has fewer lines than on most pages; "added" by a person.
// Where a page is to be decided first, it is itself the only number, of kind "page", until it is used.
// answer: "", "right", "set", "kept" as written, "none" if there is no number, "covered" by one that was added; of a
// page: "use", "turn", or "out" if it is left out.
const BLANK = {
  page: null,
  id: "",
  kind: "read",
  field: "",
  origin: "", // the field before a person has moved it
  line: 0,
  box: null,
  text: "",
  read: "",
  digits: "",
  confidence: 0,
  alternatives: [],
  readings: [],
  weighed: [],
  boxes: [],
  signs: [],
  isCell: false,
  isNeeded: false,
  what: "",
  hasInk: false,
  answer: "",
  how: "",
  later: false,
  sampled: false,
  asked: null,
};

function makeNumber(page, id, values) {
  const number = Object.assign({ ...BLANK }, values, { page, id });
  const { field, text, confidence, alternatives } = number;
  const weighed = [[text, confidence], ...alternatives];
  const readings = values.before?.length ? values.before : weighed;
  return Object.assign(number, { origin: field, read: text, weighed, readings });
}

// What depends on which way up the page is.
const pick = ({ rows, problems, regions, upright, size, turn }) => ({ rows, problems, regions, upright, size, turn });

function decide(page, decision) {
  page.decision = decision;
  page.ways ??= [pick(page), pick({ ...page, ...page.other })];
  Object.assign(page, page.ways[Number(decision === "turn")]);
  page.numbers = makeNumbers(page);
}

const isWhole = ({ kind }) => kind === "page";
const isOut = ({ doubt, decision }) => Boolean(doubt) && !["use", "turn"].includes(decision);

function makeNumbers(page) {
  if (!page.doubt) return listNumbersOf(page);
  const box = [0, 0, page.size[1], page.size[0]];
  const values = { kind: "page", box, isCell: true, answer: page.decision, asked: 0 };
  return [
    makeNumber(page, "page", { ...values, text: "page", what: page.doubt.what }),
    ...(isOut(page) ? [] : listNumbersOf(page)),
  ];
}

function listNumbersOf(page) {
  const { fields } = page.pile;
  const numbers = page.rows.map((row, i) => {
    const fits = row.line || !fields[row.region] || fields[row.region].holds === "many";
    const kind = row.withheld ? "withheld" : fits ? "read" : "unfit";
    const { text, digits, confidence, alternatives, before, boxes, signs, box, region: field, line } = row;
    const read = { text, digits, confidence, alternatives, before, boxes, signs };
    return makeNumber(page, `r${i}`, { kind, field, line, box, ...read });
  });
  const problems = (page.problems ?? []).map((each, i) =>
    makeNumber(page, `p${i}`, {
      kind: each.kind,
      what: each.what,
      field: each.region,
      line: each.line || (fields[each.region]?.holds === "one" ? 1 : 0),
      box: each.box ?? page.regions?.[each.region]?.[0] ?? [0, 0, page.size[1], page.size[0]],
      isCell: each.kind !== "ink",
    }),
  );
  // Pieces of ink in one cell are one question, also if something was read or is missing there; so are those at one
  // height of a field where no line is known, as of a word.
  const cellOf = ({ field, line, id }) => (line || fields[field]?.holds === "one" ? `${field} ${line || 1}` : id);
  const cells = new Map(numbers.map((number) => [cellOf(number), number]));
  const ink = [];
  for (const each of problems.filter(({ kind }) => kind === "ink")) {
    const isBeside = ({ field, line, box }) => field === each.field && !line && !each.line && isLevel(box, each.box);
    const first = cells.get(cellOf(each)) ?? ink.find(isBeside);
    if (first) {
      first.box = surround([first.box, each.box]);
      first.hasInk = true;
    } else {
      cells.set(cellOf(each), each);
      ink.push(each);
    }
  }
  const absent = problems.filter(
    (each) => each.kind === "few" || (each.kind === "missing" && !cells.has(cellOf(each))),
  );
  page.notice = page.problems?.find(({ kind }) => kind === "alignment")?.what ?? "";
  return [...numbers, ...ink, ...absent];
}

const isOpen = ({ answer }) => !answer;
const needsText = ({ kind, answer }) => !answer && ["withheld", "ink", "missing"].includes(kind);
// Whether a number is on the page, as far as is known.
const isThere = (number) =>
  !["none", "covered"].includes(number.answer) &&
  !["few", "page"].includes(number.kind) &&
  !(isOpen(number) && ["ink", "missing"].includes(number.kind));
const label = ({ field, line, page, kind }) => {
  if (kind === "page") return "page";
  const shown = isolate(field || "number");
  return line && page.pile.fields[field]?.holds === "lines" ? `${shown}, line ${lineName(page, line)}` : shown;
};

// Lines are counted from 1 down the page, also those that a person has added between others.
function lineName(page, line) {
  if (Number.isInteger(line)) return String(line);
  return `${Math.floor(line)}+`;
}

// Keeps the letters of a name, such as Hebrew ones, from reordering the text beside it.
const isolate = (name) => `\u2068${name.replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd")}\u2069`;

// The number that a step is about: in its field, with the largest common area.
function findNumber(page, step) {
  const found = page.numbers
    .filter(({ origin, kind }) => origin === step.field && (kind === "few") === (step.kind === "few"))
    .map((number) => ({ number, same: number.box.join() === step.box.join(), share: overlapOf(number.box, step.box) }))
    .filter(({ share }) => share >= 0.5)
    .sort((a, b) => Number(b.same) - Number(a.same) || b.share - a.share);
  return found[0]?.number ?? null;
}

// Apply a step to the numbers of a page; return whether it fits one.
function applyStep(page, step) {
  if (step.do === "look") {
    for (const each of step.which.filter(({ page: id }) => id === page.id)) {
      const number = findNumber(page, each);
      if (number) number.sampled = true;
    }
    return true;
  }
  if (step.do === "page") {
    decide(page, page.doubt ? step.as : "");
    return Boolean(page.doubt);
  }
  let number = findNumber(page, step);
  if (
    !number &&
    (step.do === "add" || step.kind === "missing") &&
    (step.field === "" || step.field in page.pile.fields)
  ) {
    const kind = step.do === "add" ? "added" : "missing";
    const values = { kind, field: step.field, line: step.line, box: step.box, isCell: kind === "missing" };
    number = makeNumber(page, `${kind}${page.numbers.length}`, values);
    page.numbers.push(number);
  }
  if (!number) return false;
  if (step.do === "later") {
    number.later = true;
    return true;
  }
  number.later = false;
  if (step.to) Object.assign(number, step.to);
  if (step.do === "set" || step.do === "add") {
    number.answer = number.kind === "read" && isSame(step.text, number.read) ? "right" : "set";
    const { pattern } = page.pile.fields[number.field] ?? {};
    const text = page.decimal ? writeNumber(step.text, page.decimal, pattern) : step.text;
    Object.assign(number, { text, how: step.how ?? "" });
  } else number.answer = { none: "none", keep: "kept" }[step.do];
  if (number.answer === "set" && !number.line && page.pile.fields[number.field]?.holds === "lines") {
    number.line = findLine(page, number);
  }
  if (number.answer === "set") coverNotices(page, number);
  return true;
}

// A number that a person has added answers the notices at its place, and that of a field which now has enough.
function coverNotices(page, number) {
  for (const other of page.numbers) {
    const sameCell = other.field === number.field && other.line === number.line && number.line;
    const isNotice = other !== number && isOpen(other) && ["ink", "missing"].includes(other.kind);
    if (isNotice && (sameCell || overlapOf(other.box, number.box) >= 0.5)) other.answer = "covered";
    if (other.kind === "few" && isOpen(other) && other.field === number.field) {
      const count = page.numbers.filter((each) => isThere(each) && each.field === number.field).length;
      if (count >= page.pile.fields[number.field].most) other.answer = "covered";
    }
  }
}

// Read the page again, with these steps; return how many of them fit no number any more.
function replay(page, steps) {
  decide(page, "");
  recheck(page);
  let lost = 0;
  for (const step of steps) {
    if (!applyStep(page, step)) lost += 1;
    recheck(page);
  }
  return lost;
}
