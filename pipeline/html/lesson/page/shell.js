/*
 * The frame around the scenes: the bar, the headline, the question, the stage and the one blue button.
 *
 * A scene is {name, title, lead, begin, build, enter, leave, action, others, key, steps, arrive}. name: in the bar.
 * title, lead: texts, or functions of the page and of the state of the scene. begin(page): its state when it is first
 * opened. build(scene): makes its elements in scene.stage and scene.ask; returns draw(own), which shows its state.
 * enter, leave: start and tidy up what moves. action(own, scene): the blue button, {label, run}, or null for none.
 * others(own, scene): the buttons beside it. key(scene, event): acts on a key that no element has used; returns whether
 * it did. steps: how many it has, of which the state has the number, `step`. arrive(page, own, step): what changes in
 * the state when a step is opened. All but name, title, lead, begin and build are optional.
 */

/* Windows for which the scenes are laid out, and the zooms: at the least one, the smallest text has 13 pixels. */
const SIZES = { desktop: [1366, 620], tablet: [820, 1180], phone: [390, 844], flat: [844, 390] };
const ZOOMS = { desktop: 0.93, least: 1, most: 1.6, presenting: 4 };

/** Return which layout a window has, as in shell.css: flat is a phone or a tablet on its side. */
function layoutOf(width, height) {
  if (width <= 600) return "phone";
  if (height <= 500 || (width <= 1269 && width > height)) return "flat";
  return width <= height ? "tablet" : "desktop";
}

function layoutOfWindow() {
  return layoutOf(window.innerWidth, window.innerHeight);
}

/** Return whether the stage lies above the question, and flows downwards. */
function isUpright() {
  return ["phone", "tablet"].includes(layoutOfWindow());
}

/** Return the zoom at which the layout for the window fills it. */
function zoomFor(width, height, isPresenting) {
  const layout = layoutOf(width, height);
  const [wide, high] = SIZES[layout];
  const most = isPresenting ? ZOOMS.presenting : ZOOMS.most;
  return clamp(Math.min(width / wide, height / high), most, ZOOMS[layout] ?? ZOOMS.least);
}

/** Show the scenes of a page. Returns {open(number, {step}), present(isPresenting), fit}. */
function makeShell(page) {
  const parts = Object.fromEntries(
    ["main", "title", "lead", "ask", "stage", "go", "others", "spoken"].map((id) => [id, document.getElementById(id)]),
  );
  const clock = makeClock();
  let draw = () => {};
  let handle = null;

  /** Make what a scene sees of the page. */
  function makeHandle(number) {
    clock.stop();
    return {
      page,
      stage: parts.stage,
      ask: parts.ask,
      get own() {
        return state.scenes[number];
      },
      change: (patch) => change({ scenes: { ...state.scenes, [number]: { ...state.scenes[number], ...patch } } }),
      ...clock,
      next: () => go(number + 1),
      turn: (step, patch = {}) => turn(number, step, patch),
      say: (text) => setText(parts.spoken, text),
    };
  }

  /** Open a scene. step: that of the address, null if it names none; one that does not exist is the first. */
  function open(number, { step }) {
    if (handle) SCENES[state.scene - 1].leave?.(handle);
    const scene = SCENES[number - 1];
    state.scene = number;
    const own = (state.scenes[number] ??= scene.begin(page));
    const wanted = step === null || step > scene.steps ? 1 : step;
    if (scene.steps && own.step !== wanted) state.scenes[number] = { ...own, ...scene.arrive(page, own, wanted) };
    handle = makeHandle(number);
    for (const part of [parts.ask, parts.stage]) part.replaceChildren();
    parts.main.className = `scene-${number}`;
    document.title = `${number}. ${scene.name}: how a network reads digits`;
    draw = scene.build(handle);
    showSteps(number);
    show();
    scene.enter?.(handle);
  }

  function show() {
    const scene = SCENES[state.scene - 1];
    const textOf = (text) => (typeof text === "function" ? text(page, handle.own) : text);
    setText(parts.title, textOf(scene.title));
    setWords(parts.lead, textOf(scene.lead));
    const action = scene.action?.(handle.own, handle);
    parts.go.hidden = !action;
    if (action) setText(parts.go, action.label);
    showOthers(scene.others?.(handle.own, handle) ?? []);
    document.body.dataset.step = handle.own.step ?? "";
    draw(handle.own); // charts fill what the button leaves
  }

  /** Show the buttons beside the blue one; those that stay keep the focus. */
  function showOthers(buttons) {
    while (parts.others.children.length > buttons.length) parts.others.lastChild.remove();
    buttons.forEach(({ label, run }, i) => {
      const button = parts.others.children[i] ?? parts.others.appendChild(make("button.plain"));
      setText(button, label);
      button.onclick = run;
    });
  }

  function showSteps(number) {
    for (const link of document.querySelectorAll("[data-scene]"))
      link.ariaCurrent = Number(link.dataset.scene) === number ? "step" : null;
  }

  /** Open a scene, or a step of it, so that the browser can go back from it. */
  function go(number) {
    if (number === state.scene) return;
    const step = SCENES[number - 1].steps ? (state.scenes[number]?.step ?? 1) : null;
    history.pushState(null, "", addressOf({ ...state, scene: number, step }));
    open(number, { step });
    parts.title.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  function turn(number, step, patch) {
    if (number !== state.scene) return; // it was left while something moved
    clock.stop();
    const scene = SCENES[number - 1];
    handle.change({ ...scene.arrive(page, handle.own, step), ...patch });
    history.pushState(null, "", addressOf({ ...state, step }));
    window.scrollTo(0, 0);
    scene.enter?.(handle);
  }

  /** Go on or back by a step, or by a scene where the steps end. */
  function goBy(by) {
    const { steps } = SCENES[state.scene - 1];
    const step = handle.own.step + by;
    if (step >= 1 && step <= steps) turn(state.scene, step, {});
    else go(clamp(state.scene + by, EXPLORE, 1));
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
    const isFree = [document.body, parts.title, parts.go].includes(document.activeElement);
    const { key } = event;
    if (state.isPresenting && key === "Escape" && !document.querySelector("dialog[open]")) return present(false);
    const by = { PageUp: -1, PageDown: 1, ...(isFree && { ArrowLeft: -1, ArrowRight: 1 }) }[key]; // of a remote control
    const isTurned = state.isPresenting && by;
    const isUsed = isTurned || SCENES[state.scene - 1].key?.(handle, event);
    if (isTurned) goBy(by);
    else if (!isUsed && key === "Enter" && isFree && document.activeElement !== parts.go && !parts.go.hidden)
      parts.go.click();
    else if (!isUsed) return;
    event.preventDefault();
  }

  /** Begin or end to present. */
  function present(isPresenting) {
    state.isPresenting = isPresenting;
    setText(document.getElementById("present"), isPresenting ? "Stop presenting" : "Present");
    history.replaceState(null, "", addressOf({ ...state, step: handle.own.step }));
    fit();
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
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (colours.clear(), change()));
  return { open, present, fit };
}
