/* A drawing is a list of strokes, a stroke of points {x, y} in widths of the canvas, so that it can be resized. */

const LINK_UNITS = 1000; // per width of the canvas: points are rounded to whole units
const MIN_STEP = 0.012; // between neighbouring points of a stroke, except the last
const DRAWN_PEN = 0.09; // width of the pen on the canvas
const DOT = 0.0245; // a drawing whose strokes are shorter in total is only a dot
const LONG_SIDE = 160; // of the rasterised strokes, in pixels
const PREPARED_PEN = 2.4 / 20; // width of the rasterised pen in shares of it, about as in MNIST
const FINE = 6; // pixels of a canvas for each pixel of a picture

/** Add a point to a stroke, only as exactly as a link contains it, so that all see the same numbers. */
function addPoint(stroke, { x, y }) {
  const point = { x: Math.round(LINK_UNITS * x) / LINK_UNITS, y: Math.round(LINK_UNITS * y) / LINK_UNITS };
  const [before, last] = stroke.slice(-2);
  if (last && Math.hypot(last.x - before.x, last.y - before.y) < MIN_STEP) stroke.pop();
  stroke.push(point);
}

function boundingBox(strokes) {
  const points = strokes.flat();
  const [left, right] = extremes(points.map((point) => point.x));
  const [top, bottom] = extremes(points.map((point) => point.y));
  return { left, top, width: right - left, height: bottom - top };
}

/** Return whether the pen hardly moved. The size does not tell: a digit can be as small as a dot is wide. */
function isDot(strokes) {
  const lengthOf = (line) => sumOf(line.slice(1).map(({ x, y }, i) => Math.hypot(x - line[i].x, y - line[i].y)));
  return sumOf(strokes.map(lengthOf)) < DOT;
}

/** Draw strokes as quadratic splines whose control points are the points. scale: pixels per unit. pen: in pixels. */
function traceStrokes(context, strokes, scale, left, top, pen) {
  context.lineWidth = pen;
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) {
    const points = stroke.map(({ x, y }) => ({ x: (x - left) * scale, y: (y - top) * scale }));
    const last = points.at(-1);
    context.beginPath();
    context.moveTo(points[0].x, points[0].y);
    for (let i = 1; i < points.length - 1; i++) {
      const [a, b] = [points[i], points[i + 1]];
      context.quadraticCurveTo(a.x, a.y, (a.x + b.x) / 2, (a.y + b.y) / 2);
    }
    context.lineTo(last.x + 0.01, last.y); // lines of length 0 are not drawn
    context.stroke();
  }
}

/** Return the width of the rasterised pen that pictures of `shape` have usually. */
function penIn(shape, inkStatistics) {
  const box = boxIn(shape, inkStatistics);
  return (clamp(PREPARED_PEN * box, inkStatistics.thick, inkStatistics.thin) / box) * LONG_SIDE;
}

/** Paint light on dark: {grey, width, height}. paint(context): receives white as the colour of strokes. */
function paintGrey(width, height, paint) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillRect(0, 0, width, height);
  context.strokeStyle = "white";
  paint(context);
  const { data } = context.getImageData(0, 0, width, height);
  return { grey: Uint8Array.from({ length: width * height }, (_, i) => data[4 * i]), width, height }; // red of RGBA
}

/** Rasterise strokes, light on dark, the longer side in LONG_SIDE pixels: {grey, width, height}. pen: its width. */
function rasterise(strokes, pen) {
  const box = boundingBox(strokes);
  const scale = LONG_SIDE / Math.max(box.width, box.height);
  const [width, height] = [box.width, box.height].map((side) => Math.ceil(side * scale + 2 * pen)); // with a border
  return paintGrey(width, height, (context) =>
    traceStrokes(context, strokes, scale, box.left - pen / scale, box.top - pen / scale, pen),
  );
}

/** Rasterise strokes as they stand on a square canvas, in a picture of `shape`, without scaling them into its box. */
function rasteriseInPlace(strokes, [height, width], pen) {
  const fine = FINE * width;
  const { grey } = paintGrey(fine, FINE * height, (context) => {
    if (strokes[0]?.length) traceStrokes(context, strokes, fine, 0, 0, FINE * pen);
  });
  const sums = new Float32Array(height * width);
  grey.forEach((value, i) => (sums[Math.floor(i / fine / FINE) * width + Math.floor((i % fine) / FINE)] += value));
  return Uint8Array.from(sums, (sum) => sum / FINE ** 2);
}
