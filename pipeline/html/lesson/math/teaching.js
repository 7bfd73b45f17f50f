/* Teaching a sign: a new output on the last hidden layer, which learns from a few drawings; all else stays. */

const KEPT = 5; // drawings of the sign
const COPIES = 16; // of each drawing, deformed at random
const OTHERS = 400; // images of the known classes
const TEACHING = { rounds: 200, rate: 0.03, decay: 0.001 }; // each round is a step by the gradient of all images

/** Return strokes turned, slanted and stretched at random. */
function deform(strokes, random) {
  const [turn, slant, wide, high] = [0.2, 0.2, 0.2, 0.2].map((most) => most * (2 * random() - 1));
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const move = ({ x, y }) => {
    const [u, v] = [(1 + wide) * x + slant * y, (1 + high) * y];
    return { x: cos * u - sin * v, y: sin * u + cos * v };
  };
  return strokes.map((stroke) => stroke.map(move));
}

/** Return the drawings and their copies. */
function multiplyDrawings(drawings) {
  const random = makeRandom(1);
  return drawings.flatMap((strokes) => [strokes, ...Array.from({ length: COPIES }, () => deform(strokes, random))]);
}

/** Learn the weights of a new output by cross-entropy. signs, others: inks that it shall and shall not know. */
function learnOutput(layers, signs, others) {
  const sampleOf = (ink, target, weight) => {
    const values = forward(layers, ink);
    return { features: values.at(-2), rest: logSumExp(values.at(-1)), target, weight };
  };
  const samples = [
    ...signs.map((ink) => sampleOf(ink, 1, 0.5 / signs.length)),
    ...others.map((ink) => sampleOf(ink, 0, 0.5 / others.length)),
  ];
  const output = { weights: new Float32Array(samples[0].features.length), biases: new Float32Array(1) };
  const training = makeTraining([output], [TEACHING.rate], null);
  const [{ weights, biases }] = training.gradients;
  for (let round = 0; round < TEACHING.rounds; round++) {
    for (const { features, rest, target, weight } of samples) {
      let z = output.biases[0];
      features.forEach((value, k) => (z += value * output.weights[k]));
      const error = weight * (1 / (1 + Math.exp(rest - z)) - target);
      features.forEach((value, k) => (weights[k] += error * value));
      biases[0] += error;
    }
    output.weights.forEach((weight, k) => (weights[k] += TEACHING.decay * weight));
    training.count = 1;
    takeStep(training);
  }
  return output;
}

/** Return the layers with another output of the last one. */
function withOutput(layers, output) {
  const last = layers.at(-1);
  const joined = PARAMETERS.map((name) => [name, Float32Array.from([...last[name], ...output[name]])]);
  const extended = { ...last, ...Object.fromEntries(joined), outputShape: [last.outputShape[0] + 1] };
  return [...layers.slice(0, -1), extended];
}
