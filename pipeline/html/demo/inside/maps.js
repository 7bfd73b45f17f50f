/* The column of a hidden layer: a tile per map or a cell per unit, as buttons with one tab stop and arrow keys. */

const FEW = 8; // maps of a later layer that are shown at first

/** Return the title of each hidden layer. */
function titlesOf(layers) {
  const hidden = layers.slice(0, -1);
  const maps = hidden.filter(({ outputShape }) => isMap(outputShape)).length;
  const numbered = hidden.length - maps > 1;
  return hidden.map((_, i) => (i < maps ? `Layer ${i + 1}` : numbered ? `Dense ${i - maps + 1}` : "Dense"));
}

/**
 * Make the column of layer `index`. on: {preview(target), leave(), pin(target), release(), isPinned(target)}. Returns
 * {element, tiles, map(unit), show(values), repaintKernels(slopes)}.
 */
function makeColumn(parent, layers, index, title, on) {
  const layer = layers[index];
  const [count, ...size] = layer.outputShape;
  const hasMaps = isMap(layer.outputShape);
  const hasKernels = index === 0 && hasMaps && layer.weights;
  // a single layer of maps has all the room
  const hasRoom = layers.length === 2 ? hasMaps : NARROW.matches && !hasMaps;
  const isLong = hasMaps && !hasKernels && count > 2 * FEW; // only the most active maps are shown at first
  let isWhole = !isLong;
  let across = isLong ? columnsFor(FEW) : (hasRoom ? 2 : 1) * columnsFor(count);
  const aspect = hasKernels ? 1.7 : 1; // of a tile
  const element = append(parent, "section", "", "column");
  append(element, "h3", title);
  append(element, "p", LAYERS[layer.kind].tell(layer, index), "caption");
  const weight = across * aspect * Math.sqrt(size[0] ?? 1); // larger maps get more room
  const layOut = () => {
    const variables = { across, down: Math.ceil((isWhole ? count : FEW) / across), aspect, weight };
    for (const [name, value] of Object.entries(variables)) element.style.setProperty(`--${name}`, value);
  };
  layOut();
  const grid = append(element, "div", "", `tiles ${hasMaps ? "maps" : "cells"}${hasKernels ? " with-kernels" : ""}`);
  grid.setAttribute("role", "group");
  grid.setAttribute("aria-label", title);
  const cells = hasMaps ? null : append(grid, "canvas");
  cells?.setAttribute("aria-hidden", "true");
  const tiles = Array.from({ length: count }, (_, unit) => {
    const tile = append(grid, "button", "", "tile");
    Object.assign(tile, { type: "button", tabIndex: unit === 0 ? 0 : -1 });
    tile.dataset.unit = unit;
    tile.setAttribute("aria-label", `${hasMaps ? "Map" : "Unit"} ${unit + 1} of ${title.toLowerCase()}`);
    if (hasKernels) paintKernel(append(append(tile, "span", "", "framed"), "canvas", "", "kernel"), layer, unit);
    if (hasMaps) append(tile, "canvas", "", "map");
    return tile;
  });
  const chooseTiles = (values) => {
    const peaks = tiles.map((_, unit) => (isWhole ? 0 : extremes(partOf(values, count, unit))[1]));
    const most = strongest(peaks, FEW);
    tiles.forEach((tile, unit) => (tile.hidden = !isWhole && !most.includes(unit)));
    const shown = tiles.filter(({ hidden }) => !hidden);
    if (!shown.some(({ tabIndex }) => tabIndex === 0)) shown.forEach((tile, i) => (tile.tabIndex = i === 0 ? 0 : -1));
  };
  if (isLong) {
    const all = append(element, "button", `All ${count} maps`, "all-maps");
    all.type = "button";
    all.addEventListener("click", () => {
      isWhole = true;
      across = columnsFor(count);
      all.remove();
      layOut();
      chooseTiles(column.values);
      on.leave(); // what is drawn over them moves
    });
  }
  const map = (unit) => (hasMaps ? tiles[unit].lastElementChild : tiles[unit]);
  const column = { element, tiles, values: null, map };
  column.show = (values) => {
    column.values = values;
    const paint = activationColours(values);
    if (isLong && !isWhole) chooseTiles(values);
    if (cells) return paintValues(cells, values, Math.ceil(count / across), across, paint);
    for (let unit = 0; unit < count; unit++) paintValues(column.map(unit), partOf(values, count, unit), ...size, paint);
  };
  column.repaintKernels = (slopes = null) => {
    if (!hasKernels) return;
    tiles.forEach((tile, unit) => paintKernel(tile.querySelector(".kernel"), layer, unit, slopes));
  };
  listenToTiles(grid, column, { index, layer, title, across: () => across }, on);
  return column;
}

function listenToTiles(grid, column, { index, layer, title, across }, on) {
  const [count, height, width] = layer.outputShape;
  const find = (event) => {
    const tile = event.target.closest(".tile");
    if (!tile) return null;
    const unit = Number(tile.dataset.unit);
    const box = column.map(unit).getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * (height ?? 1));
    const left = Math.floor(((event.clientX - box.left) / box.width) * (width ?? 1));
    const isInside = height && row >= 0 && row < height && left >= 0 && left < width;
    return { index, unit, position: isInside ? row * width + left : null };
  };
  const focusTile = (unit) => {
    column.tiles.forEach((tile, i) => (tile.tabIndex = i === unit ? 0 : -1));
    column.tiles[unit].focus();
  };
  grid.addEventListener("pointermove", (event) => {
    const target = event.pointerType === "touch" ? null : find(event); // a finger does not hover
    if (target) on.preview(target);
  });
  grid.addEventListener("pointerleave", on.leave);
  grid.addEventListener("focusin", (event) => {
    const unit = Number(event.target.dataset.unit);
    column.tiles.forEach((tile, i) => (tile.tabIndex = i === unit ? 0 : -1));
    if (event.target.matches(":focus-visible")) on.preview({ index, unit, position: null });
  });
  grid.addEventListener("focusout", on.leave);
  grid.addEventListener("click", (event) => {
    const target = find(event);
    if (target && event.detail === 0) target.position = null; // by keyboard
    if (target) on.pin(target);
  });
  grid.addEventListener("keydown", (event) => {
    const unit = Number(event.target.dataset.unit);
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const shown = [...column.tiles.keys()].filter((each) => !column.tiles[each].hidden);
    if (event.key === "Escape") on.release();
    else if (event.key in MOVES) {
      const next = shown[shown.indexOf(unit) + across() * MOVES[event.key][1] + MOVES[event.key][0]];
      if (next !== undefined) focusTile(next);
    } else return;
    event.preventDefault();
  });
}

/** Mark the tile that is pinned. isPinned: of {index, unit}. */
function markTiles({ columns }, isPinned) {
  columns.forEach(({ tiles }, index) =>
    tiles.forEach((tile, unit) => setAttributes(tile, { "aria-pressed": isPinned({ index, unit }) })),
  );
}
