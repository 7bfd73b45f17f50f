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
  get("keys").replaceChildren(...listKeys().map(([keys, text]) => span("", key(keys), text)));
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
    button("tool", "Ctrl Z", "Undo", () => {
      pending = pending.then(undoForm);
    }),
    button("tool", "F1", "Keys", showKeys),
    ...(state.pile.pages.some(({ numbers }) => numbers.length)
      ? [button("tool", "", "Check the numbers", closeForm)]
      : []),
    button("go s", "Ctrl S", "Save form.toml", saveForm),
  );
  const keys = [
    ["drag", "new field"],
    ["click", "change a field"],
    ["Tab", "next box"],
    ["← → ↑ ↓", "move the field by 1 px"],
    ["Shift ← → ↑ ↓", "its far side"],
    ["Del", "remove field"],
    ["Ctrl Z", "undo"],
    ["Ctrl S", "save"],
  ];
  get("keys").replaceChildren(...keys.map(([each, text]) => span("", key(each), text)));
}

// The keys that do something now.
function listKeys() {
  const number = focused();
  if (state.view === "end") {
    return [
      ["Enter", "save the table"],
      ["G", "go to what is left"],
      ["R", "save the rows, with boxes and confidence"],
      ["T", "look at 20"],
      ["click", "a page: go back to it"],
      ["Z", "undo"],
    ];
  }
  if (state.draft) {
    return [
      ["drag", "add a number"],
      ["← → ↑ ↓", "other cell"],
      ["N", "new line"],
      ["0–9", "type"],
      ["Enter", "add it"],
      ["Esc", "do not add"],
      ["Z", "undo"],
    ];
  }
  if (!number)
    return [
      ["T", "look at 20"],
      ["Z", "undo"],
    ];
  const check = checkOf(number);
  const { text, kind } = showing(number);
  const column = check && ["Tab", `next number of the ${check.kind === "line" ? "line" : "column"}`];
  if (isLong(number)) {
    return [
      ["Enter", "right"],
      ["0–9", "type over the framed digit"],
      ["← →", "other digit"],
      ["⌫", "back to the last digit"],
      [`${number.boxes.length} digits`, "replace all"],
      ["S", "take it"],
      ["L", "later"],
      ["Z", "undo"],
    ];
  }
  if (state.typed !== null) {
    return [
      ["0–9 , . : /", "type"],
      ["⌫", "last digit"],
      ["Enter", "right: next"],
      ["Esc", "clear"],
      ["Del", "no number here"],
      column,
      ["L", "later"],
      ["Z", "undo"],
    ].filter(Boolean);
  }
  return [
    text && ["Enter", kind === "calculated" ? `take ${text}` : "right"],
    !canKeep(number) && listAlternatives(number, text).length > 0 && ["S D F", "take it"],
    ["0–9", "type, then Enter"],
    column,
    canKeep(number) && ["K", "keep as written"],
    ["Del", "no number here"],
    ["ink", "unfit", "missing"].includes(number.kind) && ["M", "other cell"],
    ["L", "later"],
    ["↑ ↓", "move"],
    ["drag", "add a number"],
    !column && ["click", "go to a number"],
    ["Z", "undo"],
  ]
    .filter(Boolean)
    .slice(0, 9);
}

const FORM_KEYS = [
  ["drag", "new field"],
  ["click", "change a field"],
  ["Tab", "next box"],
  ["Esc", "to the page"],
  ["← → ↑ ↓", "on the page: move the field by 1 px"],
  ["Shift ← → ↑ ↓", "its far side"],
  ["Del", "on the page: remove the field"],
  ["Page ↓, Page ↑", "next field, field before"],
  ["Ctrl Z", "undo"],
  ["Ctrl S", "save"],
];
const ALL_KEYS = [
  ["Enter", "the large reading is right; next"],
  ["S D F", "take this alternative; next"],
  ["0–9 , . : / -", "type: replaces the reading"],
  ["⌫", "last digit"],
  ["Esc", "clear"],
  ["← →", "other digit; typing overwrites it"],
  ["Del", "no number here"],
  ["K", "keep as written"],
  ["Tab", "next number of its line"],
  ["M", "move to another cell: arrows, then Enter"],
  ["N", "there: a new line"],
  ["↑ ↓", "move through the queue"],
  ["L", "later"],
  ["G", "what is left"],
  ["T", "look at the 20 least certain that were not asked"],
  ["Z", "undo"],
  ["Shift Z", "redo"],
  ["Ctrl S", "save the table"],
  ["R", "save the rows"],
];

function showKeys() {
  get("all").replaceChildren(
    ...(state.view === "form" ? FORM_KEYS : ALL_KEYS).flatMap(([keys, text]) => [
      make("dt", {}, key(keys)),
      make("dd", {}, text),
    ]),
  );
  get("help").showModal();
}
