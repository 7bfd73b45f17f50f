/* "Train it yourself": the training in the page, a slice of each frame, with its controls and its curves. */

const SLICE = 8; // milliseconds of a frame
const PAINTED = 3; // frames from one repaint to the next
const SLOW = 20; // frames of a batch when slower
const STATIC = 700; // milliseconds in which the parameters flicker before they are noise
const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 1];
const DEFAULT_RATE = 4; // its index
const CANDIDATES = 100; // images among which a step chooses one that is misread
const TURNED = 100; // unseen images whose loss is shown while a weight is turned by hand
const INVITATION = "Drag a cell of a kernel sideways: can you lower the loss?";
const TOO_LARGE = 0.1; // a learning rate at which the loss may explode
const SPOILT = 2; // loss above which it has exploded
const [SOONEST_EXAM, LATEST_EXAM] = [64, 2000]; // images from one measurement of the accuracy to the next

/**
 * Make the training of `learner`. packed: the images, as `unpackLessons` takes them. on: {relearned(), enter(),
 * leave()}: called after a change of the parameters, when the network is shown, and when the trained one is shown
 * again. Returns {state, lessons(), open({seed, rate, steps}), link(), repaint()}; lessons: a promise of the images;
 * link: what `open` takes to repeat the training, null if none is shown.
 */
function makeLearning(learner, packed, on) {
  const [layers] = learner.networks;
  const state = {
    lessons: null, // of `unpackLessons`
    training: null, // of `makeTraining`
    seed: 1,
    isOpen: false,
    isRunning: false,
    goal: Infinity, // steps after which it pauses
    exam: null, // while the accuracy is measured: {count, right}
    nextExam: 0, // images after which it is measured again
    losses: [], // {at, value} of each repaint; at: images seen
    accuracies: [], // {at, value, low, high, seconds} of each exam
    seconds: 0, // of learning
    frames: 0,
    turned: null, // {cell, loss} before it was turned by hand
    step: null, // what `showStep` was given and returned, and the layers `before`; null if none is shown
    told: 0, // part of its story
    isSpoilt: false, // by a learning rate that was too large
  };
  const rate = () => RATES[$("rate").value];
  Object.assign($("rate"), { max: RATES.length - 1, value: DEFAULT_RATE });

  /** Fill the network with noise and begin again. */
  function forget(seed) {
    showFlow(null);
    const random = makeRandom(seed);
    initialise(layers, random);
    const training = makeTraining(layers, random);
    Object.assign(state, {
      training,
      seed,
      isRunning: false,
      last: null,
      goal: Infinity,
      exam: { count: 0, right: 0 },
      nextExam: 0,
    });
    Object.assign(state, { losses: [], accuracies: [], seconds: 0, frames: 0, isSpoilt: false });
    announce("");
  }

  /** Flicker like a screen without reception, then show the noise of the seed, and call `end`. */
  function flicker(seed, end, started = performance.now()) {
    if (!state.isOpen) return;
    const isOver = REDUCED_MOTION.matches || performance.now() - started > STATIC;
    forget(isOver ? seed : Math.floor(2 ** 31 * Math.random()));
    while (isOver && state.exam) takeExam();
    repaint();
    if (isOver) end();
    else requestAnimationFrame(() => requestAnimationFrame(() => flicker(seed, end, started)));
  }

  /** Show the noise of a seed, and learn for a number of steps. rate: its index. */
  async function open({ seed, rate, steps }) {
    await lessons();
    state.isOpen = true;
    $("rate").value = rate;
    on.enter();
    flicker(seed, () => steps > 0 && run(true, steps));
  }

  function close() {
    Object.assign(state, { isOpen: false, isRunning: false });
    on.leave();
    announce("");
    show();
    $("forget").focus();
  }

  /** Look at one of the unseen images; after the last, note the accuracy. */
  function takeExam() {
    const { inks, labels } = state.lessons.unseen;
    const { exam, training, seconds } = state;
    exam.right += isRight(layers, inks[exam.count], labels[exam.count]);
    if (++exam.count < inks.length) return;
    const [low, high] = intervalOf(exam.right, exam.count);
    state.accuracies.push({ at: training.seen, value: exam.right / exam.count, low, high, seconds });
    state.exam = null;
    state.nextExam = training.seen + clamp(training.seen / 4, LATEST_EXAM, SOONEST_EXAM);
  }

  /**
   * Learn from the next image, or measure the accuracy if it is time. Between batches only, as the weights then stand
   * still.
   */
  function work() {
    const { training, lessons } = state;
    if (state.exam) return takeExam();
    learnImage(training, lessons.learnt, rate());
    if (training.count === 0 && training.seen >= state.nextExam) state.exam = { count: 0, right: 0 };
    if (training.seen % lessons.learnt.inks.length === 0) announceAccuracy();
    if (training.count === 0 && training.steps >= state.goal) state.isRunning = false;
  }

  function frame() {
    if (!state.isRunning) return repaint();
    const started = performance.now();
    state.frames++;
    if ($("slower").getAttribute("aria-pressed") === "false")
      while (performance.now() - started < SLICE && state.isRunning) work();
    else if (state.frames % SLOW === 0)
      do work();
      while (state.training.count > 0 || state.exam);
    state.seconds += (performance.now() - (state.last ?? started)) / 1000;
    state.last = performance.now();
    if (state.frames % PAINTED === 0) repaint();
    requestAnimationFrame(frame);
  }

  /** Learn, or pause. goal: steps after which it pauses by itself. */
  function run(isRunning, goal = Infinity) {
    Object.assign(state, { isRunning, last: null, goal });
    if (isRunning) showFlow(null);
    if (isRunning) requestAnimationFrame(frame);
    show();
  }

  /**
   * Learn from one image, and explain how: from one that is misread, or has the largest loss, as the others teach
   * little.
   */
  function step() {
    const { training, lessons } = state;
    const { inks, labels } = lessons.learnt;
    run(false);
    showFlow(null);
    const candidates = shuffled(inks.length, training.random).slice(0, CANDIDATES);
    const losses = candidates.map((i) => lossOf(forward(layers, inks[i]).at(-1), labels[i]));
    const next = candidates.find((i) => !isRight(layers, inks[i], labels[i])) ?? candidates[strongest(losses, 1)[0]];
    const [ink, label] = [inks[next], labels[next]];
    const pass = tryStep(layers, ink, label, rate());
    noteLoss(training, pass);
    showFlow({ pass, ink, label, rate: rate() });
    announce(["step-title", "step-guess", "step-text"].map((id) => $(id).textContent).join(", "));
  }

  /** Take the step that is shown, or take it back; a weight that was dragged meanwhile returns to its value. */
  function take(isTaken) {
    setParameters(layers, isTaken ? state.step.pass.stepped : state.step.before);
    inviteToTurn();
    repaint();
  }

  /** Tell a part of the story of a step, which is taken with the last one; after that, tell another. */
  function tell(part) {
    const { story } = state.step;
    if (part === story.length) return step();
    state.told = part;
    take(part === story.length - 1);
    $("step").dataset.told = part + 1;
    setText($("step-text"), `${part + 1} of ${story.length}. ${story[part]}`);
    setText($("step-next"), part + 1 < story.length ? "Next" : "Another");
    setAttributes($("step-back"), { "aria-disabled": part === 0 });
    announce($("step-text").textContent);
  }

  /** Show a step on an image, null for none: nothing that was told of the parameters before holds any more. */
  function showFlow(flow) {
    document.querySelector(".stepped")?.classList.remove("stepped");
    if (state.step) take(true);
    state.step = flow && { ...showStep(learner, layers, flow), ...flow, before: copyLayers(layers) };
    inviteToTurn();
    chooseCell(...(flow ? [document.querySelector(".stepped"), state.step.cell] : []));
    $("step").hidden = !flow;
    if (!flow) return;
    tell(0);
    $("step-next").focus({ preventScroll: true });
    $("step").scrollIntoView({ block: "nearest" });
  }

  /** Return the loss of the image of the step that is shown, or else the mean of some unseen images. */
  function measureLoss() {
    const { inks, labels } = state.step ? { inks: [state.step.ink], labels: [state.step.label] } : state.lessons.unseen;
    const losses = inks.slice(0, TURNED).map((ink, i) => lossOf(forward(layers, ink).at(-1), labels[i]));
    return sumOf(losses) / losses.length;
  }

  /** Change a cell of a kernel by hand, and return what follows, in words. */
  function turn(cell, weight) {
    if (state.isRunning) run(false);
    if (state.turned?.cell !== cell) state.turned = { cell, loss: measureLoss() };
    layers[0].weights[cell] = weight;
    repaint();
    const [before, after] = [state.turned.loss, measureLoss()];
    const whose = state.step ? "this image" : `${TURNED} unseen images`;
    const text = `${nameOfCell(layers[0], cell)}: ${signed(weight)}. Loss of ${whose}: `;
    const [from, to] = [before, after].map((loss) => loss.toFixed(4));
    return tellTurn(
      text,
      `${from} → ${to}${from === to ? "" : after < before ? ", better" : ", worse"}`,
      after < before,
    );
  }

  function inviteToTurn() {
    state.turned = null;
    tellTurn(INVITATION);
  }

  function tellTurn(text, effect = "", isBetter = false) {
    $("cell-text").textContent = text;
    append($("cell-text"), "b", effect, isBetter ? "better" : "worse");
    return text + effect;
  }

  /** Show the network as it is now. */
  function repaint() {
    const { training, losses } = state;
    learner.version++;
    if (training.loss !== null && losses.at(-1)?.at !== training.seen)
      losses.push({ at: training.seen, value: training.loss });
    state.isSpoilt = (state.isSpoilt || rate() >= TOO_LARGE) && training.loss > SPOILT;
    on.relearned();
    show();
  }

  /** Show the buttons, the numbers and the curves. */
  function show() {
    $("trained").hidden = !state.isOpen;
    document.body.classList.toggle("is-learning", state.isOpen);
    $("learning").hidden = !state.isOpen;
    setText($("forget"), state.isOpen ? "Begin again" : "Train it yourself");
    if (!state.isOpen) return;
    const { training, accuracies, losses } = state;
    state.step?.paint();
    $("learn").hidden = $("slower").hidden = REDUCED_MOTION.matches;
    setText($("learn"), state.isRunning ? "Pause" : "Learn");
    setText($("rate-value"), String(rate()));
    setText(
      $("learning-state"),
      `${training.seen.toLocaleString("en")} ${plural("image", training.seen)} seen, ${state.seconds.toFixed(1)} s`,
    );
    setText($("loss"), training.loss === null ? "–" : training.loss.toFixed(2));
    const last = accuracies.at(-1);
    setText($("accuracy"), last ? percentOf(last.value) : "–");
    setText($("interval"), last ? `±${Math.round(50 * (last.high - last.low))}` : "");
    setText($("learning-text"), describe());
    $("learning-text").classList.toggle("warning", state.isSpoilt);
    const end = Math.max(training.seen, packed.learnt);
    const guessing = Math.log(learner.classNames.length);
    // the line of a guess stays
    const most = Math.max(1.1 * guessing, ...losses.slice(-200).map(({ value }) => Math.min(value, 2 * guessing)));
    paintCurve($("loss-curve"), losses, end, most, "--minus", [
      [guessing, `${guessing.toFixed(1)}: a guess`, "right"],
      [0, "0", "left"],
    ]);
    paintCurve($("accuracy-curve"), accuracies, end, 1, "--plus", [
      [1, "100%", "right"],
      [0, "0", "right"],
    ]);
  }

  function describe() {
    const count = layers
      .reduce((sum, { weights, biases }) => sum + weights.length + biases.length, 0)
      .toLocaleString("en");
    if (state.training.seen === 0)
      return `All ${count} weights are noise: the kernels look for nothing in particular, and the answer is a guess.`;
    if (state.isSpoilt) return "The steps were too large and spoilt the weights: begin again with a smaller rate.";
    if (state.step)
      return `One step learns from one image, if possible a misread one; “Learn” by the mean slopes of ${BATCH}.`;
    return `After each ${BATCH} images, every one of the ${count} weights moves a little, so that their loss falls.`;
  }

  function announceAccuracy() {
    const last = state.accuracies.at(-1);
    if (last) announce(`${state.training.seen.toLocaleString("en")} images seen: ${percentOf(last.value)} right`);
  }

  $("forget").addEventListener("click", () => {
    const seed = state.isOpen ? state.seed + 1 : 1;
    open({ seed, rate: state.isOpen && rate() < TOO_LARGE ? Number($("rate").value) : DEFAULT_RATE, steps: 0 });
  });
  $("trained").addEventListener("click", close);
  $("learn").addEventListener("click", () => run(!state.isRunning));
  $("one-step").addEventListener("click", step);
  $("step-next").addEventListener("click", () => tell(state.told + 1));
  $("step-done").addEventListener("click", () => {
    showFlow(null);
    show();
    $("one-step").focus();
  });
  $("step-back").addEventListener("click", () => state.told > 0 && tell(state.told - 1));
  const chooseCell = listenToKernels($("columns"), layers[0], () => state.isOpen && state.lessons, turn);
  $("slower").addEventListener("click", ({ target }) => {
    setAttributes(target, { "aria-pressed": target.getAttribute("aria-pressed") === "false" });
  });
  $("rate").addEventListener("input", () => {
    showFlow(null); // it tells of the rate before
    state.nextExam = 0; // it may spoil the accuracy at once
    show();
  });
  $("save-network").addEventListener("click", () => {
    const file = toSafetensors(layers, packed, state.accuracies.at(-1)?.value ?? 0);
    saveFile(file, "my-network.safetensors");
  });
  const lessons = async () => (state.lessons ??= await unpackLessons(packed));
  const link = () =>
    state.isOpen && state.training ? { seed: state.seed, rate: $("rate").value, steps: state.training.steps } : null;
  return { state, lessons, open, link, repaint: show };
}

/** Format 0.812 as "81%". */
function percentOf(share) {
  return `${Math.round(100 * share)}%`;
}
