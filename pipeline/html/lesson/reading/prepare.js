/*
 * Preprocessing of a drawing like MNIST's: scaled into 20 x 20 pixels with its aspect ratio and anti-aliasing, centred
 * by mass in 28 x 28 pixels, light on dark. Same algorithm as pipeline/pictures/preparation.py, without what a drawing
 * does not need: its background is known, and `rasterise` draws it with a usual width of strokes.
 *
 * A plane is an image {height, width, values}, row-major.
 */

const MARGIN = 0.1; // around the box, for soft edges of strokes; as a share of it

/** Return the longer side of ink in a picture of `shape`. */
function boxIn(shape, inkStatistics) {
  return Math.min(inkStatistics.box, ...shape) || Math.min(...shape);
}

/**
 * Prepare a drawing for the network: scale its ink into the box and centre it by mass. grey: pixels, 0 to 255, row-
 * major, light on dark. shape: [h, w] of the result. inkStatistics: of the training images. Returns h * w pixels.
 */
function prepare({ grey, width, height }, shape, inkStatistics) {
  const ink = { height, width, values: inkOf(grey) };
  const { top, bottom, left, right } = findSides(ink);
  const box = boxIn(shape, inkStatistics);
  const scale = Math.max(bottom - top, right - left) / box; // pixels of the drawing per pixel of the picture
  const [tall, wide] = [bottom - top, right - left].map(
    (extent) => Math.ceil(extent / scale - 1e-6) + 2 * Math.ceil(MARGIN * box),
  );
  return centreByMass(sample(ink, (top + bottom) / 2, (left + right) / 2, scale, tall, wide), shape);
}

function clamp(value, most, least = 0) {
  return Math.min(Math.max(value, least), most);
}

function extremes(values) {
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    if (values[i] < least) least = values[i];
    if (values[i] > most) most = values[i];
  }
  return [least, most];
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
