/*
 * Segmentation of a drawing into digits: strokes that touch are a component; components that are fragments of one digit
 * are merged by the rules of `areOneDigit` below.
 */

const TOUCH = PEN / 2; // between two strokes: the centre line of one is in the ink of the other
const FRAGMENT = 0.6; // maximum height of a part, such as the bar of a 5, relative to the tallest component
const MIN_OVERLAP = 0.5; // of two parts of a digit, relative to the narrower one's width
const MAX_GAP = 0.15; // between a fragment and its digit, relative to the tallest component

/**
 * Split a drawing into digits, lists of strokes, line by line, from left to right. A dot near other strokes is part of
 * them, as in a question mark; the others are left out.
 */
function segment(strokes) {
  const components = merge(strokes.map((stroke) => [stroke]), areTouching);
  const tall = Math.max(...components.map(sidesOf).map(heightOf));
  const groups = merge(components, (one, other) => areOneDigit(sidesOf(one), sidesOf(other), tall));
  const digits = groups.filter((group) => group.some((stroke) => !isDot([stroke])));
  const lines = merge(digits, shareLine).sort((one, other) => sidesOf(one).top - sidesOf(other).top);
  return lines.flatMap((line) => digits.filter(([stroke]) => line.includes(stroke)));
}

/** Merge groups of strokes until no two of them belong together; return them from left to right. */
function merge(groups, belong) {
  const fromLeft = (one, other) => sidesOf(one).left - sidesOf(other).left;
  const merged = [];
  for (let group of groups.sort(fromLeft)) {
    const find = () => merged.findIndex((other) => belong(other, group));
    for (let i = find(); i >= 0; i = find()) group = [...merged.splice(i, 1)[0], ...group];
    merged.push(group);
  }
  return merged.sort(fromLeft);
}

const measured = new WeakMap(); // what `measure` returned, by stroke

/** Return the sides of the ink of a stroke, and points along it. Measured again only after its last point changed. */
function measure(stroke) {
  const last = measured.get(stroke);
  if (last?.end === stroke.at(-1)) return last;
  const { left, top, width, height } = boundingBox([stroke]);
  const [right, bottom] = [left + width + PEN / 2, top + height + PEN / 2];
  const sides = { left: left - PEN / 2, right, top: top - PEN / 2, bottom };
  const measures = { end: stroke.at(-1), sides, points: densify(stroke) };
  measured.set(stroke, measures);
  return measures;
}

/** Return the bounding box of the ink of strokes. */
function sidesOf(strokes) {
  const all = strokes.map((stroke) => measure(stroke).sides);
  return {
    left: Math.min(...all.map(({ left }) => left)),
    right: Math.max(...all.map(({ right }) => right)),
    top: Math.min(...all.map(({ top }) => top)),
    bottom: Math.max(...all.map(({ bottom }) => bottom)),
  };
}

function heightOf({ top, bottom }) {
  return bottom - top;
}

function areTouching(one, other) {
  if (!haveCommon(...[one, other].map(sidesOf))) return false;
  const [points, others] = [one, other].map((strokes) => strokes.flatMap((stroke) => measure(stroke).points));
  return points.some((p) => others.some((q) => (p.x - q.x) ** 2 + (p.y - q.y) ** 2 <= TOUCH ** 2));
}

/** Return points along a stroke, at most TOUCH / 2 apart. */
function densify(stroke) {
  return stroke.flatMap((a, i) => {
    const b = stroke[i + 1] ?? a;
    const [across, down] = [b.x - a.x, b.y - a.y];
    const count = Math.ceil(Math.hypot(across, down) / (TOUCH / 2)) || 1;
    return Array.from({ length: count }, (_, k) => ({ x: a.x + (across * k) / count, y: a.y + (down * k) / count }));
  });
}

function shareLine(one, other) {
  const [a, b] = [one, other].map(sidesOf);
  return Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) >= Math.min(heightOf(a), heightOf(b)) / 2;
}

/**
 * Return whether two components, given by their sides, are parts of one digit. tall: height of the tallest component.
 * A component inside the other's box is a part of it, such as the slash of a 0. Two tall components are one digit if
 * one is above the other. A fragment belongs to a digit above, below or near it.
 */
function areOneDigit(one, other, tall) {
  const lower = Math.min(heightOf(one), heightOf(other));
  const narrower = Math.min(one.right - one.left, other.right - other.left);
  const shared = sharedWidth(one, other);
  const apart = Math.max(one.top, other.top) - Math.min(one.bottom, other.bottom);
  const over = shared >= MIN_OVERLAP * narrower;
  if (isInside(one, other) || isInside(other, one)) return true;
  if (lower >= FRAGMENT * tall) return over && -lower / 2 < apart && apart < 0;
  const near = shared >= -MAX_GAP * tall && apart < MAX_GAP * tall;
  return (over || near) && apart < 2 * MAX_GAP * tall;
}

/** Return whether two boxes overlap. */
function haveCommon(one, other) {
  return sharedWidth(one, other) >= 0 && one.top <= other.bottom && other.top <= one.bottom;
}

function isInside(one, other) {
  return one.left >= other.left && one.right <= other.right && one.top >= other.top && one.bottom <= other.bottom;
}

/** Return the width that two components have in common, negative if there is a gap between them. */
function sharedWidth(one, other) {
  return Math.min(one.right, other.right) - Math.max(one.left, other.left);
}
