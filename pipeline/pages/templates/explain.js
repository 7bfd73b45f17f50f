"use strict";

/* How much each input contributes to an output of a layer, and each pixel to the difference of two logits. */

/**
 * Fold the standardisation (p / 255 - mean) / std of the pixels into the first layer. With the weights W / std and the
 * biases b - mean * (row sums of W / std), the same sums follow from ink, p / 255, so that black contributes 0.
 */
function foldScaling([first, ...others], mean, std) {
  const weights = first.weights.map((weight) => weight / std);
  const rows = Array.from(first.biases, (_, j) => weights.subarray(j * first.fanIn, (j + 1) * first.fanIn));
  const biases = first.biases.map((bias, j) => bias - mean * sumOf(rows[j]));
  return [{ ...first, weights, biases }, ...others];
}

function sumOf(values) {
  return values.reduce((sum, value) => sum + value, 0);
}

/**
 * Explain one output z = sum + bias of a layer with input x. Returns {slices, sum, bias}. A slice belongs to one
 * channel of the input: {channel, top, left, height, width, patch, weights, products, sum}. position: of the kernel,
 * row-major; 0 for a dense layer.
 */
function explainOutput(layer, x, unit, position) {
  const [channels, inputHeight = 1, inputWidth = 1] = layer.inputShape;
  const { top, left, height, width } = patchAt(layer, position);
  const slices = Array.from({ length: channels }, (_, channel) => {
    const start = unit * layer.fanIn + channel * height * width;
    const weights = layer.weights.subarray(start, start + height * width);
    const corner = channel * inputHeight * inputWidth + top * inputWidth + left;
    const patch = weights.map((_, k) => x[corner + Math.floor(k / width) * inputWidth + (k % width)]);
    const products = patch.map((value, k) => value * weights[k]);
    return { channel, top, left, height, width, patch, weights, products, sum: sumOf(products) };
  });
  return { slices, sum: slices.reduce((sum, slice) => sum + slice.sum, 0), bias: layer.biases[unit] };
}

/** Return the part of the input under the kernel, {top, left, height, width}; all of it for a dense layer. */
function patchAt({ inputShape, outputShape, kernel, stride }, position) {
  const [, height = 1, width = 1] = inputShape;
  if (!kernel) return { top: 0, left: 0, height, width };
  const columns = outputShape[2];
  const [top, left] = [Math.floor(position / columns) * stride, (position % columns) * stride];
  return { top, left, height: kernel, width: kernel };
}

/** Return the part of the picture on which an output of layer `index` depends, its receptive field. */
function receptiveField(layers, index, position) {
  let field = patchAt(layers[index], position);
  for (const layer of layers.slice(0, index).reverse()) {
    const { kernel, stride } = layer;
    if (kernel) {
      const [height, width] = [field.height, field.width].map((size) => (size - 1) * stride + kernel);
      field = { top: field.top * stride, left: field.left * stride, height, width };
    } else {
      field = patchAt(layer, 0); // all of its input
    }
  }
  return field;
}

const DERIVATIVES = { relu: (a) => (a > 0 ? 1 : 0), sigmoid: (a) => a * (1 - a) }; // by the activation a

/** Return the gradient of logit a minus logit b with respect to the input of the first layer: backpropagation. */
function differenceGradient(layers, values, activation, a, b) {
  let gradient = new Float32Array(values.at(-1).length);
  [gradient[a], gradient[b]] = [1, -1];
  for (let i = layers.length - 1; i >= 0; i--) {
    if (i < layers.length - 1) gradient = gradient.map((d, k) => d * DERIVATIVES[activation](values[i + 1][k]));
    gradient = inputGradient(layers[i], gradient);
  }
  return gradient;
}

/** Return the gradient of a layer's input from that of its sums: W^T dz, each patch added where it was taken. */
function inputGradient(layer, dz) {
  const [channels, inputHeight = 1, inputWidth = 1] = layer.inputShape;
  const positions = dz.length / layer.biases.length;
  const dx = new Float32Array(channels * inputHeight * inputWidth);
  for (let position = 0; position < positions; position++) {
    const { top, left, height, width } = patchAt(layer, position);
    for (let unit = 0; unit < layer.biases.length; unit++) {
      const d = dz[unit * positions + position];
      if (d === 0) continue;
      let k = unit * layer.fanIn;
      for (let channel = 0; channel < channels; channel++) {
        for (let row = 0; row < height; row++) {
          const start = (channel * inputHeight + top + row) * inputWidth + left;
          for (let column = 0; column < width; column++, k++) dx[start + column] += d * layer.weights[k];
        }
      }
    }
  }
  return dx;
}

/**
 * Explain why class a and not class b: {gradient, contributions, difference, rest}. gradient: of the difference of the
 * logits, averaged over the networks, by the ink of each pixel. contributions: ink times gradient; their sum and the rest
 * is the difference. With ReLU, gradient and rest do not depend on the ink as long as no unit switches on or off.
 * networks: with folded scaling.
 */
function explainDifference(networks, image, activation, a, b) {
  const ink = inkOf(image);
  const gradient = new Float32Array(ink.length);
  let difference = 0;
  for (const layers of networks) {
    const values = forward(layers, ink, activation);
    differenceGradient(layers, values, activation, a, b).forEach((slope, i) => (gradient[i] += slope / networks.length));
    difference += (values.at(-1)[a] - values.at(-1)[b]) / networks.length;
  }
  const contributions = gradient.map((slope, i) => slope * ink[i]);
  return { gradient, contributions, difference, rest: difference - sumOf(contributions) };
}
