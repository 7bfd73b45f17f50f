/* Scene 3, first half: edge maps over the picture, the sum of one square, and the map that all stops fill. */

const MAP_SCALE = 0.6; // of the largest activation, for a map in full colour
const SQUARES_WITH_NUMBERS = 6; // of a map, in a row: more leave no room for numbers
const FIRST_PATCHES = 6;
const STRIP = 16; // more maps than these stand in two rows

/** Build the views of steps 1 to 4. Returns their draw(own), by step. */
function buildSumViews(scene, parts) {
  const { page } = scene;
  const { model, shapes: index } = page;
  const story = storyOf(page);
  const { terms } = story;
  const layer = model.layers[index];
  const maps = terms.map((_, map) => partOf(story.reading.values[index], terms.length, map));
  const most = MAP_SCALE * extremes(story.reading.values[index])[1];
  const [rows, columns] = sidesOf(page);
  const count = rows * columns;
  const windowAt = (stop) => partUnder(model.layers, index - 1, patchAt(layer, stop));
  const fieldAt = (stop) => receptiveField(model.layers, index, stop);

  /** Append a small picture of each edge map, with a frame and a sum; in a button, if they can be chosen. */
  const makeTiles = (parent, tag) =>
    makeMany(parent, maps.length, (map) => {
      const [canvas, frame, sum] = [make("canvas.tile"), make("div.frame", { hidden: true }), make("small")];
      const given = { "aria-label": `Edge map ${map + 1}`, onclick: () => scene.change({ map, cell: null }) };
      const element = make(tag, tag === "button" ? given : {}, make("span.over", {}, canvas, frame), sum);
      return Object.assign(element, { parts: { canvas, frame, sum } });
    });
  const paint = (canvas, map) => paintOver(canvas, model, index - 1, story.reading.values[0], maps[map], most);
  const paintTiles = (tiles, own) =>
    tiles.forEach((tile, map) => {
      paint(tile.parts.canvas, map);
      if (tile.matches("button")) setAttributes(tile, { "aria-pressed": map === own.map });
    });

  const choices = makeTiles(parts.choices, "button");
  parts.choices.style.setProperty("--across", Math.ceil(Math.sqrt(maps.length)));
  setText(parts.mapsName, `The ${maps.length} edge maps of layer 1`);

  const drawMaps = (own) => {
    setText(parts.largeName, `Edge map ${own.map + 1}, over the picture`);
    paint(parts.large, own.map);
    paintTiles(choices, own);
  };

  const strip = makeTiles(parts.strip, "button");
  parts.strip.style.setProperty("--across", maps.length > STRIP ? Math.ceil(maps.length / 2) : maps.length);
  const [height] = layer.window;
  const width = terms[0].weights.length / height;
  const largest = { weights: largestMagnitude(rowOf(layer, story.unit)), values: 2 * most };
  largest.products = 0.6 * Math.max(...terms.map(({ products }) => largestMagnitude(products)));
  const cells = Object.fromEntries(
    ["values", "weights", "products"].map((name) => [name, makeCells(parts[name], height, width)]),
  );
  const cellOf = ({ map, cell }) => cell ?? indexOfLargest(terms[map].products.map(Math.abs));
  makeGridPad(parts.products, () => [width, height], {
    chosen: () => cellOf(scene.own),
    choose: (cell) => scene.own.step === SUM && scene.change({ cell }),
    label: "Products",
    isHovered: true,
  });
  const exact = story.reading.values[index + 1][story.unit * count + story.position];
  setText(parts.exact, `The network has ${two(exact)}; the sums above are rounded.`);

  const drawSum = (own) => {
    const term = terms[own.map];
    const isShown = own.step === SUM;
    const cell = cellOf(own);
    setText(parts.oneName, `Edge map ${own.map + 1}`);
    paint(parts.one, own.map);
    placeFrame(parts.oneFrame, windowAt(story.position), model.shape);
    for (const [name, each] of Object.entries(cells)) {
      const numbers = isShown || name !== "products" ? term[name] : term[name].map(() => 0);
      fillCells(each, numbers, (value) => tint(value, largest[name]), unlessZero(name === "values" ? two : signed));
      each.forEach((element, k) => element.classList.toggle("at", isShown && k === cell));
    }
    const product = unlessZero(signed)(term.products[cell]) || "0";
    const factors = [term.values, term.weights].map((numbers) => fixed(numbers[cell], 3));
    setText(parts.productsName, `${term.products.length} products${isShown ? "" : ": ?"}`);
    setText(parts.line, isShown ? `${factors.join(" × ")} = ${product}` : "");
    setText(parts.mapSum, `Sum of the ${term.products.length}: ${isShown ? signed(term.sum) : "?"}`);
    drawStrip(own);
  };

  const drawStrip = (own) => {
    const added = new Set(story.order.slice(0, own.step === SUM ? own.count : 0));
    paintTiles(strip, own);
    strip.forEach(({ parts: { sum } }, map) => {
      const text = added.has(map) ? unlessZero(signed)(terms[map].sum) || "0" : "";
      if (sum.textContent === text) return;
      setText(sum, text);
      sum.className = signOf(terms[map].sum) < 0 ? "neg lift" : "pos lift";
    });
    const isAll = added.size === maps.length;
    const sums = signed(sumShown([...added].map((map) => terms[map].sum)));
    setText(parts.added, isAll ? `${maps.length} sums: ${sums}` : `${added.size} of ${maps.length} added: ${sums}`);
    setText(parts.bias, isAll ? `bias: ${signed(layer.biases[story.unit])}` : "");
    setText(parts.total, isAll ? `This square: ${two(Math.max(story.total, 0))}` : "");
    parts.exact.hidden = !isAll;
  };

  const through = makeTiles(parts.through, "span");
  parts.through.style.setProperty("--across", Math.ceil(Math.sqrt(maps.length)));
  setText(parts.throughName, `${maps.length} edge maps`);
  const squares = makeCells(parts.map, rows, columns);
  const move = (stop) => moveKernel(scene, stop);
  makeGridPad(parts.map, () => [columns, rows], { chosen: () => scene.own.stop, choose: move, label: "Squares" });
  makeFrameDraggable(parts.picture, model.shape, [rows, columns], fieldAt, move);
  const patches = makeMany(parts.patches, FIRST_PATCHES, () => make("canvas.tile"));
  setText(parts.best, String(BEST));

  const drawSlide = (own) => {
    paintInk(parts.picture, page.pictures.sure.ink, model.shape[1]);
    placeFrame(parts.pictureFrame, fieldAt(own.stop), model.shape);
    paintTiles(through, own);
    for (const tile of through) {
      tile.parts.frame.hidden = false;
      placeFrame(tile.parts.frame, windowAt(own.stop), model.shape);
    }
    const filled = story.map.map((value, k) => (k < own.filled ? value : 0));
    const format = columns <= SQUARES_WITH_NUMBERS ? unlessZero(two) : () => "";
    fillCells(squares, filled, (value) => tint(value, Math.max(...story.map)), format);
    squares.forEach((square, k) => square.classList.toggle("at", k === own.stop));
    setText(parts.mapName, own.filled ? `Map: where it found it (${two(story.map[own.stop])})` : "Its map");
    parts.looks.classList.toggle("waiting", own.filled < count);
    const tile = tileOf(page, story.unit);
    paintInk(parts.tile, tile.ink, tile.width);
    patchesOf(page, story.unit, FIRST_PATCHES).forEach((patch, i) => paintInk(patches[i], patch, tile.width));
  };

  return { [MAPS]: drawMaps, [GUESS]: drawSum, [SUM]: drawSum, [SLIDE_IT]: drawSlide };
}
