/* What an output depends on: its part of the picture, and the paths that lead to it. */

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
 * Return what each part of `values[from]`, such as a map, adds to output `index` of layer `to`, counted from 1: its
 * activations times all open paths to that output. With ReLU this is exact for the picture: the parts and what the
 * biases add make the sum of the output. There are as many parts as maps, or as units of a dense layer.
 */
function sharesOf(layers, values, from, to, index) {
  const gradient = new Float32Array(values[to].length);
  gradient[index] = 1;
  const slopes = backpropagate(layers.slice(0, to), values.slice(0, to + 1), gradient, from)[from];
  const count = from > 0 ? layers[from - 1].outputShape[0] : layers[0].inputShape[0];
  const size = slopes.length / count;
  const shares = new Float32Array(count);
  slopes.forEach((slope, k) => (shares[Math.floor(k / size)] += slope * values[from][k]));
  return shares;
}
