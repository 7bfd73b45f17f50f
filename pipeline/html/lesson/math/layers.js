/*
 * The kinds of layers, as in pipeline/network/layers.py, and their activations. Each kind has
 *
 *   forward(x, layer): the output, row-major, for the input x.
 *   inputGradient(layer, x, y, dy): the gradient of the input from that of the output y.
 *   weightGradient(layer, x, y, dy, sum): adds the gradients of its parameters, if it has any, to those in `sum`.
 *
 * An activation has apply(z) and derivative(a) by the output, or derivative(z) if ofSum is true.
 */

/* As in pipeline/network/activations.py. */
const geluTanh = (z) => Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3));

const ACTIVATIONS = {
  sigmoid: { apply: (z) => 1 / (1 + Math.exp(-z)), derivative: (a) => a - a * a },
  tanh: { apply: Math.tanh, derivative: (a) => 1 - a * a },
  relu: { apply: (z) => Math.max(z, 0), derivative: (a) => (a > 0 ? 1 : 0) },
  gelu: {
    apply: (z) => (z * (1 + geluTanh(z))) / 2,
    derivative: (z) => {
      const t = geluTanh(z);
      return (1 + t) / 2 + (z * (1 - t * t) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * z * z)) / 2;
    },
    ofSum: true,
  },
};

/** Whether the output of a layer, or its input, consists of maps. */
const isMap = (shape) => shape.length > 1;

/** Return the value of the input that a residual layer adds to its output k; 0 for other layers. */
function addedOf({ residual, outside }, x, k) {
  return residual ? residual * (x[k] - outside) : 0;
}

/** Return the sums z = W p + b. */
function sumsOf(layer, x) {
  return multiply(layer, patchesAt(x, layer));
}

/** Return the gradient of the sums z = W p + b from that of the output y. */
function sumGradient(layer, x, y, dy) {
  if (!layer.activation) return dy;
  const { derivative, ofSum } = ACTIVATIONS[layer.activation];
  if (ofSum) {
    const z = sumsOf(layer, x);
    return dy.map((d, k) => d * derivative(z[k]));
  }
  return dy.map((d, k) => d * derivative(y[k] - addedOf(layer, x, k)));
}

/* What dense layers and convolutions share: z = W p + b for each patch p of the input, then the activation. */
const AFFINE = {
  forward(x, layer) {
    const z = sumsOf(layer, x);
    const a = layer.activation ? z.map(ACTIVATIONS[layer.activation].apply) : z;
    return layer.residual ? a.map((value, k) => value + addedOf(layer, x, k)) : a;
  },

  /** dp = Wᵀ dz at each position; gradients of overlapping patches are summed. */
  inputGradient(layer, x, y, dy) {
    const dz = sumGradient(layer, x, y, dy);
    const positions = positionsOf(layer);
    const dx = layer.residual ? dy.map((d) => d * layer.residual) : new Float32Array(x.length);
    for (let position = 0; position < positions; position++) {
      const indices = indicesAt(layer, position);
      const dp = new Float32Array(indices.length);
      addRows(dp, layer.weights, columnOf(dz, positions, position));
      for (let k = 0; k < indices.length; k++) if (indices[k] >= 0) dx[indices[k]] += dp[k];
    }
    return dx;
  },

  /** dW = dz Pᵀ: the gradient of a sum times the patch that it weighs, added up over all positions. */
  weightGradient(layer, x, y, dy, { weights, biases }) {
    const dz = sumGradient(layer, x, y, dy);
    const patches = patchesAt(x, layer);
    for (let unit = 0; unit < biases.length; unit++) {
      const own = partOf(dz, biases.length, unit);
      addRows(partOf(weights, biases.length, unit), patches, own);
      biases[unit] += sumOf(own);
    }
  },
};

const LAYERS = { dense: AFFINE, conv: AFFINE };

/**
 * Return pooling: one value of each patch of a map. merge(patch): that value. sourcesOf(indices, x, y): the indices of
 * the patch that make y, all with the same share.
 */
const makePooling = (merge, sourcesOf) => ({
  forward(x, layer) {
    const positions = positionsOf(layer);
    const y = new Float32Array(layer.outputShape[0] * positions);
    for (let position = 0; position < positions; position++) {
      const patch = patchOf(x, layer, position);
      for (let k = position; k < y.length; k += positions)
        y[k] = merge(channelOf(patch, layer, Math.floor(k / positions)));
    }
    return y;
  },

  inputGradient(layer, x, y, dy) {
    const positions = positionsOf(layer);
    const dx = new Float32Array(x.length);
    dy.forEach((d, k) => {
      const indices = channelOf(indicesAt(layer, k % positions), layer, Math.floor(k / positions));
      const sources = sourcesOf(indices, x, y[k]);
      for (const i of sources) dx[i] += d / sources.length;
    });
    return dx;
  },

  weightGradient: () => {}, // it has no parameters
});

LAYERS.pool = makePooling(
  (patch) => Math.max(...patch),
  (indices, x, y) => [indices.find((i) => x[i] === y)],
);
LAYERS.avgpool = makePooling(
  (patch) => sumOf(patch) / patch.length,
  (indices) => indices,
);

/* Dropout changes nothing outside of training. */
LAYERS.dropout = {
  forward: (x) => x,
  inputGradient: (layer, x, y, dy) => dy,
  weightGradient: () => {}, // it has no parameters
};
