/* The loss of a fixed set of images: over one weight, and its slopes by all of them. A set is {inks, labels}. */

/** Return the mean loss of a set, and the mean share of its right classes: {loss, share, right}. */
function measureSet(layers, { inks, labels }) {
  let [loss, share, right] = [0, 0, 0];
  inks.forEach((ink, i) => {
    const logits = forward(layers, ink).at(-1);
    const own = lossOf(logits, labels[i]);
    loss += own / inks.length;
    share += Math.exp(-own) / inks.length;
    right += (isLargest(logits, labels[i]) ? 1 : 0) / inks.length;
  });
  return { loss, share, right };
}

/** Return the gradient of the mean loss of a set by all parameters, in the form of `zerosLike`. */
function slopesOf(layers, { inks, labels }) {
  const slopes = zerosLike(layers);
  inks.forEach((ink, i) => addGradients(layers, ink, labels[i], slopes));
  for (const arrays of slopes) for (const name in arrays) arrays[name].forEach((_, k, all) => (all[k] /= inks.length));
  return slopes;
}

/** Return the mean loss of a set over a weight of the first of two layers, `cell`, as a function. */
function makeHill([first, last], { inks, labels }, cell) {
  const [positions, size] = [positionsOf(first), first.weights.length / first.biases.length];
  const [unit, k] = [Math.floor(cell / size), cell % size];
  const [weight, bias, row] = [first.weights[cell], first.biases[unit], rowOf(first, unit).slice()];
  const { apply } = ACTIVATIONS[first.activation];
  const votes =
    labels.length &&
    Array.from(last.biases, (_, c) => partOf(partOf(last.weights, last.biases.length, c), first.biases.length, unit));
  const known = inks.map((ink) => {
    const patches = Array.from({ length: positions }, (_, position) => patchOf(ink, first, position));
    const sums = patches.map((patch) => patch.reduce((sum, value, j) => sum + value * row[j], bias));
    return { sums, under: patches.map((patch) => patch[k]), logits: forward([first, last], ink).at(-1) };
  });
  return (value) => {
    const losses = known.map(({ sums, under, logits }, i) => {
      const changes = sums.map((z, position) => apply(z + (value - weight) * under[position]) - apply(z));
      const changed = (logit, c) => changes.reduce((sum, change, position) => sum + change * votes[c][position], logit);
      return lossOf(logits.map(changed), labels[i]);
    });
    return sumOf(losses) / losses.length;
  };
}

/** Change the parameters by plain gradient descent, w <- w - rate * slope, in place. */
function descend(layers, slopes, rate) {
  layers.forEach((layer, i) => {
    for (const name in slopes[i]) slopes[i][name].forEach((slope, k) => (layer[name][k] -= rate * slope));
  });
}

/**
 * Follow backpropagation to a cell of the first layer's kernels, for the image that shapes its slope most: {label,
 * probabilities, errors, loss, slope, mean, place, pixelSlope, ink}. mean: of the set. slope: of this image. place: the
 * pixel of the map from which most of it comes; pixelSlope: by that pixel; ink: what the cell sees there.
 */
function followCell(layers, { inks, labels }, cell) {
  const [first] = layers;
  const passes = inks.map((ink, i) => {
    const sums = zerosLike(layers);
    return { ...addGradients(layers, ink, labels[i], sums), label: labels[i], slope: sums[0].weights[cell] };
  });
  const pass =
    passes[
      strongest(
        passes.map(({ slope }) => Math.abs(slope)),
        1,
      )[0]
    ];
  const { values, gradients } = pass;
  const [count, size] = [first.biases.length, first.weights.length / first.biases.length];
  const [unit, k] = [Math.floor(cell / size), cell % size];
  const slopes = partOf(sumGradient(first, values[0], values[1], gradients[1]), count, unit);
  const under = Array.from(slopes, (_, position) => patchOf(values[0], first, position)[k]);
  const [place] = strongest(
    slopes.map((slope, position) => slope * under[position] * Math.sign(pass.slope)),
    1,
  );
  const mean = sumOf(passes.map(({ slope }) => slope)) / passes.length;
  return { ...pass, mean, unit, place, pixelSlope: slopes[place], ink: under[place] };
}
