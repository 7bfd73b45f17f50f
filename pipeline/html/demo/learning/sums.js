/* "Show the sums": backpropagation from the loss of one image to the slope of the chosen cell, in numbers. */

const SHOWN_ERRORS = 3; // the largest

/** Return the steps. followed: of `followCell`; old: the weight, rate: of the step. */
function tellSums(classNames, last, followed, { old, rate, count }) {
  const { label, probabilities, errors, loss, unit, place, pixelSlope, ink } = followed;
  const [name, maps] = [classNames[label], last.weights.length / last.biases.length];
  const shown = strongest(errors.map(Math.abs), SHOWN_ERRORS);
  const shareOf = (k) => `${percent(probabilities[k], 2)} − ${k === label ? "100" : "0"}%`;
  const scored = shown.map((k) => `${classNames[k]}: ${shareOf(k)} = ${signed(errors[k], 3)}`);
  const voteOf = (k) => last.weights[k * maps + (unit * maps) / last.inputShape[0] + place];
  const votes = shown.map((k) => `${bracketed(errors[k])} × ${bracketed(voteOf(k))}`);
  const others = pixelSlope - sumOf(shown.map((k) => errors[k] * voteOf(k)));
  return [
    `One of the ${count} images, a ${name}: ` +
      `loss = −ln(share of ${name}) = −ln ${percent(probabilities[label], 2)} = ${loss.toFixed(2)}. ` +
      "(−ln is 0 for 100%, and grows as the share falls.)",
    `The slope of a score, its error, is share − wanted share. ${scored.join("; ")}.`,
    `The error is handed back to the map: each score tells a pixel of map ${unit + 1} its error times the weight ` +
      `of its vote. Together, the pixel's slope: ` +
      `${votes.join(" + ")} + others ${signed(others, 3)} = ${signed(pixelSlope, 3)}.`,
    `And from the map to the cell, which touches the ink under it: ink × slope of the pixel, for all pixels: ` +
      `${ink.toFixed(2)} × ${bracketed(pixelSlope)} + … = ${signed(followed.slope, 3)}.`,
    `The mean over ${count} images: ${signed(followed.mean, 3)}. So a step moves the cell by rate × slope: ` +
      `${signed(old, 3)} − ${rate} × ${bracketed(followed.mean)} = ${signed(old - rate * followed.mean, 3)}. ` +
      "Train chooses a rate for each weight instead (Adam).",
  ];
}

/** Format a factor: negative numbers in brackets. */
function bracketed(value) {
  const text = signed(value, 3);
  return text.startsWith("\u2212") ? `(${text})` : text;
}
