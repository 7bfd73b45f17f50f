/* The arithmetic of one output: patch times kernel, the sum, the bias and the activation, with all numbers. */

const STRONGEST_SLICES = 5; // to which lines lead
const [MAX_NUMBERS, MAX_NARROW] = [7, 5]; // rows and columns of the largest patch that is shown with numbers

/** Format a number with a true minus sign and without "-0.00". */
function signed(number, digits = 2) {
  const text = number.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "\u2212");
}

/** Round a number as `signed` shows it, so that the numbers that are shown add up. */
function rounded(number) {
  return Math.round(100 * number) / 100;
}

/** Return the sum of numbers as they are shown. */
function roundedSum(...terms) {
  return terms.map(rounded).reduce((a, b) => a + b);
}

/** Return the slices with the largest contributions, largest magnitude first. */
function strongestSlices(slices, count = STRONGEST_SLICES) {
  return [...slices].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum)).slice(0, count);
}

/**
 * Show how an output is computed. target: of `index`, `unit`, `position`. explained: as from `explain` in layers.js,
 * null if nothing is drawn. view: of the shown network; see `makeView`. values: of `predict`.
 */
function showDetail(view, target, explained, values) {
  const layer = view.layers[target.index];
  const { describeSum } = LAYERS[layer.kind];
  const sum = explained ? describeSum(explained, outputOf(values, target, layer), layer) : "";
  setText($("detail-title"), titleOfTarget(view, layer, target));
  setText($("detail-sum"), sum);
  setText($("detail-note"), explained ? noteOf(layer, target, explained) : "");
  if (!explained) return;
  showSlice(strongestSlices(explained.slices, 1)[0], layer, target.index);
  const total = signed(roundedSum(explained.sum, explained.bias));
  paintRunning($("running"), termsOf(explained), largestMagnitude(values[target.index + 1]));
  setText($("running").nextElementSibling, `running sum, from 0 to ${total}; last the bias, always added`);
}

/** Return the terms of the sum, the bias last: the products, or the sums of several slices, the strongest first. */
function termsOf({ slices, bias }) {
  if (slices.length === 1) return [...slices[0].products, bias];
  const sums = strongestSlices(slices, slices.length).map(({ sum }) => sum);
  return [...sums.filter((sum) => sum !== 0), bias];
}

/**
 * Paint a running sum: for each term a bar from the sum before it to that after it, over a line at 0. scale: what at
 * least has the full height, the largest output of the layer, so that small sums look small.
 */
function paintRunning(canvas, terms, scale) {
  const sums = [0];
  for (const term of terms) sums.push(sums.at(-1) + term);
  const [least, most] = extremes(sums);
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  const step = canvas.width / terms.length;
  const range = Math.max(most - least, scale) || 1;
  const heights = sums.map((sum) => 46 - (44 * (sum - least)) / range);
  const [plus, minus, line] = ["--plus", "--minus", "--edge"].map((name) => `rgb(${colour(name)})`);
  context.fillStyle = line;
  context.fillRect(0, heights[0], canvas.width, 1);
  terms.forEach((term, k) => {
    context.fillStyle = term < 0 ? minus : plus;
    const top = Math.min(heights[k], heights[k + 1]);
    context.fillRect(step * k, top, step - 3, Math.max(Math.abs(heights[k] - heights[k + 1]), 1.5));
  });
  canvas.setAttribute("aria-label", `Running sum of ${terms.length} terms`);
}

function titleOfTarget({ titles, outputs }, { outputShape }, { index, unit, position }) {
  if (index === titles.length) return `Score of ${outputs[unit]}, the sum of its votes`;
  const title = titles[index].toLowerCase();
  const [, height, width] = outputShape;
  if (!height) return `Unit ${unit + 1} of ${title}`;
  const [row, column] = [Math.floor(position / width) + 1, (position % width) + 1];
  return `Pixel of map ${unit + 1}, ${title}: row ${row}, column ${column}`;
}

/** Return the value of a target. */
function outputOf(values, { index, unit, position }, layer) {
  return values[index + 1][unit * positionsOf(layer) + position];
}

/** Describe what is not shown of the sum. */
function noteOf({ weights, inputShape }, { index }, { slices, sum }) {
  const [most] = strongestSlices(slices, 1);
  const isBlank = slices.length === 1 && most.patch.every((value) => value === 0);
  if (isBlank) return weights ? "Nothing is here: only the bias is left." : "Nothing is here.";
  if (index === 0) return "0 is no ink, 1 is full ink. Blue is above 0, orange below.";
  if (slices.length === 1) return "";
  const source = isMap(inputShape) ? "Map" : "Unit";
  const rest = rounded(sum) - rounded(most.sum);
  const first = `${source} ${most.channel + 1} contributes most, ${signed(most.sum)}`;
  return `${first}; the other ${slices.length - 1} add ${signed(rest)}.`;
}

/** Show a slice as patch x kernel = products, with numbers if it is small enough. */
function showSlice({ height, patch, weights, products }, layer, index) {
  const width = patch.length / height;
  const hasNumbers = Math.max(height, width) <= (NARROW.matches ? MAX_NARROW : MAX_NUMBERS);
  const ofWeights = signedColours(largestMagnitude(weights, products));
  showGrid($("patch"), patch, height, width, index === 0 ? inkColour : activationColours(patch), hasNumbers);
  showGrid($("weights"), weights, height, width, ofWeights, hasNumbers);
  showGrid($("products"), products, height, width, ofWeights, hasNumbers);
  setText($("weights").nextElementSibling, LAYERS[layer.kind].factor);
}

/** Show values as a grid: cells with numbers, or a canvas. */
function showGrid(grid, values, height, width, paint, hasNumbers) {
  grid.style.setProperty("--across", width);
  grid.classList.toggle("numbers", hasNumbers);
  if (!hasNumbers) {
    if (grid.firstElementChild?.tagName !== "CANVAS") grid.replaceChildren(document.createElement("canvas"));
    return paintValues(grid.firstElementChild, values, height, width, paint);
  }
  if (grid.children.length !== values.length || grid.firstElementChild.tagName !== "SPAN") {
    grid.replaceChildren(...Array.from(values, () => document.createElement("span")));
  }
  values.forEach((value, i) => {
    const cell = grid.children[i];
    const [red, green, blue] = paint(value);
    const isTight = NARROW.matches ? width > MAX_NARROW - 2 && Math.abs(value) >= 0.95 : value < -0.995;
    const digits = (NARROW.matches ? 1 : 2) - Number(isTight); // there is no room for "−1.85"
    setText(cell, signed(value, digits).replace(/\b0\./, ".").replace(/^\.0+$/, "0"));
    cell.style.background = `rgb(${red} ${green} ${blue})`;
    cell.style.color = luminance(red, green, blue) > 0.179 ? "black" : "white"; // the better contrast
  });
}

/** Relative luminance of an sRGB colour (WCAG 2.2). */
function luminance(...channels) {
  const linear = channels.map((c) => (c <= 10 ? c / 3294 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

/** Paint the map of the target, large; up to its position only if isPartial. */
function paintResult({ layers }, { index, unit, position }, values, isPartial) {
  const [count, ...size] = layers[index].outputShape;
  const all = values?.[index + 1] ?? zeros(layers[index]);
  const map = partOf(all, count, unit).slice();
  if (isPartial) map.fill(0, position + 1);
  paintValues($("result-map"), map, ...size, activationColours(all));
  placeFrame($("result-frame"), cellAt(position, size[1]), size);
}

/** Place a frame around a part of the picture or map that it lies over. */
function placeFrame(frame, { top, left, height, width }, [rows, columns]) {
  const percentages = { top: top / rows, left: left / columns, height: height / rows, width: width / columns };
  for (const [name, share] of Object.entries(percentages)) frame.style[name] = `${100 * share}%`;
}
