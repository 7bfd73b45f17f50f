/*
 * The walk back of scene 7: the error of a score on its way to two weights of the first layer. Weights are round
 * numbers; the error and the pixel are those of the picture.
 */

const PATHS = {
  A: { first: 0.6, second: 0.5, last: 0.4 },
  B: { first: 0.7, second: -0.4, last: 0.8 },
};
const BRIGHT = 0.995; // ink that is shown as 1.00

/** Round off what binary fractions add: products of shown numbers are exact. */
function exactly(value) {
  return Math.round(1e6 * value) / 1e6 + 0; // no −0
}

/** Format a product with all its decimals, at least two: −0.22, −0.224. */
function formatExactly(value) {
  const text = String(Math.abs(exactly(value)));
  const decimals = Math.max(text.split(".")[1]?.length ?? 0, 2);
  return `${value < 0 ? MINUS : ""}${Math.abs(value).toFixed(decimals)}`;
}

/**
 * Walk back from the share of the right class: {share, ink, edge, shape, error, sent, passed, arrived, slope}. edge,
 * shape: sums of the neurons of each path, on the way there. error: the slope of the loss by the score, share − 1.
 * sent: from the score to the shape neuron. passed: what it lets through, nothing if it is shut. arrived: at the edge
 * neuron. slope: of the first weight.
 */
function walkBack(share, ink) {
  const [p, x] = [round2(share), round2(ink)];
  const error = exactly(p - 1);
  const along = (follow) => Object.fromEntries(Object.keys(PATHS).map((name) => [name, exactly(follow(name))]));
  const edge = along((name) => x * PATHS[name].first);
  const shape = along((name) => edge[name] * PATHS[name].second);
  const sent = along((name) => error * PATHS[name].last);
  const passed = along((name) => (shape[name] > 0 ? sent[name] : 0));
  const arrived = along((name) => passed[name] * PATHS[name].second);
  const slope = along((name) => arrived[name] * x);
  return { share: p, ink: x, edge, shape, error, sent, passed, arrived, slope };
}

/** Return the pixel with full ink that is nearest to a place: {row, column, ink}; the fullest one if there is none. */
function choosePixel(ink, width, place) {
  const pixels = Array.from(ink, (value, k) => ({ ink: value, row: Math.floor(k / width), column: k % width }));
  const far = ({ row, column }) => Math.hypot(row - place.row, column - place.column);
  const most = Math.min(BRIGHT, Math.max(...ink));
  return pixels.filter((pixel) => pixel.ink >= most).sort((a, b) => far(a) - far(b))[0];
}
