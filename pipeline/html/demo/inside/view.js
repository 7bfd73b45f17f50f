/* A network as it is shown: its columns, and the values of an image in it. */

// A screen on which the parts of the stage are one below the other.
const NARROW = matchMedia("screen and (max-width: 69.99rem)");

/**
 * Make the columns of a model's first network. Returns {model, layers, titles, columns, answer, outputs, blank}.
 * answer: the buttons of the outputs, which have the names `outputs`. blank: `forward` of no ink.
 */
function makeView(parent, model, answer, on) {
  const [layers] = model.networks;
  const titles = titlesOf(layers);
  const columns = titles.map((title, index) => makeColumn(parent, layers, index, title, on));
  const blank = forward(layers, new Float32Array(model.shape[0] * model.shape[1]));
  return { model, layers, titles, columns, answer, outputs: outputNames(model), blank };
}

/** Return the names of the outputs: of the classes, of the negative class if any, and of signs that were taught. */
function outputNames(model) {
  const negative = negativeOf(model) === null ? [] : ["none"];
  return [...model.classNames, ...negative, ...(model.signs ?? [])];
}

function zeros({ outputShape }) {
  return new Float32Array(outputShape.reduce((a, b) => a * b));
}
