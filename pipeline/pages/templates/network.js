"use strict";

/*
 * The network: grey pixels in, probabilities out. This is all the arithmetic of a prediction; the same as `forward` in
 * pipeline/network/network.py and `probabilities` in losses.py, for one picture and without NumPy.
 */

/**
 * The model in the page. Its networks are networks, mostly one. A network is a list of layers {inputShape, outputShape,
 * kernel, stride, weights, biases, fanIn}, the second two of convolutions alone. Shapes are [units] or [channels,
 * height, width]. The weight of input i of output j is weights[j * fanIn + i].
 */
function unpackModel(packed) {
  const unpackNetwork = (arrays) => arrays.map((each, i) => ({ ...packed.layers[i], ...unpackArrays(each, packed.bits) }));
  return { ...packed, networks: packed.networks.map(unpackNetwork) };
}

/** The arrays of a layer: a weight is its code, an integer, times the scale of its output. */
function unpackArrays({ codes, scales, biases }, bits) {
  const numbers = bits === 16 ? new Int16Array(decodeBase64(codes)) : new Int8Array(decodeBase64(codes));
  const scale = new Float32Array(decodeBase64(scales));
  const fanIn = numbers.length / scale.length;
  const weights = Float32Array.from(numbers, (code, i) => code * scale[Math.floor(i / fanIn)]);
  return { weights, biases: new Float32Array(decodeBase64(biases)), fanIn };
}

/** The bytes that a text in base64 stands for, as an ArrayBuffer. */
function decodeBase64(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes.buffer;
}

/** Pixels, 0 to 255, standardised: with mean 0 and standard deviation 1 over all training images. */
function standardise(image, mean, std) {
  return Float32Array.from(image, (pixel) => (pixel / 255 - mean) / std);
}

const ACTIVATIONS = {
  relu: (z) => Math.max(z, 0),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
};

/** What a layer multiplies by its weights: the patch at each position of the kernel; of a dense layer its whole input. */
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

/** z = W p + b for each patch p, of the layer's outputs one after the other: z[j * positions + position]. */
function weigh(x, layer) {
  const patches = patchesOf(x, layer);
  const { weights, biases, fanIn } = layer;
  const z = new Float32Array(biases.length * patches.length);
  patches.forEach((patch, position) => {
    for (let j = 0, k = 0; j < biases.length; j++) {
      let sum = biases[j];
      for (let i = 0; i < fanIn; i++, k++) sum += weights[k] * patch[i];
      z[j * patches.length + position] = sum;
    }
  });
  return z;
}

/** The inputs, the activations of each hidden layer, and the logits. */
function forward(layers, inputs, activation) {
  const values = [inputs];
  for (const layer of layers) {
    const z = weigh(values.at(-1), layer);
    values.push(layer === layers.at(-1) ? z : z.map(ACTIVATIONS[activation]));
  }
  return values;
}

/** The mean of the logits of several networks. */
function average(logits) {
  return logits[0].map((_, j) => logits.reduce((sum, each) => sum + each[j], 0) / logits.length);
}

/** log sigmoid(z) = -log(1 + exp(-z)), in a form that cannot overflow. */
function logSigmoid(z) {
  return Math.min(z, 0) - Math.log1p(Math.exp(-Math.abs(z)));
}

/** Probabilities from scores. The largest score is subtracted first, so that exp cannot overflow. */
function softmax(scores, temperature) {
  const largest = Math.max(...scores);
  const powers = Array.from(scores, (score) => Math.exp((score - largest) / temperature));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/**
 * The prediction for an image, h * w pixels from 0 to 255: {probabilities, logits, activations}. The last are those of
 * the first network, from its inputs to its logits.
 */
function predict(model, image) {
  const inputs = standardise(image, model.mean, model.std);
  const values = model.networks.map((layers) => forward(layers, inputs, model.activation));
  const logits = average(values.map((each) => each.at(-1)));
  const scores = model.loss === "quadratic" ? logits.map(logSigmoid) : logits;
  return { probabilities: softmax(scores, model.temperature), logits, activations: values[0] };
}
