/* A shape: a kernel over edge maps. Its sums as they are shown, and what the network reads without it. */

const HELD = 0.25; // mean ink in the frame of a shape that is seen there

/**
 * Return what each map adds to the sum of a kernel at a position: {values, weights, products, sum}, as shown. round: of
 * the values and weights before they are multiplied.
 */
function termsAt(layer, maps, unit, position, round = (value) => value) {
  const [patch, row] = [patchOf(maps, layer, position), rowOf(layer, unit)];
  return Array.from({ length: layer.inputShape[0] }, (_, map) => {
    const [values, weights] = [patch, row].map((each) => Array.from(channelOf(each, layer, map), round));
    const products = Array.from(values, (value, k) => round2(value * weights[k]));
    return { values, weights, products, sum: sumShown(products) };
  });
}

/** Return the sum of terms and the bias, as shown: a square of the map of the kernel, before ReLU. */
function sumTerms({ biases }, unit, terms) {
  return sumShown([...terms.map(({ sum }) => sum), biases[unit]]);
}

/** Return the map of a kernel; each square is calculated from the numbers that are shown. round: as in `termsAt`. */
function mapAsShown(layer, maps, unit, round) {
  return Array.from({ length: positionsOf(layer) }, (_, position) =>
    Math.max(sumTerms(layer, unit, termsAt(layer, maps, unit, position, round)), 0),
  );
}

/** Pass a reading on with the maps of some shapes set to 0: return the values of `forward`, from the shapes on. */
function forwardWithout({ model: { layers }, shapes }, { values }, off) {
  const maps = values[shapes + 1].slice();
  for (const unit of off) partOf(maps, layers[shapes].biases.length, unit).fill(0);
  return forward(layers.slice(shapes + 1), maps);
}

/**
 * Return what each shape does alone: {change, best}. change: of the score that was the largest, between the two scores
 * as shown. best: the largest without it.
 */
function tryEach(page, reading) {
  const best = indexOfLargest(reading.logits);
  return Array.from({ length: page.model.layers[page.shapes].biases.length }, (_, unit) => {
    const scores = forwardWithout(page, reading, [unit]).at(-1);
    return { change: round2(scores[best]) - round2(reading.logits[best]), best: indexOfLargest(scores) };
  });
}

/** Return the result of `tryEach` for a picture of `pictureOf`. */
function trialsOf(page, picture) {
  picture.trials ??= tryEach(page, picture.reading);
  return picture.trials;
}

/** Return by how much a score is ahead of all others. */
function leadOf(scores, index) {
  return scores[index] - Math.max(...scores.filter((_, k) => k !== index));
}

/**
 * Search a small set of shapes without which another answer wins: always the next one that narrows the lead most. Each
 * yield tries one shape; the last value is the set. off: shapes that are off already.
 */
function* searchSmallSet(page, reading, off = []) {
  const best = indexOfLargest(reading.logits);
  const count = page.model.layers[page.shapes].biases.length;
  const set = [...off];
  while (set.length < count) {
    let next = { lead: Infinity };
    for (let unit = 0; unit < count; unit++) {
      if (set.includes(unit)) continue;
      const lead = leadOf(forwardWithout(page, reading, [...set, unit]).at(-1), best);
      if (lead < next.lead) next = { unit, lead };
      yield set;
    }
    set.push(next.unit);
    if (next.lead < 0) break;
  }
  return set;
}

/** Return how much ink is in the frame of a shape, where its map is strongest: the mean. */
function inkOfShape({ model: { layers, shape }, shapes }, { values }, unit) {
  const map = partOf(values[shapes + 1], layers[shapes].biases.length, unit);
  const inside = cutOut(values[0], shape, receptiveField(layers, shapes, indexOfLargest(map)));
  return sumOf(inside) / inside.length;
}

/**
 * Return the shape that a picture needs most, of those that are seen in it, and where its map is strongest: {reading,
 * digit, unit, position, trials, terms, first, order, total, map}. digit: the output that is read. trials: of
 * `tryEach`. terms: of `termsAt`. first: the map that adds most. order: of the maps, that one first. total: of
 * `sumTerms`. map: of `mapAsShown`.
 */
function findStory(page, picture) {
  const { reading } = picture;
  const layer = page.model.layers[page.shapes];
  const maps = reading.values[page.shapes];
  const trials = trialsOf(page, picture);
  const needed = strongest(
    trials.map(({ change }) => -change),
    trials.length,
  );
  const unit = needed.find((each) => inkOfShape(page, reading, each) >= HELD) ?? needed[0];
  const map = mapAsShown(layer, maps, unit);
  const position = indexOfLargest(map);
  const terms = termsAt(layer, maps, unit, position);
  const first = indexOfLargest(terms.map(({ sum }) => sum));
  const order = [first, ...Array.from(terms.keys()).filter((each) => each !== first)];
  const total = sumTerms(layer, unit, terms);
  return { reading, digit: indexOfLargest(reading.logits), unit, position, trials, terms, first, order, total, map };
}
