"use strict";

/* The main script: state, events, and the update of the page. */

const MOST_ACTIVE = 12; // number of filters or units in the list of the most active ones

const model = unpackModel(JSON.parse($("model").textContent));
const noun = document.body.dataset.noun; // "digit" or "picture"
const canvas = $("canvas");
const drawing = { strokes: [], height: model.canvas[0] / model.canvas[1], changed, announce };
let selectedUnit = null; // filter or unit of the first layer to show; null for the most active one
let frame = null; // the requested animation frame
let isDone = false; // whether that frame announces the result

const showBars = makeBars($("bars"), model.classNames);
const showLayers = makeLayers($("layers"), model.layers, selectUnit);
listenToKeys(canvas, drawing);
listenToPointers(canvas, drawing);

function show() {
  frame = null;
  paintCanvas();
  const { readings, last } = readAll(model, drawing.strokes, noun === "digit");
  const reading = last ?? { image: null, probabilities: null, activations: null, digit: null };
  const texts = describeResult(readings, last, drawing.strokes.length === 0, model.classNames, noun);
  showResult(texts, readings.length > 1);
  showBars(reading.digit === null ? null : reading.probabilities, reading.digit);
  showInput(reading.image, model.shape);
  showLayers(reading.activations);
  const peaks = reading.activations ? peaksOf(reading.activations[1], model.layers[0].outputShape[0]) : [];
  const units = strongest(peaks, MOST_ACTIVE);
  showUnit(model, selectedUnit ?? units[0] ?? 0, reading.activations);
  showStrongest($("strongest"), model, units, peaks, selectUnit);
  $("no-activations").hidden = reading.activations !== null;
  const isRead = readings.some(({ digit }) => digit !== null);
  if (isDone) announce([isRead ? texts.large : "", texts.first, texts.second].filter(Boolean).join(", "));
  isDone = false;
}

/** Paint the strokes and the keyboard's pen at the resolution of the screen. */
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

/** Paint a ring at the keyboard's pen; larger and dashed while the pen is up. */
function paintPen(context, pen, scale, ratio) {
  context.strokeStyle = getComputedStyle(canvas).caretColor;
  context.lineWidth = 2 * ratio;
  context.setLineDash(pen.down ? [] : [3 * ratio, 3 * ratio]);
  context.beginPath();
  context.arc(pen.x * scale, pen.y * scale, (pen.down ? 0.5 : 0.8) * PEN * scale, 0, 2 * Math.PI);
  context.stroke();
}

/** Update the page after a change of the strokes. done: the stroke is complete, so announce the result. */
function changed(done) {
  isDone ||= done;
  frame ??= requestAnimationFrame(show);
}

function announce(text) {
  $("announcement").textContent = text;
}

/** Show this filter or unit of the first layer until the drawing is cleared. */
function selectUnit(unit) {
  selectedUnit = unit;
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
  selectedUnit = null;
  changed(true);
}

/** Single letters work on the canvas only, so that speech input does not trigger them (WCAG 2.1.4). */
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
$("unit").addEventListener("input", (event) => selectUnit(event.target.valueAsNumber - 1));
document.addEventListener("keydown", onKey);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  $("strongest").replaceChildren();
  changed(false);
});
window.addEventListener("resize", () => changed(false));
new ResizeObserver(() => changed(false)).observe(canvas);
show();
