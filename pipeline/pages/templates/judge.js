"use strict";

/** Whether a prediction is worth telling: what the network has never seen, it is seldom sure of. */
function isLikely(probabilities) {
  return Math.max(...probabilities) >= 0.5;
}
