"use strict";

/* While nothing is drawn, a faint pen writes a digit, so that the page shows what it does. */

const GHOST = "#d=ga2JapBiBlBmBdqBVuBNwBDuBEuBOqBWmBeiBmBaqBUwBMyBG0BF0BLyBTwBZqBhBmBlBepBWtBOtBE2BE0BOyBWuBemBmBgBqBYwBOyBE0BD0BNyBXwBfqBlBmBtBexBWzBO1BE3BDzBNxBVtBdlBlBfpB"; // a 3, as in link.js
const GHOST_DELAY = 800; // milliseconds without input
const GHOST_WRITING = 1500; // milliseconds

/** Make the pen. repaint: called when it has moved. Returns a function that returns the strokes written so far, or null. */
function makeGhost(height, repaint) {
  const [stroke] = decodeLink(GHOST, height, 0).strokes;
  let started = null;
  const timer = setTimeout(() => {
    started = performance.now();
    repaint();
  }, GHOST_DELAY);
  const end = () => {
    clearTimeout(timer);
    if (started !== null) repaint();
    started = null;
  };
  for (const type of ["pointerdown", "keydown"]) document.addEventListener(type, end, { once: true, capture: true });
  return () => {
    if (started === null) return null;
    const share = REDUCED_MOTION.matches ? 1 : Math.min((performance.now() - started) / GHOST_WRITING, 1);
    if (share < 1) repaint();
    return [stroke.slice(0, Math.max(share * stroke.length, 2))];
  };
}
