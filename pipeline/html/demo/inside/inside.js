/* "Inside the network": its state, and the update of its parts. */

const SLIDE_SECONDS = 6; // for all positions of a kernel
const REDUCED_MOTION = matchMedia("(prefers-reduced-motion: reduce)");
const WHY_DELAY = 40; // milliseconds without a stroke after which "Why" is updated

/**
 * Make the section. changed: called when another reading is shown. Returns {show(reading), open(isOpen), repaint()}.
 * reading: of the digit that was drawn last, or null. `show` returns what it shows, {reading, change}. change: null,
 * or how this reading differs, {words, before}, before: the class that was read without the change.
 */
function makeInside(model, changed) {
  const state = {
    reading: null, // what `show` was called with
    nudge: [0, 0], // pixels down and right
    preview: null, // target under the pointer or the keyboard's focus
    pinned: null, // target that was clicked
    rival: null, // class that "Why" compares with; null for the runner-up
    sliding: null, // start of the kernel's animation in milliseconds, 0 with reduced motion, null if it stands still
    view: null, // of the network that reads the drawing
    followed: 0, // layer whose most raised output, or best class, is explained unless there is a target
    step: 0, // of the guided walk, from 1; 0 for none
    isOpened: false, // on a narrow screen; on a wide one the inside is always open
  };
  let frame = null;
  let why = null; // the timer of WHY_DELAY
  let wasOpened = false; // before the learner was selected
  let answered = null; // what "Why" shows, {prediction, best, rival}
  const refresh = () => (frame ??= requestAnimationFrame(update));
  const on = {
    preview: (target) => state.step > 0 || change({ preview: target }), // a walk stays where it is
    leave: () => change({ preview: null }),
    release: () => change({ pinned: null, preview: null, rival: null, sliding: null, step: 0 }),
    /** Select the strongest pixel of a map, or in a selected map this pixel; release what is selected already. */
    pin: (target) => {
      const isSame = on.isPinned(target) && (target.position === null || target.position === state.pinned.position);
      const pinned = on.isPinned(target) ? target : { ...target, position: null };
      change({ pinned: isSame ? null : pinned, preview: null, sliding: null, step: 0 });
      if (isSame) return;
      announceText("detail-title", "detail-sum");
      reveal(target);
    },
    isPinned: ({ index, unit }) => state.pinned?.index === index && state.pinned.unit === unit,
    move: (down, right) => {
      change({ pinned: movedTarget(state.view, resolved(), down, right), preview: null, sliding: null });
      announceText("detail-title", "detail-sum");
    },
  };
  const overlay = makeOverlay($("stage"));
  const nudges = document.querySelectorAll("[data-nudge]");
  const answer = makeAnswer($("answer"), outputNames(model), {
    choose(k) {
      const target = { index: state.view.titles.length, unit: k, position: 0 };
      if (!isOpen()) open(true);
      const [best] = strongest(current.prediction.probabilities, 1);
      const isSame = k === state.rival || on.isPinned(target); // a second click releases
      const pinned = isSame || NARROW.matches ? null : target;
      change({ rival: isSame || k === best ? null : k, pinned, preview: null, sliding: null, step: 0 });
      announceText("why-title", "why-reason");
      if (!NARROW.matches) return;
      tabs.select(0);
      requestAnimationFrame(() => $("why").scrollIntoView({ block: "nearest" }));
    },
    preview: (unit) => state.reading && on.preview({ index: state.view.titles.length, unit, position: 0 }),
    leave: on.leave,
  });
  const views = [model, model.learner].filter(Boolean).map((each) => makeView($("columns"), each, answer.buttons, on));
  const tabs = makeTabs($("tabs"));
  let current = null; // {reading, key, image, prediction} of the last update

  function change(changes) {
    Object.assign(state, changes);
    refresh();
  }

  function show(reading) {
    if (reading?.image !== state.reading?.image) {
      if (state.sliding !== null) state.pinned.position = null; // the strongest
      Object.assign(state, { nudge: [0, 0], sliding: null });
    }
    if (reading === null) state.preview = null; // the buttons of the classes are disabled
    const isDrawn = reading !== state.reading;
    if (isDrawn && !reading?.strokes?.some((stroke) => state.reading?.strokes?.includes(stroke))) beginAgain();
    state.reading = reading;
    update(null, isDrawn);
    const isMoved = reading && state.nudge.some(Boolean);
    return {
      reading: current.prediction,
      change: isMoved ? { words: describeNudge(state.nudge), before: reading.digit } : null,
    };
  }

  /**
   * Another drawing begins: end the walk, ask about its own runner-up, and go to the strongest pixel of a pinned map.
   */
  function beginAgain() {
    const isKept = state.step === 0 && state.pinned && state.pinned.index < state.view.titles.length;
    Object.assign(state, { rival: null, step: 0, pinned: isKept ? { ...state.pinned, position: null } : null });
  }

  const tabOf = ({ index }) => (index === state.view.titles.length ? 0 : index + 2);

  const isOpen = () => !NARROW.matches || state.isOpened;

  /** Compute what is shown, unless it is that of the last update. */
  function compute() {
    const { reading, nudge, view } = state;
    const key = `${nudge} ${views.indexOf(view)} ${isOpen()}`;
    if (current?.reading === reading && current.key === key) return;
    const isMoved = reading && nudge.some(Boolean);
    const image = reading && moveImage(reading.image, model.shape, nudge);
    const prediction = isMoved || (reading && reading.model !== view.model) ? readImage(view.model, image) : reading;
    current = { reading, key, image, prediction };
    paintInk($("picture"), image ?? blank(), model.shape);
    const content = image ? "the drawing, light on dark" : "nothing yet";
    $("picture").setAttribute("aria-label", `What the network sees, ${model.shape.join(" by ")} pixels: ${content}`);
    if (!isOpen()) return;
    view.columns.forEach((column, index) => column.show(prediction?.values[index + 1] ?? zeros(view.layers[index])));
  }

  const blank = () => new Uint8Array(model.shape[0] * model.shape[1]);

  /** Return the target that is shown: pointed at, pinned, the best class, or the most raised output of a layer. */
  function resolved() {
    const target = state.preview ?? state.pinned ?? follow(state.view, current.prediction, state.followed);
    return locateTarget(state.view, target, current.prediction?.values);
  }

  /** Return the target of a layer that is explained unless another is chosen. */
  function follow(view, prediction, index) {
    if (!prediction) return { index, unit: 0, position: 0 };
    if (index < view.columns.length) {
      return mostRaised(prediction.values[index + 1], view.blank[index + 1], index, view.layers[index]);
    }
    const best = bestOf(view, prediction);
    return { ...best, unit: state.rival ?? best.unit };
  }

  /** Return where a walk goes on after its last step: in the next layer, null after the last one. */
  function onward(view, { index }) {
    const next = view.layers.findIndex((layer, i) => i > index && stepsOf(layer) > 0);
    if (next < 0) return null;
    return next < view.columns.length ? follow(view, current.prediction, next) : bestOf(view, current.prediction);
  }

  const pointedClass = (view) => (state.preview?.index === view.columns.length ? state.preview.unit : null);

  /** Return the best class and the one that it is compared with: pointed at, chosen, the true one, or the runner-up. */
  function contendersIn(view, { probabilities }) {
    const [best] = strongest(probabilities, 1);
    const asked = [pointedClass(view), state.rival, state.reading.label ?? null];
    const chosen = asked.find((k) => k !== null && k !== best) ?? null;
    return contenders(probabilities, chosen, view.model.classNames.length);
  }

  /** Return the target of the most probable class. */
  function bestOf({ titles }, { probabilities }) {
    return { index: titles.length, unit: strongest(probabilities, 1)[0], position: 0 };
  }

  /** Update all parts. isDrawn: the drawing has changed. */
  function update(_, isDrawn = false) {
    cancelAnimationFrame(frame);
    frame = null;
    compute();
    const [{ view }, { prediction }] = [state, current];
    showAnswers(view, prediction, isDrawn);
    $("nudge-text").textContent = describeNudge(state.nudge);
    $("nudge-why").hidden = !state.nudge.some(Boolean);
    showNudges(nudges, state.nudge, state.reading !== null);
    if (!isOpen()) return;
    if (state.sliding !== null) slide(view);
    const target = resolved();
    showTarget(view, prediction, target);
    $("detail").classList.toggle("empty", !prediction);
    $("detail").classList.toggle("sheet", NARROW.matches && state.pinned !== null);
    showButtons(view, target);
  }

  /** Show the buttons that have an effect. The focus goes from one that is hidden to the one before it. */
  function showButtons(view, target) {
    const layer = view.layers[target.index];
    const steps = stepsOf(layer);
    const step = Math.min(state.step, steps); // one may point at another layer during a walk
    const slide = state.sliding === null ? `Slide the ${LAYERS[layer.kind].slider}` : "Stop";
    const isLast = step > 0 && step === steps;
    const next = isLast ? onward(view, target) : null;
    const texts = {
      walk: steps > 0 && (step === 0 ? "Step by step" : !isLast ? "Next" : next ? nameOfStop(view, next) : "Done"),
      back: step > 1 && "Back",
      slide: step === 0 && isMap(layer.outputShape) && !REDUCED_MOTION.matches && slide,
      follow:
        state.pinned !== null &&
        (step === 0 ? (NARROW.matches ? "Close" : "Deselect") : !isLast ? "Skip" : next !== null && "Done"),
    };
    const isLost = texts[document.activeElement.id] === false;
    for (const [id, text] of Object.entries(texts)) {
      $(id).hidden = !text;
      setText($(id), text || "");
    }
    if (isLost) $("walk").focus();
  }

  function showTarget(view, prediction, target) {
    const layer = view.layers[target.index];
    const values = prediction?.values;
    const explain = ({ index, unit, position }) =>
      LAYERS[view.layers[index].kind].explain(view.layers[index], values[index], unit, position);
    const best = prediction && bestOf(view, prediction);
    const explained = values ? explain(target) : null;
    showDetail(view, target, explained, values);
    $("result-figure").hidden = !isMap(layer.outputShape);
    const share = () => describeShare(view, prediction, target.unit);
    showWalk(Math.min(state.step, stepsOf(layer)), layer, explained, {
      index: target.index,
      share,
      rest: target.index > 0 && !NARROW.matches ? $("detail-note").textContent : "",
    });
    if (isMap(layer.outputShape)) paintResult(view, target, values, state.sliding !== null);
    $("result-figure").firstElementChild.classList.toggle("glow", state.sliding !== null);
    markTiles(view, target, explained, on.isPinned);
    if (!NARROW.matches) {
      if (!explained) return overlay([]);
      const votes = target.index < best.index ? votesOf(view, best, explain(best)) : [];
      const shapes = [...votes, ...shapesOf(view, target, explained)];
      // lines would hide what changes
      return overlay(view.model === model ? shapes : shapes.filter((each) => each?.name === "rect"));
    }
    paintInk($("field-picture"), current.image ?? blank(), model.shape);
    placeFrame($("field-frame"), receptiveField(view.layers, target.index, target.position), model.shape);
  }

  function showAnswers(view, prediction, isDrawn) {
    clearTimeout(why);
    for (const id of ["why-title", "why-content", "lines-of", "share-of"]) $(id).hidden = !prediction;
    if (!prediction) {
      answered = null;
      return answer.show(null, null, null);
    }
    const [best, rival] = contendersIn(view, prediction);
    answer.show(prediction, best, state.rival === best ? null : state.rival);
    setText($("lines-of"), describeLines(view));
    setText($("share-of"), `: ${describeShare(view, prediction, best)}`);
    if (!isOpen() || $("answers").hidden || rival === undefined) return;
    const asked = { prediction, best, rival };
    const isSame = (names) => names.every((name) => asked[name] === answered?.[name]);
    if (isSame(Object.keys(asked))) return;
    const explain = () => {
      answered = asked;
      $("why").classList.remove("stale");
      const explained = explainDifference(view.model.networks, current.image, best, rival, [prediction.values]);
      const isExact = view.layers.every(({ activation }) => !activation || ACTIVATIONS[activation].isPiecewiseLinear);
      const hasDots = canFill(view.model.networks, current.image, best, rival, explained);
      const [a, b] = [view.outputs[best], view.outputs[rival]];
      $("why-title").textContent = isUndecided(prediction) ? `Why ${a} before ${b}?` : `Why ${a}, not ${b}?`;
      showWhy(explained, current.image, model.shape, isExact, a, b, hasDots);
    };
    if (!isDrawn) return explain();
    // it never explains another answer than the bars show
    $("why").classList.toggle("stale", !isSame(["best", "rival"]));
    why = setTimeout(explain, WHY_DELAY);
  }

  /** Move the pinned target to the position of the kernel, and request the next frame. */
  function slide(view) {
    const positions = positionsOf(view.layers[state.pinned.index]);
    const share = (performance.now() - state.sliding) / (1000 * SLIDE_SECONDS);
    state.pinned.position = Math.min(Math.floor(share * positions), positions - 1);
    if (share < 1) return refresh();
    state.sliding = null;
    state.pinned.position = null; // the strongest
  }

  function startSliding() {
    if (state.sliding !== null) change({ sliding: null });
    else change({ pinned: { ...resolved(), position: 0 }, preview: null, sliding: performance.now() });
  }

  /** Go to a step of the walk through what is shown; after the last one go on, or else leave it selected. */
  function walk(step) {
    if (state.sliding !== null) state.pinned.position = null; // the strongest
    const { view } = state;
    const here = resolved();
    const isOver = step > stepsOf(view.layers[here.index]);
    const next = isOver ? onward(view, here) : null;
    if (isOver) step = next ? 1 : 0;
    const pinned = { ...(next ?? here) };
    change({ pinned, preview: null, sliding: null, step });
    if (step === 0) return;
    if (next && NARROW.matches) tabs.select(tabOf(next));
    reveal(pinned);
    if (step === WALK.length && !REDUCED_MOTION.matches) startSliding();
    requestAnimationFrame(() => announce($("walk-text").textContent));
  }

  /** Scroll to a target if the details may lie over it. */
  function reveal({ index, unit }) {
    const tile = state.view.columns[index]?.tiles[unit];
    if (NARROW.matches) requestAnimationFrame(() => tile?.scrollIntoView({ block: "nearest" }));
  }

  /** Announce two texts of a panel after its update. */
  function announceText(title, text) {
    requestAnimationFrame(() => announce(`${$(title).textContent}: ${$(text).textContent}`));
  }

  /** Look into the network of a view. */
  function select(view) {
    Object.assign(state, { view, pinned: null, preview: null, rival: null, sliding: null, step: 0 });
    views.forEach((each) => each.columns.forEach(({ element }) => (element.hidden = each !== view)));
    const names = ["Why", "Picture", ...view.titles];
    const elements = [$("answers"), $("picture-column"), ...view.columns.map(({ element }) => element)];
    setText(
      $("sizes"),
      view.titles.map((title, i) => `${title}: ${LAYERS[view.layers[i].kind].describe(view.layers[i])}.`).join(" "),
    );
    tabs.set(names, elements, (tab) => {
      const index = !NARROW.matches ? 0 : tab === 0 ? view.titles.length : tab - 2; // -1 for the picture
      $("detail").hidden = index < 0;
      const pinned = NARROW.matches && state.pinned?.index !== index ? null : state.pinned;
      const [sliding, step] = pinned ? [state.sliding, state.step] : [null, 0];
      change({ followed: Math.max(index, 0), pinned, sliding, step });
    });
  }

  /** Open or close the inside on a narrow screen. */
  function open(isNowOpen) {
    state.isOpened = isNowOpen;
    $("look-inside").setAttribute("aria-expanded", isNowOpen);
    $("look-inside").textContent = isNowOpen ? "Close" : "Look inside";
    document.body.classList.toggle("inside-open", isOpen());
    const home = TABLET.matches && isNowOpen ? $("result") : $("answers");
    if ($("bars").parentElement !== home) home[home.id === "result" ? "append" : "prepend"]($("bars"));
    change(isOpen() ? {} : { pinned: null, sliding: null, step: 0, nudge: [0, 0] });
    changed();
    // of the learner, its first layer
    tabs.select(state.pinned ? tabOf(state.pinned) : state.view.model === model ? 0 : 2);
  }

  // what is selected stays in sight
  for (const each of [NARROW, TABLET])
    each.addEventListener("change", () => open(state.isOpened || state.pinned !== null));
  $("look-inside").addEventListener("click", () => {
    open(!state.isOpened);
    if (!state.isOpened) return;
    if (!TABLET.matches) $("stage").scrollIntoView();
    const head = $("look-inside").parentElement;
    if (head.getBoundingClientRect().top > innerHeight / 2) head.scrollIntoView(); // on a phone in landscape
  });
  $("walk").addEventListener("click", () => walk(state.step + 1));
  $("back").addEventListener("click", () => walk(state.step - 1));
  $("follow").addEventListener("click", () => (state.step ? change({ step: 0, sliding: null }) : on.release()));
  $("slide").addEventListener("click", startSliding);
  for (const id of ["answer", "detail"])
    $(id).addEventListener("keydown", ({ key }) => key === "Escape" && on.release());
  nudges.forEach((button) =>
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      state.nudge = nudgedBy(button, state.nudge);
      changed();
      requestAnimationFrame(() => announce(`${describeNudge(state.nudge)}: ${$("confidence").textContent}`));
    }),
  );
  window.addEventListener("resize", refresh);
  select(views[0]);
  open(false);
  return {
    show,
    open,
    /** Look into the network that reads the drawing. */
    select(network) {
      select(views.find(({ model }) => model === network));
      if (network !== model.learner) return open(wasOpened);
      wasOpened = state.isOpened;
      open(NARROW.matches);
    },
    /** Show an output that was added to the model. */
    taught() {
      answer.add(model.signs.at(-1));
      views.forEach((view) => (view.outputs = outputNames(view.model)));
    },
    /** Show the parameters of the learner, which have changed. */
    relearned() {
      const view = views.at(-1);
      view.blank = forward(view.layers, new Float32Array(view.blank[0].length));
      view.columns.forEach((column) => column.repaintKernels());
    },
    repaint() {
      current = answered = null; // paints everything again
      views.forEach(({ columns }) => columns.forEach((column) => column.repaintKernels()));
    },
  };
}
