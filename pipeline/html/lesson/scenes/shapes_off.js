/* Scene 3, second half: all shapes, the neurons and the scores, with some shapes switched off. */

const SHOWN_ON_PHONES = 64; // shapes, those with the highest peaks
const NEURONS_ACROSS = { desktop: 8, flat: 4, tablet: 20, phone: 40 }; // in a row
const PICTURES = 4; // of the last step
const SOURCES = 3; // shapes that add most to a neuron
const WORTH_A_WIRE = 0.3; // of the largest part of a score
const FULL_BAR = 46; // percent of the width of a tile

/** Build the views of steps 5 to 8. Returns their draw(own), by step. */
function buildOffViews(scene, parts) {
  const { page, stage } = scene;
  const { model, shapes: index } = page;
  const story = storyOf(page);
  const count = model.layers[index].biases.length;
  const hasNeurons = !isMap(model.layers.at(-2).outputShape);
  const drawWires = makeWires(stage);
  const main = { ink: page.pictures.sure.ink, reading: story.reading, best: story.digit, trials: story.trials };
  const tiles = makeMany(parts.shapes, count, (unit) => {
    const [canvas, bar] = [make("canvas.tile"), make("i")];
    const element = make(
      "button",
      { onclick: () => pressShape(scene, unit) },
      make("span.over", {}, canvas),
      make("em", {}, bar),
    );
    return Object.assign(element, { parts: { canvas, bar } });
  });
  const peaks = tiles.map((_, unit) => extremes(partOf(story.reading.values[index + 1], count, unit))[1]);
  const best = new Set(strongest(peaks, SHOWN_ON_PHONES));
  tiles.forEach((tile, unit) => tile.classList.toggle("rest", !best.has(unit)));
  const pictures = makeMany(parts.pictures, PICTURES, (i) => {
    const [canvas, words] = [make("canvas.pic"), make("small")];
    const choose = () => scene.change({ picture: i, off: scene.own.off.length === 1 ? scene.own.off : [] });
    return Object.assign(make("button", { onclick: choose }, canvas, words), { parts: { canvas, words } });
  });
  parts.shapes.style.setProperty("--across", count > SHOWN_ON_PHONES ? 12 : Math.ceil(Math.sqrt(count)));
  parts.shapes.closest(".view").classList.toggle("many", count > SHOWN_ON_PHONES);
  const layout = () => layoutOf(window.innerWidth, window.innerHeight);
  const across = () => NEURONS_ACROSS[layout()];
  const size = hasNeurons ? model.layers.at(-1).weights.length / model.layers.at(-1).biases.length : 0;
  parts.neuronsBox.hidden = !hasNeurons;
  const drawRows = makeScoreRows(parts.scores, outputNames(model));
  if (hasNeurons)
    makeGridPad(parts.neurons.parentElement, () => [across(), Math.ceil(size / across())], {
      chosen: () => scene.own.neuron ?? 0,
      choose: (neuron) => neuron < size && scene.change({ neuron }),
      label: "Neurons",
    });

  return Object.fromEntries([ASK_OFF, OFF, YOUR_TURN, WHO].map((step) => [step, draw]));

  function draw(own) {
    const isLast = own.step === WHO;
    const picture = isLast ? picturesOf(page)[own.picture] : main;
    const passed = forwardWithout(page, picture.reading, own.off);
    drawOur(own);
    pictures.forEach((button, i) => drawPicture(button, i, own));
    drawTiles(own, picture);
    const scores = Array.from(passed.at(-1));
    const shown = new Set([
      picture.best,
      indexOfLargest(scores),
      ...(isLast ? [picture.label] : [story.rival, negativeOf(model) ?? story.rival]),
    ]);
    drawRows(Array.from(picture.reading.logits), scores, shown, own.off.length > 0);
    setText(parts.scoresName, own.off.length ? "Scores, and as they were" : "Scores");
    if (hasNeurons) drawNeurons(own, picture, passed);
  }

  function drawOur({ step, off }) {
    parts.our.hidden = step > OFF;
    const { ink, width } = tileOf(page, story.unit);
    const isOff = off.includes(story.unit);
    paintInk(parts.ourTile, ink, width);
    const map = isOff ? story.map.map(() => 0) : story.map;
    paintActive(parts.ourMap, map, sidesOf(page)[1], Math.max(...story.map) || 1);
    setText(parts.ourName, isOff ? "Its map: all 0" : "Map: where it found it");
  }

  function drawPicture(button, i, { picture, shape, step }) {
    const isLast = step === WHO;
    button.hidden = !isLast && i > 0;
    button.disabled = !isLast;
    if (button.hidden) return;
    const { ink, reading, best, label } = isLast ? picturesOf(page)[i] : main;
    paintInk(button.parts.canvas, ink, model.shape[1]);
    setAttributes(button, { "aria-pressed": isLast && i === picture, "aria-label": `Picture ${i + 1}` });
    const loss = isLast && forwardWithout(page, reading, [shape]).at(-1)[best] - reading.logits[best];
    setText(
      button.parts.words,
      isLast ? `${best === label ? "" : "as "}${outputNames(model)[best]}: ${signed(loss)}` : "",
    );
  }

  function drawTiles(own, picture) {
    const isLast = own.step === WHO;
    const trials = trialsOf(page, picture);
    const isBarred = isLast || own.tried.length > 0;
    const shownHere = window.innerWidth <= 600 && count > SHOWN_ON_PHONES ? `${SHOWN_ON_PHONES} of ${count}` : count;
    const hint = own.step < YOUR_TURN ? "; ours is framed" : ": press one";
    const caption = isBarred
      ? `Blue bar: what the ${outputNames(model)[picture.best]} loses without it`
      : `${shownHere} shapes${hint}`;
    setText(parts.shapesName, caption);
    const most = Math.max(...trials.map(({ change }) => Math.abs(change)));
    parts.shapes.classList.toggle("barred", own.step >= YOUR_TURN);
    tiles.forEach((tile, unit) => {
      const isOff = own.off.includes(unit);
      const { ink, width } = tileOf(page, unit);
      const { canvas, bar } = tile.parts;
      const { change } = trials[unit];
      paintInk(canvas, ink, width);
      tile.classList.toggle("framed", own.step < YOUR_TURN && unit === story.unit);
      tile.classList.toggle("gone", isOff);
      tile.classList.toggle("chosen", isLast ? unit === own.shape : unit === own.hint);
      tile.classList.toggle("weak", isLast && Math.abs(change) < FEW.little);
      tile.disabled = own.step < YOUR_TURN;
      setAttributes(tile, { "aria-pressed": isOff, "aria-label": `Shape ${unit + 1}` });
      bar.hidden = !(isLast || own.tried.includes(unit));
      bar.className = change > 0 ? "minus" : "";
      bar.style.setProperty("--share", `${((FULL_BAR * Math.abs(change)) / (most || 1)).toFixed(1)}%`);
    });
  }

  /** Draw the neurons, and the ways to and from the open one. */
  function drawNeurons(own, picture, passed) {
    const neurons = passed.at(-2);
    const columns = across();
    const rows = Math.ceil(size / columns);
    const squares = new Float32Array(rows * columns);
    squares.set(neurons);
    paintActive(parts.neurons, squares, columns, extremes(picture.reading.values.at(-2))[1] || 1);
    setText(parts.neuronsName, `${size} neurons`);
    parts.neurons.parentElement.style.setProperty("--ratio", `${columns} / ${rows}`);
    const { neuron } = own;
    parts.neuronFrame.hidden = neuron === null;
    if (neuron === null) {
      setText(parts.neuronText, "Press one.");
      return drawWires([]);
    }
    placeFrame(parts.neuronFrame, { top: Math.floor(neuron / columns), left: neuron % columns, height: 1, width: 1 }, [
      rows,
      columns,
    ]);
    const values = [...picture.reading.values.slice(0, index + 1), ...passed];
    const { layers } = model;
    const from = sharesOf(layers, values, index + 1, layers.length - 1, neuron);
    const weights = outputNames(model).map((_, output) => rowOf(layers.at(-1), output)[neuron]);
    const adds = weights.map((weight) => weight * neurons[neuron]);
    const [value, weight] = [neurons[neuron], weights[picture.best]].map(round2);
    const product = `${two(value)} × ${two(weight)} = ${signed(value * weight)}`;
    const text = value === 0 ? "0. It adds nothing." : `${product} for the ${outputNames(model)[picture.best]}.`;
    setText(parts.neuronText, `Neuron ${neuron + 1}: ${text}`);
    drawWires(value === 0 ? [] : wiresOfNeuron(from, adds));
  }

  /** Return the ways from the shapes that add most to the open neuron, and on to the scores that it moves. */
  function wiresOfNeuron(from, adds) {
    const frame = boxWithin(parts.neuronFrame, stage);
    const most = Math.max(...from);
    const way = (a, b, isDown, share, isMinus) => ({
      d: curveOf(a, b, isDown),
      width: 1 + 3 * share,
      opacity: 0.9,
      isMinus,
    });
    const sources = strongest(from, SOURCES).filter((unit) => from[unit] > 0);
    const largest = largestMagnitude(adds);
    const out = (box, k) => {
      const share = Math.abs(adds[k]) / largest;
      return box && share > WORTH_A_WIRE && way(frame, box, isUpright(), share, adds[k] < 0);
    };
    const into = (unit) =>
      way(boxWithin(tiles[unit].firstChild, stage), frame, layout() === "phone", from[unit] / most);
    return [...sources.map(into), ...drawRows.boxes(stage).map(out)];
  }
}

/**
 * Append a row for each score, with a bar from 0 on. Returns draw(before, now, shown, isChanged), where `shown` has the
 * outputs whose score is written, and marks stay where the scores were. draw.boxes(stage): of the rows that are seen.
 */
function makeScoreRows(parent, names) {
  const rows = makeMany(parent, names.length, (i) => {
    const [bar, mark, number] = [make("i"), make("u"), make("span")];
    const element = make("div.score", {}, make("b", {}, names[i]), make("div", {}, bar, mark), number);
    return Object.assign(element, { parts: { bar, mark, number } });
  });
  const draw = (before, now, shown, isChanged) => {
    const [least, most] = [Math.min(0, ...before), Math.max(...before)].map((value) => 1.1 * value);
    const at = (value) => 100 * clamp((value - least) / (most - least), 1);
    rows.forEach((row, i) => {
      const { bar, mark, number } = row.parts;
      const ends = [at(Math.min(now[i], 0)), at(Math.max(now[i], 0))];
      row.style.setProperty("--zero", `${at(0).toFixed(2)}%`);
      Object.assign(bar.style, { left: `${ends[0].toFixed(2)}%`, width: `${(ends[1] - ends[0]).toFixed(2)}%` });
      mark.style.left = `${at(before[i]).toFixed(2)}%`;
      mark.hidden = !isChanged;
      setText(number, shown.has(i) ? two(now[i]) : "");
      row.classList.toggle("best", i === indexOfLargest(now));
      row.classList.toggle("quiet", !shown.has(i));
    });
  };
  draw.boxes = (stage) => rows.map((row) => (row.offsetParent ? boxWithin(row.firstChild, stage) : null));
  return draw;
}
