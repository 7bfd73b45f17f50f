/*
 * The prediction: large text, bars, and the input of the network. Texts are set as textContent, so names need no
 * escaping.
 */

const $ = (id) => document.getElementById(id);

const SURE = 0.8; // less probable predictions are shown as uncertain
const ALMOST_CERTAIN = 0.99;
const LEAST_SHARE = 0.001; // of a runner-up that is named
const CLOSE_SHARE = 0.05; // of one that is named even if there is more to say, and of "none" to be compared with

/** Format 0.1239 as "12.3%", and 0.99991 as "99.99%"; truncated, so that only 1 becomes 100%. */
function percent(share) {
  const digits = share > 0.999 ? 2 : 1;
  return `${(Math.floor(10 ** (digits + 2) * share) / 10 ** digits).toFixed(digits)}%`;
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
 * Describe what `readAll` returns in texts: {large, first, second, share, isUncertain}. about: {isEmpty, isDrawing,
 * example, noun, classNames, canSplit, change}; isEmpty: nothing is drawn; isDrawing: a stroke is not complete;
 * example: the test image that is read, or undefined; classNames: of all outputs; canSplit: of `readAll`; change: of
 * the reading `last`, as from `inside.show`, or null.
 */
function describeResult(readings, last, about) {
  const { isEmpty, isDrawing, noun } = about;
  if (isEmpty) return { large: "", first: `Nothing is drawn yet. Draw a ${noun}.`, second: "" };
  const isRejected = last === null || readings.some(({ digit }) => digit === null);
  const name = ({ digit }) => (digit === null ? "?" : about.classNames[digit]);
  const large = readings.map(name).join("");
  if (isDrawing && isRejected) {
    return { large: readings.length > 1 ? large : "", first: `Not a ${noun} yet.`, second: "", isUncertain: true };
  }
  if (last === null) return { large: "?", first: `This is only a dot. Draw a ${noun}.`, second: "", isUncertain: true };
  const second = describeSecond(readings, last, about);
  const rejected = readings.filter(({ digit }) => digit === null).length;
  if (rejected > 0) {
    const advice = about.canSplit ? " Leave a gap between digits." : "";
    if (readings.length === 1 && isUndecided(last)) {
      const [best] = strongest(last.probabilities, 1);
      const most = `${about.classNames[best]} has ${percent(last.probabilities[best])}`;
      const first = `Undecided: ${most}; an answer needs ${100 * MIN_PROBABILITY}%.${advice}`;
      return { large, first, second, isUncertain: true };
    }
    const [subject, shown] = rejected === readings.length ? ["This", "?"] : ["Part of this", large];
    return { large: shown, first: `${subject} doesn't look like a ${noun}.${advice}`, second, isUncertain: true };
  }
  const confidence = readings.reduce((product, { probabilities, digit }) => product * probabilities[digit], 1);
  const isUncertain = confidence < SURE;
  const likely = confidence >= ALMOST_CERTAIN ? "Almost certainly" : isUncertain ? "Perhaps" : "Probably";
  const share = percent(confidence);
  const first = `${likely}${readings.length > 1 ? "" : ` ${large}`}: ${share}`; // a number can be long
  return { large, first, second, share, isUncertain };
}

/** Return whether a reading is rejected because no output is probable. */
function isUndecided({ digit, probabilities }) {
  return digit === null && Math.max(...probabilities) < MIN_PROBABILITY;
}

/** Describe which digit is shown inside, the true class of a test image, what was changed, and the runner-up. */
function describeSecond(readings, last, { example, change, classNames, noun }) {
  const { digit, probabilities } = last;
  const read = isUndecided(last) ? "undecided" : digit === null ? `no ${noun}` : classNames[digit];
  const parts = [
    readings.length > 1 && `digit ${readings.indexOf(last) + 1} of ${readings.length} (underlined); tap another`,
    example && `${classNames[example.label]} in the test set${change ? "" : `, read as ${read}`}`,
    change && `${change.words}: ${change.before === digit ? "still" : "now"} ${read}`,
  ].filter(Boolean);
  const [, second] = strongest(probabilities, 2);
  const isWorthIt = digit !== null && probabilities[second] >= (parts.length ? CLOSE_SHARE : LEAST_SHARE);
  if (isWorthIt) parts.push(`then ${classNames[second]}, ${percent(probabilities[second])}`);
  return parts.join("; ");
}

/** Show the texts of `describeResult`; isRow: of several digits. */
function showResult({ large, first, second, isUncertain = false }, isRow) {
  $("prediction").textContent = large;
  $("prediction").classList.toggle("long", large.length > 2 && !isRow);
  $("prediction").style.setProperty("--length", large.length);
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
