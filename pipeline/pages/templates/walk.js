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
      ? "Times the kernel, cell by cell. Its weights began at random; training nudged them until most answers were right."
      : "Times the weights: each value is multiplied by a weight of its own, learnt in training.",
  () => "The sum of all products, plus the bias, a constant: the bar adds them one by one.",
  (_, { activation, outputShape }, { share }) => {
    if (!activation) return `The larger a sum is than the others, the larger its share: ${share()}.`;
    return `The sum becomes one ${isMap(outputShape) ? "pixel of the map, with the green frame" : "unit: a vote"}.`;
  },
  () => "The whole map: the same kernel slides over its input. It glows where the input looks like the kernel.",
];

/** Return the number of steps through an output of a layer; 0 if there is nothing to multiply. */
function stepsOf({ weights, outputShape }) {
  return !weights ? 0 : isMap(outputShape) ? WALK.length : WALK.length - 1;
}

/** Show a step from 1, 0 for none. explained: as from `explain`. about: {index, share()} of the output; see `describeShare`. */
function showWalk(step, layer, explained, about) {
  const isShown = step > 0 && explained !== null;
  const text = isShown ? WALK[step - 1](explained, layer, about) : "";
  $("walk-text").hidden = !isShown;
  $("walk-text").textContent = `${step} of ${stepsOf(layer)}. ${text}`;
  $("detail").dataset.step = isShown ? step : 0;
}
