/* Kernels, with an arrow in each cell while a network learns, and the large one whose cells can be chosen. */

const CELL = 24; // pixels of the canvas

/** Paint the kernel of a unit, given the slopes of the layer with arrows: where gradient descent moves each cell. */
function paintKernel(canvas, layer, unit, slopes = null) {
  const kernel = rowOf(layer, unit);
  const [height, width] = [layer.window[0], kernel.length / layer.window[0]];
  const small = slopes ? document.createElement("canvas") : canvas;
  paintValues(small, kernel, height, width, signedColours(largestMagnitude(kernel)));
  if (!slopes) return;
  const steepest = largestMagnitude(slopes);
  [canvas.width, canvas.height] = [CELL * width, CELL * height];
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  partOf(slopes, layer.biases.length, unit).forEach((slope, k) => {
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

/** Let cells of the large kernel be chosen by a tap or keys. chosen(), choose(): with row and column. */
function listenToKernel(canvas, [rows, columns], chosen, choose) {
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const [y, x] = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
    choose(Math.floor(y * rows), Math.floor(x * columns));
  });
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!moves) return;
    event.preventDefault();
    choose(...chosen().map((each, i) => each + moves[i]));
  });
}
