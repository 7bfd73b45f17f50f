/* The network that is trained in the page: its images, its noise, and its file. */

const SHADE = 17; // of 16 shades from 0 to 255

/** Return the network that the page trains, as `unpackModel` returns a model. version: changes with its parameters. */
function makeLearner({ layers, header, arrays }, { inkStatistics }) {
  const sizes = arrays.map(({ shape }) => shape.reduce((a, b) => a * b));
  // all layers have them
  const parametersOf = (i) => PARAMETERS.map((name, k) => [name, new Float32Array(sizes[2 * i + k])]);
  const network = layers.map((layer, i) => ({ ...layer, ...Object.fromEntries(parametersOf(i)) }));
  const { image_shape: shape, class_names: classNames, loss } = header;
  return { layers, networks: [network], loss, temperature: 1, shape, classNames, inkStatistics, version: 0 };
}

/** Return {learnt, unseen} of the page's images, each {inks, labels}. */
async function unpackLessons({ images, learnt, header, ...rest }) {
  const labels = [...new Uint8Array(decodeBase64(rest.labels))];
  const [height, width] = header.image_shape;
  const deflated = new Blob([decodeBase64(images)]).stream();
  const bytes = new Uint8Array(
    await new Response(deflated.pipeThrough(new DecompressionStream("deflate"))).arrayBuffer(),
  );
  const shadeAt = (k) => (k % 2 === 0 ? bytes[k >> 1] >> 4 : bytes[k >> 1] & 15);
  const imageAt = (i) => Uint8Array.from({ length: height * width }, (_, k) => SHADE * shadeAt(i * height * width + k));
  const inks = labels.map((_, i) => inkOf(imageAt(i)));
  return {
    learnt: { inks: inks.slice(0, learnt), labels: labels.slice(0, learnt) },
    unseen: { inks: inks.slice(learnt), labels: labels.slice(learnt) },
  };
}

/**
 * Return a network as the bytes of a file in the format safetensors, as `save_safetensors` in pipeline/model/ writes
 * it.
 */
function toSafetensors(layers, { header, arrays }, accuracy) {
  const values = layers.flatMap((layer) => PARAMETERS.map((name) => layer[name]));
  const entries = {};
  let end = 0;
  arrays.forEach(({ name, shape }, i) => {
    entries[name] = { dtype: "F32", shape, data_offsets: [end, (end += 4 * values[i].length)] };
  });
  entries.__metadata__ = { model: JSON.stringify({ ...header, validation_accuracy: accuracy }) };
  const text = new TextEncoder().encode(JSON.stringify(entries));
  const padding = new Uint8Array(-text.length & 7).fill(32); // the arrays begin at a multiple of 8 bytes
  const length = new BigUint64Array([BigInt(text.length + padding.length)]);
  return new Blob([length, text, padding, ...values]);
}
