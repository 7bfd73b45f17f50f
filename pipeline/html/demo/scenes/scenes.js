/* The lesson: scenes of one sentence and one action each, in which all else is dimmed, and Explore. */

const EXPLORE = 6; // the number after the scenes, of all parts together
const SWIPE = 60; // pixels
// A 3, as in a link, for whoever goes on without a drawing.
const THREE =
  "GgCbGtCGG-BzHRBkHmBZH9BSIVBQIsBSJDBZJYBkJrBzJ8CGKJCbKTCzKZDMKcDmKZEAKTEZKJExJ8FGJrFZJYFoJDFzIsF6I" +
  "VF8IwF-JKGFJjGQJ6GfKNGyKdHHKpHfKwH4KyISKwIsKpJFKdJdKNJyJ6KFJjKUJKKfIwKmIVKoH5KmHfKfHGKUGvKFGcJyGMJd";

const PARTS = "#drawing, #result, #picture-column, .examples, #bars, #why, #detail, #learning, .column";

/** Return {text, focus: selectors, action: {name, run(), text to follow}, show(), as it begins} of each scene. */
function listScenes(inside, learning) {
  const { layers } = inside.view();
  const hasKernels = isMap(layers[0].outputShape);
  const first = ".column:not([hidden]):nth-child(1 of .column:not([hidden]))";
  const trained = () => learning?.close();
  return {
    1: {
      text: `Draw a ${noun}. A network reads it while you draw.`,
      focus: ["#drawing", "#result", ".examples"],
      show: trained,
    },
    2: {
      text: hasKernels
        ? "A kernel is a small stencil. It slides over the drawing, a convolution: where they match, its map lights up."
        : "Each unit weighs every pixel: ink on blue speaks for it, ink on orange against it.",
      focus: ["#drawing", "#result", first, "#detail", "#picture-column"],
      action: hasKernels && { name: "Slide a kernel", run: inside.slide },
      show: trained,
    },
    3: {
      text: "Blue ink speaks for the answer, orange against it. A dot is ink that the runner-up lacks: tap one.",
      focus: ["#drawing", "#result", "#bars", "#why"],
      action: { name: "Fool it", run: inside.fool },
      show: trained,
    },
    4: {
      text: "All that a network knows is its weights. Fill them with noise, and it can only guess.",
      focus: ["#drawing", "#result", "#bars", first],
      action: {
        name: "Forget everything",
        run: () => learning.open({ seed: learning.state.seed + 1 }),
        text: "A smaller network, which learns fast: 8 kernels, then the votes. Its weights are noise, so it guesses.",
      },
    },
    5: {
      focus: ["#drawing", "#result", "#bars", first, "#learning"], // its text and its highlight come from the training
      action: { name: "Step", run: () => $("one-step").click() },
      show: () => learning.resume(),
    },
  };
}

/** Highlight the button that comes next. */
function highlight(next) {
  for (const id of ["action", "train", "next"]) $(`scene-${id}`).classList.toggle("primary", id === next);
}

/** Make the strip of scenes. Returns {go(number, isNew), number()}; isNew: whether the address does not tell it yet. */
function makeScenes(inside, learning) {
  const scenes = listScenes(inside, learning);
  const buttons = [...document.querySelectorAll("[data-scene]")];
  const numbers = buttons.map(({ dataset }) => Number(dataset.scene));
  let number = null;
  const beside = (by) => numbers[clamp(numbers.indexOf(number) + by, numbers.length - 1)];

  async function go(to, isNew = true) {
    if (!numbers.includes(to)) to = numbers[0];
    if (to === number) return;
    number = to;
    if (isNew) history.pushState(history.state, "", `#scene=${to}`);
    document.body.dataset.scene = to;
    if (to > 1 && to < EXPLORE && isEmpty()) perform(() => restore({ strokes: decodeStrokes(THREE), example: null }));
    const scene = scenes[to];
    buttons.forEach((button, i) => setAttributes(button, { "aria-current": numbers[i] === to ? "step" : "false" }));
    $("scene").hidden = !scene;
    inside.release();
    await scene?.show?.();
    if (number !== to) return; // gone on meanwhile
    setText($("scene-text"), scene?.text ?? "");
    setText($("scene-action"), scene?.action ? scene.action.name : "");
    $("scene-action").hidden = !scene?.action;
    highlight(scene?.action ? "action" : "next");
    $("scene-train").hidden = to !== 5;
    setText($("scene-next"), beside(1) === EXPLORE ? "Explore" : "Next");
    setAttributes($("scene-back"), { "aria-disabled": to === numbers[0] });
    refocus();
    window.dispatchEvent(new Event("resize")); // lines and curves are painted where the parts are now
    if (scene) announce($("scene-text").textContent);
  }

  /** Dim all parts that are not in the focus of the scene. */
  function refocus() {
    const focus = scenes[number]?.focus.map((selector) => document.querySelector(selector));
    for (const part of document.querySelectorAll(PARTS)) {
      part.inert = Boolean(focus) && !focus.some((each) => each?.contains(part) || part.contains(each));
    }
  }

  async function act() {
    const { run, text } = scenes[number].action;
    await run();
    refocus(); // on another network, perhaps
    if (text) announce(($("scene-text").textContent = text));
    if (number < 5) highlight("next");
  }

  buttons.forEach((button, i) => button.addEventListener("click", () => go(numbers[i])));
  $("scene-back").addEventListener("click", () => go(beside(-1)));
  $("scene-next").addEventListener("click", () => go(beside(1)));
  $("scene-action").addEventListener("click", act);
  $("scene-train").addEventListener("click", () => $("learn").click());
  document.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, PageUp: -1, ArrowRight: 1, PageDown: 1 }[event.key]; // clickers have the pages
    const focused = document.activeElement;
    const isDrawn = focused === canvas && !drawing.pen.visible; // by mouse or finger
    const isFree = isDrawn || focused === document.body || focused.closest("#scenes, #scene");
    if (event.key === "Escape" && document.documentElement.matches(".present")) $("present").click();
    if (!by || !isFree || number === EXPLORE || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    go(beside(by));
  });
  let touched = null; // where a finger came down
  for (const id of ["scene", "scenes"]) {
    $(id).addEventListener("touchstart", ({ touches: [t] }) => (touched = [t.clientX, t.clientY]), { passive: true });
    $(id).addEventListener("touchend", ({ changedTouches: [{ clientX, clientY }] }) => {
      const [right, down] = [clientX - touched[0], clientY - touched[1]];
      if (Math.abs(right) > SWIPE && Math.abs(right) > 2 * Math.abs(down)) go(beside(right < 0 ? 1 : -1));
    });
  }
  $("present").addEventListener("click", () => {
    setAttributes($("present"), { "aria-pressed": document.documentElement.classList.toggle("present") });
    window.dispatchEvent(new Event("resize"));
  });
  return { go, number: () => number };
}
