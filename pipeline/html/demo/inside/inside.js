/* "Inside the network": its state, and the update of its parts. */

const SLIDE_SECONDS = 15; // for all positions of a kernel
const REDUCED_MOTION = matchMedia("(prefers-reduced-motion: reduce)");
const FOOL_DELAY = 100; // milliseconds from dot to dot
const MAX_DOTS = 24; // that a press adds
const WHY_DELAY = 40; // milliseconds without a stroke after which "Why" is updated

/**
 * Make the section. changed: called when another reading is shown. Returns {show(reading), repaint(), ...}.
 * reading: of the digit that was drawn last, or null. `show` returns what it shows, {reading, change}. change: null,
 * or how this reading differs, {words, before}, before: the class that was read without the change.
 */
function makeInside(model, changed) {
  const state = {
    reading: null, // what `show` was called with
    inked: null, // the image with the dots of ink that were added to it, or null
    dots: 0, // how many
    preview: null, // target under the pointer or the keyboard's focus
    pinned: null, // target that was clicked
    rival: null, // class that "Why" compares with; null for the runner-up
    sliding: null, // start of the kernel's animation in milliseconds, 0 with reduced motion, null if it stands still
    view: null, // of the network that reads the drawing
  };
  let frame = null;
  let why = null; // the timer of WHY_DELAY
  let answered = null; // what "Why" shows, {prediction, best, rival, explained, dots}
  const refresh = () => (frame ??= requestAnimationFrame(update));
  const on = {
    preview: (target) => change({ preview: target }),
    leave: () => change({ preview: null }),
    release: () => change({ pinned: null, preview: null, rival: null, sliding: null }),
    /** Select the strongest pixel of a map, or in a selected map this pixel; release what is selected already. */
    pin: (target) => {
      const isSame = on.isPinned(target) && (target.position === null || target.position === state.pinned.position);
      const pinned = on.isPinned(target) ? target : { ...target, position: null };
      change({ pinned: isSame ? null : pinned, preview: null, sliding: null });
      if (isSame) return;
      announceText("detail-title", "detail-sum");
      reveal(target);
      if (target.index === 0 && state.view.model === model.learner) learning.chooseKernel(target.unit);
    },
    isPinned: ({ index, unit }) => state.pinned?.index === index && state.pinned.unit === unit,
  };
  const overlay = makeOverlay($("stage"));
  const answer = makeAnswer($("answer"), outputNames(model), {
    choose(k) {
      const isSame = k === state.rival || k === asked()[0]; // a second click releases
      change({ rival: isSame ? null : k, pinned: null, preview: null, sliding: null });
      announceText("why-title", "why-reason");
    },
    preview: (k) => state.reading && on.preview(targetOf(k)),
    leave: on.leave,
  });
  const views = [model, model.learner].filter(Boolean).map((each) => makeView($("columns"), each, answer.buttons, on));
  let current = null; // {reading, key, image, prediction} of the last update

  function change(changes) {
    Object.assign(state, changes);
    refresh();
  }

  function show(reading) {
    if (reading?.image !== state.reading?.image) {
      if (state.sliding !== null) state.pinned.position = null; // the strongest
      forgetInk();
      state.sliding = null;
    }
    if (reading === null) state.preview = null; // the buttons of the classes are disabled
    const isDrawn = reading !== state.reading;
    if (isDrawn && !reading?.strokes?.some((stroke) => state.reading?.strokes?.includes(stroke))) beginAgain();
    state.reading = reading;
    update(null, isDrawn);
    const words = state.dots === 1 ? "with a dot of ink" : `with ${state.dots} dots of ink`;
    return { reading: current.prediction, change: state.inked && { words, before: reading.digit } };
  }

  function forgetInk() {
    Object.assign(state, { inked: null, dots: 0 });
    $("fooled").textContent = "";
  }

  /** Another drawing begins: ask about its own runner-up, and go to the strongest pixel of a pinned map. */
  function beginAgain() {
    Object.assign(state, { rival: null, pinned: state.pinned && { ...state.pinned, position: null } });
  }

  /** Compute what is shown, unless it is that of the last update. */
  function compute() {
    const { reading, inked, view } = state;
    const key = `${state.dots} ${views.indexOf(view)}`;
    if (current?.reading === reading && current.key === key) return;
    const image = inked ?? reading?.image ?? null;
    const isOther = inked || (reading && reading.model !== view.model);
    const prediction = isOther ? readImage(view.model, image) : reading;
    current = { reading, key, image, prediction };
    paintInk($("picture"), image ?? blank(), model.shape);
    const content = image ? "the drawing, light on dark" : "nothing yet";
    $("picture").setAttribute("aria-label", `What the network sees, ${model.shape.join(" by ")} pixels: ${content}`);
    view.columns.forEach((column, index) => column.show(prediction?.values[index + 1] ?? zeros(view.layers[index])));
  }

  const blank = () => new Uint8Array(model.shape[0] * model.shape[1]);

  /** Return the target that is shown: pointed at, pinned, the best class, or the most raised output of a layer. */
  function resolved() {
    return locateTarget(state.view, state.preview ?? state.pinned ?? followed(state.view), current.prediction?.values);
  }

  /** Return the target that is explained unless another is chosen: a class that was asked about, or the first layer. */
  function followed({ columns }) {
    if (!current.prediction || (state.rival === null && columns.length > 0)) return FIRST;
    return targetOf(state.rival ?? asked()[0]);
  }

  /** Return the target of a class. */
  const targetOf = (k) => ({ index: state.view.columns.length, unit: k, position: 0 });

  /** Return the best class and the one that it is compared with: pointed at, chosen, the true one, or the runner-up. */
  function asked() {
    const { probabilities } = current.prediction;
    const [best] = strongest(probabilities, 1);
    const pointed = state.preview?.index === state.view.columns.length ? state.preview.unit : null;
    const chosen = [pointed, state.rival, state.reading.label ?? null].find((k) => k !== null && k !== best) ?? null;
    return contenders(probabilities, chosen, model.classNames.length);
  }

  /** Update all parts. isDrawn: the drawing has changed. */
  function update(_, isDrawn = false) {
    cancelAnimationFrame(frame);
    frame = null;
    compute();
    const [{ view }, { prediction }] = [state, current];
    showAnswers(view, prediction, isDrawn);
    if (state.sliding !== null) slide(view);
    const target = resolved();
    showTarget(view, prediction, target);
    $("detail").classList.toggle("empty", !prediction);
    $("detail").classList.toggle("sheet", NARROW.matches && state.pinned !== null);
    showButtons(view, target);
    if ($("how").open && prediction) {
      const first = locateTarget(view, FIRST, prediction.values);
      showHow($("how-steps"), view, prediction, first, asked()[0]);
    }
  }

  /** Show the buttons that have an effect. The focus goes from one that is hidden to the one before it. */
  function showButtons(view, target) {
    const layer = view.layers[target.index];
    const slide = state.sliding === null ? `Slide the ${LAYERS[layer.kind].slider}` : "Stop";
    const texts = {
      slide: isMap(layer.outputShape) && !REDUCED_MOTION.matches && slide,
      follow: (state.pinned ?? state.rival) !== null && (NARROW.matches ? "Close" : "Deselect"),
    };
    if (scenes.number() === 2) setText($("scene-action"), state.sliding === null ? "Slide a kernel" : "Stop");
    const isLost = texts[document.activeElement.id] === false;
    for (const [id, text] of Object.entries(texts)) {
      $(id).hidden = !text;
      setText($(id), text || "");
    }
    if (isLost) $("answer").querySelector("button").focus();
  }

  function showTarget(view, prediction, target) {
    const layer = view.layers[target.index];
    const values = prediction?.values;
    const explain = ({ index, unit, position }) =>
      LAYERS[view.layers[index].kind].explain(view.layers[index], values[index], unit, position);
    const best = prediction && targetOf(asked()[0]);
    const explained = values ? explain(target) : null;
    showDetail(view, target, explained, values);
    $("result-figure").hidden = !isMap(layer.outputShape);
    if (isMap(layer.outputShape)) paintResult(view, target, values, state.sliding !== null);
    $("result-figure").firstElementChild.classList.toggle("glow", state.sliding !== null);
    markTiles(view, on.isPinned);
    if (!explained) return overlay([]);
    const hasVotes = target.index < best.index && scenes.number() === EXPLORE;
    const ofBest = hasVotes ? shapesOf(view, best, explain(best)).filter((each) => each?.name === "line") : [];
    const votes = ofBest.map((line) => ({ ...line, class: `${line.class} vote` }));
    const shapes = [...votes, ...shapesOf(view, target, explained)];
    // lines would hide what changes, and on a narrow screen cross the texts between two layers
    const hasLines = view.model === model && !NARROW.matches;
    overlay(hasLines ? shapes : shapes.filter((each) => each?.name === "rect"));
  }

  function showAnswers(view, prediction, isDrawn) {
    clearTimeout(why);
    $("why").hidden = !prediction;
    if (!prediction) {
      answered = null;
      return answer.show(null, null, null);
    }
    const [best, rival] = asked();
    answer.show(prediction, best, state.rival === best ? null : state.rival);
    setText($("share-of"), describeShare(view, prediction, best));
    $("take-back").hidden = !state.inked;
    if (rival === undefined) return;
    const now = { prediction, best, rival };
    const isSame = (names) => names.every((name) => now[name] === answered?.[name]);
    if (isSame(Object.keys(now))) return;
    const explain = async () => {
      $("why").classList.remove("stale");
      const explained = explainDifference(view.model.networks, current.image, best, rival, [prediction.values]);
      const mine = (answered = { ...now, explained, dots: [] });
      const isExact = view.layers.every(({ activation }) => !activation || ACTIVATIONS[activation].isPiecewiseLinear);
      const [a, b] = [view.outputs[best], view.outputs[rival]].map((name) => (name === "none" ? `no ${noun}` : name));
      $("why-title").textContent = isUndecided(prediction) ? `Why ${a} before ${b}?` : `Why ${a}, not ${b}?`;
      const { image } = current;
      const show = () => showWhy(explained, image, model.shape, isExact, a, b, mine.dots);
      show();
      const next = () => new Promise((done) => setTimeout(() => done(answered === mine)));
      const dots = await helpfulDots(view.model, image, best, rival, explained, next);
      mine.dots = dots.filter(({ isRaising }) => isRaising);
      if (mine.dots.length > 0) show();
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
    const at = resolved();
    const next = (at.position + 1) % positionsOf(state.view.layers[at.index]);
    if (REDUCED_MOTION.matches) change({ pinned: { ...at, position: next } });
    else if (state.sliding !== null) change({ sliding: null });
    else change({ pinned: { ...at, position: 0 }, preview: null, sliding: performance.now() });
  }

  /** Add a dot of ink at a pixel of what the network sees. The question stays the same. */
  function addInk(at) {
    const inked = addDot(current.image, at, model.shape);
    change({ inked, dots: state.dots + 1, rival: asked()[1] });
    compute();
    changed();
  }

  /** Add dots of ink until the chosen class, or else the runner-up, is the answer; where it gets stuck, another one. */
  async function fool() {
    if (!state.reading || state.isFooling) return;
    const { reading, view, rival: chosen } = state;
    const [best, ...others] = strongest(reading.probabilities, reading.probabilities.length);
    const isGoal = (k) => k !== null && k !== best && k < model.classNames.length;
    const goals = [...new Set([chosen, ...others].filter(isGoal))];
    const isFooled = () => isGoal(current.prediction.digit);
    if (isFooled()) takeBack(); // again
    const [{ inked, dots }, scene] = [state, scenes.number()];
    const isSame = () => state.reading === reading && state.view === view && scenes.number() === scene;
    const next = () => new Promise((done) => setTimeout(() => done(isSame())));
    state.isFooling = true;
    for (const goal of goals) {
      change({ rival: goal });
      compute();
      while (isSame() && current.prediction.digit !== goal && state.dots < dots + MAX_DOTS) {
        const { image, prediction } = current;
        const first = strongest(prediction.logits, 2).find((k) => k !== goal);
        const explained = explainDifference(view.model.networks, image, first, goal, [prediction.values]);
        const [dot] = await helpfulDots(view.model, image, first, goal, explained, next);
        if (!dot) break;
        addInk(dot.at);
        await new Promise((done) => setTimeout(done, REDUCED_MOTION.matches ? 0 : FOOL_DELAY));
      }
      if (!isSame() || isFooled()) break;
      change({ inked, dots, rival: chosen });
      changed();
    }
    state.isFooling = false;
    if (!isSame()) return;
    const name = (k) => withArticle(view.outputs[k]);
    const made = `${state.dots} ${plural("dot", state.dots)} of ink: it is ${name(current.prediction.digit)} now`;
    const other = current.prediction.digit === goals[0] ? "" : `, as it could not be made ${name(goals[0])}`;
    announce(($("fooled").textContent = isFooled() ? `${made}${other}.` : `No ink makes it another ${noun}.`));
  }

  function takeBack() {
    forgetInk();
    change({ rival: null });
    changed();
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
    Object.assign(state, { view, pinned: null, preview: null, rival: null, sliding: null });
    forgetInk();
    views.forEach((each) => each.columns.forEach(({ element }) => (element.hidden = each !== view)));
    refresh();
  }

  $("follow").addEventListener("click", on.release);
  $("slide").addEventListener("click", startSliding);
  $("fool").addEventListener("click", fool);
  $("take-back").addEventListener("click", takeBack);
  $("why-picture").addEventListener("keydown", ({ key }) => {
    if (key === "Enter" && answered.dots.length > 0) addInk(answered.dots[0].at);
  });
  $("why-picture").addEventListener("click", ({ clientX, clientY }) => {
    const box = $("why-picture").getBoundingClientRect();
    const [height, width] = model.shape;
    const [row, column] = [((clientY - box.top) / box.height) * height, ((clientX - box.left) / box.width) * width];
    addInk(tappedPixel(answered.dots.map(({ at }) => at), row, column, model.shape));
  });
  $("result-map").addEventListener("click", ({ offsetX, offsetY, target }) => {
    const { width, height, clientWidth, clientHeight } = target;
    const [row, column] = [(offsetY / clientHeight) * height, (offsetX / clientWidth) * width].map(Math.floor);
    change({ pinned: { ...resolved(), position: row * width + column }, sliding: null });
  });
  for (const id of ["answer", "detail"])
    $(id).addEventListener("keydown", ({ key }) => key === "Escape" && on.release());
  $("how").addEventListener("toggle", refresh);
  window.addEventListener("resize", refresh);
  select(views[0]);
  return {
    show,
    /** Look into the network that reads the drawing. */
    select: (network) => select(views.find(({ model }) => model === network)),
    release: () => (on.release(), takeBack()),
    slide: startSliding,
    fool,
    view: () => state.view,
    /** Show an output that was added to the model. */
    taught() {
      answer.set(outputNames(model));
      views.forEach((view) => (view.outputs = outputNames(view.model)));
    },
    /** Show the parameters of the learner, which have changed. */
    relearned(slopes) {
      const view = views.at(-1);
      view.blank = forward(view.layers, new Float32Array(view.blank[0].length));
      view.columns[0].repaintKernels(slopes);
      changed();
    },
    repaint() {
      current = answered = null; // paints everything again
      views.forEach(({ columns }) => columns.forEach((column) => column.repaintKernels()));
    },
  };
}
