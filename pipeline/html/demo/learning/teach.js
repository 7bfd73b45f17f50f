/* "Teach it a sign": a new output on the last hidden layer of the trained network, learnt from a few drawings. */

const KEPT = 5; // drawings of the sign
const COPIES = 16; // of each drawing, deformed at random
const OTHERS = 400; // images of the known classes that are not the sign
const ROUNDS = 200; // steps, each by the gradient of all images
const [TEACHING_RATE, TEACHING_DECAY] = [0.03, 0.001];

/** Return strokes turned, slanted and stretched at random. */
function deform(strokes, random) {
  const [turn, slant, wide, high] = [0.2, 0.2, 0.2, 0.2].map((most) => most * (2 * random() - 1));
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const move = ({ x, y }) => {
    const [u, v] = [(1 + wide) * x + slant * y, (1 + high) * y];
    return { x: cos * u - sin * v, y: sin * u + cos * v };
  };
  return strokes.map((stroke) => stroke.map(move));
}

/** Return what a new output learns from: {features, rest, target, weight}; rest: log-sum-exp of all other logits. */
function sampleOf(layers, ink, target, weight) {
  const values = forward(layers, ink);
  return { features: values.at(-2), rest: logSumExp(values.at(-1)), target, weight };
}

/** Learn the weights of a new output by cross-entropy, while all others stay as they are. */
function learnOutput(samples) {
  const output = { weights: new Float32Array(samples[0].features.length), biases: new Float32Array(1) };
  const training = makeTraining([output], null);
  const [{ weights, biases }] = training.gradients;
  for (let round = 0; round < ROUNDS; round++) {
    for (const { features, rest, target, weight } of samples) {
      let z = output.biases[0];
      features.forEach((value, k) => (z += value * output.weights[k]));
      const error = weight * (1 / (1 + Math.exp(rest - z)) - target);
      features.forEach((value, k) => (weights[k] += error * value));
      biases[0] += error;
    }
    output.weights.forEach((weight, k) => (weights[k] += TEACHING_DECAY * weight));
    training.count = 1;
    takeStep(training, TEACHING_RATE);
  }
  return output;
}

/** Return the last layer of a network with another output. */
function withOutput(last, output) {
  const joined = PARAMETERS.map((name) => [name, Float32Array.from([...last[name], ...output[name]])]);
  return { ...last, ...Object.fromEntries(joined), outputShape: [last.outputShape[0] + 1] };
}

/**
 * Make the panel that teaches a model signs. on: {others(): a promise of inks of known classes, begun(), taught():
 * called at its beginning and after a change of the outputs}. repeat(sign): learns {name, drawings}.
 */
function makeTeaching(model, on) {
  const lasts = model.networks.map((layers) => layers.at(-1)); // before any sign
  let kept = []; // strokes of each drawing
  let before = null; // what was drawn when it began
  Object.assign(model, { taught: [], signs: [] }); // taught: {name, drawings} of each sign
  const nameOf = () => $("sign-name").value.trim() || "sign";
  const isKnown = (name) => outputNames(model).includes(name);
  const show = (text) => {
    const isLearning = kept.length === KEPT;
    $("keep").disabled = isLearning;
    setText($("keep"), isLearning ? "Learning …" : `Keep ${kept.length + 1} of ${KEPT}`);
    if (text) announce(($("teaching-text").textContent = text));
  };
  const open = (isOpen) => {
    kept = [];
    $("kept").replaceChildren(...Array.from({ length: KEPT }, () => document.createElement("li")));
    $("sign-name").value = isKnown("♥") ? "" : "♥";
    $("teaching").hidden = !isOpen;
    $("teach").setAttribute("aria-expanded", isOpen);
    document.body.classList.toggle("is-teaching", isOpen);
    show(isOpen && `Draw a heart or another sign, and press “Keep”: ${KEPT} times, each a little different.`);
  };
  const changeSigns = (taught) => {
    Object.assign(model, { taught, signs: taught.map(({ name }) => name), version: (model.version ?? 0) + 1 });
    $("unteach").hidden = taught.length === 0;
    on.taught();
  };
  const learn = async (sign) => {
    const pause = () => new Promise((done) => setTimeout(done)); // so that the page stays alive
    const random = makeRandom(1);
    const inks = (await on.others()).slice(0, OTHERS);
    const deformed = (strokes) => Array.from({ length: COPIES }, () => deform(strokes, random));
    const copies = sign.drawings.flatMap((strokes) => [strokes, ...deformed(strokes)]);
    const samples = model.networks.map(() => []);
    for (const [n, source] of [...copies, ...inks].entries()) {
      if (n % 10 === 0) await pause();
      const isSign = n < copies.length;
      const ink = isSign ? inkOf(read(model, source).image) : source;
      const weight = 0.5 / (isSign ? copies.length : inks.length);
      model.networks.forEach((layers, i) => samples[i].push(sampleOf(layers, ink, Number(isSign), weight)));
    }
    model.networks.forEach((layers, i) => layers.splice(-1, 1, withOutput(layers.at(-1), learnOutput(samples[i]))));
    changeSigns([...model.taught, sign]);
  };
  const cancel = () => {
    open(false);
    perform(() => restore(before));
    $("teach").focus();
  };
  $("teach").addEventListener("click", () => {
    if (!$("teaching").hidden) return cancel();
    before = { ...drawing };
    on.begun();
    clear();
    open(true);
    canvas.focus();
  });
  $("unteach").addEventListener("click", () => {
    model.networks.forEach((layers, i) => layers.splice(-1, 1, lasts[i]));
    changeSigns([]);
    $("teach").focus();
  });
  $("stop-teaching").addEventListener("click", cancel);
  $("teaching").addEventListener("keydown", ({ key }) => key === "Escape" && cancel());
  $("keep").addEventListener("click", async () => {
    if (drawing.strokes.length === 0) return show("Nothing is drawn yet.");
    if (isKnown(nameOf())) return show(`“${nameOf()}” is known already: choose another name.`);
    kept.push(drawing.strokes.map((stroke) => [...stroke]));
    const { image } = read(model, drawing.strokes);
    paintInk(append($("kept").children[kept.length - 1], "canvas"), image, model.shape);
    clear();
    if (kept.length < KEPT) return show(`Kept ${kept.length} of ${KEPT}. Draw it again, a little different.`);
    show("Learning …");
    await learn({ name: nameOf(), drawings: kept });
    open(false);
    announce(($("hint").textContent = `It has learnt ${model.signs.at(-1)}. Draw one!`));
    canvas.focus();
  });
  open(false);
  return {
    async repeat(sign) {
      if (isKnown(sign.name)) return;
      announce(($("hint").textContent = `Learning ${sign.name} …`));
      await learn(sign);
      $("hint").replaceChildren();
    },
  };
}
