/* Scene 7: the error of a score walks back along two paths; a shut neuron stops it. Then a weight takes its step. */

const STEPS_BACK = 5;
const WALK = 900; // milliseconds of each step
const PIXEL = { row: 15, column: 18 }; // near which a pixel with full ink is chosen
const WEIGHTS = [
  ["A", "A"],
  ["B", "B"],
  ["AB", "Both"],
];
const ANSWER = "A";
const MADE_UP = "Picture, pixel and error are real; the weights are made up to be round. Other inputs are left out.";
const STEP_SIZE = 5; // so large that the share is seen to rise
const LINKED = { A: [5, 4, 2], B: [Infinity, Infinity, 2] }; // steps after which the error has come back over each link

/** Return the numbers of the scene: those of `walkBack`, the pixel, the right class and the other one with most. */
function walkOf(page) {
  if (!page.walk) {
    const { ink, label, reading } = pictureOf(page, "torn");
    const { probabilities } = reading;
    const { classNames, shape } = page.model;
    const other = strongest(probabilities, 2).find((digit) => digit !== label);
    const pixel = choosePixel(ink, shape[1], PIXEL);
    page.walk = {
      ...walkBack(probabilities[label], pixel.ink),
      ...{ pixel, name: classNames[label], other: outputNames(page.model)[other], sentByOther: probabilities[other] },
    };
  }
  return page.walk;
}

/** Return the lines of the ledger, [label, text]: each is a calculation with the numbers that are shown. */
function writeLedger({ share, ink, error, sent, passed, arrived, slope: slopes }) {
  const times = (a, b, result) => `${formatExactly(a)} × ${b} = ${formatExactly(result)}`;
  return [
    ["Error:", `${two(share)} ${MINUS} 1 = ${formatExactly(error)}`],
    ["Times weight:", `A ${formatExactly(sent.A)}, B ${formatExactly(sent.B)}`],
    ["B is shut:", `${formatExactly(sent.B)} becomes ${passed.B}`],
    ["A is open:", times(passed.A, two(PATHS.A.second), arrived.A)],
    ["Slope of A:", times(arrived.A, `ink ${two(ink)}`, slopes.A)],
  ];
}

function askForWeight({ name, share }) {
  return `The ${name} got only ${percent(share)}. Which weight, turned a little, can raise it?`;
}

/**
 * Return the numbers of the scene when A has gone a part of its step, from 0 to 1: those of `walkOf` with first, the
 * weights, and adds, what the path of A adds to the score; all as shown.
 */
function takeWeightStep(found, part) {
  const { second, last } = PATHS.A;
  const whole = round2(PATHS.A.first - STEP_SIZE * found.slope.A);
  const first = round2(PATHS.A.first + part * (whole - PATHS.A.first));
  const edge = round2(found.ink * first);
  const shape = round2(edge * second);
  const [before, adds] = [found.shape.A, shape].map((value) => round2(value * last));
  const grown = found.share * Math.exp(adds - before);
  return {
    ...found,
    ...{ adds, before, first: { A: first, B: PATHS.B.first }, share: grown / (1 - found.share + grown) },
    ...{ edge: { ...found.edge, A: edge }, shape: { ...found.shape, A: shape } },
  };
}

/** Say what the step has changed. */
function describeWeightStep(found) {
  const { first, adds, before, share } = takeWeightStep(found, 1);
  const rule = `${two(PATHS.A.first)} + ${STEP_SIZE} × ${formatExactly(-found.slope.A)} = ${two(first.A)}`;
  const rise = `the ${found.name} rises from ${percent(found.share)} to ${percent(share)}`;
  const sums = `The path adds ${two(adds)}, not ${two(before)}, and ${rise}.`;
  return `${rule} (${STEP_SIZE} is a large step, so that one can see it). ${sums}`;
}

/** Return what a step leaves out. */
function writeNote({ step, taken }, { other, sentByOther }) {
  const others = `The other scores send errors, too: that of ${other} sends ${signed(sentByOther)}.`;
  if (step === 1) return `The error is the slope of the loss over the score. ${others}`;
  if (step < STEPS_BACK) return MADE_UP;
  if (taken > 0) return "In training, every weight with a slope takes its step at once.";
  return "This walk back is called *backpropagation*. A kernel’s weight adds up the walks from all its positions.";
}

const backward = {
  name: "Walk back",
  title: "Which weight should change?",
  lead: (page, { guess }) =>
    guess === null
      ? "One pixel, two paths to one score. Scene 6 turned one weight; a network has thousands."
      : "The error walks back. Each weight multiplies it. A neuron below 0 is shut, and stops it.",

  // guess: null before. step: of the walk back, from 0. moved: how much of its way the message has gone. taken: how
  // much of the step of the weight is taken.
  begin: () => ({ guess: null, step: 0, moved: 1, taken: 0 }),

  build(scene) {
    const { page } = scene;
    const found = walkOf(page);
    const ledger = writeLedger(found);
    const { box, canvas, note } = stamp(scene.stage, "backward");
    const drawNet = makeChart(box, `Two paths from one pixel to the score of ${found.name}: A is open, B is shut`);
    const drawGuess = makeOptions(scene.ask, {
      question: askForWeight(found),
      choices: WEIGHTS,
      pick: (guess) => scene.change({ guess }),
    });
    const [why, lines] = [make("p.why"), make("ol.ledger")];
    scene.ask.append(why, lines);
    return (own) => {
      const isAsked = own.step === 0;
      drawGuess(own.guess, own.guess && ANSWER, isAsked);
      why.hidden = !isAsked || own.guess === null;
      setText(why, `${verdictOn(own.guess, ANSWER)}only A can. The error walks back and shows why.`);
      lines.replaceChildren(...listLines(own, ledger, found));
      setWords(note, writeNote(own, found));
      drawNet((width, height) => {
        const plan = planNet(width, height, found.pixel, page.model.shape[1]);
        const { x, y, size } = plan.picture;
        Object.assign(canvas.style, { left: `${x}px`, top: `${y}px`, width: `${size}px`, height: `${size}px` });
        return paintNet(plan, own, takeWeightStep(found, own.taken));
      });
      paintInk(canvas, page.pictures.torn.ink, page.model.shape[1]);
    };
  },

  leave: (scene) => scene.change({ moved: 1, taken: Math.round(scene.own.taken) }),

  action(own, scene) {
    if (own.guess === null) return null;
    const take = (taken) => scene.animate(WALK, (share) => scene.change({ taken: share * taken }));
    if (own.taken > 0) return { label: "Next", run: scene.next };
    if (own.step === STEPS_BACK) return { label: "Take the step", run: () => own.moved === 1 && take(1) };
    return { label: "Walk back", run: () => walk(scene) };
  },

  /** Arrows walk back, and forward to the question again. */
  key(scene, { key }) {
    const { guess, step, moved } = scene.own;
    if (guess === null || moved < 1 || !["ArrowLeft", "ArrowRight"].includes(key)) return false;
    if (key === "ArrowLeft" && step < STEPS_BACK) walk(scene);
    if (key === "ArrowRight") scene.change({ step: Math.max(step - 1, 0), taken: 0 });
    return true;
  },
};

function walk(scene) {
  if (scene.own.moved < 1) return; // it is still walking
  scene.change({ step: scene.own.step + 1, moved: 0 });
  scene.animate(WALK, (moved) => scene.change({ moved }));
}

/** Return the lines of the steps whose message has arrived, and at the end what they say about both weights. */
function listLines({ step, moved, taken }, ledger, found) {
  const shown = moved < 1 ? step - 1 : step;
  const lines = ledger.slice(0, shown).map(([name, text]) => make("li", {}, make("b", {}, name), ` ${text}`));
  const verdict = taken < 1 ? "A’s slope is below 0, so make A larger." : describeWeightStep(found);
  return shown === STEPS_BACK ? [...lines, make("li", {}, verdict)] : lines;
}

/**
 * Return where all is drawn: from left to right, or upwards on tablets and phones. {isUpright, isSmall, radius,
 * picture: {x, y, size}, caption, nodes}. caption: the place of the text of the pixel. nodes: points of each path:
 * pixel, edge neuron, shape neuron and score.
 */
function planNet(width, height, { row, column }, columns) {
  const isUpright = width < 500 || (width < 800 && height > width);
  const isSmall = width < (isUpright ? 500 : 700);
  const [radius, size] = isSmall ? [28, 88] : isUpright ? [44, 160] : [48, 160];
  const along = isUpright
    ? [height - size / 2, height * 0.63, height * 0.365, radius + 10]
    : [size / 2, width * 0.4, width * 0.65, width - radius - 16];
  const [first, second] = isUpright ? [width * 0.27, width * 0.73] : [height * 0.22, height * 0.72];
  const place = (k, across) => (isUpright ? [across, along[k]] : [along[k], across]);
  const middle = (first + second) / 2;
  const [x, y] = place(0, middle).map((value) => value - size / 2);
  const cell = size / columns;
  const pixel = [x + (column + 0.5) * cell, y + (row + 0.5) * cell];
  const path = (across) => [pixel, place(1, across), place(2, across), place(3, middle)];
  const caption = isUpright ? [x + size + 16, y + size - 8] : [x + size / 8, y + size + 24];
  return { isUpright, isSmall, radius, picture: { x, y, size }, caption, nodes: { A: path(first), B: path(second) } };
}

/** Return the point at a share of the way from one point to another. */
function between(from, to, share) {
  return from.map((value, k) => value + (to[k] - value) * share);
}

/** Return the point on the way from one point to another that is so many pixels from the first. */
function beyond(from, to, distance) {
  return between(from, to, distance / Math.hypot(to[0] - from[0], to[1] - from[1]));
}

/** Return the elements of the drawing: messages pass behind the neurons. */
function paintNet(plan, own, found) {
  const names = Object.keys(PATHS);
  const [x, y] = plan.nodes.A[0];
  return [
    ...names.flatMap((name) =>
      LINKED[name].map((since, k) =>
        drawLine(own.step >= since ? "link done" : "link", plan.nodes[name][k], plan.nodes[name][k + 1]),
      ),
    ),
    makeSvg("rect", { class: "pixel", x: x - 8, y: y - 8, width: 16, height: 16, rx: 2 }),
    plan.isSmall ? null : drawText(...plan.caption, `One pixel: ink ${two(found.ink)}`),
    ...names.flatMap((name) => drawWeights(plan, name, own, found)),
    ...messagesOf(plan, own, found).map((message) => drawMessage(message, own, plan.isSmall)),
    ...names.flatMap((name) => drawNeurons(plan, name, found)),
    ...drawScore(plan, own, found),
  ];
}

/** Return a text beside a point of a path: so many pixels outwards, and so many further along it. */
function drawBeside({ isUpright }, path, [x, y], [outwards, along], text, name = null) {
  const side = path === "A" ? -1 : 1;
  if (!isUpright) return drawText(x + along, y + 6 + side * outwards, text, { anchor: "middle", name });
  return drawText(x + side * outwards, y + 6 - along, text, { anchor: side < 0 ? "end" : "start", name });
}

/** Return both neurons of a path with their values and names, and the gate of a shut one. */
function drawNeurons(plan, name, found) {
  const { isUpright, isSmall, radius, nodes } = plan;
  const draw = ([x, y], kind) => {
    const value = found[kind.toLowerCase()][name];
    const words = [isSmall ? kind : `${kind} neuron ${name}`, value > 0 ? "open" : "shut"];
    const lines = isSmall && isUpright ? words : [words.join(": ")];
    const outwards = radius + (isUpright ? 10 : 18);
    return [
      drawDot("node", [x, y], radius),
      drawText(x, y + 6, formatExactly(value), { anchor: "middle", name: "big" }),
      ...lines.map((line, k) => drawBeside(plan, name, [x, y], [outwards, 10 * (lines.length - 1) - 20 * k], line)),
    ];
  };
  const [, first, [x, y]] = nodes[name];
  const [away, half] = [radius + 2, radius - 4];
  const ends = [-half, half].map((by) => (isUpright ? [x + by, y - away] : [x + away, y + by]));
  return [...draw(first, "Edge"), ...draw([x, y], "Shape"), found.shape[name] > 0 ? null : drawLine("gate", ...ends)];
}

function drawScore({ isUpright, radius, nodes }, { taken }, { name, share }) {
  const [x, y] = nodes.A[3];
  const [aimX, aimY, anchor] = isUpright ? [x - radius - 20, y + 5, "end"] : [x, y - radius - 20, "middle"];
  return [
    drawDot("node", [x, y], radius + 8),
    drawText(x, y - 6, name, { anchor: "middle", name: "big" }),
    drawText(x, y + 18, percent(share), { anchor: "middle", name: taken > 0 ? "big up" : "big" }),
    drawText(aimX, aimY, `should be 100${SPACE}%`, { anchor }),
  ];
}

/** Return the weights of a path, outside of its links. */
function drawWeights(plan, name, { step, taken }, { first }) {
  const { isUpright, isSmall, radius, picture, nodes } = plan;
  const { second, last } = PATHS[name];
  const [pixel, edge, shape, score] = nodes[name];
  const isRight = name === ANSWER;
  const corner = [picture.x + picture.size / 2, picture.y + 14];
  return [
    drawBeside(
      plan,
      name,
      isUpright ? corner : between(pixel, edge, 0.4),
      isUpright ? [picture.size / 2 + 8, 0] : { A: [48, -16], B: [-20, 40] }[name],
      `${name} = ${two(first[name])}${isRight && step === STEPS_BACK ? " ↑" : ""}`,
      isRight && taken > 0 ? "big halo up" : "big halo",
    ),
    drawBeside(
      plan,
      name,
      between(edge, shape, 0.5),
      [isUpright ? radius + 10 : 40, 0],
      `× ${two(second)}`,
      "big halo",
    ),
    drawBeside(
      plan,
      name,
      between(shape, score, 0.5),
      isUpright ? [24, 16] : [40, isSmall ? 8 : 32],
      `× ${two(last)}`,
      "big halo",
    ),
  ];
}

/** Return the messages so far: {since, from, to, before, after}, the last two being values; a weight changes them. */
function messagesOf({ isUpright, isSmall, radius, nodes: { A, B } }, { step }, found) {
  const { error, sent, passed, arrived, slope: slopes } = found;
  const [, , , score] = A;
  const far = isSmall ? 30 : 44; // from a neuron
  const [doorA, doorB, gate] = [A, B, B].map((path, k) => beyond(path[2], score, radius + far + [0, 8, -8][k]));
  const aside = isUpright ? [score[0] + radius + far + 18, score[1]] : [score[0], score[1] + radius + 40];
  const middle = between(A[1], A[2], 0.5);
  return [
    { since: 1, from: score, to: aside, before: error, after: error },
    { since: 2, from: score, to: doorA, before: error, after: sent.A },
    { since: 2, until: 3, from: score, to: doorB, before: error, after: sent.B },
    { since: 3, from: doorB, to: gate, before: sent.B, after: passed.B },
    { since: 4, from: doorA, to: middle, before: passed.A, after: arrived.A },
    { since: 5, from: middle, to: beyond(A[1], A[0], radius + far), before: arrived.A, after: slopes.A },
  ].filter(({ since, until = Infinity }) => since <= step && step < until);
}

function drawMessage({ since, from, to, before, after }, { step, moved }, isSmall) {
  const isNow = since === step;
  const [x, y] = isNow ? between(from, to, moved) : to;
  const value = isNow && moved < 0.5 ? before : after;
  const text = value === 0 ? "0" : formatExactly(value);
  const height = isSmall ? 28 : 40;
  const width = Math.max(height, 10 * text.length + height / 2);
  return makeSvg(
    "g",
    { class: `message${isNow ? " now" : ""}${value === 0 ? " zero" : ""}` },
    makeSvg("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: height / 2 }),
    drawText(x, y + 6, text, { anchor: "middle" }),
  );
}
