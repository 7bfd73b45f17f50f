"use strict";

/* A guided walk through one output of a convolution, in steps: what each shows is dimmed until then by the style sheet. */

const WALK = [
  ({ height, width }) => `A patch: ${height} × ${width} pixels of the picture, under the green frame. 0 is no ink, 1 is full ink.`,
  () => "Times the kernel: each pixel is multiplied by the weight at its place. The weights were learnt, and are the same everywhere.",
  ({ products }, { sum, bias }) => {
    const largest = strongest(products.map(Math.abs), 2).map((k) => signed(products[k]));
    return `The sum: ${largest.join(" + ")} + … + bias ${signed(bias)} = ${signed(sum + bias)}. The bar adds one product after the other.`;
  },
  (_, { sum, bias }, { activation }, result) => {
    const kept = activation ? `${ACTIVATIONS[activation].title}: ${ACTIVATIONS[activation].describe(sum + bias, signed(result))}. ` : "";
    return `One pixel of the map. ${kept}It has the green frame.`;
  },
  () => "The whole map: the kernel slides over the picture, and each place gives a pixel. It glows where the ink looks like the kernel.",
];

/** Show a step from 1, 0 for none. The rest: what `explain` and the network return for the output. */
function showWalk(step, layer, explained, result) {
  const isShown = step > 0 && explained !== null;
  $("walk-text").hidden = !isShown;
  $("walk-text").textContent = isShown ? `${step} of ${WALK.length}. ${WALK[step - 1](explained.slices[0], explained, layer, result)}` : "";
  if (isShown) $("detail").dataset.step = step;
  else delete $("detail").dataset.step;
  $("walk").textContent = step === 0 ? "Step by step" : step < WALK.length ? "Next" : "Done";
}
