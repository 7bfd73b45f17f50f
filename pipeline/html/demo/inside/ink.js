/* Ink that is added to what the network sees, dot by dot. */

const DOT = [[0, 0], [0, 1], [1, 0], [1, 1]]; // pixels down and right that a dot fills: about as wide as a pen
const CANDIDATES = 6; // places for each dot that are tried: the most promising
const SNAP = 2; // pixels from a tap to the mark that it means

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

/** Return where a dot of ink helps a class most against all others; null if it helps nowhere. */
function bestDot(model, image, rival) {
  const leadOf = (logits) => logits[rival] - Math.max(...logits.filter((_, k) => k !== rival));
  const { logits } = predict(model, image);
  const [best] = strongest(logits, 2).filter((k) => k !== rival);
  const { gradient } = explainDifference(model.networks, image, best, rival);
  const gainOf = (at) => sumOf(dotAt(at, model.shape).map((k) => gradient[k] * (image[k] / 255 - 1)));
  const places = strongest(Array.from(image, (_, at) => gainOf(at)), CANDIDATES); // by the gradient
  const leads = places.map((at) => leadOf(predict(model, addDot(image, at, model.shape)).logits));
  const [most] = strongest(leads, 1);
  return leads[most] > leadOf(logits) ? places[most] : null;
}

/** Return the marked gap that a tap at (row, column) means, or else the pixel under it. */
function tappedPixel(gaps, row, column, [height, width]) {
  const distance = (k) => Math.hypot(Math.floor(k / width) + 0.5 - row, (k % width) + 0.5 - column);
  const marked = [...gaps.keys()].filter((k) => gaps[k] > 0);
  const nearest = marked.sort((a, b) => distance(a) - distance(b))[0];
  if (nearest !== undefined && distance(nearest) <= SNAP) return nearest;
  return clamp(Math.floor(row), height - 1) * width + clamp(Math.floor(column), width - 1);
}
