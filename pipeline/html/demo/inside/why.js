/* "Why 3, not 8?": the answer's bars, and the contribution of each pixel to the difference of two logits. */

/**
 * Make a button with a bar for each class. choose, preview: called with its index. Returns {buttons, set(names), show};
 * show: of the prediction or null, the index of the best class and of the chosen one.
 */
function makeAnswer(parent, names, { choose, preview, leave }) {
  const buttons = [];
  const add = (name) => {
    const k = buttons.length;
    const button = append(parent, "button", "", "class");
    button.type = "button";
    append(button, "span", name, "name");
    const bar = append(append(button, "span", "", "bar"), "span");
    const sum = append(button, "span", "", "votes");
    const share = append(button, "span", "", "share");
    button.addEventListener("click", () => choose(k));
    button.addEventListener("pointerenter", ({ pointerType }) => pointerType !== "touch" && preview(k));
    button.addEventListener("focus", () => button.matches(":focus-visible") && preview(k));
    for (const event of ["pointerleave", "blur"]) button.addEventListener(event, leave);
    buttons.push({ name, button, bar, sum, share });
  };
  const set = (all) => {
    parent.replaceChildren();
    buttons.length = 0;
    all.forEach(add);
  };
  set(names);
  const show = (prediction, best, rival) =>
    buttons.forEach(({ name, button, bar, sum, share }, k) => {
      const probability = prediction?.probabilities[k];
      button.classList.toggle("best", k === best);
      button.disabled = probability === undefined;
      bar.style.transform = `scaleX(${probability ?? 0})`; // unlike the width, animated without layout
      setText(sum, probability === undefined ? "" : signed(prediction.logits[k], 1));
      setText(share, probability === undefined ? "–" : percent(probability));
      const question = k === best ? "most probable" : `why not ${name}?`;
      const label = [`${name}: ${share.textContent}`, prediction && `score ${sum.textContent}`, question];
      setAttributes(button, { "aria-pressed": k === rival, "aria-label": label.filter(Boolean).join(", ") });
    });
  return { buttons, set, show };
}

/** Return the best output and its rival: `chosen`, or the next class; the negative class counts only if close. */
function contenders(probabilities, chosen, classes) {
  const [best] = strongest(probabilities, 1);
  const isOther = (k) => k !== best && k < probabilities.length;
  if (chosen !== null && isOther(chosen)) return [best, chosen];
  const counts = (k) => isOther(k) && (k < classes || probabilities[k] >= CLOSE_SHARE);
  return [best, strongest(probabilities, probabilities.length).find(counts)];
}

/** Describe how the scores become the share of class k. */
function describeShare({ model }, { logits, probabilities }, k) {
  const scores = scoresOf(model, logits);
  const second = strongest(scores, 2).find((each) => each !== k);
  const [own, other] = [k, second].map((each) => `e^${signed(scores[each], 1)}`);
  const rest = scores.length > 2 ? " + …" : "";
  return `${own} / (${own} + ${other}${rest}) ${probabilities[k] > 0.9999 ? ">" : "="} ${percent(probabilities[k])}`;
}

const ZOOM = 4; // pixels of the canvas per pixel of the picture, in each direction

/**
 * Show why the class named a leads that named b. explained: as from `explainDifference`. isExact: whether the
 * gradient explains all but the biases, because the network is piecewise linear. dots: as from `helpfulDots`.
 */
function showWhy(explained, image, shape, isExact, a, b, dots) {
  const { contributions, difference } = explained;
  const [raising, lowering] = [Math.max, Math.min].map((choose) => sumOf(contributions.map((c) => choose(c, 0))));
  paintContributions($("why-picture"), explained, image, shape, dots);
  const [forA, against, lead] = [raising, lowering, difference].map((value) => Math.round(10 * value) / 10);
  $("raises").textContent = `for ${a}: ${signed(forA, 1)}`;
  $("lowers").textContent = `against ${a}: ${signed(against, 1)}`;
  const rest = signed(lead - forA - against, 1);
  $("biases").textContent = `from the biases${isExact ? "" : " and curves"}, for this drawing: ${rest}`;
  $("leads").textContent = `${a} leads by ${signed(lead, 1)}`;
  $("gaps").textContent = `missing for ${b}`;
  $("gaps").parentElement.hidden = dots.length === 0;
  const missing = dots.length ? ` Ink at a dot raises the score of ${b}.` : "";
  $("why-reason").textContent = `Blue ink speaks for ${a}.${missing}`;
}

/** Paint contributions over a faint picture of the ink, and the dots. */
function paintContributions(canvas, { contributions }, image, [height, width], dots) {
  const [zero, ink, minus, plus, dot] = ["--zero", "--quiet", "--minus", "--plus", "--pen"].map(colour);
  const largest = largestMagnitude(contributions) || 1;
  const colours = Array.from(contributions, (value, i) => {
    const faint = interpolate(zero, ink, (0.4 * image[i]) / 255);
    return interpolate(faint, value < 0 ? minus : plus, Math.abs(value) / largest);
  });
  const small = document.createElement("canvas");
  paintValues(small, contributions, height, width, (_, i) => colours[i]);
  [canvas.width, canvas.height] = [ZOOM * width, ZOOM * height];
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  context.fillStyle = `rgb(${dot})`;
  for (const { at } of dots) context.fillRect(ZOOM * (at % width) + 2, ZOOM * Math.floor(at / width) + 2, ZOOM, ZOOM);
}
