/* Scene 3: edges make shapes, and each shape adds points to the score of a digit or takes some away. */

const RIVAL = 8; // the digit of the question, besides that in the picture
const SHAPES_SHOWN_IN_SUM = 6;
const RANGES = ["0 or 1", "2 to 4", "5 or 6"]; // of shapes that add to the digit of the question: the choices
const LAST = [1, 4, 6]; // of each range
const SOURCES = 4; // edge maps of a shape
const PATCHES_SHOWN = 6;
const FIXED = "A map can be bright where there is no ink: each kernel also adds a fixed number.";
const BAR = { plus: 150, minus: 72 }; // the most pixels to the right and to the left of the axis

/**
 * Return the sum that makes a value of the network: {points, others, count, fixed, score}, the points of some parts, of
 * all others together, how many these are, and what the biases add. The score adds them as they are shown. shares: as
 * from `sharesOf`.
 */
function addPoints(shares, parts, value) {
  const total = sumOf(shares);
  const points = parts.map((part) => shares[part]);
  const others = total - sumOf(points);
  const fixed = value - total;
  return { points, others, count: shares.length - parts.length, fixed, score: sumShown([...points, others, fixed]) };
}

/** Return the shapes of the scene, and the sums that they make, by digit: {reading, units, sums}. */
function sumsOfPicture(page) {
  const { image, label } = page.pictures.sure;
  const { layers } = page.model;
  const reading = readImage(page.model, image);
  const sharesFor = (digit) => sharesOf(layers, reading.values, page.shapes + 1, layers.length, digit);
  const units = strongest(sharesFor(label), SHAPES_SHOWN_IN_SUM);
  const sumFor = (digit) => addPoints(sharesFor(digit), units, reading.logits[digit]);
  return { reading, units, sums: new Map([label, RIVAL].map((digit) => [digit, sumFor(digit)])) };
}

/**
 * Return where a shape is strongest in a reading, and what makes it: {field, parts, width, sum}. field: its frame
 * in the picture. parts: what is in the frame of the edge maps that add most to it, `width` values in a row. sum: as
 * from `addPoints`; its score is the activation of the shape.
 */
function findShape({ model: { layers }, edges, shapes }, { values }, unit) {
  const [count, ...size] = layers[edges].outputShape;
  const map = partOf(values[shapes + 1], layers[shapes].outputShape[0], unit);
  const position = map.indexOf(extremes(map)[1]);
  const shares = sharesOf(layers, values, edges + 1, shapes + 1, unit * map.length + position);
  const sources = strongest(shares, SOURCES);
  const inside = receptiveField(layers.slice(edges + 1), shapes - edges - 1, position);
  return {
    field: receptiveField(layers, shapes, position),
    parts: sources.map((edge) => cutOut(partOf(values[edges + 1], count, edge), size, inside)),
    width: inside.width,
    sum: addPoints(shares, sources, map[position]),
  };
}

/** Return which layers are not drawn, in words. */
function describeHidden({ model: { layers }, edges, shapes }) {
  const hidden = layers.slice(0, -1).filter(({ weights }, i) => weights && i !== edges && i !== shapes);
  const names = hidden.map(({ outputShape }) => `${outputShape[0]} ${isMap(outputShape) ? "maps" : "units"}`);
  return names.length ? ` Not drawn: ${names.join(" and ")} in between.` : "";
}

/** Return the number of shapes that add points, as these are shown. */
function countHelpful({ points }) {
  return points.filter((value) => round2(value) > 0).length;
}

/** Return the number of the choice that is right. */
function rightRange(sum) {
  return LAST.findIndex((most) => countHelpful(sum) <= most);
}

/** Answer the guess how many shapes add to the second of two digits. guess: a choice of RANGES. */
function answerGuess([[digit, own], [asked, other]], guess) {
  const count = countHelpful(other);
  const verdict = guess === rightRange(other) ? "Yes" : "No";
  const [plus, minus] = [own, other].map(({ points }) => sumShown(points));
  const give = (sum, to) => (sum < 0 ? `take ${two(-sum)} from ${to}` : `add ${two(sum)} to ${to}`);
  return `${verdict}: ${count} of the six. Together they ${give(plus, digit)} and ${give(minus, asked)}.`;
}

const shapes = {
  name: "Shapes",
  title: "Edges make shapes, and shapes add points",
  lead: "Edges add up to a shape, and shapes to a score. Another picture gives other points.",

  // digit: whose points are shown. chosen: number of the framed shape, from 0. guess: a choice of RANGES, null before.
  begin: (page) => ({ digit: page.pictures.sure.label, chosen: 0, guess: null }),

  build(scene) {
    const { page } = scene;
    const { reading, units, sums } = sumsOfPicture(page);
    const found = units.map((unit) => findShape(page, reading, unit));
    const drawQuestion = buildShapesQuestion(scene, [...sums]);
    const parts = buildShapesStage(scene, units, [...sums.keys()]);
    const drawWires = makeWires(scene.stage);
    return (own) => {
      const [sum, shape] = [sums.get(own.digit), found[own.chosen]];
      drawQuestion(own);
      paintInk(parts.picture, page.pictures.sure.ink, page.model.shape[1]);
      placeFrame(parts.frame, shape.field, page.model.shape);
      const { height, width } = shape.field;
      setText(parts.caption, `Frame: ${height} × ${width}`);
      patchesOf(page, units[own.chosen], PATCHES_SHOWN).forEach((patch, i) =>
        paintInk(parts.patches[i], patch, tileOf(page, units[own.chosen]).width),
      );
      parts.edges.forEach(({ tile, points }, i) => {
        paintActive(tile, shape.parts[i], shape.width, 0.75 * peaksOf(page)[0]);
        setText(points, signed(shape.sum.points[i]));
      });
      parts.joined.draw(shape.sum, "Shape");
      drawPoints(parts, own, sum, sums);
      drawWires(wiresOfShape(scene.stage, parts, own.chosen, shape, page.model.shape));
    };
  },

  action: (own, scene) => (own.guess === null ? null : { label: "Next", run: scene.next }),

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

function buildShapesQuestion({ ask, change: set }, sums) {
  const drawGuess = makeOptions(ask, {
    question: `How many of these six shapes add points to ${withArticle(RIVAL)}, too?`,
    choices: RANGES.map((text, i) => [i, text]),
    pick: (guess) => set({ guess, digit: RIVAL }),
  });
  const why = make("p.why");
  const note = `Edges: parts of the four maps that add most to the shape. ${FIXED}`;
  ask.append(why, make("p.label.note", {}, `${note} Points add up its whole map, with weights.`));
  return ({ guess }) => {
    drawGuess(guess, guess === null ? null : rightRange(sums[1][1]));
    setText(why, guess === null ? "" : answerGuess(sums, guess));
  };
}

function buildShapesStage(scene, units, digits) {
  const { page, stage } = scene;
  const [picture, frame, caption] = [make("canvas.pic"), make("div.frame"), make("figcaption")];
  const [tiles, patches] = [SOURCES, PATCHES_SHOWN].map((length) => Array.from({ length }, () => make("canvas.tile")));
  const edges = tiles.map((tile) => {
    const points = make("span");
    return { element: make("div.edge", {}, tile, points), tile, points };
  });
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
  const title = make("figcaption");
  const choices = digits.map((digit) =>
    make("button.pick", { onclick: () => scene.change({ digit }), "aria-label": `Points for ${digit}` }, String(digit)),
  );
  const [joined, total] = [makeTotal(), makeTotal()];
  const note = `Six of the ${BEST} patches that excite the framed shape most: its tile is the mean of all ${BEST}.`;
  stage.append(
    make(
      "figure.picture",
      {},
      caption,
      make("div.over", {}, picture, frame),
      make("div.patches", {}, ...patches),
      make("p.label", {}, note + describeHidden(page)),
    ),
    make(
      "figure.edges",
      {},
      make("figcaption", {}, "Edges"),
      ...edges.map(({ element }) => element),
      joined.element,
    ),
    make(
      "figure.rows",
      {},
      make("div.titles", {}, make("figcaption", {}, "Shapes"), title, ...choices),
      ...rows.map(({ element }) => element),
      total.element,
    ),
  );
  return { picture, frame, caption, edges, patches, rows, title, choices, joined, total };
}

/** Make the end of a sum as from `addPoints`: {element, draw(sum, name)}; name: of what it makes. */
function makeTotal() {
  const [others, fixed, score] = [make("span"), make("span"), make("b")];
  return {
    element: make("p.total", {}, others, fixed, score),
    draw(sum, name) {
      setText(others, `${sum.count} others ${signed(sum.others)}`);
      setText(fixed, `fixed ${signed(sum.fixed)}`);
      setText(score, `${name}: ${two(sum.score)}`);
    },
  };
}

/** Draw the points of each shape for a digit, and their sum. */
function drawPoints({ rows, title, choices, total }, { digit, chosen, guess }, sum, sums) {
  const all = [...sums.values()].flatMap(({ points }) => points);
  const scale = Math.min(BAR.plus / Math.max(...all, 0.01), BAR.minus / Math.max(...all.map((value) => -value), 0.01));
  setText(title, guess === null ? `Points for ${digit}` : "Points for");
  choices.forEach((button) => {
    button.hidden = guess === null;
    setAttributes(button, { "aria-pressed": button.textContent === String(digit) });
  });
  rows.forEach(({ element, bar, points, name }, i) => {
    const value = sum.points[i];
    const text = signed(value);
    setAttributes(element, { "aria-pressed": i === chosen, "aria-label": `${name}: ${text} points for ${digit}` });
    setText(points, text);
    bar.style.setProperty("--value", (value * scale).toFixed(1));
    bar.classList.toggle("minus", value < 0);
    points.style.setProperty("--value", Math.max(value * scale, 0).toFixed(1));
  });
  total.draw(sum, `Score of ${digit}`);
}

/** Return the lines from the frame to the edge maps of a shape, and on to its tile. */
function wiresOfShape(stage, { picture, edges, rows }, chosen, { field, sum: { points } }, [height, width]) {
  const box = boxWithin(picture, stage);
  const frame = {
    x: box.x + (field.left / width) * box.width,
    y: box.y + (field.top / height) * box.height,
    width: (field.width / width) * box.width,
    height: (field.height / height) * box.height,
  };
  const tile = boxWithin(rows[chosen].tile, stage);
  return points.flatMap((value, i) => {
    if (value <= 0) return [];
    const edge = boxWithin(edges[i].element, stage);
    const look = { width: 1 + (3 * value) / points[0], opacity: 1 };
    return [
      { d: curveOf(frame, edge, false), ...look },
      { d: curveOf(edge, tile, false), ...look },
    ];
  });
}
