// The tables that are saved, as CSV.

// An apostrophe precedes what a spreadsheet program would evaluate, as `table.py` writes it.
const protect = (text) => text.replace(new RegExp(`(^|[;；])(?=${KNOWN.formula})`, "gu"), "$1'");
const quote = (value) => `"${protect(String(value ?? "")).replaceAll('"', '""')}"`;

function writeTable(columns, lines) {
  const rows = [columns.map(quote), ...lines.map((cells) => columns.map((name) => quote(cells[name])))];
  return rows.map((row) => row.join(",")).join("\r\n") + "\r\n";
}

function describe(number) {
  const isNotice = number.kind === "few" || ["ink", "missing"].includes(number.kind);
  if (number.answer === "none" || number.answer === "covered") return "";
  if (number.answer === "kept") return "kept as written";
  if (number.answer === "set" && number.read && ["line", "sum"].includes(number.how)) {
    return `calculated, read as ${number.read}`;
  }
  if (number.page.questions.has(number) && number.later) return "left for later";
  if (isOpen(number) && number.kind === "read" && number.page.questions.has(number)) return "unchecked";
  if (needsText(number)) return "not read";
  if (number.kind === "unfit" && isOpen(number)) return "fits no line";
  const isWrong = ({ written, state }) => written === number && ["differs", "kept"].includes(state);
  if (number.page.checks.some(isWrong)) return "does not add up";
  return isNotice && isOpen(number) ? number.what : "";
}

// A line for each number, with what was read and what was answered.
function listRows(pile) {
  return pile.pages.flatMap((page) =>
    page.numbers
      .filter((each) => ["read", "withheld", "unfit", "added"].includes(each.kind) || each.answer === "set")
      .map((each, index) => {
        const [left, top, right, bottom] = each.box;
        const isAdded = !["read", "withheld", "unfit"].includes(each.kind);
        const change = each.answer === "none" ? "deleted" : isAdded ? "added" : "";
        const checked = each.answer ? "yes" : page.proved.has(each) ? "line" : "";
        const value = each.answer === "none" ? "" : each.text;
        const read = { text: each.read, digits: isAdded ? "" : (each.digits ?? "") };
        const confidence = each.confidence?.toFixed(4);
        const facts = { row: index + 1, region: each.field, value, checked, change, confidence };
        return { file: page.file, ...facts, ...read, left, top, right, bottom };
      }),
  );
}

// How certain a number of the table is: what a person has answered is.
const confidenceOf = ({ answer, confidence }) => (answer ? 1 : confidence);

// A line for each line of the page: what the page has once, or many times, is in all of them.
function listRecords(pile) {
  const unread = (pile.unread ?? []).map(({ file, error }) => ({ file, check: error }));
  const records = pile.pages.flatMap((page) => {
    const there = page.numbers.filter((each) => isThere(each) || describe(each));
    const isWhole = ({ field }) => pile.fields[field] && pile.fields[field].holds !== "lines";
    const lines = new Map();
    for (const each of there.filter((number) => number.line && !isWhole(number))) {
      lines.set(each.line, [...(lines.get(each.line) ?? []), each]);
    }
    const whole = there.filter((each) => isWhole(each) && each.kind !== "unfit");
    const rest = there.filter((each) => !whole.includes(each) && (!each.line || isWhole(each)));
    const cellsOf = (numbers) => {
      const cells = {};
      for (const each of numbers.filter(({ text }) => text)) {
        cells[each.field] = cells[each.field] ? `${cells[each.field]}; ${each.text}` : each.text;
      }
      return cells;
    };
    const checkOf = (numbers) =>
      numbers
        .filter(describe)
        .map((each) => `${each.field}: ${describe(each)}`)
        .join("; ");
    const records = [...lines]
      .sort(([a], [b]) => a - b)
      .map(([, numbers]) => numbers)
      .filter((numbers) => numbers.some((each) => each.text || describe(each)));
    if (!records.length && whole.length) records.push([]);
    return [
      ...(page.notice ? [{ file: page.file, check: page.notice }] : []),
      ...(isOut(page)
        ? [{ file: page.file, check: `${page.decision ? "left out" : "unchecked"}: ${page.doubt.what}` }]
        : []),
      ...records.map((numbers, i) => ({
        file: page.file,
        line: numbers.length ? lineName(page, numbers[0].line) : "1",
        ...cellsOf(whole),
        ...cellsOf(numbers),
        confidence: Math.min(1, ...[...numbers, ...whole].map(confidenceOf)).toFixed(4),
        check: checkOf([...numbers, ...(i ? [] : whole)]),
      })),
      ...rest.map((each) => ({
        file: page.file,
        ...cellsOf([each]),
        confidence: confidenceOf(each).toFixed(4),
        check: describe(each),
      })),
    ];
  });
  return [...records, ...unread];
}
