"use strict";

/*
 * The network: grey pixels in, beliefs out. This is all the arithmetic that reading a picture takes; the same as
 * `forward` in pipeline/network/mlp.py and `probabilities` in losses.py, for one picture and without NumPy.
 */

/**
 * The model that stands in the page. Its members are networks, mostly one; a network is a list of layers
 * {weights, biases, fanIn, fanOut}, and the weight from input i to unit j is weights[i * fanOut + j].
 */
function unpackModel(packed) {
  const unpackMember = (layers) =>
    layers.map((layer, i) => unpackLayer(layer, packed.bits, packed.sizes[i], packed.sizes[i + 1]));
  return { ...packed, members: packed.members.map(unpackMember) };
}

/** A layer from its codes: a weight is its code, a whole number, times the scale of its unit. */
function unpackLayer({ codes, scales, biases }, bits, fanIn, fanOut) {
  const numbers = bits === 16 ? new Int16Array(decodeBase64(codes)) : new Int8Array(decodeBase64(codes));
  const scale = new Float32Array(decodeBase64(scales));
  const weights = new Float32Array(fanIn * fanOut);
  for (let i = 0, k = 0; i < fanIn; i++) {
    for (let j = 0; j < fanOut; j++, k++) weights[k] = numbers[k] * scale[j];
  }
  return { weights, biases: new Float32Array(decodeBase64(biases)), fanIn, fanOut };
}

/** The bytes that a text in base64 stands for, as an ArrayBuffer. */
function decodeBase64(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes.buffer;
}

/** Pixels, 0 to 255, as the network has learned from them: with mean 0 and deviation 1 over all its pictures. */
function standardise(image, mean, deviation) {
  return Float32Array.from(image, (pixel) => (pixel / 255 - mean) / deviation);
}

/** What makes a layer more than a sum: without it, many layers would be no more than one. */
const ACTIVATIONS = {
  relu: (z) => Math.max(z, 0),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
};

/**
 * What a layer's units add up: z[j] = sum over i of a[i] * weights[i][j], plus biases[j].
 * Inputs of 0 add nothing, and with ReLU many are.
 */
function weigh(a, { weights, biases, fanIn, fanOut }) {
  const z = Float32Array.from(biases);
  for (let i = 0; i < fanIn; i++) {
    if (a[i] === 0) continue;
    const row = i * fanOut;
    for (let j = 0; j < fanOut; j++) z[j] += a[i] * weights[row + j];
  }
  return z;
}

/** From the inputs through all layers: the inputs, each hidden layer's activations, and at last the logits. */
function forward(layers, inputs, activation) {
  const values = [inputs];
  for (const layer of layers) {
    const z = weigh(values.at(-1), layer);
    values.push(layer === layers.at(-1) ? z : z.map(ACTIVATIONS[activation]));
  }
  return values;
}

/** Of several networks' logits, the mean. */
function average(logits) {
  return logits[0].map((_, j) => logits.reduce((sum, each) => sum + each[j], 0) / logits.length);
}

/** log sigmoid(z) = -log(1 + exp(-z)), in a form that cannot overflow. */
function logSigmoid(z) {
  return Math.min(z, 0) - Math.log1p(Math.exp(-Math.abs(z)));
}

/**
 * Numbers of any size as beliefs, which are positive and sum to 1. A temperature above 1 makes them less sharp.
 * The largest is taken away first, which changes nothing but that exp cannot overflow.
 */
function softmax(scores, temperature) {
  const largest = Math.max(...scores);
  const powers = Array.from(scores, (score) => Math.exp((score - largest) / temperature));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/**
 * What the model believes of an image, h * w pixels from 0 to 255: {probabilities, logits, activations}. The last
 * are those of the first network, from its inputs to its logits.
 */
function predict(model, image) {
  const inputs = standardise(image, model.mean, model.deviation);
  const values = model.members.map((layers) => forward(layers, inputs, model.activation));
  const logits = average(values.map((each) => each.at(-1)));
  const scores = model.cost === "quadratic" ? logits.map(logSigmoid) : logits;
  return { probabilities: softmax(scores, model.temperature), logits, activations: values[0] };
}
