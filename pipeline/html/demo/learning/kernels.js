/* Changing the cells of a kernel by hand, by pointer or by keys. */

const DRAG = 100; // pixels up or to the right by which a weight is dragged to grow by 1
const KEYED = 0.1; // by which a key changes a weight

/**
 * Let cells of the kernels be dragged (by a finger only sideways, as it scrolls up and down), or changed by keys:
 * Shift and arrows choose a cell, + and - change it. isActive: whether they can. turn: called with the cell and its
 * new weight. Returns a function that chooses the cell of a tile at {top, left}, or none without a tile.
 */
function listenToKernels(parent, { weights, window: [height, width] }, isActive, turn) {
  let dragged = null; // {cell, weight, along} where the drag began
  let isTurned = false; // by the pointer, whose click then selects no map
  let [row, column] = [0, 0]; // chosen
  const frame = document.createElement("span"); // of the chosen cell
  const chooseCell = (tile, { top, left } = {}) => {
    if (!tile) return frame.remove();
    [row, column] = [clamp(top, height - 1), clamp(left, width - 1)];
    tile.querySelector(".kernel").after(frame);
    placeFrame(frame, cellAt(row * width + column, width), [height, width]);
  };
  const alongOf = ({ pointerType, clientX, clientY }) => clientX - (pointerType === "touch" ? 0 : clientY);
  const cellOf = (tile) => (Number(tile.dataset.unit) * height + row) * width + column;
  parent.addEventListener("pointerdown", (event) => {
    isTurned = false;
    if (!event.target.matches(".kernel") || !isActive()) return;
    const box = event.target.getBoundingClientRect();
    const [y, x] = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
    const tile = event.target.closest(".tile");
    chooseCell(tile, { top: Math.floor(y * height), left: Math.floor(x * width) });
    const cell = cellOf(tile);
    dragged = { cell, weight: weights[cell], along: alongOf(event) };
    event.target.setPointerCapture(event.pointerId);
  });
  parent.addEventListener("pointermove", (event) => {
    const along = alongOf(event);
    if (!dragged || (along === dragged.along && !isTurned)) return;
    isTurned = true;
    turn(dragged.cell, dragged.weight + (along - dragged.along) / DRAG);
  });
  parent.addEventListener("click", (event) => isTurned && event.detail > 0 && event.stopPropagation(), true);
  for (const type of ["pointerup", "pointercancel"]) parent.addEventListener(type, () => (dragged = null));
  parent.addEventListener("keydown", ({ target, key, shiftKey, ctrlKey, metaKey, altKey }) => {
    if (ctrlKey || metaKey || altKey || !target.querySelector(".kernel") || !isActive()) return;
    const [right, down] = (shiftKey && MOVES[key]) || [0, 0];
    const change = { "+": KEYED, "-": -KEYED }[key] ?? 0;
    if (!(right || down || change)) return;
    chooseCell(target, { top: row + down, left: column + right });
    announce(turn(cellOf(target), weights[cellOf(target)] + change));
  });
  return chooseCell;
}

/** Return where a weight is: "Kernel 2, row 3, column 4". */
function nameOfCell({ window: [height, width] }, cell) {
  const [row, column] = [Math.floor(cell / width) % height, cell % width];
  return `Kernel ${Math.floor(cell / (height * width)) + 1}, row ${row + 1}, column ${column + 1}`;
}
