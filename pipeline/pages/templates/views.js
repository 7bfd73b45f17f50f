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

/** A picture of all hidden layers, each unit a square. `choose` is called with a unit of the first that is pointed at. */
function makeLayers(parent, sizes, choose) {
  const canvases = sizes.slice(1, -1).map((size, i) => {
    const figure = append(parent, "figure");
    const canvas = append(figure, "canvas", "", "units");
    canvas.setAttribute("role", "img");
    const columns = columnsFor(size);
    canvas.style.setProperty("--columns", columns);
    append(figure, "figcaption", `Hidden layer ${i + 1}: ${size.toLocaleString("en")} ${size === 1 ? "unit" : "units"}`);
    if (i === 0) {
      const point = (event) => {
        const cell = canvas.clientWidth / columns;
        const unit = Math.floor(event.offsetY / cell) * columns + Math.floor(event.offsetX / cell);
        if (event.offsetX >= 0 && event.offsetX < canvas.clientWidth && unit >= 0 && unit < size) choose(unit);
      };
      canvas.addEventListener("pointermove", point);
      canvas.addEventListener("pointerdown", point); // a finger that taps does not move
    }
    return { canvas, columns, size };
  });
  return (activations) =>
    canvases.forEach(({ canvas, columns, size }, i) => {
      const values = activations ? activations[i + 1] : new Float32Array(size);
      paintActivations(canvas, values, columns);
      const half = largestOf(values) / 2;
      const on = values.filter((a) => a > half).length;
      const text = activations ? `${on} are more than half as active as the most active` : "all at rest";
      canvas.setAttribute("aria-label", `The ${size} units of hidden layer ${i + 1}: ${text}`);
    });
}

/** The weights from all pixels to one unit of the first layer. */
function weightsOf(layer, unit) {
  return Float32Array.from({ length: layer.fanIn }, (_, i) => layer.weights[i * layer.fanOut + unit]);
}

/** One unit of the first layer: its weights, the weights times the picture, and the sum. */
function showUnit(model, unit, activations) {
  const [layer] = model.members[0];
  const weights = weightsOf(layer, unit);
  const inputs = activations ? activations[0] : new Float32Array(layer.fanIn);
  const products = weights.map((weight, i) => weight * inputs[i]);
  paintSigned($("unit-weights"), weights, model.shape);
  paintSigned($("unit-products"), products, model.shape);
  $("unit").value = unit + 1;
  $("unit-number").textContent = unit + 1;
  $("unit-sum").textContent = activations ? explainUnit(model, products, layer.biases[unit], activations[1][unit]) : "";
}

function explainUnit(model, products, bias, activation) {
  const sum = products.reduce((a, b) => a + b, 0);
  const total = `The products add up to ${signed(sum)}; with the unit’s bias, ${signed(bias)}, that is ${signed(sum + bias)}.`;
  if (model.members[0].length === 1) return total;
  const name = { relu: "ReLU", sigmoid: "The sigmoid" }[model.activation];
  return `${total} ${name} makes ${activation.toFixed(2)} of it: that is its activation.`;
}

function signed(number) {
  return number.toFixed(2).replace("-", "−");
}

/** Buttons for the units of the first layer that are most active now, each with its weights as a picture. */
function showStrongest(parent, model, activations, count, choose) {
  const units = activations ? strongest(activations[1], count) : [];
  while (parent.children.length < units.length) append(append(parent, "li"), "button").type = "button";
  [...parent.children].forEach((item, i) => (item.hidden = i >= units.length));
  units.forEach((unit, i) => {
    const button = parent.children[i].firstElementChild;
    button.setAttribute("aria-label", `Unit ${unit + 1}, activation ${activations[1][unit].toFixed(2)}`);
    if (button.textContent === `${unit + 1}`) return; // is there already: while one draws, most of them stay
    button.replaceChildren();
    paintSigned(append(button, "canvas"), weightsOf(model.members[0][0], unit), model.shape);
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
