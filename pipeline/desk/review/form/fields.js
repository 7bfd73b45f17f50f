// A form: its fields, what they look like, and the TOML file that describes it.

// What a field may look like, as a pattern. "digits" counts them; "own" is any other pattern.
const LOOKS = {
  digits: "",
  amount: "[\\d']+[.,]\\d\\d",
  date: "[0-3]?\\d[./-][01]?\\d([./-](\\d\\d)?\\d\\d)?",
  time: "[012]?\\d[:.][0-5]\\d",
  own: "",
};
// What most of these numbers look like.
const guessLook = (texts) =>
  ["amount", "time", "date"].find((look) => {
    const regex = new RegExp(`^(${LOOKS[look]})$`, "u");
    return 2 * texts.filter((text) => regex.test(text)).length > texts.length;
  }) ?? "digits";

const HOLDS = { one: "one", lines: "one per line", many: "many" };

const lookOf = ({ digits, pattern }) => {
  if (pattern === undefined) return digits === undefined ? "" : "digits";
  return Object.keys(LOOKS).find((name) => LOOKS[name] && LOOKS[name] === pattern) ?? "own";
};

const isReserved = (name) => KNOWN.reserved.includes(name);

// Throw an Error if a field with many digits, such as "3-6", cannot be read.
function checkCount(digits) {
  const [, least, most = least] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(digits) ?? [];
  if (!(Number(least) >= 1 && Number(least) <= Number(most) && Number(most) <= KNOWN.mostDigits))
    throw new Error(`digits are a number from 1 to ${KNOWN.mostDigits}, or two such as 1-3`);
}

function describeLook(field) {
  const look = lookOf(field);
  if (look === "digits") return field.digits === "1" ? "1 digit" : `${field.digits} digits`;
  return { amount: "amount", date: "date", time: "time", own: "own pattern" }[look] ?? "any number";
}

// A pattern with the characters that fit each part of it, as `spell_out` writes it. Throws an Error.
function spellOut(pattern) {
  if (pattern.length > KNOWN.mostCharacters) throw new Error("it is too long");
  const token = new RegExp(KNOWN.token, "uy");
  let written = "";
  for (let at = 0; at < pattern.length; at = token.lastIndex) {
    token.lastIndex = at;
    const found = token.exec(pattern);
    if (!found) throw new Error(`${pattern.slice(at)} is not supported`);
    const [text] = found;
    written += found.groups.atom ? `[${listFitting(text).join("")}]`.replace("-", "\\-") : text.replace(/^\{,/, "{0,");
  }
  new RegExp(written, "u").test("");
  if (!/\[\d/.test(written)) throw new Error("no digit fits");
  return written;
}

// The characters that fit one part of a pattern, such as [^0]; JavaScript knows fewer escapes than Python.
function listFitting(atom) {
  const escaped = atom
    .replace(/^(\[\^?)\]/, "$1\\]")
    .replace(/\\([^\w^$\\.*+?()[\]{}|/])/g, (_, sign) => (sign === "-" ? "\\x2d" : sign));
  const regex = new RegExp(`^${escaped}$`, "u");
  return KNOWN.characters.filter((each) => regex.test(each) && !(each === " " && regex.test(KNOWN.unnamed)));
}

// What counts in the numbers of a field, as `forms` reads it. Throws an Error if its pattern is wrong.
function compileField({ digits, pattern: given, holds: kind }) {
  const [least, most = least] = String(digits ?? "").split("-");
  const one = given ?? (digits === undefined ? undefined : `\\d{${least},${most}}`);
  if (one === undefined) return { holds: kind };
  const pattern = kind === "many" ? `(${one})( (${one}))*` : one;
  const fits = spellOut(pattern);
  const separators = digits !== undefined || /\[[^\]]*[^\d\] ]/.test(fits);
  return { holds: kind, pattern, fits, spaces: /\[[^\]]* /.test(fits), separators };
}

// The same, while its pattern is wrong.
function tryField(field) {
  try {
    return compileField(field);
  } catch {
    return { holds: field.holds };
  }
}

const isPlain = (name) => /^[A-Za-z0-9_-]+$/.test(name);
const quoteText = (text) => JSON.stringify(text);
const quoteKey = (name) => (isPlain(name) ? name : quoteText(name));
const quotePattern = (text) => (text.includes("'") ? quoteText(text) : `'${text}'`);

// A field as a table of the file.
function writeField(field) {
  const { name, regions, digits, pattern, holds: kind } = field;
  const region = regions.length === 1 ? quoteText(regions[0]) : `[${regions.map(quoteText).join(", ")}]`;
  const look =
    pattern !== undefined
      ? `pattern = ${quotePattern(pattern)}\n`
      : digits !== undefined
        ? `digits = ${quoteText(digits)}\n`
        : "";
  const place = regions.length ? `region = ${region}\n` : "";
  return `[fields.${quoteKey(name)}]\n${place}${look}holds = ${quoteText(kind)}\n`;
}

const writeFormulas = (title, formulas) => {
  const lines = Object.entries(formulas).filter(([, text]) => text);
  return lines.length
    ? `[${title}]\n${lines.map(([name, text]) => `${quoteKey(name)} = ${quoteText(text)}\n`).join("")}`
    : "";
};

function writeForm({ top, fields, lines, sums }) {
  const tops = Object.entries(top).map(([name, text]) => `${name} = ${quoteText(text)}\n`);
  const formulas = [writeFormulas("lines", lines), writeFormulas("sums", sums)];
  return [tops.join(""), ...fields.map(writeField), ...formulas].filter(Boolean).join("\n");
}

// Read a TOML file, as far as forms need it: tables, texts, whole numbers, lists of texts. Throws an Error.
function parseToml(text) {
  const tokens = text.matchAll(/#[^\n]*|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\n|[[\]{}=,.]|[A-Za-z0-9_-]+|[^\S\n]+|[\s\S]/g);
  const list = [...tokens].map(([token]) => token).filter((token) => !/^([^\S\n]+|#.*)$/.test(token));
  let [at, line] = [0, 1];
  const fail = (what) => {
    throw new Error(`line ${line}: ${what}`);
  };
  const take = () => {
    if (list[at] === "\n") line += 1;
    return list[at++];
  };
  const skip = () => {
    while (list[at] === "\n") take();
  };
  const expect = (wanted) => {
    if (list[at] !== wanted) fail(`${wanted} is missing`);
    take();
  };
  const name = () => {
    const token = take() ?? fail("a name is missing");
    if (/^"/.test(token)) return parseText(token);
    if (/^'/.test(token)) return token.slice(1, -1);
    return isPlain(token) ? token : fail(`${token.trim() || "a name"} is not a name`);
  };
  const parseText = (token) => {
    try {
      return JSON.parse(token);
    } catch {
      return fail(`${token} is not a text`);
    }
  };
  const value = () => {
    const token = take() ?? fail("a value is missing");
    if (/^"/.test(token)) return parseText(token);
    if (/^'/.test(token)) return token.slice(1, -1);
    if (/^\d+$/.test(token)) return Number(token);
    if (token === "{") {
      const inner = {};
      while (list[at] !== "}") {
        entry(inner);
        if (list[at] === ",") take();
        else if (list[at] !== "}") fail("} is missing");
      }
      take();
      return inner;
    }
    if (token !== "[") fail(`${token.trim() || "the end of the line"} is not a value: write texts in quotes`);
    const values = [];
    for (skip(); list[at] !== "]"; skip()) {
      values.push(value());
      skip();
      if (list[at] === ",") take();
      else if (list[at] !== "]") fail("] is missing");
    }
    take();
    return values;
  };
  const path = () => {
    const found = [name()];
    for (; list[at] === "."; found.push(name())) take();
    return found;
  };
  const enter = (outer, parts) =>
    parts.reduce((inner, part) => (Object.hasOwn(inner, part) ? inner[part] : (inner[part] = {})), outer);
  const entry = (outer) => {
    const parts = path();
    expect("=");
    const last = parts.pop();
    const inner = enter(outer, parts);
    if (Object.hasOwn(inner, last)) fail(`${last} is there twice`);
    inner[last] = value();
  };
  const content = {};
  const seen = new Set();
  let table = content;
  for (skip(); at < list.length; skip()) {
    if (list[at] === "[") {
      take();
      const parts = path();
      expect("]");
      if (seen.has(parts.join("\n"))) fail(`[${parts.join(".")}] is there twice`);
      seen.add(parts.join("\n"));
      table = enter(content, parts);
    } else entry(table);
    if (at < list.length && list[at] !== "\n") fail(`${list[at].trim()} is one too many`);
  }
  return content;
}

// Throw an Error that says what is wrong with a formula for the number in the field `target`, as `load_form` does.
function checkFormula(target, formula, fields, table) {
  const kinds = new Map(fields.map(({ name, holds: kind }) => [name, kind]));
  const isLine = table === "lines";
  const hold = (name, ...allowed) => {
    if (!kinds.has(name)) throw new Error(`no field is called ${name}`);
    const wanted = allowed.map((kind) => HOLDS[kind]).join(" or ");
    if (!allowed.includes(kinds.get(name))) throw new Error(`${name} must hold ${wanted}`);
  };
  try {
    hold(target, isLine ? "lines" : "one");
    const tree = parseFormula(formula, [...kinds.keys()], !isLine);
    if (fieldsOf(tree).includes(target)) throw new Error(`it refers to ${target} itself`);
    for (const name of singlesOf(tree)) hold(name, ...(isLine ? ["lines", "one"] : ["one"]));
  } catch (error) {
    throw new Error(`${target} = ${formula}: ${error.message}`);
  }
}

// The fields of a formula that are not added up.
const singlesOf = ([kind, ...parts]) =>
  kind === "field" ? parts : parts.filter(Array.isArray).flatMap((part) => singlesOf(part));

// A formula in which one of the fields has another name.
function renameIn(formula, old, name, fields) {
  const names = fields.map((field) => field.name).sort((a, b) => b.length - a.length);
  const escaped = names.map((each) => each.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  const parts = new RegExp(["sum(?=\\s*\\()", ...escaped].join("|"), "gu");
  return formula.replace(parts, (found, at) => (found === old && !/^sum\s*\(/.test(formula.slice(at)) ? name : found));
}

// A formula that the field could have, with names of other fields.
function suggestFormula(field, fields) {
  const others = fields.filter(({ name, holds: kind }) => name !== field.name && kind === "lines");
  if (!others.length) return "";
  if (field.holds !== "lines") return `sum(${others.at(-1).name})`;
  return others.length > 1 ? `${others[0].name} * ${others[1].name}` : `${others[0].name} * 2`;
}

// Throw an Error if a table has another key than these, or a value of another type.
function checkKeys(table, allowed, where) {
  for (const [name, value] of Object.entries(table)) {
    const type = Array.isArray(value) ? "list" : typeof value === "object" ? "table" : typeof value;
    if (!Object.hasOwn(allowed, name)) throw new Error(`${where} has the unknown key ${name}`);
    if (!allowed[name].includes(type))
      throw new Error(`${where}: write ${name} as ${allowed[name].map((each) => KNOWN.typeNames[each]).join(" or ")}`);
  }
}

// The form that a TOML file describes. Throws an Error that says what is wrong.
function parseForm(text) {
  const content = parseToml(text);
  checkKeys(content, KNOWN.keys, "the file");
  const { fields = {}, lines = {}, sums = {}, ...top } = content;
  for (const [target, formula] of Object.entries({ ...lines, ...sums }))
    if (typeof formula !== "string" || !formula) throw new Error(`${target} is not a formula`);
  if (!KNOWN.decimals.includes(top.decimal ?? ".")) throw new Error(`write decimal as ${KNOWN.decimals.join(" or ")}`);
  const found = Object.entries(fields).map(([name, field]) => {
    if (typeof field !== "object" || Array.isArray(field)) throw new Error(`${name} is not a table`);
    checkKeys(field, KNOWN.fieldKeys, name);
    const { region, digits, pattern, holds: kind = "many" } = field;
    if (!Object.hasOwn(HOLDS, kind)) throw new Error(`${name}: holds is one of ${Object.keys(HOLDS).join(", ")}`);
    const regions = Array.isArray(region) ? region : region === undefined ? [] : [region];
    if (region !== undefined && !regions.length) throw new Error(`${name} has no region`);
    regions.forEach(checkRegion);
    return { name, regions, digits: digits === undefined ? undefined : String(digits), pattern, holds: kind };
  });
  return { top, fields: found, lines, sums };
}

// Throw an Error that says why `classify` would refuse a form that can be drawn.
function checkForm(form) {
  for (const field of form.fields) {
    const { name, digits, pattern } = field;
    if (isReserved(name) || !/^ *[^\p{C}\p{Z}]([^\p{C}\p{Z}]| )*$/u.test(name))
      throw new Error(`a field cannot be called ${name}`);
    if (digits !== undefined && pattern !== undefined) throw new Error(`${name}: digits or a pattern, not both`);
    try {
      if (digits !== undefined) checkCount(digits);
      compileField(field);
    } catch (error) {
      throw new Error(`${name}: ${pattern ?? ""} ${error.message}`);
    }
  }
  for (const table of ["lines", "sums"])
    for (const [target, formula] of Object.entries(form[table]))
      if (formula) checkFormula(target, formula, form.fields, table);
}

// Throw an Error if a text is not "left,top,right,bottom" with an area within the page.
function checkRegion(text) {
  const [width, height] = [1e9, 1e9];
  const [left, top, right, bottom] = parseRegion(text, [height, width]);
  const isShare = String(text)
    .split(",")
    .map((side) => side.includes("%"));
  const isOut = [left, top, right, bottom].some((side, i) => isShare[i] && side > 1e9);
  const isEmpty = (isShare[0] === isShare[2] && left >= right) || (isShare[1] === isShare[3] && top >= bottom);
  if (isOut || isEmpty) throw new Error(`${text} is not a part of the page`);
}

// "left,top,right,bottom", in pixels or with %, as a box of a page of this [height, width].
function parseRegion(text, [height, width]) {
  const sides = String(text)
    .split(",")
    .map((side) => /^\s*(\d+(?:\.\d+)?)\s*(%?)\s*$/.exec(side));
  if (sides.length !== 4 || sides.includes(null)) throw new Error(`${text}: a region is left,top,right,bottom`);
  return sides.map(([, number, unit], i) => (unit ? (number / 100) * [width, height][i % 2] : Number(number)));
}

function writeRegion(box, [height, width]) {
  return box.map((side, i) => `${((100 * side) / [width, height][i % 2]).toFixed(1)}%`).join(",");
}

// The numbers of a page that lie in the regions of a form, as a page of that form; lines are found by height.
function readAs(form, page) {
  const fields = Object.fromEntries(form.fields.map((field) => [field.name, tryField(field)]));
  const numbers = splitRows(page);
  const decimal = form.top.decimal ?? page.decimal ?? ".";
  const write = (text, name) => (fields[name].pattern ? writeNumber(text, decimal, fields[name].pattern) : text);
  const rows = form.fields.flatMap((field) =>
    field.regions.flatMap((region) => {
      const box = parseRegion(region, page.size);
      return numbers
        .filter((number) => holds(box, ...middleOf(number.box)))
        .map((number) => ({ ...number, text: write(number.text, field.name), region: field.name, line: 1 }));
    }),
  );
  const inLines = rows.filter(({ region }) => fields[region].holds === "lines");
  numberLines(page, inLines);
  for (const field of form.fields)
    fields[field.name].unit = usualUnitOf(rows.filter(({ region }) => region === field.name));
  const names = Object.keys(fields);
  const compile = (formulas, hasSums) =>
    Object.fromEntries(
      Object.entries(formulas).flatMap(([target, text]) => {
        try {
          return names.includes(target) ? [[target, { formula: parseFormula(text, names, hasSums) }]] : [];
        } catch {
          return [];
        }
      }),
    );
  const pile = { fields, lines: compile(form.lines, false), sums: compile(form.sums, true) };
  const read = { ...page, pile, rows, problems: [] };
  read.numbers = makeNumbers(read);
  read.checks = makeChecks(read);
  return read;
}

function usualUnitOf(rows) {
  const counts = new Map();
  for (const { text } of rows) {
    const unit = readAmount(text).unit?.join("/");
    if (unit) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "1";
}

// Rows without a field may hold several numbers, which have spaces between them.
function splitRows(page) {
  return page.rows.flatMap((row) => {
    const parts = row.region || !row.boxes?.length ? [row.text] : row.text.split(/\s+/);
    let from = 0;
    return parts.filter(Boolean).map((text) => {
      const count = parts.length === 1 ? (row.boxes?.length ?? 0) : text.replace(/\D/g, "").length;
      const [boxes, signs] = [row.boxes?.slice(from, from + count) ?? [], row.signs?.slice(from, from + count) ?? []];
      from += count;
      return { ...row, text, boxes, signs, withheld: false, box: boxes.length ? surround(boxes) : row.box };
    });
  });
}

// Number the lines of some rows, from the top: a new one begins where the next number is half a line lower.
function numberLines(page, rows) {
  const sorted = [...rows].sort((a, b) => depthOf(page, middleOf(a.box)) - depthOf(page, middleOf(b.box)));
  const high = sorted.length ? median(sorted.map(({ box }) => heightOf(box))) : 0;
  let [line, depths] = [0, []];
  for (const row of sorted) {
    const depth = depthOf(page, middleOf(row.box));
    if (!depths.length || depth - mean(depths) > 0.7 * high) {
      line += 1;
      depths = [];
    }
    depths.push(depth);
    row.line = line;
  }
}

// What a formula makes on the page: how many lines fit, of those with a number for it, or 0 of 0.
function countFits(read, target) {
  const checks = read.checks.filter((check) => check.target === target && check.written);
  const fitting = checks.filter(({ state: verdict }) => verdict === "fits").length;
  return [fitting, checks.some(({ state: verdict }) => verdict !== "unchecked") ? checks.length : 0];
}
