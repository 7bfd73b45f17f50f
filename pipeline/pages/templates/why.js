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
  const sum = `${signed(raising)} ${addition(lowering)} ${addition(rest)} \u2248 ${signed(difference)}`;
  $("why-sum").textContent = `Lead in logits: ${sum}`;
  $("rest").textContent = isExact ? "biases" : "biases, curves";
  $("raises").textContent = `ink for ${a}: ${signed(raising)}`;
  $("lowers").textContent = `ink against ${a}: ${signed(lowering)}`;
  $("gaps").textContent = `gaps: ink there would count against ${a}`;
  const missing = placeOf(gapsOf(explained, image), shape);
  const present = placeOf(contributions.map((each) => Math.max(each, 0)), shape);
  $("why-reason").textContent =
    (missing && `More ink ${missing} (dots) would bring it closer to ${b}. `) +
    (present && `Its ink ${present} counts most for ${a}.`);
}

/** Return where most of some values lies, "at the top right" or "in the centre"; "" if none is positive. */
function placeOf(values, shape) {
  const sums = {};
  values.forEach((value, i) => {
    const name = nameOfPlace(i, shape);
    sums[name] = (sums[name] ?? 0) + value;
  });
  const [[name, sum]] = Object.entries(sums).sort(([, one], [, other]) => other - one);
  return sum > 0 ? (name ? `at the ${name}` : "in the centre") : "";
}

/** Return by how much a little ink would raise the other class where it would most, in the gaps; 0 elsewhere. */
function gapsOf({ gradient }, image) {
  const raising = gradient.map((slope, i) => (image[i] > 255 * MAX_GAP_INK ? 0 : Math.max(-slope, 0)));
  const gaps = strongest(raising, GAPS);
  return raising.map((value, i) => (gaps.includes(i) ? value : 0));
}

/** Paint contributions over a faint picture of the ink, and a dot in each of the gaps. */
function paintContributions(canvas, explained, image, [height, width]) {
  const { contributions } = explained;
  const [zero, ink, minus, plus] = ["--zero", "--quiet", "--minus", "--plus"].map(colour);
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
  context.fillStyle = `rgb(${minus})`;
  gapsOf(explained, image).forEach((value, i) => {
    if (value > 0) context.fillRect(ZOOM * (i % width) + 1, ZOOM * Math.floor(i / width) + 1, ZOOM - 2, ZOOM - 2);
  });
}
