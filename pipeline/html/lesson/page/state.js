/*
 * The one state of the page, and what it is made of. The state holds plain values; `change` is the only way to change
 * it, and the open scene is drawn from it in the next frame.
 */

const EXPLORE = 9; // number of the scene that explores
const SHADE = 17; // of 16 shades from 0 to 255

/*
 * scene: its number, from 1. strokes: of the reader's drawing. pen: of the keyboard, {x, y, down}, null if it is not
 * used. tested: a test image that a link of the report shows instead, {image, label}. scenes: the state of each scene.
 */
const state = { scene: 1, strokes: [], pen: null, tested: null, isPresenting: false, scenes: {} };

let requested = null; // the frame that draws the page
let drawPage = () => {}; // set by the shell

/** Change the state, and draw the page in the next frame. */
function change(patch = {}) {
  Object.assign(state, patch);
  requested ??= requestAnimationFrame(() => {
    requested = null;
    drawPage();
  });
}

/**
 * Return the page, which does not change: {model, lessons, pictures, ring, excited, edges, shapes}. lessons: as from
 * `unpackLessons`, null if there are none. pictures: by name, {image, ink, label}; null if the network has no scenes.
 * ring: of scene 4, [x, y]. edges, shapes: indices of the first and of the second layer with kernels, -1 if there are
 * none.
 */
async function unpackPage(data) {
  const model = unpackModel(data);
  const hasKernels = ({ weights, outputShape }) => Boolean(weights) && isMap(outputShape);
  const edges = model.layers.findIndex(hasKernels);
  return {
    model,
    lessons: data.lessons && (await unpackLessons(data.lessons)),
    pictures: data.pictures && unpackPictures(data.pictures.chosen),
    ring: data.pictures?.ring,
    excited: data.pictures && new Uint32Array(decodeBase64(data.pictures.excited)),
    edges,
    shapes: model.layers.findIndex((layer, i) => i > edges && hasKernels(layer)),
  };
}

function unpackPictures(chosen) {
  const unpack = ({ pixels, label }) => {
    const image = new Uint8Array(decodeBase64(pixels));
    return { image, ink: inkOf(image), label };
  };
  return Object.fromEntries(Object.entries(chosen).map(([name, picture]) => [name, unpack(picture)]));
}

/** Return {learnt, unseen, layers, sizes}: images, each {inks, labels}, and the network that learns from them. */
async function unpackLessons({ images, learnt, header, layers, sizes, ...rest }) {
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
    ...{ layers, sizes },
  };
}

/** Return the reading of what the reader has drawn, or of the test image of a link; null if there is nothing. */
function readDrawn({ model }) {
  if (state.tested) return readImage(model, state.tested.image);
  return state.strokes.length && !isDot(state.strokes) ? readStrokes(model, state.strokes) : null;
}
