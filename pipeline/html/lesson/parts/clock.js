/* What moves. A clock belongs to the scene that is open, and stops with it. */

/** Return whether the reader prefers no motion. */
function isStill() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Slow at both ends. */
function ease(share) {
  return share * share * (3 - 2 * share);
}

/** Make a clock: {animate, every, stop}. */
function makeClock() {
  const stops = new Set();

  /**
   * Call step(share) in each frame, from 0 to 1 and eased, then done(). Returns a function that ends it early. With
   * reduced motion, it is at its end at once.
   */
  function animate(milliseconds, step, done = () => {}) {
    if (isStill()) {
      step(1);
      done();
      return () => {};
    }
    let start = null;
    let frame = requestAnimationFrame(function next(now) {
      start ??= now;
      const share = Math.min((now - start) / milliseconds, 1);
      step(ease(share));
      if (share < 1) return void (frame = requestAnimationFrame(next));
      stops.delete(end);
      done();
    });
    const end = () => {
      cancelAnimationFrame(frame);
      stops.delete(end);
    };
    stops.add(end);
    return end;
  }

  /** Call tick() at intervals until it returns false. Returns a function that ends it. */
  function every(milliseconds, tick) {
    const timer = setInterval(() => tick() === false && end(), milliseconds);
    const end = () => {
      clearInterval(timer);
      stops.delete(end);
    };
    stops.add(end);
    return end;
  }

  return { animate, every, stop: () => [...stops].forEach((end) => end()) };
}
