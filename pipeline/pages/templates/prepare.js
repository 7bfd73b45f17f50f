"use strict";

/*
 * A drawing becomes a picture like those that the network has learned from. MNIST's authors fitted each digit into
 * 20 x 20 pixels, keeping its aspect, anti-aliased, and laid it into 28 x 28 so that its centre of mass is in the middle,
 * ink light on dark. The same is done here with a drawing of any size; strokes of unusual thickness are made as thick as
 * is usual. pipeline/pictures/fit.py does the same, step by step.
 *
 * A plane is an image {height, width, values}, its values row by row.
 */

const MARGIN = 0.1; // share of the box around it, where soft edges of strokes go on
const FINENESS = 8; // working pixels to a pixel of the picture
const FAINTEST = 16; // grey levels by which ink differs from the background at least

/**
 * grey: the pixels of a drawing, 0 to 255, row by row, light on dark or dark on light. shape: [h, w] of the network's
 * pictures. inkStatistics: what these look like. Returns h * w pixels, 0 to 255, or null where there is no ink.
 */
function prepare(grey, width, height, shape, inkStatistics) {
  const ink = findInk(grey, width, height);
  return ink && fit(ink, shape, inkStatistics);
}

/** How much ink each pixel has, 0 to 1. Which is ink and which is background is told by the border, mostly background. */
function findInk(grey, width, height) {
  const background = median(border(grey, width, height));
  let difference = Float32Array.from(grey, (level) => level - background);
  const [least, most] = extremes(difference);
  if (-least > most) difference = difference.map((value) => -value);
  const strongest = Math.max(-least, most);
  if (strongest < FAINTEST) return null;
  return { height, width, values: difference.map((value) => Math.max(value, 0) / strongest) };
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
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
  return [least, most];
}

/** Ink as a picture of `shape`: fitted into the box, centred by its mass. */
function fit(ink, [h, w], inkStatistics) {
  const { top, bottom, left, right } = findSides(ink);
  const box = Math.min(inkStatistics.box, h, w) || Math.min(h, w);
  const margin = Math.ceil(MARGIN * box);
  const scale = Math.max(bottom - top, right - left) / box; // pixels of the drawing to one of the picture
  const [tall, wide] = [bottom - top, right - left].map((extent) => Math.ceil(extent / scale - 1e-6) + 2 * margin);
  const fine = sample(ink, (top + bottom) / 2, (left + right) / 2, scale / FINENESS, tall * FINENESS, wide * FINENESS);
  const small = sample(adjustStrokes(fine, inkStatistics), fine.height / 2, fine.width / 2, FINENESS, tall, wide);
  return centre_by_mass(small, [h, w]);
}

/** The rows and columns between which there is dense ink; the last of each is the first without. */
function findSides({ height, width, values }) {
  const sides = { top: height, bottom: 0, left: width, right: 0 };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (values[y * width + x] < 0.5) continue;
      [sides.top, sides.bottom] = [Math.min(sides.top, y), Math.max(sides.bottom, y + 1)];
      [sides.left, sides.right] = [Math.min(sides.left, x), Math.max(sides.right, x + 1)];
    }
  }
  return sides;
}

/** The part of a plane around a centre, as one of another size; each pixel is the mean of the square that it covers. */
function sample(plane, centreY, centreX, scale, height, width) {
  const columns = coverage(plane.width, centreX, scale, width);
  const rows = coverage(plane.height, centreY, scale, height);
  const narrow = new Float32Array(plane.height * width);
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < width; x++) {
      for (const [i, share] of columns[x]) narrow[y * width + x] += share * plane.values[y * plane.width + i];
    }
  }
  const values = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (const [i, share] of rows[y]) {
      for (let x = 0; x < width; x++) values[y * width + x] += share * narrow[i * width + x];
    }
  }
  return { height, width, values };
}

/** For each of `count` intervals of length `scale` around `centre`: the pixels that it covers, with their shares. */
function coverage(size, centre, scale, count) {
  return Array.from({ length: count }, (_, k) => {
    const start = centre + (k - count / 2) * scale;
    const covered = [];
    for (let i = Math.max(Math.floor(start), 0); i < Math.min(start + scale, size); i++) {
      const share = (Math.min(start + scale, i + 1) - Math.max(start, i)) / scale;
      if (share > 0) covered.push([i, share]);
    }
    return covered;
  });
}

/** The same ink, FINENESS pixels to one of the picture, with strokes of usual thickness. A blot stays what it is. */
function adjustStrokes(fine, inkStatistics) {
  const thickness = measureStrokes(fine).thickness / FINENESS;
  if (thickness > inkStatistics.thickest) return fine;
  const wanted = Math.min(Math.max(thickness, inkStatistics.thin), inkStatistics.thick);
  const grown = Math.round((FINENESS * (wanted - thickness)) / 2);
  if (grown === 0) return fine;
  const adjusted = spread(fine, Math.abs(grown), grown > 0 ? Math.max : Math.min);
  return adjusted.values.some((value) => value > 0) ? adjusted : fine;
}

/**
 * Thickness and length of all strokes together. A stroke has two edges, so its length is half of theirs, and its
 * thickness its area by its length. The length of all edges is the sum of the gradient (the coarea formula).
 */
function measureStrokes({ height, width, values }) {
  let [area, edges] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = values[y * width + x];
      const below = y + 1 < height ? values[(y + 1) * width + x] : 0;
      const right = x + 1 < width ? values[y * width + x + 1] : 0;
      area += value;
      edges += Math.hypot(below - value, right - value);
    }
  }
  return { thickness: (2 * area) / edges, length: edges / 2 };
}

/** Each pixel as the largest (Math.max) or the smallest (Math.min) of those within a radius; outside there is no ink. */
function spread({ height, width, values }, radius, choose) {
  const spreaded = values.slice();
  for (let down = -radius; down <= radius; down++) {
    const reach = Math.floor(Math.sqrt(radius * radius - down * down));
    for (let y = 0; y < height; y++) {
      const inside = y + down >= 0 && y + down < height;
      for (let x = 0; x < width; x++) {
        let chosen = spreaded[y * width + x];
        for (let i = x - reach; i <= x + reach; i++) {
          chosen = choose(chosen, inside && i >= 0 && i < width ? values[(y + down) * width + i] : 0);
        }
        spreaded[y * width + x] = chosen;
      }
    }
  }
  return { height, width, values: spreaded };
}

/** Ink in a picture of `shape`, the most of it 255, moved by whole pixels so that its centre of mass is in the middle. */
function centre_by_mass({ height, width, values }, [h, w]) {
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
