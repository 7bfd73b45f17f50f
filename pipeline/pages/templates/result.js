"use strict";

/*
 * The prediction: large text, bars, and the input of the network. Texts are set as textContent, so names need no
 * escaping.
 */

const $ = (id) => document.getElementById(id);

const SURE = 0.8; // less probable predictions are shown as uncertain

/** Format 0.1239 as "12.3%"; truncated, so that only 1 becomes 100%. */
function percent(share) {
  return `${(Math.floor(1000 * share) / 10).toFixed(1)}%`;
}

/** Format a share with "over 99.9%" and "under 0.1%" at the ends. */
function percentWithLimits(share) {
  if (share > 0.999 && share < 1) return `over\u00a0${percent(0.999)}`;
  return share < 0.001 && share > 0 ? `under\u00a0${percent(0.001)}` : percent(share);
}

/** Set a text or attributes only if they change, so that the browser has less to lay out. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
}

/** Append a new element with a text to its parent, and return it. */
function append(parent, tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  parent.append(element);
  return element;
}

/**
 * Describe what `readAll` returns in texts: {large, first, second, share, isUncertain}. about: {isEmpty, written, isDrawing,
 * example, noun, known, classNames, canSplit}; isEmpty: nothing is drawn; written: whether an example is written meanwhile;
 * isDrawing: a stroke is not complete; example: the test image that is read, or undefined; known: as in "ten digits";
 * classNames: of all outputs; canSplit: of `readAll`.
 */
function describeResult(readings, last, about) {
  const { isEmpty, written, isDrawing, example, noun } = about;
  if (isEmpty && written) return { large: "", first: `An example. Draw your own ${noun} over it.`, second: "" };
  if (isEmpty) return { large: "", first: `Nothing is drawn yet. Draw a ${noun}.`, second: "" };
  const isRejected = last === null || readings.some(({ digit }) => digit === null);
  const name = ({ digit }) => (digit === null ? "?" : about.classNames[digit]);
  const large = readings.map(name).join("");
  if (isDrawing && isRejected) {
    return { large: readings.length > 1 ? large : "", first: `Not a ${noun} yet.`, second: "", isUncertain: true };
  }
  if (last === null) return { large: "?", first: `This is only a dot. Draw a ${noun}.`, second: "", isUncertain: true };
  const second = example ? describeExample(example, last, about) : describeSecond(readings, last, about);
  const rejected = readings.filter(({ digit }) => digit === null).length;
  if (rejected > 0) {
    const [subject, shown] = rejected === readings.length ? ["This", "?"] : ["Part of this", large];
    const advice = about.canSplit ? " Leave a gap between digits." : "";
    return { large: shown, first: `${subject} doesn't look like a ${noun}.${advice}`, second, isUncertain: true };
  }
  const confidence = readings.reduce((product, { probabilities, digit }) => product * probabilities[digit], 1);
  const isUncertain = confidence < SURE;
  const nearest =
    readings.length > 1
      ? `${isUncertain ? "Perhaps" : "Closest to"} the number ${large}`
      : isUncertain
        ? `Perhaps ${large}, the closest of the ${about.known}`
        : `Closest to ${large} of the ${about.known}`;
  const share = percentWithLimits(confidence);
  return { large, first: `${nearest}: ${share}`, second, share, isUncertain };
}

/** Describe the true and the predicted class of a test image. */
function describeExample({ label }, { digit }, { classNames, noun }) {
  const predicted = digit === null ? `rejected as no ${noun}` : `read as ${classNames[digit]}`;
  return `${classNames[label]} in the test set, ${predicted}`;
}

/** Describe which digit of a number the details are of, or else the second most probable output. */
function describeSecond(readings, { digit, probabilities }, { classNames }) {
  if (readings.length > 1) return `In detail: ${digit === null ? "?" : classNames[digit]}, drawn last`;
  const [, second] = strongest(probabilities, 2);
  if (digit === null || second === undefined) return "";
  return `then ${classNames[second]}, ${percentWithLimits(probabilities[second])}`;
}

/** Show the texts of `describeResult`; isRow: of several digits. */
function showResult({ large, first, second, isUncertain = false }, isRow) {
  $("prediction").textContent = large;
  $("prediction").classList.toggle("long", large.length > 2 && !isRow);
  const { classList } = $("prediction").parentElement;
  classList.toggle("row", isRow);
  classList.toggle("uncertain", isUncertain);
  $("confidence").textContent = first;
  $("runner-up").textContent = second;
}

/** Return the indices of the largest values, largest first. */
function strongest(values, count) {
  return Array.from(values, (_, i) => i)
    .sort((a, b) => values[b] - values[a])
    .slice(0, count);
}
