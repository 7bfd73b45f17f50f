/* The menu, and sharing: the link to a scene, and a picture of what the network read, 1200 x 630 pixels. */

const CARD = { paper: "#12151a", ink: "#f3f1ec", soft: "#a9b1bd" }; // dark in any colour scheme

/** Listen to the menu: copy the link, present, print, and what the network is. */
function makeMenu({ present }) {
  const menu = document.getElementById("menu");
  const close = () => (menu.open = false);
  const listen = (id, run) => document.getElementById(id)?.addEventListener("click", run);
  listen("copy", () => copyLink(document.getElementById("copy")));
  listen("present", () => present(!state.isPresenting));
  const all = Object.keys(SHEETS).map(Number);
  listen("print", () => printSheets({}));
  listen("solutions", () => printSheets({ isSolution: true }));
  listen("print-all", () => printSheets({ scenes: all }));
  listen("all-solutions", () => printSheets({ scenes: all, isSolution: true }));
  listen("print-teachers", () => printSheets({ copy: document.getElementById("for-class") }));
  for (const name of ["about", "teachers"]) listen(`${name}-open`, () => document.getElementById(name).showModal());
  document.getElementById("teachers")?.addEventListener("click", ({ target, currentTarget }) => {
    if (target.closest("a")) currentTarget.close();
  });
  document.addEventListener("click", ({ target }) => target.closest("summary, #copy") || close());
  menu.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    close();
    menu.querySelector("summary").focus();
  });
  for (const dialog of document.querySelectorAll("dialog"))
    dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close()); // beside its content
}

/** Return the address of the scene with the drawing. */
function linkOf() {
  return location.href.replace(/#.*/, "") + encodeLink(state);
}

/** Copy the link; where the clipboard is closed, put it into the address bar. */
async function copyLink(button) {
  try {
    await navigator.clipboard.writeText(linkOf());
    setText(button, "Copied");
  } catch {
    history.replaceState(null, "", encodeLink(state));
    setText(button, "The address is the link");
  }
  setTimeout(() => setText(button, "Copy link to this scene"), 2500);
}

/** Show a card to save or to send. paint(card) draws it; see `makeCard`. title: what it says, for screen readers. */
function openCard(title, paint) {
  const dialog = document.getElementById("share");
  const [canvas, save, link] = ["card", "save", "share-link"].map((id) => document.getElementById(id));
  paint(makeCard(canvas));
  canvas.setAttribute("aria-label", title);
  const file = new File([], "handwriting.png", { type: "image/png" });
  const canSend = matchMedia("(pointer: coarse)").matches && navigator.canShare?.({ files: [file] });
  setText(save, `${canSend ? "Send" : "Save"} the picture`);
  link.onclick = () => copyLink(link);
  save.onclick = () =>
    canvas.toBlob((blob) => {
      if (!canSend) return void (saveFile(blob, file.name), setText(save, "Saved"));
      const picture = new File([blob], file.name, { type: file.type });
      navigator.share({ files: [picture] }).catch(() => {}); // the reader has changed their mind
    });
  dialog.showModal();
}

/** Save bytes as a file. */
function saveFile(blob, name) {
  const address = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** Clear a card; return {context, write}, write(text, x, y, size, fill, weight) being at most as wide as the card. */
function makeCard(canvas) {
  [canvas.width, canvas.height] = [1200, 630];
  const context = canvas.getContext("2d");
  context.fillStyle = CARD.paper;
  context.fillRect(0, 0, 1200, 630);
  const write = (text, x, y, size, fill = CARD.ink, weight = 400) => {
    Object.assign(context, { fillStyle: fill, font: `${weight} ${size}px system-ui, sans-serif` });
    context.fillText(text, x, y, 1200 - 60 - x);
  };
  return { context, write };
}

function addressOfPage() {
  return location.protocol === "file:" ? "handwriting recognition from scratch" : location.host + location.pathname;
}

/** Share what the network of the page reads. */
function shareReading(page, reading) {
  openCard("What the network read", (card) => paintReading(card, page, reading));
}

/** Paint a drawing, what the first layer finds in it, and the answer. */
function paintReading({ context, write }, page, reading) {
  const name = page.model.classNames[reading.digit];
  const isRead = reading.digit !== null;
  write(isRead ? `It read this as ${name}` : "It could not read this", 60, 110, 60, CARD.ink, 700);
  context.strokeStyle = context.fillStyle = CARD.ink;
  const part = document.createElement("canvas");
  [part.width, part.height] = [340, Math.round((340 * page.model.shape[0]) / page.model.shape[1])];
  const paper = part.getContext("2d");
  paper.strokeStyle = CARD.ink;
  if (state.strokes.length) traceStrokes(paper, state.strokes, 340, 0, 0, DRAWN_PEN * 340);
  else paintPixels(paper, reading.image, page.model.shape);
  context.drawImage(part, 60, 180);
  context.strokeStyle = CARD.soft;
  context.strokeRect(60, 180, part.width, part.height);
  if (page.edges >= 0) paintCardMaps(context, page, reading);
  if (isRead) {
    write(name, 930, 400, 220, CARD.ink, 700);
    write(percent(reading.probabilities[reading.digit], true), 930, 470, 40, CARD.soft);
  }
  write(`What the network sees: ${addressOfPage()}`, 60, 585, 28, CARD.soft);
}

/** Paint pixels, 0 to 255, on all of a canvas. */
function paintPixels(context, image, [height, width]) {
  const small = document.createElement("canvas");
  const [paper, ink] = [CARD.paper, CARD.ink].map((text) => [1, 3, 5].map((k) => parseInt(text.slice(k, k + 2), 16)));
  paintValues(small, inkOf(image), width, (value) => mix(paper, ink, value));
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, width, height, 0, 0, context.canvas.width, context.canvas.height);
}

function paintCardMaps(context, { model, edges }, { values }) {
  const [count, height, width] = model.layers[edges].outputShape;
  const across = Math.ceil(Math.sqrt(count));
  const pitch = 340 / across;
  const map = document.createElement("canvas");
  context.imageSmoothingEnabled = false;
  for (let unit = 0; unit < count; unit++) {
    const part = partOf(values[edges + 1], count, unit);
    paintActive(map, part, width, extremes(values[edges + 1])[1] || 1);
    const [x, y] = [480 + (unit % across) * pitch, 180 + Math.floor(unit / across) * pitch];
    context.drawImage(map, 0, 0, width, height, x, y, pitch - 6, ((pitch - 6) * height) / width);
  }
}
