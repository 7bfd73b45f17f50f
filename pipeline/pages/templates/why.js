"use strict";

/* "Why 3, not 8?": the answer's bars, and the contribution of each pixel to the difference of two logits. */

/**
 * Make a button with a bar for each class. choose, preview: called with its index. Returns {buttons, show}; show: a
 * function of the probabilities, null if nothing is drawn, the index of the best class and that of the chosen one.
 */
function makeAnswer(parent, names, { choose, preview, leave }) {
  const buttons = names.map((name, k) => {
    const button = append(parent, "button", "", "class");
    button.type = "button";
    append(button, "span", name, "name");
    const bar = append(append(button, "span", "", "bar"), "span");
    const share = append(button, "span", "", "share");
    button.addEventListener("click", () => choose(k));
    button.addEventListener("pointerenter", ({ pointerType }) => pointerType !== "touch" && preview(k));
    button.addEventListener("focus", () => button.matches(":focus-visible") && preview(k));
    for (const event of ["pointerleave", "blur"]) button.addEventListener(event, leave);
    return { button, bar, share };
  });
  const show = (probabilities, best, rival) =>
    buttons.forEach(({ button, bar, share }, k) => {
      const probability = probabilities?.[k];
      button.classList.toggle("best", k === best);
      button.disabled = probability === undefined;
      bar.style.transform = `scaleX(${probability ?? 0})`; // unlike the width, animated without layout
      setText(share, probability === undefined ? "–" : percent(probability));
      const question = k === best ? "most probable" : `why not ${names[k]}?`;
      setAttributes(button, { "aria-pressed": k === rival, "aria-label": `${names[k]}: ${share.textContent}, ${question}` });
    });
  return { buttons: buttons.map(({ button }) => button), show };
}

/** Return the most probable class and the one to compare it with: `chosen`, or the second most probable. */
function contenders(probabilities, chosen) {
  const [best, second] = strongest(probabilities, 2);
  return [best, chosen === null || chosen === best || chosen >= probabilities.length ? second : chosen];
}

const GAPS = 12; // pixels without ink that are marked
const MAX_GAP_INK = 0.1; // of such a pixel
const ZOOM = 4; // pixels of the canvas per pixel of the picture, in each direction

/**
 * Show why the class named a and not that named b. explained: as from `explainDifference`. isExact: whether the
 * gradient explains all but the biases, because the network is piecewise linear.
 */
function showWhy(explained, image, shape, isExact, a, b) {
  const { contributions, difference, rest } = explained;
  $("why-title").textContent = `Why ${a}, not ${b}?`;
  const [raising, lowering] = [Math.max, Math.min].map((choose) => sumOf(contributions.map((c) => choose(c, 0))));
  paintContributions($("why-picture"), explained, image, shape);
  paintRunning($("why-running"), [raising, lowering, rest]);
  $("why-sum").textContent =
    `Lead in logits: ${signed(raising)} ${addition(lowering)} ${addition(rest)} ` +
    `(biases${isExact ? "" : ", curved activation"}) \u2248 ${signed(difference)}`;
  $("raises").textContent = `ink that raises ${a}, by ${signed(raising)}`;
  $("lowers").textContent = `ink that raises ${b}, by ${signed(-lowering)}`;
  $("gaps").textContent = `gaps where ink would raise ${b} most`;
}

/** Paint contributions over a faint picture of the ink, and a dot in each of the gaps. */
function paintContributions(canvas, { gradient, contributions }, image, [height, width]) {
  const [zero, ink, minus, plus] = ["--zero", "--quiet", "--minus", "--plus"].map(colour);
  const largest = largestMagnitude(contributions) || 1;
  const raising = gradient.map((slope, i) => (image[i] > 255 * MAX_GAP_INK ? 0 : -slope));
  const gaps = strongest(raising, GAPS).filter((i) => raising[i] > 0);
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
  context.fillStyle = `rgb(${minus})`;
  for (const gap of gaps) {
    context.fillRect(ZOOM * (gap % width) + 1, ZOOM * Math.floor(gap / width) + 1, ZOOM - 2, ZOOM - 2);
  }
}
