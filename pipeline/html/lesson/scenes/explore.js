/* Explore: draw anything, look at all edge maps, and change a kernel. */

const WIDE = 16; // more edge maps than these stand in rows of six

const explore = {
  name: "Explore",
  title: ({ edges }) => (edges < 0 ? "Explore the network" : "Change its answer with as few weights as you can"),
  lead: "",

  // kernel: number of the chosen one. changes: of the weights of the first layer, by index.
  begin(page) {
    if (page.pictures && !state.strokes.length && !state.tested) change({ strokes: [drawnThree()] });
    return { kernel: 0, changes: {} };
  },

  build(scene) {
    const { page } = scene;
    const [rows, columns] = page.model.shape;
    const names = outputNames(page.model);
    const parts = stamp(scene.stage, "explore");
    const { canvas, clear, undo, reset } = parts;
    canvas.style.aspectRatio = `${columns} / ${rows}`;
    clear.onclick = () => change({ strokes: [], tested: null });
    undo.onclick = () => change({ strokes: state.strokes.slice(0, -1) });
    reset.onclick = () => scene.change({ changes: {} });
    parts.scores.style.setProperty("--count", names.length);
    const drawMaps = page.edges < 0 ? () => {} : buildMaps(scene, parts);
    const drawRows = makeScoreRows(parts.scores, names);
    for (const part of [parts.edges, parts.kernel]) part.hidden = page.edges < 0;
    makePad(canvas, {}, rows / columns);
    return (own) => {
      const model = withChanges(page, own.changes);
      const reading = readDrawn({ model });
      const isChanged = Object.keys(own.changes).length > 0;
      if (state.tested) paintInk(canvas, inkOf(state.tested.image), columns);
      else paintDrawing(canvas, state.strokes, { pen: state.pen });
      canvas.classList.toggle("tested", Boolean(state.tested));
      parts.invitation.hidden = state.strokes.length > 0 || state.tested !== null;
      clear.hidden = !state.strokes.length && !state.tested;
      undo.hidden = !state.strokes.length;
      reset.hidden = !isChanged;
      drawMaps(own, model, reading);
      const [before, now] = [reading && readDrawn(page), reading].map((each) =>
        each ? scoresOf(page.model, each.logits) : names.map(() => 0),
      );
      drawRows(before, now, new Set(reading ? names.keys() : []), isChanged);
      setText(parts.words, reading ? describeExplored(page, own, reading) : "");
    };
  },
};

/** Return the model with other weights in its first layer with kernels. changes: by the index of the weight. */
function withChanges({ model, edges }, changes) {
  if (Object.keys(changes).length === 0) return model;
  const weights = model.layers[edges].weights.slice();
  for (const [k, value] of Object.entries(changes)) weights[k] = value;
  return { ...model, layers: model.layers.with(edges, { ...model.layers[edges], weights }) };
}

/** Describe a reading, with the true class of a test image, and what the changes of kernels did to its answer. */
function describeExplored(page, { changes }, reading) {
  const { classNames } = page.model;
  const truth = state.tested ? `In the test set, this is ${withArticle(classNames[state.tested.label])}. ` : "";
  return truth + describeReading(page, reading) + describeChanges(page, Object.keys(changes).length, reading);
}

/** Say how the score of the network's own answer has changed with `count` weights of its kernels. */
function describeChanges(page, count, reading) {
  if (count === 0) return "";
  const before = readDrawn(page);
  const { best } = before;
  const [from, to] = [before, reading].map(({ logits }) => two(scoresOf(page.model, logits)[best]));
  const weights = count === 1 ? "1 changed weight takes" : `${count} changed weights take`;
  return ` ${weights} the score of ${outputNames(page.model)[best]} from ${from} to ${to}.`;
}

/** Build the edge maps and the weights of a kernel. Returns draw(own, model, reading). */
function buildMaps(scene, parts) {
  const { page } = scene;
  const layer = page.model.layers[page.edges];
  const [count] = layer.outputShape;
  const [rows, columns] = layer.window;
  const maps = makeMany(parts.maps, count, (kernel) => {
    const given = { onclick: () => scene.change({ kernel }), "aria-label": `Edge map ${kernel + 1}` };
    return make("button", given, make("canvas.tile"));
  });
  parts.maps.style.setProperty("--columns", count > WIDE ? 6 : 4);
  setText(parts.edgesName, `${count} edge maps: choose one to change its kernel`);
  const cells = makeCells(parts.cells, rows, columns);
  const indexOf = (cell) => scene.own.kernel * cells.length + cell;
  makeEditable(cells, columns, {
    read: (cell) => scene.own.changes[indexOf(cell)] ?? layer.weights[indexOf(cell)],
    write: (cell, weight) => scene.change({ changes: { ...scene.own.changes, [indexOf(cell)]: weight } }),
    step: KERNEL.step,
    most: 2 * largestMagnitude(layer.weights),
  });
  return ({ kernel }, model, reading) => {
    maps.forEach((button, i) => {
      paintEdge(button.firstChild, page, reading, i);
      setAttributes(button, { "aria-pressed": i === kernel });
    });
    const weights = rowOf(model.layers[page.edges], kernel);
    setText(parts.kernelName, `Kernel ${kernel + 1}: drag a weight`);
    fillCells(cells, weights, (value) => tint(value, largestMagnitude(layer.weights)));
    tellNumbers(cells, weights);
  };
}

function largestMagnitude(values) {
  const [least, most] = extremes(values);
  return Math.max(-least, most);
}
