/* Charts in SVG, drawn anew at each change: axes, curves, and a ball that rests on a curve. */

/**
 * Make a chart. Returns draw(paint); paint(width, height) returns its elements, for the size that it has, also after
 * what is around it has changed that. drag(x, y, width, height): receives the place of a pointer that is pressed in it,
 * in pixels; null if nothing can be dragged.
 */
function makeChart(parent, label, drag = null) {
  const svg = makeSvg("svg", { role: "img", "aria-label": label });
  const box = make(drag ? "div.chart.draggable" : "div.chart", {}, svg);
  parent.append(box);
  if (drag)
    listenToPlace(box, (x, y) => drag(x * box.clientWidth, y * box.clientHeight, box.clientWidth, box.clientHeight));
  let paint = () => [];
  const draw = () => svg.replaceChildren(...paint(box.clientWidth, box.clientHeight).filter(Boolean));
  new ResizeObserver(draw).observe(box);
  return (next) => {
    paint = next;
    draw();
  };
}

/** Return the scale of a chart, from values to pixels: {x, y, floor, left, width}. least to most: of the height. */
function makeScale(width, height, { from, to, most, left = 48, right = 16, top = 24, bottom = 40 }) {
  const floor = height - bottom;
  return {
    x: (value) => left + ((value - from) / (to - from)) * (width - left - right),
    y: (value) => floor - (value / most) * (floor - top),
    ...{ floor, left, width },
  };
}

/** Return the axes, with texts at [value, text] of columns and rows. */
function drawAxes({ x, y, floor, left, width }, columns, rows) {
  return [
    drawLine("axis", [left, floor], [width, floor]),
    drawLine("axis", [left, 0], [left, floor]),
    ...columns.map(([value, text]) => drawText(x(value), floor + 24, text, { anchor: "middle" })),
    ...rows.map(([value, text]) => drawText(left - 12, y(value) + 5, text, { anchor: "end" })),
  ];
}

function drawLine(name, [x1, y1], [x2, y2]) {
  return makeSvg("line", { class: name, x1, y1, x2, y2 });
}

function drawText(x, y, text, { anchor = "start", name = null } = {}) {
  return makeSvg("text", { x, y, "text-anchor": anchor, class: name }, text);
}

/** Return a line through points in pixels. */
function drawCurve(name, points) {
  const d = points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  return makeSvg("path", { class: name, d });
}

function drawDot(name, [cx, cy], r) {
  return makeSvg("circle", { class: name, cx, cy, r });
}

/** Return `count` values at equal distances. */
function spread(from, to, count) {
  return Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
}

/** Return round values between two, at most about `count`: multiples of 1, 2 or 5 times a power of ten. */
function ticksBetween(from, to, count) {
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((each) => each * power >= rough);
  const ticks = [];
  for (let i = Math.ceil(from / step); i * step <= to; i++) ticks.push(exactly(i * step));
  return ticks;
}

/** Format a tick: −0.5, 2. */
function formatTick(value) {
  return `${value < 0 ? MINUS : ""}${Math.abs(value)}`;
}
