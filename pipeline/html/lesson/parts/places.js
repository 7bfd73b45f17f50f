/* Places in a picture or in a grid: frames around them, pointers over them, and arrow keys between them. */

/** Place an element on a part of a picture with that shape, in shares of it. */
function placeFrame({ style }, { top, left, height, width }, [rows, columns]) {
  const share = (value, count) => `${(100 * value) / count}%`;
  Object.assign(style, { top: share(top, rows), height: share(height, rows) });
  Object.assign(style, { left: share(left, columns), width: share(width, columns) });
}

/**
 * Call pick(x, y, event) with the place of the pointer in an element, from 0 to 1, while it is pressed; isHovered: also
 * while a mouse moves over it.
 */
function listenToPlace(element, pick, isHovered = false) {
  const tell = (event) => {
    const isMoving = event.type === "pointermove";
    if (isMoving && !event.buttons && !(isHovered && event.pointerType === "mouse")) return;
    const box = element.getBoundingClientRect();
    pick((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, event);
  };
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    tell(event);
  });
  element.addEventListener("pointermove", tell);
}

/** Return the number of the square at a place in a grid. */
function squareAt(x, y, columns, rows) {
  return clamp(Math.floor(y * rows), rows - 1) * columns + clamp(Math.floor(x * columns), columns - 1);
}

/** Return the square of a grid to which an arrow key leads; null for other keys. */
function moveIn(key, square, columns, rows) {
  if (!(key in MOVES)) return null;
  const [x, y] = MOVES[key];
  return clamp(Math.floor(square / columns) + y, rows - 1) * columns + clamp((square % columns) + x, columns - 1);
}

/**
 * Make a grid of squares a pad: pointers and arrow keys choose one. sides(): its columns and rows. chosen(): the square
 * that is chosen. isHovered: as in `listenToPlace`.
 */
function makeGridPad(element, sides, { chosen, choose, label, isHovered = false }) {
  setAttributes(element, { tabindex: 0, role: "application", "aria-label": `${label}: arrow keys choose one` });
  listenToPlace(element, (x, y) => choose(squareAt(x, y, ...sides())), isHovered);
  element.addEventListener("keydown", (event) => {
    const square = moveIn(event.key, chosen(), ...sides());
    if (square === null) return;
    event.preventDefault();
    choose(square);
  });
}

/**
 * Let the frame of a kernel be dragged over a picture of that shape: choose the stop whose frame is nearest. sides:
 * rows and columns of stops. frameAt(stop): the part of the picture under the frame.
 */
function makeFrameDraggable(picture, shape, [rows, columns], frameAt, choose) {
  const { top, left, height, width } = frameAt(0);
  const step = frameAt(1).left - left || shape[1]; // there may be one column
  const stopAt = (place, count) => clamp(Math.round(place / step), count - 1);
  listenToPlace(picture, (x, y) => {
    const [across, down] = [x * shape[1] - left - width / 2, y * shape[0] - top - height / 2];
    choose(stopAt(down, rows) * columns + stopAt(across, columns));
  });
}

/**
 * Let a kernel go to all of its stops, one after the other, and at last to the one whose square is the largest. The
 * state of the scene has where it is, `stop`, and how many squares it has filled, `filled`.
 */
function slide(scene, count, milliseconds, largest) {
  scene.stop(); // it may be sliding
  if (isStill()) return moveKernel(scene, largest);
  scene.change({ stop: 0, filled: 1 });
  scene.every(Math.max(milliseconds, 16), () => {
    const { filled } = scene.own;
    if (filled >= count) return false; // it was moved by hand
    scene.change({ filled: filled + 1, stop: filled + 1 < count ? filled : largest });
    return true;
  });
}

/** Move a kernel to a stop; all squares are filled. */
function moveKernel(scene, stop) {
  scene.change({ stop, filled: Infinity });
}

/**
 * Return where the squares of the output of layer `index` lie in the picture: {top, left, height, width} of the first
 * one. They are as large as a step, in the middle of what each depends on.
 */
function squareOf(layers, index) {
  const { top, left, height, width } = receptiveField(layers, index, 0);
  const [down, along] = layers
    .slice(0, index + 1)
    .reduce(([y, x], { stride }) => [y * stride[0], x * stride[1]], [1, 1]);
  const middle = (from, size, step) => from + Math.floor((size - step) / 2);
  return { top: middle(top, height, down), left: middle(left, width, along), height: down, width: along };
}

/** Paint a map, the output of layer `index`, over the faint picture: its squares lie where they belong. */
function paintOver(canvas, { layers, shape }, index, ink, map, most) {
  const [, rows, columns] = layers[index].outputShape;
  const { top, left, height, width } = squareOf(layers, index);
  const [well, full, plus] = [colour("--well"), colour("--ink"), colour("--pos")];
  const pixels = Float32Array.from(ink, (_, k) => k);
  paintValues(canvas, pixels, shape[1], (k) => {
    const base = mix(well, full, FAINT * ink[k]);
    const [row, column] = [
      Math.floor((Math.floor(k / shape[1]) - top) / height),
      Math.floor(((k % shape[1]) - left) / width),
    ];
    if (row < 0 || row >= rows || column < 0 || column >= columns) return base;
    return mix(base, plus, clamp(map[row * columns + column] / most, 1) ** SOFTER);
  });
}

/** Return the part of the picture under a window, which is in squares of the output of layer `index`. */
function partUnder(layers, index, { top, left, height, width }) {
  const square = squareOf(layers, index);
  return {
    top: square.top + top * square.height,
    left: square.left + left * square.width,
    height: height * square.height,
    width: width * square.width,
  };
}
