// The card with the question: the large crop, which never moves, each digit under its ink, the line, the answers.

const EYE = 116; // pixels: height of the large crop
const LOW = 78; // of a strip of a long number
const SIGNS = { "*": "×", "/": "/", "+": "+", "-": "−" };

function drawCard() {
  const card = get("card");
  const number = focused();
  card.hidden = !number && !state.draft;
  if (card.hidden) return;
  const { draft } = state;
  card.replaceChildren(...(draft ? drawDraft(draft) : isWhole(number) ? drawWhole(number) : drawQuestion(number)));
  const row = card.querySelector(".ans");
  const hints = [...row.querySelectorAll(".rest")];
  const others = [...row.querySelectorAll("[data-text]")];
  for (const each of [...hints.reverse(), ...others.reverse()]) if (row.scrollWidth > row.clientWidth) each.remove();
}

// The alternatives in the card: no other can be taken.
function listShown() {
  draw();
  return [...get("card").querySelectorAll("[data-text]")].map(({ dataset }) => dataset.text);
}

function drawQuestion(number) {
  const question = questionOf(number);
  const { text, kind } = showing(number);
  const [title, why, isPlain] = describeQuestion(number, question, text);
  const head = div("fh", make("h2", {}, title), make("small", { className: isPlain ? "" : "no" }, why));
  const check = checkOf(number);
  const ask = div("ans", answersFor(number, text));
  return [
    head,
    ...drawEyes(number, text, kind, get("card").clientWidth - 48),
    check && drawSum(number, check, text),
    ask,
  ].filter(Boolean);
}

const WORDS = {
  withheld: "not read",
  ink: "ink that was not read",
  missing: "a number is missing",
  unfit: "fits no line",
};

// The title of the card, and what is known of the number; isPlain: whether nothing is wrong with it.
function describeQuestion(number, { mark, check, why, isCalculated }, text) {
  const name = label(number);
  if (isWhole(number)) return [TITLES[number.page.doubt.kind], number.what];
  const hasInk = number.hasInk && number.kind === "read" && mark === "!";
  const words = hasInk ? WORDS.ink : number.kind === "few" ? number.what : WORDS[number.kind];
  const title = words ? `${name}: ${words}` : name;
  if (state.warning) return [title, `${text} ${state.warning}`];
  if (number.answer) return [name, doneBecause(number), true];
  if (words) return [title, hasInk ? `read as ${number.text}` : isCalculated ? why : "", true];
  if (mark === "≠" && check.kind === "line") {
    const { written, result } = check;
    const sum = writeSum(check);
    if (number !== written)
      return [name, `read as ${number.text}, but ${sum} is not ${written.text}${nameOthers(check, number)}`];
    const made = showResult(number.page, check, result, number.text);
    return [`${name}: does not add up`, `${sum} = ${made}, read as ${number.text}${nameOthers(check, number)}`];
  }
  if (check?.kind === "sum" && mark !== "?") {
    const made = showResult(number.page, check, check.result);
    const shown = isCalculated && number !== check.written ? `${name}: ${text} instead of ${number.text}` : name;
    const others = nameOthers(check, number);
    return [shown, `${isolate(check.target)} ${check.written?.text ?? ""}, but the lines make ${made}${others}`];
  }
  if (isLong(number)) {
    const doubtful = number.signs.filter(([, chance]) => chance < KNOWN.certain).length;
    return [name, `${number.boxes.length} digits, ${doubtful} of them doubtful: type over them`];
  }
  return [name, `${percent(number.confidence)} sure`, mark !== "?"];
}

// The crop with the digits below; a long number in strips of eight.
function drawEyes(number, text, kind, room) {
  if (number.kind === "few") return [make("div", { className: "eye none" })];
  if (!isLong(number)) return [drawEye(number, text, kind, room, EYE)];
  const strips = makeStrips(number);
  const parts = splitText(text, strips.length);
  let from = 0;
  return strips.map((strip, i) => {
    const eye = drawEye(strip, parts[i], kind, room, LOW, from);
    from += parts[i].length;
    return eye;
  });
}

// The text of each strip: eight digits with the separators after them, the last with the rest.
function splitText(text, count) {
  const parts = text.match(new RegExp(`(\\d\\D*){1,${STRIP}}`, "g")) ?? [""];
  const rest = parts.slice(count - 1).join("");
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? rest : (parts[i] ?? "")));
}

// A calculated number may have more digits than were read: their ink stands beside these.
function widen([left, top, right, bottom], number, text) {
  const characters = [...text.replace(/\s/g, "")];
  const from = align(
    characters,
    readCharacters(number).map(({ character }) => character),
  );
  const first = from.findIndex((source) => source >= 0);
  if (first < 0) return [left, top, right, bottom];
  const last = from.findLastIndex((source) => source >= 0);
  const wide = 0.8 * heightOf(number.box);
  const [before, after] = [wide * first, wide * (characters.length - 1 - last)];
  return [Math.max(0, left - before), top, Math.min(number.page.size[1], right + after), bottom];
}

function drawEye(number, text, kind, room, high, from = 0) {
  const { text: calculated, isCalculated } = questionOf(number);
  const box = isCalculated ? widen(frame(number), number, calculated) : frame(number);
  const scale = Math.min(high / heightOf(box), room / widthOf(box));
  const [width, height] = [Math.round(widthOf(box) * scale), Math.round(heightOf(box) * scale)];
  const picture = div("pic", cut(number.page, box, width, height));
  picture.style.height = `${high === EYE ? high : height}px`;
  const placed = placeDigits(text, number, box, scale, kind);
  const indices = [...text].map((character, i) => (/\s/.test(character) ? -1 : i)).filter((i) => i >= 0);
  const digits = make(
    "div",
    { className: "dg", ariaHidden: "true" },
    placed.map(({ character, style, x }, i) => {
      const isOver = state.over === from + indices[i];
      const digit = span(`${style}${isOver ? " over" : ""}`, character);
      digit.style.left = `${Math.round(x)}px`;
      return digit;
    }),
  );
  if (state.typed !== null && state.over < 0 && high === EYE) {
    const caret = make("i", { className: "caret" });
    const last = placed.at(-1);
    caret.style.left = `${Math.round(last ? last.x + roomFor(last.character) / 2 : width / 2)}px`;
    digits.append(caret);
  }
  const eye = div("eye", picture, digits);
  eye.style.width = `${width}px`;
  return eye;
}

// A formula as a list: numbers of the page, and what stands between them.
function listParts(formula, check) {
  const write = (each) => {
    const [operation, first, second] = each;
    if (operation === "number") return [first];
    if (operation === "field")
      return [check.cells?.get(first) ?? check.numbers.find(({ field }) => field === first) ?? { field: first }];
    if (operation === "sum")
      return check.terms.filter(({ field }) => field === first).flatMap((number, i) => (i ? ["+", number] : [number]));
    if (operation === "negative") return ["−", ...write(first)];
    const wrap = (part, isSecond) => {
      const inner = write(part);
      const isLower = "+-".includes(part[0]) && ("*/".includes(operation) || isSecond);
      return isLower ? ["(", ...inner, ")"] : inner;
    };
    return [...wrap(first, false), SIGNS[operation], ...wrap(second, true)];
  };
  return write(formula);
}

// The left side of the sum in words. changes: other texts.
function writeSum(check, changes) {
  const parts = listParts(check.formula, check);
  if (parts.length > 9) return `sum of ${check.terms.length} numbers`;
  return parts.map((part) => (typeof part === "string" ? part : (part.id && textIn(part, changes)) || "–")).join(" ");
}

const MOST = 12; // numbers of a column that are shown in one line

function drawSum(number, check, text) {
  const changes = new Map([[number, text]]);
  const isLine = check.kind === "line";
  const isTight = check.numbers.reduce((sum, each) => sum + each.text.length, 0) + text.length > 20;
  const chip = (part) => {
    if (typeof part === "string") return make("i", {}, part);
    if (!part.id) return span("lc", make("b", {}, "–"));
    const isAt = part === number;
    const isBlank = part.isCell || (isAt && (state.typed !== null || isTight));
    const picture = isLine && !isBlank ? thumbnail(part, 28, 84) : null;
    const shown = (isAt ? text : part.text) || "–";
    return span(
      `lc${isAt ? " at" : ""}${isAt && showing(number).kind === "calculated" ? " new" : ""}`,
      picture,
      make("b", {}, shown),
    );
  };
  let parts = listParts(check.formula, check);
  if (parts.length > 2 * MOST) {
    const at = parts.indexOf(number);
    const near = at < 0 ? parts.slice(0, 6) : parts.slice(Math.max(0, at - 4), at + 5);
    parts = [`sum of ${check.terms.length}: …`, ...near, "…"];
  }
  const { state: verdict, result } = judgeCheck(number.page, check, changes);
  const note = make("small", {});
  if (verdict === "fits") note.append(...noteFit(number, check, changes));
  else if (verdict === "differs")
    note.append(span("no", `is ${showResult(number.page, check, result, check.written.text)}`));
  const target = check.written ?? { field: check.target };
  const className = `strip${isLine ? "" : " col"}`;
  return div(className, parts.map(chip), make("i", {}, "="), chip(target), note);
}

const tick = () => make("b", { className: "yes" }, "✓");

function noteFit(number, check, changes) {
  const total = number.page.checks.find(
    ({ kind, written, state: verdict }) => kind === "sum" && written && verdict === "differs",
  );
  if (check.kind === "sum") return [tick()];
  if (!total) return ["adds up ", tick()];
  const { state: verdict, result } = judgeCheck(number.page, total, changes);
  if (verdict === "fits") return [`total ${total.written.text} `, tick()];
  if (!isFraction(result)) return ["adds up ", tick()];
  return [`total then off by ${showDifference(number.page, { ...total, result })}`];
}

const rest = (keys, text) => span("rest", key(keys), text);

function answersFor(number, text) {
  const { offer } = questionOf(number);
  const isChoice = state.typed === null && (offer || questionOf(number).mark === "Σ");
  const enter = text && !isChoice && button("en", "Enter", text, () => press("Enter"));
  const isTotal = questionOf(number).check?.kind === "sum"; // whose answers are long
  const end = checkOf(number) && !isTotal && rest("Tab", "next number");
  if (state.typed !== null) return [enter, button("", "Esc", "Clear", () => press("Escape")), end];
  const isNotice = ["ink", "missing", "unfit", "withheld"].includes(number.kind) && !number.answer;
  const others = listAlternatives(number, text).map((each, i) => {
    const shown = markChanges(each, text || number.text);
    return make(
      "button",
      { tabIndex: -1, type: "button", ariaLabel: each, data: { text: each }, onclick: () => press("sdf"[i]) },
      key("SDF"[i]),
      shown,
    );
  });
  const keep =
    canKeep(number) &&
    button("", "K", `Keep ${number.kind === "few" ? "as it is" : `${number.text} as written`}`, () => press("k"));
  const isEmpty = isNotice && (number.kind !== "withheld" || !text);
  const none = isEmpty && button("", "Del", "No number here", () => press("Delete"));
  const cell = isEmpty && Object.keys(state.pile.fields).length > 0 && rest("M", "other cell");
  const shown = keep ? others.slice(0, offer ? 1 : 0) : others.slice(0, none ? 1 : 3);
  return [enter, ...shown, keep, none, cell || end];
}

const canKeep = (number) => !number.answer && (number.kind === "few" || ["≠", "Σ"].includes(questionOf(number).mark));

const listAlternatives = (number, text) =>
  (number.answer ? [] : [questionOf(number).offer, ...number.alternatives.map(([each]) => each)])
    .filter((each) => each && !isSame(each, text))
    .slice(0, 3);

// An alternative, in which what differs from the reading is bold; of a long one, only the part that differs.
function markChanges(text, reading) {
  const from = align([...text], [...reading]);
  const differs = [...text].map((character, i) => character !== reading[from[i]]);
  const start = text.length > LONG ? Math.max(0, differs.indexOf(true) - 2) : 0;
  const parts = [...text].slice(start).map((character, i) => make(differs[start + i] ? "u" : "s", {}, character));
  return span("alt", start ? make("s", {}, "… ") : "", parts);
}

// A number that is being placed: its crop, and the cells around it.
function drawDraft(draft) {
  const { page, field, line, box, number } = draft;
  const { boxes = [], signs = [] } = number ?? {};
  const shown = makeNumber(page, "draft", { field, line, box, boxes, signs, kind: "ink" });
  const text = state.typed ?? draft.text;
  const title = `${number ? "move" : "new number"}: ${draft.isNowhere ? "" : label(shown)}`;
  const nowhere = "This touches no field. Choose one with the arrows.";
  const note = make("small", { className: draft.isNowhere ? "no" : "" }, draft.isNowhere ? nowhere : (draft.sum ?? ""));
  if (draft.sum && state.typed === null && !draft.isNowhere) note.append(" ", tick());
  const eye = drawEye(shown, text, state.typed === null && draft.isCalculated ? "calculated" : "typed", 230, EYE);
  const isForm = Object.keys(state.pile.fields).length > 0;
  const stay = button("", "Esc", number ? "Leave it" : "Do not add", () => press("Escape"));
  const keys = isForm && [rest("← → ↑ ↓", "other cell"), rest("N", "new line")];
  const enter = text && button("en", "Enter", text, () => press("Enter"));
  return [
    div("fh", make("h2", {}, title), note),
    div("two", eye, isForm && drawCells(draft, text)),
    div("ans", enter, stay, keys || []),
  ];
}

function drawCells({ page, field, line, number }, text) {
  const fields = Object.keys(state.pile.fields).filter((name) => state.pile.fields[name].holds === "lines");
  const others = Object.keys(state.pile.fields).filter((name) => !fields.includes(name));
  if (!fields.includes(field)) fields.splice(0, fields.length, ...others);
  const shown = fields.slice(Math.max(0, fields.indexOf(field) - 2)).slice(0, 4);
  const isLines = state.pile.fields[field]?.holds === "lines";
  const lines = isLines ? [...new Set([...findLines(page).keys(), line])].sort((a, b) => a - b) : [line];
  const at = lines.indexOf(line);
  const near = lines.slice(Math.max(0, Math.min(at - 1, lines.length - 3))).slice(0, 3);
  const textAt = (name, each) =>
    page.numbers.find(
      (other) => isThere(other) && other !== number && other.field === name && (!isLines || other.line === each),
    )?.text ?? "";
  const cells = near.flatMap((each) => [
    make("small", { className: each === line ? "at" : "" }, isLines ? lineName(page, each) : ""),
    ...shown.map((name) =>
      name === field && each === line ? make("b", { className: "on" }, text) : make("u", {}, textAt(name, each)),
    ),
  ]);
  const grid = div(
    "grid",
    make("span"),
    shown.map((name) => make("small", {}, isolate(name))),
    cells,
  );
  grid.style.gridTemplateColumns = `24px repeat(${shown.length}, minmax(0, 1fr))`;
  return grid;
}
