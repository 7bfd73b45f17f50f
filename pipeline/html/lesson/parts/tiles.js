/* Shapes: what excites a map of the last layer with kernels, as parts of the page's training pictures. */

const BEST = 40; // training pictures of each shape, those that excite it most

/** Return the part of the picture that excites a shape in each of `count` training pictures, as [height, width]. */
function patchesOf(page, unit, count = BEST) {
  const { model, excited, lessons, shapes } = page;
  const positions = positionsOf(model.layers[shapes]);
  const inks = [...lessons.learnt.inks, ...lessons.unseen.inks];
  return Array.from(excited.subarray(unit * BEST, unit * BEST + count), (entry) =>
    cutOut(inks[Math.floor(entry / positions)], model.shape, receptiveField(model.layers, shapes, entry % positions)),
  );
}

/** Cut a part out of ink; outside of the picture there is none. */
function cutOut(ink, [rows, columns], { top, left, height, width }) {
  return Float32Array.from({ length: height * width }, (_, k) => {
    const [row, column] = [top + Math.floor(k / width), left + (k % width)];
    return row >= 0 && row < rows && column >= 0 && column < columns ? ink[row * columns + column] : 0;
  });
}

/** Return the mean of the patches of a shape, and its width: {ink, width}. */
function tileOf(page, unit) {
  page.tiles ??= new Map();
  if (!page.tiles.has(unit)) {
    const patches = patchesOf(page, unit);
    const ink = patches[0].map((_, k) => patches.reduce((sum, patch) => sum + patch[k], 0) / patches.length);
    page.tiles.set(unit, { ink, width: receptiveField(page.model.layers, page.shapes, 0).width });
  }
  return page.tiles.get(unit);
}
