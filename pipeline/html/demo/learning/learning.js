/* Training in the page: noise, steps along the slopes by hand, and runs, a slice of each frame. */

const [SLICE, LONGEST_SLICE, SLICE_SHARE] = [8, 120, 1]; // milliseconds of a frame; share of what painting takes
const PAINTED = 3; // frames from one repaint to the next
const STILL = 1000; // milliseconds from one repaint to the next with reduced motion
const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 1];
const DEFAULT_RATE = 4; // its index
const [HANDED, ROLL] = [700, 800]; // milliseconds for each part to which the error is handed back; the ball then rolls
const [GUIDED, TRAIL] = [2, 2]; // steps by hand that the lesson asks for; places where the ball was that are shown
const STEP_RATE = 0.3; // of steps by hand, along the mean slopes
const [FIXED, SHOWN] = [100, 10]; // first images that are learnt from: whose mean loss is shown; that are in sight
const [RUN, LONGEST, ENOUGH] = [20, 120, 0.85]; // seconds of a run of the lesson, more only until enough is right
const REACH = 1; // by which the chosen weight can be changed by hand
const NUDGE = 0.1; // by which a button changes it
const [HILL, SPREAD] = [41, 10]; // points of its curve; measurements for which the others have room at least
const TOO_LARGE = 0.1; // a learning rate at which the loss may explode
const SPOILT = 2; // loss above which it has exploded
const [SOONEST_EXAM, LATEST_EXAM] = [64, 2000]; // images from one measurement to the next
const [BY_HEART, UNIMPROVED] = [0.99, 8]; // right of the fixed set; measurements in which new images do not improve

/**
 * Make the training of `learner`. packed: the images, as `unpackLessons` takes them. on: {relearned(slopes), enter(),
 * leave(), isLesson()}: called after a change of the parameters, when the network is shown, and when the
 * trained one is shown again. Returns {state, lessons(), open({seed, rate, steps}), resume(), close(),
 * link(), chooseKernel(unit), repaint()}. lessons: a promise of the images; link: for `open`.
 */
function makeLearning(learner, packed, on) {
  const [layers] = learner.networks;
  const [first] = layers;
  const guessing = Math.log(learner.classNames.length); // the loss of a guess
  const size = first.weights.length / first.biases.length; // of a kernel
  const sizes = [first.window[0], size / first.window[0]];
  const state = {
    lessons: null, // of `unpackLessons`
    fixed: null, // set of FIXED images
    training: null, // of `makeTraining`
    seed: 1,
    isOpen: false,
    isRunning: false,
    goal: null, // {steps} after which it pauses, or in the lesson {seconds} since when; null for none
    exam: null, // while the accuracy is measured: {count, right}
    nextExam: 0, // images after which it is measured again
    exams: [], // {at, seconds, value, loss, share, right}: value: right of the unseen images; others: of the fixed set
    seconds: 0, // of learning
    frames: 0,
    painted: 0, // milliseconds of the last repaint
    slopes: null, // of the fixed set by all parameters, while it pauses
    cell: null, // weight of the first layer that is framed
    hill: null, // of `makeHill` for it
    middle: 0, // weight in the middle of the hill
    points: [], // of the hill: {at, value}, at: from its left side
    trail: [], // where its ball was before steps, likewise
    way: null, // animations of the error that is handed back
    rolled: 0, // milliseconds, when the ball began to roll
    handed: 0, // how often it was
    byHand: 0, // steps before any run; Infinity after changes that no link repeats
    isDone: false, // a run of the lesson is over
    kept: null, // all of this, and the parameters, before a trained network was forgotten
  };
  const rate = () => RATES[$("rate").value];
  Object.assign($("rate"), { max: RATES.length - 1, value: DEFAULT_RATE });
  const isSpoilt = () => rate() >= TOO_LARGE && state.training.steps > 0 && state.exams.at(-1)?.loss > SPOILT;

  /** Fill the network with noise and begin again. */
  function forget(seed) {
    const parameters = layers.map((layer) => PARAMETERS.map((name) => layer[name].slice()));
    const before = { ...state, kept: null, way: null, parameters, rate: $("rate").value };
    const random = makeRandom(seed);
    initialise(layers, random);
    Object.assign(state, { training: makeTraining(layers, random), seed, isRunning: false, goal: null, nextExam: 0 });
    Object.assign(state, { exam: { count: 0, right: 0 }, exams: [], seconds: 0, frames: 0, cell: null, slopes: null });
    Object.assign(state, { isDone: false, handed: 0, byHand: 0, kept: before.training?.steps > 0 ? before : null });
  }

  /** Take back that a trained network was forgotten. */
  function takeBack() {
    const { parameters, rate, ...before } = state.kept;
    $("rate").value = rate;
    layers.forEach((layer, i) => PARAMETERS.forEach((name, k) => layer[name].set(parameters[i][k])));
    Object.assign(state, before);
    run(false);
  }

  /** Show the noise of a seed, and learn for a number of steps, those by hand first. rate: its index. */
  async function open({ seed = 1, rate = DEFAULT_RATE, steps = 0, byHand = 0 } = {}) {
    await lessons();
    state.isOpen = true;
    on.enter();
    forget(seed);
    $("rate").value = rate;
    $("sums-text").hidden = true;
    examine();
    for (; state.byHand < byHand; state.byHand++) descend(layers, slopesOf(layers, state.fixed), STEP_RATE);
    if (byHand > 0) examine();
    showStill();
    if (steps > 0) run(true, { steps });
  }

  /** Show the network as it was left; noise at first. */
  async function resume() {
    if (!state.training) return open();
    state.isOpen = true;
    on.enter();
    show();
  }

  function close() {
    if (!state.isOpen) return;
    Object.assign(state, { isOpen: false, isRunning: false });
    on.leave();
    show();
  }

  /** Look at one of the unseen images; after the last, note the accuracy, and the loss of the fixed set. */
  function takeExam() {
    const { inks, labels } = state.lessons.unseen;
    const { exam, training, seconds } = state;
    exam.right += isLargest(forward(layers, inks[exam.count]).at(-1), labels[exam.count]);
    if (++exam.count < inks.length) return;
    const value = exam.right / exam.count;
    state.exams.push({ at: training.seen, seconds, value, ...measureSet(layers, state.fixed) });
    state.exam = null;
    state.nextExam = training.seen + clamp(training.seen / 4, LATEST_EXAM, SOONEST_EXAM);
  }

  /** Measure now. */
  function examine() {
    state.exam ??= { count: 0, right: 0 };
    while (state.exam) takeExam();
  }

  /** Learn from the next image, or measure if it is time. Between batches only, as the weights then stand still. */
  function work() {
    const { training, lessons, goal } = state;
    if (state.exam) return takeExam();
    learnImage(training, lessons.learnt, rate());
    if (training.seen % packed.learnt === 0) announce(`${training.seen} images: ${$("accuracy").textContent} right`);
    if (training.count > 0) return;
    if (training.seen >= state.nextExam) state.exam = { count: 0, right: 0 };
    const seconds = state.seconds - goal?.seconds;
    const isEnough = seconds >= RUN && (state.exams.at(-1).value >= ENOUGH || seconds >= LONGEST);
    if (training.steps >= goal?.steps || isEnough) finish();
  }

  /** End a run that has reached its goal. */
  function finish() {
    state.isDone ||= state.goal.seconds !== undefined;
    run(false);
  }

  function frame() {
    if (!state.isRunning) return;
    state.frames++;
    const started = performance.now(); // later than the frame's own time if the page is slow
    const slice = clamp(SLICE_SHARE * (started - (state.last ?? started)), LONGEST_SLICE, SLICE);
    while (performance.now() - started < slice && state.isRunning) work();
    if (!state.isRunning) return;
    const now = performance.now();
    state.seconds += (now - (state.last ?? started)) / 1000;
    state.last = now;
    if (REDUCED_MOTION.matches ? now - state.painted > STILL : state.frames % PAINTED === 0) repaint();
    requestAnimationFrame(frame);
  }

  /** Learn, or pause. goal: after which it pauses by itself. */
  function run(isRunning, goal = null) {
    Object.assign(state, { isRunning, last: null, goal, slopes: null, trail: [] });
    if (!isRunning) return examine(), showStill();
    requestAnimationFrame(frame);
    repaint();
  }

  /** Hand the error back, then take a step along all slopes: at once if it is pressed again meanwhile. */
  async function step() {
    if (state.way) return state.way.forEach((part) => part.finish());
    if (state.isRunning || !state.slopes) run(false);
    const { slopes } = state;
    Object.assign(state, { handed: state.handed + 1, way: handBack() });
    show();
    await Promise.allSettled(state.way.map(({ finished }) => finished));
    state.way = null;
    if (!state.isOpen || state.slopes !== slopes) return state.isOpen && show(); // changed meanwhile
    const trail = [...state.trail, ballNow()].slice(-TRAIL);
    descend(layers, slopes, STEP_RATE);
    Object.assign(state, { byHand: state.byHand + (state.training.steps > 0 ? Infinity : 1), kept: null });
    examine();
    state.rolled = performance.now();
    showStill(trail);
    announce(`${tellLesson()} ${describe()} Share of the right one: ${$("mean-share").textContent}`);
  }

  /** Let the parts glow from the answer back to the kernels, as backpropagation gets to them; return the animations. */
  function handBack() {
    const parts = ["#practised", ".column:not([hidden]) .map", ".column:not([hidden]) .kernel, #chosen"];
    const glow = { outline: [`4px solid rgb(${colour("--frame")})`, "4px solid transparent"] };
    const timing = (i) => ({ delay: i * HANDED, duration: HANDED, easing: "ease-in" });
    const animate = (part, i) => [...document.querySelectorAll(part)].map((each) => each.animate(glow, timing(i)));
    return REDUCED_MOTION.matches ? [] : parts.flatMap(animate);
  }

  /** Compute the slopes of the network as it stands, and show it. trail: of the ball until now. */
  function showStill(trail) {
    state.slopes = slopesOf(layers, state.fixed);
    chooseCell(state.cell ?? strongest(state.slopes[0].weights.map(Math.abs), 1)[0], trail);
    repaint();
  }

  /** Frame a weight of the first layer. Its hill stays in place as long as the ball leaves a trail on it. */
  function chooseCell(cell, trail = []) {
    const weight = first.weights[cell];
    const isNear = trail.length > 0 && Math.abs(weight - state.middle) < REACH;
    const middle = isNear ? state.middle : weight;
    const hill = makeHill(layers, state.fixed, cell);
    const at = Array.from({ length: HILL }, (_, i) => (2 * REACH * i) / (HILL - 1));
    const points = at.map((each) => ({ at: each, value: hill(middle - REACH + each) }));
    Object.assign(state, { cell, middle, hill, points, trail: isNear ? trail : [] });
    Object.assign($("weight"), { min: middle - REACH, max: middle + REACH, value: weight });
  }

  /** Frame the steepest weight of a kernel. */
  function chooseKernel(unit) {
    if (!state.slopes) return;
    const slopes = partOf(state.slopes[0].weights, first.biases.length, unit);
    chooseCell(unit * size + strongest(slopes.map(Math.abs), 1)[0]);
    show();
  }

  /** Change the framed weight by hand. */
  function turn(weight) {
    if (!state.slopes) return;
    first.weights[state.cell] = clamp(weight, state.middle + REACH, state.middle - REACH);
    Object.assign(state, { byHand: Infinity, kept: null });
    repaint();
  }

  /** The weight was let go: measure, and update the slopes of all others. Its curve stays as it is. */
  function letGo() {
    if (!state.slopes) return;
    examine();
    state.slopes = slopesOf(layers, state.fixed);
    repaint();
  }

  /** Show the network as it is now. */
  function repaint() {
    learner.version++;
    state.painted = performance.now();
    show();
  }

  /** Show the buttons, the numbers and the curves. */
  function show() {
    $("trained").hidden = !state.training;
    setText($("trained"), state.isOpen ? "The large network" : "Your network");
    document.body.classList.toggle("is-learning", state.isOpen);
    $("learning").hidden = !state.isOpen;
    if (!state.isOpen || !state.training) return;
    const { training, exams, isRunning, slopes } = state;
    const kernelSlopes = slopes?.[0].weights;
    on.relearned(document.body.dataset.scene === "4" ? undefined : kernelSlopes);
    setText($("learn"), isRunning ? "Pause" : "Train");
    if (document.body.dataset.scene === "5") {
      setText($("scene-train"), $("learn").textContent);
      setText($("scene-text"), tellLesson());
      highlight(isGuided() ? "action" : training.steps > 0 && !isRunning ? "next" : "train");
    }
    $("learning").classList.toggle("is-running", isRunning);
    $("learning").classList.toggle("is-trained", training.steps > 0);
    $("run-card").hidden = !state.isDone || isRunning;
    if (!$("run-card").hidden) paintTraining($("run-card").firstElementChild, learner, state);
    setText($("rate-value"), String(rate()));
    setText($("forget"), canTakeBack() ? "Undo" : "Begin again");
    setText($("learning-state"), `${training.seen.toLocaleString("en")} images seen, ${state.seconds.toFixed(1)} s`);
    const last = exams.at(-1);
    setText($("loss"), last ? last.loss.toFixed(2) : "–");
    setText($("accuracy"), last ? percent(last.value) : "–");
    setText($("learning-text"), describe());
    $("learning-text").classList.toggle("warning", isSpoilt());
    setText($("sums"), $("sums-text").hidden ? "Show the sums" : "Hide the sums");
    setAttributes($("sums"), { "aria-expanded": !$("sums-text").hidden });
    const share = slopes ? measureSet(layers, state.fixed).share : (last?.share ?? 0);
    setText($("mean-share"), percent(share));
    $("share-bar").style.transform = `scaleX(${share})`;
    showCell(kernelSlopes);
    const end = Math.max(exams.length - 1, SPREAD); // each measurement is as far from the one before
    const losses = exams.map(({ loss }, at) => ({ at, value: loss }));
    const most = Math.max(1.1 * guessing, ...losses.slice(-99).map(({ value }) => Math.min(value, 2 * guessing)));
    const guess = [guessing, `${guessing.toFixed(2)}: a guess`, "right"]; // its line stays
    paintCurve($("loss-curve"), { points: losses, end, most, name: "--minus", lines: [guess, [0, "0", "left"]] });
    const points = exams.map(({ value, right }, at) => ({ at, value, low: value, high: right }));
    const lines = [[1, "100%; grey: trained on", "right"]];
    paintCurve($("accuracy-curve"), { points, end, most: 1, name: "--plus", hasEdge: true, lines });
  }

  /** Show the framed cell, and given the slopes its hill. */
  function showCell(slopes) {
    const { cell, hill, fixed } = state;
    const unit = Math.floor(cell / size);
    const weight = first.weights[cell];
    paintKernel($("chosen"), first, unit, slopes);
    placeFrame($("chosen-cell"), cellAt(cell % size, sizes[1]), sizes);
    setText($("cell-text"), `Kernel ${unit + 1}, framed cell: ${signed(weight)}`);
    if (!slopes) return;
    paintHill();
    $("weight").value = weight;
    setText($("hill-loss"), hill(weight).toFixed(3));
    setText($("slope"), `slope ${signed(ballNow().slope, 3)}`);
    if ($("sums-text").hidden) return;
    const sums = { old: weight, rate: STEP_RATE, count: FIXED };
    const texts = tellSums(learner.classNames, layers[1], followCell(layers, fixed, cell), sums);
    $("sums-text").replaceChildren();
    for (const text of texts) append($("sums-text"), "li", text);
  }

  /** Return where the ball is on the hill, and the slope there. */
  function ballNow() {
    const { cell, hill, middle } = state;
    const weight = first.weights[cell];
    const slope = (hill(weight + 0.01) - hill(weight - 0.01)) / 0.02;
    return { at: weight - middle + REACH, value: hill(weight), slope };
  }

  /** Paint the hill with its ball, which rolls from where it was before the last step. */
  function paintHill() {
    const { points, trail, rolled } = state;
    const share = REDUCED_MOTION.matches ? 1 : clamp((performance.now() - rolled) / ROLL, 1);
    const [now, before = now] = [ballNow(), trail.at(-1)];
    const ball = Object.fromEntries(Object.keys(now).map((k) => [k, before[k] + share * (now[k] - before[k])]));
    if (share < 1) requestAnimationFrame(paintHill);
    const [least, most] = extremes([...points, ...trail].map(({ value }) => value));
    const top = least + (1.1 * (most - least) || 1);
    paintCurve($("hill"), { points, end: 2 * REACH, least, most: top, name: "--minus", ball, trail });
  }

  const canTakeBack = () => state.kept && state.training.steps === 0;
  const isGuided = () => state.handed < GUIDED && state.training.steps === 0;

  /** Return the sentence of the lesson. */
  function tellLesson() {
    const known = `It practises on ${FIXED} ${plural(noun, FIXED)} with known answers, not on your drawing`;
    const end = `${percent(state.exams.at(-1)?.value)} right. Now draw a smiley: it learnt only ${plural(noun, FIXED)}`;
    if (state.isDone && !state.isRunning) return `Trained: ${end}.`;
    if (!isGuided()) return "Train repeats this, again and again: a guess, its loss, backpropagation, a small step.";
    if (state.handed === 0) return `${known}. The loss says how wrong it is on them: Step lowers it.`;
    return "Backpropagation: from answer to kernels, each weight gets its share of the error, and moves to lower it.";
  }

  function describe() {
    const { training, exams, handed } = state;
    const [last, epochs] = [exams.at(-1), Math.floor(training.seen / packed.learnt)];
    if (isSpoilt()) return "The steps were too large and spoilt the weights: begin again with a smaller rate.";
    const best = (some) => Math.max(...some.map(({ value }) => value));
    const isStuck = exams.length > UNIMPROVED && best(exams.slice(-UNIMPROVED)) <= best(exams.slice(0, -UNIMPROVED));
    const known = `It has seen ${packed.learnt.toLocaleString("en")} images ${epochs} times and knows them by heart`;
    if (last?.right >= BY_HEART && isStuck) return `${known}; new ones: ${percent(last.value)}.`;
    const end = last?.value < ENOUGH ? `at ${100 * ENOUGH}% right, after ${RUN} s or more` : `after ${RUN} s`;
    if (state.isRunning && state.goal?.seconds !== undefined) return `It stops ${end}: ${training.seen} images seen.`;
    if (training.seen > 0) return `After each ${BATCH} images, all ${howMany} weights move a little downhill.`;
    if (canTakeBack() && !on.isLesson()) return "The trained network is forgotten. “Undo” brings it back.";
    if (state.way) return `The error on the ${FIXED} goes back: answers, then maps, then kernels.`;
    const [before, now = before] = exams.slice(-2).map(({ loss }) => loss.toFixed(2));
    const higher = state.byHand < Infinity ? "Higher: that step was too large." : "Higher is more wrong.";
    const told = last?.loss > exams.at(-2)?.loss ? higher : `Lower is less wrong.${isGuided() ? " Step again." : ""}`;
    if (handed > 0) return `Loss before: ${before}, now: ${now}. ${told}`;
    return `Loss now: ${now}. Arrows: a step makes a weight grow (up, +) or shrink (down, −).`;
  }

  $("forget").addEventListener("click", () => (canTakeBack() ? takeBack() : open({ seed: state.seed + 1 })));
  $("learn").addEventListener("click", () => {
    if (!state.training) return;
    run(!state.isRunning, on.isLesson() ? { seconds: state.seconds } : null);
  });
  $("one-step").addEventListener("click", step);
  $("weight").addEventListener("input", ({ target }) => turn(Number(target.value)));
  $("weight").addEventListener("change", letGo);
  for (const [id, by] of [["less", -NUDGE], ["more", NUDGE]]) {
    $(id).addEventListener("click", () => (turn(first.weights[state.cell] + by), letGo()));
  }
  $("sums").addEventListener("click", () => {
    $("sums-text").hidden = !$("sums-text").hidden;
    show();
    $("sums-text").scrollIntoView({ block: "nearest" });
  });
  const place = () => [Math.floor((state.cell % size) / sizes[1]), state.cell % sizes[1]];
  listenToKernel($("chosen"), sizes, place, (row, column) => {
    if (!state.slopes) return;
    const cell = clamp(row, sizes[0] - 1) * sizes[1] + clamp(column, sizes[1] - 1);
    chooseCell(Math.floor(state.cell / size) * size + cell);
    show();
    announce(`${$("cell-text").textContent}, row ${clamp(row, sizes[0] - 1) + 1}, ${$("slope").textContent}`);
  });
  $("rate").addEventListener("input", () => {
    state.nextExam = 0; // it may spoil the accuracy at once
    if (state.training.steps > 0) state.byHand = Infinity;
    show();
  });
  const lessons = async () => {
    state.lessons ??= await unpackLessons(packed);
    const { inks, labels } = state.lessons.learnt;
    const paint = (ink) => paintValues(append($("practised"), "canvas"), ink, ...learner.shape, inkColour);
    if (!state.fixed) inks.slice(0, SHOWN).forEach(paint);
    state.fixed ??= { inks: inks.slice(0, FIXED), labels: labels.slice(0, FIXED) };
    return state.lessons;
  };
  const link = () => {
    const { isOpen, training, seed, byHand } = state;
    return isOpen && training && byHand < 100 ? { seed, rate: $("rate").value, steps: training.steps, byHand } : null;
  };
  const howMany = sumOf(layers.map(({ weights, biases }) => weights.length + biases.length)).toLocaleString("en");
  return { state, lessons, open, resume, close, link, chooseKernel, repaint: show };
}
