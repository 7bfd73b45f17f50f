/* Scene 1: a pen draws a 3, and then the reader draws; every frame is a forward pass. */

const EDGES_SHOWN = 6;
const SHAPES_SHOWN = 7;
const [PEN_STARTS, PEN_DRAWS] = [200, 2600]; // milliseconds
const PEN_POINTS = 120;
const FLOW = 18; // milliseconds in which the dashes of the lines move by a pixel
// The 3 that the pen draws, in pixels of a picture, as a path of SVG.
const THREE =
  "M8.6 7.8C9 7.4 9.9 6 10.9 5.5C11.9 5 13.2 4.8 14.3 4.9C15.4 5 16.9 5.6 17.6 6.3C18.3 7 18.6 8.2 18.4 9.2" +
  "C18.2 10.1 17.5 11.3 16.6 12C15.7 12.7 13.6 13.2 13 13.4C13.7 13.5 16.1 13.5 17.2 14.2C18.3 14.8 19.4 16.1 " +
  "19.7 17.3C19.9 18.5 19.5 20.2 18.7 21.2C17.9 22.2 16.3 22.9 15 23.2C13.7 23.5 12.2 23.4 11 23" +
  "C9.8 22.6 8.6 21 8.1 20.6";

/** Return the points {x, y} of the 3. */
function drawnThree() {
  const path = makeSvg("path", { d: THREE });
  return spread(0, path.getTotalLength(), PEN_POINTS).map((length) => {
    const { x, y } = path.getPointAtLength(length);
    return { x: x / 28, y: y / 28 };
  });
}

/** Read what the pen has drawn so far, where it stands. */
function readInPlace({ model }, strokes) {
  const pen = (penIn(model.shape, model.inkStatistics) / LONG_SIDE) * boxIn(model.shape, model.inkStatistics);
  return readImage(model, rasteriseInPlace(strokes, model.shape, pen));
}

/**
 * Choose the edge maps that light up most on ink, and the shapes that add most to the score of the answer: {edges,
 * shapes}.
 */
function chooseUnits(page, reading) {
  const { layers } = page.model;
  const points = sharesOf(layers, reading.values, page.shapes + 1, layers.length, reading.best);
  const inOrder = (units) => units.sort((a, b) => a - b);
  return {
    edges: inOrder(strongest(raisedBy(page, reading), EDGES_SHOWN)),
    shapes: inOrder(strongest(points, SHAPES_SHOWN)),
  };
}

/** Return how much ink raises each edge map at most above its value where nothing is drawn. */
function raisedBy({ model, edges }, { values, image }) {
  const blank = LAYERS[model.layers[0].kind].forward(new Float32Array(image.length), model.layers[0]);
  const [count] = model.layers[edges].outputShape;
  const raised = edges === 0 ? values[1].map((value, k) => value - blank[k]) : values[edges + 1];
  return Array.from({ length: count }, (_, unit) => extremes(partOf(raised, count, unit))[1]);
}

const watch = {
  name: "Watch",
  title: "A network reads your handwriting, stroke by stroke",
  lead: ({ model }) =>
    "It finds edges, joins them into shapes, and scores all ten digits" +
    (negativeOf(model) === null ? "." : `. It also scores “${NONE}”, which it learned from pictures without a digit.`),

  // phase: "demo", "empty", "drawing" or "drawn". points: of the 3, so far. units: the maps and shapes that are shown.
  begin: (page) => {
    const units = chooseUnits(page, readInPlace(page, [drawnThree()]));
    return { phase: state.strokes.length ? "drawn" : "demo", points: 0, shift: 0, units };
  },

  build(scene) {
    const { page } = scene;
    const canvas = make("canvas.pic.pad", { "aria-label": "Canvas to draw a digit on" });
    const invitation = make("p.invitation", { "aria-hidden": true }, "Draw a digit here");
    const draw = make("div.drawing", {}, canvas, invitation, make("p.label", {}, "The picture"));
    scene.stage.append(draw);
    const drawFlow = makeFlow(scene, canvas);
    const answer = make("span.answer");
    const words = make("p");
    scene.ask.append(make("div.result", {}, answer, words));
    makePad(canvas, {
      begun: () =>
        scene.own.phase === "demo"
          ? (change({ strokes: [] }), scene.change({ phase: "drawing" }))
          : scene.change({ phase: "drawing" }),
      drawn: () => scene.change({ shift: performance.now() / FLOW }),
      done: () => {
        const reading = readDrawn(page);
        scene.change({ phase: "drawn", ...(reading && { units: chooseUnits(page, reading) }) });
      },
    });
    const three = drawnThree();
    return (own) => {
      const isDemo = own.phase === "demo";
      const strokes = isDemo ? [three.slice(0, own.points)].filter((stroke) => stroke.length) : state.strokes;
      const isMoving = (isDemo && own.points < PEN_POINTS) || own.phase === "drawing";
      const reading = isDemo ? (strokes.length ? readInPlace(page, strokes) : null) : readDrawn(page);
      const point = isMoving && !state.pen ? (strokes.at(-1)?.at(-1) ?? null) : null;
      paintDrawing(canvas, strokes, { point, pen: state.pen });
      invitation.hidden = strokes.length > 0;
      const isQuiet = !reading || (isDemo && isMoving);
      setText(answer, isQuiet ? "" : nameOf(page, reading));
      setText(words, isQuiet ? "" : describeReading(page, reading));
      drawFlow(reading, own, isMoving && !isStill()); // last: what is written moves the stage
    };
  },

  enter(scene) {
    if (scene.own.phase !== "demo" || scene.own.points === PEN_POINTS) return;
    scene.animate(
      PEN_STARTS,
      () => {},
      () =>
        scene.animate(PEN_DRAWS, (share) => {
          const points = Math.round(PEN_POINTS * share);
          if (scene.own.phase === "demo") scene.change({ points, shift: performance.now() / FLOW });
        }),
    );
  },

  leave: (scene) => scene.own.phase === "demo" && scene.change({ points: PEN_POINTS }),

  others: (own, scene) =>
    own.phase === "drawn" ? [{ label: "Clear", run: () => startOver(scene, scene.stage.querySelector("canvas")) }] : [],

  action(own, scene) {
    if (own.phase === "demo")
      return { label: "Your turn", run: () => startOver(scene, scene.stage.querySelector("canvas")) };
    return own.phase === "drawn" ? { label: "Next", run: scene.next } : null;
  },
};

function startOver(scene, canvas) {
  change({ strokes: [], tested: null });
  scene.change({ phase: "empty" });
  canvas.focus({ preventScroll: true });
}

/** Return the answer in large type. */
function nameOf({ model }, { digit }) {
  return digit === null ? "?" : model.classNames[digit];
}

/** Describe a reading in a sentence. */
function describeReading({ model }, { digit, best, probabilities }) {
  if (digit !== null) return `The network gives the ${model.classNames[digit]} ${percent(probabilities[digit])}.`;
  return best === negativeOf(model) ? "The network says that this is none of its digits." : "The network is undecided.";
}

/** Make edge maps, shapes and bars, with lines between them. Returns draw(reading, own, isMoving). */
function makeFlow({ stage, page }, canvas) {
  const { layers } = page.model;
  const tilesOf = (count) => Array.from({ length: count }, () => make("canvas.tile"));
  const [edges, shapes] = [tilesOf(EDGES_SHOWN), tilesOf(SHAPES_SHOWN)];
  const counts = [page.edges, page.shapes].map((index) => layers[index].outputShape[0]);
  const bars = make("div.scores");
  stage.append(
    make("div.column.edges", {}, ...edges, make("p.label", {}, `Edges: ${EDGES_SHOWN} of ${counts[0]}`)),
    make("div.column.shapes", {}, ...shapes, make("p.label", {}, `Shapes: ${SHAPES_SHOWN} of ${counts[1]}`)),
    bars,
  );
  const drawBars = makeBars(bars, outputNames(page.model));
  bars.append(make("p.label", {}, "Answer"));
  const drawWires = makeWires(stage);
  return (reading, { units, shift }, isMoving) => {
    const flow = reading && measureFlow(page, reading, units);
    edges.forEach((tile, i) => paintEdge(tile, page, reading, units.edges[i]));
    shapes.forEach((tile, i) => paintShape(tile, page, units.shapes[i], flow && flow.active[i]));
    const best = drawBars(reading && reading.probabilities);
    drawWires(reading ? placeWires({ stage, canvas, edges, shapes, best }, flow, { isDashed: isMoving, shift }) : []);
  };
}

/** Return the largest activation of the first and of the last layer with kernels in a chosen picture. */
function peaksOf(page) {
  const { values } = pictureOf(page, "sure").reading;
  page.peaks ??= [page.edges, page.shapes].map((index) => extremes(values[index + 1])[1]);
  return page.peaks;
}

/** Paint an edge map over the picture; an empty one if nothing is read. */
function paintEdge(canvas, page, reading, unit) {
  const { layers, shape } = page.model;
  const [count, rows, columns] = layers[page.edges].outputShape;
  const [ink, values] = reading
    ? [reading.values[0], reading.values[page.edges + 1]]
    : [shape[0] * shape[1], count * rows * columns].map((size) => new Float32Array(size));
  const most = 0.75 * (page.pictures ? peaksOf(page)[0] : extremes(values)[1] || 1);
  paintOver(canvas, page.model, page.edges, ink, partOf(values, count, unit), most);
}

/** Paint the tile of a shape. active: 0 to 1; null leaves the tile empty. */
function paintShape(canvas, page, unit, active) {
  const { ink, width } = tileOf(page, unit);
  paintInk(canvas, ink, width, active === null ? 0 : 0.12 + 0.88 * active);
}

/**
 * Measure what flows through the chosen units, as shares of the largest: {seen, joined, added, active}. seen: the peak
 * of each edge map. joined: what each edge map adds to the peak of each shape. added: what each shape adds to the
 * answer. active: the peak of each shape.
 */
function measureFlow(page, reading, units) {
  const { edges, shapes } = page;
  const { layers } = page.model;
  const { values } = reading;
  const peaks = peaksOf(page);
  const positions = positionsOf(layers[shapes]);
  const mapOf = (index, unit) => partOf(values[index + 1], layers[index].outputShape[0], unit);
  const seen = units.edges.map((unit) => clamp(extremes(mapOf(edges, unit))[1] / peaks[0], 1));
  const active = units.shapes.map((unit) => clamp(extremes(mapOf(shapes, unit))[1] / peaks[1], 1));
  const joined = units.shapes.map((unit) => {
    const map = mapOf(shapes, unit);
    const shares = sharesOf(layers, values, edges + 1, shapes + 1, unit * positions + map.indexOf(extremes(map)[1]));
    return units.edges.map((edge) => shares[edge]);
  });
  const total = sharesOf(layers, values, shapes + 1, layers.length, reading.best);
  const scale = (list, most) => list.map((value) => clamp(value / (most || 1), 1));
  const most = Math.max(...joined.flat());
  const added = units.shapes.map((unit) => total[unit]);
  return { seen, active, joined: joined.map((row) => scale(row, most)), added: scale(added, Math.max(...added)) };
}

/** Return the lines from the picture to edge maps, on to shapes, and to the answer. */
function placeWires({ stage, canvas, edges, shapes, best }, { seen, joined, added }, look) {
  const isDown = isUpright();
  const [picture, answer] = [canvas, best].map((element) => element && boxWithin(element, stage));
  const [edgeBoxes, shapeBoxes] = [edges, shapes].map((tiles) => tiles.map((tile) => boxWithin(tile, stage)));
  const wire = (from, to, share, width) =>
    share > 0.05 && { d: curveOf(from, to, isDown), width, opacity: 0.85 * share, ...look };
  const part = (i) => {
    const move = 20 * (i - (EDGES_SHOWN - 1) / 2);
    return isDown ? { ...picture, x: picture.x + move } : { ...picture, y: picture.y + move };
  };
  return [
    ...edgeBoxes.map((box, i) => wire(part(i), box, 0.8 * seen[i], 1.5)),
    ...shapeBoxes.flatMap((to, j) => edgeBoxes.map((from, i) => wire(from, to, 0.7 * joined[j][i], 1.5))),
    ...shapeBoxes.map((from, j) => answer && wire(from, answer, added[j], 1 + 3 * added[j])),
  ];
}
