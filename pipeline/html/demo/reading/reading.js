/* Reading of a drawing or of a test image. */

const MIN_PROBABILITY = 0.4; // less probable predictions are rejected

/**
 * Read a drawing as `readImage` does, by a model with its present parameters. The reading has also the `strokes`, and
 * the last point of each, `ends`. known: the reading before, which is returned, or its image used, if it is the same
 * drawing. Returns null if nothing is drawn but dots.
 */
function readDrawing(model, strokes, known) {
  if (isDot(strokes)) return null;
  const ends = strokes.map((stroke) => stroke.at(-1));
  const isSame = known && hasSameItems(known.strokes ?? [], strokes) && hasSameItems(known.ends ?? [], ends);
  if (isSame && isCurrent(model, known)) return known;
  return { ...(isSame ? readImage(model, known.image) : read(model, strokes)), strokes, ends };
}

/** Return whether a reading is by the model with its present parameters. */
function isCurrent(model, reading) {
  return reading?.model === model && reading.version === model.version;
}

/** Read strokes as `readImage` does. */
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
  const digit = choose(prediction.probabilities, negativeOf(model));
  return { image, model, version: model.version, ...prediction, digit };
}

/** Read a test image as `readImage` does. The reading has also its `label`. */
function readExample(model, example) {
  if (!isCurrent(model, example.reading))
    example.reading = { ...readImage(model, example.image), label: example.label };
  return example.reading;
}

/** Return the most probable output; null if it is the negative class, of index `negative`, or not probable. */
function choose(probabilities, negative) {
  const most = Math.max(...probabilities);
  const digit = probabilities.indexOf(most);
  return most >= MIN_PROBABILITY && digit !== negative ? digit : null;
}
