// The page on the left: its row stands as high as the large crop, so that the eye only moves sideways.

function drawSheet() {
  const number = focused();
  const page = state.draft?.page ?? number?.page ?? state.pile.pages[0];
  if (!page) return;
  const image = pictureOf(page);
  const isAbsent = image.complete && !image.naturalWidth;
  get("absent").hidden = !isAbsent;
  get("paper").hidden = isAbsent;
  get("absent").textContent = `${isolate(page.file)} is not beside this page, or the browser cannot show it.`;
  if (get("paper").firstElementChild !== image) get("paper").replaceChildren(image, make("div", { id: "marks" }));
  const sheet = get("sheet");
  const width = sheet.clientWidth - 48;
  const scale = width / page.size[1];
  get("paper").style.height = `${page.size[0] * scale}px`;
  const box = state.draft?.box ?? number?.box;
  const at = parseFloat(getComputedStyle(sheet).getPropertyValue("--at"));
  const isLow = !box || (number && isWhole(number) && !state.draft);
  const middle = isLow ? at - 24 : middleOf(box)[1] * scale;
  get("paper").style.transform = `translateY(${Math.round(at - middle - state.scrolled)}px)`;
  get("marks").replaceChildren(...markPage(page, number));
}

function place(element, [left, top, right, bottom], page) {
  const [height, width] = page.size;
  const share = (side, whole) => `${(100 * side) / whole}%`;
  Object.assign(element.style, {
    left: share(left, width),
    top: share(top, height),
    width: share(right - left, width),
    height: share(bottom - top, height),
  });
  return element;
}

function markPage(page, number) {
  const { draft } = state;
  const marks = [];
  const add = (className, box, text) => marks.push(place(make("i", { className }, text && span("", text)), box, page));
  if (number && isWhole(number)) {
    for (const boxes of Object.values(page.regions ?? {})) for (const box of boxes) add("cell", box);
    return marks;
  }
  const check = number && !draft && checkOf(number);
  const band = check?.kind === "line" ? check.numbers : number?.line && !draft ? [number] : [];
  if (band.length && check) {
    const whole = surround(band.map(({ box }) => box));
    add("band", [0, whole[1] - 4, page.size[1], whole[3] + 4]);
  }
  for (const each of page.items) {
    if (each === number && !draft) continue;
    if (each.isCell && each.answer !== "set") continue;
    const isDone = !isAsked(each);
    if (["none", "covered"].includes(each.answer)) continue;
    add(isDone ? "ok" : "doubt", each.box);
  }
  for (const each of band) if (each !== number && !page.items.includes(each) && !each.isCell) add("ok", each.box);
  if (draft) {
    if (!draft.isNowhere && Object.keys(state.pile.fields).length) add("cell", findCell(page, draft.field, draft.line));
    const shown = makeNumber(page, "draft", draft);
    add("drawn", draft.box, draft.isNowhere ? "no field" : label({ ...shown, page }));
  } else if (number && !(number.kind === "few")) add("ring", grow(number.box, 6));
  return marks;
}

const grow = ([left, top, right, bottom], by) => [left - by, top - by, right + by, bottom + by];

const share = (part) => Math.min(Math.max(part, 0), 1);

const stretch = (one, other) => [
  Math.min(one.x, other.x),
  Math.min(one.y, other.y),
  Math.max(one.x, other.x),
  Math.max(one.y, other.y),
];

// Call finish(start, box) for a rectangle that is drawn on the page that an element shows; the box of a click is null.
// boxOf(start, point): the rectangle between two points.
function listenToDrawing(sheet, getPage, finish, boxOf = stretch) {
  let [start, drawn] = [null, null];
  const locate = (event) => {
    const page = start?.page ?? getPage();
    const { left, top, width, height } = sheet.querySelector(".paper").getBoundingClientRect();
    const x = Math.round(page.size[1] * share((event.clientX - left) / width));
    return { page, x, y: Math.round(page.size[0] * share((event.clientY - top) / height)) };
  };
  sheet.onpointerdown = (event) => {
    if (event.button || sheet.querySelector(".paper").hidden) return;
    start = locate(event);
    sheet.setPointerCapture(event.pointerId);
    sheet.focus();
    event.preventDefault();
  };
  sheet.onpointermove = (event) => {
    if (!start) return;
    drawn?.remove();
    drawn = place(make("i", { className: "drawn" }), boxOf(start, locate(event)), start.page);
    sheet.querySelector(".paper").append(drawn);
  };
  sheet.onpointerup = (event) => {
    if (!start) return;
    const box = boxOf(start, locate(event));
    drawn?.remove();
    finish(start, widthOf(box) >= 6 && heightOf(box) >= 6 ? box : null);
    start = null;
  };
}

// A rectangle that is drawn on the page is a number; a click selects the one that is there.
function listenToSheet() {
  get("sheet").onwheel = ({ deltaY }) => change({ scrolled: state.scrolled + deltaY });
  const getPage = () => state.draft?.page ?? focused()?.page ?? state.pile.pages[0];
  listenToDrawing(get("sheet"), getPage, ({ page, x, y }, box) => (box ? startDraft(page, box) : select(page, x, y)));
}

function select(page, x, y) {
  const found = page.numbers
    .filter((each) => (isThere(each) || isAsked(each)) && holds(grow(each.box, 8), x, y))
    .sort((a, b) => areaOf(a.box) - areaOf(b.box))[0];
  if (found) focusOn(found, { draft: null, bar: null });
}
