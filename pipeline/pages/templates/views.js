"use strict";

/* What the page says and shows of a reading; texts are set as text, so a class may have any name. */

const $ = (id) => document.getElementById(id);

/** 0.1239 as "12.3 %": cut off, so that what is not quite certain does not become so by rounding. */
function percent(share) {
  return `${(Math.floor(1000 * share) / 10).toFixed(1)}\u00a0%`;
}

/** The same, but what is left at either end gets a word. */
function roughly(share) {
  if (share > 0.999 && share < 1) return `over ${percent(0.999)}`;
  return share < 0.001 && share > 0 ? `under ${percent(0.001)}` : percent(share);
}

/** An element with a text and a parent. */
function append(parent, tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  parent.append(element);
  return element;
}

/** The table of all classes, with bars of no length. Returns a function that shows probabilities, or null for none. */
function makeBars(table, classNames) {
  const rows = classNames.map((name) => {
    const row = append(table, "tr");
    Object.assign(append(row, "th", name), { scope: "row", title: name });
    const bar = append(append(row, "td", "", "bar"), "div");
    return { row, bar, text: append(row, "td", "–", "share") };
  });
  return (probabilities, digit) =>
    rows.forEach(({ row, bar, text }, i) => {
      row.className = i === digit ? "best" : "";
      bar.style.width = probabilities ? `${100 * probabilities[i]}%` : "0";
      text.textContent = probabilities ? percent(probabilities[i]) : "–";
    });
}

/** The answer in words: {large, first, second}, for the three lines of the result. */
function phrase({ digit, probabilities, why }, classNames, thing) {
  if (digit === null) return { large: why === "empty" ? "" : "?", first: EXCUSES[why](thing), second: "" };
  const others = probabilities.map((p, i) => [p, i]).filter(([, i]) => i !== digit);
  const [p, second] = others.reduce((a, b) => (b[0] > a[0] ? b : a), [0, null]);
  return {
    large: classNames[digit],
    first: `${roughly(probabilities[digit])} sure`,
    second: second === null ? "" : `then ${classNames[second]}, ${roughly(p)}`,
  };
}

const EXCUSES = {
  empty: (thing) => `Nothing is drawn yet. Draw a ${thing}.`,
  dot: (thing) => `This is only a dot. Draw a ${thing}.`,
  unlike: (thing) => `This does not look like a ${thing} that the network knows.`,
};

function showResult(words) {
  $("answer").textContent = words.large;
  $("answer").classList.toggle("long", words.large.length > 2);
  $("sureness").textContent = words.first;
  $("runner-up").textContent = words.second;
}

/** The picture that goes into the network; where there is none, darkness. */
function showSeen(image, [height, width]) {
  paintGrey($("seen"), image ?? new Uint8Array(height * width), [height, width]);
  const what = image ? "the drawing, centred, light on dark" : "nothing yet";
  $("seen").setAttribute("aria-label", `What the network sees, ${width} by ${height} pixels: ${what}`);
}

/**
 * Pictures of all hidden layers: of a convolution's feature maps, or of units, each a square. `choose` is called with the
 * number of a filter or unit of the first layer that is pointed at.
 */
function makeLayers(parent, layers, choose) {
  const views = layers.slice(0, -1).map(({ outputShape }, i) => {
    const [count, ...size] = outputShape;
    const figure = append(parent, "figure");
    const canvas = append(figure, "canvas", "", "units");
    canvas.setAttribute("role", "img");
    const columns = columnsFor(count);
    const grid = gridOf(outputShape, columns);
    canvas.style.setProperty("--width", `${grid.width * (size.length ? 4 : 10)}px`);
    const things = `${count.toLocaleString("en")} ${size.length ? "feature map" : "unit"}${count === 1 ? "" : "s"}`;
    const sizes = size.length ? ` of ${size.join(" by ")}` : "";
    append(figure, "figcaption", `Hidden layer ${i + 1}: ${things}${sizes}`);
    if (i === 0) {
      const point = ({ offsetX, offsetY }) => {
        const scale = grid.width / canvas.clientWidth;
        const column = Math.floor((offsetX * scale) / grid.across);
        const unit = Math.floor((offsetY * scale) / grid.down) * columns + column;
        if (column >= 0 && column < columns && unit >= 0 && unit < count) choose(unit);
      };
      canvas.addEventListener("pointermove", point);
      canvas.addEventListener("pointerdown", point); // a finger that taps does not move
    }
    return { canvas, columns, outputShape, name: `The ${things} of hidden layer ${i + 1}` };
  });
  return (activations) =>
    views.forEach(({ canvas, columns, outputShape, name }, i) => {
      const values = activations ? activations[i + 1] : new Float32Array(outputShape.reduce((a, b) => a * b));
      paintActivations(canvas, values, outputShape, columns);
      const peaks = peaksOf(values, outputShape[0]);
      const half = largestOf(peaks) / 2;
      const text = `${peaks.filter((a) => a > half).length} have more than half of the largest activation`;
      canvas.setAttribute("aria-label", `${name}: ${activations ? text : "no activations yet"}`);
    });
}

/** The largest activation of each filter; of a unit the only one. */
function peaksOf(values, count) {
  const size = values.length / count;
  return Float32Array.from({ length: count }, (_, i) =>
    values.subarray(i * size, (i + 1) * size).reduce((a, b) => Math.max(a, b)),
  );
}

/** The weights of one output of a layer as a picture: its kernel, if it is a filter. */
function paintWeights(canvas, { weights, fanIn, kernel }, unit, shape) {
  const size = kernel ? [kernel, kernel] : shape;
  paintSigned(canvas, weights.subarray(unit * fanIn, (unit + 1) * fanIn), size);
}

/** One filter or unit of the first layer: its weights, what they make of the picture, and the sum in words. */
function showUnit(model, unit, activations) {
  const [layer] = model.networks[0];
  const patches = patchesOf(activations ? activations[0] : new Float32Array(model.shape[0] * model.shape[1]), layer);
  const outputs = activations
    ? activations[1].subarray(unit * patches.length, (unit + 1) * patches.length)
    : new Float32Array(patches.length);
  const [position] = strongest(outputs, 1);
  const products = patches[position].map((input, i) => input * layer.weights[unit * layer.fanIn + i]);
  paintWeights($("unit-weights"), layer, unit, model.shape);
  if (layer.kernel) paintActivations($("unit-result"), outputs, [1, ...layer.outputShape.slice(1)], 1);
  else paintSigned($("unit-result"), products, model.shape);
  $("unit").value = unit + 1;
  $("unit-number").textContent = unit + 1;
  $("unit-sum").textContent = activations ? explainUnit(model, products, layer.biases[unit], outputs[position]) : "";
}

function explainUnit(model, products, bias, activation) {
  const where = model.networks[0][0].kernel ? "Where the activation is largest, the" : "The";
  const sum = products.reduce((a, b) => a + b, 0);
  const total = `${where} products add up to ${signed(sum)}; with the bias, ${signed(bias)}, that is ${signed(sum + bias)}.`;
  if (model.networks[0].length === 1) return total;
  const name = { relu: "ReLU", sigmoid: "The sigmoid" }[model.activation];
  return `${total} ${name} makes ${activation.toFixed(2)} of it: that is the activation.`;
}

function signed(number) {
  return number.toFixed(2).replace("-", "−");
}

/** Buttons for some filters or units of the first layer, each with its weights as a picture. peaks: of all of them. */
function showStrongest(parent, model, units, peaks, choose) {
  const [layer] = model.networks[0];
  while (parent.children.length < units.length) append(append(parent, "li"), "button").type = "button";
  [...parent.children].forEach((item, i) => (item.hidden = i >= units.length));
  units.forEach((unit, i) => {
    const button = parent.children[i].firstElementChild;
    const name = `${layer.kernel ? "Filter" : "Unit"} ${unit + 1}`;
    button.setAttribute("aria-label", `${name}, ${layer.kernel ? "largest " : ""}activation ${peaks[unit].toFixed(2)}`);
    if (button.textContent === `${unit + 1}`) return; // is there already: while one draws, most of them stay
    button.replaceChildren();
    paintWeights(append(button, "canvas"), layer, unit, model.shape);
    append(button, "span", `${unit + 1}`);
    button.onclick = () => choose(unit);
  });
}

/** The indices of the largest values, the largest first. */
function strongest(values, count) {
  return Array.from(values, (_, i) => i)
    .sort((a, b) => values[b] - values[a])
    .slice(0, count);
}
