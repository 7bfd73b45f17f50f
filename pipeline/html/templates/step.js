/* "One step": backpropagation of the loss of one image, from the answer back to a cell of a kernel, told with its numbers. */

const SHOWN_ERRORS = 3; // the largest
const GROWTH = 0.1; // of a cell, for which the change of the loss is stated

/**
 * Show a step, without its story. ink, label: of the image; rate: of the step; before: the weights of the layers before it; pass: of
 * `stepOnImage`. Returns {story, paint(isMoved)}: the parts of the story, in the order of backpropagation, and a function that paints the kernel before or after the step. "Blame" is the gradient of a pixel of a map.
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
  const place = strongest(products.map((product) => product * slopes[cell]), 1)[0]; // where the slope comes from most
  const [name, guess] = [label, strongest(probabilities, 1)[0]].map((k) => classNames[k]);
  const percentage = (each) => `${(100 * each).toFixed(1)}%`;
  const [most, share] = [Math.max(...probabilities), probabilities[label]].map(percentage);
  setText($("step-title"), `One step, on a training image: ${name}`);
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
  placeFrame($("step-weight"), cellAt(cell % kernel.length, window[1]), window);
  const [still, now] = [before[0], kernels.weights.slice()].map((weights) => partOf(weights, count, unit));
  const moved = `${signed(old, 3)} \u2212 ${rate} × ${bracketed(slope, 3)}`;
  setText($("step-sum"), `${moved} = ${signed(old - rate * slope, 3)}`);

  const shown = wrong.slice(0, 2);
  const targetOf = (k) => Number(k === label);
  const differences = shown.map((k) => `${classNames[k]}: ${probabilities[k].toFixed(2)} \u2212 ${targetOf(k)} = ${signed(errors[k])}`);
  const voteOf = (k) => partOf(before[1], errors.length, k)[unit * blames.length + place];
  const votes = shown.map((k) => `${classNames[k]}: ${bracketed(errors[k])} × ${bracketed(voteOf(k))}`);
  const [more, less] = [1, -1].map((sign) => sumOf(products.filter((product) => sign * product > 0)));
  const [effect, change] = slope < 0 ? ["fall", "up"] : ["grow", "down"];
  const story = [
    `What is wrong? Each error is share \u2212 wanted share: ${differences.join("; ")}. It is a slope: if the score of ${name} grew by ${GROWTH}, ` +
      `the loss, \u2212ln ${probabilities[label].toPrecision(3)} = ${loss.toFixed(2)}, would fall by about ${(GROWTH * -errors[label]).toFixed(3)}. Blue: more would lower the loss; orange: less.`,
    `Who is to blame? If the framed pixel of map ${unit + 1} grew by ${GROWTH}, each score would grow by ${GROWTH} × the weight of its vote. ` +
      `So its blame is error × weight, added up: ${votes.join(", ")}, …: ${signed(blames[place])}. Pixels that ReLU cut to 0 have none.`,
    `If the framed cell of the kernel grew by ${GROWTH}, each pixel of the map would grow by ${GROWTH} × the ink that was under the cell. So its slope is ink × blame, added up: ` +
      `at the framed pixels ${[met[place], blames[place]].map((factor) => bracketed(factor)).join(" × ")}; all above 0 ${signed(more, 3)}, all below ${signed(less, 3)}: ${signed(slope, 3)}.`,
    `So if this cell grew by ${GROWTH}, the loss would ${effect} by about ${(GROWTH * Math.abs(slope)).toFixed(3)}: it moves ${change}, by learning rate × slope. ` +
      `All weights move by their slopes; together they bring ${name} from ${share} to ${percentage(after[label])}, its loss to ${lossAfter.toFixed(2)}. Other images may get worse.`,
  ];
  const paint = (isMoved) => paintValues($("step-weights"), isMoved ? now : still, ...window, signedColours(largestMagnitude(still)));
  return { story, paint };
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
