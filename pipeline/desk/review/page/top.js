// The line at the top: the pages, what is left, the tools; and the keys at the bottom.

const PAGES = 14; // as many as fit

function drawTop() {
  if (state.view === "form") return drawFormTop();
  const { pile, view } = state;
  const number = focused();
  const current = state.draft?.page ?? number?.page;
  const at = current ? current.number : view === "end" ? pile.pages.length - 1 : 0;
  const first = Math.max(0, Math.min(at - Math.floor(PAGES / 2), pile.pages.length - PAGES));
  const shown = pile.pages.slice(first, first + PAGES).map((page) => {
    const isOn = page === current && view === "queue";
    const marks = [...page.questions.values()].map(({ mark }) => GROUPS[mark]);
    const kind = isOn ? "on" : !marks.length ? "done" : marks.some((group) => group < GROUPS["?"]) ? "bad" : "open";
    const text = isOn
      ? `${page.number + 1}\u2002${isolate(page.name)}`
      : kind === "done"
        ? "✓"
        : String(page.number + 1);
    const link = make("button", { className: kind, onclick: () => openPage(page), tabIndex: -1, type: "button" }, text);
    link.ariaLabel = `Page ${page.number + 1}, ${page.name}: ${marks.length} to go`;
    if (isOn) link.ariaCurrent = "page";
    return make("li", {}, link);
  });
  get("pages").replaceChildren(...shown);
  const counts = countAnswers(pile);
  const left = counts.open + counts.later;
  get("togo").replaceChildren(make("span", { className: "meter" }, make("i")), `${left.toLocaleString("en")} to go`);
  get("togo").querySelector("i").style.width = `${(100 * counts.asked) / Math.max(counts.asked + left, 1)}%`;
  const isForm = Object.keys(pile.fields).length > 0;
  get("tools").replaceChildren(
    button("tool", "Z", "Undo", undoNow),
    button("tool", "?", "Keys", showKeys),
    Object.assign(button("tool", "", isForm ? "Form" : "Draw a form", openForm), { tabIndex: 0 }),
    ...(view === "queue" ? [button("pl", "", isForm ? "Save table" : "Save rows", () => press("s", true))] : []),
  );
  get("keys").replaceChildren(...listKeys().map(showKey));
}

function openPage(page) {
  const number = page.items.find(isAsked) ?? page.items[0] ?? page.numbers[0];
  if (number) focusOn(number, { bar: null });
}

function drawFormTop() {
  const hint = "Drag over a column or a number. Click a field to change it.";
  get("pages").replaceChildren(make("li", { className: "togo" }, hint));
  get("togo").replaceChildren();
  get("tools").replaceChildren(
    button("tool", "Ctrl Z", "Undo", () => enqueue(undoForm)),
    button("tool", "F1", "Keys", showKeys),
    ...(state.pile.pages.some(({ numbers }) => numbers.length)
      ? [button("tool", "", "Check the numbers", closeForm)]
      : []),
    button("go s", "Ctrl S", "Save form.toml", saveForm),
  );
  get("keys").replaceChildren(...FORM_KEYS.slice(0, MOST_KEYS).map(showKey));
}

const MOST_KEYS = 9; // that are shown at the bottom
const FORM_KEYS = [
  ["drag", "new field"],
  ["click", "change a field"],
  ["Tab", "next box"],
  ["← → ↑ ↓", "on the page: move the field"],
  ["Shift ← → ↑ ↓", "its far side"],
  ["Del", "remove the field"],
  ["Ctrl Z", "undo"],
  ["Ctrl S", "save"],
  ["Esc", "to the page"],
  ["Page ↓, Page ↑", "next field, field before"],
];
// Each key, what it does, and where it is of use: at a number, at the end, or while a number is placed.
const ALL_KEYS = [
  ["Enter", "the large reading is right: next", ({ number }) => number && showing(number).text],
  ["S D F", "take this alternative: next", ({ number }) => number?.alternatives.length && !canKeep(number)],
  ["0–9 , . : / -", "type over the reading", ({ isEnd }) => !isEnd],
  ["⌫", "last digit", () => state.typed !== null],
  ["Esc", "clear", () => state.typed !== null],
  ["← →", "other digit", ({ number }) => number && isLong(number)],
  ["Tab", "next number of its line", ({ number }) => number && checkOf(number)],
  ["K", "keep as written", ({ number }) => number && canKeep(number)],
  ["Del", "no number here", ({ number }) => number],
  ["M", "other cell: arrows, then Enter", ({ number }) => number && needsText(number)],
  ["N", "there: a new line", () => state.draft],
  ["L", "later", ({ number }) => number],
  ["↑ ↓", "move through the queue", ({ number }) => number],
  ["G", "what is left", ({ isEnd }) => isEnd],
  ["T", "look at the 20 least certain that were not asked", ({ isEnd }) => isEnd],
  ["R", "save the rows, with boxes and confidence", ({ isEnd }) => isEnd],
  ["Ctrl S", "save the table", ({ isEnd }) => isEnd],
  ["Z", "undo", () => true],
  ["Shift Z", "redo", () => state.undone.length],
  ["drag", "add a number", ({ isEnd }) => !isEnd],
  ["click", "go to a number", ({ number }) => number],
];

const showKey = ([keys, text]) => span("", key(keys), text);

// The keys that do something now.
function listKeys() {
  const now = { isEnd: state.view === "end", number: state.draft ? null : focused() };
  return ALL_KEYS.filter(([, , isOfUse]) => isOfUse(now)).slice(0, MOST_KEYS);
}

function showKeys() {
  get("all").replaceChildren(
    ...(state.view === "form" ? FORM_KEYS : ALL_KEYS).flatMap(([keys, text]) => [
      make("dt", {}, key(keys)),
      make("dd", {}, text),
    ]),
  );
  get("help").showModal();
}
