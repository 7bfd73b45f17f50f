/* Scene 3, second half: all shapes, the neurons and the scores, with some shapes switched off. */

const SHOWN_ON_PHONES = 64; // shapes, those with the highest peaks
const NEURONS_ACROSS = { desktop: 8, flat: 4, tablet: 20, phone: 40 }; // in a row
const SOURCES = 3; // shapes that add most to a neuron
const WORTH_A_WIRE = 0.3; // of the largest part of a score
const FULL_BAR = 46; // percent of the width of a tile

/** Build the views of steps 5 to 8. Returns their draw(own), by step. */
function buildOffViews(scene, parts) {
  const { page } = scene;
  const { model } = page;
  const story = storyOf(page);
  const draws = [buildPictures, buildShapeTiles, buildScores, buildNeurons].map((build) => build(scene, parts));
  const draw = (own) => {
    const picture = picturesOf(page)[own.picture];
    const passed = forwardWithout(page, picture.reading, own.off);
    drawOur(own);
    for (const drawPart of draws) drawPart(own, picture, passed);
  };

  function drawOur({ step, off }) {
    parts.our.hidden = step > OFF;
    const { ink, width } = tileOf(page, story.unit);
    const isOff = off.includes(story.unit);
    paintInk(parts.ourTile, ink, width);
    const map = isOff ? story.map.map(() => 0) : story.map;
    paintActive(parts.ourMap, map, sidesOf(page)[1], Math.max(...story.map) || 1);
    setText(parts.ourName, isOff ? "Its map: all 0" : "Map: where it found it");
  }

  function buildScores() {
    const drawRows = makeScoreRows(parts.scores, outputNames(model));
    return ({ step, off }, { reading, label }, passed) => {
      const scores = Array.from(passed.at(-1));
      const others = step === WHO ? [label] : [story.rival, negativeOf(model) ?? story.rival];
      const shown = new Set([reading.best, indexOfLargest(scores), ...others]);
      drawRows(Array.from(reading.logits), scores, shown, off.length > 0);
      setText(parts.scoresName, off.length ? "Scores, and as they were" : "Scores");
    };
  }

  return Object.fromEntries([ASK_OFF, OFF, YOUR_TURN, WHO].map((step) => [step, draw]));
}

/** Build the pictures, of which the last step shows all. Returns draw(own). */
function buildPictures(scene, parts) {
  const { page } = scene;
  const { model } = page;
  const buttons = makeMany(parts.pictures, picturesOf(page).length, (i) => {
    const choose = () => scene.change({ picture: i, off: scene.own.off.length === 1 ? scene.own.off : [] });
    return make("button", { onclick: choose, "aria-label": `Picture ${i + 1}` }, make("canvas.pic"), make("small"));
  });
  return ({ picture, shape, step }) => {
    const isLast = step === WHO;
    picturesOf(page).forEach(({ ink, label, reading: { best } }, i) => {
      const button = buttons[i];
      const [canvas, words] = button.children;
      button.hidden = !isLast && i > 0;
      button.disabled = !isLast;
      setAttributes(button, { "aria-pressed": isLast && i === picture });
      if (button.hidden) return;
      paintInk(canvas, ink, model.shape[1]);
      const { change } = trialsOf(page, picturesOf(page)[i])[shape];
      setText(words, isLast ? `${best === label ? "" : "as "}${outputNames(model)[best]}: ${signed(change)}` : "");
    });
  };
}

/** Build the tiles of all shapes. Returns draw(own, picture). */
function buildShapeTiles(scene, parts) {
  const { page } = scene;
  const { unit: ours, reading } = storyOf(page);
  const count = countOf(page);
  const isMany = count > SHOWN_ON_PHONES;
  const tiles = makeMany(parts.shapes, count, (unit) => {
    const given = { onclick: () => pressShape(scene, unit), "aria-label": `Shape ${unit + 1}` };
    return make("button", given, make("span.over", {}, make("canvas.tile")), make("em", {}, make("i")));
  });
  const peaks = tiles.map((_, unit) => extremes(partOf(reading.values[page.shapes + 1], count, unit))[1]);
  const best = new Set(strongest(peaks, SHOWN_ON_PHONES));
  tiles.forEach((tile, unit) => tile.classList.toggle("rest", !best.has(unit)));
  parts.shapes.style.setProperty("--across", isMany ? 12 : Math.ceil(Math.sqrt(count)));
  parts.shapes.closest(".view").classList.toggle("many", isMany);
  return (own, picture) => {
    const [isLast, isYours] = [own.step === WHO, own.step >= YOUR_TURN];
    const trials = trialsOf(page, picture);
    const most = Math.max(...trials.map(({ change }) => Math.abs(change))) || 1;
    const shown = layoutOfWindow() === "phone" && isMany ? `${SHOWN_ON_PHONES} of ${count}` : count;
    setText(
      parts.shapesName,
      isLast || own.tried.length > 0
        ? `Blue bar: what the ${outputNames(page.model)[picture.reading.best]} loses without it`
        : `${shown} shapes${isYours ? ": press one" : "; ours is framed"}`,
    );
    parts.shapes.classList.toggle("barred", isYours);
    tiles.forEach((tile, unit) => {
      const { change } = trials[unit];
      const { ink, width } = tileOf(page, unit);
      const bar = tile.lastChild.firstChild;
      paintInk(tile.querySelector("canvas"), ink, width);
      tile.classList.toggle("framed", !isYours && unit === ours);
      tile.classList.toggle("gone", own.off.includes(unit));
      tile.classList.toggle("chosen", unit === (isLast ? own.shape : own.hint));
      tile.classList.toggle("weak", isLast && Math.abs(change) < FEW.little);
      tile.disabled = !isYours;
      setAttributes(tile, { "aria-pressed": own.off.includes(unit) });
      bar.hidden = !(isLast || own.tried.includes(unit));
      bar.className = change > 0 ? "minus" : "";
      bar.style.setProperty("--share", `${((FULL_BAR * Math.abs(change)) / most).toFixed(1)}%`);
    });
  };
}

/** Build the neurons, and the ways to and from the open one. Returns draw(own, picture, passed). */
function buildNeurons(scene, parts) {
  const { page, stage } = scene;
  const { model, shapes: index } = page;
  const { layers } = model;
  const pad = parts.neurons.parentElement;
  const drawWires = makeWires(stage);
  parts.neuronsBox.hidden = isMap(layers.at(-2).outputShape);
  if (parts.neuronsBox.hidden) return () => {};
  const count = rowOf(layers.at(-1), 0).length;
  const sides = () => {
    const columns = NEURONS_ACROSS[layoutOfWindow()];
    return [columns, Math.ceil(count / columns)];
  };
  makeGridPad(pad, sides, {
    chosen: () => scene.own.neuron ?? 0,
    choose: (neuron) => neuron < count && scene.change({ neuron }),
    label: "Neurons",
  });
  setText(parts.neuronsName, `${count} neurons`);
  return ({ neuron }, { reading }, passed) => {
    const neurons = passed.at(-2);
    const [columns, rows] = sides();
    const squares = new Float32Array(rows * columns);
    squares.set(neurons);
    paintActive(parts.neurons, squares, columns, extremes(reading.values.at(-2))[1] || 1);
    pad.style.setProperty("--ratio", `${columns} / ${rows}`);
    parts.neuronFrame.hidden = neuron === null;
    if (neuron === null) {
      setText(parts.neuronText, `${count} neurons: press one.`);
      return drawWires([]);
    }
    const place = { top: Math.floor(neuron / columns), left: neuron % columns, height: 1, width: 1 };
    placeFrame(parts.neuronFrame, place, [rows, columns]);
    const weights = outputNames(model).map((_, output) => rowOf(layers.at(-1), output)[neuron]);
    const [value, weight] = [neurons[neuron], weights[reading.best]].map(round2);
    const product = `${two(value)} × ${two(weight)} = ${signed(value * weight)}`;
    const text = value === 0 ? "0. It adds nothing." : `${product} for the ${outputNames(model)[reading.best]}.`;
    setText(parts.neuronText, `Neuron ${neuron + 1}: ${text}`);
    if (value === 0) return drawWires([]);
    const values = [...reading.values.slice(0, index + 1), ...passed];
    const from = sharesOf(layers, values, index + 1, layers.length - 1, neuron);
    drawWires([...waysInto(from), ...waysOut(weights)]);
  };

  /** Return the ways from the shapes that add most to the open neuron. */
  function waysInto(from) {
    const sources = strongest(from, SOURCES).filter((unit) => from[unit] > 0);
    return sources.map((unit) => {
      const tile = boxWithin(parts.shapes.children[unit].firstChild, stage);
      return wayOf(tile, frameBox(), layoutOfWindow() === "phone", from[unit] / Math.max(...from));
    });
  }

  /** Return the ways to the scores that it moves, of those that are seen. */
  function waysOut(weights) {
    return weights.map((weight, output) => {
      const row = parts.scores.children[output];
      const share = Math.abs(weight) / largestMagnitude(weights);
      if (!row.offsetParent || share < WORTH_A_WIRE) return null;
      return wayOf(frameBox(), boxWithin(row.firstChild, stage), isUpright(), share, weight < 0);
    });
  }

  function frameBox() {
    return boxWithin(parts.neuronFrame, stage);
  }

  function wayOf(from, to, isDown, share, isMinus = false) {
    return { d: curveOf(from, to, isDown), width: 1 + 3 * share, opacity: 0.9, isMinus };
  }
}
