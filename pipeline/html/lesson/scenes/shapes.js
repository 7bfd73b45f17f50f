/* Scene 3: edges make shapes, and each shape adds points to the score of a digit or takes some away. */

const RIVALS = [8, 5, 2]; // digits whose points are shown besides those of the digit in the picture
const GUESSED = 8;
const SHAPES_SHOWN_IN_SUM = 6;
const SOURCES = 4; // edge maps of a shape
const PATCHES_SHOWN = 6;
const COUNTED = ["first", "second", "third", "fourth", "fifth", "sixth"];
const BAR = { plus: 150, minus: 72 }; // the most pixels to the right and to the left of the axis

/**
 * Return the sum that makes the score of a digit: {points, others, count, fixed, score}, the points of some units, of
 * all others together, how many these are, and what the biases add. The score adds them as they are shown.
 */
function addPoints({ model: { layers }, shapes }, { values, logits }, units, digit) {
  const all = sharesOf(layers, values, shapes + 1, layers.length, digit);
  const total = all.reduce((sum, value) => sum + value, 0);
  const points = units.map((unit) => all[unit]);
  const others = total - points.reduce((sum, value) => sum + value, 0);
  const fixed = logits[digit] - total;
  return { points, others, count: all.length - units.length, fixed, score: sumShown([...points, others, fixed]) };
}

/** Return where a shape is found in a reading: its position, its part of the picture, and its strongest edge maps. */
function findShape({ model: { layers }, edges, shapes }, { values }, unit) {
  const positions = positionsOf(layers[shapes]);
  const map = partOf(values[shapes + 1], layers[shapes].outputShape[0], unit);
  const position = map.indexOf(extremes(map)[1]);
  const shares = sharesOf(layers, values, edges + 1, shapes + 1, unit * positions + position);
  const sources = strongest(shares, SOURCES).map((edge) => ({
    edge,
    share: shares[edge] / (Math.max(...shares) || 1),
  }));
  return { field: receptiveField(layers, shapes, position), sources };
}

/** Return what is not drawn between the layers that are, in words. */
function describeHidden({ model: { layers }, edges, shapes }) {
  const nameOf = ({ outputShape }) => `${outputShape[0]} ${isMap(outputShape) ? "maps" : "units"}`;
  const between = (from, to) =>
    layers
      .slice(from + 1, to)
      .filter(({ weights }) => weights)
      .map(nameOf)
      .join(", ");
  const parts = [
    [between(edges, shapes), "between edges and shapes"],
    [between(shapes, layers.length - 1), "between shapes and scores"],
  ];
  const drawn = parts.filter(([units]) => units).map((part) => part.join(" "));
  return drawn.length ? `Not drawn: ${drawn.join(", ")}.` : "";
}

const shapes = {
  name: "Shapes",
  title: "Edges make shapes, and shapes add points",
  lead: "A score adds up the points of all shapes, for this picture only.",

  // digit: whose points are shown. chosen: number of the framed shape, from 0. wasGuessed: the question is answered.
  begin: (page) => ({ digit: page.pictures.sure.label, chosen: 0, wasGuessed: false }),

  build(scene) {
    const { page } = scene;
    const { image, ink, label } = page.pictures.sure;
    const reading = readImage(page.model, image);
    const { layers } = page.model;
    const units = strongest(
      sharesOf(layers, reading.values, page.shapes + 1, layers.length, label),
      SHAPES_SHOWN_IN_SUM,
    );
    const found = units.map((unit) => findShape(page, reading, unit));
    const sums = new Map([label, ...RIVALS].map((digit) => [digit, addPoints(page, reading, units, digit)]));
    const drawQuestion = buildShapesQuestion(scene, [...sums.keys()]);
    const parts = buildShapesStage(scene, units);
    const drawWires = makeWires(scene.stage);
    return (own) => {
      const [sum, shape] = [sums.get(own.digit), found[own.chosen]];
      drawQuestion(own, sums, units[own.chosen]);
      paintInk(parts.picture, ink, page.model.shape[1]);
      placeFrame(parts.frame, shape.field, page.model.shape);
      const { height, width } = shape.field;
      setText(parts.caption, `The frame: ${height} × ${width} squares`);
      shape.sources.forEach(({ edge }, i) => paintEdge(parts.edges[i], page, reading, edge));
      drawPoints(parts, own, sum, sums);
      drawWires(wiresOfShape(scene.stage, parts, own.chosen, shape, page.model.shape));
    };
  },

  action: (own, scene) =>
    own.wasGuessed || own.chosen === SHAPES_SHOWN_IN_SUM - 1
      ? { label: "Next", run: scene.next }
      : { label: "Next shape", run: () => scene.change({ chosen: own.chosen + 1 }) },

  /** Arrows choose a shape. */
  key(scene, { key }) {
    if (!(key in MOVES)) return false;
    const [x, y] = MOVES[key];
    scene.change({ chosen: clamp(scene.own.chosen + x + y, SHAPES_SHOWN_IN_SUM - 1) });
    return true;
  },
};

/** Place a frame on a part of the picture, in shares of it. */
function placeFrame({ style }, { top, left, height, width }, [rows, columns]) {
  const share = (value, count) => `${(100 * value) / count}%`;
  Object.assign(style, { top: share(top, rows), height: share(height, rows) });
  Object.assign(style, { left: share(left, columns), width: share(width, columns) });
}

function buildShapesQuestion({ ask, change: set, page }, digits) {
  const pick = (digit) => set({ digit, ...(digit === GUESSED && { wasGuessed: true }) });
  const drawDigits = makeOptions(ask, {
    question: `Guess which shape adds most to ${withArticle(GUESSED)}. Then press ${GUESSED}.`,
    choices: digits.map((digit) => [digit, String(digit)]),
    pick,
    className: "row",
  });
  const why = make("p.why");
  const patches = Array.from({ length: PATCHES_SHOWN }, () => make("canvas.tile"));
  const { learnt, unseen } = page.lessons;
  const count = withCommas(learnt.labels.length + unseen.labels.length);
  ask.append(
    why,
    make(
      "p.label",
      {},
      `A tile is the mean of the ${BEST} patches, of ${count} pictures, that excite a shape most. `,
      make("span", {}, "Of the framed one:"),
    ),
    make("div.patches", {}, ...patches),
  );
  return ({ digit, wasGuessed, chosen }, sums, unit) => {
    drawDigits(digit);
    setText(why, wasGuessed && digit === GUESSED ? describeGuess(sums.get(GUESSED).points, chosen) : "");
    const { width } = tileOf(page, unit);
    patchesOf(page, unit, PATCHES_SHOWN).forEach((ink, i) => paintInk(patches[i], ink, width));
  };
}

/** Say which shape adds most to the digit of the question. chosen: number of the framed shape. */
function describeGuess(points, chosen) {
  const [best] = strongest(points, 1);
  const digit = withArticle(GUESSED);
  if (round2(points[best]) <= 0) return `None of them adds to ${digit} here.`;
  const value = signed(points[best]);
  return `Of these six, the ${best === chosen ? "framed one" : COUNTED[best]} adds most: ${value}.`;
}

function buildShapesStage(scene, units) {
  const { page, stage } = scene;
  const [picture, frame, caption] = [make("canvas.pic"), make("div.frame"), make("figcaption")];
  const edges = Array.from({ length: SOURCES }, () => make("canvas.tile"));
  const rows = units.map((unit, i) => {
    const [tile, bar, points] = [make("canvas.tile"), make("i"), make("span")];
    const choose = () => scene.change({ chosen: i });
    const name = `Shape ${i + 1}`;
    const element = make(
      "button.shape",
      { onclick: choose, "aria-label": name },
      tile,
      make("div.points", {}, bar, points),
    );
    paintShape(tile, page, unit, 1);
    return { element, tile, bar, points, name };
  });
  const [title, others, score] = [make("figcaption"), make("span"), make("b")];
  stage.append(
    make(
      "figure.picture",
      {},
      caption,
      make("div.over", {}, picture, frame),
      make("p.label.note", {}, describeHidden(page)),
    ),
    make("figure.edges", {}, make("figcaption", {}, "Edges"), ...edges),
    make(
      "figure.rows",
      {},
      make("div.titles", {}, make("figcaption", {}, "Shapes"), title),
      ...rows.map(({ element }) => element),
      make("p.total", {}, others, score),
    ),
  );
  return { picture, frame, caption, edges, rows, title, others, score };
}

/** Draw the points of each shape for a digit, and their sum. */
function drawPoints({ rows, title, others, score }, { digit, chosen }, sum, sums) {
  const all = [...sums.values()].flatMap(({ points }) => points);
  const scale = Math.min(BAR.plus / Math.max(...all, 0.01), BAR.minus / Math.max(...all.map((value) => -value), 0.01));
  setText(title, `Points for ${digit}`);
  rows.forEach(({ element, bar, points, name }, i) => {
    const value = sum.points[i];
    const text = signed(value);
    setAttributes(element, { "aria-pressed": i === chosen, "aria-label": `${name}: ${text} points for ${digit}` });
    setText(points, text);
    bar.style.setProperty("--value", (value * scale).toFixed(1));
    bar.classList.toggle("minus", value < 0);
    points.style.setProperty("--value", Math.max(value * scale, 0).toFixed(1));
  });
  setText(others, `${sum.count} others ${signed(sum.others)}, fixed ${signed(sum.fixed)}`);
  setText(score, `Score of ${digit}: ${two(sum.score)}`);
}

/** Return the lines from the frame to the edge maps of a shape, and on to its tile. */
function wiresOfShape(stage, { picture, edges, rows }, chosen, { field, sources }, [height, width]) {
  const box = boxWithin(picture, stage);
  const frame = {
    x: box.x + (field.left / width) * box.width,
    y: box.y + (field.top / height) * box.height,
    width: (field.width / width) * box.width,
    height: (field.height / height) * box.height,
  };
  const tile = boxWithin(rows[chosen].tile, stage);
  return sources.flatMap(({ share }, i) => {
    if (share <= 0) return [];
    const edge = boxWithin(edges[i], stage);
    const look = { width: 1 + 3 * share, opacity: 1 };
    return [
      { d: curveOf(frame, edge, false), ...look },
      { d: curveOf(edge, tile, false), ...look },
    ];
  });
}
