/* The main script: state, events, and the update of the page. */

const data = JSON.parse($("model").textContent);
const model = unpackModel(data);
const examples = unpackExamples(data.examples);
const tested = decodeTested(location.hash, model); // a misread image of the report
if (tested) examples.push(tested);
const noun = document.body.dataset.noun; // "digit" or "picture"
const canvas = $("canvas");
// example: index of the test image that is shown instead of strokes, or null
const drawing = { strokes: [], example: null, height: model.canvas[0] / model.canvas[1], changed, cancel, announce };
const states = [{ strokes: [], example: null }]; // that undo goes back to; the present one is last
let drawn = null; // the reading of the last drawing
let frame = null; // the requested animation frame
let isDone = false; // whether that frame announces the result

const showExample = makeExamples($("examples"), examples, model, chooseExample);
model.learner = data.lessons && makeLearner(data.lessons, model);
let reader = model; // the network that reads the drawing
const inside = makeInside(model, () => changed(false));
const learning = data.lessons && makeLearning(model.learner, data.lessons, {
  relearned: inside.relearned,
  enter: () => readBy(model.learner),
  leave: () => readBy(model),
  isLesson: () => scenes.number() < EXPLORE,
});
const scenes = makeScenes(inside, learning);
let shared = null; // what the link to the drawing shows
const teaching = $("teaching") && makeTeaching(model, {
  others: async () => (await learning.lessons()).learnt.inks,
  begun: () => learning.close(),
  taught: () => (inside.taught(), changed(false)),
});
makeShare(() => shared);
$("run-card")?.addEventListener("click", () => $("share-drawing").click());
listenToKeys(canvas, drawing);
listenToPointers(canvas, drawing);

function show() {
  frame = null;
  const example = examples[drawing.example];
  drawn = example ? readExample(reader, example) : readDrawing(reader, drawing.strokes, drawn);
  paintCanvas(canvas, drawing, example?.image, model.shape);
  const isDrawing = drawing.isDrawing() || drawing.pen.down;
  const { reading, change } = inside.show(drawn);
  const about = { isEmpty: isEmpty(), isDrawing, example, noun, classNames: outputNames(reader) };
  const texts = describeResult(reading, { ...about, change });
  showResult(texts);
  showExample(drawing.example, reader);
  showControls();
  const { large, share = "" } = change ? describeResult(drawn, about) : texts;
  shared = { model: reader, strokes: drawing.strokes, example, large, confidence: share };
  const name = reading === null || reading.digit === null ? "" : texts.large;
  if (isDone) announce([name, texts.first, texts.second].filter(Boolean).join(", "));
  isDone = false;
}

/** Read the drawing by another network, and look into it. */
function readBy(network) {
  reader = network;
  inside.select(network);
  changed(false);
}

/** Update the buttons. A button without effect stays focusable, so that the focus is not lost. */
function showControls() {
  const [undo, clear, keep] = [states.length > 1, !isEmpty(), drawing.strokes.length > 0];
  const works = { undo, clear, "share-drawing": clear, keep };
  for (const id in works) $(id)?.setAttribute("aria-disabled", !works[id]);
}

function isEmpty() {
  return drawing.strokes.length === 0 && drawing.example === null;
}

/** Update the page after a change of the drawing or of what is inside. done: a stroke or step is complete. */
function changed(done) {
  if (done) {
    remember();
    if (!isEmpty()) $("hint").replaceChildren();
  }
  isDone ||= done;
  frame ??= requestAnimationFrame(show);
}

/** Add the drawing to the states, unless it is the present one. */
function remember() {
  const { strokes, example } = drawing;
  const isSame = hasSameItems(strokes, states.at(-1).strokes) && example === states.at(-1).example;
  if (isSame) return;
  states.push({ strokes: [...strokes], example });
  // a reload shows it again, and the address no other drawing
  const isOld = /[#&][sei]=/.test(location.hash) && !location.hash.startsWith(linkOf() || "?");
  history.replaceState(states.at(-1), "", isOld ? `#scene=${scenes.number()}` : location.href);
}

/** Show a state. */
function restore({ strokes, example }) {
  Object.assign(drawing, { strokes: [...strokes], example });
}

/** Remove the stroke that is being drawn. */
function cancel() {
  restore(states.at(-1));
}

/** Do `step` and update the page; lifts the keyboard's pen first. Ignored while a pointer draws. */
function perform(step) {
  if (drawing.isDrawing()) return;
  drawing.liftPen();
  step();
  changed(true);
}

function undo() {
  perform(() => (states.length > 1 && states.pop(), restore(states.at(-1))));
}

const clear = () => chooseExample(null);

function chooseExample(example) {
  perform(() => restore({ strokes: [], example }));
  canvas.scrollIntoView({ block: "nearest" });
}

/** Return the fragment of the link to the drawing. */
const linkOf = () => examples[drawing.example]?.link ?? encodeLink(drawing);

/** Return the fragment of the link to what is shown; "" if the drawing is empty or too long. */
function addressOf() {
  const scene = scenes.number() < EXPLORE ? `&scene=${scenes.number()}` : "";
  const shown = linkOf() + encodeTraining(learning && learning.link(), model.taught);
  return shown && (shown + scene).replace(/^&/, "#");
}

/** Show what the address contains: a drawing, a network that was trained, a sign that was taught, a scene. */
function openLink() {
  const linked = decodeLink(location.hash, drawing.height, examples.length, RATES.length);
  if (location.hash !== addressOf()) {
    const example = examples.length - 1;
    if (tested && location.hash.startsWith(tested.link)) perform(() => restore({ strokes: [], example }));
    if (linked.drawing) perform(() => restore(linked.drawing));
    linked.signs.forEach((sign) => teaching?.repeat(sign));
    if (linked.training) learning?.open(linked.training);
  }
  return linked.scene ?? (linked.drawing || linked.training || tested ? EXPLORE : null);
}

function announce(text) {
  $("announcement").textContent = text;
}

/** Delete and Escape work on the canvas only; Control Z also on its buttons, and while nothing has the focus. */
function onKey(event) {
  const key = event.key.toLowerCase();
  const focused = document.activeElement;
  const isAlone = !event.ctrlKey && !event.metaKey && !event.altKey;
  const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey;
  if (isAlone && focused === canvas && ["delete", "escape"].includes(key)) clear();
  else if (!isCommand || !(focused === document.body || $("drawing").contains(focused))) return;
  else if (key === "z" && !event.shiftKey) undo();
  else return;
  event.preventDefault();
}

$("undo").addEventListener("click", undo);
$("clear").addEventListener("click", clear);
document.addEventListener("keydown", onKey);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  resetColours();
  inside.repaint();
  learning?.repaint();
  changed(false);
});
window.addEventListener("popstate", () => scenes.go(openLink() ?? scenes.number(), false));
$("trained")?.addEventListener("click", () => (learning.state.isOpen ? learning.close() : learning.resume()));
window.addEventListener("resize", () => (learning?.repaint(), changed(false)));
new ResizeObserver(() => changed(false)).observe(canvas);
if (history.state) perform(() => restore(history.state));
scenes.go(openLink() ?? 1, false);
show();
