/*
 * Links, "#" and parts joined by "&": "e=" and the index of a test image, or "s=" and the strokes, separated by dots:
 * of each point x and y in LINK_UNITS, in two characters each; "l=" with the seed, the index of the learning rate, the
 * steps, and those by hand before, of the network that was trained in the page; "t=" with the name of a sign that was
 * taught and its drawings, each after a comma; "scene=" and a number.
 */

const MAX_LINK_LENGTH = 10_000; // characters; longer links are ignored
const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const STROKES = /^([\w-]{4})+(\.([\w-]{4})+)*$/;

/** Return the fragment of the link to a drawing; "" if it is empty or too long. */
function encodeLink({ strokes, example }) {
  if (example !== null) return `#e=${example}`;
  const fragment = `#s=${encodeStrokes(strokes)}`;
  return strokes.length && fragment.length <= MAX_LINK_LENGTH ? fragment : "";
}

/** Return the parts of a link that repeat a training, "" for null, and signs. */
function encodeTraining(training, signs = []) {
  const trained = training ? `&l=${["seed", "rate", "steps", "byHand"].map((name) => training[name]).join(".")}` : "";
  const textOf = ({ name, drawings }) => `&t=${[encodeURIComponent(name), ...drawings.map(encodeStrokes)].join(",")}`;
  return trained + signs.map(textOf).join("");
}

/**
 * Decode the fragment of a link: {drawing, training, signs, scene}, null or empty if not valid. drawing: {strokes,
 * example}; training: {seed, rate, steps, byHand}; signs: {name, drawings} of each. height: of the canvas. rates: how
 * many.
 */
function decodeLink(fragment, height, exampleCount, rates) {
  const parts = fragment.length > MAX_LINK_LENGTH ? [] : fragment.slice(1).split("&").map((part) => part.split("="));
  const { e, s, l, scene } = Object.fromEntries(parts);
  const strokes = decodeStrokes(s ?? "", height);
  const example = /^\d{1,2}$/.test(e) && e < exampleCount ? { strokes: [], example: Number(e) } : null;
  const [, ...found] = /^(\d{1,9})\.(\d)\.(\d{1,5})\.(\d{1,2})$/.exec(l ?? "") ?? [];
  const [seed, rate, steps, byHand] = found.map(Number);
  const signs = parts.filter(([key]) => key === "t").map(([, text = ""]) => decodeSign(text, height));
  return {
    drawing: strokes ? { strokes, example: null } : example,
    training: rate < rates ? { seed, rate, steps, byHand } : null,
    signs: signs.filter(({ drawings }) => drawings.length === KEPT && drawings.every(Boolean)),
    scene: /^[1-6]$/.test(scene) ? Number(scene) : null,
  };
}

/** Return {image, label, link} of a link "i=", with its class, a dot and its pixels in base64; null if not valid. */
function decodeTested(fragment, { shape, classNames }) {
  const pixels = "((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)";
  const [, label, text = ""] = new RegExp(`[#&]i=(\\d+)\\.${pixels}(&|$)`).exec(fragment) ?? [];
  const image = new Uint8Array(decodeBase64(text));
  const isValid = label < classNames.length && image.length === shape[0] * shape[1];
  return isValid ? { image, label: Number(label), link: `#i=${label}.${text}` } : null;
}

function decodeSign(text, height) {
  const [name, ...texts] = text.split(",");
  const drawings = texts.map((each) => decodeStrokes(each, height));
  try {
    return { name: decodeURIComponent(name).slice(0, 8), drawings };
  } catch {
    return { name: "sign", drawings };
  }
}

function encodeStrokes(strokes) {
  return strokes.map((stroke) => stroke.map(encodePoint).join("")).join(".");
}

/** Return the strokes of a text; null if it is not valid, or they leave a canvas of that height. */
function decodeStrokes(text, height = 1) {
  if (!STROKES.test(text)) return null;
  const strokes = text.split(".").map((stroke) => stroke.match(/.{4}/g).map(decodePoint));
  const isOnCanvas = ({ x, y }) => x <= 1 && y <= Math.round(LINK_UNITS * height) / LINK_UNITS;
  return strokes.flat().every(isOnCanvas) ? strokes : null;
}

function encodePoint({ x, y }) {
  const units = [x, y].map((each) => Math.round(LINK_UNITS * each));
  return units.map((each) => CHARACTERS[each >> 6] + CHARACTERS[each & 63]).join("");
}

function decodePoint(text) {
  const [a, b, c, d] = [...text].map((character) => CHARACTERS.indexOf(character));
  return { x: (64 * a + b) / LINK_UNITS, y: (64 * c + d) / LINK_UNITS };
}
