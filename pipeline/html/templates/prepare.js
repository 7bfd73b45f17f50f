"use strict";

/*
 * Preprocessing of a drawing like MNIST's: scaled into 20 x 20 pixels with its aspect ratio and anti-aliasing, centred by
 * mass in 28 x 28 pixels, light on dark. Unusually thin or thick strokes are adjusted. Same algorithm as
 * pipeline/pictures/preparation.py.
 *
 * A plane is an image {height, width, values}, row-major.
 */

const MARGIN = 0.1; // around the box, for soft edges of strokes; as a share of it
const SUBPIXELS = 8; // working pixels per pixel of the picture, in each direction
const MIN_CONTRAST = 16; // of ink, in grey levels

/**
 * Prepare a drawing for the network. grey: pixels, 0 to 255, row-major, light on dark or dark on light. shape: [h, w] of
 * the result. inkStatistics: of the training images. Returns h * w pixels, 0 to 255, or null if there is no ink.
 */
function prepare(grey, width, height, shape, inkStatistics) {
  const ink = findInk(grey, width, height);
  return ink && fit(ink, shape, inkStatistics);
}

/** Return the amount of ink of each pixel, 0 to 1. The median of the border is taken as the background. */
function findInk(grey, width, height) {
  const background = median(border(grey, width, height));
  const [darkest, lightest] = extremes(grey);
  const sign = background - darkest > lightest - background ? -1 : 1;
  const contrast = sign > 0 ? lightest - background : background - darkest;
  if (contrast < MIN_CONTRAST) return null;
  const values = new Float32Array(grey.length);
  for (let i = 0; i < grey.length; i++) values[i] = Math.max(sign * (grey[i] - background), 0) / contrast;
  return { height, width, values };
}

function border(grey, width, height) {
  const pixels = [];
  for (let y = 0; y < height; y++) {
    const inside = y > 0 && y < height - 1;
    for (let x = 0; x < width; x += inside ? Math.max(width - 1, 1) : 1) pixels.push(grey[y * width + x]);
  }
  return pixels;
}

function median(values) {
  const sorted = Float32Array.from(values).sort();
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function extremes(values) {
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (values[i] < least) least = values[i];
    if (values[i] > most) most = values[i];
  }
  return [least, most];
}

/** Scale ink into the box and centre it by mass in a picture of `shape`. */
function fit(ink, [h, w], inkStatistics) {
  const { top, bottom, left, right } = findSides(ink);
  const box = Math.min(inkStatistics.box, h, w) || Math.min(h, w);
  const margin = Math.ceil(MARGIN * box);
  const scale = Math.max(bottom - top, right - left) / box; // pixels of the drawing per pixel of the picture
  const [tall, wide] = [bottom - top, right - left].map((extent) => Math.ceil(extent / scale - 1e-6) + 2 * margin);
  const fine = sample(ink, (top + bottom) / 2, (left + right) / 2, scale / SUBPIXELS, tall * SUBPIXELS, wide * SUBPIXELS);
  const small = sample(adjustStrokes(fine, inkStatistics), fine.height / 2, fine.width / 2, SUBPIXELS, tall, wide);
  return centreByMass(small, [h, w]);
}

/** Return the bounding box of ink of at least 0.5; bottom and right are exclusive. */
function findSides({ height, width, values }) {
  const sides = { top: height, bottom: 0, left: width, right: 0 };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (values[y * width + x] < 0.5) continue;
      if (y < sides.top) sides.top = y;
      if (y >= sides.bottom) sides.bottom = y + 1;
      if (x < sides.left) sides.left = x;
      if (x >= sides.right) sides.right = x + 1;
    }
  }
  return sides;
}

/** Resample the part of a plane around a centre by area averaging. scale: old pixels per new pixel. */
function sample(plane, centreY, centreX, scale, height, width) {
  const columns = coverage(plane.width, centreX, scale, width);
  const rows = coverage(plane.height, centreY, scale, height);
  const narrow = new Float32Array(plane.height * width);
  for (let y = 0; y < plane.height; y++) {
    for (let k = 0; k < columns.share.length; k++) {
      narrow[y * width + columns.to[k]] += columns.share[k] * plane.values[y * plane.width + columns.from[k]];
    }
  }
  const values = new Float32Array(height * width);
  for (let k = 0; k < rows.share.length; k++) {
    const [from, to, share] = [rows.from[k] * width, rows.to[k] * width, rows.share[k]];
    for (let x = 0; x < width; x++) values[to + x] += share * narrow[from + x];
  }
  return { height, width, values };
}

/**
 * Return which pixels `count` intervals of length `scale` around `centre` cover: arrays {from, to, share}. The pixel
 * from[k] covers the share share[k] of the interval to[k].
 */
function coverage(size, centre, scale, count) {
  const [from, to, share] = [[], [], []];
  for (let k = 0; k < count; k++) {
    const start = centre + (k - count / 2) * scale;
    for (let i = Math.max(Math.floor(start), 0); i < Math.min(start + scale, size); i++) {
      from.push(i);
      to.push(k);
      share.push((Math.min(start + scale, i + 1) - Math.max(start, i)) / scale);
    }
  }
  return { from: Int32Array.from(from), to: Int32Array.from(to), share: Float64Array.from(share) };
}

/** Bring strokes to the usual width by dilation or erosion; blots are not changed. */
function adjustStrokes(fine, inkStatistics) {
  const strokeWidth = measureStrokeWidth(fine) / SUBPIXELS;
  if (strokeWidth > inkStatistics.thickest) return fine;
  const target = Math.min(Math.max(strokeWidth, inkStatistics.thin), inkStatistics.thick);
  const growth = Math.round((SUBPIXELS * (target - strokeWidth)) / 2);
  if (growth === 0) return fine;
  const adjusted = filter(fine, Math.abs(growth), growth > 0 ? Math.max : Math.min);
  return adjusted.values.some((value) => value > 0) ? adjusted : fine;
}

/**
 * Return the mean width of all strokes, area / length. The length is half that of the edges, the sum of the gradient's
 * norm (coarea formula).
 */
function measureStrokeWidth({ height, width, values }) {
  let area = 0;
  let edges = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = values[y * width + x];
      const below = y + 1 < height ? values[(y + 1) * width + x] : 0;
      const right = x + 1 < width ? values[y * width + x + 1] : 0;
      area += value;
      edges += Math.sqrt((below - value) ** 2 + (right - value) ** 2); // Math.hypot is far slower
    }
  }
  return (2 * area) / edges;
}

/** Maximum or minimum filter with a disc; choose: Math.max or Math.min. Outside the plane there is no ink. */
function filter({ height, width, values }, radius, choose) {
  const filtered = values.slice();
  for (let down = -radius; down <= radius; down++) {
    const reach = Math.floor(Math.sqrt(radius * radius - down * down));
    for (let y = 0; y < height; y++) {
      const inside = y + down >= 0 && y + down < height;
      for (let x = 0; x < width; x++) {
        let chosen = filtered[y * width + x];
        for (let i = x - reach; i <= x + reach; i++) {
          chosen = choose(chosen, inside && i >= 0 && i < width ? values[(y + down) * width + i] : 0);
        }
        filtered[y * width + x] = chosen;
      }
    }
  }
  return { height, width, values: filtered };
}

/** Return ink, scaled to a maximum of 255, in a picture of `shape`, shifted by whole pixels to centre its mass. */
function centreByMass({ height, width, values }, [h, w]) {
  const [, most] = extremes(values);
  let [mass, massY, massX] = [0, 0, 0];
  values.forEach((value, i) => {
    mass += value;
    massY += value * Math.floor(i / width);
    massX += value * (i % width);
  });
  const top = Math.floor(Math.floor(h / 2) - massY / mass + 0.5);
  const left = Math.floor(Math.floor(w / 2) - massX / mass + 0.5);
  const picture = new Uint8Array(h * w);
  values.forEach((value, i) => {
    const [y, x] = [Math.floor(i / width) + top, (i % width) + left];
    if (y >= 0 && y < h && x >= 0 && x < w) picture[y * w + x] = Math.floor((255 * value) / most + 0.5);
  });
  return picture;
}
