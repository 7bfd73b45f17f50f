/*
 * Links, "#" and parts joined by "&": "scene=" and a number; "step=", one of its steps; "present", for a
 * projector; "s=" and the strokes of a drawing, separated by dots: of each point x and y in LINK_UNITS, in two
 * characters each; "i=" with a class, a dot and the pixels of a test image in base64, from the report.
 */

const MAX_LINK_LENGTH = 10_000; // characters; longer links are ignored
const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const STROKES = /^([\w-]{4})+(\.([\w-]{4})+)*$/;
const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Return the fragment of the address of a scene, or of its step. */
function addressOf({ scene, step, isPresenting }) {
  return `#scene=${scene}${step ? `&step=${step}` : ""}${isPresenting ? "&present" : ""}`;
}

/** Return the fragment of the link to a scene with a drawing; without the drawing if that is too long. */
function encodeLink({ scene, scenes = {}, strokes, tested, isPresenting }) {
  const start = addressOf({ scene, step: scenes[scene]?.step, isPresenting });
  const shown = tested ? `&i=${tested.label}.${tested.text}` : strokes.length ? `&s=${encodeStrokes(strokes)}` : "";
  return start.length + shown.length <= MAX_LINK_LENGTH ? start + shown : start;
}

/** Decode the fragment of a link: {scene, step, strokes, tested, isPresenting}, null where it says nothing valid. */
function decodeLink(fragment, model) {
  const parts = fragment.length > MAX_LINK_LENGTH ? [] : fragment.slice(1).split("&").map(splitPart);
  const { scene = "", step = "", s = "", i = "", present } = Object.fromEntries(parts);
  return {
    scene: /^\d$/.test(scene) && scene >= 1 && scene <= EXPLORE ? Number(scene) : null,
    step: /^[1-9]$/.test(step) ? Number(step) : null,
    strokes: decodeStrokes(s, model.shape[0] / model.shape[1]),
    tested: decodeTested(i, model),
    isPresenting: present !== undefined,
  };
}

/** Split at the first "=", which base64 may also have at its end. */
function splitPart(part) {
  const at = part.indexOf("=");
  return at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
}

/** Return {image, label, text} of a test image, with its class; null if it is not valid. */
function decodeTested(text, { shape, classNames }) {
  const [, label, pixels = ""] = /^(\d+)\.(.*)$/.exec(text) ?? [];
  if (!(label < classNames.length) || !BASE64.test(pixels)) return null;
  const image = new Uint8Array(decodeBase64(pixels));
  return image.length === shape[0] * shape[1] ? { image, label: Number(label), text: pixels } : null;
}

function encodeStrokes(strokes) {
  return strokes.map((stroke) => stroke.map(encodePoint).join("")).join(".");
}

/** Return the strokes of a text; null if it is not valid, or they leave a canvas of that height. */
function decodeStrokes(text, height) {
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
