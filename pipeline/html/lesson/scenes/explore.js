/* Explore: draw anything, look at all edge maps and at the most active shapes, and change a kernel. */

const ACTIVE_SHOWN = 32;
const INVERTED = "A map can be bright where there is no ink: its kernel also adds a bias, a number of its own.";
const WIDE = 16; // more edge maps than these stand in rows of six

const explore = {
  name: "Explore",
  title: ({ edges }) => (edges < 0 ? "Explore the network" : "Change its answer with as few kernel numbers as you can"),
  lead: "",

  // kernel: number of the chosen one. changes: of the weights of the first layer, by index. units: the shapes shown.
  begin: (page) => {
    const isLesson = Boolean(page.pictures);
    if (isLesson && !state.strokes.length && !state.tested) change({ strokes: [drawnThree()] });
    return { kernel: 0, changes: {}, units: isLesson ? rankShapes(page, readDrawn(page)) : [] };
  },

  build(scene) {
    const { page } = scene;
    const [rows, columns] = page.model.shape;
    const canvas = make("canvas.pic.pad", { "aria-label": "Canvas to draw on" });
    canvas.style.aspectRatio = `${columns} / ${rows}`;
    const invitation = make("p.invitation", { "aria-hidden": true }, `Draw a ${nounOf(page)}`);
    const clear = make("button.go", { onclick: () => change({ strokes: [], tested: null }) }, "Clear");
    const undo = make("button.plain", { onclick: () => change({ strokes: state.strokes.slice(0, -1) }) }, "Undo");
    const tools = make("div.tools", {}, clear, undo);
    const caption = make("figcaption", {}, `Draw a ${nounOf(page)}`);
    scene.stage.append(make("figure.drawing", {}, caption, make("div.over", {}, canvas, invitation), tools));
    const drawMaps = page.edges < 0 ? () => {} : buildMaps(scene);
    const names = outputNames(page.model);
    const scores = make("div.scores", { style: `--count: ${names.length}` });
    const answer = make("figure.answers", {}, make("figcaption", {}, "Scores, and as they were"), scores);
    scene.stage.append(answer);
    const words = make("p.words", { "aria-live": "polite" });
    (scene.stage.querySelector(".kernel") ?? answer).append(words); // beside what changes it
    const drawRows = makeScoreRows(scores, names);
    const rank = () => scene.change({ units: page.pictures ? rankShapes(page, readDrawn(page)) : [] });
    makePad(canvas, { done: rank }, rows / columns);
    return (own) => {
      const model = withChanges(page, own.changes);
      const reading = readDrawn({ model });
      if (state.tested) paintInk(canvas, inkOf(state.tested.image), columns);
      else paintDrawing(canvas, state.strokes, { pen: state.pen });
      canvas.classList.toggle("tested", Boolean(state.tested));
      invitation.hidden = state.strokes.length > 0 || state.tested !== null;
      clear.hidden = !state.strokes.length && !state.tested;
      undo.hidden = !state.strokes.length;
      drawMaps(own, model, reading);
      const [before, now] = [reading && readDrawn(page), reading].map((each) =>
        each ? scoresOf(page.model, each.logits) : names.map(() => 0),
      );
      drawRows(before, now, new Set(reading ? names.keys() : []), Object.keys(own.changes).length > 0);
      setText(words, reading ? describeExplored(page, own, reading) : "");
    };
  },
};

function nounOf({ model }) {
  return model.classNames.every((name) => /^\d$/.test(name)) ? "digit" : "picture";
}

/** Return the model with other weights in its first layer with kernels. changes: by the index of the weight. */
function withChanges({ model, edges }, changes) {
  if (Object.keys(changes).length === 0) return model;
  const weights = model.layers[edges].weights.slice();
  for (const [k, value] of Object.entries(changes)) weights[k] = value;
  return { ...model, layers: model.layers.with(edges, { ...model.layers[edges], weights }) };
}

/** Return the shapes that are most active in a reading, the most active one first. */
function rankShapes({ model, shapes }, reading) {
  const [count] = model.layers[shapes].outputShape;
  if (!reading) return Array.from({ length: Math.min(count, ACTIVE_SHOWN) }, (_, unit) => unit);
  const values = reading.values[shapes + 1];
  const peaks = Array.from({ length: count }, (_, unit) => extremes(partOf(values, count, unit))[1]);
  return strongest(peaks, ACTIVE_SHOWN);
}

/** Describe a reading, with the true class of a test image, and what the changes of kernels did to its answer. */
function describeExplored(page, { changes }, reading) {
  const { classNames } = page.model;
  const truth = state.tested ? `In the test set, this is ${withArticle(classNames[state.tested.label])}. ` : "";
  return truth + describeReading(page, reading) + describeChanges(page, Object.keys(changes).length, reading);
}

/** Say how the score of the network's own answer has changed with `count` numbers of its kernels. */
function describeChanges(page, count, reading) {
  if (count === 0) return "";
  const before = readDrawn(page);
  const best = bestOf(before);
  const [from, to] = [before, reading].map(({ logits }) => two(scoresOf(page.model, logits)[best]));
  const numbers = count === 1 ? "1 changed number takes" : `${count} changed numbers take`;
  return ` ${numbers} the score of ${outputNames(page.model)[best]} from ${from} to ${to}.`;
}

/** Append the edge maps, the numbers of a kernel, and the shapes. Returns draw(own, model, reading). */
function buildMaps(scene) {
  const { page, stage } = scene;
  const layer = page.model.layers[page.edges];
  const [count, height, width] = layer.outputShape;
  const size = layer.window[0] * layer.window[1];
  const channels = layer.inputShape[0];
  const maps = Array.from({ length: count }, () => make("canvas.tile"));
  const buttons = maps.map((map, i) =>
    make("button", { onclick: () => scene.change({ kernel: i }), "aria-label": `Edge map ${i + 1}` }, map),
  );
  const kernel = makeCells("kernel", "", channels === 1 ? size : 0, layer.window[1]);
  const offset = () => scene.own.kernel * size;
  makeEditable(kernel, layer.window[1], {
    read: (cell) => scene.own.changes[offset() + cell] ?? layer.weights[offset() + cell],
    write: (cell, number) => scene.change({ changes: { ...scene.own.changes, [offset() + cell]: number } }),
    step: KERNEL.step,
    most: 2 * largestMagnitude(layer.weights),
  });
  const grid = make("div.maps", { role: "group", "aria-label": "Edge maps" }, ...buttons);
  grid.style.setProperty("--columns", count > WIDE ? 6 : 4);
  const caption = make("figcaption", {}, `${count} edge maps: choose one to change its kernel`);
  const reset = make("button.plain", { onclick: () => scene.change({ changes: {} }) }, "Reset the kernels");
  const edges = make("figure", {}, caption, grid, make("p.label", {}, INVERTED));
  stage.append(make("div.first", {}, edges, kernel.figure, reset));
  const drawShapes = page.pictures ? buildShapeTiles(scene) : () => {};
  return (own, model, reading) => {
    const values = reading ? reading.values[page.edges + 1] : new Float32Array(count * height * width);
    const most = 0.75 * (page.pictures ? peaksOf(page)[0] : extremes(values)[1] || 1);
    const ink = reading ? reading.values[0] : new Float32Array(page.model.shape[0] * page.model.shape[1]);
    maps.forEach((map, i) => paintOver(map, page.model, page.edges, ink, partOf(values, count, i), most));
    buttons.forEach((button, i) => setAttributes(button, { "aria-pressed": i === own.kernel }));
    const numbers = partOf(model.layers[page.edges].weights, count, own.kernel);
    setText(kernel.caption, `Kernel ${own.kernel + 1}: drag a number`);
    if (channels === 1) {
      fillCells(kernel.cells, numbers, (value) => tint(value, largestMagnitude(layer.weights)));
      tellNumbers(kernel.cells, numbers);
    }
    reset.hidden = Object.keys(own.changes).length === 0;
    drawShapes(own, reading);
  };
}

function largestMagnitude(values) {
  const [least, most] = extremes(values);
  return Math.max(-least, most);
}

/** Append the shapes. Returns draw(own, reading). */
function buildShapeTiles({ page, stage, own }) {
  const [count] = page.model.layers[page.shapes].outputShape;
  const tiles = own.units.map(() => make("canvas.tile"));
  const text = `${count} shapes, the ${tiles.length} most active`;
  stage.append(make("figure.shapes", {}, make("figcaption", {}, text), make("div.maps", {}, ...tiles)));
  return ({ units }, reading) =>
    tiles.forEach((tile, i) => {
      const map = reading && partOf(reading.values[page.shapes + 1], count, units[i]);
      paintShape(tile, page, units[i], map ? clamp(extremes(map)[1] / peaksOf(page)[1], 1) : 0);
    });
}
