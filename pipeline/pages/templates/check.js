"use strict";

/*
 * Whether a picture is like those that the network has learned from. A network answers whatever it is shown: asked to
 * tell ten digits apart, it finds one in a blot. pipeline/data/ink.py and pipeline/pictures/reading.py do the same.
 */

const UNSURE = 0.4; // what the network believes less strongly than this, it does not say
const FAINT = 0.25; // ink
const SMALLEST_HOLE = 2; // pixels; single ones are gaps of a pen

/** Whether a prepared image, pixels 0 to 255, is something that the network can judge, and it has. */
function isLikely(probabilities, image, [height, width], inkStatistics) {
  return Math.max(...probabilities) >= UNSURE && isLike({ height, width, values: image }, inkStatistics);
}

function isLike(picture, inkStatistics) {
  const plane = { ...picture, values: Float32Array.from(picture.values, (pixel) => pixel / 255) };
  const { top, bottom, left, right } = findSides(plane);
  if (bottom <= top) return false;
  const { thickness, length } = measureStrokes(plane);
  const { holes, parts } = countHolesAndParts(plane);
  return (
    thickness <= inkStatistics.thickest &&
    length <= inkStatistics.longest &&
    right - left <= inkStatistics.widest * (bottom - top) &&
    holes <= inkStatistics.holes &&
    parts <= inkStatistics.parts
  );
}

/** How often ink closes background in, and how many parts it has that not even faint ink joins, not by a corner. */
function countHolesAndParts({ height, width, values }) {
  const inked = (y, x) => y >= 0 && x >= 0 && y < height && x < width && values[y * width + x] >= FAINT;
  const grounds = (y, x) => y < 0 || x < 0 || y >= height || x >= width || values[y * width + x] < 0.5;
  const parts = findRegions(height, width, inked, 1);
  const holes = findRegions(height, width, grounds, 0).filter((size) => size >= SMALLEST_HOLE);
  return { parts: parts.length, holes: holes.length - 1 }; // one of the grounds lies around everything
}

/** The sizes of the regions of a plane, and of a frame around it, that `belongs`. diagonal: 1 if corners join, else 0. */
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
