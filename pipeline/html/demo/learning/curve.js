/* Curves: of the training, and of the loss over the share. */

const LABEL = 13; // pixels above the highest line of a curve, for its label
const DOT = 4; // pixels: radius

/**
 * Paint values from 0 to `most` over what they are `at`, from 0 to `end`, with the band from `low` to `high` if they
 * have one. lines: [value, label, side] of dashed lines. dots: more points, marked.
 */
function paintCurve(canvas, points, end, most, name, lines, dots = []) {
  const { width, height } = canvas.getBoundingClientRect();
  const ratio = window.devicePixelRatio;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const [x, y] = [
    (at) => (width * at) / end,
    (value) => LABEL + (height - LABEL - 2) * (1 - Math.min(value / most, 1)),
  ];
  const trace = (values) => values.forEach(([at, value], i) => context[i ? "lineTo" : "moveTo"](x(at), y(value)));
  context.strokeStyle = context.fillStyle = `rgb(${colour("--quiet")})`;
  context.font = "11px system-ui, sans-serif";
  context.setLineDash([3, 3]);
  for (const [value, label, side] of lines) {
    context.beginPath();
    trace([[0, value], [end, value]]);
    context.stroke();
    context.textAlign = side;
    context.fillText(label, side === "left" ? 4 : width - 2, y(value) - 3);
  }
  context.setLineDash([]);
  context.strokeStyle = context.fillStyle = `rgb(${colour(name)})`;
  context.globalAlpha = 0.2;
  context.beginPath();
  trace([...points.map(({ at, low }) => [at, low]), ...points.map(({ at, high }) => [at, high]).reverse()]);
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 2;
  context.beginPath();
  trace(points.map(({ at, value }) => [at, value]));
  context.stroke();
  context.fillStyle = `rgb(${colour("--ink")})`;
  context.beginPath();
  for (const { at, value } of dots) context.arc(Math.max(x(at), DOT), y(value), DOT, 0, 2 * Math.PI);
  context.fill();
}
