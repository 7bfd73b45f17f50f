/* "One step": backpropagation of the loss of one image, from the answer back to a cell of a kernel, told with its numbers. */

const SHOWN_ERRORS = 3; // the largest
const SHOWN_PRODUCTS = 2; // of a sum, the largest
const GROWTH = 0.01; // of a cell, for which the change of the loss is stated

/**
 * Show a step, without its story. ink, label: of the image; rate: of the step; before: the weights of the layers before it; pass: of
 * `stepOnImage`. Returns the parts of the story, in the order of backpropagation. "Blame" is the gradient of a pixel of a map.
 */
function showStep({ classNames, shape }, layers, { pass, before, ink, label, rate }) {
  const { probabilities, after, lossAfter, errors, loss, sums, gradients, values } = pass;
  const [kernels] = layers;
  const { outputShape: [count, ...shapeOfMap], window } = kernels;
  const slopes = sums[0].weights;
  const cell = strongest(slopes.map(Math.abs), 1)[0];
  const unit = Math.floor((cell * count) / slopes.length);
  const blames = partOf(sumGradient(kernels, values[0], values[1], gradients[1]), count, unit);
  const kernel = partOf(slopes, count, unit);
  const inputs = Array.from(blames, (_, place) => indicesAt(kernels, place)[cell % kernel.length]); // under the cell, -1 for padding
  const met = inputs.map((i) => (i < 0 ? kernels.outside : ink[i]));
  const products = blames.map((blame, place) => blame * met[place]);
  const place = strongest(products.map(Math.abs), 1)[0];
  const [name, guess] = [label, strongest(probabilities, 1)[0]].map((k) => classNames[k]);
  const percentage = (each) => `${(100 * each).toFixed(1)}%`;
  const [most, share] = [Math.max(...probabilities), probabilities[label]].map(percentage);
  setText($("step-title"), `One step: the image is: ${name}`);
  setText($("step-guess"), `It guessed ${guess} (${most})${guess === name ? ", rightly" : `, not ${name} (${share})`}.`);
  const wrong = strongest(errors.map(Math.abs), SHOWN_ERRORS);
  $("step-errors").replaceChildren();
  for (const k of wrong) append(append($("step-errors"), "li", `${classNames[k]}: `), "b", signed(errors[k]), errors[k] < 0 ? "too-little" : "too-much");
  paintValues($("step-image"), ink, ...shape, inkColour);
  paintErrors($("step-map"), blames, shapeOfMap);
  paintErrors($("step-kernel"), kernel, window);
  placeFrame($("step-ink"), cellAt(inputs[place], shape[1]), shape);
  placeFrame($("step-pixel"), cellAt(place, shapeOfMap[1]), shapeOfMap);
  placeFrame($("step-cell"), cellAt(cell % kernel.length, window[1]), window);
  document.querySelectorAll(".column:not([hidden]) .tile").forEach((tile, k) => tile.classList.toggle("stepped", k === unit));
  const [old, slope] = [before[0][cell], slopes[cell]];
  const moved = `${signed(old, 3)} \u2212 ${rate} × ${bracketed(slope, 3)}`.replaceAll(" ", "\u00a0"); // a line breaks before the result
  setText($("step-sum"), `${moved} =\u00a0${signed(old - rate * slope, 3)}`);

  const differences = wrong.slice(0, 2).map((k) => `${classNames[k]} has ${percentage(probabilities[k])} and should have ${k === label ? 100 : 0}%`);
  const votes = Array.from(errors, (error, k) => [error, partOf(before[1], errors.length, k)[unit * blames.length + place]]);
  const [more, less] = [1, -1].map((sign) => sumOf(products.filter((product) => sign * product > 0)));
  const [effect, change] = slope < 0 ? ["fall", "up"] : ["grow", "down"];
  return [
    `What is wrong? ${differences.join("; ")}: these differences are the errors. ` +
      `The loss is \u2212ln ${probabilities[label].toPrecision(3)} = ${loss.toFixed(2)}; a share of 100% would make it 0, one of 50% 0.69, one of 10% 2.30.`,
    `Who is to blame? A pixel of a map votes for each digit with a weight; its blame is error × weight, added up over the digits. ` +
      `The framed one of map ${unit + 1}: ${writeSum(votes)}. Blue should be more, orange less; pixels that are 0 have no blame.`,
    `As the kernel slid, its framed cell lay on one pixel of the image for each pixel of the map; the more ink, the more influence. ` +
      `Here ink × blame is ${[met[place], blames[place]].map((factor) => bracketed(factor)).join(" × ")}; all places: ${signed(more, 3)} \u2212 ${signed(-less, 3)} = ${signed(slope, 3)}, the slope.`,
    `If this cell grew by ${GROWTH}, the loss would ${effect} by about ${(GROWTH * Math.abs(slope)).toFixed(4)}: so it moves ${change}, by learning rate × slope. ` +
      `So do all other weights by their slopes, and together they bring ${name} from ${share} to ${percentage(after[label])}, its loss to ${lossAfter.toFixed(2)}.`,
  ];
}

/** Write the largest products of a sum, and the sum: "0.95 × 0.41 + 0.80 × (−0.22) + … = 1.36" */
function writeSum(products, digits = 2) {
  const values = products.map(([a, b]) => a * b);
  const largest = strongest(values.map(Math.abs), SHOWN_PRODUCTS).map((i) => products[i].map((factor) => bracketed(factor)).join(" × "));
  return `${largest.join(" + ")} + … = ${signed(sumOf(values), digits)}`;
}

/** Format a factor, or what is subtracted: negative numbers in brackets. */
function bracketed(value, digits = 2) {
  const text = signed(value, digits);
  return value < 0 ? `(${text})` : text;
}

/** Paint gradients: blue where more would be better, orange where less would. */
function paintErrors(canvas, values, [height, width]) {
  paintValues(canvas, values.map((value) => -value), height, width, signedColours(largestMagnitude(values)));
}
