/* Curves between elements of the stage. */

/** Make an overlay of a stage. Returns draw(wires): {d, width, opacity, isDashed, shift, isMinus}; false for none. */
function makeWires(stage) {
  const svg = makeSvg("svg", { class: "wires", "aria-hidden": "true" });
  stage.prepend(svg);
  return (wires) =>
    svg.replaceChildren(
      ...wires.filter(Boolean).map(({ d, width, opacity, isDashed = false, shift = 0, isMinus = false }) =>
        makeSvg("path", {
          d,
          class: isMinus && "minus",
          "stroke-width": width.toFixed(2),
          "stroke-opacity": opacity.toFixed(2),
          "stroke-dasharray": isDashed ? "10 8" : null,
          "stroke-dashoffset": isDashed ? String(-Math.round(shift)) : null,
        }),
      ),
    );
}

/** Return the curve from the right side of a box to the left side of another; from bottom to top if `isDown`. */
function curveOf(from, to, isDown) {
  const [x0, y0] = isDown
    ? [from.x + from.width / 2, from.y + from.height]
    : [from.x + from.width, from.y + from.height / 2];
  const [x1, y1] = isDown ? [to.x + to.width / 2, to.y] : [to.x, to.y + to.height / 2];
  const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
  return isDown ? `M${x0} ${y0}C${x0} ${y} ${x1} ${y} ${x1} ${y1}` : `M${x0} ${y0}C${x} ${y0} ${x} ${y1} ${x1} ${y1}`;
}
