"use strict";

/* A guided walk through one output of a convolution, in steps: what each shows is dimmed until then by the style sheet. */

const WALK = [
  ({ height, width }) =>
    `A patch: ${height} × ${width} pixels of the picture, under the green frame. 0 is no ink, 1 is full ink.`,
  () => "Times the kernel: each pixel is multiplied by the weight at its place. The weights are learnt, the same everywhere.",
  ({ products }, { sum, bias }) => {
    const largest = strongest(products.map(Math.abs), 2).map((k) => signed(products[k]));
    return `The sum, as in the bar: ${largest.join(" + ")} + … + bias ${signed(bias)} = ${signed(sum + bias)}.`;
  },
  (_, { sum, bias }, { activation }, result) => {
    if (!activation) return "One pixel of the map, with the green frame.";
    const { title, describe } = ACTIVATIONS[activation];
    return `One pixel of the map, with the green frame. ${title}: ${describe(sum + bias, signed(result))}.`;
  },
  () => "The whole map: the kernel slides over the picture. It glows where the ink looks like the kernel.",
];

/** Show a step from 1, 0 for none. The rest: what `explain` and the network return for the output. */
function showWalk(step, layer, explained, result) {
  const isShown = step > 0 && explained !== null;
  const text = isShown ? WALK[step - 1](explained.slices[0], explained, layer, result) : "";
  $("walk-text").hidden = !isShown;
  $("walk-text").textContent = `${step} of ${WALK.length}. ${text}`;
  $("detail").dataset.step = isShown ? step : 0;
  $("walk").textContent = step === 0 ? "Step by step" : step < WALK.length ? "Next" : "Done";
}
