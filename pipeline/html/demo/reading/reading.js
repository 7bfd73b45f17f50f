/* Reading of a drawing: one picture, or a row of digits. */

const MIN_PROBABILITY = 0.4; // less probable predictions are rejected
const WIDE = 1.1; // relative to the height: digits side by side are wider, most other drawings are not
const REMEMBERED = 20; // readings of the digits of a row

/**
 * Read the digits of a drawing, or one picture if not isRow. Returns {readings, last, canSplit}. readings: of each, as
 * from `readOnce`. last: of the one that was drawn last, null if there is none. canSplit: one that may be several is
 * rejected.
 */
function readAll(model, strokes, isRow) {
  const groups = isRow ? segment(strokes) : strokes.length === 0 || isDot(strokes) ? [] : [strokes];
  const readings = groups.map((group) => readOnce(model, group));
  const times = readings.map((reading) => Math.max(...reading.strokes.map((stroke) => strokes.indexOf(stroke))));
  const canSplit = isRow && readings.some((reading) => reading.digit === null && isWide(reading.strokes));
  return { readings, last: readings[times.indexOf(Math.max(...times))] ?? null, canSplit };
}

/** Return whether several strokes are as wide as digits side by side. */
function isWide(strokes) {
  const { left, right, top, bottom } = sidesOf(strokes);
  return strokes.length > 1 && right - left > WIDE * (bottom - top);
}

const remembered = []; // readings, the latest first: each frame changes one digit at most

/** Read strokes as `read` does, once only. The reading also has the `strokes` and the last point of each, `ends`. */
function readOnce(model, strokes) {
  const ends = strokes.map((stroke) => stroke.at(-1));
  const isSame = (reading) => hasSameItems(reading.strokes, strokes) && hasSameItems(reading.ends, ends);
  const found = remembered.findIndex(isSame);
  const known = found < 0 ? null : remembered.splice(found, 1)[0];
  const readAgain = () => ({ ...(known ? readImage(model, known.image) : read(model, strokes)), strokes, ends });
  const reading = isCurrent(model, known) ? known : readAgain();
  remembered.unshift(reading);
  remembered.length = Math.min(remembered.length, REMEMBERED);
  return reading;
}

/** Return whether a reading is by the model with its present parameters. */
function isCurrent(model, reading) {
  return reading?.model === model && reading.version === model.version;
}

/** Read the strokes of one digit or picture, as `readImage` does. */
function read(model, strokes) {
  const { shape, inkStatistics } = model;
  return readImage(model, prepare(rasterise(strokes, penIn(shape, inkStatistics)), shape, inkStatistics));
}

/**
 * Read an image: {image, model, version, probabilities, logits, values, digit}. version: of the model's parameters.
 * digit: index of the class, null if the image is rejected. The others are as in `predict`.
 */
function readImage(model, image) {
  const prediction = predict(model, image);
  return {
    image,
    model,
    version: model.version,
    ...prediction,
    digit: choose(prediction.probabilities, negativeOf(model)),
  };
}

/** Read a test image. Returns what `readAll` does. */
function readExample(model, example) {
  if (!isCurrent(model, example.reading))
    example.reading = { ...readImage(model, example.image), label: example.label };
  return { readings: [example.reading], last: example.reading };
}

/** Return the most probable output; null if it is the negative class, of index `negative`, or not probable. */
function choose(probabilities, negative) {
  const most = Math.max(...probabilities);
  const digit = probabilities.indexOf(most);
  return most >= MIN_PROBABILITY && digit !== negative ? digit : null;
}
