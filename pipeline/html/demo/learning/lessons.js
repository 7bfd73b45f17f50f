/* The network that is trained in the page, and its images. */

const SHADE = 17; // of 16 shades from 0 to 255

/** Return the network that the page trains, as `unpackModel` returns a model. version: changes with its parameters. */
function makeLearner({ layers, sizes, header }, { inkStatistics }) {
  const parametersOf = (i) => PARAMETERS.map((name, k) => [name, new Float32Array(sizes[i][k])]);
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
