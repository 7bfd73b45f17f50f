/* Training in the page, as in pipeline/network/; an image at a time, so that a batch can end in the next frame. */

const BATCH = 64; // images whose mean gradient makes a step
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8]; // of Adam
const PARAMETERS = ["weights", "biases"];

/** Return a function whose numbers from 0 to 1 depend only on the seed (mulberry32). */
function makeRandom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fill the parameters with noise, in place: weights as in Glorot & Bengio 2010 (equation 12), no biases. */
function initialise(layers, random) {
  for (const { outputShape, window, weights, biases } of layers) {
    const fanOut = biases.length * (isMap(outputShape) ? window[0] * window[1] : 1);
    const std = Math.sqrt(2 / (weights.length / biases.length + fanOut));
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    weights.forEach((_, i) => (weights[i] = std * normal()));
    biases.fill(0);
  }
}

/** Return arrays of zeros in the form of the parameters. */
function zerosLike(layers) {
  const zeros = (layer) =>
    PARAMETERS.filter((name) => layer[name]).map((name) => [name, new Float32Array(layer[name].length)]);
  return layers.map((layer) => Object.fromEntries(zeros(layer)));
}

/**
 * Make a training of the layers, whose parameters it changes. rates: the learning rate of each layer. gradients, loss:
 * of the batch, summed over its `count` images so far. means, squares: the state of Adam. order: of the images left of
 * the epoch, the next one last.
 */
function makeTraining(layers, rates, random) {
  const [gradients, means, squares] = Array.from({ length: 3 }, () => zerosLike(layers));
  return { layers, rates, random, gradients, means, squares, count: 0, loss: 0, order: [], steps: 0 };
}

/** log of the sum of exp(z), without overflow. */
function logSumExp(logits) {
  const largest = Math.max(...logits);
  return largest + Math.log(logits.reduce((sum, z) => sum + Math.exp(z - largest), 0));
}

/** Add the gradients of an image to `sums`. Returns {probabilities, errors, loss, values, gradients}. */
function addGradients(layers, ink, label, sums) {
  const values = forward(layers, ink);
  const logits = values.at(-1);
  const probabilities = softmax(logits);
  const errors = Float32Array.from(probabilities, (p, k) => p - (k === label ? 1 : 0));
  const gradients = backpropagate(layers, values, errors, 1);
  layers.forEach((layer, i) =>
    LAYERS[layer.kind].weightGradient(layer, values[i], values[i + 1], gradients[i + 1], sums[i]),
  );
  return { probabilities, errors, loss: lossOf(logits, label), values, gradients };
}

/** Return the cross-entropy of an image, −ln of the share of its label. */
function lossOf(logits, label) {
  return logSumExp(logits) - logits[label];
}

/** Learn from the next image. After each BATCH of them, take a step and return their mean loss; else null. */
function learnImage(training, { inks, labels }) {
  if (training.order.length === 0) training.order = shuffled(inks.length, training.random);
  const next = training.order.pop();
  training.loss += addGradients(training.layers, inks[next], labels[next], training.gradients).loss;
  training.count++;
  if (training.count < BATCH) return null;
  const loss = training.loss / BATCH;
  takeStep(training);
  return loss;
}

/** Change the parameters by the gradient of the batch, as `adam` in optimizers.py. (Kingma & Ba 2015, algorithm 1) */
function takeStep(training) {
  const { layers, rates, gradients, means, squares, count } = training;
  training.steps++;
  const [first, second] = [BETA1, BETA2].map((beta) => 1 - beta ** training.steps); // both begin at zero
  layers.forEach((layer, i) => {
    for (const name in gradients[i]) {
      const [w, sum, m, s] = [layer, gradients[i], means[i], squares[i]].map((each) => each[name]);
      for (let k = 0; k < w.length; k++) {
        const g = sum[k] / count;
        m[k] = BETA1 * m[k] + (1 - BETA1) * g;
        s[k] = BETA2 * s[k] + (1 - BETA2) * g * g;
        w[k] -= (rates[i] * (m[k] / first)) / (Math.sqrt(s[k] / second) + EPSILON);
      }
      sum.fill(0);
    }
  });
  Object.assign(training, { count: 0, loss: 0 });
}

/** Return the indices below a count in random order. (Fisher & Yates; Durstenfeld 1964) */
function shuffled(count, random) {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((i + 1) * random());
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
