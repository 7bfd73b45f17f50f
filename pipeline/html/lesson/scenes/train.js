/* Scene 8: the page trains a network of its own, and teaches it a sign. */

const WORK = 11; // milliseconds of each frame in which the network trains; the rest draws the page
const STILL_STEPS = 25; // that a press trains with reduced motion
const FULL_WEIGHT = 0.5; // a weight of a kernel in full colour
const GUESSING = { loss: Math.log(10), share: 0.1 }; // of ten digits
const MOST_LOSS = 2.7;
const TIP = 8; // radius of the dot at the end of a curve
const STEP_TICKS = [0, 100, 600];
const CHARTS = "The loss is smoothed, and early steps are drawn wider.";
const SIGN = "♥";
const EXPECTED = [
  [0.5, "Under half"],
  [0.995, "9 of 10"],
  [2, "All"],
]; // of the share of new pictures that are right after training, the first that is larger
const DONE = "The loss nears 0, because the same pictures come again and again. Others stay harder.";

/**
 * Return what the page trains, with its typed arrays: {model, run, work, drawn}. work: the training, of which each
 * next() is a part. drawn: the drawing that it reads.
 */
function learnerOf(page, seed) {
  if (page.learner?.seed !== seed) {
    const model = makeLearner(page.lessons, page.model);
    const run = beginRun(model.layers, seed);
    page.learner = { seed, model, run, work: trainRun(run, page.lessons) };
    train.advance(page.learner, () => run.exams.length > 0); // so that the charts begin with an exam of the noise
  }
  return page.learner;
}

const train = {
  name: "Train",
  title: "It starts with noise and learns from mistakes",
  lead: (page) =>
    `Each step: a *batch* of ${BATCH} pictures, a slope for each of ` +
    `${withCommas(countParameters(learnerOf(page, 1).model.layers))} ` +
    "weights and biases, one small turn.",

  // phase: "noise", "training", "paused", "done", "teaching", "learning" or "taught". seed: of the noise. step: of the
  // training. guess: of EXPECTED, null before. sign: {name, drawings}. error: of a drawing or of the name, or null.
  begin: () => ({ phase: "noise", seed: 1, step: 0, guess: null, sign: { name: SIGN, drawings: [] }, error: null }),

  build(scene) {
    learnerOf(scene.page, scene.own.seed);
    const drawTraining = buildTraining(scene);
    const drawTeaching = buildTeaching(scene);
    return (own) => {
      const isTeaching = ["teaching", "learning", "taught"].includes(own.phase);
      scene.stage.parentElement.classList.toggle("teaching", isTeaching);
      drawTraining(own, !isTeaching);
      drawTeaching(own, isTeaching);
    };
  },

  leave(scene) {
    const { phase, sign } = scene.own;
    if (phase === "training") scene.change({ phase: "paused" });
    if (phase === "learning") learnSign(scene, sign); // its timer ends with the scene
  },

  action(own, scene) {
    const begin = isStill() ? `Train ${STILL_STEPS} steps` : "Train";
    return {
      noise: own.guess === null ? null : { label: begin, run: () => startTraining(scene) },
      training: { label: "Pause", run: () => scene.change({ phase: "paused" }) },
      paused: { label: begin, run: () => startTraining(scene) },
      done: { label: "Teach it a sign", run: () => beginTeaching(scene) },
      teaching: null, // the button is beside the drawing
      learning: null,
      taught: { label: "Next", run: scene.next },
    }[own.phase];
  },

  /** Do parts of the work of a learner until a condition holds; return whether there is more. */
  advance(learner, isEnough) {
    while (!isEnough()) if (learner.work.next().done) return false;
    return true;
  },
};

/** Train in each frame, until the reader pauses it or it ends. */
function startTraining(scene) {
  const { own, page } = scene;
  const learner = learnerOf(page, own.seed);
  const until = isStill() ? own.step + STILL_STEPS : TRAINING.steps;
  const { training } = learner.run;
  const isOver = () => training.steps >= until && training.count === 0;
  scene.change({ phase: "training" });
  requestAnimationFrame(function work() {
    if (scene.own.phase !== "training") return;
    const end = performance.now() + WORK;
    const isMore = train.advance(learner, () => performance.now() > end || (isOver() && until < TRAINING.steps));
    const phase = !isMore ? "done" : isOver() && until < TRAINING.steps ? "paused" : "training";
    const isNews = phase !== "training" || (training.steps > scene.own.step && !isStill());
    if (isNews) scene.change({ phase, step: training.steps });
    requestAnimationFrame(work);
  });
}

function forgetTraining(scene) {
  scene.change({ ...train.begin(), seed: scene.own.seed + 1, guess: scene.own.guess });
}

/** Build the kernels, the charts and the drawing. Returns draw(own, isShown). */
function buildTraining(scene) {
  const { page } = scene;
  const { learner, lessons } = page;
  const count = learner.model.layers[0].biases.length;
  const parts = stamp(scene.stage, "train");
  const [figure, charts] = scene.stage.children;
  const kernels = makeMany(parts.kernels, count, () => make("canvas.tile"));
  setText(parts.count, String(count));
  setText(parts.unseen, String(lessons.unseen.labels.length));
  const [drawLoss, drawShare] = [parts.loss, parts.share].map(makeNumberChart);
  const drawGuess = makeOptions(scene.ask, {
    question: `After ${TRAINING.steps} steps, how many new pictures will it read?`,
    choices: EXPECTED,
    pick: (guess) => scene.change({ guess }),
  });
  const { why, own, more, forget, ...shown } = stamp(scene.ask, "train-question");
  forget.onclick = () => forgetTraining(scene);
  const picture = drawnOrThree(learner.model);
  return (now, isShown) => {
    const isDone = now.phase === "done";
    for (const part of [figure, charts, own]) part.hidden = !isShown;
    why.hidden = !isShown || !isDone;
    more.hidden = !isShown || now.step === 0 || now.phase === "training";
    const { model, run } = learnerOf(page, now.seed);
    const end = run.exams.at(-1).share;
    const right = EXPECTED.find(([most]) => end < most)[0];
    drawGuess(now.guess, isDone ? right : null, isShown && (now.phase === "noise" || isDone));
    if (!isShown) return;
    setText(why, `${verdictOn(now.guess, right)}${percent(end)}. It has not seen these before.`);
    setText(parts.note, isDone ? DONE : describeLearner(page));
    kernels.forEach((each, unit) =>
      paintSigned(each, rowOf(model.layers[0], unit), model.layers[0].window[1], FULL_WEIGHT),
    );
    const losses = run.losses.map((value, step) => [step, value]);
    const exams = run.exams.map((exam) => [exam.step, exam.share]);
    drawLoss(losses, { most: MOST_LOSS, guess: GUESSING.loss, format: two });
    drawShare(exams, { most: 1, guess: GUESSING.share, format: percent });
    showOwn(model, picture, now, shown);
  };
}

/** Say which network is trained. */
function describeLearner({ model, learner }) {
  const kernels = learner.model.layers.filter(({ outputShape }) => isMap(outputShape));
  const none = negativeOf(model) === null ? "" : ", no “none”";
  const counts = kernels.map(({ biases }) => biases.length);
  const outputs = `${model.classNames.length} scores${none}`;
  return `A new, small network: ${counts.join(" and ")} kernels, ${outputs}. ${CHARTS}`;
}

/** Append a chart over the steps to its last value, `number`. Returns draw(points, {most, guess, format}). */
function makeNumberChart(number) {
  const draw = makeChart(number.closest(".number"), number.previousSibling.textContent);
  return (points, { most, guess, format }) => {
    setText(number, format(points.at(-1)[1]));
    draw((width, height) => {
      const root = Math.sqrt(TRAINING.steps);
      const scale = makeScale(width, height, { from: 0, to: root, most, left: 8, right: 8, top: 4, bottom: 24 + TIP });
      const at = ([step, value]) => [scale.x(Math.sqrt(step)), scale.y(Math.min(value, most))];
      const anchorOf = (tick) => (tick === 0 ? "start" : tick === TRAINING.steps ? "end" : "middle");
      const labelOf = (tick) => (tick === TRAINING.steps ? `step ${tick}` : String(tick));
      return [
        drawLine("axis", [0, scale.floor + TIP], [width, scale.floor + TIP]), // so that a dot at 0 rests on it
        drawLine("guess", [0, scale.y(guess)], [width, scale.y(guess)]),
        drawText(width, scale.y(guess) - 6, `pure guess: ${format(guess)}`, { anchor: "end" }),
        ...STEP_TICKS.map((tick) => drawText(at([tick, 0])[0], height - 4, labelOf(tick), { anchor: anchorOf(tick) })),
        drawCurve("curve", points.map(at)),
        drawDot("dot", at(points.at(-1)), TIP),
      ];
    });
  };
}

/** Return the reader's drawing as a picture, or a 3 if there is none: {image, name}. */
function drawnOrThree(model) {
  const own = readDrawn({ model });
  const { image } = own ?? readInPlace({ model }, [drawnThree()]);
  return { image, name: own ? "Your drawing" : "A drawn 3" };
}

/** Show what the network in training makes of a drawing. */
function showOwn(model, { image, name }, { step }, { canvas, answer, words }) {
  const reading = readImage(model, image);
  paintInk(canvas, inkOf(image), model.shape[1]);
  const { best } = reading;
  setText(answer, model.classNames[best]);
  const when = step === 0 ? "before training" : `after step ${step}`;
  setText(words, `${name} ${when}: ${model.classNames[best]} gets ${percent(reading.probabilities[best])}`);
}

function beginTeaching(scene) {
  scene.page.learner.strokes = state.strokes; // come back afterwards
  change({ strokes: [], tested: null });
  scene.change({ phase: "teaching", sign: { name: scene.own.sign.name, drawings: [] } });
}

/** Build the pad, the drawings that are kept and the texts. Returns draw(own, isShown). */
function buildTeaching(scene) {
  const { page } = scene;
  const { pad, canvas, kept } = stamp(scene.stage, "teach");
  const tiles = makeMany(kept, KEPT, () => make("canvas.tile"));
  const keep = make("button.go", { onclick: () => keepDrawing(scene) });
  kept.append(keep);
  makePad(canvas, {});
  const { task, result, sign, share, label, name, tools, clear, stop } = stamp(scene.ask, "teach-question");
  name.oninput = () => renameSign(scene, name.value.trim());
  clear.onclick = () => change({ strokes: [] });
  stop.onclick = () => endTeaching(scene);
  return (own, isShown) => {
    for (const part of [pad, task, tools]) part.hidden = !isShown;
    label.hidden = own.phase !== "teaching";
    result.hidden = own.phase !== "taught";
    if (!isShown) return;
    const { model, taught } = page.learner;
    const isDrawn = state.strokes.length > 0;
    if (name.value.trim() !== own.sign.name) name.value = own.sign.name;
    setText(task, describeTeaching(own));
    setText(stop, own.phase === "taught" ? "Forget the sign" : "Cancel");
    setText(keep, `Keep ${own.sign.drawings.length + 1} of ${KEPT}`);
    clear.hidden = !isDrawn;
    keep.hidden = own.phase !== "teaching" || !isDrawn;
    paintDrawing(canvas, state.strokes, { pen: state.pen });
    tiles.forEach((tile, i) => {
      const strokes = own.sign.drawings[i];
      tile.hidden = own.phase === "taught";
      const image = strokes ? readStrokes(model, strokes).image : new Uint8Array(model.shape[0] * model.shape[1]);
      paintInk(tile, inkOf(image), model.shape[1]);
    });
    const reading = taught && readDrawn({ model: taught });
    setText(sign, reading ? taught.classNames[reading.best] : "");
    setText(share, reading ? `with ${percent(reading.probabilities[reading.best])}` : "");
  };
}

/** Return an error of the name, or null. */
function checkName(model, name) {
  if (name === "") return "The sign needs a name.";
  return model.classNames.includes(name) ? `It knows “${name}” already: choose another name.` : null;
}

function renameSign(scene, name) {
  scene.change({ sign: { ...scene.own.sign, name }, error: null });
}

function describeTeaching({ phase, sign, error }) {
  if (error) return error;
  if (phase === "learning") return "Learning …";
  if (phase === "taught") return `It has learnt ${sign.name} from ${KEPT} drawings. Draw one, or a digit.`;
  const left = KEPT - sign.drawings.length;
  if (left === KEPT) return `Draw a sign of your own, such as ${SIGN}, ${KEPT} times, each a little different.`;
  return left === 1 ? "Once more." : `${left} more, each a little different.`;
}

/** Keep a drawing of the sign; the last one is followed by learning. */
function keepDrawing(scene) {
  const { own, page } = scene;
  const error = checkName(page.learner.model, own.sign.name);
  if (error || isDot(state.strokes)) return scene.change({ error: error ?? "This is only a dot." });
  const sign = { ...own.sign, drawings: [...own.sign.drawings, state.strokes] };
  change({ strokes: [] });
  scene.change({ sign, error: null, phase: sign.drawings.length < KEPT ? "teaching" : "learning" });
  if (sign.drawings.length === KEPT) scene.every(50, () => learnSign(scene, sign)); // after "Learning" is drawn
}

function learnSign(scene, { name, drawings }) {
  const { page } = scene;
  const { learner, lessons } = page;
  const { model } = learner;
  const signs = multiplyDrawings(drawings).map((strokes) => inkOf(readStrokes(model, strokes).image));
  const output = learnOutput(model.layers, signs, lessons.learnt.inks.slice(0, OTHERS));
  learner.taught = { ...model, layers: withOutput(model.layers, output), classNames: [...model.classNames, name] };
  scene.change({ phase: "taught" });
  return false;
}

function endTeaching(scene) {
  const { learner } = scene.page;
  delete learner.taught;
  change({ strokes: learner.strokes });
  scene.change({ phase: "done", sign: { name: scene.own.sign.name, drawings: [] }, error: null });
}
