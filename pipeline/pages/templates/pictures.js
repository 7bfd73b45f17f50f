"use strict";

/* Paint arrays on canvases, one pixel per value; the style sheet enlarges them. */

/** Return a colour variable of the style sheet, "#rrggbb", as [red, green, blue]. */
function colour(name) {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((start) => parseInt(text.slice(start, start + 2), 16));
}

/** Paint values with the colour map `paint`: value -> [red, green, blue]. */
function paintValues(canvas, values, height, width, paint) {
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  values.forEach((value, i) => {
    const [red, green, blue] = paint(value);
    pixels.data.set([red, green, blue, 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

/** Interpolate linearly between two colours; share: 0 to 1. */
function interpolate(from, to, share) {
  return from.map((value, i) => value + (to[i] - value) * share);
}

/** Paint grey pixels, 0 to 255. */
function paintGrey(canvas, image, [height, width]) {
  paintValues(canvas, image, height, width, (level) => [level, level, level]);
}

/**
 * Paint the activations of a layer as a grid of maps; a dense unit is one pixel. Colours are scaled to the largest
 * activation of the layer. shape: [units] or [filters, height, width].
 */
function paintActivations(canvas, activations, shape, columns) {
  const [none, full] = [colour("--unit-off"), colour("--unit-on")];
  const largest = largestOf(activations) || 1;
  const grid = gridOf(shape, columns);
  [canvas.width, canvas.height] = [grid.width, grid.height];
  const pixels = new ImageData(grid.width, grid.height);
  activations.forEach((a, i) => {
    const [map, position] = [Math.floor(i / grid.size), i % grid.size];
    const x = (map % columns) * grid.across + (position % grid.columns);
    const y = Math.floor(map / columns) * grid.down + Math.floor(position / grid.columns);
    pixels.data.set([...interpolate(none, full, Math.max(0, a / largest)), 255], 4 * (y * grid.width + x));
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

/** Return the layout of a grid in pixels: size and columns of a map, distances between maps, total width and height. */
function gridOf([count, rows = 1, columns = 1], mapsAcross) {
  const gap = rows * columns > 1 ? 1 : 0;
  const [across, down] = [columns + gap, rows + gap];
  const [width, height] = [mapsAcross * across - gap, Math.ceil(count / mapsAcross) * down - gap];
  return { size: rows * columns, columns, across, down, width, height };
}

/** Paint signed values with a diverging colour map, scaled to the largest magnitude. */
function paintSigned(canvas, values, [height, width]) {
  const [minus, zero, plus] = ["--minus", "--zero", "--plus"].map(colour);
  const largest = largestOf(values.map(Math.abs)) || 1;
  const paint = (value) => interpolate(zero, value < 0 ? minus : plus, Math.abs(value) / largest);
  paintValues(canvas, values, height, width, paint);
}

/** Return the largest value, at least 0. */
function largestOf(values) {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/** Return the number of columns for n units; rows are full if the aspect ratio is then below 4. */
function columnsFor(n) {
  for (let rows = Math.floor(Math.sqrt(n)); rows > Math.sqrt(n) / 2; rows--) {
    if (n % rows === 0) return n / rows;
  }
  return Math.ceil(Math.sqrt(n));
}
