"use strict";

/* A network as it is shown: its columns, and the values of an image in it. */

/** Return the columns of a model's first network: {name, model, layers, titles, columns}; the scaling is folded in. */
function makeView(parent, name, model, on) {
  const layers = foldScaling(model.networks[0], model.mean, model.std);
  const titles = titlesOf(layers);
  const columns = titles.map((title, index) => makeColumn(parent, layers, index, title, on));
  columns.forEach(({ element }) => parent.insertBefore(element, $("answer-column")));
  return { name, model, layers, titles, columns };
}

/** Predict an image: {probabilities, values}. values: ink, activations and logits of the first network. */
function predictView({ model, layers }, image) {
  const { probabilities, activations } = predict(model, image);
  const ink = Float32Array.from(image, (pixel) => pixel / 255);
  return { probabilities, values: [ink, ...activations.slice(1)] };
}

function zeros({ outputShape }) {
  return new Float32Array(outputShape.reduce((a, b) => a * b));
}
