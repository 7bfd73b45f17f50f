"use strict";

/* A network as it is shown: its columns, and the values of an image in it. */

/**
 * Make the columns of a model's first network. Returns {model, networks, layers, titles, columns, answer, outputs}.
 * networks: with folded scaling. layers: of the first one. answer: the buttons of the outputs, which have the names
 * `outputs`.
 */
function makeView(parent, model, answer, on) {
  const networks = model.networks.map((layers) => foldScaling(layers, model.mean, model.std));
  const [layers] = networks;
  const titles = titlesOf(layers);
  const columns = titles.map((title, index) => makeColumn(parent, layers, index, title, on));
  columns.forEach(({ element }) => parent.insertBefore(element, $("answer-column")));
  return { model, networks, layers, titles, columns, answer, outputs: outputNames(model) };
}

/** Return the names of the outputs: of the classes, and of the negative class if the model has one. */
function outputNames({ classNames, layers }) {
  return layers.at(-1).outputShape[0] > classNames.length ? [...classNames, "none"] : classNames;
}

/** Predict an image: {probabilities, values}. values: ink, activations and logits of the first network. */
function predictView({ model, layers }, image) {
  const { probabilities, activations } = predict(model, image);
  return { probabilities, values: [inkOf(image), ...activations.slice(1)] };
}

function zeros({ outputShape }) {
  return new Float32Array(outputShape.reduce((a, b) => a * b));
}
