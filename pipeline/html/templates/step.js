/* "One step": how the error of one image flows back from the answer to a cell of a kernel, with its numbers. */

const SHOWN_ERRORS = 3; // the largest

/**
 * Show a step. pass: of `stepOnImage`; before: the kernels before it; ink, label: of the image; rate: of the step. Returns
 * {unit, lines} to mark in the columns: the map whose kernel is shown, and [class, share] of the largest errors.
 */
function showStep({ classNames, shape }, layers, { pass, before, ink, label, rate }) {
  const { probabilities, after, errors, sums, gradients, values } = pass;
  const [{ weights }] = sums;
  const cell = strongest(weights.map(Math.abs), 1)[0];
  const size = weights.length / layers[0].biases.length;
  const [unit, part] = [Math.floor(cell / size), cell % size];
  const [guess] = strongest(probabilities, 1);
  const name = (k) => classNames[k];
  const largest = strongest(errors.map(Math.abs), SHOWN_ERRORS);
  const guessed = guess === label ? "right" : `and ${name(label)} only ${percent(probabilities[label])}`;
  setText($("step-title"), `One step: the image is a ${name(label)}`);
  setText($("step-guess"), `It guessed ${name(guess)}: ${percent(probabilities[guess])}, ${guessed}.`);
  paintValues($("step-image"), ink, ...shape, inkColour);
  $("step-errors").replaceChildren();
  for (const k of largest) {
    const item = append($("step-errors"), "li", `${name(k)} `);
    append(item, "b", signedWithPlus(errors[k]), errors[k] < 0 ? "too-little" : "too-much");
  }
  const dz = sumGradient(layers[0], values[0], values[1], gradients[1]);
  const positions = positionsOf(layers[0]);
  paintErrors($("step-map"), dz.subarray(unit * positions, (unit + 1) * positions), layers[0].outputShape.slice(1));
  paintErrors($("step-kernel"), weights.subarray(unit * size, (unit + 1) * size), layers[0].window);
  const [, columns] = layers[0].window;
  placeFrame($("step-cell"), { top: Math.floor(part / columns), left: part % columns, height: 1, width: 1 }, layers[0].window);
  setText($("step-map-caption"), `× weights: error of map ${unit + 1}`);
  setText($("step-kernel-caption"), `× patches: error of kernel ${unit + 1}`);
  const [old, gradient] = [before[cell], weights[cell]];
  const slope = gradient < 0 ? `(${signed(gradient, 3)})` : signed(gradient, 3);
  setText($("step-sum"), `${signed(old, 3)} \u2212 ${rate} × ${slope} = ${signed(old - rate * gradient, 3)}`);
  setText($("step-where"), `${nameOfCell(layers[0], cell)}: weight \u2212 rate × gradient. So changes every weight.`);
  setText($("step-after"), `Now ${name(label)} has ${percent(after[label])} instead of ${percent(probabilities[label])}.`);
  return { unit, lines: largest.slice(0, 2).map((k) => [k, -errors[k] / Math.abs(errors[largest[0]])]) };
}

/** Paint gradients: blue where more would be better, orange where less would. */
function paintErrors(canvas, values, [height, width]) {
  paintValues(canvas, values.map((value) => -value), height, width, signedColours(largestMagnitude(values)));
}

/** Format a number as "+0.44" or "\u22120.90". */
function signedWithPlus(number) {
  return `${number > 0 ? "+" : ""}${signed(number)}`;
}
