"use strict";

/* Colour maps from the colour variables of the style sheet, and canvases painted with them, one pixel per value. */

const LEVELS = 255;
const palettes = new Map(); // by the names of the variables; see `resetColours`

/** Forget all palettes: the colours depend on the colour scheme of the system. */
function resetColours() {
  palettes.clear();
}

/** Return a colour variable of the style sheet, "#rrggbb", as [red, green, blue]. */
function colour(name) {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((start) => parseInt(text.slice(start, start + 2), 16));
}

/** Interpolate linearly between two colours; share: 0 to 1. */
function interpolate(from, to, share) {
  return from.map((value, i) => Math.round(value + (to[i] - value) * share));
}

/** Return LEVELS + 1 colours through some colour variables. */
function paletteOf(...names) {
  const key = names.join(" ");
  if (!palettes.has(key)) {
    const stops = names.map(colour);
    const colourAt = (_, i) => {
      const at = (i * (stops.length - 1)) / LEVELS;
      const before = Math.min(Math.floor(at), stops.length - 2);
      return interpolate(stops[before], stops[before + 1], at - before);
    };
    palettes.set(key, Array.from({ length: LEVELS + 1 }, colourAt));
  }
  return palettes.get(key);
}

/** The colour map of ink, 0 to 1. */
function inkColour(ink) {
  const level = Math.round(LEVELS * ink);
  return [level, level, level];
}

/** Return the colour map of some arrays of activations: from 0 to the largest, or signed if any is negative. */
function activationColours(...arrays) {
  if (arrays.some((values) => values.some((value) => value < 0))) return signedColours(largestMagnitude(...arrays));
  const largest = largestMagnitude(...arrays);
  const palette = paletteOf("--map-0", "--map-1", "--map-2");
  const scale = LEVELS / (largest || 1);
  return (activation) => palette[Math.round(scale * activation)];
}

/** Return the colour map of signed values up to a magnitude of `largest`. */
function signedColours(largest) {
  const [minus, plus] = [paletteOf("--zero", "--minus"), paletteOf("--zero", "--plus")];
  const scale = LEVELS / (largest || 1);
  return (value) => (value < 0 ? minus : plus)[Math.min(Math.round(scale * Math.abs(value)), LEVELS)];
}

function largestMagnitude(...arrays) {
  return Math.max(...arrays.map((values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)), 0);
}

/** Paint values on a canvas of height x width pixels, which the style sheet enlarges. paint: colour map. */
function paintValues(canvas, values, height, width, paint) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const pixels = new ImageData(width, height);
  for (let i = 0, k = 0; i < values.length; i++, k += 4) {
    const [red, green, blue] = paint(values[i], i);
    pixels.data[k] = red;
    pixels.data[k + 1] = green;
    pixels.data[k + 2] = blue;
    pixels.data[k + 3] = 255;
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

/** Return the number of columns for n units, at most that of the rows; rows are full if the aspect ratio is then below 4. */
function columnsFor(n) {
  for (let columns = Math.floor(Math.sqrt(n)); columns > Math.sqrt(n) / 2; columns--) {
    if (n % columns === 0) return columns;
  }
  return Math.ceil(Math.sqrt(n));
}
