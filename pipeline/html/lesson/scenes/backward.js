/* Scene 7: the error of a score walks back along two paths; a shut unit stops it. */

const STEPS_BACK = 5;
const WALK = 900; // milliseconds of each step
const PIXEL = { row: 15, column: 18 }; // near which a pixel with full ink is chosen
const ANSWER = "A";

/** Return the numbers of the scene: those of `walkBack`, the pixel, and the name of the right class. */
function walkOf(page) {
  const { image, label } = page.pictures.torn;
  const pixel = choosePixel(inkOf(image), page.model.shape[1], PIXEL);
  const share = readImage(page.model, image).probabilities[label];
  page.walk ??= { ...walkBack(share, pixel.ink), pixel, name: page.model.classNames[label] };
  return page.walk;
}

/** Return the lines of the ledger, [label, text]: each is a calculation with the numbers that are shown. */
function writeLedger({ share, ink, error, sent, passed, arrived, slope: slopes }) {
  const times = (a, b, result) => `${formatExactly(a)} × ${formatExactly(b)} = ${formatExactly(result)}`;
  return [
    ["Error:", `${two(share)} ${MINUS} 1 = ${formatExactly(error)}`],
    ["Times weight:", `A ${formatExactly(sent.A)}, B ${formatExactly(sent.B)}`],
    ["B is shut:", "nothing passes"],
    ["A is open:", times(passed.A, PATHS.A.second, arrived.A)],
    [
      "Slope of A:",
      `${formatExactly(arrived.A)} × ink ${two(ink)} = ${formatExactly(slopes.A)}. Minus: A should grow; B stays.`,
    ],
  ];
}

/** Say whether a guess is right, and whether the first one was. */
function judgeGuess(guess, first) {
  if (guess === ANSWER) return first === ANSWER ? "You were right." : "Yes, now: only A.";
  return guess === "B" ? "Not B: its path is shut, so no error reaches it." : "Only A: no error reaches B.";
}

const backward = {
  name: "Whose fault?",
  title: "The error walks back, and each weight multiplies it",
  lead: "A shut unit stops it.",

  // guess: null before. first: the guess before the first walk, null until then. step: of the walk back, from 0.
  // moved: how much of its way the message has gone.
  begin: () => ({ guess: null, first: null, step: 0, moved: 1 }),

  build(scene) {
    const { page } = scene;
    const found = walkOf(page);
    const ledger = writeLedger(found);
    const canvas = make("canvas.pic");
    const box = make("div.net", {}, canvas);
    scene.stage.append(box);
    const label = `Two paths from one pixel to the score of ${found.name}: A through open units, B through a shut one`;
    const drawNet = makeChart(box, label);
    scene.stage.append(
      make(
        "p.label.note",
        {},
        "Picture, pixel and error are real; the other numbers are made up to be round. Other inputs of the units are " +
          "not drawn. The real slope adds up all open paths. All other weights learn in the same way.",
      ),
    );
    const question = make("div");
    const lines = make("ol.ledger");
    scene.ask.append(question, lines);
    const drawGuess = makeOptions(question, {
      question: `The ${found.name} got ${percent(found.share)}. A small change of which first weight can help it?`,
      choices: [
        ["A", make("span", {}, "A", make("i", {}, ", on the upper path"))],
        ["B", make("span", {}, "B", make("i", {}, ", on the lower path"))],
        ["AB", "Both"],
      ],
      pick: (guess) => scene.change({ guess }),
    });
    return (own) => {
      question.hidden = own.step > 0;
      drawGuess(own.guess);
      lines.replaceChildren(...listLines(own, ledger));
      drawNet((width, height) => {
        const plan = planNet(width, height, found.pixel, page.model.shape[1]);
        Object.assign(canvas.style, { left: `${plan.picture.x}px`, top: `${plan.picture.y}px` });
        canvas.style.width = canvas.style.height = `${plan.picture.size}px`;
        return paintNet(plan, own, found);
      });
      paintInk(canvas, page.pictures.torn.ink, page.model.shape[1]);
    };
  },

  leave: (scene) => scene.change({ moved: 1 }),

  action(own, scene) {
    if (own.guess === null) return null;
    if (own.step < STEPS_BACK) return { label: "Walk back", run: () => walk(scene) };
    if (own.guess === ANSWER) return { label: "Next", run: scene.next };
    return { label: "Try again", run: () => scene.change({ guess: null, step: 0 }) };
  },

  /** Arrows walk back, and forward to the question again. */
  key(scene, { key }) {
    const { guess, step, moved } = scene.own;
    if (guess === null || moved < 1 || !["ArrowLeft", "ArrowRight"].includes(key)) return false;
    if (key === "ArrowLeft" && step < STEPS_BACK) walk(scene);
    if (key === "ArrowRight" && step > 0) scene.change({ step: step - 1 });
    return true;
  },
};

function walk(scene) {
  if (scene.own.moved < 1) return; // it is still walking
  const { guess, first, step } = scene.own;
  scene.change({ first: first ?? guess, step: step + 1, moved: 0 });
  scene.animate(WALK, (moved) => scene.change({ moved }));
}

function listLines({ guess, first, step, moved }, ledger) {
  if (guess === null) return [];
  if (step === 0) return [make("li.now", {}, "Let the error tell us.")];
  const shown = moved < 1 ? step - 1 : step; // a line comes when the message has arrived
  const lines = ledger.slice(0, shown).map(([name, text], i) => {
    const isNow = i === shown - 1;
    return make(isNow ? "li.now" : "li", {}, make("b", {}, name), ` ${text}`);
  });
  return shown === STEPS_BACK ? [...lines, make("li.now", {}, judgeGuess(guess, first))] : lines;
}

/**
 * Return where all is drawn: from left to right, or upwards on tablets and phones. {isUpright, radius, picture: {x, y,
 * size}, pixel, score, edge, shape}: points of the pixel and the score, and of both units of each path.
 */
function planNet(width, height, { row, column }, columns) {
  const isUpright = width < 800;
  const isSmall = width < 500;
  const radius = isSmall ? 30 : 48;
  const size = isSmall ? 112 : isUpright ? 208 : 160;
  const along = isUpright
    ? [height - size / 2 - 8, height * 0.59, height * 0.335, radius + 16]
    : [size / 2, width * 0.4, width * 0.65, width - 64];
  const [first, second] = isUpright ? [width * 0.26, width * 0.74] : [height * 0.2, height * 0.68];
  const middle = (first + second) / 2;
  const place = (k, across) => (isUpright ? [across, along[k]] : [along[k], across]);
  const centre = place(0, middle);
  const picture = { x: centre[0] - size / 2, y: centre[1] - size / 2, size };
  const cell = size / columns;
  return {
    ...{ isUpright, isSmall, radius, picture },
    pixel: [picture.x + (column + 0.5) * cell, picture.y + (row + 0.5) * cell],
    score: place(3, middle),
    edge: { A: place(1, first), B: place(1, second) },
    shape: { A: place(2, first), B: place(2, second) },
  };
}

/** Return the point at a share of the way from one point to another. */
function between(from, to, share) {
  return from.map((value, k) => value + (to[k] - value) * share);
}

/** Return the point on the way from one point to another that is so many pixels from the first. */
function beyond(from, to, distance) {
  return between(from, to, distance / Math.hypot(to[0] - from[0], to[1] - from[1]));
}

/** Return the elements of the drawing. */
function paintNet(plan, own, found) {
  const names = Object.keys(PATHS);
  return [
    ...names.flatMap((name) => drawLinks(plan, name, own.step)),
    makeSvg("rect", { class: "pixel", x: plan.pixel[0] - 8, y: plan.pixel[1] - 8, width: 16, height: 16, rx: 2 }),
    ...drawPictureLabel(plan, found),
    ...names.flatMap((name) => drawUnits(plan, name)),
    ...drawScore(plan, own, found),
    ...names.flatMap((name) => drawWeights(plan, name, own.step)),
    ...messagesOf(plan, own, found).map(([from, to, value]) => drawMessage(between(from, to, own.moved), value)),
  ];
}

function drawLinks({ pixel, edge, shape, score }, name, step) {
  const link = (from, to, since) =>
    drawLine(step >= since && (name === "A" || since === 2) ? "link done" : "link", from, to);
  return [link(pixel, edge[name], 5), link(edge[name], shape[name], 4), link(shape[name], score, 2)];
}

function drawPictureLabel({ isUpright, isSmall, picture: { x, y, size } }, { ink }) {
  if (isSmall) return [];
  const text = `One pixel: ink ${two(ink)}`;
  if (isUpright) return [drawText(x + size + 16, y + size - 8, text)];
  return [drawText(x + size / 2, y + size + 24, text, { anchor: "middle" })];
}

/** Return both units of a path with their values and names, and the gate of a shut one. */
function drawUnits({ isUpright, isSmall, radius, edge, shape }, name) {
  const { edge: first, shape: second } = PATHS[name];
  const isShut = second <= 0;
  const unit = ([x, y], value, text) => {
    const side = name === "A" ? -1 : 1;
    const beside = [x + side * (radius + (isSmall ? 6 : 12)), y + 5, { anchor: side < 0 ? "end" : "start" }];
    const outside = [x, side < 0 ? y - radius - 12 : y + radius + 24, { anchor: "middle" }]; // off the links
    const [textX, textY, style] = isUpright ? beside : outside;
    return [
      drawDot("node", [x, y], radius),
      drawText(x, y + 6, two(value), { anchor: "middle", name: "big" }),
      drawText(textX, textY, text, style),
    ];
  };
  const [x, y] = shape[name];
  const half = radius - 6;
  const [away, near] = [radius + 2, isUpright];
  const gate = near
    ? drawLine("gate", [x - half, y - away], [x + half, y - away])
    : drawLine("gate", [x + away, y - half], [x + away, y + half]);
  const state = isShut ? (isUpright ? "shut" : "sum below 0, shut") : "open";
  const nameOf = (kind) => (isSmall ? "" : isUpright ? `${kind} unit: ` : `${kind} unit ${name}: `);
  return [
    ...unit(edge[name], first, `${nameOf("Edge")}open`),
    ...unit(shape[name], second, `${nameOf("Shape")}${state}`),
    isShut ? gate : null,
  ];
}

function drawScore({ isUpright, isSmall, radius, score: [x, y] }, { step }, { name, share, error }) {
  const wrong = `error ${formatExactly(error)}`;
  const aside = x + radius + 24;
  return [
    drawDot("node", [x, y], radius + 8),
    drawText(x, y - 4, name, { anchor: "middle", name: "big" }),
    drawText(x, y + 20, percent(share), { anchor: "middle", name: "big" }),
    isSmall
      ? null
      : drawText(isUpright ? aside : x, isUpright ? y - 4 : y + radius + 36, "should be 100" + SPACE + "%", {
          anchor: isUpright ? "start" : "middle",
        }),
    step === 0
      ? null
      : drawText(isUpright ? aside : x, isUpright ? y + 20 : y + radius + 60, wrong, {
          anchor: isUpright ? "start" : "middle",
          name: "big bad",
        }),
  ];
}

/** Return the weights of a path, beside their links. */
function drawWeights({ isUpright, isSmall, radius, picture, pixel, edge, shape, score }, name, step) {
  const { first, second, last } = PATHS[name];
  const side = name === "A" ? -1 : 1;
  const beside = (from, to, share, text) => {
    const [x, y] = between(from, to, share);
    const isStraight = Math.abs(from[1] - to[1]) < 2;
    if (isUpright)
      return drawText(x + side * (isSmall ? 12 : 20), y + 6, text, {
        anchor: side < 0 ? "end" : "start",
        name: "big halo",
      });
    const shift = side < 0 ? (isStraight ? -32 : -14) : isStraight ? 44 : 28;
    const anchor = isStraight ? "middle" : share > 0.6 ? "end" : "start";
    return drawText(x + (isStraight ? 0 : share > 0.6 ? -8 : 8), y + shift, text, { anchor, name: "big halo" });
  };
  // On phones, beside the picture and the upper unit: clear of the messages and of the gate.
  const corner = (x, y, text) => drawText(x, y, text, { anchor: side < 0 ? "end" : "start", name: "big halo" });
  const grows = step === STEPS_BACK && name === ANSWER ? " ↑" : "";
  const [start, end] = [`${name} = ${two(first)}${grows}`, `× ${two(last)}`];
  return [
    isSmall
      ? corner(picture.x + (side < 0 ? -24 : picture.size + 8), edge[name][1] + radius + 20, start)
      : beside(pixel, edge[name], isUpright ? 0.62 : 0.66, start),
    beside(edge[name], shape[name], 0.5, `× ${two(second)}`),
    isSmall
      ? corner(shape[name][0] + side * (radius + 4), shape[name][1] - radius + 8, end)
      : beside(shape[name], score, isUpright ? 0.55 : 0.48, end),
  ];
}

/** Return the messages of a step, [from, to, value]. */
function messagesOf(plan, { step }, { error, sent, passed, arrived, slope: slopes }) {
  const { isUpright, radius, score, shape, edge, pixel } = plan;
  const [x, y] = score;
  const start = isUpright ? [x, y - 60] : [x + 60, y];
  const leaves = isUpright ? [x, y + radius + 10] : [x - radius - 12, y];
  const door = (name) => beyond(shape[name], score, radius + (isUpright ? 28 : 50));
  const out = ([unitX, unitY]) => (isUpright ? [unitX, unitY + radius + 12] : [unitX - radius - 12, unitY]);
  const into = isUpright ? [edge.A[0], edge.A[1] - radius - 24] : [edge.A[0] + radius + 44, edge.A[1]];
  return [
    [],
    [[start, leaves, error]],
    [
      [leaves, door("A"), sent.A],
      [leaves, door("B"), sent.B],
    ],
    [
      [door("A"), door("A"), passed.A],
      [door("B"), door("B"), passed.B],
    ],
    [[out(shape.A), into, arrived.A]],
    [[out(edge.A), between(pixel, edge.A, 0.35), slopes.A]],
  ][step];
}

function drawMessage([x, y], value) {
  const text = value === 0 ? "0" : formatExactly(value);
  const width = 40 + 10 * text.length - 10;
  return makeSvg(
    "g",
    { class: "message" },
    makeSvg("rect", { x: x - width / 2, y: y - 20, width, height: 40, rx: 20 }),
    drawText(x, y + 6, text, { anchor: "middle" }),
  );
}
