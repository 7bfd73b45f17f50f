/* What moves. A clock belongs to the scene that is open, and stops with it. */

/** Return whether the reader prefers no motion. */
function isStill() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Slow at both ends. */
function ease(share) {
  return share * share * (3 - 2 * share);
}

/** Make a clock: {animate, every, stop}. stop(): ends all that moves. */
function makeClock() {
  let stops = 0; // so far: what began before the last one moves no more

  /** Call step(share) in each frame, from 0 to 1 and eased, then done(); with reduced motion, both at once. */
  function animate(milliseconds, step, done = () => {}) {
    if (isStill()) {
      step(1);
      done();
      return;
    }
    const begun = stops;
    let start = null;
    requestAnimationFrame(function next(now) {
      if (begun !== stops) return;
      start ??= now;
      const share = Math.min((now - start) / milliseconds, 1);
      step(ease(share));
      if (share < 1) requestAnimationFrame(next);
      else done();
    });
  }

  /** Call tick() at intervals until it returns false. */
  function every(milliseconds, tick) {
    const begun = stops;
    const timer = setInterval(() => {
      if (begun !== stops || tick() === false) clearInterval(timer);
    }, milliseconds);
  }

  return { animate, every, stop: () => stops++ };
}
