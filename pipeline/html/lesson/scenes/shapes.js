/* Scene 3: one shape. Its sum over the edge maps, its map, and what the network reads without it. */

const MAP_WAIT = 280; // milliseconds from map to map while all are added
const STOPS_WAIT = 4200; // milliseconds in which the kernel goes to all of its stops
const OFF_WAIT = 350; // milliseconds after which the shape goes off, so that the fall is seen
const TRIES = 24; // shapes that are tried in a frame, in the search of a small set
const OFTEN_ASKED = [8, 3]; // digits of the question, beside the one that is read
const FEW = { little: 0.1, much: 0.5 }; // changes of a score
const [MAPS, GUESS, SUM, SLIDE_IT, ASK_OFF, OFF, YOUR_TURN, WHO] = [1, 2, 3, 4, 5, 6, 7, 8]; // the steps

/** Return the story of the scene, of `findStory`, with the output that its question is about besides the right one. */
function storyOf(page) {
  if (!page.story) {
    const story = findStory(page, readImage(page.model, page.pictures.sure.image));
    const { digit, unit, trials } = story;
    const without = trials[unit].best;
    const isDigit = without !== digit && without < page.model.classNames.length;
    page.story = { ...story, without, rival: isDigit ? without : OFTEN_ASKED.find((each) => each !== digit) };
    page.small = { search: searchSmallSet(page, story.reading), set: null };
  }
  return page.story;
}

/** Return the name of an output, "the 3", "an 8" or "none" in quotes. */
function nameOutput({ model }, output, article = null) {
  const name = outputNames(model)[output];
  if (name === NONE) return `“${NONE}”`;
  return article ? `${article} ${name}` : withArticle(name);
}

/** Return the pictures of the last step: sure ones, and a misread one that a single shape can set right, if any. */
function picturesOf(page) {
  if (!page.tried) {
    const read = (name) => {
      const { ink, image, label } = page.pictures[name];
      const reading = readImage(page.model, image);
      return { ink, label, reading, best: bestOf(reading) };
    };
    const [wrong, torn] = ["wrong", "torn"].map(read);
    const isSolvable = ({ label, reading }) => tryEach(page, reading).some(({ best }) => best === label);
    const last = isSolvable(wrong) || !isSolvable(torn) ? wrong : torn;
    page.tried = [...["sure", "rub", "stroke"].map(read), last];
  }
  return page.tried;
}

function trialsOf(page, picture) {
  picture.trials ??= tryEach(page, picture.reading);
  return picture.trials;
}

const TITLES = {
  [MAPS]: "How do edges become a shape?",
  [ASK_OFF]: "What if one shape is missing?",
  [YOUR_TURN]: "How many shapes can it lose?",
  [WHO]: "Who needs which shape?",
};

const shapes = {
  name: "Shapes",
  steps: 8,

  title: (page, { step }) => TITLES[step < ASK_OFF ? MAPS : step === OFF ? ASK_OFF : step],
  lead: (page, own) => describeStepOfShapes(page, own),

  // map: the chosen edge map. count: of maps that are added. cell: the chosen product, null for the largest one. stop,
  // filled: of the kernel. sign, missing: the guesses of steps 2 and 5. off: shapes. shape: the last one pressed.
  // tried: those whose bar is shown. hint: a shape. picture: of the last step. neuron: the one that is open, or null.
  begin(page) {
    const { unit, first, position } = storyOf(page);
    const own = { step: MAPS, map: first, count: 0, cell: null, stop: position, filled: 0, sign: null, missing: null };
    return { ...own, off: [], shape: unit, tried: [], hint: null, picture: 0, neuron: null, isAlone: false };
  },

  /** Return what changes when a step is opened, from wherever. */
  arrive(page, own, step) {
    const { unit, first, order } = storyOf(page);
    const count = { [GUESS]: 0, [SUM]: own.step === SLIDE_IT ? order.length : 1 }[step] ?? order.length;
    const isFirst = step === GUESS || (step === SUM && count === 1);
    return {
      ...{ step, count, cell: null, map: isFirst ? first : own.map, filled: 0, shape: unit, hint: null, picture: 0 },
      ...{ off: [], tried: [], neuron: step === ASK_OFF ? telltaleNeuron(page) : null },
    };
  },

  build(scene) {
    const parts = stamp(scene.stage, "shapes");
    const drawQuestion = buildShapesQuestion(scene);
    const views = { ...buildSumViews(scene, parts), ...buildOffViews(scene, parts) };
    return (own) => {
      for (const view of scene.stage.querySelectorAll(".view"))
        view.hidden = !view.dataset.view.split(" ").includes(String(own.step));
      drawQuestion(own);
      views[own.step](own);
    };
  },

  /** Begin what moves in a step. */
  enter(scene) {
    const { page, own } = scene;
    const { unit } = storyOf(page);
    if (own.step === SLIDE_IT) slideShape(scene);
    if (own.step === OFF && isStill()) scene.change({ off: [unit] });
    else if (own.step === OFF) scene.every(OFF_WAIT, () => (scene.change({ off: [unit] }), false));
    if (own.step >= ASK_OFF) scene.every(20, () => searchOn(scene));
  },

  leave: (scene) => scene.own.step === SLIDE_IT && scene.change({ filled: Infinity }),

  action(own, scene) {
    const { order } = storyOf(scene.page);
    const toNext = () => scene.turn(own.step + 1);
    return {
      [MAPS]: { label: "Go to layer 2", run: toNext },
      [GUESS]: null,
      [SUM]:
        own.count < order.length ? { label: "Next map", run: () => addMap(scene) } : { label: "Slide it", run: toNext },
      [SLIDE_IT]: own.filled < stopsOf(scene.page) ? null : { label: "Switch it off", run: toNext },
      [ASK_OFF]: null,
      [OFF]: { label: "My turn", run: toNext },
      [YOUR_TURN]: own.tried.length ? { label: "Who matters?", run: toNext } : null,
      [WHO]: { label: "Next", run: scene.next },
    }[own.step];
  },

  others(own, scene) {
    const { order, unit } = storyOf(scene.page);
    const back = { label: "Back", run: () => scene.turn(own.step - 1) };
    const isOff = own.off.length > 0;
    return (
      {
        [MAPS]: [],
        [SUM]: own.count < order.length ? [{ label: "Add all", run: () => addAll(scene) }] : [back],
        [SLIDE_IT]: own.filled < stopsOf(scene.page) ? [] : [{ label: "Again", run: () => slideShape(scene) }, back],
        [OFF]: [{ label: isOff ? "On again" : "Off", run: () => scene.change({ off: isOff ? [] : [unit] }) }, back],
        [YOUR_TURN]: own.tried.length
          ? [
              { label: "Hint", run: () => hint(scene) },
              { label: "All on", run: () => scene.change({ off: [], hint: null }) },
            ]
          : [back],
      }[own.step] ?? [back]
    );
  },

  /** Arrows choose a map, or move the frame. */
  key(scene, { key }) {
    const { own, page } = scene;
    const { order } = storyOf(page);
    const [rows, columns] = sidesOf(page);
    const [places, at] = own.step === SLIDE_IT ? [[columns, rows], own.stop] : [[order.length, 1], own.map];
    const next = own.step > SLIDE_IT || own.step === GUESS ? null : moveIn(key, at, ...places);
    if (next === null) return false;
    if (own.step === SLIDE_IT) moveShape(scene, next);
    else scene.change({ map: next, cell: null });
    return true;
  },
};

/** Return the rows and columns of the map of a shape, and how many squares it has. */
function sidesOf({ model: { layers }, shapes: index }) {
  return layers[index].outputShape.slice(1);
}

function stopsOf(page) {
  return positionsOf(page.model.layers[page.shapes]);
}

/** Add the next map to the sum. */
function addMap(scene) {
  const { order } = storyOf(scene.page);
  const { count } = scene.own;
  if (count < order.length) scene.change({ count: count + 1, map: order[count], cell: null });
  return count + 1 < order.length;
}

function addAll(scene) {
  if (isStill()) while (addMap(scene));
  else scene.every(MAP_WAIT, () => addMap(scene));
}

/** Stop at all places, one after the other, and at last where the shape is strongest. */
function slideShape(scene) {
  const { position } = storyOf(scene.page);
  const count = stopsOf(scene.page);
  if (isStill()) return scene.change({ filled: count, stop: position });
  scene.change({ filled: 0, stop: 0 });
  scene.every(Math.max(STOPS_WAIT / count, 16), () => {
    const { filled } = scene.own;
    if (filled < count) scene.change({ filled: filled + 1, stop: filled + 1 < count ? filled : position });
    return filled + 1 < count;
  });
}

function moveShape(scene, stop) {
  scene.change({ stop, filled: stopsOf(scene.page) });
}

/** Search on for a small set of shapes; return whether there is more to do. */
function searchOn(scene) {
  const { small } = scene.page;
  for (let tries = 0; tries < TRIES && small.search; tries++) {
    const { value, done } = small.search.next();
    if (done) scene.page.small = { search: null, set: value };
    if (done) scene.change({});
    if (done) return false;
  }
  return Boolean(small.search);
}

/** Show the shape that narrows the lead most, of those that are on. */
function hint(scene) {
  const { page, own } = scene;
  const { reading, digit } = storyOf(page);
  const behind = Array.from(page.model.layers[page.shapes].biases, (_, unit) =>
    own.off.includes(unit) ? -Infinity : -leadOf(forwardWithout(page, reading, [...own.off, unit]).at(-1), digit),
  );
  scene.change({ hint: indexOfLargest(behind) });
}

/** Press a shape: switch it in step 7, and alone in step 8. */
function pressShape(scene, unit) {
  const { own } = scene;
  const isOff = own.off.includes(unit);
  if (own.step === WHO) return scene.change({ shape: unit, off: isOff ? [] : [unit] });
  if (own.step !== YOUR_TURN) return;
  const off = isOff ? own.off.filter((each) => each !== unit) : [...own.off, unit];
  scene.change({ off, shape: unit, hint: null, tried: [...new Set([...own.tried, unit])] });
}

/** Return the neuron through which the shape adds most to the score that is read. */
function telltaleNeuron(page) {
  const { reading, digit, unit } = storyOf(page);
  const [before, after] = [reading.values.at(-2), forwardWithout(page, reading, [unit]).at(-2)];
  const row = rowOf(page.model.layers.at(-1), digit);
  return strongest(
    before.map((value, k) => (value - after[k]) * row[k]),
    1,
  )[0];
}

/* Texts. */

/** Return the choices of the second question, as outputs, the one that is read first. */
function choicesWithout(page) {
  const { digit, rival } = storyOf(page);
  const none = negativeOf(page.model);
  const other = none ?? OFTEN_ASKED.concat(1, 0).find((each) => each !== digit && each !== rival);
  return [
    [digit, `Still ${nameOutput(page, digit)}`],
    [rival, capital(nameOutput(page, rival))],
    [other, none === null ? capital(nameOutput(page, other)) : "No digit"],
  ];
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}

/** Return what a step is about. */
function describeStepOfShapes(page, { step, map }) {
  const { model, edges, shapes: index } = page;
  const { order, digit, terms } = storyOf(page);
  const [kernels, count] = [edges, index].map((each) => model.layers[each].outputShape[0]);
  const each = terms[0].weights.length;
  const products = each * order.length;
  const name = nameOutput(page, digit);
  return {
    [MAPS]: `Scene 2 slid one kernel over a picture. Layer 1 of this network has ${kernels}: each makes an edge map.`,
    [GUESS]: `Layer 2 slides kernels, too: over the edge maps. One of them stops here, and meets map ${map + 1}.`,
    [SUM]: `This kernel has ${each} weights for each of the ${order.length} maps. It adds up all ${products} products.`,
    [SLIDE_IT]: `The kernel stops at ${stopsOf(page)} places. Its sums fill a map of their own, a *feature map*.`,
    [ASK_OFF]: `Layer 2 has ${count} shapes. ${describeRest(page)}`,
    [OFF]: `All ${count} maps, without this one, went through the network again.`,
    [YOUR_TURN]: `Switch off as few shapes as you can, until it no longer reads ${name}.`,
    [WHO]: "Press a shape: it goes off alone. Below each picture: what its score wins or loses.",
  }[step];
}

/** Say which layers come after the shapes. */
function describeRest({ model: { layers }, shapes: index }) {
  const rest = layers.slice(index + 1, -1).filter(({ weights }) => weights);
  const names = rest.map(({ outputShape: [count, ...size] }) => `${count} ${size.length ? "more maps" : "*neurons*"}`);
  if (names.length === 0) return "Each *score* adds up all squares of their maps, with weights.";
  return `${names.join(", then ")} add them up with weights, and each *score* adds up the last of these.`;
}

/** Return what is answered or found in a step. */
function explainShapes(page, own) {
  const { model, edges, shapes: index } = page;
  const { order, terms, total, digit, first, reading, unit } = storyOf(page);
  const layer = model.layers[index];
  switch (own.step) {
    case MAPS: {
      const { biases } = model.layers[edges];
      if (biases[own.map] > 0.3 * peaksOf(page)[0] * 0.6)
        return `Map ${own.map + 1} is the other way round: it lights up where there is no ink.`;
      return "Press a map. Blue is where its kernel found what it looks for, such as upper or right edges.";
    }
    case SUM: {
      if (own.count === 1) {
        const verdict = own.sign === null ? "" : own.sign === signOf(terms[first].sum) ? "Yes: " : "No: ";
        return `${verdict}${signed(terms[first].sum)}. Blue adds, orange takes away. Now the other maps.`;
      }
      if (own.count < order.length) return "Each map adds its own small sum, or takes it away.";
      const count = terms[0].weights.length * order.length;
      const sum = `${count} products and the *bias*, a number of its own, make ${two(total)}.`;
      const cut = total > 0 ? "Above 0 it stays; below 0 it would become 0" : "It is not above 0, so it becomes 0";
      return `${sum} ${cut}: that cut is called *ReLU*.`;
    }
    case SLIDE_IT: {
      if (own.filled < stopsOf(page)) return "";
      const maps = `${order.length} edge ${order.length === 1 ? "map" : "maps"}`;
      return `${maps} went in, one map came out. So a *shape* is a kernel over edge maps.`;
    }
    case OFF: {
      const without = forwardWithout(page, reading, [unit]).at(-1);
      const best = indexOfLargest(without);
      const verdict = own.missing === null ? "Without it: " : own.missing === best ? "Yes: " : "No: ";
      const before = reading.logits[digit];
      const change = `${before > without[digit] ? "falls" : "rises"} from ${two(before)} to`;
      const read = best === digit ? `still ${nameOutput(page, digit)}` : nameOutput(page, best);
      return `${verdict}${read}. The score of the ${digit} ${change} ${two(without[digit])}.`;
    }
    case YOUR_TURN:
      return explainSwitches(page, own);
    case WHO:
      return explainPicture(page, own);
    default:
      return "";
  }
}

/** Say what is read without the shapes that are off, and how few it takes. */
function explainSwitches(page, { off }) {
  const { reading, digit } = storyOf(page);
  const { set } = page.small;
  const scores = forwardWithout(page, reading, off).at(-1);
  const best = indexOfLargest(scores);
  const canDo = set ? `It can be done with ${set.length}.` : "";
  if (off.length === 0) return `${canDo} A shape that you have tried shows what the ${digit} loses without it.`;
  if (best !== digit) {
    const end = set && off.length > set.length ? canDo : "We know no smaller set.";
    return `${off.length} off, and it reads ${nameOutput(page, best)}. ${end}`;
  }
  const next = nameOutput(page, strongest(scores, 2)[1], "the");
  const lead = two(leadOf(Array.from(scores, round2), digit));
  return `${off.length} off: still ${nameOutput(page, digit)}, now ${lead} ahead of ${next}.`;
}

/** Say what single shapes do to a picture. */
function explainPicture(page, { picture, off }) {
  const { label, reading, best } = picturesOf(page)[picture];
  const trials = trialsOf(page, picturesOf(page)[picture]);
  const count = (test) => trials.filter(test).length;
  const now = indexOfLargest(forwardWithout(page, reading, off).at(-1));
  if (now !== best)
    return `Without this one shape it reads ${nameOutput(page, now)}${now === label ? ", and that is right." : "."}`;
  if (best !== label) {
    const flips = count((trial) => trial.best !== best);
    const way =
      flips === 0 ? "No shape alone changes that." : `${countShapes(flips)} can change that, each alone. Find one.`;
    return `This ${label} is read as ${nameOutput(page, best)}. ${way}`;
  }
  const [few, many] = [
    count(({ change }) => Math.abs(change) < FEW.little),
    count(({ change }) => Math.abs(change) >= FEW.much),
  ];
  return (
    `${few} of ${trials.length} shapes move the ${best} by less than ${FEW.little}, ${many} by ${FEW.much} or more. ` +
    "Other pictures need others."
  );
}

function countShapes(count) {
  return `${count} ${count === 1 ? "shape" : "shapes"}`;
}

/** Return the sign of a number as it is shown. */
function signOf(value) {
  return Math.sign(round2(value));
}

/** Append both questions and what is found. Returns draw(own). */
function buildShapesQuestion(scene) {
  const { page, ask } = scene;
  const { terms, first, without } = storyOf(page);
  const [sign, missing] = [make("div"), make("div")];
  const why = make("p.why");
  ask.append(sign, missing, why);
  const drawSign = makeOptions(sign, {
    question: "Multiply each square by its weight and add. What is the sum?",
    choices: [
      [1, "Above 0"],
      [-1, "Below 0"],
      [0, "Just 0"],
    ],
    pick: (guess) => (scene.own.step === GUESS ? scene.turn(SUM, { sign: guess }) : scene.change({ sign: guess })),
  });
  const drawMissing = makeOptions(missing, {
    question: "We switch our shape off: its map becomes 0. What does the network read?",
    choices: choicesWithout(page),
    pick: (guess) =>
      scene.own.step === ASK_OFF ? scene.turn(OFF, { missing: guess }) : scene.change({ missing: guess }),
  });
  return (own) => {
    sign.hidden = own.step !== GUESS && !(own.step === SUM && own.count === 1 && own.sign !== null);
    missing.hidden = own.step !== ASK_OFF && !(own.step === OFF && own.missing !== null);
    for (const part of [sign, missing]) part.classList.toggle("answered", own.step === SUM || own.step === OFF);
    drawSign(own.step === GUESS ? null : own.sign, own.step === SUM ? signOf(terms[first].sum) : null);
    drawMissing(own.step === ASK_OFF ? null : own.missing, own.step === OFF ? without : null);
    setWords(why, explainShapes(page, own));
  };
}
