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

/** Return the kernel as a layer, which slides over pictures of that shape. */
function kernelLayer(numbers, shape) {
  const [height, width] = shape.map((side) => Math.floor((side - KERNEL.size) / KERNEL.stride) + 1);
  const pair = (value) => [value, value];
  return {
    ...{ inputShape: [1, ...shape], outputShape: [1, height, width], window: pair(KERNEL.size), padding: pair(0) },
    ...{ stride: pair(KERNEL.stride), dilation: 1, outside: 0, weights: Float32Array.from(numbers), biases: [0] },
  };
}

/** Return the number of stops of the kernel in a row of the picture. */
function stopsIn(width) {
  return kernelLayer([], [width, width]).outputShape[2];
}

/** Return {under, products, sum} at a stop, in two decimals as shown: the sum adds the shown products. */
function multiplyAt(ink, shape, numbers, stop) {
  const [{ values, products, sum }] = termsAt(kernelLayer(numbers, shape), ink, 0, stop, round2);
  return { under: values, products, sum };
}

/** Return the map of the stops before `count`: sums, 0 where they are below 0. */
function kernelMap(ink, shape, numbers, count) {
  const sums = mapAsShown(kernelLayer(numbers, shape), ink, 0, round2);
  return Float32Array.from(sums, (sum, stop) => (stop < count ? sum : 0));
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
    const { page } = scene;
    const { ink } = page.pictures.stroke;
    const { shape } = page.model;
    const stops = stopsIn(shape[1]);
    const choose = (name) => chooseKernel(scene, name, stops ** 2);
    const parts = buildKernelStage(scene, stops);
    const drawQuestion = buildKernelQuestion(scene, choose);
    return (own) => {
      const isAsked = own.choice === null;
      scene.stage.parentElement.classList.toggle("asked", isAsked);
      drawQuestion(own);
      paintInk(parts.picture, ink, shape[1]);
      if (isAsked) return;
      const [row, column] = [Math.floor(own.stop / stops), own.stop % stops];
      const { under, products, sum } = multiplyAt(ink, shape, own.numbers, own.stop);
      placeFrame(parts.frame, patchAt(kernelLayer([], shape), own.stop), shape);
      placeFrame(parts.dot, { top: row, left: column, height: 1, width: 1 }, [stops, stops]);
      fillCells(parts.ink, under, inkTint);
      fillCells(parts.products, products, (value) => tint(value, 1));
      fillCells(parts.numbers, own.numbers, (value) => tint(value, KERNEL.most));
      tellNumbers(parts.numbers, own.numbers);
      setText(parts.sum, two(sum));
      setAttributes(parts.frame, {
        "aria-label": `Frame in row ${row + 1}, column ${column + 1} of ${stops} × ${stops} stops: arrow keys move it`,
      });
      setText(parts.words, describeSum(sum));
      paintActive(parts.map, kernelMap(ink, shape, own.numbers, own.filled), stops, KERNEL.fullMap);
    };
  },

  leave: (scene) => scene.own.isSliding && finishSlide(scene),

  action(own, scene) {
    if (own.isSliding) return { label: "To the end", run: () => endSlide(scene) };
    return own.isSolved ? { label: "Next", run: scene.next } : null;
  },

  /** Arrows move the frame. */
  key(scene, { key }) {
    const stops = stopsIn(scene.page.model.shape[1]);
    const stop = scene.own.choice === null ? null : moveIn(key, scene.own.stop, stops, stops);
    if (stop === null) return false;
    moveFrame(scene, stop);
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
  scene.change({
    stop: indexOfLargest(kernelMap(page.pictures.stroke.ink, page.model.shape, own.numbers, own.filled)),
  });
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
  const { why, more } = stamp(ask, "kernel-question");
  more.append(...["Edge", "Blur"].map((name) => make("button.plain", { onclick: () => choose(name) }, name)));
  return ({ choice, isChanged, isSolved, isSliding }) => {
    drawChoices(isChanged ? null : choice, choice && RIGHT);
    const answer = choice === null ? "" : isChanged ? "Your own kernel." : KERNELS[choice].answer;
    setWords(why, choice === RIGHT && !isSliding && !isChanged ? `${answer} ${CONVOLUTION}` : answer);
    more.hidden = !isSolved;
  };
}

function buildKernelStage(scene, stops) {
  const { model, edges } = scene.page;
  const [, width] = model.shape;
  const parts = stamp(scene.stage, "kernel");
  const cells = Object.fromEntries(
    ["ink", "numbers", "products"].map((name) => {
      parts[name].style.setProperty("--columns", KERNEL.size);
      return [name, makeMany(parts[name], KERNEL.size ** 2, () => make("span"))];
    }),
  );
  const { outputShape, window: size } = model.layers[edges];
  setText(parts.pictureName, `Picture: ${width} × ${width}, in steps of ${KERNEL.stride}`);
  setText(parts.mapName, `Map: ${stops} × ${stops} stops`);
  setText(
    parts.note,
    `These kernels are made by hand. The network of scene 1 has ${outputShape[0]}, of ` +
      `${size.join(`${SPACE}×${SPACE}`)} weights; training made them, and they look ragged.`,
  );
  const listen = (canvas, stopAt) =>
    listenToPlace(canvas, (...place) => {
      const [column, row] = place.slice(0, 2).map((at) => clamp(stopAt(at), stops - 1));
      if (scene.own.choice !== null) moveFrame(scene, row * stops + column);
    });
  listen(parts.picture, (at) => Math.round((at * width - KERNEL.size / 2) / KERNEL.stride));
  listen(parts.map, (at) => Math.floor(at * stops));
  makeEditable({ grid: parts.numbers, cells: cells.numbers }, KERNEL.size, {
    read: (cell) => scene.own.numbers[cell],
    write: (cell, number) => {
      if (scene.own.isSliding) finishSlide(scene);
      scene.change({ numbers: scene.own.numbers.with(cell, number), isChanged: true });
    },
    step: KERNEL.step,
    most: KERNEL.most,
  });
  return { ...parts, ...cells };
}
