"use strict";
// key: under which work is kept. columns: of the table that is saved. certain: confidence that needs no check.
const data = JSON.parse(document.getElementById("data").textContent);
const { key, pages, fields, columns: COLUMNS, certain: CERTAIN } = data;
const KEPT = `review-${key}`;
const get = (id) => document.getElementById(id);
const hasForm = Object.keys(fields).length > 0;

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

function adopt(row, page, id) {
  return Object.assign(row, { page, id, file: page.file, checked: false, change: row.change ?? "" });
}

// Keeps the letters of a name, such as Hebrew ones, from reordering the text beside it.
function isolate(name) { return `\u2068${name.replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd")}\u2069`; }

// In the order of the pages, as they are saved. A row that a person adds follows the others of its page.
for (const [number, page] of pages.entries()) {
  page.number = number;
  page.rows.forEach((row, index) => adopt(row, page, `${number}.${index}`));
}
const list = () => pages.flatMap((page) => page.rows);

// What a person has done, one entry for each step, so that one key takes it back, and a reload repeats it.
let steps = [];
const drawnFields = [];

function keep() {
  try { localStorage.setItem(KEPT, JSON.stringify({ steps, drawnFields })); }
  catch { get("errors").textContent = "This browser keeps nothing: save before you close the page."; }
}

function find(id) { return list().find((row) => row.id === id); }

function apply(step) {
  if (step.kind === "add") {
    const page = pages[step.page];
    const row = { region: step.region, record: step.record, box: step.box, text: "", digits: "", confidence: 0 };
    page.rows.push(adopt({ ...row, alternatives: [], rejected: true, change: "added" }, page, step.id));
    Object.assign(page.rows.at(-1), { checked: true, value: "" });
    return page.rows.at(-1);
  }
  const row = find(step.id);
  Object.assign(row, { value: step.kind === "delete" ? "" : step.value, checked: true });
  if (step.kind === "delete") row.change = row.change === "added" ? "dropped" : "deleted";
  else if (row.change === "deleted") row.change = "";
  return row;
}

function act(step) {
  const row = step.kind === "add" ? null : find(step.id);
  const before = row && { value: row.value, checked: row.checked, change: row.change };
  steps.push({ ...step, before });
  const changed = apply(step);
  keep();
  show(changed);
  return changed;
}

function undo() {
  const step = steps.pop();
  if (!step) return;
  const row = find(step.id);
  if (step.kind === "add") {
    row.page.rows.splice(row.page.rows.indexOf(row), 1);
    row.item.remove();
  } else {
    Object.assign(row, step.before);
    row.field.value = row.value ?? suggest(row);
    show(row);
    row.field.focus();
  }
  keep();
  showProgress();
  showPage(row.page, row.box);
}

function textOf(row) { return row.value ?? row.text; }

function isThere(row) { return !["deleted", "dropped"].includes(row.change); }

function suggest(row) { return row.text || (row.alternatives[0]?.[0] ?? ""); }

function showProgress() {
  const rows = list().filter((row) => row.change !== "dropped");
  const checked = rows.filter((row) => row.checked);
  const doubtful = rows.filter((row) => !row.checked && row.confidence < CERTAIN);
  get("progress").textContent =
    `${checked.length} of ${rows.length} checked, ${doubtful.length} below ${100 * CERTAIN}% remain`;
}

function show(row) {
  if (!row.item) insert(row);
  row.item.classList.toggle("checked", row.checked);
  row.item.classList.toggle("deleted", !isThere(row));
  showProgress();
}

// The page beside the rows, scrolled to a box.
let current = null;

function showPage(page, box) {
  const image = get("picture");
  if (page !== current) {
    current = page;
    get("absent").hidden = true;
    get("page").hidden = false;
    get("pages").value = page.number;
    image.alt = `The page ${isolate(page.file)}`;
    image.src = page.source;
    get("page").style.aspectRatio = `${page.size[1]} / ${page.size[0]}`;
  }
  get("page").querySelectorAll("i").forEach((each) => each.remove());
  if (box) outline(box, "").scrollIntoView({ block: "center", inline: "nearest" });
  for (const field of drawnFields.filter((each) => each.page === page.number)) outline(field.box, "field");
}

get("picture").onerror = () => {
  get("page").hidden = true;
  get("absent").hidden = false;
  get("absent").textContent = `${isolate(current.file)} is not beside this page, or the browser cannot show it.`;
};

function outline([left, top, right, bottom], className) {
  const [height, width] = current.size;
  const box = make("i", { className });
  Object.assign(box.style, {
    left: `${(100 * left) / width}%`, top: `${(100 * top) / height}%`,
    width: `${(100 * (right - left)) / width}%`, height: `${(100 * (bottom - top)) / height}%`,
  });
  get("page").append(box);
  return box;
}

// A rectangle that is drawn on the page is a row that is missing, or a field of a form.
let [start, drawn] = [null, null];

function locate(event) {
  const { left, top, width, height } = get("page").getBoundingClientRect();
  const share = (part) => Math.min(Math.max(part, 0), 1);
  return [
    Math.round(current.size[1] * share((event.clientX - left) / width)),
    Math.round(current.size[0] * share((event.clientY - top) / height)),
  ];
}

function span(event) {
  const end = locate(event);
  const [left, right] = [start[0], end[0]].sort((a, b) => a - b);
  const [top, bottom] = [start[1], end[1]].sort((a, b) => a - b);
  return [left, top, right, bottom];
}

get("page").onpointerdown = (event) => {
  start = locate(event);
  get("page").setPointerCapture(event.pointerId);
  event.preventDefault();
};
get("page").onpointermove = (event) => {
  if (!start) return;
  drawn?.remove();
  drawn = outline(span(event), "drawn");
};
get("page").onpointerup = (event) => {
  if (!start) return;
  const box = span(event);
  start = null;
  drawn?.remove();
  if (box[2] - box[0] < 4 || box[3] - box[1] < 4) return;
  if (get("mode").value === "row") addRow(box);
  else addField(box);
};

function middle([left, top, right, bottom]) { return [(top + bottom) / 2, (left + right) / 2]; }

// The height of a box when the page is laid on its reference page.
function heightOf({ upright }, box) {
  const [[y, x], [a, b, c]] = [middle(box), upright ?? [1, 0, 0]];
  return a * y - b * x + c;
}

// The field and the record of a new row are those of the nearest rows, beside it and at its height; a row between two
// lines is a line between them.
function addRow(box) {
  const page = current;
  const rows = page.rows.filter(isThere);
  const [at, height] = [middle(box)[1], heightOf(page, box)];
  const nearest = (some, distance) => some.reduce((a, b) => (a && distance(a) <= distance(b) ? a : b), null);
  const beside = nearest(rows, (row) => Math.max(row.box[0] - at, at - row.box[2], 0));
  const lines = rows.filter(({ record }) => record);
  const distance = (row) => Math.abs(heightOf(page, row.box) - height);
  const level = nearest(lines, distance);
  const column = lines.filter((row) => row.box[0] < beside.box[2] && row.box[2] > beside.box[0]);
  const above = Math.max(0, ...column.filter((row) => heightOf(page, row.box) < height).map(({ record }) => record));
  const below = Math.min(above + 2, ...lines.map(({ record }) => record).filter((record) => record > above));
  const record = level && distance(level) < (box[3] - box[1]) * 0.75 ? level.record : (above + below) / 2;
  const step = { kind: "add", id: `${page.number}.${Date.now()}`, page: page.number, box };
  act({ ...step, region: beside?.region ?? Object.keys(fields)[0] ?? "", record: hasForm ? record : 0 }).field.focus();
}

function addField(box) {
  const number = drawnFields.length + 1;
  drawnFields.push({ page: current.number, box, name: `field ${number}`, holds: "lines" });
  showForm();
  get("name").focus();
  get("name").select();
}

function showForm() {
  const last = drawnFields.at(-1);
  get("form").hidden = !last;
  get("name").value = last?.name ?? "";
  get("holds").value = last?.holds ?? "lines";
  get("toml").textContent = writeForm();
  keep();
  if (current) showPage(current);
}

function writeForm() {
  const named = new Map();
  for (const field of drawnFields) named.set(field.name, [...(named.get(field.name) ?? []), field]);
  const quoted = (text) => JSON.stringify(text);
  const region = ({ page, box }) => {
    const [height, width] = pages[page].size;
    return quoted(box.map((side, i) => `${((100 * side) / [width, height][i % 2]).toFixed(1)}%`).join(","));
  };
  const tables = [...named].map(([name, parts]) => {
    const regions = parts.map(region);
    const value = parts.length === 1 ? regions[0] : `[${regions.join(", ")}]`;
    return `[fields.${quoted(name)}]\nregion = ${value}\nholds = ${quoted(parts.at(-1).holds)}\n`;
  });
  const file = pages[drawnFields[0]?.page ?? 0]?.file.split("/").at(-1) ?? "";
  return [`reference = ${quoted(file)}\n`, ...tables].join("\n");
}

get("name").oninput = () => {
  drawnFields.at(-1).name = get("name").value;
  get("toml").textContent = writeForm();
  keep();
};
get("holds").onchange = () => { drawnFields.at(-1).holds = get("holds").value; showForm(); };
get("drop").onclick = () => { drawnFields.pop(); showForm(); };
get("keep").onclick = () => download("form.toml", writeForm(), "application/toml");

// A cell that a spreadsheet program would evaluate begins with an apostrophe, as in the table of `classify`.
function quote(value) {
  const text = String(value ?? "");
  return `"${(/^[=+\-@\t\r]./.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

function download(name, content, type) {
  const link = make("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function write(columns, lines) {
  const rows = [columns.map(quote), ...lines.map((cells) => columns.map((name) => quote(cells[name])))];
  return rows.map((row) => row.join(",")).join("\r\n") + "\r\n";
}

function saveRows() {
  const lines = pages.flatMap((page) => page.rows.filter((row) => row.change !== "dropped").map((row, index) => {
    const [left, top, right, bottom] = row.box;
    const marks = { row: index + 1, value: textOf(row), checked: row.checked ? "yes" : "" };
    return { ...row, ...marks, left, top, right, bottom };
  }));
  download("corrected.csv", write(COLUMNS, lines), "text/csv");
}

// The table of the form, as `classify --output` writes it, with what the person has typed: a line for each record, with
// what the page has once, or many times, in all of them.
function saveTable() {
  const cellsOf = (rows) => {
    const names = [...new Set(rows.map(({ region }) => region))];
    const joined = (name) => rows.filter(({ region }) => region === name).map(textOf).join("; ");
    return Object.fromEntries(names.map((name) => [name, joined(name)]));
  };
  const lines = pages.flatMap(({ file, rows }) => {
    const holds = ({ region }) => fields[region]?.holds;
    const isWhole = (row) => holds(row) === "many" || (holds(row) === "one" && row.record);
    const there = rows.filter(isThere);
    const [whole, parts] = [there.filter(isWhole), there.filter((row) => !isWhole(row))];
    const records = [...new Set(parts.map(({ record }) => record).filter(Boolean))].sort((a, b) => a - b);
    if (!records.length && whole.length) records.push(1);
    const linesOf = (each) => cellsOf(parts.filter(({ record }) => record === each));
    return [
      ...records.map((each, i) => ({ file, line: i + 1, ...cellsOf(whole), ...linesOf(each) })),
      ...parts.filter(({ record }) => !record).map((row) => ({ file, ...cellsOf([row]), check: "fits no line" })),
    ];
  });
  download("table.csv", write(["file", "line", ...Object.keys(fields), "check"], lines), "text/csv");
}

function following(row) {
  const items = [...get("rows").querySelectorAll("li:not(.line)")];
  const at = items.indexOf(row.item);
  return [...items.slice(at + 1), ...items.slice(0, at)].find((item) => !item.classList.contains("checked"));
}

function goOn(row) {
  const next = following(row)?.querySelector("input") ?? get(hasForm ? "table" : "save");
  next.focus();
  next.select?.();
}

function insert(row, before = null) {
  const index = row.page.rows.indexOf(row) + 1;
  row.field = make("input", {
    value: row.value ?? suggest(row), autocomplete: "off",
    ariaLabel: `Text of row ${index} of ${isolate(row.file)}`,
  });
  const check = () => act({ kind: "check", id: row.id, value: row.field.value.trim() });
  row.field.onkeydown = (event) => {
    if (event.key === "Enter") { check(); goOn(row); }
    else if (event.key === "Delete" && event.ctrlKey) { event.preventDefault(); remove(); }
    else if (event.key === "Escape") row.field.value = row.value ?? suggest(row);
  };
  row.field.onchange = () => { if (row.field.value.trim() !== (row.value ?? "")) check(); };
  row.field.onfocus = () => showPage(row.page, row.box);
  const remove = () => { row.field.value = ""; act({ kind: "delete", id: row.id }); goOn(row); };
  const others = row.alternatives.slice(0, 3).map(([text, chance]) => {
    const button = make("button", { textContent: text, title: `${(100 * chance).toFixed(1)}%` });
    button.onclick = () => { row.field.value = text; check(); row.field.focus(); };
    return button;
  });
  const certain = row.rejected ? "rejected" : `${(100 * row.confidence).toFixed(1)}%`;
  const line = row.change !== "added" && row.record ? `, line ${row.record}` : "";
  const where = `${row.region ? `${isolate(row.region)}${line}, ` : ""}${isolate(row.file)}, row ${index}`;
  const status = row.change === "added" ? "added" : certain;
  const label = `Delete row ${index} of ${isolate(row.file)}`;
  const drop = make("button", { textContent: "Delete", tabIndex: -1, ariaLabel: label });
  drop.onclick = remove;
  const crop = row.crop ? [make("img", { className: "crop", src: row.crop, alt: "", loading: "lazy" })] : [];
  row.item = make("li", {}, make("div", {}, ...crop), make("div", {}, row.field, ...others),
    make("small", { textContent: where }), make("div", {}, `${status} `, drop));
  get("rows").insertBefore(row.item, before ?? get("rows").firstChild);
}

// First come rows of pages whose sums do not add up, then the least certain; a line shows where 90% begins.
function begin() {
  const doubted = new Set(pages.flatMap((page) =>
    (page.problems ?? []).filter((each) => /the sum of/.test(each.what)).map(() => page)));
  const rank = (row) => row.confidence - (doubted.has(row.page) && row.confidence < CERTAIN ? 1 : 0);
  const shown = list().sort((a, b) => rank(a) - rank(b));
  const rows = get("rows");
  const last = rows.appendChild(make("li", { hidden: true }));
  let crossed = false;
  for (const row of shown) {
    if (!crossed && row.confidence >= CERTAIN) {
      crossed = true;
      const note = `From here on, readings have ${100 * CERTAIN}% or more`;
      rows.insertBefore(make("li", { className: "line", textContent: note }), last);
    }
    insert(row, last);
  }
  last.remove();
  for (const page of pages) {
    get("pages").append(make("option", { value: page.number, textContent: isolate(page.file) }));
    for (const problem of page.problems ?? []) {
      const words = problem.region ? `${isolate(problem.region)}: ${problem.what}` : problem.what;
      const button = make("button", { textContent: `${isolate(page.file)}: ${words}` });
      button.onclick = () => showPage(page, problem.box);
      get("problems").append(make("li", {}, button));
    }
  }
  get("missing").hidden = !get("problems").children.length;
  get("table").hidden = !hasForm;
  restore();
  showProgress();
  const first = rows.querySelector("li:not(.checked):not(.line) input");
  if (first) { first.focus(); first.select(); }
  else if (pages.length) showPage(pages[0]);
}

function restore() {
  let kept = null;
  try { kept = JSON.parse(localStorage.getItem(KEPT)); } catch { return; }
  if (!kept) return;
  drawnFields.push(...kept.drawnFields);
  steps = kept.steps;
  for (const row of steps.map(apply)) {
    show(row);
    row.field.value = row.value;
  }
  if (drawnFields.length) showForm();
}

get("undo").onclick = undo;
get("save").onclick = saveRows;
get("table").onclick = saveTable;
get("pages").onchange = () => showPage(pages[get("pages").value]);
document.addEventListener("keydown", (event) => {
  if (event.altKey && event.key.toLowerCase() === "z") { event.preventDefault(); undo(); }
});
begin();
