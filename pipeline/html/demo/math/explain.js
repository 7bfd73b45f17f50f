/* How much each input contributes to an output of a layer, and each pixel to the difference of two logits. */

/** Return the part of the picture on which an output of layer `index` depends, its receptive field. */
function receptiveField(layers, index, position) {
  let { top, left, height, width } = patchAt(layers[index], position);
  for (const { window, stride, padding } of layers.slice(0, index).reverse()) {
    [top, left] = [top * stride[0] - padding[0], left * stride[1] - padding[1]];
    [height, width] = [(height - 1) * stride[0] + window[0], (width - 1) * stride[1] + window[1]];
  }
  return { top, left, height, width };
}

/** Backpropagation: return the gradients of `values` of `forward`, from index `from` on, given that of the last. */
function backpropagate(layers, values, gradient, from = 0) {
  const gradients = values.map(() => gradient);
  for (let i = layers.length - 1; i >= from; i--) {
    gradients[i] = LAYERS[layers[i].kind].inputGradient(layers[i], values[i], values[i + 1], gradients[i + 1]);
  }
  return gradients;
}

/**
 * Explain why class a and not class b: {gradient, contributions, difference}. gradient: of the difference of the
 * logits, averaged over the networks, by the ink of each pixel. contributions: ink times gradient; the difference also
 * has a rest. With ReLU, gradient and rest do not depend on the ink as long as no unit switches on or off.
 * known: results of `forward` for the first of the networks.
 */
function explainDifference(networks, image, a, b, known = []) {
  const ink = inkOf(image);
  const gradient = new Float32Array(ink.length);
  let difference = 0;
  for (const [i, layers] of networks.entries()) {
    const values = known[i] ?? forward(layers, ink);
    const output = values.at(-1).map((_, k) => (k === a ? 1 : k === b ? -1 : 0));
    backpropagate(layers, values, output)[0].forEach((slope, k) => (gradient[k] += slope / networks.length));
    difference += (values.at(-1)[a] - values.at(-1)[b]) / networks.length;
  }
  const contributions = gradient.map((slope, i) => slope * ink[i]);
  return { gradient, contributions, difference };
}
