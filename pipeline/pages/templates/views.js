"use strict";

/* Views of a prediction. All texts are set as textContent, so class names need no escaping. */

const $ = (id) => document.getElementById(id);

/** Format 0.1239 as "12.3 %"; truncated, so that only 1 becomes 100 %. */
function percent(share) {
  return `${(Math.floor(1000 * share) / 10).toFixed(1)}\u00a0%`;
}

/** Format a share with "over 99.9 %" and "under 0.1 %" at the ends. */
function percentWithLimits(share) {
  if (share > 0.999 && share < 1) return `over ${percent(0.999)}`;
  return share < 0.001 && share > 0 ? `under ${percent(0.001)}` : percent(share);
}

/** Append a new element with a text to its parent, and return it. */
function append(parent, tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  parent.append(element);
  return element;
}

/** Make the table of all classes. Returns a function that shows probabilities; null clears it. */
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

/** Describe what `readAll` returns in three texts, {large, first, second}. isEmpty: nothing is drawn. */
function describeResult(readings, last, isEmpty, classNames, noun) {
  if (isEmpty) return { large: "", first: `Nothing is drawn yet. Draw a ${noun}.`, second: "" };
  if (last === null) return { large: "?", first: `This is only a dot. Draw a ${noun}.`, second: "" };
  const name = ({ digit }) => (digit === null ? "?" : classNames[digit]);
  const confidence = readings.reduce((product, { probabilities, digit }) => product * probabilities[digit], 1);
  const rejected = readings.filter(({ digit }) => digit === null).length;
  const isRejected = rejected === readings.length;
  const message = `${isRejected ? "This" : "Part of this"} doesn't look like a ${noun}.`;
  return {
    large: isRejected ? "?" : readings.map(name).join(""),
    first: rejected ? message : `${percentWithLimits(confidence)} sure`,
    second: readings.length > 1 ? `In detail: ${name(last)}, drawn last` : describeSecond(last, classNames),
  };
}

/** Describe the second most probable class; "" for a rejected drawing. */
function describeSecond({ digit, probabilities }, classNames) {
  const [, second] = strongest(probabilities.slice(0, classNames.length), 2);
  if (digit === null || second === undefined) return "";
  return `then ${classNames[second]}, ${percentWithLimits(probabilities[second])}`;
}

/** Show the texts of `describeResult`; isRow: of several digits. */
function showResult({ large, first, second }, isRow) {
  $("prediction").textContent = large;
  $("prediction").classList.toggle("long", large.length > 2 && !isRow);
  $("prediction").parentElement.classList.toggle("row", isRow);
  $("confidence").textContent = first;
  $("runner-up").textContent = second;
}

/** Show the input of the network; black if there is none. */
function showInput(image, [height, width]) {
  paintGrey($("input"), image ?? new Uint8Array(height * width), [height, width]);
  const content = image ? "the drawing, centred, light on dark" : "nothing yet";
  $("input").setAttribute("aria-label", `What the network sees, ${width} by ${height} pixels: ${content}`);
}

/**
 * Make a picture for each hidden layer: a grid of feature maps, or of units. `select` is called with the index of the
 * first layer's filter or unit under the pointer. Returns a function that shows activations; null clears the pictures.
 */
function makeLayers(parent, layers, select) {
  const views = layers.slice(0, -1).map(({ outputShape }, i) => {
    const [count, ...size] = outputShape;
    const figure = append(parent, "figure");
    const canvas = append(figure, "canvas", "", "units");
    canvas.setAttribute("role", "img");
    const columns = columnsFor(count);
    const grid = gridOf(outputShape, columns);
    canvas.style.setProperty("--width", `${grid.width * (size.length ? 4 : 10)}px`);
    const outputs = `${count.toLocaleString("en")} ${size.length ? "feature map" : "unit"}${count === 1 ? "" : "s"}`;
    const sizes = size.length ? ` of ${size.join(" by ")}` : "";
    append(figure, "figcaption", `Hidden layer ${i + 1}: ${outputs}${sizes}`);
    if (i === 0) {
      const point = ({ offsetX, offsetY }) => {
        const scale = grid.width / canvas.clientWidth;
        const column = Math.floor((offsetX * scale) / grid.across);
        const unit = Math.floor((offsetY * scale) / grid.down) * columns + column;
        if (column >= 0 && column < columns && unit >= 0 && unit < count) select(unit);
      };
      canvas.addEventListener("pointermove", point);
      canvas.addEventListener("pointerdown", point); // a tap causes no pointermove
    }
    return { canvas, columns, outputShape, name: `The ${outputs} of hidden layer ${i + 1}` };
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

function peaksOf(values, count) {
  const size = values.length / count;
  return Float32Array.from({ length: count }, (_, i) =>
    values.subarray(i * size, (i + 1) * size).reduce((a, b) => Math.max(a, b)),
  );
}

function paintWeights(canvas, { weights, fanIn, kernel }, unit, shape) {
  const size = kernel ? [kernel, kernel] : shape;
  paintSigned(canvas, weights.subarray(unit * fanIn, (unit + 1) * fanIn), size);
}

/** Show one filter or unit of the first layer: its weights, its feature map or products, and its sum. */
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
  const subject = model.networks[0][0].kernel ? "Where the activation is largest, the" : "The";
  const sum = products.reduce((a, b) => a + b, 0);
  const total = `${subject} products sum to ${signed(sum)}; with the bias ${signed(bias)} this is ${signed(sum + bias)}.`;
  if (model.networks[0].length === 1) return total;
  const name = { relu: "ReLU", sigmoid: "The sigmoid" }[model.activation];
  return `${total} ${name} gives the activation ${activation.toFixed(2)}.`;
}

function signed(number) {
  return number.toFixed(2).replace("-", "−");
}

/** Show buttons for `units` of the first layer, each with its weights. peaks: largest activations of all units. */
function showStrongest(parent, model, units, peaks, select) {
  const [layer] = model.networks[0];
  while (parent.children.length < units.length) append(append(parent, "li"), "button").type = "button";
  [...parent.children].forEach((item, i) => (item.hidden = i >= units.length));
  units.forEach((unit, i) => {
    const button = parent.children[i].firstElementChild;
    const name = `${layer.kernel ? "Filter" : "Unit"} ${unit + 1}`;
    button.setAttribute("aria-label", `${name}, ${layer.kernel ? "largest " : ""}activation ${peaks[unit].toFixed(2)}`);
    if (button.textContent === `${unit + 1}`) return; // unchanged
    button.replaceChildren();
    paintWeights(append(button, "canvas"), layer, unit, model.shape);
    append(button, "span", `${unit + 1}`);
    button.onclick = () => select(unit);
  });
}

/** Return the indices of the largest values, largest first. */
function strongest(values, count) {
  return Array.from(values, (_, i) => i)
    .sort((a, b) => values[b] - values[a])
    .slice(0, count);
}
