/* Reading of a drawing or of a test image. */

const MIN_PROBABILITY = 0.4; // less probable predictions are rejected

/** Read strokes as `readImage` does. */
function readStrokes(model, strokes) {
  const { shape, inkStatistics } = model;
  return readImage(model, prepare(rasterise(strokes, penIn(shape, inkStatistics)), shape, inkStatistics));
}

/**
 * Read an image, h * w pixels from 0 to 255: {image, probabilities, logits, values, digit}. digit: index of the class,
 * null if the image is rejected. The others are as in `predict`.
 */
function readImage(model, image) {
  const prediction = predict(model, image);
  return { image, ...prediction, digit: choose(prediction.probabilities, negativeOf(model)) };
}

/** Return the most probable output; null if it is the reject class, of index `negative`, or not probable. */
function choose(probabilities, negative) {
  const most = Math.max(...probabilities);
  const digit = probabilities.indexOf(most);
  return most >= MIN_PROBABILITY && digit !== negative ? digit : null;
}
