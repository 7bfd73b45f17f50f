"use strict";

/* Reading of a drawing: one picture, or a row of digits. */

const MIN_PROBABILITY = 0.4; // less probable predictions are rejected

/**
 * Read the digits of a drawing, or one picture if not isRow. Returns {readings, last}: what `read` returns for each, and
 * for the one that was drawn last, null if there is none.
 */
function readAll(model, strokes, isRow) {
  const groups = isRow ? segment(strokes) : strokes.length === 0 || isDot(strokes) ? [] : [strokes];
  const readings = groups.map((group) => readOnce(model, group));
  const times = groups.map((group) => Math.max(...group.map((stroke) => strokes.indexOf(stroke))));
  return { readings, last: readings[times.indexOf(Math.max(...times))] ?? null };
}

const readBefore = new WeakMap(); // the readings of digits, by their first points

/** Read strokes as `read` does, once only: each frame changes one digit at most. */
function readOnce(model, strokes) {
  const points = strokes.flat();
  const last = readBefore.get(points[0]);
  if (last?.points.length === points.length && last.points.every((point, i) => point === points[i])) return last.reading;
  const reading = read(model, strokes);
  readBefore.set(points[0], { points, reading });
  return reading;
}

/** Read the strokes of one digit or picture, as `readImage` does. */
function read(model, strokes) {
  const { grey, width, height } = rasterise(strokes);
  return readImage(model, prepare(grey, width, height, model.shape, model.inkStatistics));
}

/**
 * Read an image: {image, probabilities, logits, values, digit}. digit: index of the class, null if the image is
 * rejected. The others are as in `predict`.
 */
function readImage(model, image) {
  const prediction = predict(model, image);
  return { image, ...prediction, digit: choose(prediction.probabilities, model.classNames.length) };
}

/** Read a test image. Returns what `readAll` does. */
function readExample(model, example) {
  example.reading ??= readImage(model, example.image);
  return { readings: [example.reading], last: example.reading };
}

/** Return the most probable of `count` classes; null if the negative class is more probable, or none is probable. */
function choose(probabilities, count) {
  const most = Math.max(...probabilities);
  const digit = probabilities.indexOf(most);
  return digit < count && most >= MIN_PROBABILITY ? digit : null;
}
