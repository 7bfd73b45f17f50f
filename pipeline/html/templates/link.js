"use strict";

/*
 * Links that contain a drawing: "#e=" and the index of a test image, or "#d=" and the strokes, separated by dots. A
 * stroke is a list of numbers, two per point: the differences to the point before, or to (0, 0). After "&l=" follow the seed,
 * the index of the learning rate and the steps of the network that was trained in the page.
 */

const MAX_LINK_LENGTH = 10_000; // characters; longer links are ignored
const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const MORE = 32; // marks a character that is not the last one of its number

/** Return the fragment of the link to a drawing; "" if it is empty or too long. */
function encodeLink({ strokes, example }) {
  if (example !== null) return `#e=${example}`;
  const fragment = `#d=${strokes.map(encodeStroke).join(".")}`;
  return strokes.length && fragment.length <= MAX_LINK_LENGTH ? fragment : "";
}

/** Return the part of a link that has a training, "" if it is null. */
function encodeTraining(training) {
  return training ? `&l=${training.seed}.${training.rate}.${training.steps}` : "";
}

/** Divide the fragment of a link: {drawing, training}, the latter {seed, rate, steps}, or null if there is none that is valid. */
function divideLink(fragment, rates) {
  const [drawing, text] = fragment.split("&");
  const [, ...found] = /^l=(\d{1,9})\.(\d)\.(\d{1,5})$/.exec(text ?? "") ?? [];
  const [seed, rate, steps] = found.map(Number);
  return { drawing, training: rate < rates ? { seed, rate, steps } : null };
}

function encodeStroke(stroke) {
  let text = "";
  let [lastX, lastY] = [0, 0];
  for (const point of stroke) {
    const [x, y] = [Math.round(LINK_UNITS * point.x), Math.round(LINK_UNITS * point.y)];
    text += encodeNumber(x - lastX) + encodeNumber(y - lastY);
    [lastX, lastY] = [x, y];
  }
  return text;
}

/** Encode an integer, 5 bits a character, the lowest first. Its sign is the lowest bit. */
function encodeNumber(number) {
  let code = number < 0 ? -2 * number - 1 : 2 * number;
  let text = "";
  for (; code >= MORE; code >>= 5) text += CHARACTERS[MORE | (code & 31)];
  return text + CHARACTERS[code];
}

/** Decode the fragment of a link: {strokes, example}; null if it is not valid. height: of the canvas. */
function decodeLink(fragment, height, exampleCount) {
  if (fragment.length > MAX_LINK_LENGTH) return null;
  const example = /^#e=(\d{1,2})$/.exec(fragment);
  if (example) return example[1] < exampleCount ? { strokes: [], example: Number(example[1]) } : null;
  if (!/^#d=[\w.-]+$/.test(fragment)) return null;
  const strokes = fragment.slice(3).split(".").map(decodeStroke);
  const isOnCanvas = ({ x, y }) => x >= 0 && x <= 1 && y >= 0 && y <= Math.round(LINK_UNITS * height) / LINK_UNITS;
  return strokes.every((stroke) => stroke.length && stroke.every(isOnCanvas)) ? { strokes, example: null } : null;
}

/** Decode the points of a stroke; an incomplete one at the end is left out. */
function decodeStroke(text) {
  const stroke = [];
  const numbers = decodeNumbers(text);
  let [x, y] = [0, 0];
  for (let i = 0; i + 1 < numbers.length; i += 2) {
    [x, y] = [x + numbers[i], y + numbers[i + 1]];
    stroke.push({ x: x / LINK_UNITS, y: y / LINK_UNITS });
  }
  return stroke;
}

function decodeNumbers(text) {
  const numbers = [];
  let [code, shift] = [0, 0];
  for (const character of text) {
    const value = CHARACTERS.indexOf(character);
    code += (value & 31) << shift;
    shift += 5;
    if (value >= MORE) continue;
    numbers.push(code & 1 ? -(code + 1) / 2 : code / 2);
    [code, shift] = [0, 0];
  }
  return numbers;
}
