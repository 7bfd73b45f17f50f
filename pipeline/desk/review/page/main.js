// Begins: reads the data and the log, then draws and listens.

const nameShown = () => `${state.view} ${state.focus?.page} ${state.focus?.id}`;

function draw() {
  const isEnd = state.view === "end";
  const isForm = state.view === "form";
  [crops.before, crops.now] = [crops.now, new Map()];
  get("desk").hidden = isEnd || isForm;
  get("form").hidden = !isForm;
  document.body.classList.toggle("looks", !state.isWriter);
  drawTop();
  drawEnd();
  if (isForm) drawForm();
  const shown = nameShown();
  if (shown !== state.shown) Object.assign(state, { shown, shownAt: performance.now(), scrolled: 0 });
  if (!isEnd && !isForm) {
    drawCard();
    drawQueue();
    drawBar();
    drawSheet();
    say();
  }
  crops.before.clear();
  dropPictures();
}

// What a screen reader says of the number in the card.
function say() {
  const number = focused();
  if (!number) return;
  const { text } = showing(number);
  const [title, why] = describeQuestion(number, questionOf(number), text);
  const words = isWhole(number) ? `${title}: ${why}` : `${title}: ${[...text].join(" ") || "nothing"}. ${why}`;
  if (get("said").textContent !== words) get("said").textContent = words;
}

const press = (name, isControl = false, isShift = false) => {
  state.waiting += 1;
  return enqueue(() => respond(name, isControl, isShift)).finally(() => (state.waiting -= 1));
};

// An answer counts only if what it is about was shown for a moment, so that a key that is held down answers nothing.
const ANSWERS = /^(Enter|Delete|[asdfkut])$/i;
const isSeen = () =>
  !state.waiting && state.shown === nameShown() && performance.now() - state.shownAt >= KNOWN.glance;

const undoNow = () => void enqueue(undo); // returned to a queued action, its promise would wait for itself

const TYPED = /^[\d,.:/' -]$/; // what numbers are written with

const LETTERS = {
  s: () => takeOther(0),
  d: () => takeOther(1),
  f: () => takeOther(2),
  k: () => keep(),
  l: () => leave(),
  m: () => moveNumber(),
  g: () => goTo(state.items.find(isAsked)),
  t: () => look(),
  r: () => saveRows(),
  "?": () => showKeys(),
};
const LOOKING = ["ArrowUp", "ArrowDown", "g", "r", "?", "Tab"]; // in a tab that does not write

async function respond(name, isControl, isShift) {
  if (state.view === "form") return;
  const letter = name.toLowerCase();
  if (letter === "z" && state.draft) return change({ draft: null, typed: null });
  if (isControl) {
    if (letter === "s") await saveTable();
    if (letter === "z") await (isShift ? redo() : undo());
    return;
  }
  if (letter === "z") return void (await (isShift ? redo() : undo()));
  if (!state.isWriter && !LOOKING.includes(name) && !(state.view === "end" && name === "Enter")) return;
  if (state.view === "end") {
    if (name === "Enter") await saveTable();
    else if (["g", "t", "r", "?"].includes(letter)) await LETTERS[letter]();
    else if (name === "ArrowUp" && state.items.length) focusOn(state.items.at(-1));
    return;
  }
  if (state.draft) return void (await respondToDraft(name, letter));
  const number = focused();
  if (!number) return;
  if (isWhole(number) && (await respondToWhole(number, letter.length > 1 ? name : letter))) return;
  if (isWhole(number) && !["l", "g", "r", "?", "ArrowUp", "ArrowDown"].includes(name)) return;
  if (TYPED.test(name)) return void type(name);
  if (letter in LETTERS) return void (await LETTERS[letter]());
  const actions = {
    Enter: accept,
    Delete: () => answer("none"),
    Backspace: erase,
    Escape: () => change({ typed: null, buffer: "", over: -1, warning: "" }),
    ArrowUp: () => move(-1),
    ArrowDown: () => move(1),
    ArrowLeft: () => overwrite(-1),
    ArrowRight: () => overwrite(1),
    Tab: nextInCheck,
  };
  await actions[name]?.();
}

async function respondToDraft(name, letter) {
  if (name in ARROWS && Object.keys(state.pile.fields).length) moveDraft(...ARROWS[name]);
  else if (TYPED.test(name)) type(name);
  else if (name === "Enter") await placeDraft();
  else if (name === "Escape") change({ draft: null, typed: null });
  else if (name === "Backspace") erase();
  else if (letter === "n") {
    const { draft } = state;
    const field =
      draft.field || Object.keys(state.pile.fields).find((each) => state.pile.fields[each].holds === "lines");
    const line = newLine(draft.page, draft.box);
    if (field) change({ draft: suggest({ ...draft, field, line, isNowhere: false }) });
  }
}

async function takeOther(index) {
  const text = listShown()[index];
  if (text) await take(text);
}

async function keep() {
  if (canKeep(focused())) await answer("keep");
}
async function leave() {
  if (isAsked(focused())) await answer("later");
}
function moveNumber() {
  const number = focused();
  if (Object.keys(state.pile.fields).length) startDraft(number.page, number.box, number);
}

function overwrite(by) {
  const { text } = showing(focused());
  const from = state.over < 0 ? (by > 0 ? -1 : text.length) : state.over;
  const next = nextDigit(text, from, by);
  if (next >= 0) change({ over: next, buffer: "" });
}

const OWN = /^([\d,.:/' -]|[asdfklmngtruz?]|Enter|Delete|Backspace|Escape|Arrow\w+|Tab)$/i;

function listen() {
  document.addEventListener("keydown", (event) => {
    const isControl = event.ctrlKey || event.metaKey;
    if (get("help").open || event.altKey || event.target.closest("input, textarea, select")) return;
    if (isControl ? !/^[sz]$/i.test(event.key) : !OWN.test(event.key)) return;
    if (state.view === "form") return;
    const isTabAway =
      event.key === "Tab" && (event.shiftKey || state.view === "end" || !focused() || !checkOf(focused()));
    if (isTabAway || (event.target.closest("button") && ["Enter", " "].includes(event.key))) return;
    event.preventDefault();
    if (!isControl && ANSWERS.test(event.key) && (event.repeat || !isSeen())) return;
    press(event.key, isControl, event.shiftKey);
  });
  window.addEventListener("resize", requestDrawing);
  let turned = 0; // pixels, as touchpads turn by a few at a time
  get("queue").onwheel = ({ deltaY }) => {
    turned += deltaY;
    if (Math.abs(turned) < ROW) return;
    press(turned > 0 ? "ArrowDown" : "ArrowUp");
    turned = 0;
  };
  listenToSheet();
}

// The data of the page, with what the scripts need besides.
function openPile(pile) {
  for (const [number, page] of pile.pages.entries()) {
    const name = page.file
      .split("/")
      .at(-1)
      .replace(/\.\w+(?=#|$)/, "");
    Object.assign(page, { pile, number, name });
  }
  return pile;
}

async function begin() {
  const pile = openPile(JSON.parse(get("data").textContent));
  state.pile = pile;
  get("title").textContent = pile.title || "Numbers to check";
  try {
    state.log = await openLog(pile.key);
  } catch {
    state.log = makeLog();
    state.keepsNothing = true;
  }
  state.isWriter = await takePile(pile.key, false, stop);
  await reload();
  listen();
  const count = countAnswers(pile).asked;
  if (state.keepsNothing) state.bar = { title: NOTHING, text: "" };
  else if (!state.isWriter) {
    const text = "Here you can look and save, but not change.";
    state.bar = { title: "Another tab is checking these pages.", text, button: ["", "Check here instead", takeOver] };
  } else if (state.lost) {
    const words =
      state.lost === 1 ? "1 answer fits no number any more." : `${state.lost} answers fit no number any more.`;
    state.bar = { title: words, text: "The pages were read again." };
  } else if (count) welcome(count);
  const first = state.items.find((number) => isAsked(number) && !number.later);
  if (location.hash === "#form") openForm();
  else goTo(first);
}

function welcome(count) {
  const last = lastStep();
  const when = new Date(last.at);
  const day = when.toLocaleDateString("en", { weekday: "long" });
  const time = when.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const asked = count + countAnswers(state.pile).open + countAnswers(state.pile).later;
  const undoing = last.text ? `Undo the last: ${last.text}` : "Undo the last";
  const text = `${count} of ${asked} looked at, last on ${day} at ${time}.`;
  state.bar = { title: "You go on where you stopped", text, button: ["Z", undoing, undoNow] };
}

begin();
