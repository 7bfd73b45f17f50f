/* Prediction of one image, as `forward` in pipeline/network/network.py and `probabilities` in losses.py. */

/**
 * Unpack the model of the page. Its network is a list of layers {kind, inputShape, outputShape, window, stride,
 * padding, activation, dilation, residual, outside}, with the arrays of their parameters; see layers.js. Shapes are
 * [units] or [channels, height, width], pairs [height, width]. outside: value of the padding. residual: factor of the
 * input that is added to the output, 0 for none.
 */
function unpackModel(packed) {
  const unpack = ([name, array]) => [name, unpackArray(array, packed.bits)];
  const layers = packed.parameters.map((arrays, i) => ({
    ...packed.layers[i],
    ...Object.fromEntries(Object.entries(arrays).map(unpack)),
  }));
  return { ...packed, layers };
}

/** Return the index of “none”, after all classes; null if the model has no such output. */
function negativeOf({ classNames, layers }) {
  return layers.at(-1).outputShape[0] > classNames.length ? classNames.length : null;
}

/** Dequantize an array: a weight is its integer code times the scale of its output. */
function unpackArray({ values, codes, scales }, bits) {
  if (values !== undefined) return new Float32Array(decodeBase64(values));
  const integers = bits === 16 ? new Int16Array(decodeBase64(codes)) : new Int8Array(decodeBase64(codes));
  const scale = new Float32Array(decodeBase64(scales));
  const perOutput = integers.length / scale.length;
  return Float32Array.from(integers, (code, i) => code * scale[Math.floor(i / perOutput)]);
}

function sumOf(values) {
  return values.reduce((sum, value) => sum + value, 0);
}

function decodeBase64(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes.buffer;
}

/** Return the ink of pixels, 0 to 255, as values from 0 to 1. */
function inkOf(image) {
  return Float32Array.from(image, (pixel) => pixel / 255);
}

/** Forward pass: return the ink, the output of each hidden layer, and the logits. */
function forward(layers, ink) {
  const values = [ink];
  for (const layer of layers) values.push(LAYERS[layer.kind].forward(values.at(-1), layer));
  return values;
}

/** Softmax; subtracting the largest score avoids overflow. */
function softmax(scores) {
  const largest = Math.max(...scores);
  const powers = Array.from(scores, (score) => Math.exp(score - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/**
 * Predict an image, h * w pixels from 0 to 255: {probabilities, logits, values}. probabilities: of the classes, and of
 * “none” if the model has it. values: the result of `forward`.
 */
function predict(model, image) {
  const values = forward(model.layers, inkOf(image));
  const logits = values.at(-1);
  return { probabilities: softmax(scoresOf(model, logits)), logits, values };
}

/* By the name of the loss, as in pipeline/network/losses.py: the score of a logit. Linear ones are divided by the
 * temperature already, in the last layer. */
const SCORES = {
  "cross-entropy": (logit) => logit,
  "mean-squared-error": (logit, temperature) => -softplus(-logit) / temperature,
};

/** Return the scores of which softmax makes probabilities. */
function scoresOf({ loss, temperature }, logits) {
  return Array.from(logits, (logit) => SCORES[loss](logit, temperature));
}

function indexOfLargest(values) {
  return values.indexOf(Math.max(...values));
}

/** Return the indices of the largest values, largest first. */
function strongest(values, count) {
  return Array.from(values, (_, i) => i)
    .sort((a, b) => values[b] - values[a])
    .slice(0, count);
}
