/*
 * A target is an output of a layer: {index, unit, position}. index: of the layer, from 0. position: in the map, row-
 * major, 0 for a dense layer; null for that of the largest activation.
 */

/** Return the target of a layer that the drawing raises most. blank: the activations of a picture without ink. */
function mostRaised(values, blank, index, { outputShape }) {
  const positions = values.length / outputShape[0];
  const raised = values.map((value, i) => value - blank[i]);
  const most = raised.indexOf(raised.reduce((a, b) => Math.max(a, b)));
  return { index, unit: Math.floor(most / positions), position: null };
}

/** Return the position of the largest value in a map, or of the smallest if none is above 0. */
function strongestPosition(values, count, unit) {
  const map = partOf(values, count, unit);
  const most = Math.max(...map);
  return map.indexOf(most > 0 ? most : Math.min(...map));
}

/**
 * Return the target with its position: by default where the drawing raises it most. values: null if nothing is drawn.
 */
function locateTarget({ layers, blank }, target, values) {
  if (target.position !== null) return target;
  const [at, count] = [target.index + 1, layers[target.index].outputShape[0]];
  return {
    ...target,
    position: values
      ? strongestPosition(
          values[at].map((value, k) => value - blank[at][k]),
          count,
          target.unit,
        )
      : 0,
  };
}

/** Return a target moved within its map; it stays inside. */
function movedTarget({ layers }, target, down, right) {
  const [, height = 1, width = 1] = layers[target.index].outputShape;
  const row = clamp(Math.floor(target.position / width) + down, height - 1);
  const column = clamp((target.position % width) + right, width - 1);
  return { ...target, position: row * width + column };
}
