/* Sharing: the link to the drawing, and a picture of what the network read, 1200 x 630 as web sites preview links. */

const LOCAL = "Send the picture, or this page itself: it is one file that works offline.";
const CARD = { background: "#0b0f16", ink: "#f2f8ff", quiet: "#9fb0c6" };

/**
 * Listen to the button. current: returns what the link shows, {model, strokes, example, large, confidence}; model:
 * by which it is read. A network that was trained in the page is shared instead.
 */
function makeShare(current) {
  const dialog = $("share");
  const isTrained = () => Boolean(learning?.state.isOpen && learning.state.exams.at(-1)?.at > 0);
  const repaint = () => {
    if (isTrained()) return paintTraining($("card"), model.learner, learning.state);
    paintCard($("card"), current(), $("truth").value.trim().replace(/^an? /i, "")); // "a heart"
  };
  $("truth").addEventListener("input", repaint);
  // beside the form, which fills it
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  const file = new File([], "handwriting.png", { type: "image/png" });
  const canSend = matchMedia("(pointer: coarse)").matches && navigator.canShare?.({ files: [file] });
  $("share-drawing").addEventListener("click", () => {
    const fragment = addressOf();
    if (isEmpty() && !isTrained()) return;
    if (fragment) history.replaceState(null, "", fragment);
    setText($("share-title"), isTrained() ? "Share your network" : "Share this drawing");
    $("truth").parentElement.hidden = isTrained();
    $("truth").value = current()?.example ? current().model.classNames[current().example.label] : "";
    repaint();
    $("save").textContent = `${canSend ? "Send" : "Save"} the picture`;
    dialog.showModal();
    $("save").focus(); // not the text, whose keyboard would cover the picture
    const hasLink = location.protocol !== "file:" && fragment;
    announce(($("copied").textContent = hasLink ? "The address of this page is the link." : LOCAL));
  });
  $("save").addEventListener("click", () => {
    announce(($("save").textContent = "Saving …")); // it may take seconds
    $("card").toBlob((blob) => {
      if (canSend) {
        const picture = new File([blob], file.name, { type: file.type });
        return navigator.share({ files: [picture] }).catch(() => {}); // the user has changed their mind
      }
      saveFile(blob, file.name);
      announce(($("save").textContent = "Saved"));
    });
  });
}

/** Save bytes as a file. */
function saveFile(blob, name) {
  const address = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** Return the headline: misreadings are what people share. truth: what was drawn or tested, "" if unknown. */
function headline(large, truth, example) {
  const what = truth === "" ? "this" : `${example ? "this" : "my"} ${truth}`;
  if (large === "?" || large === "") return `It could not read ${what}`;
  return truth === large ? `It read ${what}` : `It read ${what} as ${large}`;
}

/** Clear a card, and return its context and a function that writes on it. */
function makeCard(canvas) {
  [canvas.width, canvas.height] = [1200, 630];
  const context = canvas.getContext("2d");
  context.fillStyle = CARD.background;
  context.fillRect(0, 0, 1200, 630);
  const write = (text, x, y, size, fill, weight = 400) => {
    Object.assign(context, { fillStyle: fill, font: `${weight} ${size}px system-ui, sans-serif` });
    context.fillText(text, x, y, (context.textAlign === "center" ? 2 : 1) * (1200 - 60 - x));
  };
  return { context, write };
}

function addressOfPage() {
  return location.protocol === "file:" ? "handwriting recognition from scratch" : location.host + location.pathname;
}

/** Paint how a training made stencils of noise, and how often it is right. */
function paintTraining(canvas, { networks: [layers] }, { seed, seconds, exams }) {
  const { context, write } = makeCard(canvas);
  const title = `I trained a network in ${Math.round(seconds)} s: ${percent(exams.at(-1).value)}`;
  write(title, 60, 110, 60, CARD.ink, 650);
  const noise = blankLayers(layers);
  initialise(noise, makeRandom(seed));
  const pitch = 1080 / layers[0].biases.length;
  const kernel = document.createElement("canvas");
  context.imageSmoothingEnabled = false;
  for (const [row, [words, shown]] of [["noise", noise], ["after training", layers]].entries()) {
    write(`${words}: its kernels`, 60, 190 + 190 * row, 28, CARD.quiet);
    for (let unit = 0; unit < layers[0].biases.length; unit++) {
      paintKernel(kernel, shown[0], unit);
      context.drawImage(kernel, 60 + pitch * unit, 210 + 190 * row, pitch - 14, Math.min(pitch - 14, 130));
    }
  }
  write(`Train one yourself: ${addressOfPage()}`, 60, 585, 28, CARD.quiet);
  canvas.setAttribute("aria-label", title);
}

function paintCard(canvas, { model, strokes, example, large, confidence }, truth) {
  const { context, write } = makeCard(canvas);
  const title = headline(large, truth, example);
  write(title, 60, 110, 60, CARD.ink, 650);
  const width = Math.min(370, 340 / drawing.height);
  const height = width * drawing.height;
  const part = document.createElement("canvas");
  [part.width, part.height] = [width, height];
  const paper = part.getContext("2d");
  paper.strokeStyle = paper.fillStyle = CARD.ink;
  if (example) paintImage(paper, example.image, model.shape);
  else traceStrokes(paper, strokes, width, 0, 0, width * PEN);
  context.strokeStyle = CARD.quiet;
  context.strokeRect(60, 190, width, height);
  context.drawImage(part, 60, 190);
  let left = 460;
  for (const [index, column] of inside.view().columns.entries()) {
    if (!isMap(model.networks[0][index].outputShape) || left + 210 > 900) break;
    left = paintMaps(context, column, left, 190) + 20;
  }
  context.textAlign = "center";
  write(large, 1030, 370, Math.min(220, Math.max(350 / large.length, 40)), CARD.ink, 650);
  write(confidence, 1030, 440, 40, CARD.quiet);
  context.textAlign = "left";
  write(`What its layers see: ${addressOfPage()}`, 60, 580, 28, CARD.quiet);
  canvas.setAttribute("aria-label", `${title}, ${confidence}, with the drawing and the feature maps`);
}

/** Paint the maps of a column on 210 pixels of height; return where they end. */
function paintMaps(context, { tiles, map }, left, top) {
  const across = columnsFor(tiles.length);
  const pitch = 210 / Math.ceil(tiles.length / across);
  context.imageSmoothingEnabled = false;
  tiles.forEach((_, unit) => {
    const [x, y] = [left + (unit % across) * pitch, top + Math.floor(unit / across) * pitch];
    context.drawImage(map(unit), x, y, pitch - 4, pitch - 4);
  });
  return left + across * pitch;
}
