"use strict";
// rows: in the order of the pages, as they are saved. columns: of the table. certain: confidence that needs no check.
const { rows, columns, certain } = JSON.parse(document.getElementById("data").textContent);
const shown = [...rows].sort((a, b) => a.confidence - b.confidence);
const list = document.getElementById("rows");
let saved = true;

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

// The page with the box of the row; a rectangle that is drawn on it gives the option --region.
function showPage(item, row) {
  const old = item.querySelector(".place");
  if (old) return old.remove();
  const image = make("img", { alt: `The page ${row.file}`, src: row.source });
  const box = make("i");
  const drawn = make("i", { className: "drawn" });
  const page = make("div", { className: "page" }, image, box, drawn);
  const option = make("code");
  const place = make("div", { className: "place" }, page, option);
  image.onerror = () => place.replaceChildren(`${row.file} is not beside this page, or the browser cannot show it.`);
  image.onload = () => {
    const [left, top, right, bottom] = row.box;
    const share = (part, whole) => `${(100 * part) / whole}%`;
    Object.assign(box.style, {
      left: share(left, image.naturalWidth), top: share(top, image.naturalHeight),
      width: share(right - left, image.naturalWidth), height: share(bottom - top, image.naturalHeight),
    });
  };
  let start = null;
  const at = (event) => {
    const { left, top, width, height } = image.getBoundingClientRect();
    return [(100 * (event.clientX - left)) / width, (100 * (event.clientY - top)) / height]
      .map((part) => Math.round(Math.min(Math.max(part, 0), 100)));
  };
  page.onpointerdown = (event) => {
    start = at(event);
    page.setPointerCapture(event.pointerId);
    event.preventDefault();
  };
  page.onpointerup = () => {
    start = null;
  };
  page.onpointermove = (event) => {
    if (!start) return;
    const end = at(event);
    const [left, right] = [start[0], end[0]].sort((a, b) => a - b);
    const [top, bottom] = [start[1], end[1]].sort((a, b) => a - b);
    Object.assign(drawn.style, {
      left: `${left}%`,
      top: `${top}%`,
      width: `${right - left}%`,
      height: `${bottom - top}%`,
    });
    if (left < right && top < bottom) option.textContent = `--region ${left}%,${top}%,${right}%,${bottom}%`;
  };
  item.append(place);
}

function mark(row) {
  row.value = row.field.value.trim();
  row.checked = true;
  row.item.classList.add("checked");
  saved = false;
  showProgress();
}

function check(number) {
  mark(shown[number]);
  const next = [...shown.slice(number + 1), ...shown].find((each) => !each.checked);
  if (next) { next.field.focus(); next.field.select(); }
  else document.getElementById("save").focus();
}

function squeeze(text) { return text.replace(/\s/g, ""); }

function showProgress() {
  const checked = rows.filter((row) => row.checked);
  document.getElementById("progress").textContent = `${checked.length} of ${rows.length} checked`;
  const unsure = checked.filter((row) => row.confidence < certain && !row.unread);
  const wrong = unsure.filter((row) => squeeze(row.text) !== squeeze(row.value));
  document.getElementById("errors").textContent =
    unsure.length ? `${wrong.length} of ${unsure.length} readings below ${100 * certain}% were wrong` : "";
}

// A cell that a spreadsheet program would evaluate begins with an apostrophe, as in the table of `classify`.
function quote(value) {
  const text = String(value ?? "");
  return `"${(/^[=+\-@\t\r]./.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

function save() {
  const lines = rows.map((row) => {
    const [left, top, right, bottom] = row.box;
    const cells = { ...row, value: row.value ?? row.text, checked: row.checked ? "yes" : "", left, top, right, bottom };
    return columns.map((name) => quote(cells[name])).join(",");
  });
  const content = new Blob([[columns.join(","), ...lines].join("\r\n") + "\r\n"], { type: "text/csv" });
  const link = make("a", { href: URL.createObjectURL(content), download: "corrected.csv" });
  link.click();
  URL.revokeObjectURL(link.href);
  saved = true;
}

shown.forEach((row, number) => {
  row.field = make("input", {
    value: row.text || (row.alternatives[0]?.[0] ?? ""), autocomplete: "off",
    ariaLabel: `Text of row ${row.row} of ${row.file}`,
  });
  row.field.onkeydown = (event) => { if (event.key === "Enter") check(number); };
  row.field.onchange = () => mark(row);
  const others = row.alternatives.slice(0, 3).map(([text, chance]) => {
    const button = make("button", { textContent: text, title: `${(100 * chance).toFixed(1)}%` });
    button.onclick = () => { row.field.value = text; mark(row); row.field.focus(); };
    return button;
  });
  const page = make("button", { textContent: "Page" });
  page.onclick = () => showPage(row.item, row);
  const where = `${row.file}, row ${row.row}${row.region ? `, ${row.region}` : ""}`;
  row.item = make(
    "li",
    {},
    make(
      "div",
      {},
      make("img", { className: "crop", src: row.crop, alt: "", loading: "lazy" }),
      make("small", { textContent: where }),
    ),
    make("div", {}, row.field, ...others),
    make("div", {}, row.unread ? "unread " : `${(100 * row.confidence).toFixed(1)}% `, page));
  list.append(row.item);
});
document.getElementById("save").onclick = save;
window.onbeforeunload = (event) => { if (!saved) event.preventDefault(); };
showProgress();
shown[0]?.field.select();
