// The one state of the page, and what changes it. Everything that is shown is drawn from it.

// focus: page and id of the number in the card. typed: text that replaces its reading, or null. over: index of the
// framed digit, or -1. draft: a number that is being placed. bar: what is said above the queue. lost: number of answers
// that fit no number any more. shown, shownAt: what is on the screen, and since when. scrolled: pixels of the sheet.
// waiting: keys that are not answered yet.
const state = {
  pile: null,
  log: null,
  steps: [],
  undone: [],
  isWriter: true,
  keepsNothing: false,
  view: "queue",
  focus: null,
  typed: null,
  over: -1,
  buffer: "",
  warning: "",
  draft: null,
  bar: null,
  items: [],
  lost: 0,
  shown: "",
  shownAt: 0,
  scrolled: 0,
  waiting: 0,
};

let asked = 0;
function requestDrawing() {
  if (!asked)
    asked = requestAnimationFrame(() => {
      asked = 0;
      draw();
    });
}

// One after the other, as they were asked for: a step that is being stored holds the next one.
let pending = Promise.resolve();
function enqueue(work) {
  pending = pending.then(work);
  return pending;
}

function change(patch) {
  Object.assign(state, patch);
  requestDrawing();
}

const focused = () => state.focus && state.pile.pages[state.focus.page].numbers.find(({ id }) => id === state.focus.id);

// The question about a number: what is known of one that nobody asks about, too.
function questionOf(number) {
  return number.page.questions.get(number) ?? { mark: number.answer ? "✓" : "", why: "", text: number.text };
}

// What the large digits show, and where that comes from.
function showing(number) {
  if (state.typed !== null) return { text: state.typed, kind: "typed" };
  const { text, isCalculated } = questionOf(number);
  return { text, kind: isCalculated ? "calculated" : "read" };
}

function focusOn(number, patch = {}) {
  const isHere = number && state.focus?.id === number.id && state.focus.page === number.page.number;
  if (!isHere) state.typed = null;
  const over = number && isLong(number) && !number.answer ? nextDoubtful(number, -1) : -1;
  const blank = isHere ? {} : { buffer: "", over, warning: "", draft: null };
  change({
    ...blank,
    focus: number && { page: number.page.number, id: number.id },
    view: number ? "queue" : "end",
    ...patch,
  });
}

function refresh() {
  state.items = listItems(state.pile);
}

const idsOf = ({ page, which }) => new Set(which ? which.map((each) => each.page) : [page]);
const stepsOf = (page) => state.steps.filter((step) => idsOf(step).has(page.id));
const pagesOf = (step) => {
  const ids = idsOf(step);
  return state.pile.pages.filter(({ id }) => ids.has(id));
};

// Store a step, and return it; null if this tab does not write.
async function record(step) {
  if (!state.isWriter) return null;
  const own = state.steps.filter(({ pile }) => !pile || pile === state.pile.key);
  const number = own.reduce((most, each) => Math.max(most, each.number), 0) + 1;
  const whole = { number, at: Date.now(), ...step };
  try {
    await state.log.append(whole);
  } catch (error) {
    if (error?.name === "ConstraintError") return stop(); // another tab was faster
    change({ log: makeLog(), keepsNothing: true });
  }
  state.steps.push(whole);
  state.undone = [];
  return whole;
}

async function dropStep(step) {
  await state.log.drop(step);
  state.steps = state.steps.filter((each) => each !== step);
}

// Do what a person has decided; it is stored before anything shows it.
async function act(step, next = true) {
  const whole = await record(step);
  if (!whole) return;
  const before = focused();
  for (const page of pagesOf(whole)) {
    applyStep(page, whole);
    recheck(page);
  }
  refresh();
  Object.assign(state, { typed: null, buffer: "", over: -1, warning: "", draft: null });
  state.bar = state.keepsNothing ? { title: NOTHING, text: "" } : null;
  if (next) goTo(findNext(state.items, before));
  else requestDrawing();
}

function goTo(number) {
  if (number) focusOn(number);
  else change({ focus: null, view: "end" });
}

const identify = (number) => ({
  page: number.page.id,
  field: number.origin,
  box: number.box,
  kind: number.kind,
  ...(number.kind === "missing" || number.kind === "added" ? { line: number.line } : {}),
});

// The last step of this pile: the log may have some of pages that were here before.
const lastStep = () => state.steps.findLast((step) => pagesOf(step).length);

const findAsked = (page, step) =>
  step.do === "page" ? page.numbers.find(isWhole) : !step.which && findNumber(page, step);

// Undo drops the last step and reads its page again, so that what ticked itself opens, too.
async function undo() {
  const step = lastStep();
  if (!step || !state.isWriter) return;
  await dropStep(step);
  state.undone.push(step);
  for (const page of pagesOf(step)) replay(page, stepsOf(page));
  refresh();
  const [page] = pagesOf(step);
  const number = findAsked(page, step);
  const text =
    step.do === "page"
      ? `${isolate(page.name)} is to be decided again.`
      : number
        ? `${label(number)} of ${isolate(page.name)} is ${number.text || "empty"} again, and not checked.`
        : "";
  change({ bar: { title: "Undone", text, button: ["Shift Z", "Redo", redo] } });
  if (number) focusOn(number);
  else goTo(state.items.find(isAsked));
}

async function redo() {
  const step = state.undone.pop();
  if (!step) return;
  const rest = state.undone;
  const { number: _, pile: __, ...again } = step;
  const [page] = pagesOf(step);
  const number = findAsked(page, step);
  if (number) state.focus = { page: page.number, id: number.id };
  await act(again);
  change({ undone: rest });
}

// Answers to the number in the card.
async function accept() {
  const number = focused();
  const { text, kind } = showing(number);
  const { offer, mark } = questionOf(number);
  if (!/\d/.test(text) || (kind === "read" && (offer || mark === "Σ"))) return;
  const isUnfit = kind === "typed" && !fitsPattern(state.pile.fields[number.field], text);
  const isNoNumber = checkOf(number) && readAmount(text) === UNKNOWN;
  const totals = number.page.checks.filter((each) => each.kind === "sum" && each.written === number);
  const isOff = totals.some((each) => judgeCheck(number.page, each, new Map([[number, text]])).state === "differs");
  const warning = isUnfit
    ? "does not fit the pattern"
    : isNoNumber
      ? "is not one number"
      : isOff
        ? "does not add up: Enter again keeps it"
        : "";
  if (warning && !state.warning) {
    change({ warning });
    return;
  }
  const how = kind === "calculated" ? (questionOf(number).check?.kind ?? "line") : kind;
  await act({ ...identify(number), do: "set", text, how });
}

async function take(text) {
  const number = focused();
  const { offer, check } = questionOf(number);
  await act({ ...identify(number), do: "set", text, how: text === offer ? check.kind : "taken" });
}

const answer = (what) => act({ ...identify(focused()), do: what });

// Whether a number stands at the place of the draft.
async function placeDraft() {
  const { draft } = state;
  const text = state.typed ?? draft.text;
  if (!/\d/.test(text) || (!draft.field && Object.keys(state.pile.fields).length)) return;
  const to = { field: draft.field, line: draft.line };
  if (draft.number) await act({ ...identify(draft.number), do: "set", text, to, how: "moved" });
  else
    await act({
      do: "add",
      page: draft.page.id,
      field: draft.field,
      line: draft.line,
      box: draft.box,
      kind: "added",
      text,
    });
}

function startDraft(page, box, number = null) {
  if (!state.isWriter) return;
  const placed = number?.field ? { field: number.field, line: number.line } : placeBox(page, box);
  const draft = { page, box, number, field: "", line: 0, text: number?.text ?? "", ...placed };
  draft.isNowhere = !placed && Object.keys(state.pile.fields).length > 0;
  change({ typed: null, warning: "", over: -1, bar: null, draft: suggest(draft) });
}

// The draft with what its line or total needs there.
function suggest(draft) {
  if (draft.number?.text) return { ...draft, text: draft.number.text };
  const { page, field, line, box } = draft;
  const number = makeNumber(page, "draft", { kind: "ink", field, line, box });
  const hidden = page.numbers.filter(
    (each) =>
      isOpen(each) && each.field === field && each.line === line && line && ["missing", "ink"].includes(each.kind),
  );
  const numbers = page.numbers;
  page.numbers = [...numbers.filter((each) => !hidden.includes(each)), number];
  page.checks = makeChecks(page);
  const { text, check } = askText(page, number);
  const sum = check ? `${writeSum(check, new Map([[number, text]]))} = ${check.written?.text || text}` : "";
  page.numbers = numbers;
  page.checks = makeChecks(page);
  recheck(page);
  return { ...draft, text, isCalculated: Boolean(text), sum };
}

function moveDraft(right, down) {
  const { draft } = state;
  const fields = Object.keys(state.pile.fields);
  const lines = [...new Set([...findLines(draft.page).keys(), ...(draft.line ? [draft.line] : [])])].sort(
    (a, b) => a - b,
  );
  const step = (list, at, by) => list[Math.min(Math.max(list.indexOf(at) + by, 0), list.length - 1)];
  const field = right || !draft.field ? step(fields, draft.field, right || 1) : draft.field;
  const { holds: kind } = state.pile.fields[field] ?? { holds: "many" };
  let line = kind === "lines" ? draft.line || lines[0] || 1 : kind === "one" ? 1 : 0;
  if (down && kind === "lines") line = step(lines, line, down);
  change({ draft: suggest({ ...draft, field, line, isNowhere: false, text: "" }) });
}

// Typing: into a framed digit if there is one, otherwise in place of the whole reading. Who types on behind the last
// digit replaces the whole, too.
function type(character) {
  if (character === " " && !state.typed) return;
  const number = state.draft ? null : focused();
  if (state.over < 0 || !number) {
    change({ typed: (state.buffer || (state.typed ?? "")) + character, buffer: "", warning: "", bar: null });
    return;
  }
  const text = showing(number).text;
  const typed = text.slice(0, state.over) + character + text.slice(state.over + 1);
  const next = isLong(number) ? nextDoubtful(number, state.over) : nextDigit(typed, state.over, 1);
  change({ typed, buffer: state.buffer + character, over: next });
}

const nextDigit = (text, from, by) => {
  for (let i = from + by; i >= 0 && i < text.length; i += by) if (/\d/.test(text[i])) return i;
  return -1;
};

// The index in the text of the next doubtful digit, or the next one.
function nextDoubtful(number, from) {
  const text = showing(number).text;
  const read = readCharacters(number);
  let index = -1;
  for (const [i, character] of [...text].entries()) {
    if (character === " ") continue;
    index += 1;
    if (i > from && read[index]?.isDoubtful) return i;
  }
  return nextDigit(text, from, 1);
}

function erase() {
  if (state.typed === null) return;
  change({ typed: state.typed.length > 1 ? state.typed.slice(0, -1) : null, buffer: "", over: -1, warning: "" });
}

// Moves through the queue, also over what is answered.
function move(by) {
  const { items } = state;
  const at = items.findIndex((number) => number.id === state.focus?.id && number.page.number === state.focus.page);
  const next = items[Math.min(Math.max((at < 0 ? (by > 0 ? -1 : items.length) : at) + by, 0), items.length - 1)];
  if (next) focusOn(next, { bar: null });
}

// The next number of the line, or of the column, that is in the card.
function nextInCheck() {
  const number = focused();
  const check = checkOf(number);
  if (!check) return;
  const { numbers } = check;
  focusOn(numbers[(numbers.indexOf(number) + 1) % numbers.length]);
}

const checkOf = (number) =>
  questionOf(number).check ??
  number.page.checks.find(({ kind, numbers }) => kind === "line" && numbers.includes(number)) ??
  number.page.checks.find(({ numbers }) => numbers.includes(number));

async function look() {
  const which = chooseSample(state.pile, 20).map(identify);
  if (!which.length) return;
  await act({ do: "look", which }, false);
  goTo(state.items.find(isAsked));
}

function download(name, content, type) {
  const link = make("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const save = (name, columns, lines) => download(name, writeTable(columns, lines), "text/csv");

async function saveTable() {
  if (!state.isWriter) await reload();
  const { pile } = state;
  if (!Object.keys(pile.fields).length) saveRows();
  else save("table.csv", ["file", "line", ...Object.keys(pile.fields), "confidence", "check"], listRecords(pile));
}

const saveRows = () => save("corrected.csv", state.pile.columns, listRows(state.pile));

const BUSY = 50; // milliseconds, after which the browser may draw

// Read the log, and all pages with it. Steps of pages that are not in this pile are those of another one.
async function reload() {
  const known = new Set(state.pile.pages.map(({ id }) => id));
  const isHere = ({ page, which, field, pile }) =>
    !pile ||
    pile === state.pile.key ||
    ((which ?? [{ page }]).some((each) => known.has(each.page)) && (!field || field in state.pile.fields));
  state.steps = (await state.log.load()).filter(isHere).sort((a, b) => a.at - b.at);
  const steps = new Map();
  for (const step of state.steps) for (const id of idsOf(step)) steps.set(id, [...(steps.get(id) ?? []), step]);
  let [lost, began] = [0, performance.now()];
  for (const page of state.pile.pages) {
    if (performance.now() - began > BUSY) {
      get("togo").textContent =
        `page ${page.number.toLocaleString("en")} of ${state.pile.pages.length.toLocaleString("en")}`;
      await new Promise((done) => {
        setTimeout(done);
      });
      began = performance.now();
    }
    replay(page, []);
    page.rank = rankPage(page);
    if (steps.has(page.id)) lost += replay(page, steps.get(page.id));
  }
  state.lost = lost;
  refresh();
}

async function takeOver() {
  change({ isWriter: await takePile(state.pile.key, true, stop), bar: null });
  await reload();
  goTo(state.items.find((number) => isAsked(number) && !number.later));
}

function stop() {
  const count = countAnswers(state.pile).asked;
  const text = count ? `Nothing is lost: it took over all ${count} answers.` : "";
  change({
    isWriter: false,
    bar: { title: "Checking went on in another tab.", text, button: ["", "Check here again", takeOver] },
  });
}
