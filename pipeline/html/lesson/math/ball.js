/*
 * A ball on the loss over one weight of the last layer, all else being fixed. It is convex, so it has one valley.
 *
 * A valley is {index, from, to, weight, start, samples}: the index of the class to whose score the weight belongs, the
 * least and the largest weight that are shown, the trained one, that at which the ball starts, and of each picture: the
 * activity of the unit of the weight, the score of its class, log-sum-exp of the other scores (rest), the score of the
 * right class (right), and whether this is the class of the weight (isOwn).
 */

const VALLEY = { start: 1.2, ends: 1.6, far: 64 }; // losses of the ball and at both ends; largest change
const RATES = { least: 0.022, ratio: 80 }; // the first step of the ball, in widths of the valley; from least to most
const [FLAT, LOW] = [0.1, 0.05]; // slopes, and losses above the lowest one, in the bottom of the valley

/**
 * Return the narrowest valley of the weights from the most active unit to the scores of `count` classes. passes:
 * {features, logits, label} of each picture. It has also the index of the class.
 */
function makeValley({ weights, biases }, passes, count) {
  const activities = Array.from(passes[0].features, (_, unit) => sumOf(passes.map(({ features }) => features[unit])));
  const unit = indexOfLargest(activities);
  const fanIn = weights.length / biases.length;
  const valleys = Array.from({ length: count }, (_, index) => {
    const samples = passes.map(({ features, logits, label }) => ({
      activity: features[unit],
      score: logits[index],
      rest: logSumExp(logits.filter((_, k) => k !== index)),
      right: logits[label],
      isOwn: label === index,
    }));
    return findEnds({ index, samples, weight: weights[index * fanIn + unit] });
  });
  return valleys.sort((a, b) => a.to - a.from - (b.to - b.from))[0];
}

function findEnds(valley) {
  const { weight } = valley;
  const find = (side, loss) => weight + side * distanceTo((by) => lossAt(valley, weight + side * by), loss);
  const [from, to, start] = [find(-1, VALLEY.ends), find(1, VALLEY.ends), find(1, VALLEY.start)].map(round2);
  return { ...valley, from, to, start };
}

/** Return where an increasing function reaches a value, by bisection; VALLEY.far if it does not. */
function distanceTo(rise, value) {
  let [low, high] = [0, VALLEY.far];
  while (high - low > 0.005) {
    const middle = (low + high) / 2;
    if (rise(middle) < value) low = middle;
    else high = middle;
  }
  return high;
}

/** Return the mean loss at a weight. */
function lossAt({ samples, weight: trained }, weight) {
  const losses = samples.map(({ activity, score, rest, right, isOwn }) => {
    const changed = score + (weight - trained) * activity;
    return rest + softplus(changed - rest) - (isOwn ? changed : right);
  });
  return sumOf(losses) / samples.length;
}

/** log(1 + exp(z)) without overflow. */
function softplus(z) {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

/** Return the slope at a weight: the mean of error times activity, the error being share − 1 or share − 0. */
function exactSlopeAt({ samples, weight: trained }, weight) {
  const slopes = samples.map(({ activity, score, rest, isOwn }) => {
    const share = 1 / (1 + Math.exp(rest - score - (weight - trained) * activity));
    return (share - (isOwn ? 1 : 0)) * activity;
  });
  return sumOf(slopes) / samples.length;
}

/** Return the slope at a weight in two decimals, as shown. */
function slopeAt(valley, weight) {
  return round2(exactSlopeAt(valley, weight));
}

/** Return the step size of a setting from 0, careful, to 1, reckless; in two decimals. */
function rateOf(valley, setting) {
  const unit = (valley.to - valley.from) / slopeAt(valley, valley.start);
  return round2(unit * RATES.least * RATES.ratio ** setting);
}

/** Take a step: {weight, slope, rate, next}, all as shown, so that next = weight − rate × slope can be checked. */
function stepFrom(valley, weight, rate) {
  const slope = slopeAt(valley, weight);
  return { weight, slope, rate, next: round2(weight - rate * slope) };
}

/** Tell where a step has led: to a larger loss, "out" of the valley or "higher" in it, to its "bottom", or "lower". */
function judgeStep(valley, { weight, next }) {
  const loss = lossAt(valley, next);
  if (loss > lossAt(valley, weight)) return next < valley.from || next > valley.to ? "out" : "higher";
  const isBottom = loss < lossAt(valley, valley.weight) + LOW && Math.abs(slopeAt(valley, next)) <= FLAT;
  return isBottom ? "bottom" : "lower";
}
