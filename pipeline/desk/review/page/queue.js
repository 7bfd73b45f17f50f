// The queue: what is done above the card, what follows below; only what is visible is drawn.

const ROW = 44;
const HEAD = 36;

function drawQueue() {
  const { items } = state;
  const number = focused();
  const shown = number && !items.includes(number) ? insert(items, number) : items;
  const at = number ? shown.indexOf(number) : 0;
  const room = get("queue").clientHeight;
  const [above, below] = [[], []];
  for (let i = at - 1, high = 0; i >= 0 && high < get("above").clientHeight; i -= 1) {
    above.unshift(drawRow(shown[i]));
    if (shown[i].page !== shown[i + 1]?.page) above.splice(1, 0, drawHead(shown[i + 1].page));
    high += ROW;
  }
  if (number && !shown[at - 1]) above.push(drawHead(number.page));
  for (let i = at + 1, high = 0; i < shown.length && high < room; i += 1) {
    if (shown[i].page !== shown[i - 1].page) {
      below.push(drawHead(shown[i].page));
      high += HEAD;
    }
    below.push(drawRow(shown[i]));
    high += ROW;
  }
  get("above").replaceChildren(...above);
  get("below").replaceChildren(...below);
}

// A number that nobody asked about stands among the questions of its page.
function insert(items, number) {
  const first = items.findIndex(({ page }) => page === number.page);
  const at = first >= 0 ? first : items.findIndex(({ page }) => page.rank > number.page.rank);
  return at < 0 ? [...items, number] : [...items.slice(0, at), number, ...items.slice(at)];
}

function drawHead(page) {
  const open = [...page.questions.keys()].filter(({ later }) => !later).length;
  const turned = page.turn ? `turned by ${page.turn}°` : "";
  const words = summarise(page) || turned;
  const about = words === "adds up" ? ["adds up ", tick()] : [words];
  return make(
    "div",
    { className: "qh", role: "listitem" },
    span("", make("b", {}, isolate(page.name)), ...about),
    span("", open ? String(open) : ""),
  );
}

function drawRow(number) {
  const question = number.page.questions.get(number);
  const isDone = !question;
  const mark = span(`m ${isDone ? "yes" : "no"}`, isDone ? "✓" : question.mark);
  const { text } = isDone ? number : question;
  const picture = isLong(number) ? null : span("im", number.kind === "few" ? "" : thumbnail(number, 30, 104));
  const name = label(number);
  const why = isDone ? doneBecause(number) : question.why;
  const row = make(
    "div",
    { className: `qr${isDone ? " done" : ""}${isLong(number) ? " long" : ""}`, role: "listitem" },
    mark,
    picture,
    make("b", {}, number.answer === "none" ? "no number" : text || "–"),
    span("what", name),
    make("em", { className: "why" }, why),
  );
  row.onclick = () => focusOn(number, { bar: null });
  return row;
}

const HOW = { line: "as the line gives", total: "as the total needs", taken: "taken", typed: "typed", moved: "moved" };

function doneBecause(number) {
  const isNotice = number.kind === "ink" ? "ink, " : "";
  if (isWhole(number)) return { use: "used as it is", turn: "turned", out: "left out" }[number.answer];
  if (number.answer === "none") return "no number here";
  if (number.answer === "kept") return "kept as written";
  if (number.answer === "right") return "right";
  if (number.answer === "set") {
    if (number.read) return `was ${number.read}`;
    return isNotice + (HOW[number.how] ?? "added");
  }
  return number.page.proved.has(number) ? "adds up" : percent(number.confidence);
}

function drawBar() {
  const { bar } = state;
  get("bar").hidden = !bar;
  if (!bar) return;
  const [keys, text, action] = bar.button ?? [];
  get("bar").replaceChildren(
    span("", make("b", {}, bar.title), " ", bar.text),
    ...(action ? [button("pl", keys, text, () => enqueue(action))] : []),
  );
}
