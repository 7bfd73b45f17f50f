/* While nothing is drawn, a faint pen writes a digit, so that the page shows what it does. */

// a 3, as in link.js
const GHOST =
  "#s=GgCbGtCGG-BzHRBkHmBZH9BSIVBQIsBSJDBZJYBkJrBzJ8CGKJCbKTCzKZDMKcDmKZEAKTEZKJExJ8FGJrFZJYFoJDFzIsF6I" +
  "VF8IwF-JKGFJjGQJ6GfKNGyKdHHKpHfKwH4KyISKwIsKpJFKdJdKNJyJ6KFJjKUJKKfIwKmIVKoH5KmHfKfHGKUGvKFGcJyGMJd";
const GHOST_DELAY = 800; // milliseconds without input
const GHOST_WRITING = 1500; // milliseconds

/**
 * Make the pen. repaint: called when it has moved. Returns a function of whether nothing is drawn, which returns the
 * strokes written so far, or null. They stay until the canvas is used, so that one can look inside the network before.
 */
function makeGhost(canvas, height, repaint) {
  const written = [];
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
  canvas.addEventListener("pointerdown", end);
  canvas.addEventListener("keydown", ({ key }) => ["Tab", "Shift"].includes(key) || end());
  return (isEmpty) => {
    if (!isEmpty) end();
    if (started === null) return null;
    const share = REDUCED_MOTION.matches ? 1 : Math.min((performance.now() - started) / GHOST_WRITING, 1);
    if (share < 1) repaint();
    written.push(...stroke.slice(written.length, Math.max(share * stroke.length, 2)));
    return [written];
  };
}
