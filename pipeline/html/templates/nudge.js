"use strict";

/* Moving the picture by whole pixels, away from the centre on which the network was trained. */

const MAX_NUDGE = 5; // pixels in each direction; farther, digits leave the picture

/** Return the image moved `down` and `right` by whole pixels; what leaves it is cut off. */
function moveImage(image, [height, width], [down, right]) {
  const moved = new Uint8Array(image.length);
  for (let y = Math.max(0, down); y < Math.min(height, height + down); y++) {
    for (let x = Math.max(0, right); x < Math.min(width, width + right); x++) {
      moved[y * width + x] = image[(y - down) * width + x - right];
    }
  }
  return moved;
}

/** Return the position after a move by one pixel, at most MAX_NUDGE from the centre. */
function nudged([down, right], [moreDown, moreRight]) {
  return [down + moreDown, right + moreRight].map((offset) => Math.max(-MAX_NUDGE, Math.min(MAX_NUDGE, offset)));
}

/** Describe a position as "moved 2 up, 1 right". */
function describeNudge([down, right]) {
  if (down === 0 && right === 0) return "centred";
  const vertical = down === 0 ? "" : `${Math.abs(down)} ${down < 0 ? "up" : "down"}`;
  const horizontal = right === 0 ? "" : `${Math.abs(right)} ${right < 0 ? "left" : "right"}`;
  return `moved ${[vertical, horizontal].filter(Boolean).join(", ")}`;
}

/** Describe which answer is shown, if it is not that of the model for the centred picture; otherwise "". */
function describeShown(isDense, offset) {
  const parts = [isDense && "dense network", offset.some(Boolean) && describeNudge(offset)];
  return parts.filter(Boolean).join(", ");
}

/** Mark the buttons that would not move the picture. */
function showNudges(buttons, offset, isMovable) {
  for (const button of buttons) {
    const isSame = nudgedBy(button, offset).every((each, i) => each === offset[i]);
    setAttributes(button, { "aria-disabled": !isMovable || isSame });
  }
}

/** Return the position after a press of a button: one pixel farther, or the centre. */
function nudgedBy({ dataset }, offset) {
  const step = dataset.nudge.split(" ").map(Number);
  return step.some(Boolean) ? nudged(offset, step) : [0, 0];
}

/** Show beside the name of each network what it reads. predictions: as from `predict`, or null. */
function showComparison(elements, predictions, classNames) {
  elements.forEach((element, i) => {
    if (!predictions[i]) return (element.textContent = "");
    const { probabilities } = predictions[i];
    const [best] = strongest(probabilities, 1);
    const doubt = probabilities[best] < MIN_PROBABILITY ? "? " : "";
    element.textContent = `${doubt}${classNames[best]}, ${percent(probabilities[best])}`;
    element.style.backgroundSize = `${100 * probabilities[best]}% 3px`; // a bar below
  });
}
