/*
 * A guided walk through one output of a layer, in steps: what each shows is dimmed until then by the style sheet. The
 * last step slides the kernel, so a walk through a dense layer ends before it.
 */

const WALK = [
  ({ slices }, { inputShape, outputShape }, { index }) => {
    const [{ height, width }] = slices;
    const source = index > 0 ? "the layer before" : "the picture";
    const part = slices.length > strongestSlices(slices).length ? "; here are the parts that matter most" : "";
    if (!isMap(outputShape)) return `The input: all ${sizeOf(inputShape)} values of ${source}${part}.`;
    if (index > 0) return `A patch: ${height} × ${width} pixels of each map of ${source}, under the green frames.`;
    return `A patch: ${height} × ${width} pixels of ${source}, under the green frame. 0 is no ink, 1 is full ink.`;
  },
  (_, { outputShape }) =>
    isMap(outputShape)
      ? "Times the kernel, cell by cell: its weights were learnt in training."
      : "Times the weights: each value is multiplied by a weight of its own, learnt in training.",
  (_, __, { rest }) => `The sum of all products, plus the bias, a constant: the bar adds them one by one. ${rest}`,
  (_, { activation, outputShape }, { share }) => {
    if (!activation) return `The larger a score is than the others, the larger its share: ${share()}.`;
    const what = isMap(outputShape) ? "pixel of the map, with the green frame" : "unit: a vote";
    return `The sum becomes one ${what}. ${ACTIVATIONS[activation].tell}`;
  },
  (_, { stride }) =>
    `The whole map: the same kernel slides over its input, ${pairOf(stride)} ` +
    `${plural("pixel", Math.max(...stride))} at a time: a convolution. ` +
    "The map glows where the input looks like the kernel.",
];

/** Name the target that a walk goes on to. */
function nameOfStop({ titles }, { index }) {
  return `Next: ${index < titles.length ? titles[index].toLowerCase() : "answer"}`;
}

/** Return the number of steps through an output of a layer; 0 if there is nothing to multiply. */
function stepsOf({ weights, outputShape }) {
  return !weights ? 0 : isMap(outputShape) ? WALK.length : WALK.length - 1;
}

/**
 * Show a step from 1, 0 for none. explained: as from `explain`. about: {index, share(), rest} of the output; share: see
 * `describeShare`; rest: what is not shown of the sum.
 */
function showWalk(step, layer, explained, about) {
  const isShown = step > 0 && explained !== null;
  const text = isShown ? WALK[step - 1](explained, layer, about) : "";
  $("walk-text").hidden = !isShown;
  $("walk-text").textContent = `${step} of ${stepsOf(layer)}. ${text}`;
  $("detail").dataset.step = isShown ? step : 0;
}
