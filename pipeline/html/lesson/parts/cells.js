/* Cells with numbers, which may be changed by dragging and by keys. */

const DRAG = 80; // pixels that change a number by 1

/** Append cells to a grid; return them. */
function makeCells(grid, rows, columns) {
  grid.style.setProperty("--columns", columns);
  return makeMany(grid, rows * columns, () => make("span"));
}

/** Show numbers in cells. coloursOf: the style of a number. format: its text. */
function fillCells(cells, numbers, coloursOf, format = two) {
  cells.forEach((cell, k) => {
    setText(cell, format(numbers[k]));
    Object.assign(cell.style, coloursOf(numbers[k]));
  });
}

/**
 * Let the numbers of cells be changed: drag them up or down, or use the arrow keys, left and right to choose a number,
 * up and down to change it. read(cell), write(cell, number); step: of a key; most: the largest magnitude.
 */
function makeEditable(cells, columns, { read, write, step, most }) {
  const set = (cell, number) => write(cell, round2(clamp(number, most, -most)));
  let drag = null; // where the pointer went down, and the number there
  cells[0].parentElement.classList.add("editable");
  cells.forEach((element, cell) => {
    const place = `Row ${Math.floor(cell / columns) + 1}, column ${(cell % columns) + 1}`;
    setAttributes(element, { role: "spinbutton", tabindex: cell === 0 ? 0 : -1, "aria-label": place });
    setAttributes(element, { "aria-valuemin": -most, "aria-valuemax": most });
    element.addEventListener("focus", () => cells.forEach((each) => (each.tabIndex = each === element ? 0 : -1)));
    element.addEventListener("pointerdown", (event) => {
      drag = { y: event.clientY, number: read(cell) };
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener("pointermove", (event) => {
      if (!drag || !event.buttons) return;
      set(cell, drag.number + step * Math.round((drag.y - event.clientY) / DRAG / step));
    });
    element.addEventListener("lostpointercapture", () => (drag = null));
    element.addEventListener("keydown", (event) => {
      const [x, y] = MOVES[event.key] ?? [0, 0];
      if (!x && !y) return;
      event.preventDefault();
      if (y) set(cell, read(cell) - y * (event.shiftKey ? 5 : 1) * step);
      else cells[clamp(cell + x, cells.length - 1)].focus();
    });
  });
}

/** Tell a screen reader the numbers of cells that can be changed. */
function tellNumbers(cells, numbers) {
  cells.forEach((cell, k) => setAttributes(cell, { "aria-valuenow": round2(numbers[k]).toFixed(2) }));
}
