/* Patches, the parts of a layer's input under its window, and their products with the weights. */

/** Return the number of positions of a layer's window. */
function positionsOf({ outputShape: [, height = 1, width = 1] }) {
  return height * width;
}

/** Return the part of the input under the window at a position, {top, left, height, width}; padding is outside. */
function patchAt({ window: [height, width], outputShape: [, , columns = 1], stride, padding }, position) {
  const top = Math.floor(position / columns) * stride[0] - padding[0];
  return { top, left: (position % columns) * stride[1] - padding[1], height, width };
}

/** Return the values of one of `count` parts of the same size, such as maps or kernels. */
function partOf(values, count, index) {
  const size = values.length / count;
  return values.subarray(index * size, (index + 1) * size);
}

const tables = new WeakMap(); // of `tableOf`, by the layer: training would otherwise spend its time on indices

/** Return the indices of the input under a kernel, channel by channel, position by position; -1 for padding. */
function tableOf(layer) {
  const known = tables.get(layer);
  if (known) return known;
  const [channels, rows = 1, columns = 1] = layer.inputShape;
  const indices = [];
  for (let position = 0; position < positionsOf(layer); position++) {
    const { top, left, height, width } = patchAt(layer, position);
    for (let channel = 0; channel < channels; channel++) {
      for (let row = top; row < top + height; row++) {
        for (let column = left; column < left + width; column += layer.dilation) {
          const isInside = row >= 0 && row < rows && column >= 0 && column < columns;
          indices.push(isInside ? (channel * rows + row) * columns + column : -1);
        }
      }
    }
  }
  const table = Int32Array.from(indices);
  tables.set(layer, table);
  return table;
}

/** Return the part of the table of a position. */
function indicesAt(layer, position) {
  return partOf(tableOf(layer), positionsOf(layer), position);
}

/** Return the values of all channels of x under the window. */
function patchOf(x, layer, position) {
  return gather(x, layer, indicesAt(layer, position));
}

function gather(x, { outside }, indices) {
  const values = new Float32Array(indices.length);
  for (let k = 0; k < values.length; k++) values[k] = indices[k] < 0 ? outside : x[indices[k]];
  return values;
}

/** Return the part of a patch, or of its indices, that belongs to a channel. */
function channelOf(patch, { inputShape: [channels] }, channel) {
  return partOf(patch, channels, channel);
}

/** Return the weights of one output. */
function rowOf({ weights, biases }, unit) {
  return partOf(weights, biases.length, unit);
}

/** Return the patches at all positions, one after the other; x itself if it is the only one. */
function patchesAt(x, layer) {
  const table = tableOf(layer);
  return positionsOf(layer) === 1 && table.length === x.length ? x : gather(x, layer, table);
}

/**
 * Return W p + b of each patch p, at [output * positions + position]. Four outputs at once take half the time: they
 * share the reads of p, and no addition waits for the one before.
 */
function multiply({ weights, biases }, patches) {
  const fanIn = weights.length / biases.length;
  const positions = patches.length / fanIn;
  const last = biases.length - 1;
  const z = new Float32Array(biases.length * positions);
  for (let row = 0; row <= last; row += 4) {
    const [rowB, rowC, rowD] = [Math.min(row + 1, last), Math.min(row + 2, last), Math.min(row + 3, last)];
    const [atA, atB, atC, atD] = [row * fanIn, rowB * fanIn, rowC * fanIn, rowD * fanIn];
    for (let position = 0; position < positions; position++) {
      const start = position * fanIn;
      let a = biases[row];
      let b = biases[rowB];
      let c = biases[rowC];
      let d = biases[rowD];
      for (let i = 0; i < fanIn; i++) {
        const x = patches[start + i];
        a += weights[atA + i] * x;
        b += weights[atB + i] * x;
        c += weights[atC + i] * x;
        d += weights[atD + i] * x;
      }
      z[row * positions + position] = a;
      z[rowB * positions + position] = b;
      z[rowC * positions + position] = c;
      z[rowD * positions + position] = d;
    }
  }
  return z;
}

/** Add the rows of a matrix, each times its factor, to `sum`: four at once, without those whose factor is 0. */
function addRows(sum, matrix, factors) {
  const starts = [0, 0, 0, 0];
  const scales = [0, 0, 0, 0];
  let count = 0;
  for (let row = 0; row < factors.length; row++) {
    if (factors[row] === 0) continue;
    starts[count] = row * sum.length;
    scales[count] = factors[row];
    count++;
    if (count < 4) continue;
    addFour(sum, matrix, starts, scales);
    count = 0;
  }
  if (count > 0) addFour(sum, matrix, starts, scales.fill(0, count));
}

function addFour(sum, matrix, [atA, atB, atC, atD], [a, b, c, d]) {
  for (let k = 0; k < sum.length; k++) {
    sum[k] += a * matrix[atA + k] + b * matrix[atB + k] + c * matrix[atC + k] + d * matrix[atD + k];
  }
}

/** Return a column of a matrix. */
function columnOf(matrix, columns, column) {
  const values = new Float32Array(matrix.length / columns);
  for (let row = 0; row < values.length; row++) values[row] = matrix[row * columns + column];
  return values;
}
