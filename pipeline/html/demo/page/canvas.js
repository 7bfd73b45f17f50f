/* The canvas that is drawn on: strokes, or a test image, and the keyboard's pen. */

/** Paint at the resolution of the screen. image: pixels of `shape` to show instead, or undefined. */
function paintCanvas(canvas, { strokes, pen }, image, shape) {
  const box = canvas.getBoundingClientRect();
  const ratio = window.devicePixelRatio;
  const [width, height] = [Math.round(box.width * ratio), Math.round(box.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  context.clearRect(0, 0, width, height);
  context.strokeStyle = context.fillStyle = style.color;
  if (image) paintImage(context, image, shape);
  else if (strokes.length) traceStrokes(context, strokes, width, 0, 0, PEN * width);
  if (pen.visible) paintPen(context, pen, style.caretColor, ratio);
}

/** Paint pixels, 0 to 255, as ink on the largest centred rectangle, in the fill style of the context. */
function paintImage(context, image, [height, width]) {
  const small = document.createElement("canvas");
  [small.width, small.height] = [width, height];
  const pixels = new ImageData(width, height);
  image.forEach((ink, i) => (pixels.data[4 * i + 3] = ink)); // opacity
  small.getContext("2d").putImageData(pixels, 0, 0);
  const { canvas } = context;
  const scale = Math.min(canvas.width / width, canvas.height / height);
  const [left, top] = [(canvas.width - scale * width) / 2, (canvas.height - scale * height) / 2];
  context.imageSmoothingEnabled = false;
  context.drawImage(small, left, top, scale * width, scale * height);
  context.globalCompositeOperation = "source-in"; // keeps the opacity and replaces the colour
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.globalCompositeOperation = "source-over";
}

/** Paint a ring at the keyboard's pen; larger and dashed while the pen is up. */
function paintPen(context, pen, colour, ratio) {
  const scale = context.canvas.width;
  context.strokeStyle = colour;
  context.lineWidth = 2 * ratio;
  context.setLineDash(pen.down ? [] : [3 * ratio, 3 * ratio]);
  context.beginPath();
  context.arc(pen.x * scale, pen.y * scale, (pen.down ? 0.5 : 0.8) * PEN * scale, 0, 2 * Math.PI);
  context.stroke();
  context.setLineDash([]);
}
