/* The network that the page trains, in scene 8. */

/*
 * Kernels take shape only if they learn faster than the layers after them, which would otherwise learn to use noise.
 * rate: the learning rate of the other layers. hurry: of the first layer, in times of it. steps, exams: of the whole
 * training. smoothing: the weight of the losses before, in the mean that is shown.
 */
const TRAINING = { rate: 0.002, hurry: 4, steps: 600, exams: 16, smoothing: 0.9 };

/** Return {layers, model} of the network that the page trains, with parameters 0. model: as from `unpackModel`. */
function makeLearner({ layers: geometry, sizes }, { shape, classNames, inkStatistics }) {
  const layers = geometry.map((layer, i) => ({
    ...layer,
    ...Object.fromEntries(PARAMETERS.map((name, k) => [name, new Float32Array(sizes[i][k])])),
  }));
  return { layers, loss: "cross-entropy", temperature: 1, shape, classNames, inkStatistics };
}

/** Return the number of parameters. */
function countParameters(layers) {
  return sumOf(layers.flatMap((layer) => PARAMETERS.map((name) => layer[name]?.length ?? 0)));
}

/**
 * Begin a training with noise that depends on the seed: {training, losses, exams}. losses: smoothed, after each step;
 * the first one is that of the noise, on unseen images. exams: {step, share} of unseen images that were read correctly.
 */
function beginRun(layers, seed) {
  const random = makeRandom(seed);
  initialise(layers, random);
  const rates = layers.map((_, i) => TRAINING.rate * (i === 0 ? TRAINING.hurry : 1));
  return { training: makeTraining(layers, rates, random), losses: [], exams: [] };
}

/** Return the step after which an exam is due: the first before any, and they are closer together at the beginning. */
function stepOfExam(exam) {
  return Math.round(TRAINING.steps * (exam / TRAINING.exams) ** 2);
}

/**
 * Train to the end in parts of one image each, so that the page can be drawn in between.
 */
function* trainRun(run, { learnt, unseen }) {
  const { training, losses, exams } = run;
  while (true) {
    if (exams.length <= TRAINING.exams && stepOfExam(exams.length) <= training.steps) yield* examine(run, unseen);
    if (training.steps === TRAINING.steps) return;
    const loss = learnImage(training, learnt);
    if (loss !== null) losses.push(TRAINING.smoothing * losses.at(-1) + (1 - TRAINING.smoothing) * loss);
    yield;
  }
}

/** Add an exam: the share of images whose right class has the largest logit. */
function* examine({ training, losses, exams }, { inks, labels }) {
  let [right, loss] = [0, 0];
  for (const [i, ink] of inks.entries()) {
    const logits = forward(training.layers, ink).at(-1);
    if (indexOfLargest(logits) === labels[i]) right++;
    loss += lossOf(logits, labels[i]) / inks.length;
    yield;
  }
  if (losses.length === 0) losses.push(loss);
  exams.push({ step: training.steps, share: right / inks.length });
}
