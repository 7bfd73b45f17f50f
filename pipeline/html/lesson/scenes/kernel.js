/* Scene 2: a kernel of 5 x 5 numbers slides over a picture, and fills its map. */

const KERNEL = { size: 5, stride: 2, most: 1, step: 0.05, fullMap: 5 }; // fullMap: a sum in full colour
const SLIDE = 150; // milliseconds at each stop
const KERNELS = {
  A: { cell: (row) => [-0.5, 0, 1, 0, -0.5][row], answer: "No: A lights up on horizontal strokes. Try B." },
  B: {
    cell: (row, column) => [-0.5, 0, 1, 0, -0.5][column],
    answer: "Yes. Its middle column adds ink, its outer columns subtract it.",
  },
  C: {
    cell: (row, column) => [1, -0.25, -0.4, 0, 0][Math.abs(row + column - 4)],
    answer: "No: C lights up on strokes that lean like /. Try B.",
  },
  Edge: {
    cell: (row, column) => [-1, -0.5, 0, 0.5, 1][column],
    answer: "Edge: it lights up where there is no ink on the left and ink on the right.",
  },
  Blur: { cell: () => 0.2, answer: "Blur: it adds up a fifth of the ink of each square." },
};
const CHOICES = ["A", "B", "C"]; // of the question
const RIGHT = "B";
const CONVOLUTION = "Sliding it over a whole picture is a *convolution*.";

function kernelOf(name) {
  return Array.from({ length: KERNEL.size ** 2 }, (_, k) =>
    KERNELS[name].cell(Math.floor(k / KERNEL.size), k % KERNEL.size),
  );
}

/** Return the number of stops of the kernel in a row of the picture. */
function stopsIn(width) {
  return Math.floor((width - KERNEL.size) / KERNEL.stride) + 1;
}

/** Return the ink under the kernel at a stop, row by row. */
function inkUnder(ink, width, stop) {
  const stops = stopsIn(width);
  const [top, left] = [Math.floor(stop / stops), stop % stops].map((place) => KERNEL.stride * place);
  return Array.from({ length: KERNEL.size ** 2 }, (_, k) => {
    const [row, column] = [top + Math.floor(k / KERNEL.size), left + (k % KERNEL.size)];
    return ink[row * width + column];
  });
}

/** Return {under, products, sum} at a stop, in two decimals as shown: the sum adds the shown products. */
function multiplyAt(ink, width, numbers, stop) {
  const under = inkUnder(ink, width, stop).map(round2);
  const products = under.map((value, k) => round2(value * numbers[k]));
  return { under, products, sum: sumShown(products) };
}

/** Return the map of the stops before `count`: sums, 0 where they are below 0. */
function mapOf(ink, width, numbers, count) {
  const stops = stopsIn(width);
  return Float32Array.from({ length: stops ** 2 }, (_, stop) =>
    stop < count ? Math.max(multiplyAt(ink, width, numbers, stop).sum, 0) : 0,
  );
}

const kernel = {
  name: "One kernel",
  title: "A kernel slides over the picture",
  lead: "The same 25 weights at every stop: multiply, add up, fill one square.",

  // choice: name of the kernel, null before the guess. isSolved: the right one was chosen. numbers: of the kernel.
  // stop: of the frame. filled: stops in the map. isSliding.
  begin: () => ({
    choice: null,
    isSolved: false,
    isChanged: false,
    numbers: kernelOf(RIGHT),
    stop: 0,
    filled: 0,
    isSliding: false,
  }),

  build(scene) {
    const { ink } = scene.page.pictures.stroke;
    const [, width] = scene.page.model.shape;
    const stops = stopsIn(width);
    const choose = (name) => chooseKernel(scene, name, stops ** 2);
    const parts = buildKernelStage(scene, stops, width);
    const drawQuestion = buildKernelQuestion(scene, choose);
    return (own) => {
      const isAsked = own.choice === null;
      scene.stage.parentElement.classList.toggle("asked", isAsked);
      drawQuestion(own);
      paintInk(parts.picture, ink, width);
      if (isAsked) return;
      const [row, column] = [Math.floor(own.stop / stops), own.stop % stops];
      const { under, products, sum } = multiplyAt(ink, width, own.numbers, own.stop);
      Object.assign(parts.frame.style, {
        left: `${(100 * KERNEL.stride * column) / width}%`,
        top: `${(100 * KERNEL.stride * row) / width}%`,
      });
      fillCells(parts.ink, under, inkTint);
      fillCells(parts.products, products, (value) => tint(value, 1));
      fillCells(parts.numbers, own.numbers, (value) => tint(value, KERNEL.most));
      tellNumbers(parts.numbers, own.numbers);
      setText(parts.sum, two(sum));
      setAttributes(parts.frame, {
        "aria-label": `Frame in row ${row + 1}, column ${column + 1} of ${stops} × ${stops} stops: arrow keys move it`,
      });
      setText(parts.words, describeSum(sum));
      paintActive(parts.map, mapOf(ink, width, own.numbers, own.filled), stops, KERNEL.fullMap);
      Object.assign(parts.dot.style, { left: `${(100 * column) / stops}%`, top: `${(100 * row) / stops}%` });
    };
  },

  leave: (scene) => scene.own.isSliding && finishSlide(scene),

  action(own, scene) {
    if (own.isSliding) return { label: "To the end", run: () => endSlide(scene) };
    return own.isSolved ? { label: "Next", run: scene.next } : null;
  },

  /** Arrows move the frame. */
  key(scene, { key }) {
    const { own } = scene;
    if (!(key in MOVES) || own.choice === null) return false;
    const stops = stopsIn(scene.page.model.shape[1]);
    const [x, y] = MOVES[key];
    const [row, column] = [Math.floor(own.stop / stops) + y, (own.stop % stops) + x].map((at) => clamp(at, stops - 1));
    moveFrame(scene, row * stops + column);
    return true;
  },
};

/** Say what becomes of a sum: ReLU. */
function describeSum(sum) {
  if (sum > 0) return `Sum ${two(sum)}: the larger it is, the bluer its square.`;
  return `Sum ${two(sum)}: ${sum < 0 ? "below 0 counts as 0, and " : ""}its square stays empty.`;
}

/** Move the frame to a stop, and end the sliding. */
function moveFrame(scene, stop) {
  if (scene.own.isSliding) finishSlide(scene);
  scene.change({ stop });
}

function chooseKernel(scene, name, count) {
  scene.change({
    choice: name,
    isSolved: scene.own.isSolved || name === RIGHT,
    isChanged: false,
    numbers: kernelOf(name),
  });
  if (CHOICES.includes(name)) slide(scene, count);
  else endSlide(scene);
}

/** Slide the kernel over all stops. */
function slide(scene, count) {
  if (isStill()) return endSlide(scene);
  const isNew = !scene.own.isSliding;
  scene.change({ stop: 0, filled: 1, isSliding: true });
  if (!isNew) return; // its timer goes on from the first stop
  scene.every(SLIDE, () => {
    const { stop, isSliding } = scene.own;
    if (!isSliding) return false;
    const isLast = stop + 1 === count - 1;
    if (isLast) endSlide(scene);
    else scene.change({ stop: stop + 1, filled: stop + 2 });
    return !isLast;
  });
}

/** Fill the map, and show the stop that lights up most. */
function endSlide(scene) {
  finishSlide(scene);
  const { page, own } = scene;
  const [, width] = page.model.shape;
  scene.change({ stop: strongest(mapOf(page.pictures.stroke.ink, width, own.numbers, own.filled), 1)[0] });
}

function finishSlide(scene) {
  const count = stopsIn(scene.page.model.shape[1]) ** 2;
  scene.change({ filled: count, isSliding: false });
}

function buildKernelQuestion({ ask }, choose) {
  const pictureOf = (name) => {
    const canvas = make("canvas.tile");
    paintSigned(canvas, kernelOf(name), KERNEL.size, 1.1);
    return canvas;
  };
  const drawChoices = makeOptions(ask, {
    question: "Which kernel lights up on a vertical stroke?",
    choices: CHOICES.map((name) => [name, pictureOf(name), make("span", {}, name)]),
    pick: choose,
  });
  const why = make("p.why");
  const changes = ["Edge", "Blur"].map((name) => make("button.plain", { onclick: () => choose(name) }, name));
  const more = make("p.more", {}, "Now change it: ", ...changes);
  ask.append(why, more);
  return ({ choice, isChanged, isSolved, isSliding }) => {
    drawChoices(isChanged ? null : choice, choice && RIGHT);
    const answer = choice === null ? "" : isChanged ? "Your own kernel." : KERNELS[choice].answer;
    setWords(why, choice === RIGHT && !isSliding && !isChanged ? `${answer} ${CONVOLUTION}` : answer);
    more.hidden = !isSolved;
  };
}

function buildKernelStage(scene, stops, width) {
  const [picture, map] = [make("canvas.pic"), make("canvas.tile")];
  const [frame, dot] = [make("div.frame", { tabindex: 0, role: "application" }), make("div.frame.dot")];
  const [sum, words] = [make("b"), make("p.words")];
  const count = KERNEL.size ** 2;
  const ink = makeCells("ink", "Ink in the frame", count, KERNEL.size);
  const numbers = makeCells("numbers", `Kernel: ${count} *weights*`, count, KERNEL.size);
  const products = makeCells("products", `${count} products = ink × weight`, count, KERNEL.size);
  const { outputShape, window: size } = scene.page.model.layers[scene.page.edges];
  const note = make(
    "p.label.note",
    {},
    `These kernels are made by hand. The network of scene 1 has ${outputShape[0]}, of ` +
      `${size.join(`${SPACE}×${SPACE}`)} numbers; training made them, and they look ragged.`,
  );
  const over = (canvas, mark) => make("div.over", {}, canvas, mark);
  scene.stage.append(
    make(
      "figure.picture",
      {},
      make("figcaption", {}, `Picture: ${width} × ${width}, in steps of ${KERNEL.stride}`),
      over(picture, frame),
    ),
    ink.figure,
    make("div.sign.times", {}, "×"),
    numbers.figure,
    make("div.sign.equals", {}, "="),
    products.figure,
    make("div.sign.sum", {}, make("small", {}, "sum"), sum, make("span", {}, "→")),
    make("figure.map", {}, make("figcaption", {}, `Map: ${stops} × ${stops} stops`), over(map, dot)),
    words,
    note,
  );
  listenToFrame(scene, picture, (x, y) =>
    [x, y].map((at) => Math.round((at * width - KERNEL.size / 2) / KERNEL.stride)),
  );
  listenToFrame(scene, map, (x, y) => [x, y].map((at) => Math.floor(at * stops)));
  makeEditable(numbers, KERNEL.size, {
    read: (cell) => scene.own.numbers[cell],
    write: (cell, number) => {
      if (scene.own.isSliding) finishSlide(scene);
      scene.change({ numbers: scene.own.numbers.with(cell, number), isChanged: true });
    },
    step: KERNEL.step,
    most: KERNEL.most,
  });
  const cells = { ink: ink.cells, numbers: numbers.cells, products: products.cells };
  return { picture, map, frame, dot, sum, words, ...cells };
}

/** Move the frame by pointer. stopAt: the column and row of the stop at a place, each from 0 to 1. */
function listenToFrame(scene, canvas, stopAt) {
  const stops = stopsIn(scene.page.model.shape[1]);
  const move = (event) => {
    if (scene.own.choice === null || (event.type === "pointermove" && event.buttons === 0)) return;
    const box = canvas.getBoundingClientRect();
    const place = stopAt((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    const [column, row] = place.map((at) => clamp(at, stops - 1));
    moveFrame(scene, row * stops + column);
  };
  canvas.addEventListener("pointerdown", move);
  canvas.addEventListener("pointermove", move);
}
