/* "Show the sums": backpropagation from the loss of one image to the slope of the chosen cell, in numbers. */

const SHOWN_ERRORS = 3; // the largest

/** Return the steps. followed: of `followCell`; slope: of the mean loss, old: the weight, rate: of the step. */
function tellSums(classNames, last, followed, { slope, old, rate, count }) {
  const { label, probabilities, errors, loss, unit, place, pixelSlope, ink } = followed;
  const [name, maps] = [classNames[label], last.weights.length / last.biases.length];
  const shown = strongest(errors.map(Math.abs), SHOWN_ERRORS);
  const scored = shown.map(
    (k) => `${classNames[k]}: ${percent(probabilities[k])} − ${k === label ? "100" : "0"}% = ${signed(errors[k])}`,
  );
  const voteOf = (k) => last.weights[k * maps + (unit * maps) / last.inputShape[0] + place];
  const votes = shown.map((k) => `${bracketed(errors[k])} × ${bracketed(voteOf(k))}`);
  const others = pixelSlope - sumOf(shown.map((k) => errors[k] * voteOf(k)));
  return [
    `One of the ${count} images, a ${name}: ` +
      `loss = −ln(share of ${name}) = −ln ${percent(probabilities[label])} = ${loss.toFixed(2)}. ` +
      "(−ln is 0 for 100%, and grows as the share falls.)",
    `The slope of a score, its error, is share − wanted share. ${scored.join("; ")}.`,
    `The error is handed back to the map: each score tells a pixel of map ${unit + 1} its error times the weight ` +
      `of its vote. Together, the pixel's slope: ` +
      `${votes.join(" + ")} + others ${signed(others)} = ${signed(pixelSlope)}.`,
    `And from the map to the cell, which touches the ink under it: ink × slope of the pixel, for all pixels: ` +
      `${ink.toFixed(2)} × ${bracketed(pixelSlope)} + … = ${signed(followed.slope)}.`,
    `The mean over ${count} images: ${signed(slope)}. So a step moves the cell by rate × slope: ` +
      `${signed(old)} − ${rate} × ${bracketed(slope)} = ${signed(old - rate * slope)}.`,
  ];
}

/** Format a factor: negative numbers in brackets. */
function bracketed(value) {
  const text = signed(value);
  return text.startsWith("\u2212") ? `(${text})` : text;
}
