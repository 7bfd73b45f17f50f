/*
 * The frame around the scenes: the bar, the headline, the question, the stage and the one blue button.
 *
 * A scene is {name, title, lead, begin, build, enter, leave, action, key}. name: in the bar. title, lead: texts,
 * or functions of the page. begin(page): its state when it is first opened. build(scene): makes its elements in
 * scene.stage and scene.ask; returns draw(own), which shows its state. enter, leave: start and tidy up what moves.
 * action(own, scene): the blue button, {label, run}, or null for none. key(scene, event): acts on a key that no element
 * has used; returns whether it did. All but name, title, lead, begin and build are optional.
 */

const SIZES = { desktop: [1366, 620], tablet: [820, 1180], phone: [390, 844] }; // for which the scenes are laid out
const ZOOMS = { least: 0.8, most: 1.3, presenting: 4 };

/** Return the zoom at which the layout for the width of the window fills the window. */
function zoomFor(width, height, isPresenting) {
  const [wide, high] = width <= 600 ? SIZES.phone : width <= 1024 ? SIZES.tablet : SIZES.desktop;
  return clamp(Math.min(width / wide, height / high), isPresenting ? ZOOMS.presenting : ZOOMS.most, ZOOMS.least);
}

/** Show the scenes of a page. Returns {go}, which opens one by its number. */
function makeShell(page) {
  const parts = Object.fromEntries(
    ["main", "title", "lead", "ask", "stage", "go", "spoken"].map((id) => [id, document.getElementById(id)]),
  );
  let clock = makeClock();
  let draw = () => {};
  let handle = null;

  /** Make what a scene sees of the page. */
  function makeHandle(number) {
    clock.stop();
    clock = makeClock();
    return {
      page,
      stage: parts.stage,
      ask: parts.ask,
      get own() {
        return state.scenes[number];
      },
      change: (patch) => change({ scenes: { ...state.scenes, [number]: { ...state.scenes[number], ...patch } } }),
      animate: clock.animate,
      every: clock.every,
      next: () => go(number + 1),
      say: (text) => setText(parts.spoken, text),
    };
  }

  function open(number) {
    if (handle) SCENES[state.scene - 1].leave?.(handle);
    const scene = SCENES[number - 1];
    state.scene = number;
    state.scenes[number] ??= scene.begin(page);
    handle = makeHandle(number);
    for (const part of [parts.ask, parts.stage]) part.replaceChildren();
    parts.main.className = `scene-${number}`;
    const textOf = (text) => (typeof text === "function" ? text(page) : text);
    setText(parts.title, textOf(scene.title));
    setText(parts.lead, textOf(scene.lead));
    document.title = `${number}. ${scene.name}: how a network reads digits`;
    draw = scene.build(handle);
    showSteps(number);
    show();
    scene.enter?.(handle);
  }

  function show() {
    const action = SCENES[state.scene - 1].action?.(handle.own, handle);
    parts.go.hidden = !action;
    if (action) setText(parts.go, action.label);
    draw(handle.own); // charts fill what the button leaves
  }

  function showSteps(number) {
    for (const link of document.querySelectorAll("[data-scene]")) {
      if (Number(link.dataset.scene) === number) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    }
  }

  /** Open a scene as a step that the browser can go back from. */
  function go(number) {
    if (number === state.scene) return;
    history.pushState(null, "", `#scene=${number}${state.isPresenting ? "&present" : ""}`);
    open(number);
    parts.title.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  /** Zoom the page to the window. */
  function fit() {
    const zoom = zoomFor(window.innerWidth, window.innerHeight, state.isPresenting);
    document.documentElement.style.setProperty("--zoom", zoom.toFixed(3));
    document.documentElement.classList.toggle("presenting", state.isPresenting);
    change();
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const turn = state.isPresenting && { PageUp: -1, PageDown: 1 }[event.key]; // from the remote control of a projector
    const isFree = [document.body, parts.title].includes(document.activeElement);
    const isUsed = turn || SCENES[state.scene - 1].key?.(handle, event);
    if (turn) go(clamp(state.scene + turn, EXPLORE, 1));
    else if (!isUsed && event.key === "Enter" && isFree && !parts.go.hidden) parts.go.click();
    else if (!isUsed) return;
    event.preventDefault();
  }

  drawPage = show;
  document.querySelector("header").addEventListener("click", (event) => {
    const link = event.target.closest("[data-scene]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(Number(link.dataset.scene));
  });
  parts.go.addEventListener("click", () => SCENES[state.scene - 1].action(handle.own, handle)?.run());
  document.addEventListener("keydown", onKey);
  window.addEventListener("resize", fit);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (resetColours(), change()));
  return { open, go, fit };
}
