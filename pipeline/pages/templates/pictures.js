"use strict";

/* Numbers as small pictures: each number is one pixel of a canvas, which the style sheet enlarges. */

/** A colour of the style sheet, "#rrggbb", as [red, green, blue]. */
function colour(name) {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((start) => parseInt(text.slice(start, start + 2), 16));
}

/** Give every number a pixel, by `paint`: number -> [red, green, blue]. */
function paintNumbers(canvas, numbers, height, width, paint) {
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  numbers.forEach((number, i) => {
    const [red, green, blue] = paint(number);
    pixels.data.set([red, green, blue, 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

/** The colour at `share`, 0 to 1, of the way between two. */
function between(from, to, share) {
  return from.map((value, i) => value + (to[i] - value) * share);
}

/** Grey pixels, 0 to 255, as they are. */
function paintGrey(canvas, image, [height, width]) {
  paintNumbers(canvas, image, height, width, (level) => [level, level, level]);
}

/** Activations of a layer, in rows; the largest of all has the full colour, those of 0 or less have none. */
function paintActivations(canvas, activations, columns) {
  const [none, full] = [colour("--unit-off"), colour("--unit-on")];
  const largest = largestOf(activations) || 1;
  const paint = (a) => between(none, full, Math.max(0, a / largest));
  paintNumbers(canvas, activations, Math.ceil(activations.length / columns), columns, paint);
}

/** Numbers of both signs, 0 in the colour of the ground, the largest of either sign in its full colour. */
function paintSigned(canvas, numbers, [height, width]) {
  const [minus, zero, plus] = ["--minus", "--zero", "--plus"].map(colour);
  const largest = largestOf(numbers.map(Math.abs)) || 1;
  const paint = (number) => between(zero, number < 0 ? minus : plus, Math.abs(number) / largest);
  paintNumbers(canvas, numbers, height, width, paint);
}

function largestOf(numbers) {
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}

/** How many columns show n units best: as many as make full rows, if the picture then is no narrow strip. */
function columnsFor(n) {
  for (let rows = Math.floor(Math.sqrt(n)); rows > Math.sqrt(n) / 2; rows--) {
    if (n % rows === 0) return n / rows;
  }
  return Math.ceil(Math.sqrt(n));
}
