/* Curves: of the training, and of the loss over a weight. */

const LABEL = 1.5; // height above the highest line of a curve, for its label, in sizes of its type
const [BALL, SPOT, SINGLE] = [6, 3, 20]; // pixels: radii; points, at most, of a curve whose points are seen one by one
const TANGENT = 0.18; // half of its width, in shares of the curve's

/**
 * Paint values from `least` to `most` over what they are `at`, from 0 to `end`. points: {at, value}, with `low` and
 * `high` if a band is shaded. hasEdge: whether the band's upper edge is a curve of its own. lines: [value, label, side]
 * of dashed lines. ball: {at, value, slope} with its tangent. trail: {at, value} where it was.
 */
function paintCurve(canvas, { points, end, least = 0, most, name, hasEdge = false, lines = [], ball, trail = [] }) {
  const { width, height } = canvas.getBoundingClientRect();
  const ratio = window.devicePixelRatio;
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.font = "0.75rem system-ui, sans-serif";
  const type = parseFloat(context.font);
  const x = (at) => (width * at) / end;
  const y = (value) => LABEL * type + (height - LABEL * type - 2) * (1 - Math.min((value - least) / (most - least), 1));
  const trace = (values) => values.forEach(([at, value], i) => context[i ? "lineTo" : "moveTo"](x(at), y(value)));
  const draw = (values, colour_, thickness) => {
    Object.assign(context, { strokeStyle: `rgb(${colour(colour_)})`, lineWidth: thickness });
    context.beginPath();
    trace(values);
    context.stroke();
  };
  context.fillStyle = `rgb(${colour("--quiet")})`;
  context.setLineDash([3, 3]);
  for (const [value, label, side] of lines) {
    draw([[0, value], [end, value]], "--quiet", 1);
    context.textAlign = side;
    context.fillText(label, side === "left" ? 4 : width - 2, y(value) - type / 2);
  }
  context.setLineDash([]);
  context.fillStyle = `rgb(${colour(name)}, 20%)`;
  context.beginPath();
  trace([...points.map(({ at, low }) => [at, low]), ...points.map(({ at, high }) => [at, high]).reverse()]);
  context.fill();
  if (hasEdge) draw(points.map(({ at, high }) => [at, high]), "--quiet", 1.5);
  draw(points.map(({ at, value }) => [at, value]), name, 2);
  const rest = ({ at, value }, radius, style, sunk = 0) => {
    context.fillStyle = `rgb(${colour(style)})`;
    context.beginPath();
    context.arc(clamp(x(at), width - radius, radius), y(value) - radius + sunk, radius, 0, 2 * Math.PI);
    context.fill();
  };
  if (points.length <= SINGLE) points.forEach((point) => rest(point, SPOT, name, SPOT));
  if (!ball) return;
  const sides = [-1, 1].map((side) => side * TANGENT * end);
  draw(sides.map((by) => [ball.at + by, ball.value + by * ball.slope]), "--frame", 2);
  trail.forEach((point) => rest(point, BALL, "--edge"));
  rest(ball, BALL, "--ink");
}
