// The page on which a form is drawn: its fields on the picture, the field in the card, and its file beside it.

// form: what is drawn; chosen: index of the field in the card; problem: what is wrong with the text that is typed;
// text: the file as it is typed, while something is wrong with it. grips: whether the corners of the field can be
// dragged, as after a click on it; otherwise, a drag that begins there makes a field.
const drawing = { grips: false, form: null, page: null, chosen: -1, problem: "", text: null };

function openForm() {
  const { pile } = state;
  if (!pile.pages.length) return;
  const blank = () => ({ top: { reference: pile.pages[0].file.split("/").at(-1) }, fields: [], lines: {}, sums: {} });
  const last = lastForm();
  try {
    drawing.form = parseForm(last?.toml ?? pile.toml ?? "");
  } catch {
    drawing.form = blank();
  }
  if (!drawing.form.fields.length && !last) drawing.form = blank();
  const reference = drawing.form.top.reference ?? "";
  drawing.page = pile.pages.find(({ file }) => file.split("/").at(-1) === reference) ?? pile.pages[0];
  drawing.chosen = Math.min(drawing.chosen, drawing.form.fields.length - 1);
  Object.assign(drawing, { problem: findProblem(), text: null });
  change({ view: "form", bar: null, draft: null });
}

function closeForm() {
  goTo(state.items.find((number) => isAsked(number) && !number.later));
}

// The last step that is about the form that was read: one about another form is over.
const lastForm = () => state.steps.findLast((step) => step.do === "form" && step.base === state.pile.toml);

async function commitForm() {
  const toml = writeForm(drawing.form);
  if (toml === (lastForm()?.toml ?? state.pile.toml)) return;
  await record({ do: "form", base: state.pile.toml, toml });
  requestDrawing();
}

const changeForm = (edit) => {
  // later ones see what earlier ones have done
  edit(drawing.form);
  Object.assign(drawing, { problem: findProblem(), text: null });
  requestDrawing();
  enqueue(commitForm);
};

// What is wrong with the form that is drawn, such as a formula with a field that was removed.
function findProblem() {
  try {
    checkForm(drawing.form);
    return "";
  } catch (error) {
    return error.message;
  }
}

async function undoForm() {
  const step = lastForm();
  if (!step || !state.isWriter) return;
  await dropStep(step);
  openForm();
}

const chosenField = () => drawing.form.fields[drawing.chosen];

function addField(box) {
  const { fields } = drawing.form;
  let number = fields.length + 1;
  while (fields.some(({ name }) => name === `field${number}`)) number += 1;
  const kind = heightOf(box) > drawing.page.size[0] / 8 ? "lines" : "one";
  const inside = splitRows(drawing.page).filter((number) => holds(box, ...middleOf(number.box)));
  const look = guessLook(inside.map(({ text }) => text));
  const field = {
    name: `field${number}`,
    regions: [writeRegion(box, drawing.page.size)],
    digits: look === "digits" ? "1-9" : undefined,
    pattern: LOOKS[look] || undefined,
    holds: kind,
  };
  Object.assign(drawing, { chosen: fields.length, grips: false });
  changeForm((form) => form.fields.push(field));
  requestAnimationFrame(() => requestAnimationFrame(() => get("name")?.select()));
}

function removeField() {
  const field = chosenField();
  if (!field) return;
  changeForm((form) => {
    form.fields.splice(drawing.chosen, 1);
    delete form.lines[field.name];
    delete form.sums[field.name];
  });
  drawing.chosen = Math.min(drawing.chosen, drawing.form.fields.length - 1);
}

// A field is renamed in the formulas, too.
function renameField(name) {
  const field = chosenField();
  const clean = name.trim();
  const isTaken = drawing.form.fields.some((each) => each !== field && each.name === clean);
  if (isTaken || isReserved(clean)) drawing.problem = `another column is called ${clean}`;
  if (!clean || isTaken || isReserved(clean)) return requestDrawing();
  const old = field.name;
  const { fields } = drawing.form;
  changeForm((form) => {
    for (const formulas of [form.lines, form.sums]) {
      for (const [target, text] of Object.entries(formulas)) {
        delete formulas[target];
        formulas[target === old ? clean : target] = renameIn(text, old, clean, fields);
      }
    }
    field.name = clean;
  });
}

function setLook(look) {
  changeForm(() => {
    const field = chosenField();
    const pattern = look === "own" ? (field.pattern ?? "\\d+") : LOOKS[look];
    Object.assign(
      field,
      look === "digits" ? { digits: field.digits ?? "1-9", pattern: undefined } : { digits: undefined, pattern },
    );
    if (look === "own") field.isOwn = true;
    else delete field.isOwn;
  });
}

// Move a field, or its far side, by a pixel of the page.
function moveField(right, down, isSide) {
  const field = chosenField();
  if (!field?.regions.length) return;
  changeForm(() => {
    const [left, top, far, bottom] = parseRegion(field.regions[0], drawing.page.size);
    const start = isSide ? [left, top] : [left + right, top + down];
    setRegion(field, [...start, far + right, bottom + down]);
  });
}

function setRegion(field, [left, top, right, bottom]) {
  const [height, width] = drawing.page.size;
  const within = (side, whole) => Math.min(Math.max(side, 0), whole);
  field.regions[0] = writeRegion(
    [within(left, width), within(top, height), within(right, width), within(bottom, height)],
    drawing.page.size,
  );
}

// Drawing. What is typed into stays as it is: the element with the focus gets it back with its selection.
function drawForm() {
  const main = get("form");
  if (!main.firstElementChild) {
    main.append(
      make("section", { className: "sheet full", id: "plan", tabIndex: 0, ariaLabel: "The page with its fields" }),
      make("section", { className: "ed", id: "fields", ariaLabel: "Fields" }),
      make("section", { className: "toml", id: "file", ariaLabel: "The file" }),
    );
    listenToForm();
  }
  const active = document.activeElement;
  const { id, selectionStart, selectionEnd } = active ?? {};
  const read = readAs(drawing.form, drawing.page);
  drawPlan();
  get("fields").replaceChildren(...drawFields(read));
  drawFile();
  const again = id && get(id);
  if (again && again !== active) {
    again.focus();
    if (selectionStart !== undefined && selectionStart !== null) again.setSelectionRange(selectionStart, selectionEnd);
  }
}

const cornersOf = ([left, top, right, bottom]) => [
  [left, top],
  [right, top],
  [left, bottom],
  [right, bottom],
];

function drawPlan() {
  const { page, form, chosen } = drawing;
  const plan = get("plan");
  const image = pictureOf(page);
  let paper = plan.querySelector(".paper");
  if (!paper) plan.append((paper = make("div", { className: "paper" })));
  const room = [plan.clientWidth - 32, plan.clientHeight - 16];
  const scale = Math.min(room[0] / page.size[1], room[1] / page.size[0]);
  Object.assign(paper.style, {
    width: `${page.size[1] * scale}px`,
    height: `${page.size[0] * scale}px`,
    left: `${(room[0] + 32 - page.size[1] * scale) / 2}px`,
    top: "8px",
  });
  const marks = form.fields.flatMap((field, i) =>
    field.regions.map((region) => {
      const box = parseRegion(region, page.size);
      const isWide = field.holds !== "lines";
      return place(
        make(
          "i",
          { className: `field${i === chosen ? " on" : ""}${isWide ? " one" : ""}` },
          span("", isolate(field.name)),
        ),
        box,
        page,
      );
    }),
  );
  const field = chosenField();
  if (field?.regions.length && drawing.grips) {
    for (const [x, y] of cornersOf(parseRegion(field.regions[0], page.size)))
      marks.push(place(make("i", { className: "grip" }), [x, y, x, y], page));
  }
  paper.replaceChildren(image, ...marks);
}

function drawFields(read) {
  const head = div(
    "fr h",
    ["field", "holds", "looks like", "found here"].map((each) => span("", each)),
  );
  const rows = drawing.form.fields.map((field, i) => {
    if (i === drawing.chosen) return drawEditor(field, read);
    const row = make(
      "button",
      {
        className: "fr",
        type: "button",
        onclick: () => {
          drawing.chosen = i;
          requestDrawing();
        },
      },
      make("b", {}, isolate(field.name)),
      span("", HOLDS[field.holds]),
      span("", describeLook(field)),
      make("em", {}, countFound(field, read)),
    );
    return row;
  });
  const lines = Object.entries(drawing.form.lines).map(([target, text]) => {
    const [fitting, count] = countFits(read, target);
    const name = span("wide", `${isolate(target)} = ${text} `, count ? `${fitting} of ${count}` : "");
    return div("fr add", span("", "Line"), name);
  });
  const sums = Object.entries(drawing.form.sums).map(([target, text]) => {
    const check = read.checks.find((each) => each.kind === "sum" && each.target === target);
    const note =
      check?.state === "fits"
        ? [tick(), ` ${check.written.text}`]
        : check?.state === "differs"
          ? [span("no", `≠ ${check.written.text}`)]
          : [];
    return div(
      "fr add",
      span("", "Total"),
      span("wide", `${isolate(target)} = ${text.replace(/sum\((.*)\)/, "sum of $1")} `, ...note),
    );
  });
  const { top } = drawing.form;
  const choose = ({ target }) => changeForm(() => (target.value ? (top.decimal = target.value) : delete top.decimal));
  const decimals = { "": "most frequent", ".": "12.50", ",": "12,50" };
  const options = Object.entries(decimals).map(([value, text]) =>
    make("option", { value, selected: value === (top.decimal ?? "") }, text),
  );
  const select = make("select", { id: "decimal", onchange: choose }, options);
  const decimal = make("label", { className: "fr add" }, "Decimals", select);
  return rows.length
    ? [head, ...rows, ...lines, ...sums, decimal]
    : [make("p", { className: "lead" }, "Drag over a column or a number of the page: this is the first field.")];
}

function countFound(field, read) {
  const own = read.numbers.filter((number) => number.field === field.name);
  const fits = own.filter(({ text }) => fitsPattern(read.pile.fields[field.name], text)).length;
  return fits === own.length ? String(own.length) : `${fits} of ${own.length}`;
}

function drawEditor(field, read) {
  const input = (id, value, onchange, properties = {}) =>
    make("input", { id, value, autocomplete: "off", spellcheck: false, onchange, ...properties });
  const setIn = (record, name) => (event) =>
    changeForm(() => {
      record[name] = event.target.value.trim();
    });
  const pick = (group, options, chosen, choose) =>
    make(
      "div",
      { className: "seg", role: "radiogroup", ariaLabel: group },
      Object.entries(options).map(([name, text]) =>
        make(
          "label",
          { className: name === chosen ? "on" : "" },
          make("input", {
            type: "radio",
            name: group,
            id: `${group}-${name}`,
            checked: name === chosen,
            onchange: () => choose(name),
          }),
          text,
        ),
      ),
    );
  const look = field.isOwn ? "own" : lookOf(field);
  const looks = Object.fromEntries(Object.keys(LOOKS).map((each) => [each, each === "own" ? "own pattern" : each]));
  const detail =
    look === "digits"
      ? input("digits", field.digits ?? "", setIn(field, "digits"), { ariaLabel: "How many digits, such as 5 or 1-3" })
      : look === "own"
        ? input("pattern", field.pattern ?? "", setIn(field, "pattern"), { className: "mono", ariaLabel: "Pattern" })
        : null;
  const formulas = field.holds === "lines" ? drawing.form.lines : drawing.form.sums;
  const formula =
    field.holds === "many"
      ? []
      : [
          make("label", { htmlFor: "formula" }, "Calculates"),
          div(
            "",
            div(
              "in",
              make("i", {}, `${field.name} = `),
              input("formula", formulas[field.name] ?? "", setIn(formulas, field.name), {
                placeholder: suggestFormula(field, drawing.form.fields),
              }),
            ),
            make("small", { className: "note" }, noteFormula(field, formulas, read)),
          ),
        ];
  return make(
    "article",
    { className: "focus" },
    div(
      "g2",
      make("label", { htmlFor: "name" }, "Name"),
      div(
        "nm",
        input("name", field.name, ({ target }) => renameField(target.value)),
        button("tool", "Del", "remove", removeField),
      ),
      span("", "Holds"),
      pick("holds", HOLDS, field.holds, (name) => changeForm(() => moveFormula(field, name))),
      span("", "Looks like"),
      div("", pick("look", looks, look, setLook), detail),
      formula,
    ),
  );
}

// What a field holds decides whether its formula is about a line, or about the page.
function moveFormula(field, kind) {
  const { lines, sums } = drawing.form;
  if ((kind === "lines") !== (field.holds === "lines")) {
    delete lines[field.name];
    delete sums[field.name];
  }
  field.holds = kind;
}

function noteFormula(field, formulas, read) {
  if (!formulas[field.name])
    return drawing.problem ? [span("no", drawing.problem)] : ["a formula of other fields, if there is one"];
  const [fits, count] = countFits(read, field.name);
  if (drawing.problem) return [span("no", drawing.problem)];
  if (!count) return ["cannot be checked on this page"];
  const what =
    field.holds === "lines"
      ? `${fits} of ${count} lines on this page`
      : fits
        ? "adds up on this page"
        : "does not add up on this page";
  return fits === count ? [span("yes", make("b", { className: "yes" }, "✓ "), what)] : [span("no", what)];
}

function drawFile() {
  const file = get("file");
  if (!get("toml")) {
    const area = make("textarea", { id: "toml", spellcheck: false, ariaLabel: "form.toml", className: "mono" });
    area.oninput = () => typeForm(area.value);
    file.append(
      make("small", {}, "form.toml: you can type here, too"),
      area,
      make("small", { id: "problem", className: "no", role: "status" }),
    );
  }
  const area = get("toml");
  const text = drawing.text ?? writeForm(drawing.form);
  const isTyping = document.activeElement === area;
  if (area.value !== text && !isTyping) area.value = text;
  const looks = state.isWriter ? "" : "Another tab is checking these pages: what is changed here is not kept.";
  get("problem").textContent = drawing.problem || looks;
}

// Text that is no form changes nothing.
function typeForm(text) {
  try {
    const form = parseForm(text);
    checkForm(form);
    Object.assign(drawing, { form, problem: "", text });
    drawing.chosen = Math.min(drawing.chosen, drawing.form.fields.length - 1);
    enqueue(commitForm);
  } catch (error) {
    Object.assign(drawing, { problem: error.message, text });
  }
  requestDrawing();
}

function saveForm() {
  document.activeElement.blur(); // so that what is typed there counts
  download("form.toml", writeForm(drawing.form), "application/toml");
}

function chooseField(by) {
  const { length } = drawing.form.fields;
  drawing.chosen = Math.min(Math.max(drawing.chosen + by, 0), length - 1);
  requestDrawing();
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function listenToForm() {
  const plan = get("plan");
  const boxOfChosen = () => chosenField()?.regions.length && parseRegion(chosenField().regions[0], drawing.page.size);
  const gripAt = (point) => {
    const reach = (5 * drawing.page.size[1]) / plan.querySelector(".paper").clientWidth;
    const isNear = ([x, y]) => Math.hypot(x - point.x, y - point.y) < reach;
    return boxOfChosen() && drawing.grips ? cornersOf(boxOfChosen()).findIndex(isNear) : -1;
  };
  const boxOf = (start, point) => {
    const grip = gripAt(start);
    if (grip < 0) return stretch(start, point);
    const [x, y] = cornersOf(boxOfChosen())[3 - grip]; // the opposite corner stays
    return stretch({ x, y }, point);
  };
  const finish = (start, box) => {
    const isAt = ({ regions }) => regions.some((each) => holds(parseRegion(each, drawing.page.size), start.x, start.y));
    if (!box) {
      drawing.grips = true;
      drawing.chosen = drawing.form.fields.findIndex(isAt);
      requestDrawing();
    } else if (gripAt(start) >= 0) changeForm(() => setRegion(chosenField(), box));
    else addField(box);
  };
  listenToDrawing(plan, () => drawing.page, finish, boxOf);
  document.addEventListener("keydown", (event) => {
    if (state.view !== "form" || get("help").open) return;
    const isControl = event.ctrlKey || event.metaKey;
    const isHere = document.activeElement === plan;
    const actions = {
      s: isControl && saveForm,
      z: isControl && !event.target.closest("input:not([type=radio]), textarea") && (() => enqueue(undoForm)),
      F1: showKeys,
      PageDown: () => chooseField(1),
      PageUp: () => chooseField(-1),
      Delete: isHere && removeField,
      Escape: () => plan.focus(),
      ...(isHere
        ? Object.fromEntries(
            Object.entries(ARROWS).map(([name, [right, down]]) => [name, () => moveField(right, down, event.shiftKey)]),
          )
        : {}),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
