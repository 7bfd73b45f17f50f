/* The loss of one picture, as scene 5 shows it: calculated from the share as shown, so that it can be checked. */

/** Format a share of the right class with the digits of `percent`, or with more where it only says "more than". */
function formatShare(share) {
  const isMiddle = (share >= 0.0995 && share < 0.99) || share === 1;
  return share.toFixed(isMiddle ? 2 : share < 0.0005 || share > 0.9995 ? 4 : 3);
}

/** Return the share as it is shown: 0.45, 0.006, 0.9996. */
function shownShare(share) {
  return Number(formatShare(share));
}

/** Return the loss −ln p, in two decimals. */
function lossOfShare(share) {
  return round2(-Math.log(shownShare(share)));
}

/** Format the loss, with more decimals if it would otherwise be 0, which it never is below a share of 1. */
function formatLoss(share) {
  const exact = -Math.log(shownShare(share));
  return exact > 0 && exact < 0.005 ? exact.toFixed(4) : two(exact);
}
