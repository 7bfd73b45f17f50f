"use strict";

/* "Inside the network": its state, and the update of its parts. */

const SLIDE_SECONDS = 6; // for all positions of a kernel
const REDUCED_MOTION = matchMedia("(prefers-reduced-motion: reduce)");
const LABEL_DELAY = 300; // milliseconds without a change after which the labels of the tiles are updated

/** Make the section. Returns {show(image), repaint()}. image: of the digit that was drawn last, null if nothing is drawn. */
function makeInside(model) {
  const state = {
    image: null, // what `show` was called with
    nudge: [0, 0], // pixels down and right
    preview: null, // target under the pointer or the keyboard's focus
    pinned: null, // target that was clicked
    rival: null, // class that "Why" compares with; null for the second most probable
    sliding: null, // start of the kernel's animation in milliseconds, 0 with reduced motion, null if it stands still
    shown: 0, // index of the shown view
    followed: 0, // layer whose largest activation is explained unless there is a target
  };
  let frame = null;
  let labels = null; // the timer of LABEL_DELAY
  const refresh = () => (frame ??= requestAnimationFrame(update));
  const on = {
    preview: (target) => change({ preview: target }),
    leave: () => change({ preview: null }),
    release: () => change({ pinned: null, preview: null, sliding: null }),
    pin: (target) => {
      const isSame = on.isPinned(target) && (target.position === null || target.position === state.pinned.position);
      change({ pinned: isSame ? null : target, sliding: null });
      if (isSame) return;
      announceText("detail");
      const tile = views[state.shown].columns[target.index].tiles[target.unit];
      if (NARROW.matches) requestAnimationFrame(() => tile.scrollIntoView({ block: "nearest" }));
    },
    isPinned: ({ index, unit }) => state.pinned?.index === index && state.pinned.unit === unit,
    move: (down, right) => {
      change({ pinned: movedTarget(views[state.shown], resolved(), down, right), preview: null, sliding: null });
      announceText("detail");
    },
  };
  const overlay = makeOverlay($("columns"));
  const answer = makeAnswer($("answer"), outputNames(model), {
    choose(k) {
      const target = { index: views[state.shown].titles.length, unit: k, position: 0 };
      change({ rival: k === state.rival ? null : k, pinned: NARROW.matches ? null : target, sliding: null });
      announceText("why");
    },
    preview: (unit) => on.preview({ index: views[state.shown].titles.length, unit, position: 0 }),
    leave: on.leave,
  });
  const views = [model, model.dense].filter(Boolean).map((each) => makeView($("columns"), each, answer.buttons, on));
  const tabs = makeTabs($("tabs"));
  let current = null; // {original, key, image, predictions} of the last update

  function change(changes) {
    Object.assign(state, changes);
    refresh();
  }

  function show(image) {
    if (image !== state.image) Object.assign(state, { image, nudge: [0, 0], sliding: null });
    if (image === null) state.preview = null; // the buttons of the classes are disabled, so none of them is left
    if (isOpen()) update();
  }

  const isOpen = () => !$("inside").hidden;

  /** Compute what is shown, unless the image is that of the last update. */
  function compute() {
    const { image: original, nudge } = state;
    const key = `${nudge}`;
    if (current?.original === original && current.key === key) return;
    const image = original && moveImage(original, model.shape, nudge);
    const predictions = views.map((view) => (image ? predict(view.model, image) : null));
    current = { original, key, image, predictions };
    paintInk($("picture"), image ?? blank(), model.shape);
    views.forEach(({ columns, layers }, i) => {
      columns.forEach((column, index) => column.show(predictions[i]?.values[index + 1] ?? zeros(layers[index])));
    });
    clearTimeout(labels);
    labels = setTimeout(() => views.forEach((view, i) => labelTiles(view, predictions[i]?.values)), LABEL_DELAY);
  }

  const blank = () => new Uint8Array(model.shape[0] * model.shape[1]);

  /** Return the target that is shown: pointed at, pinned, or the most active. Null without hidden layers. */
  function resolved() {
    const view = views[state.shown];
    const values = current.predictions[state.shown]?.values;
    if (view.columns.length === 0) return state.preview;
    const index = Math.min(state.followed, view.columns.length - 1);
    const first = { index, unit: 0, position: 0 };
    const follow = () => (values ? mostActive(values[index + 1], index, view.layers[index]) : first);
    return locateTarget(view, state.preview ?? state.pinned ?? follow(), values);
  }

  function update() {
    cancelAnimationFrame(frame);
    frame = null;
    if (!isOpen()) return;
    compute();
    const view = views[state.shown];
    const prediction = current.predictions[state.shown];
    if (state.sliding !== null && !REDUCED_MOTION.matches) slide(view);
    const target = resolved();
    if (target) showTarget(view, prediction?.values, target);
    else overlay([]);
    showAnswers(view, prediction);
    $("nudge-text").textContent = describeNudge(state.nudge);
    showComparison(document.querySelectorAll(".network-read"), current.predictions, outputNames(model));
    $("follow").setAttribute("aria-pressed", state.pinned === null);
    $("detail").classList.toggle("empty", !prediction || !target);
    $("answer-of").textContent = describeShown(view.model === model.dense, state.nudge);
    const isSheet = NARROW.matches && state.pinned !== null;
    $("detail").classList.toggle("sheet", isSheet);
    $("follow").textContent = isSheet ? "Close details" : "Follow the strongest";
  }

  function showTarget(view, values, target) {
    const layer = view.layers[target.index];
    const { explain } = LAYERS[layer.kind];
    const explained = values ? explain(layer, values[target.index], target.unit, target.position) : null;
    showDetail(view, target, explained, values);
    $("result-figure").hidden = !isMap(layer.outputShape);
    $("slide").hidden = !isMap(layer.outputShape) || !values;
    const slide = state.sliding === null ? `Slide the ${LAYERS[layer.kind].slider}` : "Stop";
    $("slide").textContent = REDUCED_MOTION.matches ? "Next position" : slide;
    if (isMap(layer.outputShape)) paintResult(view, target, values, state.sliding !== null);
    markTiles(view, target, explained, on.isPinned);
    overlay(shapesOf(view, target, explained));
    if (!NARROW.matches) return;
    paintInk($("field-picture"), current.image ?? blank(), model.shape);
    placeFrame($("field-frame"), receptiveField(view.layers, target.index, target.position), model.shape);
  }

  function showAnswers(view, prediction) {
    $("why-content").hidden = !prediction;
    if (!prediction) {
      $("why-title").textContent = "Why this class?";
      return answer.show(null, null, null);
    }
    const [best, rival] = contenders(prediction.probabilities, state.rival);
    answer.show(prediction.probabilities, best, rival === state.rival ? rival : null);
    if ($("why").hidden || rival === undefined) return;
    const explained = explainDifference(view.model.networks, current.image, best, rival);
    const isExact = view.layers.every(({ activation }) => !activation || ACTIVATIONS[activation].isPiecewiseLinear);
    showWhy(explained, current.image, model.shape, isExact, view.outputs[best], view.outputs[rival]);
  }

  /** Move the pinned target to the position of the kernel, and request the next frame. */
  function slide(view) {
    const positions = positionsOf(view.layers[state.pinned.index]);
    const share = (performance.now() - state.sliding) / (1000 * SLIDE_SECONDS);
    state.pinned.position = Math.min(Math.floor(share * positions), positions - 1);
    if (share >= 1) state.sliding = null;
    else refresh();
  }

  function startSliding() {
    const target = { ...resolved(), position: 0 };
    if (!REDUCED_MOTION.matches) {
      if (state.sliding !== null) return change({ sliding: null });
      return change({ pinned: target, preview: null, sliding: performance.now() });
    }
    const isStepping = state.pinned !== null && state.pinned.position !== null;
    if (isStepping) target.position = (state.pinned.position + 1) % positionsOf(views[state.shown].layers[target.index]);
    change({ pinned: target, preview: null, sliding: 0 });
    announceText("detail");
  }

  /** Announce title and sum of a panel, "detail" or "why", after its update. */
  function announceText(panel) {
    requestAnimationFrame(() => announce(`${$(`${panel}-title`).textContent}: ${$(`${panel}-sum`).textContent}`));
  }

  function select(shown) {
    Object.assign(state, { shown, pinned: null, preview: null, sliding: null });
    const view = views[shown];
    views.forEach(({ columns }, i) => columns.forEach(({ element }) => (element.hidden = i !== shown)));
    document.querySelectorAll("[data-view]").forEach((text) => (text.hidden = Number(text.dataset.view) !== shown));
    const names = ["Picture", ...view.titles, "Why"];
    const groups = [
      [$("picture-column"), $("lead"), $("legend")].filter(Boolean),
      ...view.columns.map(({ element }) => [element]),
      [$("answer-column"), $("why")],
    ];
    tabs.set(names, groups, (tab) => {
      const isLayer = tab > 0 && tab <= view.columns.length;
      $("detail").hidden = view.columns.length === 0 || (NARROW.matches && !isLayer);
      const pinned = NARROW.matches && state.pinned?.index !== tab - 1 ? null : state.pinned;
      change({ followed: NARROW.matches && isLayer ? tab - 1 : 0, pinned, sliding: pinned && state.sliding });
    });
  }

  function open(isNowOpen) {
    $("inside").hidden = !isNowOpen;
    $("look-inside").setAttribute("aria-expanded", isNowOpen);
    $("look-inside").textContent = isNowOpen ? "Close" : "Look inside";
    document.body.classList.toggle("inside-open", isNowOpen);
    change({ sliding: null });
  }

  $("look-inside").addEventListener("click", () => {
    open(!isOpen());
    if (isOpen() && NARROW.matches) document.querySelector("main").scrollIntoView();
  });
  $("follow").addEventListener("click", on.release);
  $("slide").addEventListener("click", startSliding);
  document.querySelectorAll("[data-nudge]").forEach((button) =>
    button.addEventListener("click", () => {
      const step = button.dataset.nudge.split(" ").map(Number);
      change({ nudge: step.some(Boolean) ? nudged(state.nudge, step) : [0, 0] });
      announce(describeNudge(state.nudge));
    }),
  );
  document.querySelectorAll("[name=network]").forEach((radio, i) =>
    radio.addEventListener("change", () => select(i)),
  );
  window.addEventListener("resize", refresh);
  select(0);
  open(!NARROW.matches);
  return {
    show,
    repaint() {
      if (current) current.key = null; // paints everything again
      views.forEach(({ columns }) => columns.forEach((column) => column.repaintKernels()));
      if (isOpen()) refresh();
    },
  };
}
