/* Scene 3, first half: edge maps over the picture, the sum of one square, and the map that all stops fill. */

const MAP_SCALE = 0.6; // of the largest activation, for a map in full colour
const SQUARES_WITH_NUMBERS = 6; // of a map, in a row: more leave no room for numbers
const FIRST_PATCHES = 6;
const STRIP = 16; // more maps than these stand in two rows

function three(value) {
  return `${value < 0 ? MINUS : ""}${Math.abs(value).toFixed(3)}`;
}

/** Return 0 as nothing, and other numbers with their sign. */
function signedOrNone(value) {
  return round2(value) === 0 ? "" : signed(value);
}

/** Build the views of steps 1 to 4. Returns their draw(own), by step. */
function buildSumViews(scene, parts) {
  const { page } = scene;
  const { model, shapes: index } = page;
  const story = storyOf(page);
  const [layer, below] = [model.layers[index], index - 1];
  const { ink } = page.pictures.sure;
  const maps = story.terms.map((_, map) => partOf(story.reading.values[index], story.terms.length, map));
  const most = MAP_SCALE * extremes(story.reading.values[index])[1];
  const weightMost = largestMagnitude(rowOf(layer, story.unit));
  const productMost = 0.6 * Math.max(...story.terms.map(({ products }) => largestMagnitude(products)));
  const across = story.terms[0].weights.length / layer.window[0];
  const windowAt = (stop) => partUnder(model.layers, below, patchAt(layer, stop));
  const [rows, columns] = sidesOf(page);
  const paint = (canvas, map) => paintOver(canvas, model, below, ink, maps[map], most);

  const choose = (map) => scene.change({ map, cell: null });
  const tiles = [parts.choices, parts.strip, parts.through].map((parent, k) =>
    makeMany(parent, maps.length, (map) => {
      const canvas = make("canvas.tile");
      const [frame, sum] = [make("div.frame"), make("small")];
      const over = make("span.over", {}, canvas, ...(k === 2 ? [frame] : []));
      const name = { "aria-label": `Edge map ${map + 1}` };
      const element =
        k === 2 ? over : make("button", { ...name, onclick: () => choose(map) }, over, ...(k === 1 ? [sum] : []));
      return Object.assign(element, { parts: { canvas, frame, sum } });
    }),
  );
  for (const name of ["values", "weights", "products"]) {
    parts[name].style.setProperty("--columns", across);
    parts[name].cells = makeMany(parts[name], story.terms[0].weights.length, () => make("span"));
  }
  makeGridPad(parts.products, () => [across, layer.window[0]], {
    chosen: () => cellOf(story, scene.own),
    choose: (cell) => scene.own.step === SUM && scene.change({ cell }),
    label: "Products",
    isHovered: true,
  });
  for (const name of ["choices", "through"])
    parts[name].style.setProperty("--across", Math.ceil(Math.sqrt(maps.length)));
  parts.strip.style.setProperty("--across", maps.length > STRIP ? Math.ceil(maps.length / 2) : maps.length);
  parts.map.style.setProperty("--columns", columns);
  const squares = makeMany(parts.map, rows * columns, () => make("span"));
  makeGridPad(parts.map, () => [columns, rows], {
    chosen: () => scene.own.stop,
    choose: (stop) => scene.own.filled >= squares.length && moveShape(scene, stop),
    label: "Squares of the map",
  });
  const step = windowAt(1).left - windowAt(0).left || model.shape[1];
  listenToPlace(parts.picture, (x, y) => {
    const { left, top, width, height } = windowAt(0);
    const at = [(x * model.shape[1] - left - width / 2) / step, (y * model.shape[0] - top - height / 2) / step];
    const [column, row] = at.map((each, k) => clamp(Math.round(each), (k ? rows : columns) - 1));
    moveShape(scene, row * columns + column);
  });
  const patches = makeMany(parts.patches, FIRST_PATCHES, () => make("canvas.tile"));
  setText(
    parts.patchesName,
    `The tile is the mean of the ${BEST} training patches that light it up most. Six of them:`,
  );
  const exact = story.reading.values[index + 1][story.unit * squares.length + story.position];
  setText(parts.exact, `Rounded to two decimals; the network has ${two(exact)}.`);

  /** Paint the maps where they are small. */
  const paintTiles = (tilesOfView, own) =>
    tilesOfView.forEach((tile, map) => {
      paint(tile.parts.canvas, map);
      setAttributes(tile, tile.matches("button") ? { "aria-pressed": map === own.map } : {});
    });

  const drawMaps = (own) => {
    setText(parts.largeName, `Edge map ${own.map + 1}, over the picture`);
    setText(parts.mapsName, `The ${maps.length} edge maps of layer 1`);
    paint(parts.large, own.map);
    paintTiles(tiles[0], own);
  };

  const drawSum = (own) => {
    const { values, weights, products, sum } = story.terms[own.map];
    const isShown = own.step === SUM;
    const cell = cellOf(story, own);
    setText(parts.oneName, `Edge map ${own.map + 1}`);
    paint(parts.one, own.map);
    placeFrame(parts.oneFrame, windowAt(story.position), model.shape);
    fillCells(parts.values.cells, values, (value) => tint(value, 2 * most), twoOrNone);
    fillCells(parts.weights.cells, weights, (value) => tint(value, weightMost), signedOrNone);
    fillCells(
      parts.products.cells,
      isShown ? products : products.map(() => 0),
      (value) => tint(value, productMost),
      signedOrNone,
    );
    for (const name of ["values", "weights", "products"])
      parts[name].cells.forEach((each, k) => each.classList.toggle("at", isShown && k === cell));
    setText(parts.productsName, isShown ? `${products.length} products` : `${products.length} products: ?`);
    const product = products[cell] === 0 ? "0" : signed(products[cell]);
    setText(parts.line, isShown ? `${three(values[cell])} × ${three(weights[cell])} = ${product}` : "");
    setText(parts.mapSum, `Sum of the ${products.length}: ${isShown ? signed(sum) : "?"}`);
    drawStrip(own);
  };

  const drawStrip = (own) => {
    const added = new Set(story.order.slice(0, own.step === SUM ? own.count : 0));
    paintTiles(tiles[1], own);
    tiles[1].forEach((tile, map) => {
      const text = added.has(map) ? signedOrNone(story.terms[map].sum) || "0" : "";
      const { sum } = tile.parts;
      if (sum.textContent === text) return;
      setText(sum, text);
      sum.className = signOf(story.terms[map].sum) < 0 ? "neg lift" : "pos lift";
    });
    const sums = sumShown([...added].map((map) => story.terms[map].sum));
    const isWhole = added.size === maps.length;
    setText(
      parts.added,
      isWhole ? `${maps.length} sums: ${signed(sums)}` : `${added.size} of ${maps.length} added: ${signed(sums)}`,
    );
    setText(parts.bias, isWhole ? `bias: ${signed(layer.biases[story.unit])}` : "");
    setText(parts.total, isWhole ? `This square: ${two(Math.max(story.total, 0))}` : "");
    parts.exact.hidden = !isWhole;
  };

  const drawSlide = (own) => {
    const isDone = own.filled >= squares.length;
    paintInk(parts.picture, ink, model.shape[1]);
    placeFrame(parts.pictureFrame, receptiveField(model.layers, index, own.stop), model.shape);
    setText(parts.throughName, `${maps.length} edge maps`);
    paintTiles(tiles[2], own);
    for (const {
      parts: { frame },
    } of tiles[2])
      placeFrame(frame, windowAt(own.stop), model.shape);
    const filled = story.map.map((value, k) => (k < own.filled ? value : 0));
    const format = columns <= SQUARES_WITH_NUMBERS ? twoOrNone : () => "";
    fillCells(squares, filled, (value) => tint(value, Math.max(...story.map)), format);
    squares.forEach((square, k) => square.classList.toggle("at", k === own.stop));
    setText(parts.mapName, own.filled ? `Map: where it found it (${two(story.map[own.stop])})` : "Its map");
    parts.looks.classList.toggle("waiting", !isDone);
    paintInk(parts.tile, tileOf(page, story.unit).ink, tileOf(page, story.unit).width);
    patchesOf(page, story.unit, FIRST_PATCHES).forEach((patch, i) =>
      paintInk(patches[i], patch, tileOf(page, story.unit).width),
    );
  };

  return { [MAPS]: drawMaps, [GUESS]: drawSum, [SUM]: drawSum, [SLIDE_IT]: drawSlide };
}

/** Return the number of the product that is shown as a line. */
function cellOf({ terms }, { map, cell }) {
  return cell ?? indexOfLargest(terms[map].products.map(Math.abs));
}
