/*
 * Links that contain a drawing: "#e=" and the index of a test image, or "#s=" and the strokes, separated by dots: of
 * each point x and y in LINK_UNITS, in two characters each. After "&l=" follow the seed, the index of the learning
 * rate and the steps of the network that was trained in the page.
 */

const MAX_LINK_LENGTH = 10_000; // characters; longer links are ignored
const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Return the fragment of the link to a drawing; "" if it is empty or too long. */
function encodeLink({ strokes, example }) {
  if (example !== null) return `#e=${example}`;
  const fragment = `#s=${strokes.map((stroke) => stroke.map(encodePoint).join("")).join(".")}`;
  return strokes.length && fragment.length <= MAX_LINK_LENGTH ? fragment : "";
}

/** Return the part of a link that has a training, "" if it is null. */
function encodeTraining(training) {
  return training ? `&l=${training.seed}.${training.rate}.${training.steps}` : "";
}

/**
 * Divide the fragment of a link: {drawing, training}, the latter {seed, rate, steps}, or null if there is none that is
 * valid.
 */
function divideLink(fragment, rates) {
  const [drawing, text] = fragment.split("&");
  const [, ...found] = /^l=(\d{1,9})\.(\d)\.(\d{1,5})$/.exec(text ?? "") ?? [];
  const [seed, rate, steps] = found.map(Number);
  return { drawing, training: rate < rates ? { seed, rate, steps } : null };
}

function encodePoint({ x, y }) {
  const units = [x, y].map((each) => Math.round(LINK_UNITS * each));
  return units.map((each) => CHARACTERS[each >> 6] + CHARACTERS[each & 63]).join("");
}

/** Decode the fragment of a link: {strokes, example}; null if it is not valid. height: of the canvas. */
function decodeLink(fragment, height, exampleCount) {
  if (fragment.length > MAX_LINK_LENGTH) return null;
  const example = /^#e=(\d{1,2})$/.exec(fragment);
  if (example) return example[1] < exampleCount ? { strokes: [], example: Number(example[1]) } : null;
  if (!/^#s=([\w-]{4})+(\.([\w-]{4})+)*$/.test(fragment)) return null;
  const strokes = fragment.slice(3).split(".").map((text) => text.match(/.{4}/g).map(decodePoint));
  const isOnCanvas = ({ x, y }) => x <= 1 && y <= Math.round(LINK_UNITS * height) / LINK_UNITS;
  return strokes.flat().every(isOnCanvas) ? { strokes, example: null } : null;
}

function decodePoint(text) {
  const [a, b, c, d] = [...text].map((character) => CHARACTERS.indexOf(character));
  return { x: (64 * a + b) / LINK_UNITS, y: (64 * c + d) / LINK_UNITS };
}
