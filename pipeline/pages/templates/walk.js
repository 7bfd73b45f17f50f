"use strict";

/*
 * A guided walk through one output of a layer, in steps: what each shows is dimmed until then by the style sheet. The last
 * step slides the kernel, so a walk through a dense layer ends before it.
 */

const WALK = [
  ({ slices: [{ height, width }] }, { outputShape }, { index }) => {
    const source = index > 0 ? "the layer before" : "the picture";
    if (!isMap(outputShape)) return `The input: all values of ${source}.`;
    if (index > 0) return `A patch: ${height} × ${width} pixels of each map of ${source}, under the green frames.`;
    return `A patch: ${height} × ${width} pixels of ${source}, under the green frame. 0 is no ink, 1 is full ink.`;
  },
  (_, { outputShape }) =>
    isMap(outputShape)
      ? "Times the kernel: each pixel is multiplied by the weight at its place. The weights are learnt, the same everywhere."
      : "Times the weights: each value is multiplied by a weight of its own, learnt in training.",
  (explained) => {
    const [terms, total] = [termsOf(explained).slice(0, -1), explained.sum + explained.bias];
    const largest = strongest(terms.map(Math.abs), 2).map((k) => signed(terms[k]));
    return `The sum, as in the bar: ${largest.join(" + ")} + … + bias ${signed(explained.bias)} = ${signed(total)}.`;
  },
  ({ sum, bias }, { activation, outputShape }, { name, result }) => {
    const what = isMap(outputShape) ? "One pixel of the map, with the green frame" : name;
    if (!activation) return `${what}. Softmax turns the scores of all classes into percentages: the largest score wins.`;
    const { title, describe } = ACTIVATIONS[activation];
    return `${what}. ${title}: ${describe(sum + bias, signed(result))}.`;
  },
  () => "The whole map: the kernel slides over its input. It glows where the input looks like the kernel.",
];

/** Return the number of steps through an output of a layer; 0 if there is nothing to multiply. */
function stepsOf({ weights, outputShape }) {
  return !weights ? 0 : isMap(outputShape) ? WALK.length : WALK.length - 1;
}

/** Show a step from 1, 0 for none. explained: as from `explain`. about: {index, name, result} of the output. */
function showWalk(step, layer, explained, about) {
  const isShown = step > 0 && explained !== null;
  const text = isShown ? WALK[step - 1](explained, layer, about) : "";
  $("walk-text").hidden = !isShown;
  $("walk-text").textContent = `${step} of ${stepsOf(layer)}. ${text}`;
  $("detail").dataset.step = isShown ? step : 0;
  $("walk").textContent = step === 0 ? "Step by step" : step < stepsOf(layer) ? "Next" : "Done";
}
