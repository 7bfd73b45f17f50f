"use strict";

/*
 * Prediction of one image. Same arithmetic as `forward` in pipeline/network/network.py and `probabilities` in losses.py.
 */

/**
 * Unpack the model of the page. A network is a list of layers {inputShape, outputShape, kernel, stride, weights, biases,
 * fanIn}; only convolutions have kernel and stride. Shapes are [units] or [channels, height, width]. Weights are
 * row-major, (out, fanIn).
 */
function unpackModel(packed) {
  const unpackNetwork = (arrays) => arrays.map((each, i) => ({ ...packed.layers[i], ...unpackArrays(each, packed.bits) }));
  const dense = packed.dense ? unpackModel(packed.dense) : null;
  return { ...packed, dense, networks: packed.networks.map(unpackNetwork) };
}

/** Dequantize a layer: a weight is its integer code times the scale of its output. */
function unpackArrays({ codes, scales, biases }, bits) {
  const integers = bits === 16 ? new Int16Array(decodeBase64(codes)) : new Int8Array(decodeBase64(codes));
  const scale = new Float32Array(decodeBase64(scales));
  const fanIn = integers.length / scale.length;
  const weights = new Float32Array(integers.length);
  for (let i = 0; i < weights.length; i++) weights[i] = integers[i] * scale[Math.floor(i / fanIn)];
  return { weights, biases: new Float32Array(decodeBase64(biases)), fanIn };
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

/** Standardise pixels, 0 to 255, by the mean and standard deviation of the training images. */
function standardise(image, mean, std) {
  return Float32Array.from(image, (pixel) => (pixel / 255 - mean) / std);
}

const ACTIVATIONS = {
  relu: (z) => Math.max(z, 0),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
};

/** Return the patch of the input at each position of the kernel; for a dense layer the whole input. */
function patchesOf(x, { inputShape, outputShape, kernel, stride, fanIn }) {
  if (!kernel) return [x];
  const [channels, height, width] = inputShape;
  const [, rows, columns] = outputShape;
  return Array.from({ length: rows * columns }, (_, position) => {
    const patch = new Float32Array(fanIn);
    const corner = Math.floor(position / columns) * stride * width + (position % columns) * stride;
    for (let channel = 0, k = 0; channel < channels; channel++) {
      for (let i = 0; i < kernel; i++, k += kernel) {
        const start = channel * height * width + i * width + corner;
        patch.set(x.subarray(start, start + kernel), k);
      }
    }
    return patch;
  });
}

/** Return z = W p + b for each patch p, as z[output * positions + position]. */
function linear(x, layer) {
  const patches = patchesOf(x, layer);
  const z = new Float32Array(layer.biases.length * patches.length);
  patches.forEach((patch, position) => multiply(layer, patch, z, position, patches.length));
  return z;
}

/**
 * Write W p + b for one patch p to z[output * positions + position]. Four outputs at once take half the time: they share
 * the reads of p, and no addition waits for the one before.
 */
function multiply({ weights, biases, fanIn }, patch, z, position, positions) {
  const last = biases.length - 1;
  for (let row = 0; row <= last; row += 4) {
    const rowB = Math.min(row + 1, last);
    const rowC = Math.min(row + 2, last);
    const rowD = Math.min(row + 3, last);
    let a = biases[row];
    let b = biases[rowB];
    let c = biases[rowC];
    let d = biases[rowD];
    for (let i = 0; i < fanIn; i++) {
      const x = patch[i];
      a += weights[row * fanIn + i] * x;
      b += weights[rowB * fanIn + i] * x;
      c += weights[rowC * fanIn + i] * x;
      d += weights[rowD * fanIn + i] * x;
    }
    z[row * positions + position] = a;
    z[rowB * positions + position] = b;
    z[rowC * positions + position] = c;
    z[rowD * positions + position] = d;
  }
}

/** Forward pass: return the inputs, the activations of each hidden layer, and the logits. */
function forward(layers, inputs, activation) {
  const values = [inputs];
  for (const layer of layers) {
    const z = linear(values.at(-1), layer);
    values.push(layer === layers.at(-1) ? z : z.map(ACTIVATIONS[activation]));
  }
  return values;
}

function meanLogits(logits) {
  return logits[0].map((_, j) => logits.reduce((sum, each) => sum + each[j], 0) / logits.length);
}

/** log sigmoid(z) = -log(1 + exp(-z)) without overflow. */
function logSigmoid(z) {
  return Math.min(z, 0) - Math.log1p(Math.exp(-Math.abs(z)));
}

/** Softmax of scores / temperature; subtracting the largest score avoids overflow. */
function softmax(scores, temperature) {
  const largest = Math.max(...scores);
  const powers = Array.from(scores, (score) => Math.exp((score - largest) / temperature));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/**
 * Predict an image, h * w pixels from 0 to 255: {probabilities, logits, activations}. probabilities: of the classes, and
 * of the negative class if the model has one. activations: the result of `forward` for the first network.
 */
function predict(model, image) {
  const inputs = standardise(image, model.mean, model.std);
  const values = model.networks.map((layers) => forward(layers, inputs, model.activation));
  const logits = meanLogits(values.map((each) => each.at(-1)));
  return { probabilities: probabilitiesOf(model, logits), logits, activations: values[0] };
}

/** Return the probabilities of classes, given their logits; of some classes, the probabilities among these alone. */
function probabilitiesOf(model, logits) {
  return softmax(model.loss === "quadratic" ? logits.map(logSigmoid) : logits, model.temperature);
}
