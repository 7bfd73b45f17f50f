/* Canvases with one pixel for each value, which the style sheet enlarges. */

const surfaces = new WeakMap(); // context and pixels of each canvas that `paintValues` has painted
const SOFTER = 0.8; // power of small activations, which would otherwise hardly be seen
const FAINT = 0.3; // of the ink below a map

/** Paint values on a canvas, `width` in a row. colourOf: returns [red, green, blue] of a value. */
function paintValues(canvas, values, width, colourOf) {
  const height = values.length / width;
  let surface = surfaces.get(canvas);
  if (surface?.pixels.width !== width || surface.pixels.height !== height) {
    [canvas.width, canvas.height] = [width, height];
    const pixels = new ImageData(width, height);
    surface = { context: canvas.getContext("2d"), pixels, words: new Int32Array(pixels.data.buffer) };
    surfaces.set(canvas, surface);
  }
  for (let i = 0; i < values.length; i++) {
    const [red, green, blue] = colourOf(values[i]);
    surface.words[i] = (255 << 24) | (blue << 16) | (green << 8) | red;
  }
  surface.context.putImageData(surface.pixels, 0, 0);
}

/** Paint ink, 0 to 1. share: of the full colour, for tiles that are hardly active. */
function paintInk(canvas, ink, width, share = 1) {
  const [well, full] = [colour("--well"), colour("--ink")];
  paintValues(canvas, ink, width, (value) => mix(well, full, share * value));
}

/** Paint activations, from 0 to `most` and more. */
function paintActive(canvas, values, width, most) {
  const [well, plus] = [colour("--well"), colour("--pos")];
  paintValues(canvas, values, width, (value) => mix(well, plus, clamp(value / most, 1) ** SOFTER));
}

/** Paint signed values up to a magnitude of `most`. */
function paintSigned(canvas, values, width, most) {
  paintValues(canvas, values, width, (value) => signedColour(value, most));
}
