/*
 * Print sheets of the scenes, a page each, with blanks or with solutions. sheets.html has their texts; the functions
 * of SHEETS return what is filled in, by name: texts, {cells, columns}, {head, rows}, {choices, right} and elements.
 */

const SHEETS = {
  1: sheetOnWatching,
  2: sheetOnKernel,
  3: sheetOnShapes,
  4: sheetOnScores,
  5: sheetOnLoss,
  6: sheetOnSlope,
  7: sheetOnBackward,
  8: sheetOnTraining,
};

let printed = null; // {scenes, isSolution}, or {copy} of an element; null for the sheet of the open scene

/** Print the sheets of scenes, or a copy of an element. */
function printSheets(what) {
  printed = what;
  window.print();
}

/** Fill the sheets before the page is printed. A scene that has none is printed as it is. */
function listenToPrint(page) {
  const sheets = document.getElementById("sheets");
  window.addEventListener("beforeprint", () => {
    if (!page.pictures) return;
    const { scenes = [state.scene], isSolution = false, copy } = printed ?? {};
    if (copy) sheets.replaceChildren(copy.cloneNode(true));
    else
      sheets.replaceChildren(
        ...scenes.filter((scene) => scene in SHEETS).map((scene) => makeSheet(page, scene, isSolution)),
      );
  });
  window.addEventListener("afterprint", () => {
    printed = null;
    sheets.replaceChildren();
  });
}

/** Return a sheet, with blanks or with the solutions. */
function makeSheet(page, scene, isSolved) {
  const sheet = make("section.sheet", {}, document.getElementById(`sheet-${scene}`).content.cloneNode(true));
  const values = { owner: isSolved ? "Solutions" : "Name: ______________________", ...SHEETS[scene](page, isSolved) };
  const fillEach = (kind, fillOne) => {
    for (const part of sheet.querySelectorAll(`[data-${kind}]`)) fillOne(part, values[part.dataset[kind]]);
  };
  const cellOf = (cell) => (cell?.blank === undefined ? cell : make("b.blank", {}, cell.blank));
  const rowOfCells = (name, cells) => make("tr", {}, ...cells.map((cell) => make(name, {}, cellOf(cell))));
  fillEach("text", (part, text) => (part.textContent = text ?? ""));
  fillEach("draw", (part, elements) => part.append(...elements.filter(Boolean)));
  fillEach("rows", (part, { head, rows }) =>
    part.append(rowOfCells("th", head), ...rows.map((row) => rowOfCells("td", row))),
  );
  fillEach("grid", (part, { cells, columns, shades }) => {
    part.style.setProperty("--columns", columns);
    part.append(...cells.map((cell, k) => make(shades?.[k] ? `span.${shades[k]}` : "span", {}, cellOf(cell))));
  });
  fillEach("choices", (part, { choices, right }) =>
    part.append(...choices.map((text, i) => make("span", { "data-right": i === right }, text))),
  );
  for (const choice of sheet.querySelectorAll(".boxes span"))
    choice.prepend(isSolved && "right" in choice.dataset ? "☒ " : "☐ ");
  if (isSolved) return sheet;
  for (const part of sheet.querySelectorAll(".solution")) part.remove();
  for (const part of sheet.querySelectorAll(".blank")) part.textContent = "";
  return sheet;
}

/** Return a drawing of SVG elements, as wide as the text. */
function printDrawing(width, height, elements) {
  return makeSvg("svg", { class: "plot", viewBox: `0 0 ${width} ${height}` }, ...elements.filter(Boolean));
}

/** Make a picture of squares of ink in a frame. place: attributes, such as its width and height. */
function makeInk(ink, columns, place) {
  const rows = ink.length / columns;
  const squares = Array.from(ink, (value, k) => {
    const [x, y] = [k % columns, Math.floor(k / columns)];
    return value < 0.03 ? "" : makeSvg("rect", { x, y, width: 1.02, height: 1.02, "fill-opacity": value.toFixed(2) });
  });
  const frame = makeSvg("rect", { width: columns, height: rows, class: "border" });
  return makeSvg("svg", { class: "ink", viewBox: `0 0 ${columns} ${rows}`, ...place }, frame, ...squares);
}

/* Sheet 1: sizes, and what the network sees. */

function sheetOnWatching({ model, edges }) {
  const [count, rows, columns] = model.layers[edges].outputShape;
  const [height, width] = model.shape;
  const outputs = model.layers.at(-1).outputShape[0];
  return {
    ...{ height, width, pixels: height * width, edges: count, rows, columns },
    ...{ values: withCommas(count * rows * columns), outputs },
    ...{ "none-too": negativeOf(model) === null ? "" : `, one of them for “${NONE}”` },
  };
}

/* Sheet 2: round numbers, so that it can be done in the head. */

// The ink of each row of two strokes, in halves: a vertical one, and the end of a horizontal one.
const STROKES_ON_PAPER = ["00210 00210 01200 01200 02200", "00000 22000 22100 00000 00000"];
const FIRST_STOPS = 4;

function sheetOnKernel(page, isSolved) {
  const [, width] = page.model.shape;
  const { size, stride } = KERNEL;
  const [numbers, stops] = [kernelOf(RIGHT), stopsIn(width)];
  const starts = Array.from({ length: FIRST_STOPS }, (_, i) => stride * i);
  const last = stride * (stops - 1);
  const one = (value) => fixed(value, 1);
  const grid = (values) => ({ cells: values.map(one), columns: size });
  const tasks = STROKES_ON_PAPER.map((stroke, i) => {
    const ink = [...stroke.replaceAll(" ", "")].map((half) => half / 2);
    const { under, products, sum } = multiplyAt(ink, [size, size], numbers, 0);
    const shades = under.map((ink) => (ink === 0 ? "" : ink < 1 ? "half" : "full"));
    return {
      [`ink${i + 1}`]: { ...grid(under), shades },
      [`products${i + 1}`]: isSolved ? grid(products) : { cells: products.map(() => ""), columns: size },
      ...{ [`sum${i + 1}`]: one(sum), [`square${i + 1}`]: one(Math.max(sum, 0)) },
    };
  });
  return {
    ...{ ...tasks[0], ...tasks[1], kernel: grid(numbers), size, stride, width, stops },
    strip: Array.from({ length: width }, (_, i) => make(isSolved && starts.includes(i) ? "i.full" : "i")),
    edges:
      `Left edges, counted from 0: ${starts.join(", ")}, … ${last}. The last frame covers squares ${last} to ` +
      `${last + size - 1} of 0 to ${width - 1}.`,
  };
}

/* Sheet 3: the sum of scene 3, and what its pictures lose without a shape. */

const GAPS = 3; // products to calculate

function letterOf(index) {
  return String.fromCharCode(65 + index);
}

function sheetOnShapes(page) {
  const story = storyOf(page);
  const term = story.terms[story.first];
  // Products can be calculated from three decimals in some cells; the gaps are the largest of these.
  const isExact = (k) =>
    term.products[k] !== 0 &&
    round2(Number((term.values[k].toFixed(3) * term.weights[k].toFixed(3)).toFixed(6))) === term.products[k];
  const gaps = strongest(term.products.map(Math.abs), term.products.length).filter(isExact).slice(0, GAPS);
  const rest = sumShown(story.terms.filter((each) => each !== term).map(({ sum }) => sum)); // of the other maps
  const without = forwardWithout(page, story.reading, [story.unit]).at(-1);
  const scores = [story.reading.logits, without].map((each) => round2(each[story.digit]));
  const needs = picturesOf(page).map((picture) => trialsOf(page, picture).map(({ change }) => change));
  const neediest = needs.map((changes) => changes.indexOf(Math.min(...changes))); // the shape that each needs most
  const letters = [...new Set([story.unit, ...neediest])].sort((a, b) => a - b);
  const { biases, window: size } = page.model.layers[page.shapes];
  const grid = (cells) => ({ cells, columns: cells.length / size[0] });
  const three = (value) => fixed(value, 3);
  const products = term.products.map((value, k) =>
    gaps.includes(k) ? { blank: signed(value) } : unlessZero(signed)(value) || "0",
  );
  const picture = (ink, columns, caption) =>
    make("div", {}, make("p.caption", {}, caption), makeInk(ink, columns, { width: "20mm" }));
  const tiles = letters.map((unit, i) => picture(tileOf(page, unit).ink, tileOf(page, unit).width, letterOf(i)));
  return {
    ...{ map: story.first + 1, digit: withArticle(page.model.classNames[story.digit]), sum: signed(term.sum) },
    ...{ values: grid(term.values.map(three)), weights: grid(term.weights.map(three)) },
    ...{ products: grid(products), others: story.terms.length - 1, rest: signed(rest) },
    ...{ bias: signed(biases[story.unit]), total: two(story.total), square: two(Math.max(story.total, 0)) },
    ...{ name: page.model.classNames[story.digit], before: two(scores[0]), after: two(scores[1]) },
    change: signed(scores[1] - scores[0]),
    pictures: [
      ...tiles,
      ...picturesOf(page).map(({ ink }, i) => picture(ink, page.model.shape[1], `Picture ${i + 1}`)),
    ],
    needs: {
      head: ["Change of its score", ...letters.map((_, i) => `without ${letterOf(i)}`), "needs most"],
      rows: picturesOf(page).map(({ reading }, i) => [
        `Picture ${i + 1}, read as ${outputNames(page.model)[reading.best]}`,
        ...letters.map((unit) => signed(needs[i][unit])),
        { blank: letterOf(letters.indexOf(neediest[i])) },
      ]),
    },
  };
}

/* Sheet 4: softmax of the largest scores, in one decimal, so that it can be done with a calculator. */

const SCORES_ON_PAPER = 3;

function sheetOnScores(page) {
  const { model, pictures, ring } = page;
  const rubbed = rubOut(pictures.rub.ink, model.shape[1], [ring]);
  const { logits } = readInk(model, pictures.rub.ink);
  const outputs = strongest(logits, SCORES_ON_PAPER);
  const scores = outputs.map((output) => Number(logits[output].toFixed(1)));
  const { powers, sum, shares } = softmaxAsShown(scores);
  return {
    ...{ label: model.classNames[pictures.rub.label], alone: outputNames(model)[readInk(model, rubbed).best] },
    ...{ gone: Math.round(100 * shareGone(pictures.rub.ink, rubbed)), sum: withCommas(two(sum)), e: two(Math.E) },
    softmax: {
      head: ["", "score s", "e to the power of s", "share of the sum"],
      rows: outputs.map((output, i) => [
        outputNames(model)[output],
        fixed(scores[i], 1),
        { blank: withCommas(two(powers[i])) },
        { blank: percent(shares[i], true) },
      ]),
    },
  };
}

/* Sheet 5: losses of round shares and of the pictures of scene 5. */

const ROUND_SHARES = [1, 0.5, 0.1, 0.01];

/** Return the shares of the sheet, largest first. */
function sharesOnPaper(page) {
  const { torn, wrong } = sharesOfPictures(page);
  return [...new Set([...ROUND_SHARES, shownShare(torn), shownShare(wrong)])].sort((a, b) => b - a);
}

function sheetOnLoss(page, isSolved) {
  const shares = sharesOnPaper(page);
  const { question, choices } = askForLoss(page);
  return {
    question,
    guess: { choices: choices.map(([, text]) => text), right: choices.length - 1 },
    losses: {
      head: ["p", `loss = ${MINUS}ln p`],
      rows: shares.map((share) => [formatShare(share), { blank: two(lossOfShare(share)) }]),
    },
    chart: [printLoss(shares, isSolved)],
    first: two(lossOfShare(0.1) - lossOfShare(1)),
    second: two(lossOfShare(0.01) - lossOfShare(0.1)),
  };
}

/** Return the axes and the grid of the losses, and with the solution the curve as well. */
function printLoss(shares, isSolved) {
  const most = Math.max(5, Math.ceil(Math.max(...shares.map(lossOfShare))));
  const [width, height] = [640, 64 + 48 * most];
  const scale = makeScale(width, height, { from: 0, to: 1, most });
  const [columns, rows] = [spread(0, 1, 11), spread(0, most, most + 1)];
  const at = (share) => [scale.x(share), scale.y(-Math.log(share))];
  return printDrawing(width, height, [
    ...columns.map((value) => drawLine("axis", [scale.x(value), scale.y(most)], [scale.x(value), scale.floor])),
    ...rows.map((value) => drawLine("axis", [scale.left, scale.y(value)], [scale.x(1), scale.y(value)])),
    ...drawAxes(
      scale,
      columns.map((value) => [value, value.toFixed(1)]),
      rows.map((value) => [value, String(value)]),
    ),
    isSolved &&
      drawCurve(
        "curve",
        spread(-most, 0, 100).map((log) => at(Math.exp(log))),
      ),
    ...(isSolved ? shares : []).map((share) => drawDot("dot", at(share), 5)),
  ]);
}

/* Sheet 6: steps on the valley of scene 6. */

const PAPER_STEPS = 3;
const BESIDE = 0.1; // to each side of the ball, for a slope from two losses

/** Return the numbers of the sheet: {beside, rise, steps, reckless}. beside: weights and losses around the ball. */
function stepsOnPaper(page) {
  const valley = valleyOf(page);
  const beside = [-BESIDE, BESIDE].map((by) => {
    const weight = round2(valley.start + by);
    return { weight, loss: round2(lossAt(valley, weight)) };
  });
  const rise = round2((beside[1].loss - beside[0].loss) / round2(beside[1].weight - beside[0].weight));
  const rate = rateOf(valley, FIRST_SETTING);
  const steps = [];
  for (let weight = valley.start; steps.length < PAPER_STEPS; weight = steps.at(-1).next) {
    steps.push(stepFrom(valley, weight, rate));
  }
  return { valley, beside, rise, steps, reckless: stepFrom(valley, valley.start, rateOf(valley, 1)) };
}

function sheetOnSlope(page, isSolved) {
  const { valley, beside, rise, steps, reckless } = stepsOnPaper(page);
  const [left, right] = beside;
  const name = page.model.classNames[valley.index];
  const weights = [valley.start, ...(isSolved ? steps.map(({ next }) => next) : [])];
  const losses = [reckless.next, valley.start].map((weight) => two(lossAt(valley, weight)));
  return {
    ...{ pictures: valley.samples.length, name, start: two(valley.start), left: two(left.weight) },
    ...{ "left-loss": two(left.loss), right: two(right.weight), "right-loss": two(right.loss) },
    ...{ rise: two(right.loss - left.loss), run: two(right.weight - left.weight), slope: two(rise) },
    ...{ rate: two(reckless.rate), steep: signed(reckless.slope), next: two(reckless.next) },
    out: `The loss is ${losses[0]} there, and was ${losses[1]}. The step is too large.`,
    chart: [printDrawing(640, 250, paintValley(640, 250, valley, { ...slope.begin(page), weights }, name))],
    steps: {
      head: ["weight", "step size", "slope", "new weight"],
      rows: steps.map(({ weight, slope: steep, rate, next }, i) => [
        i === 0 ? two(weight) : { blank: two(weight) },
        two(rate),
        signed(steep),
        { blank: two(next) },
      ]),
    },
  };
}

/* Sheet 7: the walk back of scene 7. */

const PAPER_RATE = 0.5;

function sheetOnBackward(page, isSolved) {
  const found = walkOf(page);
  const { share, ink, error, sent, passed, arrived, slope: slopes } = found;
  const [width, height] = [820, 320];
  const plan = planNet(width, height, found.pixel, page.model.shape[1]);
  const { x, y, size } = plan.picture;
  const filled = (before, value) => make("span", {}, before, make("b.blank", {}, formatExactly(value)));
  return {
    net: [
      printDrawing(width, height, [
        makeInk(page.pictures.torn.ink, page.model.shape[1], { x, y, width: size, height: size }),
        ...paintNet(plan, { step: isSolved ? STEPS_BACK : 0, moved: 1, taken: 0 }, takeWeightStep(found, 0)),
      ]),
    ],
    question: askForWeight(found),
    guess: { choices: WEIGHTS.map(([, text]) => text), right: WEIGHTS.findIndex(([value]) => value === ANSWER) },
    ...{ share: two(share), error: formatExactly(error), rate: two(PAPER_RATE) },
    walk: {
      head: ["Path", "At the shape neuron", "It lets through", "At the edge neuron", "Slope of the first weight"],
      rows: Object.entries(PATHS).map(([name, { second, last }]) => [
        name,
        filled(`error × ${two(last)} = `, sent[name]),
        { blank: formatExactly(passed[name]) },
        filled(`× ${two(second)} = `, arrived[name]),
        filled(`× ink ${two(ink)} = `, slopes[name]),
      ]),
    },
    ...{ firstA: two(PATHS.A.first), slopeA: formatExactly(slopes.A), firstB: two(PATHS.B.first) },
    ...{ newA: formatExactly(exactly(PATHS.A.first - PAPER_RATE * slopes.A)), slopeB: formatExactly(slopes.B) },
    newB: formatExactly(PATHS.B.first),
  };
}

/* Sheet 8: counts of the training in the page. */

function sheetOnTraining({ lessons }) {
  const [seen, learnt] = [TRAINING.steps * BATCH, lessons.learnt.labels.length];
  return {
    ...{ unseen: lessons.unseen.labels.length, batch: BATCH, seen: withCommas(seen), learnt: withCommas(learnt) },
    ...{ times: Math.round(seen / learnt), share: percent(GUESSING.share), loss: two(GUESSING.loss) },
  };
}
