/* Scene 3: one shape. Its sum over the edge maps, its map, and what the network reads without it. */

const MAP_WAIT = 280; // milliseconds from map to map while all are added
const STOPS_WAIT = 4200; // milliseconds in which the kernel goes to all of its stops
const OFF_WAIT = 350; // milliseconds after which the shape goes off, so that the fall is seen
const TRIES = 24; // shapes that are tried in a frame, in the search of a small set
const OFTEN_ASKED = [8, 3, 1, 0]; // digits of the question, beside the one that is read
const FEW = { little: 0.1, much: 0.5 }; // changes of a score
const INVERSE = 0.18; // bias of an edge map that lights up without ink, of the largest activation
const [MAPS, GUESS, SUM, SLIDE_IT, ASK_OFF, OFF, YOUR_TURN, WHO] = [1, 2, 3, 4, 5, 6, 7, 8]; // the steps
const HALVES = ["How do edges become a shape?", "What if one shape is missing?"];

/*
 * Of each step: its title, what it is about (lead), what is answered or found (why), and its buttons. All but the title
 * are functions, of the page or of the scene, and of the state.
 */
const STEPS_OF_SHAPES = {
  [MAPS]: {
    title: HALVES[0],
    lead: ({ model, edges }) =>
      "Scene 2 slid one kernel over a picture. " +
      `Layer 1 of this network has ${model.layers[edges].biases.length}: each makes an edge map.`,
    why: (page, { map }) =>
      page.model.layers[page.edges].biases[map] > INVERSE * peaksOf(page)[0]
        ? `Map ${map + 1} is the other way round: it lights up where there is no ink.`
        : "Press a map. Blue is where its kernel found what it looks for, such as upper or right edges.",
    action: (scene) => ({ label: "Go to layer 2", run: () => turnOn(scene) }),
    others: () => [],
  },
  [GUESS]: {
    title: HALVES[0],
    lead: (page, { map }) =>
      `Layer 2 slides kernels, too: over the edge maps. One of them stops here, and meets map ${map + 1}.`,
  },
  [SUM]: {
    title: HALVES[0],
    lead(page) {
      const { terms } = storyOf(page);
      const weights = terms[0].weights.length;
      const products = `${weights * terms.length} products`;
      return `This kernel has ${weights} weights for each of the ${terms.length} maps. It adds up all ${products}.`;
    },
    why: explainSum,
    action: (scene) =>
      isWhole(scene)
        ? { label: "Slide it", run: () => turnOn(scene) }
        : { label: "Next map", run: () => addMap(scene) },
    others: (scene) => (isWhole(scene) ? [backFrom(scene)] : [{ label: "Add all", run: () => addAll(scene) }]),
  },
  [SLIDE_IT]: {
    title: HALVES[0],
    lead: (page) => `The kernel stops at ${stopsOf(page)} places. Its sums fill a map of their own, a *feature map*.`,
    why(page, { filled }) {
      const { length } = storyOf(page).terms;
      const maps = `${length} edge ${length === 1 ? "map" : "maps"} went in`;
      return filled < stopsOf(page) ? "" : `${maps}, one came out: a kernel over edge maps, a *shape*, makes one map.`;
    },
    action: (scene) => (hasSlid(scene) ? { label: "Switch it off", run: () => turnOn(scene) } : null),
    others: (scene) => (hasSlid(scene) ? [{ label: "Again", run: () => slideShape(scene) }, backFrom(scene)] : []),
  },
  [ASK_OFF]: {
    title: HALVES[1],
    lead: (page) => `Layer 2 has ${countOf(page)} shapes. ${describeRest(page)}`,
  },
  [OFF]: {
    title: HALVES[1],
    lead: (page) => `All ${countOf(page)} maps, without this one, went through the network again.`,
    why: explainOff,
    action: (scene) => ({ label: "My turn", run: () => turnOn(scene) }),
    others(scene) {
      const isOff = scene.own.off.length > 0;
      const off = isOff ? [] : [storyOf(scene.page).unit];
      return [{ label: isOff ? "On again" : "Off", run: () => scene.change({ off }) }, backFrom(scene)];
    },
  },
  [YOUR_TURN]: {
    title: "How many shapes can it lose?",
    lead: (page) =>
      `Switch off as few shapes as you can, until it no longer reads ${nameOutput(page, storyOf(page).digit)}.`,
    why: explainSwitches,
    action: (scene) => (scene.own.tried.length ? { label: "Who matters?", run: () => turnOn(scene) } : null),
    others: (scene) =>
      scene.own.tried.length
        ? [
            { label: "Hint", run: () => hint(scene) },
            { label: "All on", run: () => scene.change({ off: [], hint: null }) },
          ]
        : [backFrom(scene)],
  },
  [WHO]: {
    title: "Who needs which shape?",
    lead: () => "Press a shape: it goes off alone. Below each picture: what its score wins or loses.",
    why: explainPicture,
    action: (scene) => ({ label: "Next", run: scene.next }),
  },
};

function turnOn(scene) {
  scene.turn(scene.own.step + 1);
}

function backFrom(scene) {
  return { label: "Back", run: () => scene.turn(scene.own.step - 1) };
}

/** Return whether all maps are added. */
function isWhole({ own, page }) {
  return own.count >= storyOf(page).order.length;
}

function hasSlid({ own, page }) {
  return own.filled >= stopsOf(page);
}

const shapes = {
  name: "Shapes",
  steps: 8,

  title: (page, { step }) => STEPS_OF_SHAPES[step].title,
  lead: (page, own) => STEPS_OF_SHAPES[own.step].lead(page, own),

  // map: the chosen edge map. count: of maps that are added. cell: the chosen product, null for the largest one. stop,
  // filled: of `slide`. sign, missing: the guesses of steps 2 and 5. off: shapes. shape: the last one pressed.
  // tried: those whose bar is shown. hint: a shape. picture: of the last step. neuron: the one that is open, or null.
  begin(page) {
    const { unit, first, position } = storyOf(page);
    const own = { step: MAPS, map: first, count: 0, cell: null, stop: position, filled: 0, sign: null, missing: null };
    return { ...own, off: [], shape: unit, tried: [], hint: null, picture: 0, neuron: null };
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

  action: (own, scene) => STEPS_OF_SHAPES[own.step].action?.(scene),

  others: (own, scene) => STEPS_OF_SHAPES[own.step].others?.(scene) ?? [backFrom(scene)],
};

/** Return the story of the scene, of `findStory`, with the output that its question is about besides the right one. */
function storyOf(page) {
  if (!page.story) {
    const story = findStory(page, pictureOf(page, "sure"));
    const { digit, unit, trials } = story;
    const without = trials[unit].best;
    const isDigit = without !== digit && without < page.model.classNames.length;
    page.story = { ...story, without, rival: isDigit ? without : OFTEN_ASKED.find((each) => each !== digit) };
    page.small = { search: searchSmallSet(page, story.reading), set: null };
  }
  return page.story;
}

/** Return the pictures of the last step: sure ones, and a misread one that a single shape can set right, if any. */
function picturesOf(page) {
  const isSolvable = (name) =>
    trialsOf(page, pictureOf(page, name)).some(({ best }) => best === page.pictures[name].label);
  page.last ??= ["wrong", "torn"].find(isSolvable) ?? "wrong";
  return ["sure", "rub", "stroke", page.last].map((name) => pictureOf(page, name));
}

/** Return the rows and columns of the map of a shape. */
function sidesOf({ model: { layers }, shapes: index }) {
  return layers[index].outputShape.slice(1);
}

function stopsOf(page) {
  return positionsOf(page.model.layers[page.shapes]);
}

/** Return the number of shapes. */
function countOf(page) {
  return page.model.layers[page.shapes].biases.length;
}

/** Add the next map to the sum; return whether there are more. */
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

function slideShape(scene) {
  const count = stopsOf(scene.page);
  slide(scene, count, STOPS_WAIT / count, storyOf(scene.page).position);
}

/** Search on for a small set of shapes; return whether there is more to do. */
function searchOn(scene) {
  const { small } = scene.page;
  for (let tries = 0; tries < TRIES && small.search; tries++) {
    const { value, done } = small.search.next();
    if (!done) continue;
    scene.page.small = { search: null, set: value };
    scene.change({});
    return false;
  }
  return Boolean(small.search);
}

/** Show the shape that narrows the lead most, of those that are on. */
function hint(scene) {
  const { page, own } = scene;
  const { reading, digit } = storyOf(page);
  const behind = Array.from({ length: countOf(page) }, (_, unit) =>
    own.off.includes(unit) ? -Infinity : -leadOf(forwardWithout(page, reading, [...own.off, unit]).at(-1), digit),
  );
  scene.change({ hint: indexOfLargest(behind) });
}

/** Press a shape: switch it in step 7, and alone in step 8. */
function pressShape(scene, unit) {
  const { own } = scene;
  const isOff = own.off.includes(unit);
  if (own.step === WHO) return scene.change({ shape: unit, off: isOff ? [] : [unit] });
  const off = isOff ? own.off.filter((each) => each !== unit) : [...own.off, unit];
  scene.change({ off, shape: unit, hint: null, tried: [...new Set([...own.tried, unit])] });
}

/** Return the neuron through which the shape adds most to the score that is read. */
function telltaleNeuron(page) {
  const { reading, digit, unit } = storyOf(page);
  const [before, after] = [reading.values.at(-2), forwardWithout(page, reading, [unit]).at(-2)];
  const row = rowOf(page.model.layers.at(-1), digit);
  return indexOfLargest(before.map((value, k) => (value - after[k]) * row[k]));
}

/* Texts. */

/** Return the name of an output, "the 3", "an 8" or "none" in quotes. */
function nameOutput({ model }, output, article = null) {
  const name = outputNames(model)[output];
  if (name === NONE) return `“${NONE}”`;
  return article ? `${article} ${name}` : withArticle(name);
}

/** Return the choices of the second question, as outputs, the one that is read first. */
function choicesWithout(page) {
  const { digit, rival } = storyOf(page);
  const none = negativeOf(page.model);
  const other = none ?? OFTEN_ASKED.find((each) => each !== digit && each !== rival);
  const nameOf = (output) => nameOutput(page, output).replace(/^a/, "A");
  return [
    [digit, `Still ${nameOutput(page, digit)}`],
    [rival, nameOf(rival)],
    [other, none === null ? nameOf(other) : "No digit"],
  ];
}

/** Say which layers come after the shapes. */
function describeRest({ model: { layers }, shapes: index }) {
  const rest = layers.slice(index + 1, -1).filter(({ weights }) => weights);
  const names = rest.map(({ outputShape: [count, ...size] }) => `${count} ${size.length ? "more maps" : "*neurons*"}`);
  if (names.length === 0) return "Each *score* adds up all squares of their maps, with weights.";
  return `${names.join(", then ")} add them up with weights, and each *score* adds up the last of these.`;
}

/** Say what the guess, and then all maps, add up to. */
function explainSum(page, { count, sign }) {
  const { order, terms, total, first } = storyOf(page);
  const { sum, weights } = terms[first];
  if (count === 1)
    return `${verdictOn(sign, signOf(sum))}${signed(sum)}. Blue adds, orange takes away. Now the other maps.`;
  if (count < order.length) return "Each map adds its own small sum, or takes it away.";
  const whole = `${weights.length * order.length} products and the *bias*, a number of its own, make ${two(total)}.`;
  const cut = total > 0 ? "Above 0 it stays; below 0 it would become 0" : "It is not above 0, so it becomes 0";
  return `${whole} ${cut}: that cut is called *ReLU*.`;
}

/** Say what is read without the shape of the story. */
function explainOff(page, { missing }) {
  const { digit, reading, unit, without } = storyOf(page);
  const [before, after] = [reading.logits, forwardWithout(page, reading, [unit]).at(-1)].map((each) => each[digit]);
  const read = without === digit ? `still ${nameOutput(page, digit)}` : nameOutput(page, without);
  const way = before > after ? "falls" : "rises";
  const verdict = verdictOn(missing, without) || "Without it: ";
  return `${verdict}${read}. The score of the ${digit} ${way} from ${two(before)} to ${two(after)}.`;
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
  const chosen = picturesOf(page)[picture];
  const { label, reading } = chosen;
  const { best } = reading;
  const trials = trialsOf(page, chosen);
  const count = (test) => trials.filter(test).length;
  const now = indexOfLargest(forwardWithout(page, reading, off).at(-1));
  if (now !== best)
    return `Without this one shape it reads ${nameOutput(page, now)}${now === label ? ", and that is right." : "."}`;
  if (best !== label) {
    const flips = count((trial) => trial.best !== best);
    const way = `${flips} ${flips === 1 ? "shape" : "shapes"} can change that, each alone. Find one.`;
    return `This ${label} is read as ${nameOutput(page, best)}. ${flips ? way : "No shape alone changes that."}`;
  }
  const few = count(({ change }) => Math.abs(change) < FEW.little);
  const many = count(({ change }) => Math.abs(change) >= FEW.much);
  return (
    `${few} of ${trials.length} shapes move the ${best} by less than ${FEW.little}, ${many} by ${FEW.much} or more. ` +
    "Other pictures need others."
  );
}

/** Append both questions and what is found. Returns draw(own). */
function buildShapesQuestion(scene) {
  const { page, ask } = scene;
  const { terms, first, without } = storyOf(page);
  const answer = (step, guess) => (scene.own.step === step ? scene.change(guess) : scene.turn(step, guess));
  const drawSign = makeOptions(ask, {
    question: "Multiply each square by its weight and add. What is the sum?",
    choices: [
      [1, "Above 0"],
      [-1, "Below 0"],
      [0, "Just 0"],
    ],
    pick: (sign) => answer(SUM, { sign }),
  });
  const drawMissing = makeOptions(ask, {
    question: "We switch our shape off: its map becomes 0. What does the network read?",
    choices: choicesWithout(page),
    pick: (missing) => answer(OFF, { missing }),
  });
  const why = make("p.why");
  ask.append(why);
  return (own) => {
    const { step, sign, missing } = own;
    const [isFirstSum, isOff] = [step === SUM && own.count === 1 && sign !== null, step === OFF && missing !== null];
    drawSign(isFirstSum ? sign : null, isFirstSum ? signOf(terms[first].sum) : null, isFirstSum || step === GUESS);
    drawMissing(isOff ? missing : null, isOff ? without : null, isOff || step === ASK_OFF);
    setWords(why, STEPS_OF_SHAPES[step].why?.(page, own) ?? "");
  };
}
