/*
 * Input of strokes by mouse, finger and pen (Pointer Events) and by keyboard. Appends to `drawing.strokes` and calls
 * `drawing.changed(done)`, done: the stroke is complete, or `drawing.cancel()`, which removes an incomplete stroke.
 */

const STEP = 0.04; // distance by which a key moves the pen; a quarter of it with Shift
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Begin a stroke. It replaces a test image. */
function beginStroke(drawing) {
  drawing.example = null;
  drawing.strokes.push([]);
}

/** Draw by pointers: one at a time; a second finger is ignored, and a pen replaces a touch (of the palm). */
function listenToPointers(canvas, drawing) {
  let active = null; // the pointerdown event of the pointer that draws
  drawing.isDrawing = () => active !== null;
  const isActive = (event) => event.pointerId === active?.pointerId;
  const add = (event) => {
    const box = canvas.getBoundingClientRect();
    const x = clamp((event.clientX - box.left) / box.width, 1);
    const y = clamp((event.clientY - box.top) / box.width, box.height / box.width);
    addPoint(drawing.strokes.at(-1), { x, y });
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (active?.pointerType === "touch" && event.pointerType === "pen") drawing.cancel(); // the touch was a palm
    else if (active !== null) return;
    canvas.setPointerCapture(event.pointerId);
    active = event;
    drawing.liftPen();
    drawing.pen.visible = false;
    beginStroke(drawing);
    add(event);
    drawing.changed(false);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!isActive(event)) return;
    if (event.buttons === 0) return end(event); // the pointerup event was lost, for example to a menu
    const events = event.getCoalescedEvents?.() ?? [];
    (events.length ? events : [event]).forEach(add); // all events since the last frame
    drawing.changed(false);
  });
  const end = (event) => {
    if (!isActive(event)) return;
    active = null;
    drawing.changed(true);
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", (event) => {
    if (isActive(event) && event.pointerType === "touch") drawing.cancel(); // the system detected a palm
    end(event);
  });
  canvas.addEventListener("lostpointercapture", end);
  canvas.addEventListener("contextmenu", (event) => active !== null && event.preventDefault());
}

/** Draw by keys: arrows move `drawing.pen`, space puts it down and lifts it. It is visible while keys are used. */
function listenToKeys(canvas, drawing) {
  const pen = (drawing.pen = { x: 0.5, y: 0.5 * drawing.height, down: false, visible: false });
  const pressed = new Set(); // two arrows at once move diagonally
  drawing.liftPen = () => {
    if (!pen.down) return;
    pen.down = false;
    drawing.changed(true);
  };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in MOVES || event.key === " ")) return;
    if (event.key in MOVES && !pen.visible) return; // the canvas has the focus from a mouse or a finger
    event.preventDefault(); // do not scroll
    if (drawing.isDrawing()) return;
    if (event.key in MOVES) {
      pressed.add(event.key);
      const step = event.shiftKey ? STEP / 4 : STEP;
      for (const key of pressed) {
        pen.x = clamp(pen.x + step * MOVES[key][0], 1);
        pen.y = clamp(pen.y + step * MOVES[key][1], drawing.height);
      }
      if (pen.down) addPoint(drawing.strokes.at(-1), pen);
      pen.visible = true;
      drawing.changed(false);
    } else if (!event.repeat && pen.down) {
      drawing.liftPen();
    } else if (!event.repeat) {
      pen.down = pen.visible = true;
      beginStroke(drawing);
      addPoint(drawing.strokes.at(-1), pen);
      drawing.changed(false);
      drawing.announce("The pen is down.");
    }
  });
  canvas.addEventListener("keyup", (event) => pressed.delete(event.key));
  canvas.addEventListener("focus", () => {
    pen.visible = canvas.matches(":focus-visible");
    drawing.changed(false);
  });
  canvas.addEventListener("blur", () => {
    pressed.clear();
    drawing.liftPen();
    pen.visible = false;
    drawing.changed(false);
  });
}
