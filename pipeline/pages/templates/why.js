"use strict";

/* "Why 3, not 8?": the answer's bars, and the contribution of each pixel to the difference of two logits. */

/** Make a button with a bar for each class. choose(k) is called with its index. Returns a function that shows them. */
function makeAnswer(parent, classNames, choose) {
  const buttons = classNames.map((name, k) => {
    const button = append(parent, "button", "", "class");
    button.type = "button";
    append(button, "span", name, "name");
    const bar = append(append(button, "span", "", "bar"), "span");
    const share = append(button, "span", "", "share");
    button.addEventListener("click", () => choose(k));
    return { button, bar, share };
  });
  return (probabilities, best, rival) =>
    buttons.forEach(({ button, bar, share }, k) => {
      const probability = probabilities?.[k] ?? 0;
      button.classList.toggle("best", k === best);
      button.setAttribute("aria-pressed", k === rival);
      button.disabled = !probabilities;
      bar.style.width = `${100 * probability}%`;
      share.textContent = probabilities ? percent(probability) : "–";
      const question = k === best ? "the answer" : `why not ${classNames[k]}?`;
      button.setAttribute("aria-label", `${classNames[k]}: ${share.textContent}, ${question}`);
    });
}

/** Return the most probable class and the one to compare it with: `chosen`, or the second most probable. */
function contenders(probabilities, count, chosen) {
  const [best, second] = strongest(probabilities.slice(0, count), 2);
  return [best, chosen === null || chosen === best ? second : chosen];
}

/** Show why the class named a and not that named b; the first argument is the result of `explainDifference`. */
function showWhy({ contributions, difference, rest }, image, [height, width], activation, a, b) {
  $("why-title").textContent = `Why ${a}, not ${b}?`;
  const [raising, lowering] = [Math.max, Math.min].map((choose) => sumOf(contributions.map((c) => choose(c, 0))));
  paintContributions($("why-picture"), contributions, image, height, width);
  $("raises").textContent = `ink here raises ${a} above ${b}: ${signed(raising)} in all`;
  $("lowers").textContent = `ink here lowers it: ${signed(lowering)} in all`;
  const sum = [raising, lowering, rest].map((term, i) => (i ? addition(term) : signed(term))).join(" ");
  const exact = activation === "relu" ? "" : " With the sigmoid, the contributions are an approximation.";
  $("why-sum").textContent =
    `The logit of ${a} is ${signed(difference)} larger than that of ${b}: ${sum}. The last term does not depend on the ink.${exact}`;
}

/** Paint contributions over a faint picture of the ink. */
function paintContributions(canvas, contributions, image, height, width) {
  const [zero, ink, minus, plus] = ["--zero", "--quiet", "--minus", "--plus"].map(colour);
  const largest = largestMagnitude(contributions) || 1;
  paintValues(canvas, contributions, height, width, (value, i) => {
    const faint = interpolate(zero, ink, (0.4 * image[i]) / 255);
    return interpolate(faint, value < 0 ? minus : plus, Math.abs(value) / largest);
  });
}
