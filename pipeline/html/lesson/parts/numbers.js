/* Numbers as they are shown. Sums add the shown numbers, so that they can be checked by hand. */

const MINUS = "\u2212";
const SPACE = "\u00a0"; // that does not break

/** Round to two decimals, as by hand: halves away from 0, also where a binary fraction is just below a half. */
function round2(value) {
  return (Math.sign(value) * Math.round(100 * Math.abs(value) + 1e-9)) / 100 + 0; // no −0
}

/** Return the sum of values as they are shown. */
function sumShown(values) {
  return round2(Array.from(values).reduce((sum, value) => sum + round2(value), 0));
}

/** Format a number with so many decimals. */
function fixed(value, decimals) {
  return `${value < 0 ? MINUS : ""}${Math.abs(value).toFixed(decimals)}`;
}

/** Format −0.504 as "−0.50". */
function two(value) {
  return fixed(round2(value), 2);
}

/** Format 0.504 as "+0.50". */
function signed(value) {
  return round2(value) < 0 ? two(value) : `+${two(value)}`;
}

/** Return a format that shows nothing for 0. */
function unlessZero(format) {
  return (value) => (round2(value) === 0 ? "" : format(value));
}

/** Return the sign of a number as it is shown. */
function signOf(value) {
  return Math.sign(round2(value));
}

/** Format shares from 0 to 1: 0.454 as "45 %", 0.996 as "99.6 %", 0.006 as "0.6 %", 0.9996 as "more than 99.9 %". */
function percent(share, isShort = false) {
  const [more, less] = isShort ? [">", "<"] : ["more than", "less than"];
  if (share > 0.9995) return `${more}${SPACE}99.9${SPACE}%`;
  if (share < 0.0005) return `${less}${SPACE}0.1${SPACE}%`;
  const isMiddle = share >= 0.0995 && share < 0.99;
  return `${(100 * share).toFixed(isMiddle ? 0 : 1)}${SPACE}%`;
}

/** Return "a 3", "an 8". */
function withArticle(name) {
  return `${/^(8|1[18]|[aeiou])/i.test(name) ? "an" : "a"} ${name}`;
}

/** Format a count with commas: 18378 as "18,378". */
function withCommas(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
