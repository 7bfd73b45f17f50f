/* Print sheets of the scenes with numbers: each a page, with blanks or with the solutions. */

const SHEETS = { 2: sheetOnKernel, 3: sheetOnShapes, 5: sheetOnLoss, 6: sheetOnSlope, 7: sheetOnBackward };

/** Return a sheet in HTML, with blanks or with the solutions. */
function writeSheet(page, number, isSolved) {
  const { title, body } = SHEETS[number](page, isSolved);
  const owner = isSolved ? "Solutions" : "Name: ______________________";
  const head = `<p class="running"><span>How a network reads digits: scene ${number}</span><span>${owner}</span></p>`;
  return `<section class="sheet">${head}<h1>${title}</h1>${body}</section>`;
}

let isSolution = false; // whether the solutions are printed, not the blanks

/** Print the sheet of the open scene. */
function printSheet(isSolved) {
  isSolution = isSolved;
  window.print();
}

/** Fill the sheet of the open scene before the page is printed. A scene that has none is printed as it is. */
function listenToPrint(page) {
  const sheets = document.getElementById("sheets");
  window.addEventListener("beforeprint", () => {
    if (page.pictures && state.scene in SHEETS) sheets.innerHTML = writeSheet(page, state.scene, isSolution);
  });
  window.addEventListener("afterprint", () => {
    isSolution = false;
    sheets.replaceChildren();
  });
}

/** Return a task: its number and text, and what follows. */
function task(number, text, ...parts) {
  return `<h2>${number}. ${text}</h2>${parts.join("")}`;
}

/** Return a line to write on, with the text if it is solved. */
function blank(isSolved, text) {
  return `<span class="blank">${isSolved ? text : ""}</span>`;
}

/** Return boxes to tick; that of the right choice is ticked if it is solved. */
function boxes(isSolved, choices, right) {
  const mark = (choice) => (isSolved && choice === right ? "☒" : "☐");
  return `<p class="boxes">${choices.map((choice) => `<span>${mark(choice)} ${choice}</span>`).join("")}</p>`;
}

function table(head, rows) {
  const cells = (tag, row) => `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  return `<table>${cells("th", head)}${rows.map((row) => cells("td", row)).join("")}</table>`;
}

/** Return a drawing of SVG elements, as wide as the text. */
function printDrawing(width, height, elements) {
  return makeSvg("svg", { class: "plot", viewBox: `0 0 ${width} ${height}` }, ...elements.filter(Boolean)).outerHTML;
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

/* Sheet 2: round numbers, so that it can be done in the head. */

const STROKES_ON_PAPER = [
  [
    [0, 0, 1, 0.5, 0],
    [0, 0, 1, 0.5, 0],
    [0, 0.5, 1, 0, 0],
    [0, 0.5, 1, 0, 0],
    [0, 1, 1, 0, 0],
  ],
  [
    [0, 0, 0, 0, 0],
    [1, 1, 0, 0, 0],
    [1, 1, 0.5, 0, 0],
    [0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0],
  ],
];
const FIRST_STOPS = 4;

function one(value) {
  return `${value < 0 ? MINUS : ""}${Math.abs(value).toFixed(1)}`;
}

function sheetOnKernel(page, isSolved) {
  const grid = (caption, values, isInk = false) => {
    const shade = (value) => (isInk && value > 0 ? ` class="${value < 1 ? "half" : "full"}"` : "");
    const cells = values.map((value) => `<span${shade(value)}>${value === null ? "" : one(value)}</span>`);
    return `<div><p class="caption">${caption}</p><div class="grid">${cells.join("")}</div></div>`;
  };
  const sums = STROKES_ON_PAPER.map((stroke) => {
    const { under, products, sum } = multiplyAt(stroke.flat(), KERNEL.size, kernelOf(RIGHT), 0);
    const parts = [
      grid("Ink (0 = none, 1 = full)", under, true),
      "×",
      grid("Kernel", kernelOf(RIGHT)),
      "=",
      grid("25 products", isSolved ? products : products.map(() => null)),
    ];
    const sign = (part) => (part.length === 1 ? `<b class="sign">${part}</b>` : part);
    return (
      `<div class="row">${parts.map(sign).join("")}</div><p class="sum">Sum: ${blank(isSolved, one(sum))} ` +
      `A sum below 0 counts as 0. The map’s square gets: ${blank(isSolved, one(Math.max(sum, 0)))}</p>`
    );
  });
  const [, width] = page.model.shape;
  const stops = stopsIn(width);
  const starts = Array.from({ length: FIRST_STOPS }, (_, i) => KERNEL.stride * i);
  const strip = Array.from(
    { length: width },
    (_, i) => `<i${isSolved && starts.includes(i) ? ' class="full"' : ""}></i>`,
  );
  const last = KERNEL.stride * (stops - 1);
  const solution = isSolved
    ? ` Left edges, counted from 0: ${starts.join(", ")}, … ${last}. The last frame covers squares ${last} to ` +
      `${last + KERNEL.size - 1} of 0 to ${width - 1}.`
    : "";
  return {
    title: "A kernel slides over the picture",
    body:
      task(1, "Guess first. This kernel lights up most on a stroke that is …") +
      boxes(isSolved, ["horizontal (–)", "vertical (|)", "slanted (/)"], "vertical (|)") +
      task(2, "Multiply each ink by the kernel’s number at the same place. Then add up.", sums[0]) +
      task(3, "The same kernel where a horizontal stroke ends. Was your guess right?", sums[1]) +
      task(
        4,
        `The frame is ${KERNEL.size} squares wide and moves ${KERNEL.stride} squares at a time. The picture is ` +
          `${width} wide.`,
      ) +
      `<p>Mark the first four positions of the frame’s left edge. How many stops fit in one row?</p>` +
      `<div class="strip">${strip.join("")}</div><p class="sum">Stops: ${blank(isSolved, stops)}${solution}</p>` +
      `<p class="foot">This kernel is made by hand. A network finds its own by training (scene 8). Write one of ` +
      `yours on the back: which stroke does it like?</p>`,
  };
}

/* Sheet 3: the sum of scene 3, and what its pictures lose without a shape. */

const GAPS = 3; // products to calculate

/**
 * Return the numbers of the sheet: {story, term, gaps, rest, scores, letters, pictures}. gaps: cells whose products can
 * be calculated from three decimals. rest: the sum of the other maps. scores: with the shape and without it. letters:
 * shapes that pictures need most. pictures: {name, ink, changes, letter}.
 */
function shapesOnPaper(page) {
  const story = storyOf(page);
  const term = story.terms[story.first];
  const isExact = (k) =>
    term.products[k] !== 0 &&
    round2(Number((term.values[k].toFixed(3) * term.weights[k].toFixed(3)).toFixed(6))) === term.products[k];
  const gaps = strongest(term.products.map(Math.abs), term.products.length).filter(isExact).slice(0, GAPS);
  const rest = sumShown(story.terms.filter((each) => each !== term).map(({ sum }) => sum));
  const without = forwardWithout(page, story.reading, [story.unit]).at(-1);
  const needs = picturesOf(page).map((picture) => trialsOf(page, picture).map(({ change }) => change));
  const neediest = needs.map(
    (changes) =>
      strongest(
        changes.map((change) => -change),
        1,
      )[0],
  );
  const letters = [...new Set([story.unit, ...neediest])].sort((a, b) => a - b);
  const pictures = picturesOf(page).map(({ ink, best }, i) => ({
    ...{ ink, name: outputNames(page.model)[best], changes: letters.map((unit) => round2(needs[i][unit])) },
    letter: letterOf(letters.indexOf(neediest[i])),
  }));
  return {
    story,
    term,
    gaps,
    rest,
    letters,
    pictures,
    scores: [story.reading.logits, without].map((each) => round2(each[story.digit])),
  };
}

function letterOf(index) {
  return String.fromCharCode(65 + index);
}

function sheetOnShapes(page, isSolved) {
  const { story, term, gaps, rest, scores, letters, pictures } = shapesOnPaper(page);
  const { biases, window: size } = page.model.layers[page.shapes];
  const [bias, others] = [biases[story.unit], story.terms.length - 1];
  const [before, after] = scores.map(two);
  const grid = (caption, values) =>
    `<div><p class="caption">${caption}</p><div class="grid wide" style="--columns: ${values.length / size[0]}">` +
    `${values.map((value) => `<span>${value}</span>`).join("")}</div></div>`;
  const products = term.products.map((value, k) =>
    gaps.includes(k) ? blank(isSolved, signed(value)) : signedOrNone(value) || "0",
  );
  const parts = [
    grid("In the frame", Array.from(term.values, three)),
    grid("Weights", Array.from(term.weights, three)),
    grid("Products", products),
  ];
  const signs = ["", "×", "="].map((text) => text && `<b class="sign">${text}</b>`);
  const name = page.model.classNames[story.digit];
  const picture = (ink, columns, caption) =>
    `<div><p class="caption">${caption}</p>${makeInk(ink, columns, { width: "20mm" }).outerHTML}</div>`;
  const tiles = letters.map((unit, i) => picture(tileOf(page, unit).ink, tileOf(page, unit).width, letterOf(i)));
  const inks = pictures.map(({ ink }, i) => picture(ink, page.model.shape[1], `Picture ${i + 1}`));
  const rows = pictures.map(({ name: digit, changes, letter }, i) => [
    `Picture ${i + 1}, read as ${digit}`,
    ...changes.map(signed),
    blank(isSolved, letter),
  ]);
  return {
    title: "One shape: its sum, and what it is good for",
    body:
      task(1, `The kernel of a shape meets edge map ${story.first + 1} of ${withArticle(name)}. Fill in the gaps.`) +
      `<div class="row">${parts.map((part, i) => signs[i] + part).join("")}</div>` +
      `<p class="sum">Sum of the products, in two decimals each: ${blank(isSolved, signed(term.sum))}</p>` +
      task(2, `The other ${others} maps add ${signed(rest)}, the bias adds ${signed(bias)}. What is the whole sum?`) +
      `<p class="sum">${[blank(isSolved, signed(term.sum)), signed(rest), signed(bias)].join(" ")} = ` +
      `${blank(isSolved, two(story.total))} ReLU: below 0 it becomes 0. Its square gets: ` +
      `${blank(isSolved, two(Math.max(story.total, 0)))}</p>` +
      task(3, `The score of ${name} is ${before}. Without this shape, with its map set to 0, it is ${after}.`) +
      `<p class="sum">It changes by ${blank(isSolved, signed(scores[1] - scores[0]))}</p>` +
      task(4, "Each picture loses something without a shape. Which one does it need most?") +
      `<div class="row">${tiles.join("")}${inks.join("")}</div>` +
      table(["Change of its score", ...letters.map((_, i) => `without ${letterOf(i)}`), "needs most"], rows) +
      `<p class="foot">A tile is the mean of the ${BEST} patches of training pictures that light it up most. All ` +
      `numbers are those of scene 3.</p>`,
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
  const asked = askForLoss(page);
  const rows = shares.map((share) => [formatShare(share), blank(isSolved, two(lossOfShare(share)))]);
  return {
    title: "Sure and wrong costs the most",
    body:
      task(1, `Guess first. ${asked.question}`) +
      boxes(
        isSolved,
        asked.choices.map(([, text]) => text),
        asked.choices.at(-1)[1],
      ) +
      task(2, `Calculate loss = ${MINUS}ln p, in two decimals. p is what the network gives the right digit.`) +
      table(["p", `loss = ${MINUS}ln p`], rows) +
      task(3, "Mark the losses in the chart, and join them.", printLoss(shares, isSolved)) +
      task(
        4,
        "p falls from 1 to 0.1, and then from 0.1 to 0.01: each time to a tenth. By how much does the loss grow?",
      ) +
      `<p class="sum">By ${blank(isSolved, two(lossOfShare(0.1) - lossOfShare(1)))} and by ` +
      `${blank(isSolved, two(lossOfShare(0.01) - lossOfShare(0.1)))}${
        isSolved ? ` Both are ln 10 = ${Math.LN10.toFixed(4)}; the rest is rounding.` : ""
      }</p>`,
  };
}

/** Return the axes and the grid of the losses, and with the solution the curve as well. */
function printLoss(shares, isSolved) {
  const [width, height, most] = [640, 320, 5];
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
  const weights = [valley.start, ...(isSolved ? steps.map(({ next }) => next) : [])];
  const chart = (width, height) => paintValley(width, height, valley, { ...slope.begin(page), weights }, name);
  const name = page.model.classNames[valley.index];
  const [left, right] = beside;
  const rows = steps.map(({ weight, slope: steep, rate, next }, i) => [
    i === 0 ? two(weight) : blank(isSolved, two(weight)),
    two(rate),
    signed(steep),
    blank(isSolved, two(next)),
  ]);
  const out = isSolved
    ? ` The loss is ${two(lossAt(valley, reckless.next))} there, and was ${two(lossAt(valley, valley.start))}. ` +
      "The step is too large."
    : "";
  return {
    title: "The slope says which way to turn a weight",
    body:
      `<p class="sum">The loss of ${valley.samples.length} pictures over one weight of the score of ${name}. ` +
      `The ball is at ${two(valley.start)}.</p>${printDrawing(640, 250, chart(640, 250))}` +
      task(1, "Guess first. Which weight lowers the loss?") +
      boxes(isSolved, ["a smaller one", "a larger one"], "a smaller one") +
      task(
        2,
        `At ${two(left.weight)} the loss is ${two(left.loss)}, at ${two(right.weight)} it is ` +
          `${two(right.loss)}. How steep is it between them?`,
      ) +
      `<p class="sum">Slope = change of loss : change of weight = ${blank(isSolved, two(right.loss - left.loss))} : ` +
      `${blank(isSolved, two(right.weight - left.weight))} = ${blank(isSolved, two(rise))}</p>` +
      task(3, `New weight = weight ${MINUS} step size × slope. Take three steps.`) +
      table(["weight", "step size", "slope", "new weight"], rows) +
      task(
        4,
        `The first step with a step size of ${two(reckless.rate)} and a slope of ${signed(reckless.slope)}: ` +
          `where does it end?`,
      ) +
      `<p class="sum">New weight: ${blank(isSolved, two(reckless.next))}${out}</p>`,
  };
}

/* Sheet 7: the walk back of scene 7. */

const PAPER_RATE = 0.5;

function sheetOnBackward(page, isSolved) {
  const found = walkOf(page);
  const { share, ink, error, sent, passed, arrived, slope: slopes } = found;
  const grown = exactly(PATHS.A.first - PAPER_RATE * slopes.A);
  const fill = (value) => blank(isSolved, formatExactly(value));
  const [width, height] = [820, 320];
  const plan = planNet(width, height, found.pixel, page.model.shape[1]);
  const { x, y, size } = plan.picture;
  const net = [
    makeInk(page.pictures.torn.ink, page.model.shape[1], { x, y, width: size, height: size }),
    ...paintNet(plan, { step: isSolved ? STEPS_BACK : 0, moved: 1, taken: 0 }, takeWeightStep(found, 0)),
  ];
  const lines = Object.keys(PATHS).map((letter) => {
    const { second, last } = PATHS[letter];
    return [
      letter,
      `error × ${two(last)} = ${fill(sent[letter])}`,
      fill(passed[letter]),
      `× ${two(second)} = ${fill(arrived[letter])}`,
      `× ink ${two(ink)} = ${fill(slopes[letter])}`,
    ];
  });
  return {
    title: backward.title,
    body:
      printDrawing(width, height, net) +
      task(1, `Guess first. ${askForWeight(found)}`) +
      boxes(
        isSolved,
        WEIGHTS.map(([, text]) => text),
        ANSWER,
      ) +
      task(2, `The error is the share minus 1: ${two(share)} ${MINUS} 1 = ${fill(error)}`) +
      task(3, "Walk back. Each weight multiplies the error. A shut unit lets nothing through.") +
      table(["Path", "At the shape unit", "It lets through", "At the edge unit", "Slope of the first weight"], lines) +
      task(4, `New weight = weight ${MINUS} step size × slope. The step size is ${two(PAPER_RATE)}.`) +
      `<p class="sum">New A = ${two(PATHS.A.first)} ${MINUS} ${two(PAPER_RATE)} × (${fill(slopes.A)}) = ` +
      `${fill(grown)}</p>` +
      `<p class="sum">New B = ${two(PATHS.B.first)} ${MINUS} ${two(PAPER_RATE)} × (${fill(slopes.B)}) = ` +
      `${fill(PATHS.B.first)}</p>` +
      task(5, "What must change so that B can help, too?") +
      `<p class="sum"><span class="blank long">` +
      `${isSolved ? "Its shape unit must open: as with a weight above 0 before it." : ""}</span></p>` +
      `<p class="foot">Picture, pixel and error are real. The weights are made up to be round, and other ` +
      `inputs are left out. The real slope adds up all open paths.</p>`,
  };
}
