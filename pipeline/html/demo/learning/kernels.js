/* Kernels with an arrow in each cell, and the large one whose cells can be chosen and dragged. */

const CELL = 24; // pixels of the canvas
const DRAG = 100; // pixels to the right, or up with a mouse, by which a weight is dragged to grow by 1

/**
 * Paint a kernel, and in each cell where gradient descent moves it: up to grow; the longer, the steeper. slopes: or
 * null.
 */
function paintSlopes(canvas, kernel, [height], slopes, steepest) {
  const width = kernel.length / height;
  const small = document.createElement("canvas");
  paintValues(small, kernel, height, width, signedColours(largestMagnitude(kernel)));
  [canvas.width, canvas.height] = [CELL * width, CELL * height];
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  slopes?.forEach((slope, k) => {
    const length = (CELL / 2 - 2) * Math.sqrt(Math.abs(slope) / (steepest || 1));
    const [x, y] = [CELL * ((k % width) + 0.5), CELL * (Math.floor(k / width) + 0.5)];
    const tip = slope < 0 ? -length : length;
    const barb = tip - Math.sign(tip) * Math.min(4, length);
    context.beginPath();
    for (const [a, b] of [[[0, -tip], [0, tip]], [[-4, barb], [0, tip]], [[4, barb], [0, tip]]]) {
      context.moveTo(x + a[0], y + a[1]);
      context.lineTo(x + b[0], y + b[1]);
    }
    for (const [style, lineWidth] of [["--background", 5], ["--ink", 2]]) {
      Object.assign(context, { strokeStyle: `rgb(${colour(style)})`, lineWidth, lineCap: "round" });
      context.stroke();
    }
  });
}

/**
 * Let cells of the large kernel be chosen by a tap or arrow keys, and dragged, by a finger only sideways. sizes: [rows,
 * columns]. on: {choose(row, column), chosen(): {row, column, weight}, turn(weight), settle()}, the last after a drag.
 */
function listenToKernel(canvas, [rows, columns], on) {
  let dragged = null; // {weight, along} where the drag began
  const alongOf = ({ pointerType, clientX, clientY }) => clientX - (pointerType === "touch" ? 0 : clientY);
  canvas.addEventListener("pointerdown", (event) => {
    const box = canvas.getBoundingClientRect();
    const [y, x] = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
    on.choose(Math.floor(y * rows), Math.floor(x * columns));
    dragged = { weight: on.chosen().weight, along: alongOf(event) };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (dragged) on.turn(dragged.weight + (alongOf(event) - dragged.along) / DRAG);
  });
  for (const type of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(type, () => {
      dragged = null;
      on.settle();
    });
  }
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!moves) return;
    event.preventDefault();
    const { row, column } = on.chosen();
    on.choose(row + moves[0], column + moves[1]);
  });
}
