"use strict";

/*
 * A drawing of any size becomes a picture like those that the network has learned from: ink light on dark, fitted into
 * a box of 20/28 of the picture, its centre of mass in the middle.
 */

const BOX = 20 / 28;

/**
 * grey: pixels 0 to 255, row by row, of one digit on plain ground, light on dark or dark on light.
 * shape: [h, w] of the network's pictures. Returns a Uint8Array of h * w pixels, or null where there is no ink.
 */
function prepare(grey, width, height, [h, w]) {
  const ink = findInk(grey, width, height);
  const box = findBox(ink, width, height);
  if (!box) return null;
  const scale = Math.min((BOX * w) / box.width, (BOX * h) / box.height);
  const centre = centreOfMass(ink, width, height);
  const left = centre.x - w / 2 / scale;
  const top = centre.y - h / 2 / scale;
  const image = new Uint8Array(h * w);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      image[y * w + x] = Math.round(mean(ink, width, height, left + x / scale, top + y / scale, 1 / scale));
    }
  }
  return image;
}

/** The ink, 0 to 255, on a ground of 0. The ground is what the border has most of. */
function findInk(grey, width, height) {
  let border = 0;
  for (let x = 0; x < width; x++) border += grey[x] + grey[(height - 1) * width + x];
  for (let y = 0; y < height; y++) border += grey[y * width] + grey[y * width + width - 1];
  const ground = border / (2 * (width + height));
  const distance = Float32Array.from(grey, (level) => Math.abs(level - ground));
  const largest = distance.reduce((a, b) => Math.max(a, b), 0);
  if (largest < 8) return new Float32Array(width * height);
  return distance.map((each) => Math.max(0, (each / largest) * 1.1 - 0.1) * 255);
}

function findBox(ink, width, height) {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (ink[y * width + x] < 64) continue;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
  }
  return right < 0 ? null : { width: right - left + 1, height: bottom - top + 1 };
}

function centreOfMass(ink, width, height) {
  let [sum, x, y] = [0, 0, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const weight = ink[row * width + column];
      sum += weight;
      x += weight * (column + 0.5);
      y += weight * (row + 0.5);
    }
  }
  return { x: x / sum, y: y / sum };
}

/** The mean of the ink over a square of the given corner and side, of pixels and parts of pixels. */
function mean(ink, width, height, left, top, side) {
  let sum = 0;
  for (let y = Math.max(0, Math.floor(top)); y < Math.min(height, top + side); y++) {
    const tall = Math.min(y + 1, top + side) - Math.max(y, top);
    for (let x = Math.max(0, Math.floor(left)); x < Math.min(width, left + side); x++) {
      const wide = Math.min(x + 1, left + side) - Math.max(x, left);
      sum += tall * wide * ink[y * width + x];
    }
  }
  return sum / (side * side);
}
