/*
 * A pad to draw on: strokes by mouse, finger and pen (Pointer Events) and by keyboard, added to `state.strokes`.
 */

const STEP = 0.04; // distance by which a key moves the pen; a quarter of it with Shift
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const CENTRE = { x: 0.5, y: 0.5, isDown: false };

/**
 * Make a pad of a canvas. on: {begun(), drawn(), done()}, each optional: a stroke begins, has grown, is complete.
 * height: of the canvas in its widths.
 */
function makePad(canvas, { begun = () => {}, drawn = () => {}, done = () => {} }, height = 1) {
  setAttributes(canvas, { tabindex: 0, role: "application", "aria-describedby": "keys" });
  listenToPointers(canvas, height, { begun, drawn, done });
  listenToKeys(canvas, height, { begun, drawn, done });
}

function beginStroke(point, begun) {
  begun();
  state.strokes.push([]);
  state.tested = null;
  addPoint(state.strokes.at(-1), point);
  change();
}

/** Draw by pointers: one at a time; a second finger is ignored, and a pen replaces a touch (of the palm). */
function listenToPointers(canvas, height, { begun, drawn, done }) {
  let active = null; // the pointerdown event of the pointer that draws
  const isActive = (event) => event.pointerId === active?.pointerId;
  const pointOf = (event) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.width];
    return { x: clamp(x, 1), y: clamp(y, height) };
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (active?.pointerType === "touch" && event.pointerType === "pen")
      state.strokes.pop(); // the touch was a palm
    else if (active !== null) return;
    canvas.setPointerCapture(event.pointerId);
    active = event;
    state.pen = null;
    beginStroke(pointOf(event), begun);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!isActive(event)) return;
    if (event.buttons === 0) return end(event); // the pointerup event was lost, for example to a menu
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) addPoint(state.strokes.at(-1), pointOf(each));
    drawn();
    change();
  });
  const end = (event) => {
    if (!isActive(event)) return;
    active = null;
    done();
    change();
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", (event) => {
    if (isActive(event) && event.pointerType === "touch") state.strokes.pop(); // the system detected a palm
    end(event);
  });
  canvas.addEventListener("lostpointercapture", end);
  canvas.addEventListener("contextmenu", (event) => active !== null && event.preventDefault());
}

/** Draw by keys: arrows move the pen, space puts it down and lifts it. It is visible while keys are used. */
function listenToKeys(canvas, height, { begun, drawn, done }) {
  const pressed = new Set(); // two arrows at once move diagonally
  const lift = () => {
    if (!state.pen?.isDown) return;
    state.pen.isDown = false;
    done();
  };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in MOVES || event.key === " ")) return;
    event.preventDefault(); // do not scroll
    const pen = (state.pen ??= { ...CENTRE, y: CENTRE.y * height });
    if (event.key in MOVES) {
      pressed.add(event.key);
      const step = event.shiftKey ? STEP / 4 : STEP;
      for (const key of pressed) {
        pen.x = clamp(pen.x + step * MOVES[key][0], 1);
        pen.y = clamp(pen.y + step * MOVES[key][1], height);
      }
      if (pen.isDown) addPoint(state.strokes.at(-1), pen);
      if (pen.isDown) drawn();
    } else if (!event.repeat && pen.isDown) {
      lift();
    } else if (!event.repeat) {
      beginStroke(pen, begun);
      pen.isDown = true;
    }
    change();
  });
  canvas.addEventListener("keyup", (event) => pressed.delete(event.key));
  canvas.addEventListener("focus", () => {
    if (canvas.matches(":focus-visible")) change({ pen: state.pen ?? { ...CENTRE, y: CENTRE.y * height } });
  });
  canvas.addEventListener("blur", () => {
    pressed.clear();
    lift();
    change({ pen: null });
  });
}

/** Paint a drawing at the resolution of the screen, with the pen at a point, or the ring of the keyboard's pen. */
function paintDrawing(canvas, strokes, { point = null, pen = null } = {}) {
  const box = canvas.getBoundingClientRect();
  const [width, height] = [box.width, box.height].map((side) => Math.round(side * window.devicePixelRatio));
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  context.fillStyle = toCss(colour("--well"));
  context.fillRect(0, 0, width, height);
  context.strokeStyle = toCss(colour("--ink"));
  traceStrokes(context, strokes, width, 0, 0, DRAWN_PEN * width);
  if (point) {
    context.fillStyle = toCss(colour("--pos"));
    context.beginPath();
    context.arc(point.x * width, point.y * width, 0.035 * width, 0, 2 * Math.PI);
    context.fill();
  }
  if (pen) paintPen(context, pen, width);
}

/** Paint a ring at the keyboard's pen; larger and dashed while the pen is up. */
function paintPen(context, { x, y, isDown }, scale) {
  context.strokeStyle = toCss(colour("--pos"));
  context.lineWidth = 0.008 * scale;
  context.setLineDash(isDown ? [] : [0.012 * scale, 0.012 * scale]);
  context.beginPath();
  context.arc(x * scale, y * scale, (isDown ? 0.04 : 0.055) * scale, 0, 2 * Math.PI);
  context.stroke();
  context.setLineDash([]);
}
