/* Reading of a drawing or of a test image. */

const MIN_PROBABILITY = 0.4; // less probable predictions are withheld

/** Read strokes as `readImage` does. */
function readStrokes(model, strokes) {
  const { shape, inkStatistics } = model;
  return readImage(model, prepare(rasterise(strokes, penIn(shape, inkStatistics)), shape, inkStatistics));
}

/**
 * Read an image, h * w pixels from 0 to 255: {image, probabilities, logits, values, best, digit}. best, digit: of
 * `choose`. The others are as in `predict`.
 */
function readImage(model, image) {
  const prediction = predict(model, image);
  return { image, ...prediction, ...choose(prediction.probabilities, negativeOf(model)) };
}

/** Return the most probable output as {best, digit}; digit is null for “none”, of index `negative`, or if unsure. */
function choose(probabilities, negative) {
  const best = indexOfLargest(probabilities);
  return { best, digit: probabilities[best] >= MIN_PROBABILITY && best !== negative ? best : null };
}

/** Return a picture of the page, {image, ink, label}, with its reading. */
function pictureOf({ model, pictures }, name) {
  pictures[name].reading ??= readImage(model, pictures[name].image);
  return pictures[name];
}
