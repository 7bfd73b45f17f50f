/* Colour maps from the colour variables of the style sheet, and canvases painted with them, one pixel per value. */

const LEVELS = 255;
const colours = new Map(); // by the name of the variable: to ask for its value makes the browser compute all styles
const palettes = new Map(); // by the names of the variables

/** Forget all colours: they depend on the colour scheme of the system. */
function resetColours() {
  colours.clear();
  palettes.clear();
}

/** Return a colour variable of the style sheet, "#rrggbb", as [red, green, blue]. */
function colour(name) {
  if (!colours.has(name)) {
    const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    colours.set(name, [1, 3, 5].map((start) => parseInt(text.slice(start, start + 2), 16)));
  }
  return colours.get(name);
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

const surfaces = new WeakMap(); // context and pixels of each canvas that `paintValues` has painted

/** Paint values on a canvas of height x width pixels, which the style sheet enlarges. paint: colour map. */
function paintValues(canvas, values, height, width, paint) {
  let surface = surfaces.get(canvas);
  if (surface?.pixels.width !== width || canvas.width !== width || canvas.height !== height) {
    [canvas.width, canvas.height] = [width, height];
    const pixels = new ImageData(width, height);
    surface = { context: canvas.getContext("2d"), pixels, words: new Int32Array(pixels.data.buffer) };
    surfaces.set(canvas, surface);
  }
  const { context, pixels, words } = surface;
  let isChanged = false; // maps without a change, as those of zeros, are not painted
  for (let i = 0; i < values.length; i++) {
    const [red, green, blue] = paint(values[i], i);
    const word = (255 << 24) | (blue << 16) | (green << 8) | red;
    isChanged ||= words[i] !== word;
    words[i] = word;
  }
  if (isChanged) context.putImageData(pixels, 0, 0);
}

/** Return the number of columns for n units, at most that of the rows; rows are full if they get less than 4:1. */
function columnsFor(n) {
  for (let columns = Math.floor(Math.sqrt(n)); columns > Math.sqrt(n) / 2; columns--) {
    if (n % columns === 0) return columns;
  }
  return Math.ceil(Math.sqrt(n));
}
