/* "One step": backpropagation of the loss of one image, from the answer to a cell of a kernel, with its numbers. */

const SHOWN_ERRORS = 3; // the largest
const GROWTH = 0.01; // of a cell, for which the change of the loss is stated

/** Show a step. pass: of `stepOnImage`; before: the kernels before it; ink, label: of the image; rate: of the step. */
function showStep({ classNames, shape }, layers, { pass, before, ink, label, rate }) {
  const { probabilities, after, lossAfter, errors, loss, sums, gradients, values } = pass;
  const [{ weights }] = sums;
  const cell = strongest(weights.map(Math.abs), 1)[0];
  const { window, outputShape: [count, ...shapeOfMap] } = layers[0];
  const size = weights.length / count;
  const unit = Math.floor(cell / size);
  const [guess] = strongest(probabilities, 1);
  const name = classNames[label];
  const [had, has] = [probabilities, after].map((shares) => percent(shares[label]));
  const guessed = guess === label ? "right" : `${percent(probabilities[guess])}, and ${name} only ${had}`;
  setText($("step-title"), `One step: the image is a ${name}`);
  setText($("step-guess"), `It guessed ${classNames[guess]}: ${guessed}. The loss of the image is \u2212ln ${probabilities[label].toPrecision(3)} = ${loss.toFixed(2)}.`);
  setText($("step-after"), `After the step, ${name} has ${has}, and the loss is ${lossAfter.toFixed(2)}.`);
  paintValues($("step-image"), ink, ...shape, inkColour);
  $("step-errors").replaceChildren();
  for (const k of strongest(errors.map(Math.abs), SHOWN_ERRORS)) {
    const item = append($("step-errors"), "li", `${classNames[k]}: ${percent(probabilities[k])} → `);
    append(item, "b", k === label ? "100%" : "0%", errors[k] < 0 ? "too-little" : "too-much");
  }
  const dz = sumGradient(layers[0], values[0], values[1], gradients[1]);
  paintErrors($("step-map"), partOf(dz, count, unit), shapeOfMap);
  paintErrors($("step-kernel"), partOf(weights, count, unit), window);
  placeFrame($("step-cell"), cellAt(cell % size, window[1]), window);
  setText($("step-map-caption"), `2. times the weights of the votes: map ${unit + 1}`);
  setText($("step-kernel-caption"), `3. times the patches of the image: kernel ${unit + 1}`);
  const [old, gradient] = [before[cell], weights[cell]];
  const [effect, change] = gradient < 0 ? ["falls", "raised"] : ["grows", "lowered"];
  const steep = Math.abs(gradient).toFixed(3);
  const follows = `the loss ${effect} by about ${steep} × ${GROWTH} = ${(GROWTH * Math.abs(gradient)).toFixed(4)}`;
  const where = `4. ${nameOfCell(layers[0], cell)}: if this cell grows by ${GROWTH}, ${follows}`;
  setText($("step-where"), `${where}. So the cell is ${change} by ${steep} × the learning rate, and all weights change in this way.`);
  const slope = gradient < 0 ? `(${signed(gradient, 3)})` : signed(gradient, 3);
  setText($("step-sum"), `${signed(old, 3)} \u2212 ${rate} × ${slope} = ${signed(old - rate * gradient, 3)}`);
}

/** Paint gradients: blue where more would be better, orange where less would. */
function paintErrors(canvas, values, [height, width]) {
  paintValues(canvas, values.map((value) => -value), height, width, signedColours(largestMagnitude(values)));
}
