"use strict";

/* "Inside the network": its state, and the update of its parts. */

const SLIDE_SECONDS = 6; // for all positions of a kernel
const REDUCED_MOTION = matchMedia("(prefers-reduced-motion: reduce)");
const LABEL_DELAY = 300; // milliseconds without a change after which the labels of the tiles are updated

/**
 * Make the section. Returns {show(reading), repaint()}. reading: as from `read`, of the digit that was drawn last; its
 * image is null if nothing is drawn.
 */
function makeInside(model) {
  const state = {
    reading: null, // what `show` was called with
    nudge: [0, 0], // pixels down and right
    preview: null, // target under the pointer or the keyboard's focus
    pinned: null, // target that was clicked
    rival: null, // class that "Why" compares with; null for the second most probable
    sliding: null, // start of the animation of the kernel in milliseconds, null if it stands still
    shown: 0, // index of the shown view
    followed: 0, // layer whose largest activation is explained unless there is a target
  };
  let frame = null;
  let labels = null;
  const refresh = () => (frame ??= requestAnimationFrame(update));
  const on = {
    preview: (target) => change({ preview: target }),
    leave: () => change({ preview: null }),
    release: () => change({ pinned: null, preview: null, sliding: null }),
    pin: (target) => {
      const isSame = on.isPinned(target) && (target.position === null || target.position === state.pinned.position);
      change({ pinned: isSame ? null : target, sliding: null });
      if (isSame) return;
      describePinned();
      const { columns } = views[state.shown];
      if (NARROW.matches) requestAnimationFrame(() => columns[target.index].tiles[target.unit].scrollIntoView({ block: "nearest" }));
    },
    isPinned: ({ index, unit }) => state.pinned?.index === index && state.pinned.unit === unit,
    move: (down, right) => {
      change({ pinned: movedTarget(views[state.shown], resolved(), down, right), preview: null, sliding: null });
      describePinned();
    },
  };
  const overlay = makeOverlay($("columns"));
  const views = [["convolutional", model], ...(model.dense ? [["dense", model.dense]] : [])].map(([name, each]) =>
    makeView($("columns"), name, each, on),
  );
  const showAnswer = makeAnswer($("answer"), model.classNames, (k) => change({ rival: k }));
  const tabs = makeTabs($("tabs"));
  let current = null; // {reading, image, predictions} of the last update

  function change(changes) {
    Object.assign(state, changes);
    refresh();
  }

  function show(reading) {
    if (reading.image !== state.reading?.image) Object.assign(state, { nudge: [0, 0], sliding: null });
    state.reading = reading;
    if (isOpen()) update();
  }

  const isOpen = () => !$("inside").hidden;

  /** Compute what is shown, unless the image is that of the last update. */
  function compute() {
    const { reading, nudge } = state;
    const key = `${nudge}`;
    if (current?.reading === reading && current.key === key) return;
    const image = reading?.image ? moveImage(reading.image, model.shape, nudge) : null;
    const predictions = views.map((view) => (image ? predictView(view, image) : null));
    current = { reading, key, image, predictions };
    paintValues($("picture"), Float32Array.from(image ?? blank(), (p) => p / 255), ...model.shape, inkColours());
    views.forEach(({ columns, layers }, i) => {
      columns.forEach((column, index) => column.show(predictions[i]?.values[index + 1] ?? zeros(layers[index])));
    });
    clearTimeout(labels);
    labels = setTimeout(label, LABEL_DELAY);
  }

  const label = () => views.forEach((view, i) => labelTiles(view, current.predictions[i]?.values));

  const blank = () => new Uint8Array(model.shape[0] * model.shape[1]);

  /** Return the target that is shown: pointed at, pinned, or the most active. Null without hidden layers. */
  function resolved() {
    const view = views[state.shown];
    const values = current.predictions[state.shown]?.values;
    if (view.columns.length === 0) return null;
    const index = Math.min(state.followed, view.columns.length - 1);
    const follow = () => (values ? mostActive(values[index + 1], index, view.layers[index]) : { index, unit: 0, position: 0 });
    return locateTarget(view, state.preview ?? state.pinned ?? follow(), values);
  }

  function update() {
    frame = null;
    if (!isOpen()) return;
    compute();
    const view = views[state.shown];
    const prediction = current.predictions[state.shown];
    if (state.sliding !== null) slide(view);
    const target = resolved();
    if (target) showTarget(view, prediction?.values, target);
    showAnswers(view, prediction);
    $("nudge-text").textContent = describeNudge(state.nudge);
    showComparison(document.querySelectorAll(".network-read"), current.predictions, model.classNames);
    $("follow").setAttribute("aria-pressed", state.pinned === null);
    $("detail").classList.toggle("sheet", NARROW.matches && state.pinned !== null);
  }

  function showTarget(view, values, target) {
    const layer = view.layers[target.index];
    const explained = values ? explainOutput(layer, values[target.index], target.unit, target.position) : null;
    showDetail(view, target, explained, values, view.model.activation);
    $("result-figure").hidden = !layer.kernel;
    $("slide").hidden = !layer.kernel || !values;
    $("slide").textContent = REDUCED_MOTION.matches ? "Next position" : state.sliding === null ? "Slide the kernel" : "Stop";
    const isPartial = state.sliding !== null || (REDUCED_MOTION.matches && state.pinned !== null);
    if (layer.kernel) paintResult(view, target, values, isPartial);
    markTiles(view, target, explained, on.isPinned);
    overlay(shapesOf(view, target, explained));
  }

  function showAnswers(view, prediction) {
    const count = model.classNames.length;
    $("why-content").hidden = !prediction;
    if (!prediction) {
      $("why-title").textContent = "Why this class?";
      return showAnswer(null, null, null);
    }
    const [best, rival] = contenders(prediction.probabilities, count, state.rival);
    showAnswer(prediction.probabilities, best, state.rival === null ? null : rival);
    if ($("why").hidden || rival === undefined) return;
    const { networks, activation } = view.model;
    const folded = (view.folded ??= networks.map((layers) => foldScaling(layers, view.model.mean, view.model.std)));
    const explained = explainDifference(folded, current.image, activation, best, rival);
    showWhy(explained, current.image, model.shape, activation, model.classNames[best], model.classNames[rival]);
  }

  /** Move the pinned target to the position of the kernel, and ask for the next frame. */
  function slide(view) {
    const positions = positionsOf(view.layers[state.pinned.index]);
    const share = (performance.now() - state.sliding) / (1000 * SLIDE_SECONDS);
    state.pinned.position = Math.min(Math.floor(share * positions), positions - 1);
    if (share >= 1) state.sliding = null;
    else refresh();
  }

  function startSliding() {
    if (state.sliding !== null) return change({ sliding: null });
    const target = { ...resolved(), position: 0 };
    if (!REDUCED_MOTION.matches) return change({ pinned: target, preview: null, sliding: performance.now() });
    const isStepping = state.pinned !== null && state.pinned.position !== null;
    if (isStepping) target.position = (state.pinned.position + 1) % positionsOf(views[state.shown].layers[target.index]);
    change({ pinned: target, preview: null });
    describePinned();
  }

  function describePinned() {
    requestAnimationFrame(() => announce(`${$("detail-title").textContent}: ${$("detail-sum").textContent}`));
  }

  function select(shown) {
    Object.assign(state, { shown, pinned: null, preview: null, sliding: null });
    const view = views[shown];
    views.forEach(({ columns }, i) => columns.forEach(({ element }) => (element.hidden = i !== shown)));
    const names = ["Picture", ...view.titles, "Why"];
    const groups = [
      [$("picture-column"), $("lead")],
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
    refresh();
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
      current = null;
      views.forEach(({ columns }) => columns.forEach((column) => column.repaintKernels()));
      if (isOpen()) refresh();
    },
  };
}
