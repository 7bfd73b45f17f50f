/* "How it works": four pictures of what the network does with the drawing, from the pixels to the answer. */

/** Show the pictures. values: of `predict`; target: an output of the first layer; texts: of the answer's first line. */
function showHow(list, { layers, model }, { values, image }, target, text) {
  const layer = layers[target.index];
  const [count, ...size] = layer.outputShape;
  const pictures = [
    [(canvas) => paintInk(canvas, image, model.shape), `The drawing becomes ${model.shape.join(" × ")} pixels.`],
    [(canvas) => paintKernel(canvas, layer, target.unit), LAYERS[layer.kind].tell(layer, target.index)],
    [
      (canvas) =>
        paintValues(
          canvas,
          partOf(values[target.index + 1], count, target.unit),
          ...(size.length ? size : [1, 1]),
          activationColours(values[target.index + 1]),
        ),
      "Cell by cell, weight times ink: the sum, cut at 0, is a pixel of its map.",
    ],
    [
      (canvas) =>
        paintValues(canvas, values.at(-1), values.at(-1).length, 1, signedColours(largestMagnitude(values.at(-1)))),
      `The last layers weigh all maps and vote. ${text}.`,
    ],
  ];
  while (list.children.length < pictures.length) {
    const item = append(list, "li");
    append(item, "canvas").setAttribute("aria-hidden", "true");
    append(item, "p");
  }
  pictures.forEach(([paint, caption], i) => {
    paint(list.children[i].firstElementChild);
    setText(list.children[i].lastElementChild, caption);
  });
}
