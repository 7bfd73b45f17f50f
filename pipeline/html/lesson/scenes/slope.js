/* Scene 6: a ball on the loss over one weight; a step is the slope times the step size, downhill. */

const SEEN = 100; // pictures whose mean loss is shown
const READ_AHEAD = 40; // milliseconds between two pictures that are read ahead of this scene
const HOP = 500; // milliseconds
const FIRST_SETTING = 0.4; // of the step size, from 0 to 1
const KEY_SETTING = 0.05;
const TANGENT = { wide: 92, narrow: 48 }; // half of its length, in pixels
const LIFT = 56; // height of a hop above its higher end

/** Pass the next picture through the network of the page; return whether there was one. */
function readAhead(page) {
  const { inks, labels } = page.lessons.unseen;
  page.passes ??= [];
  const next = page.passes.length;
  if (next >= Math.min(SEEN, labels.length)) return false;
  const values = forward(page.model.layers, inks[next]);
  page.passes.push({ features: values.at(-2), logits: values.at(-1), label: labels[next] });
  return true;
}

/** Return the valley on which the ball rolls. */
function valleyOf(page) {
  while (readAhead(page));
  page.valley ??= makeValley(page.model.layers.at(-1), page.passes, page.model.classNames.length);
  return page.valley;
}

const slope = {
  name: "Which way?",
  title: "The slope says which way to turn a weight",
  lead: "Learning is one small step downhill, again and again.",

  // guess: -1 for a smaller weight, 1 for a larger one, null before. setting: of the step size. weights: where the ball
  // was, and is. hop: how much of the last hop is done. verdict: of `judgeStep` on the last step, null before. sought:
  // whether a step that is too large is looked for.
  begin: (page) => ({
    guess: null,
    setting: FIRST_SETTING,
    weights: [valleyOf(page).start],
    hop: 1,
    verdict: null,
    sought: false,
  }),

  build(scene) {
    const { page } = scene;
    const valley = valleyOf(page);
    const drawChart = makeChart(
      scene.stage,
      "Loss as a curve over one weight, with a ball on it",
      (x, y, width, height) => rollBall(scene, scaleOfValley(valley, width, height), x),
    );
    const rule = stamp(scene.stage, "slope");
    const drawGuess = makeOptions(scene.ask, {
      question: "The ball is here. Which weight lowers the loss?",
      choices: [
        [-1, "← Smaller"],
        [1, "Larger →"],
      ],
      pick: (guess) => scene.change({ guess }),
    });
    const { why, box, shown, slider } = stamp(scene.ask, "slope-question");
    slider.oninput = () => changeSetting(scene, slider.value / 100);
    return (own) => {
      const isFirst = own.weights.length === 1 && own.verdict === null; // before the first step
      drawGuess(own.guess, own.guess && -1, isFirst);
      setWords(why, describeStep(valley, own));
      box.hidden = own.guess === null;
      slider.value = 100 * own.setting;
      setText(shown, two(rateOf(valley, own.setting)));
      setAttributes(slider, { "aria-valuetext": shown.textContent });
      rule.rule.classList.toggle("waiting", own.guess === null);
      writeRule(rule, stepOf(valley, own));
      const name = page.model.classNames[valley.index];
      drawChart((width, height) => paintValley(width, height, valley, own, name));
    };
  },

  leave: (scene) => scene.change({ hop: 1 }),

  action(own, scene) {
    if (own.guess === null) return null;
    const isFound = own.sought && ["higher", "out"].includes(own.verdict);
    if (own.verdict === "bottom" || isFound) return { label: "Next", run: scene.next };
    if (own.verdict === "out") return { label: "Try again", run: () => startAgain(scene) };
    return { label: "Step", run: () => takeBallStep(scene) };
  },

  others: (own, scene) =>
    own.weights.length > 1 || own.sought ? [{ label: "Start again", run: () => startAgain(scene) }] : [],

  /** Arrows answer the question, then change the step size. */
  key(scene, { key, target }) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[key];
    if (!by || target.matches?.("input")) return false;
    if (scene.own.guess === null) scene.change({ guess: by });
    else changeSetting(scene, clamp(scene.own.setting + by * KEY_SETTING, 1));
    return true;
  },
};

function changeSetting(scene, setting) {
  if (scene.own.verdict === "out") startAgain(scene);
  scene.change({ setting });
}

function startAgain(scene) {
  const { weights, verdict, hop, setting } = slope.begin(scene.page);
  scene.change({ weights, verdict, hop, setting });
}

/** Roll the ball along the curve to a place, in pixels: this is no step. */
function rollBall(scene, scale, x) {
  const { guess, hop } = scene.own;
  if (guess === null || hop < 1) return;
  const { from, to } = valleyOf(scene.page);
  const [left, right] = [scale.x(from), scale.x(to)];
  const weight = round2(from + clamp((x - left) / (right - left), 1) * (to - from));
  scene.change({ weights: [weight], verdict: null });
}

/** Return the scale of the chart. */
function scaleOfValley(valley, width, height) {
  const most = 1.1 * Math.max(lossAt(valley, valley.from), lossAt(valley, valley.to));
  return { ...makeScale(width, height, { ...valley, most, bottom: 56, right: 8 }), most };
}

/** Return the step from where the ball is, as from `stepFrom`. */
function stepOf(valley, { weights, setting }) {
  return stepFrom(valley, weights.at(-1), rateOf(valley, setting));
}

function takeBallStep(scene) {
  const { own, page } = scene;
  if (own.hop < 1) return; // it is still in the air
  const valley = valleyOf(page);
  const step = stepOf(valley, own);
  const verdict = judgeStep(valley, step);
  if (verdict === "out") return scene.change({ verdict });
  scene.change({ weights: [...own.weights, step.next], verdict, hop: 0, sought: own.sought || verdict === "bottom" });
  scene.animate(HOP, (hop) => scene.change({ hop }));
}

/** Say what the guess and the last step have shown. */
function describeStep(valley, { guess, weights, verdict, hop, setting, sought }) {
  if (guess === null || hop < 1) return "";
  const [before, now] = weights.slice(-2).map((weight) => two(lossAt(valley, weight)));
  const steep = slopeAt(valley, weights.at(-1));
  const found = sought ? "*Found:* this step is too large." : "*Too far.*";
  if (verdict === "lower") return `Loss ${before} → *${now}*. The flatter the curve, the shorter the step.`;
  if (verdict === "bottom")
    return (
      `*You are in the valley.* The slope is ${signed(steep)}. The slopes of all weights are the *gradient*, and to ` +
      "step against it is *gradient descent*. Start again: can you find a step that is too large?"
    );
  if (verdict === "higher") return `${found} It flew across the valley and landed higher: ${before} → ${now}.`;
  if (verdict === "out") {
    const { next } = stepFrom(valley, weights.at(-1), rateOf(valley, setting));
    return `${found} It jumped out of the valley, to weight ${two(next)} and loss ${two(lossAt(valley, next))}.`;
  }
  const [side, way] = steep < 0 ? ["below", "larger"] : ["above", "smaller"];
  const says = `the slope is *${side} 0*, so a ${way} weight lowers the loss.`;
  return (weights[0] === valley.start ? verdictOn(guess, -1) : "Here ") + says;
}

/** Write the rule of a step, in numbers. */
function writeRule(parts, { weight, slope: steep, rate, next }) {
  for (const [name, value] of Object.entries({ weight, rate, next })) setText(parts[name], two(value));
  setText(parts.slope, steep < 0 ? `(${two(steep)})` : two(steep));
  parts.signed.className = steep < 0 ? "neg" : "pos";
}

/** Return the elements of the chart. */
function paintValley(width, height, valley, own, name) {
  const isSmall = width < 600;
  const scale = scaleOfValley(valley, width, height);
  const { most } = scale;
  const at = (weight) => [scale.x(weight), scale.y(lossAt(valley, weight))];
  const places = own.weights.map(at);
  const hops = places.slice(1).map((place, i) => [places[i], apexOf(places[i], place), place]);
  const isHopping = own.hop < 1;
  const ball = isHopping ? pointOf(hops.at(-1), own.hop) : places.at(-1);
  const xs = ticksBetween(valley.from, valley.to, isSmall ? 5 : 9);
  const rest =
    isHopping || own.guess === null
      ? []
      : drawTangent(valley, own, scale, ball, isSmall ? TANGENT.narrow : TANGENT.wide);
  return [
    ...drawAxes(
      scale,
      xs.map((value) => [value, formatTick(value)]),
      ticksBetween(0, most, 4).map((value) => [value, formatTick(value)]),
    ),
    drawText(scale.left + 12, 16, `Loss, average of ${valley.samples.length} pictures`),
    drawText(width, height - 8, `One weight of the score of ${name} →`, { anchor: "end" }),
    drawCurve("curve", spread(valley.from, valley.to, 160).map(at)),
    ...hops.slice(0, isHopping ? -1 : undefined).map(drawHop),
    ...places.slice(0, -1).map((place) => drawDot("hollow", place, 6)),
    ...rest,
    ...(own.verdict === "out" ? drawFlight(valley, own, ball, width, height) : []),
    drawDot("dot", ball, 16),
  ];
}

/** Return the middle point of a hop's arc, a quadratic Bézier curve. */
function apexOf([x0, y0], [x1, y1]) {
  return [(x0 + x1) / 2, Math.min(y0, y1) - LIFT - 0.12 * Math.abs(x0 - x1)];
}

function pointOf([a, b, c], t) {
  return [0, 1].map((k) => (1 - t) ** 2 * a[k] + 2 * t * (1 - t) * b[k] + t ** 2 * c[k]);
}

function drawHop([a, b, c]) {
  return makeSvg("path", { class: "dotted", d: `M${a}Q${b} ${c}` });
}

/** Return the tangent at the ball, and its slope. */
function drawTangent(valley, { weights, verdict }, scale, [x, y], length) {
  const steep = slopeAt(valley, weights.at(-1));
  const angle = Math.atan2(scale.y(steep) - scale.y(0), scale.x(1) - scale.x(0));
  const [dx, dy] = [length * Math.cos(angle), length * Math.sin(angle)];
  const colourName = steep < 0 ? "minus" : "plus";
  const line = drawLine(`tangent ${colourName}`, [x - dx, y - dy], [x + dx, y + dy]);
  const isUp = steep >= 0;
  const text = drawText(x + (isUp ? -28 : 28), y - 28, `slope ${signed(steep)}`, {
    anchor: isUp ? "end" : "start",
    name: "big halo",
  });
  return verdict === "out" ? [line] : [line, text];
}

/** Return the dotted way out of the valley. */
function drawFlight(valley, own, [x, y], width, height) {
  const isLeft = stepOf(valley, own).next < valley.from;
  const [endX, endY, back] = isLeft ? [56, 0.2 * height, 24] : [width - 4, 0.2 * height, -24];
  return [
    drawHop([
      [x, y],
      [(x + endX) / 2, -0.12 * height],
      [endX, endY],
    ]),
    makeSvg("path", { class: "arrow", d: `M${endX + back / 6} ${endY - 22}L${endX} ${endY}l${back} -6` }),
  ];
}
