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

/**
 * Activations of a layer as a grid of maps: of a dense layer's units, each has one pixel. The largest of all has the full
 * colour, those of 0 or less have none. shape: [units] or [filters, height, width].
 */
function paintActivations(canvas, activations, shape, columns) {
  const [none, full] = [colour("--unit-off"), colour("--unit-on")];
  const largest = largestOf(activations) || 1;
  const grid = gridOf(shape, columns);
  [canvas.width, canvas.height] = [grid.width, grid.height];
  const pixels = new ImageData(grid.width, grid.height);
  activations.forEach((a, i) => {
    const [map, place] = [Math.floor(i / grid.size), i % grid.size];
    const x = (map % columns) * grid.across + (place % grid.columns);
    const y = Math.floor(map / columns) * grid.down + Math.floor(place / grid.columns);
    pixels.data.set([...between(none, full, Math.max(0, a / largest)), 255], 4 * (y * grid.width + x));
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

/** The pixels of a grid: of each map size and columns, from one map to the next across and down, width and height of all. */
function gridOf([count, rows = 1, columns = 1], mapsAcross) {
  const gap = rows * columns > 1 ? 1 : 0;
  const [across, down] = [columns + gap, rows + gap];
  const [width, height] = [mapsAcross * across - gap, Math.ceil(count / mapsAcross) * down - gap];
  return { size: rows * columns, columns, across, down, width, height };
}

/** Numbers of both signs, 0 in the colour of the background, the largest of either sign in its full colour. */
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
