/* Scene 2: a kernel of 5 x 5 numbers slides over a picture, and fills its map. */

const KERNEL = { size: 5, stride: 2, most: 1, step: 0.05, fullMap: 5 }; // fullMap: a sum in full colour
const SLIDE = 150; // milliseconds at each stop
const KERNELS = {
  A: {
    cell: (row) => [-0.5, 0, 1, 0, -0.5][row],
    answer: "No: A lights up on horizontal strokes. B is right: press it.",
  },
  B: {
    cell: (row, column) => [-0.5, 0, 1, 0, -0.5][column],
    answer: "Yes. Its middle column adds ink, its outer columns subtract it.",
  },
  C: {
    cell: (row, column) => [1, -0.25, -0.4, 0, 0][Math.abs(row + column - 4)],
    answer: "No: C lights up on strokes that lean like /. B is right: press it.",
  },
  Edge: {
    cell: (row, column) => [-1, -0.5, 0, 0.5, 1][column],
    answer: "Edge: it lights up where there is no ink on the left and ink on the right.",
  },
  Blur: { cell: () => 0.2, answer: "Blur: it adds up a fifth of the ink of each square." },
};
const CHOICES = ["A", "B", "C"]; // of the question
const MORE = ["Edge", "Blur"];
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

  // choice: name of the kernel, null before the guess. isSolved: the right one was chosen. numbers: of the kernel; they
  // may be changed. stop, filled: of `slide`.
  begin: () => ({ choice: null, isSolved: false, isChanged: false, numbers: kernelOf(RIGHT), stop: 0, filled: 0 }),

  build(scene) {
    const { ink } = scene.page.pictures.stroke;
    const { shape } = scene.page.model;
    const stops = stopsIn(shape[1]);
    const parts = buildKernelStage(scene, stops);
    const drawQuestion = buildKernelQuestion(scene);
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
      fillCells(parts.inkCells, under, inkTint);
      fillCells(parts.productCells, products, (value) => tint(value, 1));
      fillCells(parts.numberCells, own.numbers, (value) => tint(value, KERNEL.most));
      tellNumbers(parts.numberCells, own.numbers);
      setText(parts.sum, two(sum));
      setText(parts.words, describeSum(sum));
      setAttributes(parts.map, {
        "aria-label": `Row ${row + 1}, column ${column + 1} of ${stops} × ${stops} stops: arrow keys move the frame`,
      });
      paintActive(parts.map, kernelMap(ink, shape, own.numbers, own.filled), stops, KERNEL.fullMap);
    };
  },

  leave: (scene) => scene.own.choice && scene.change({ filled: Infinity }),

  action(own, scene) {
    if (isSliding(scene)) return { label: "To the end", run: () => moveKernel(scene, strongestStop(scene)) };
    return own.isSolved ? { label: "Next", run: scene.next } : null;
  },
};

function isSliding({ own, page }) {
  return own.choice !== null && own.filled < stopsIn(page.model.shape[1]) ** 2;
}

/** Return the stop whose square is the largest. */
function strongestStop({ own, page }) {
  return indexOfLargest(kernelMap(page.pictures.stroke.ink, page.model.shape, own.numbers, Infinity));
}

/** Say what becomes of a sum: ReLU. */
function describeSum(sum) {
  if (sum > 0) return `Sum ${two(sum)}: the larger it is, the bluer its square.`;
  return `Sum ${two(sum)}: ${sum < 0 ? "below 0 counts as 0, and " : ""}its square stays empty.`;
}

/** Slide a kernel of the question over the picture; others fill their map at once. */
function chooseKernel(scene, choice) {
  const isSolved = scene.own.isSolved || choice === RIGHT;
  scene.change({ choice, isSolved, isChanged: false, numbers: kernelOf(choice) });
  const largest = strongestStop(scene);
  if (CHOICES.includes(choice)) slide(scene, stopsIn(scene.page.model.shape[1]) ** 2, SLIDE, largest);
  else moveKernel(scene, largest);
}

function buildKernelQuestion(scene) {
  const pictureOf = (name) => {
    const canvas = make("canvas.tile");
    paintSigned(canvas, kernelOf(name), KERNEL.size, 1.1);
    return canvas;
  };
  const choose = (name) => chooseKernel(scene, name);
  const drawChoices = makeOptions(scene.ask, {
    question: "Which kernel lights up on a vertical stroke?",
    choices: CHOICES.map((name) => [name, pictureOf(name), make("span", {}, name)]),
    pick: choose,
  });
  const { why, more } = stamp(scene.ask, "kernel-question");
  makeMany(more, 2, (i) => make("button.plain", { onclick: () => choose(MORE[i]) }, MORE[i]));
  return ({ choice, isChanged, isSolved }) => {
    drawChoices(isChanged ? null : choice, choice && RIGHT);
    const answer = choice === null ? "" : isChanged ? "Your own kernel." : KERNELS[choice].answer;
    const isDone = choice === RIGHT && !isSliding(scene) && !isChanged;
    setWords(why, isDone ? `${answer} ${CONVOLUTION}` : answer);
    more.hidden = !isSolved;
  };
}

function buildKernelStage(scene, stops) {
  const { model, edges } = scene.page;
  const [, width] = model.shape;
  const { size, stride, step, most } = KERNEL;
  const parts = stamp(scene.stage, "kernel");
  const [inkCells, numberCells, productCells] = [parts.ink, parts.numbers, parts.products].map((grid) =>
    makeCells(grid, size, size),
  );
  const { outputShape, window: sides } = model.layers[edges];
  setText(parts.pictureName, `Picture: ${width} × ${width}, in steps of ${stride}`);
  setText(parts.mapName, `Map: ${stops} × ${stops} stops`);
  setText(parts.count, String(outputShape[0]));
  setText(parts.sides, sides.join(`${SPACE}×${SPACE}`));
  const move = (stop) => scene.own.choice !== null && moveKernel(scene, stop);
  const frameAt = (stop) => patchAt(kernelLayer([], model.shape), stop);
  makeFrameDraggable(parts.picture, model.shape, [stops, stops], frameAt, move);
  makeGridPad(parts.map, () => [stops, stops], { chosen: () => scene.own.stop, choose: move, label: "Stops" });
  makeEditable(numberCells, size, {
    read: (cell) => scene.own.numbers[cell],
    write: (cell, number) =>
      scene.change({ numbers: scene.own.numbers.with(cell, number), isChanged: true, filled: Infinity }),
    ...{ step, most },
  });
  return { ...parts, inkCells, numberCells, productCells };
}
