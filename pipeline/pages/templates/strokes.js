"use strict";

/*
 * A drawing is a list of strokes, a stroke a list of points {x, y}. Their unit is the width of the canvas, so a drawing
 * stays the same when the canvas gets another size.
 */

const PEN = 0.06; // how wide the pen draws on the canvas
const LONG_SIDE = 160; // of a drawing as it is prepared, in pixels
const PREPARED_PEN = (2.4 / 20) * LONG_SIDE; // how wide the pen then is, about as in MNIST
const TOO_LONG = 1.5; // times as long as the longest strokes that the network has seen; some go over a digit again
const BORDER = PREPARED_PEN; // of background around it

/** The smallest box that holds all points. */
function boundingBox(strokes) {
  const points = strokes.flat();
  const [left, right] = range(points.map((point) => point.x));
  const [top, bottom] = range(points.map((point) => point.y));
  return { left, top, width: right - left, height: bottom - top };
}

function range(numbers) {
  return numbers.reduce(([least, most], number) => [Math.min(least, number), Math.max(most, number)], [
    Infinity,
    -Infinity,
  ]);
}

/** Whether all that was drawn is about as large as the pen's tip: a touch, no digit. */
function isDot(strokes) {
  const { width, height } = boundingBox(strokes);
  return Math.max(width, height) < 1.3 * PEN;
}

/** Whether the pen has gone a longer way than any digit is, made as large as this drawing: then it is a scribble. */
function isTangle(strokes, { box, longest }) {
  const { width, height } = boundingBox(strokes);
  const ways = strokes.map((stroke) => stroke.slice(1).map(({ x, y }, i) => Math.hypot(x - stroke[i].x, y - stroke[i].y)));
  const way = ways.flat().reduce((sum, part) => sum + part, 0);
  return way * box > TOO_LONG * longest * (Math.max(width, height) + PEN);
}

/**
 * Draw the strokes, round and smooth: curves go from middle to middle of neighbouring points, which pull them.
 * context: of a canvas, with its colour set. scale: pixels for a unit; pen: in pixels.
 */
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
    context.lineTo(last.x + 0.01, last.y); // lines of no length are not drawn
    context.stroke();
  }
}

/**
 * The strokes as pixels, whose size does not depend on where, how large and with how wide a pen they were drawn:
 * the long side of their box always has LONG_SIDE pixels. Light on dark: {grey, width, height}.
 */
function rasterise(strokes) {
  const box = boundingBox(strokes);
  const scale = LONG_SIDE / Math.max(box.width, box.height);
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(box.width * scale + 2 * BORDER);
  canvas.height = Math.ceil(box.height * scale + 2 * BORDER);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "black";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.strokeStyle = "white";
  traceStrokes(context, strokes, scale, box.left - BORDER / scale, box.top - BORDER / scale, PREPARED_PEN);
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = data[4 * i]; // red, of red, green, blue and opacity
  return { grey, width, height };
}
