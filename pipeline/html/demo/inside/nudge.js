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

/** Describe a position as "moved 2 up, 1 right". */
function describeNudge([down, right]) {
  if (down === 0 && right === 0) return "centred";
  const vertical = down === 0 ? "" : `${Math.abs(down)} ${down < 0 ? "up" : "down"}`;
  const horizontal = right === 0 ? "" : `${Math.abs(right)} ${right < 0 ? "left" : "right"}`;
  return `moved ${[vertical, horizontal].filter(Boolean).join(", ")}`;
}

/** Mark the buttons that would not move the picture. */
function showNudges(buttons, offset, isMovable) {
  for (const button of buttons) {
    const isSame = nudgedBy(button, offset).every((each, i) => each === offset[i]);
    setAttributes(button, { "aria-disabled": !isMovable || isSame });
  }
}

/**
 * Return the position after a press of a button: one pixel farther, at most MAX_NUDGE from the centre, or the centre.
 */
function nudgedBy({ dataset }, offset) {
  const step = dataset.nudge.split(" ").map(Number);
  return step.some(Boolean) ? offset.map((pixels, i) => clamp(pixels + step[i], MAX_NUDGE, -MAX_NUDGE)) : [0, 0];
}
