"use strict";

/*
 * How strokes come about: by mouse, finger and pen through Pointer Events, or by the keyboard. The strokes are in
 * `drawing.strokes`; `drawing.changed(done)` is called as they grow, with true when one is done.
 */

const STEP = 0.04; // how far a key moves the pen; with Shift a quarter of it
const MOVES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  Home: [-1, -1],
  PageUp: [1, -1],
  End: [-1, 1],
  PageDown: [1, 1],
};

/** Let pointers draw on the canvas: one at a time, a second finger is ignored; a pen comes before the hand it is in. */
function listenToPointers(canvas, drawing) {
  let active = null; // the event with which the pointer came down that draws
  drawing.isDrawing = () => active !== null;
  const isActive = (event) => event.pointerId === active?.pointerId;
  const add = (event) => {
    const box = canvas.getBoundingClientRect();
    const x = clamp((event.clientX - box.left) / box.width, 1);
    const y = clamp((event.clientY - box.top) / box.width, box.height / box.width);
    drawing.strokes.at(-1).push({ x, y });
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (active?.pointerType === "touch" && event.pointerType === "pen") drawing.strokes.pop(); // that was a palm
    else if (active !== null) return;
    canvas.setPointerCapture(event.pointerId);
    active = event;
    drawing.liftPen();
    drawing.pen.visible = false;
    drawing.strokes.push([]);
    add(event);
    drawing.changed(false);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!isActive(event)) return;
    if (event.buttons === 0) return end(event); // it went up where nobody told, as in a menu
    const events = event.getCoalescedEvents?.() ?? [];
    (events.length ? events : [event]).forEach(add); // all that happened since the last frame
    drawing.changed(false);
  });
  const end = (event) => {
    if (!isActive(event)) return;
    active = null;
    drawing.changed(true);
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", (event) => {
    if (isActive(event) && event.pointerType === "touch") drawing.strokes.pop(); // the system takes it for a palm
    end(event);
  });
  canvas.addEventListener("lostpointercapture", end);
  canvas.addEventListener("contextmenu", (event) => {
    if (active !== null) event.preventDefault();
  });
}

/** Let keys draw: arrows move `drawing.pen`, space puts it down and lifts it. It is visible while keys are in use. */
function listenToKeys(canvas, drawing) {
  const pen = (drawing.pen = { x: 0.5, y: 0.5 * drawing.height, down: false, visible: false });
  const held = new Set(); // two arrows at once go aslant
  drawing.liftPen = () => {
    if (!pen.down) return;
    pen.down = false;
    drawing.changed(true);
  };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in MOVES || event.key === " ")) return;
    event.preventDefault(); // the page stays where it is
    if (drawing.isDrawing()) return;
    if (event.key in MOVES) {
      held.add(event.key);
      const step = event.shiftKey ? STEP / 4 : STEP;
      for (const key of held) {
        pen.x = clamp(pen.x + step * MOVES[key][0], 1);
        pen.y = clamp(pen.y + step * MOVES[key][1], drawing.height);
      }
      if (pen.down) drawing.strokes.at(-1).push({ x: pen.x, y: pen.y });
      pen.visible = true;
      drawing.changed(false);
    } else if (!event.repeat && pen.down) {
      drawing.liftPen();
    } else if (!event.repeat) {
      pen.down = pen.visible = true;
      drawing.strokes.push([{ x: pen.x, y: pen.y }]);
      drawing.changed(false);
      drawing.say("The pen is down.");
    }
  });
  canvas.addEventListener("keyup", (event) => held.delete(event.key));
  canvas.addEventListener("focus", () => {
    pen.visible = canvas.matches(":focus-visible");
    drawing.changed(false);
  });
  canvas.addEventListener("blur", () => {
    held.clear();
    drawing.liftPen();
    pen.visible = false;
    drawing.changed(false);
  });
}

function clamp(value, most) {
  return Math.min(Math.max(value, 0), most);
}
