/* The loss of one picture, as scene 5 shows it: calculated from the share as shown, so that it can be checked. */

const EXACT = { below: 0.1, above: 0.99 }; // shares with four decimals; others have two

/** Return the share of the right class as shown: 0.45, 0.0061. */
function shownShare(share) {
  const scale = share < EXACT.below || share > EXACT.above ? 10_000 : 100;
  return Math.round(share * scale) / scale;
}

/** Format a share as `shownShare` rounds it. */
function formatShare(share) {
  const shown = shownShare(share);
  return shown.toFixed(shown < EXACT.below || shown > EXACT.above ? 4 : 2);
}

/** Return the loss −ln p, in two decimals. */
function lossOfShare(share) {
  return round2(-Math.log(shownShare(share)));
}

/** Return how many times as large a loss is as another one, as both are shown; rounded down. */
function timesAsLarge(loss, other) {
  return Math.floor(loss / other);
}
