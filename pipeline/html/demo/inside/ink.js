/* Ink that is added to what the network sees, dot by dot. */

const DOT = [[0, 0], [0, 1], [1, 0], [1, 1]]; // pixels down and right that a dot fills: about as wide as a pen
const [FIRST_PLACES, TRIED] = [80, 8]; // places of the largest gains by the gradient; those of them that are tried
const [SNAP, SEEN_RISE] = [2, 0.1]; // pixels from a tap to the dot that it means; rise of a score that is seen

/** Return the pixels that a dot of ink at pixel `at` fills. */
function dotAt(at, [height, width]) {
  const [y, x] = [Math.floor(at / width), at % width];
  const inside = DOT.filter(([down, right]) => y + down < height && x + right < width);
  return inside.map(([down, right]) => at + down * width + right);
}

/** Return an image with a dot of ink. */
function addDot(image, at, shape) {
  const inked = image.slice();
  for (const k of dotAt(at, shape)) inked[k] = 255;
  return inked;
}

/**
 * Return {at, lead, isRaising} of dots of ink apart from each other that reduce the lead of class a over class b, the
 * largest reduction first; lead: what is left; isRaising: whether the score and the share of b are seen to rise.
 * explained: as from `explainDifference`. next: awaited before each trial; it returns whether to go on.
 */
async function helpfulDots(model, image, a, b, { gradient, difference }, next) {
  const [, width] = model.shape;
  const gainOf = (at) => sumOf(dotAt(at, model.shape).map((k) => gradient[k] * (image[k] / 255 - 1)));
  const isApart = (at) => (other) => Math.abs((at % width) - (other % width)) > 2 || Math.abs(at - other) > 2 * width;
  const places = [];
  for (const at of strongest(Array.from(image, (_, k) => gainOf(k)), FIRST_PLACES)) {
    if (places.length < TRIED && places.every(isApart(at))) places.push(at);
  }
  const [dots, before] = [[], predict(model, image)];
  for (const at of places) {
    if (!(await next())) return [];
    const { logits, probabilities } = predict(model, addDot(image, at, model.shape));
    const lead = logits[a] - logits[b];
    const isRaising = logits[b] - before.logits[b] >= SEEN_RISE && probabilities[b] > before.probabilities[b];
    if (lead < difference) dots.push({ at, lead, isRaising });
  }
  return dots.sort((one, other) => one.lead - other.lead);
}

/** Return the dot that a tap at (row, column) means, or else the pixel under it. */
function tappedPixel(dots, row, column, [height, width]) {
  const distance = (k) => Math.hypot(Math.floor(k / width) + 1 - row, (k % width) + 1 - column);
  const [nearest] = [...dots].sort((a, b) => distance(a) - distance(b));
  if (nearest !== undefined && distance(nearest) <= SNAP) return nearest;
  return clamp(Math.floor(row), height - 1) * width + clamp(Math.floor(column), width - 1);
}
