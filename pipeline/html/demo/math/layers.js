/*
 * The kinds of layers, as in pipeline/network/layers.py, and their activations. Each kind has
 *
 *   forward(x, layer): the output, row-major, for the input x.
 *   inputGradient(layer, x, y, dy): the gradient of the input from that of the output y.
 *   weightGradient(layer, x, y, dy, sum): adds the gradients of its parameters, if it has any, to those in `sum`.
 *   explain(layer, x, unit, position): how an output follows from its part of the input, {slices, sum, bias, added},
 *       where `added` is the input that a residual layer adds to its output. A slice belongs to one channel of its
 *       input: {channel, top, left, height, width, patch, weights, products, sum}.
 *   tell(layer, index): what a layer contributes, in a sentence.
 *   describeSum({sum, bias, added}, result, layer): how one of its outputs follows, in words and numbers as shown.
 *   factor, slider: what a patch is multiplied by, and what slides over the input, in a word.
 *
 * An activation has apply(z), derivative(a) by the output, or derivative(z) if ofSum is true, describe(z, result) in
 * words, and isPiecewiseLinear, by which "Why" knows whether the gradient explains all but the biases.
 */

/* As in pipeline/network/activations.py. */
const geluTanh = (z) => Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3));

const ACTIVATIONS = {
  sigmoid: { apply: (z) => 1 / (1 + Math.exp(-z)), derivative: (a) => a - a * a, describe: (z, a) => `sigmoid: ${a}` },
  tanh: { apply: Math.tanh, derivative: (a) => 1 - a * a, describe: (z, a) => `tanh: ${a}` },
  relu: {
    apply: (z) => Math.max(z, 0),
    derivative: (a) => (a > 0 ? 1 : 0),
    describe: (z, result) => (z > 0 ? `ReLU, which cuts off below 0, keeps ${result}` : "ReLU makes 0 of all below 0"),
    isPiecewiseLinear: true,
  },
  gelu: {
    apply: (z) => (z * (1 + geluTanh(z))) / 2,
    derivative: (z) => {
      const t = geluTanh(z);
      return (1 + t) / 2 + (z * (1 - t * t) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * z * z)) / 2;
    },
    ofSum: true,
    describe: (z, a) => `GELU: ${a}`,
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
  const positions = positionsOf(layer);
  const z = new Float32Array(layer.biases.length * positions);
  for (let position = 0; position < positions; position++) multiply(layer, patchOf(x, layer, position), z, position);
  return z;
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

  inputGradient(layer, x, y, dy) {
    const dz = sumGradient(layer, x, y, dy);
    const positions = positionsOf(layer);
    const dx = layer.residual ? dy.map((d) => d * layer.residual) : new Float32Array(x.length);
    for (let position = 0; position < positions; position++) {
      const indices = indicesAt(layer, position);
      for (let unit = 0; unit < layer.biases.length; unit++) {
        const d = dz[unit * positions + position];
        if (d === 0) continue;
        for (let k = 0, at = unit * indices.length; k < indices.length; k++, at++) {
          if (indices[k] >= 0) dx[indices[k]] += d * layer.weights[at];
        }
      }
    }
    return dx;
  },

  /** dW = dz Pᵀ: at each position, the gradient of a sum times the patch that it weighs. */
  weightGradient(layer, x, y, dy, { weights, biases }) {
    const dz = sumGradient(layer, x, y, dy);
    const positions = positionsOf(layer);
    for (let position = 0; position < positions; position++) {
      const patch = patchOf(x, layer, position);
      for (let unit = 0; unit < biases.length; unit++) {
        const d = dz[unit * positions + position];
        if (d === 0) continue;
        biases[unit] += d;
        for (let k = 0, at = unit * patch.length; k < patch.length; k++, at++) weights[at] += d * patch[k];
      }
    }
  },

  explain(layer, x, unit, position) {
    const [whole, row] = [patchOf(x, layer, position), rowOf(layer, unit)];
    const slices = Array.from({ length: layer.inputShape[0] }, (_, channel) => {
      const [patch, weights] = [whole, row].map((values) => channelOf(values, layer, channel));
      const products = patch.map((value, k) => value * weights[k]);
      return { channel, ...patchAt(layer, position), patch, weights, products, sum: sumOf(products) };
    });
    const added = addedOf(layer, x, unit * positionsOf(layer) + position);
    return { slices, sum: slices.reduce((sum, slice) => sum + slice.sum, 0), bias: layer.biases[unit], added };
  },

  /** "products 3.41 + bias 0.12 = 3.53; ReLU, which cuts off below 0, keeps 3.53"; of outputs without the last part */
  describeSum({ sum, bias, added }, output, { activation, residual }) {
    const result = output - added;
    const total = roundedSum(sum, bias);
    const terms = activation ? "products" : "votes";
    const shown = rounded(bias) < 0 ? `(${signed(bias)})` : signed(bias);
    const text = `${terms} ${signed(sum)} + bias ${shown} = ${signed(total)}`;
    if (!activation) return text;
    const { describe, isPiecewiseLinear } = ACTIVATIONS[activation];
    const activated = `${text}; ${describe(total, signed(isPiecewiseLinear ? total : result))}`;
    return residual ? `${activated}; input ${signed(added)} added: ${signed(output)}` : activated;
  },
};

const LAYERS = {
  dense: {
    ...AFFINE,
    factor: "weights",
    tell({ inputShape }, index) {
      const inputs = index === 0 ? "pixels" : isMap(inputShape) ? "maps" : "units before";
      return `Each unit weighs all ${inputs}: a vote.`;
    },
  },
  conv: {
    ...AFFINE,
    factor: "kernel",
    slider: "kernel",
    tell({ window: [height, width] }, index) {
      if (index > 1) return "Shapes made of those before.";
      if (index > 0) return "Shapes made of edges.";
      return `A kernel is a stencil of ${height * width} weights. Its map glows where the picture looks like it.`;
    },
  },
};

/* The largest value of each patch of a map. */
LAYERS.pool = {
  forward(x, layer) {
    const positions = positionsOf(layer);
    const y = new Float32Array(layer.outputShape[0] * positions);
    for (let position = 0; position < positions; position++) {
      const patch = patchOf(x, layer, position);
      for (let k = position; k < y.length; k += positions)
        y[k] = Math.max(...channelOf(patch, layer, Math.floor(k / positions)));
    }
    return y;
  },

  inputGradient(layer, x, y, dy) {
    const positions = positionsOf(layer);
    const dx = new Float32Array(x.length);
    dy.forEach((d, k) => {
      const indices = channelOf(indicesAt(layer, k % positions), layer, Math.floor(k / positions));
      dx[indices.find((i) => x[i] === y[k])] += d;
    });
    return dx;
  },

  weightGradient: () => {}, // it has no parameters

  /** One slice, whose weights are 1 at the largest value and 0 elsewhere. */
  explain(layer, x, unit, position) {
    const patch = channelOf(patchOf(x, layer, position), layer, unit);
    const sum = Math.max(...patch);
    const weights = patch.map((_, k) => (k === patch.indexOf(sum) ? 1 : 0));
    const products = patch.map((value, k) => value * weights[k]);
    const slice = { channel: unit, ...patchAt(layer, position), patch, weights, products, sum };
    return { slices: [slice], sum, bias: 0, added: 0 };
  },

  tell: ({ window }) => `Keeps the largest of ${window.join(" × ")} pixels.`,
  describeSum: ({ sum }) => `the largest value of the patch is ${signed(sum)}`,
  factor: "largest",
  slider: "window",
};

/* The mean of each patch of a map. */
LAYERS.avgpool = {
  forward(x, layer) {
    const positions = positionsOf(layer);
    const y = new Float32Array(layer.outputShape[0] * positions);
    for (let position = 0; position < positions; position++) {
      const patch = patchOf(x, layer, position);
      for (let k = position; k < y.length; k += positions) {
        const own = channelOf(patch, layer, Math.floor(k / positions));
        y[k] = sumOf(own) / own.length;
      }
    }
    return y;
  },

  inputGradient(layer, x, y, dy) {
    const positions = positionsOf(layer);
    const dx = new Float32Array(x.length);
    dy.forEach((d, k) => {
      const indices = channelOf(indicesAt(layer, k % positions), layer, Math.floor(k / positions));
      for (const i of indices) dx[i] += d / indices.length;
    });
    return dx;
  },

  weightGradient: () => {}, // it has no parameters

  /** One slice, whose weights are equal. */
  explain(layer, x, unit, position) {
    const patch = channelOf(patchOf(x, layer, position), layer, unit);
    const weights = patch.map(() => 1 / patch.length);
    const products = patch.map((value, k) => value * weights[k]);
    const sum = sumOf(products);
    const slice = { channel: unit, ...patchAt(layer, position), patch, weights, products, sum };
    return { slices: [slice], sum, bias: 0, added: 0 };
  },

  tell: ({ window }) => `Keeps the mean of ${window.join(" × ")} pixels.`,
  describeSum: ({ sum }) => `the mean of the patch is ${signed(sum)}`,
  factor: "share",
  slider: "window",
};

/* Dropout changes nothing outside of training. */
LAYERS.dropout = {
  forward: (x) => x,
  inputGradient: (layer, x, y, dy) => dy,
  weightGradient: () => {}, // it has no parameters

  /** One slice, of the value that is passed on. */
  explain(layer, x, unit, position) {
    const patch = x.subarray(unit * positionsOf(layer) + position).subarray(0, 1);
    const weights = patch.map(() => 1);
    const slice = { channel: unit, ...patchAt(layer, position), patch, weights, products: patch, sum: patch[0] };
    return { slices: [slice], sum: patch[0], bias: 0, added: 0 };
  },

  tell: () => "Passes on what it gets: it drops values only in training.",
  describeSum: ({ sum }) => `${signed(sum)} is passed on`,
  factor: "value",
  slider: "window",
};

/** Return "a 3", "an 8". */
const withArticle = (name) => `${/^(8|1[18]|[aeiou])/i.test(name) ? "an" : "a"} ${name}`;

function plural(word, count) {
  return count === 1 ? word : `${word}s`;
}
