/*
 * A target is an output of a layer: {index, unit, position}. index: of the layer, from 0. unit: null for the one that
 * the drawing raises most. position: in the map, row-major, 0 for a dense layer; null for the one that is raised most.
 */

const FIRST = { index: 0, unit: null, position: null };

/** Return the target with its unit and position. values: of `predict`, null if nothing is drawn. */
function locateTarget({ layers, blank }, { index, unit, position }, values) {
  if (!values || position !== null) return { index, unit: unit ?? 0, position: position ?? 0 };
  const count = layers[index].outputShape[0];
  const raised = values[index + 1].map((value, k) => value - blank[index + 1][k]);
  const size = raised.length / count;
  const part = unit === null ? raised : partOf(raised, count, unit);
  const most = part.indexOf(extremes(part)[1]);
  return { index, unit: unit ?? Math.floor(most / size), position: most % size };
}
