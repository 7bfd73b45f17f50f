/* "How it works": four pictures of what the network does with the drawing, from the pixels to the answer. */

/** Show the pictures. target: an output of the first layer; best: the answer. */
function showHow(list, { layers, columns, model, outputs }, { logits, probabilities }, target, best) {
  const layer = layers[target.index];
  const map = columns[0] && isMap(layer.outputShape) ? columns[0].map(target.unit) : $("picture");
  const copy = (from) => (canvas) => {
    [canvas.width, canvas.height] = [from.width, from.height];
    canvas.getContext("2d").drawImage(from, 0, 0);
  };
  const pictures = [
    [copy($("picture")), `The drawing becomes ${model.shape.join(" × ")} pixels.`],
    [(canvas) => paintKernel(canvas, layer, target.unit), LAYERS[layer.kind].tell(layer, target.index)],
    [copy(map), "Cell by cell, weight times ink: the sum, cut at 0, is a pixel of its map."],
    [
      (canvas) => paintValues(canvas, logits, logits.length, 1, signedColours(largestMagnitude(logits))),
      `The last layers weigh all maps and vote. ${outputs[best]}: ${percent(probabilities[best])}.`,
    ],
  ];
  list.replaceChildren();
  for (const [paint, caption] of pictures) {
    const item = append(list, "li");
    const canvas = append(item, "canvas");
    canvas.setAttribute("aria-hidden", "true");
    paint(canvas);
    append(item, "p", caption);
  }
}
