/* The prediction in large text. Texts are set as textContent, so names need no escaping. */

const $ = (id) => document.getElementById(id);

const SURE = 0.8; // less probable predictions are shown as uncertain
const ALMOST_CERTAIN = 0.99;
const LEAST_SHARE = 0.001; // of a runner-up that is named
const CLOSE_SHARE = 0.05; // of one that is named even if there is more to say, and of "none" to be compared with

/** Format 0.1239 as "12.4%", and 0.99991 as "99.99%"; only 1 becomes 100%. */
function percent(share, digits = share > 0.999 ? 2 : 1) {
  const most = share < 1 ? 100 - 10 ** -digits : 100;
  return `${Math.min(100 * share, most).toFixed(digits)}%`;
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
 * Describe a reading, null for a dot, in texts: {large, first, second, share, isUncertain}. about: {isEmpty, isDrawing,
 * example, noun, classNames, change}; isEmpty: nothing is drawn; isDrawing: a stroke is not complete; example: the test
 * image that is read, or undefined; classNames: of all outputs; change: as from `inside.show`, or null.
 */
function describeResult(reading, about) {
  const { isEmpty, isDrawing, noun, classNames } = about;
  const [isUncertain, second] = [true, reading ? describeSecond(reading, about) : ""];
  if (isEmpty) return { large: "", first: `Nothing is drawn yet. Draw a ${noun}.`, second: "" };
  if (isDrawing && (reading?.digit ?? null) === null)
    return { large: "", first: `Not a ${noun} yet.`, second: "", isUncertain };
  if (reading === null) return { large: "?", first: `This is only a dot. Draw a ${noun}.`, second, isUncertain };
  const { digit, probabilities } = reading;
  if (isUndecided(reading)) {
    const [best] = strongest(probabilities, 1);
    const most = `${classNames[best]} has ${percent(probabilities[best])}`;
    return { large: "?", first: `Undecided: ${most}; an answer needs ${100 * MIN_PROBABILITY}%.`, second, isUncertain };
  }
  if (digit === null) return { large: "?", first: `This doesn't look like a ${noun}.`, second, isUncertain };
  const [large, probability] = [classNames[digit], probabilities[digit]];
  const likely = probability >= ALMOST_CERTAIN ? "Almost certainly" : probability < SURE ? "Perhaps" : "Probably";
  const share = percent(probability);
  return { large, first: `${likely} ${large}: ${share}`, second, share, isUncertain: probability < SURE };
}

/** Return whether a reading is rejected because no output is probable. */
function isUndecided({ digit, probabilities }) {
  return digit === null && Math.max(...probabilities) < MIN_PROBABILITY;
}

/** Describe the true class of a test image, what was changed, and the runner-up. */
function describeSecond(reading, { example, change, classNames, noun }) {
  const { digit, probabilities } = reading;
  const read = isUndecided(reading) ? "undecided" : digit === null ? `no ${noun}` : classNames[digit];
  const parts = [
    example && `${classNames[example.label]} in the test set${change ? "" : `, read as ${read}`}`,
    change && `${change.words}: ${change.before === digit ? "still" : "now"} ${read}`,
  ].filter(Boolean);
  const [, second] = strongest(probabilities, 2);
  const isWorthIt = digit !== null && probabilities[second] >= (parts.length ? CLOSE_SHARE : LEAST_SHARE);
  if (isWorthIt) parts.push(`then ${classNames[second]}, ${percent(probabilities[second])}`);
  return parts.join("; ");
}

/** Show the texts of `describeResult`. */
function showResult({ large, first, second, isUncertain = false }) {
  $("prediction").textContent = large;
  $("prediction").classList.toggle("long", large.length > 2);
  $("prediction").parentElement.classList.toggle("uncertain", isUncertain);
  $("confidence").textContent = first;
  $("runner-up").textContent = second;
}

/** Return the indices of the largest values, largest first. */
function strongest(values, count) {
  return Array.from(values, (_, i) => i)
    .sort((a, b) => values[b] - values[a])
    .slice(0, count);
}
