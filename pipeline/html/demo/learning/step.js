/*
 * "One step": backpropagation of the loss of one image, from the answer back to a cell of a kernel, told with its
 * numbers.
 */

const [SHOWN_ERRORS, TOLD_ERRORS] = [3, 2]; // the largest
const TOLD_TERMS = 2; // of the sum of a cell's slope, the largest
const LARGEST_LOSS = 5; // of the curve
const SMALLEST_SHARE = 0.00001; // that is shown
const GROWTH = 0.1; // of a score, a pixel or a cell, for which the change of the loss is stated

/**
 * Show a step that the layers have not taken yet, without its story. flow: {pass, ink, label, rate}; pass: of
 * `tryStep`; ink, label: of the image; rate: of the step. Returns {cell, story, paint()}: the cell of the kernel that
 * it follows, the parts of the story, in the order of backpropagation, and a function that paints the loss and the
 * kernel as they are then.
 */
function showStep({ classNames, shape }, layers, flow) {
  const { pass: { probabilities, errors }, ink, label, rate } = flow;
  const [{ outputShape: [count, ...shapeOfMap], window, weights }] = layers;
  const followed = followCell(layers, flow);
  const { at, unit, cell, slope, slopes, pixelSlopes, places: [place] } = followed;
  const [name, guess] = [label, strongest(probabilities, 1)[0]].map((k) => classNames[k]);
  const guessed = `${guess} (${shareOf(Math.max(...probabilities))})`;
  setText($("step-title"), `One step, on a training image: ${name}`);
  setText(
    $("step-guess"),
    `It guessed ${guessed}${guess === name ? ", rightly" : `, not ${name} (${shareOf(probabilities[label])})`}.`,
  );
  $("step-errors").replaceChildren();
  for (const k of strongest(errors.map(Math.abs), SHOWN_ERRORS)) {
    append(
      append($("step-errors"), "li", `${classNames[k]}: `),
      "b",
      signed(errors[k]),
      errors[k] < 0 ? "too-little" : "too-much",
    );
  }
  paintValues($("step-image"), ink, ...shape, inkColour);
  paintErrors($("step-map"), pixelSlopes, shapeOfMap);
  paintErrors($("step-kernel"), slopes, window);
  placeFrame($("step-ink"), cellAt(followed.input, shape[1]), shape);
  placeFrame($("step-pixel"), cellAt(place, shapeOfMap[1]), shapeOfMap);
  for (const id of ["step-cell", "step-weight"]) placeFrame($(id), cellAt(cell, window[1]), window);
  document
    .querySelectorAll(".column:not([hidden]) .tile")
    .forEach((tile, k) => tile.classList.toggle("stepped", k === unit));
  const old = weights[at];
  setText(
    $("step-sum"),
    `${signed(old, 3)} \u2212\u00a0${rate} ×\u00a0${bracketed(slope, 3)} =\u00a0${signed(old - rate * slope, 3)}`,
  );
  const kernel = partOf(weights, count, unit);
  const most = largestMagnitude(kernel);
  const paint = () => {
    paintLoss($("step-loss"), softmax(forward(layers, ink).at(-1))[label]);
    paintValues($("step-weights"), kernel, ...window, signedColours(most));
  };
  return { cell: cellAt(cell, window[1]), story: tellStep(classNames, layers[1].weights, flow, followed), paint };
}

/**
 * Follow the errors to the cell of a kernel that a step changes most. Returns {at, unit, cell, slope, slopes,
 * pixelSlopes, inks, products, places, input}. at: index of the cell in the weights; cell: in its kernel, the unit-th,
 * which has the `slopes`. pixelSlopes: gradients of the pixels of its map. inks: what was under the cell at each of
 * them; products: of both. places: of the pixels from which the slope comes most; input: index of the pixel of the
 * image that was under the cell at the first of them.
 */
function followCell([kernels], { pass: { sums: [{ weights }], gradients, values }, ink }) {
  const [count] = kernels.outputShape;
  const size = weights.length / count;
  const at = strongest(weights.map(Math.abs), 1)[0];
  const [unit, cell, slope] = [Math.floor(at / size), at % size, weights[at]];
  const pixelSlopes = partOf(sumGradient(kernels, values[0], values[1], gradients[1]), count, unit);
  const inputs = Array.from(pixelSlopes, (_, place) => indicesAt(kernels, place)[cell]); // -1 for padding
  const inks = inputs.map((i) => (i < 0 ? kernels.outside : ink[i]));
  const products = pixelSlopes.map((pixelSlope, place) => pixelSlope * inks[place]);
  const places = strongest(
    products.map((product) => product * slope),
    TOLD_TERMS,
  );
  return {
    at,
    unit,
    cell,
    slope,
    slopes: partOf(weights, count, unit),
    pixelSlopes,
    inks,
    products,
    places,
    input: inputs[places[0]],
  };
}

/**
 * Return the parts of the story of a step. A slope is a gradient: of a score, of a pixel of a map, or of a cell.
 * votes: the weights of the last layer.
 */
function tellStep(classNames, votes, { pass, label }, { unit, slope, pixelSlopes, inks, products, places }) {
  const { probabilities, after, lossAfter, errors, loss } = pass;
  const [name, share, pixelSlope] = [classNames[label], probabilities[label], pixelSlopes[places[0]]];
  const shown = strongest(errors.map(Math.abs), SHOWN_ERRORS);
  const differences = shown
    .slice(0, TOLD_ERRORS)
    .map(
      (k) =>
        `for ${classNames[k]}: ${probabilities[k].toFixed(2)} \u2212 ${Number(k === label)} = ${signed(errors[k])}`,
    );
  const voteOf = (k) => partOf(votes, errors.length, k)[unit * pixelSlopes.length + places[0]];
  const shares = shown.map((k) => `${classNames[k]}: ${bracketed(errors[k], 3)} × ${bracketed(voteOf(k), 3)}`);
  const others = asShown(pixelSlope) - sumOf(shown.map((k) => asShown(errors[k]) * asShown(voteOf(k))));
  const lossWithMore = -Math.log(1 / (1 + (1 / share - 1) * Math.exp(-GROWTH)));
  const terms = places.map(
    (place, i) => `${bracketed(inks[place])} × ${bracketed(pixelSlopes[place], 3)}${i ? "" : " (framed)"}`,
  );
  const main = sumOf(products.filter((product) => slope * product > 0));
  const [effect, change] = slope < 0 ? ["fall", "up"] : ["grow", "down"];
  const by = (GROWTH * Math.abs(slope)).toFixed(3);
  const move = `would make the loss ${effect} by about ${by}, so the cell moves ${change}, by rate × slope`;
  return [
    `Loss = \u2212ln(share of ${name}) = \u2212ln ${shareOf(share)} = ${loss.toFixed(2)} ` +
      `(0.69 for a half, 4.61 for 1%: confident mistakes cost most). ` +
      `Its slope by a score, the error, is share \u2212 wanted share: ${differences.join("; ")}. ` +
      `${GROWTH} more score for ${name} would bring the loss to ${lossWithMore.toFixed(2)}. Blue: more would help.`,
    `${GROWTH} more of the framed pixel (map ${unit + 1}) would add ${GROWTH} × its weight to each score. ` +
      `So its slope = error × weight, summed: ${shares.join("; ")}; others ${signed(others, 3)}; ` +
      `sum ${signed(pixelSlope, 3)}. A pixel at 0 (ReLU) has slope 0.`,
    `${GROWTH} more of the framed cell would add ${GROWTH} × the ink under it to each pixel of the map. ` +
      `So its slope = ink × slope of the pixel, summed: ` +
      `${terms.join(" + ")} + … = ${signed(main, 3)}, ` +
      `terms of the other sign ${signed(asShown(slope) - asShown(main), 3)}; sum ${signed(slope, 3)}. ` +
      `To check, drag it above.`,
    `${GROWTH} more of this cell ${slope === 0 ? "would change nothing: it stays" : move}. ` +
      `All weights move by rate × slope; together they bring ${name} from ${shareOf(share)} ` +
      `to ${shareOf(after[label])}, ` +
      `its loss to ${lossAfter.toFixed(2)}. Other images may get worse.`,
  ];
}

/** Paint the loss over the share of the right class, with a dot at a share. */
function paintLoss(canvas, share) {
  const points = Array.from({ length: 60 }, (_, i) => ({
    at: Math.exp(-LARGEST_LOSS * (i / 59)),
    value: LARGEST_LOSS * (i / 59),
  }));
  paintCurve(canvas, points, 1, LARGEST_LOSS, "--minus", [[0, "", "right"]], [{ at: share, value: -Math.log(share) }]);
}

/** Format a share with three digits: "4.62%". */
function shareOf(share) {
  return share < SMALLEST_SHARE ? `less than ${100 * SMALLEST_SHARE}%` : `${(100 * share).toPrecision(3)}%`;
}

/** Round a number to the three digits with which it is shown, so that the numbers that are shown add up. */
function asShown(number) {
  return Math.round(1000 * number) / 1000;
}

/** Format a factor, or what is subtracted: negative numbers in brackets. */
function bracketed(value, digits = 2) {
  const text = signed(value, digits);
  return text.startsWith("\u2212") ? `(${text})` : text;
}

/** Paint gradients: blue where more would be better, orange where less would. */
function paintErrors(canvas, values, [height, width]) {
  paintValues(canvas, values.map((value) => -value), height, width, signedColours(largestMagnitude(values)));
}
