"use strict";

/* Undo and redo. */

const MAX_STATES = 100; // kept; each has its own strokes

/** Make a history that begins with `state`. The states of a history must not be modified. */
function makeHistory(state) {
  const states = [state];
  let now = 0;
  return {
    present: () => states[now],
    add(next) {
      states.splice(++now, states.length, next); // what was undone cannot be redone any more
      if (states.length > MAX_STATES) now -= states.splice(0, 1).length;
    },
    canMove: (step) => now + step in states, // step: -1 to undo, 1 to redo
    move: (step) => states[(now += step)],
  };
}
