"use strict";

/* The page: strokes are drawn, read, and shown. */

const MOST_ACTIVE = 12; // filters or units that are shown with their weights

const model = unpackModel(JSON.parse($("model").textContent));
const thing = document.body.dataset.thing;
const canvas = $("canvas");
const drawing = { strokes: [], height: model.shape[0] / model.shape[1], changed, say };
let chosen = null; // the filter or unit of the first layer to show; else the most active is shown
let frame = null; // in which the page will be brought up to date

const showBars = makeBars($("bars"), model.classNames);
const showLayers = makeLayers($("layers"), model.layers, choose);
listenToKeys(canvas, drawing);
listenToPointers(canvas, drawing);

/**
 * What the strokes show: {image, probabilities, activations, digit, why}. Where there is no digit, `digit` is null and
 * `why` says what there is instead: "empty", "dot", "unlike". What does not exist is null.
 */
function read(strokes) {
  const nothing = { image: null, probabilities: null, activations: null, digit: null };
  if (strokes.length === 0) return { ...nothing, why: "empty" };
  if (isDot(strokes)) return { ...nothing, why: "dot" };
  const raster = rasterise(strokes);
  const image = prepare(raster.grey, raster.width, raster.height, model.shape, model.inkStatistics);
  const { probabilities, activations } = predict(model, image);
  const likely = !isTangle(strokes, model.inkStatistics) && isLikely(probabilities, image, model.shape, model.inkStatistics);
  if (!likely) return { image, probabilities, activations, digit: null, why: "unlike" };
  return { image, probabilities, activations, digit: probabilities.indexOf(Math.max(...probabilities)), why: null };
}

/** Show everything as it now is. */
function show() {
  frame = null;
  paintCanvas();
  const reading = read(drawing.strokes);
  showResult(phrase(reading, model.classNames, thing));
  showBars(reading.digit === null ? null : reading.probabilities, reading.digit);
  showSeen(reading.image, model.shape);
  showLayers(reading.activations);
  const peaks = reading.activations ? peaksOf(reading.activations[1], model.layers[0].outputShape[0]) : [];
  const units = strongest(peaks, MOST_ACTIVE);
  showUnit(model, chosen ?? units[0] ?? 0, reading.activations);
  showStrongest($("strongest"), model, units, peaks, choose);
  $("at-rest").hidden = reading.activations !== null;
}

/** The strokes, as sharp as the screen is, and where the keyboard's pen is. */
function paintCanvas() {
  const box = canvas.getBoundingClientRect();
  const ratio = window.devicePixelRatio;
  [canvas.width, canvas.height] = [Math.round(box.width * ratio), Math.round(box.height * ratio)];
  const context = canvas.getContext("2d");
  const scale = canvas.width;
  context.strokeStyle = context.fillStyle = getComputedStyle(canvas).color;
  traceStrokes(context, drawing.strokes, scale, 0, 0, PEN * scale);
  if (drawing.pen.visible) paintPen(context, drawing.pen, scale, ratio);
}

/** A ring around the keyboard's pen, a larger one in dashes while it is lifted. */
function paintPen(context, pen, scale, ratio) {
  context.strokeStyle = getComputedStyle(canvas).caretColor;
  context.lineWidth = 2 * ratio;
  context.setLineDash(pen.down ? [] : [3 * ratio, 3 * ratio]);
  context.beginPath();
  context.arc(pen.x * scale, pen.y * scale, (pen.down ? 0.5 : 0.8) * PEN * scale, 0, 2 * Math.PI);
  context.stroke();
}

/** The strokes are others. done: no pen is on the canvas now, so the answer is said aloud as well. */
function changed(done) {
  frame ??= requestAnimationFrame(show);
  if (!done) return;
  const reading = read(drawing.strokes);
  const { large, first, second } = phrase(reading, model.classNames, thing);
  say([reading.digit === null ? "" : large, first, second].filter(Boolean).join(", "));
}

/** For those who hear the page. */
function say(text) {
  $("said").textContent = text;
}

/** Show this filter or unit of the first layer, until all is cleared. */
function choose(unit) {
  chosen = unit;
  frame ??= requestAnimationFrame(show);
}

function undo() {
  if (drawing.isDrawing()) return;
  drawing.liftPen();
  drawing.strokes.pop();
  changed(true);
}

function clear() {
  if (drawing.isDrawing()) return;
  drawing.liftPen();
  drawing.strokes = [];
  chosen = null;
  changed(true);
}

/** Single letters count on the canvas alone, so that nobody who speaks to the machine hits them by chance. */
function onKey(event) {
  const key = event.key.toLowerCase();
  const alone = !event.ctrlKey && !event.metaKey && !event.altKey;
  const onCanvas = alone && document.activeElement === canvas;
  if ((key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey) || (onCanvas && key === "u")) undo();
  else if ((alone && (key === "escape" || key === "delete")) || (onCanvas && key === "c")) clear();
  else return;
  event.preventDefault();
}

$("undo").addEventListener("click", undo);
$("clear").addEventListener("click", clear);
$("unit").addEventListener("input", (event) => choose(event.target.valueAsNumber - 1));
document.addEventListener("keydown", onKey);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  $("strongest").replaceChildren();
  changed(false);
});
window.addEventListener("resize", () => changed(false));
new ResizeObserver(() => changed(false)).observe(canvas);
show();
