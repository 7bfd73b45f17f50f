"use strict";

/*
 * Rejection of pictures that differ from the training images: a network predicts a class for any input. Same algorithm
 * as pipeline/data/ink.py and pipeline/pictures/reading.py.
 */

const MIN_PROBABILITY = 0.4; // less probable predictions are rejected
const FAINT = 0.25; // ink from which two parts count as connected
const MIN_HOLE = 2; // pixels; single pixels are gaps in a stroke

/** Return whether the prediction for a prepared image, pixels 0 to 255, is accepted. */
function isAccepted(probabilities, image, [height, width], inkStatistics) {
  const probable = Math.max(...probabilities) >= MIN_PROBABILITY;
  return probable && isInDistribution({ height, width, values: image }, inkStatistics);
}

/** Return whether a picture, pixels 0 to 255, does not exceed the maxima of the ink statistics. */
function isInDistribution(picture, inkStatistics) {
  const plane = { ...picture, values: Float32Array.from(picture.values, (pixel) => pixel / 255) };
  const { top, bottom, left, right } = findSides(plane);
  if (bottom <= top) return false;
  const { strokeWidth, length } = measureStrokes(plane);
  const { holes, parts } = countHolesAndParts(plane);
  return (
    strokeWidth <= inkStatistics.thickest &&
    length <= inkStatistics.longest &&
    right - left <= inkStatistics.widest * (bottom - top) &&
    holes <= inkStatistics.holes &&
    parts <= inkStatistics.parts
  );
}

/** Count the holes of at least MIN_HOLE pixels, and the parts of ink that are not even connected by faint ink. */
function countHolesAndParts({ height, width, values }) {
  const inked = (y, x) => y >= 0 && x >= 0 && y < height && x < width && values[y * width + x] >= FAINT;
  const isBackground = (y, x) => y < 0 || x < 0 || y >= height || x >= width || values[y * width + x] < 0.5;
  const parts = findRegions(height, width, inked, 1);
  const holes = findRegions(height, width, isBackground, 0).filter((size) => size >= MIN_HOLE);
  return { parts: parts.length, holes: holes.length - 1 }; // minus the background around the ink
}

/**
 * Return the sizes of the connected regions of pixels with `belongs`, in a plane with a border of one pixel.
 * diagonal: 1 for 8-connectivity, 0 for 4-connectivity.
 */
function findRegions(height, width, belongs, diagonal) {
  const seen = new Set();
  const sizes = [];
  const visit = (y, x) => {
    const key = (y + 1) * (width + 2) + x + 1;
    if (y < -1 || x < -1 || y > height || x > width || seen.has(key) || !belongs(y, x)) return false;
    return seen.add(key);
  };
  for (let y = -1; y <= height; y++) {
    for (let x = -1; x <= width; x++) {
      if (!visit(y, x)) continue;
      const region = [[y, x]];
      for (const [row, column] of region) {
        for (let down = -1; down <= 1; down++) {
          for (let right = -1; right <= 1; right++) {
            const joined = diagonal || down === 0 || right === 0;
            if (joined && visit(row + down, column + right)) region.push([row + down, column + right]);
          }
        }
      }
      sizes.push(region.length);
    }
  }
  return sizes;
}
