// Elements, and the pictures of pages: decoded once, and cut where they are shown.

const get = (id) => document.getElementById(id);

// make("b", { className: "no" }, "text", child); what is null or false is left out.
function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  for (const [key, value] of Object.entries(properties.data ?? {})) element.dataset[key] = value;
  element.append(...children.flat().filter((child) => child || child === 0));
  return element;
}

const div = (className, ...children) => make("div", { className }, ...children);
const span = (className, ...children) => make("span", { className }, ...children);
const key = (text) => make("kbd", {}, text);

function button(className, keys, text, onclick) {
  return make("button", { className, onclick, tabIndex: -1, type: "button" }, keys && key(keys), text);
}

const KEPT = 8; // pictures of pages that are not shown, the last ones used
const pictures = new Map();
const crops = { now: new Map(), before: new Map() }; // of this drawing, and of the one before: what is shown stays

// The picture of a page, and the crops that wait for it; that of a page that lies turned in its file is a canvas.
function openPicture(page) {
  const key = `${page.id} ${page.turn ?? 0}`;
  const picture = pictures.get(key) ?? loadPicture(page);
  pictures.delete(key);
  pictures.set(key, picture);
  return picture;
}

const pictureOf = (page) => openPicture(page).image;

// A picture that has come is painted where it is waited for, and draws nothing else again.
function loadPicture(page) {
  const alt = `The page ${isolate(page.name)}`;
  const file = make("img", { alt, draggable: false });
  const image = page.turn ? make("canvas", { role: "img", ariaLabel: alt, complete: false }) : file;
  const picture = { file, image, waiting: new Map() };
  file.onload = file.onerror = () => {
    if (image !== file) turnPicture(file, image, page.turn);
    if (isShown(image)) for (const [canvas, box] of picture.waiting) paint(canvas, image, page, box);
    else if (image.isConnected) requestDrawing(); // which says that it is absent
    picture.waiting.clear();
    dropPictures();
  };
  file.src = page.source;
  return picture;
}

// Drop the pictures that nothing shows or waits for, except the last ones; one that is loading stops.
function dropPictures() {
  const isUsed = ({ isConnected }) => isConnected;
  const isNeeded = ({ image, waiting }) => isUsed(image) || [...waiting.keys()].some(isUsed);
  const rest = [...pictures].filter(([, picture]) => !isNeeded(picture));
  for (const [key, { file }] of rest.slice(0, -KEPT)) {
    Object.assign(file, { onload: null, onerror: null, src: "" });
    pictures.delete(key);
  }
}

// Draw a picture turned clockwise by a multiple of 90 degrees, with the properties of an image.
function turnPicture(file, canvas, degrees) {
  const { naturalWidth: width, naturalHeight: height } = file;
  const sides = degrees % 180 ? [height, width] : [width, height];
  Object.assign(canvas, { width: sides[0], height: sides[1], naturalWidth: sides[0], complete: true });
  const context = canvas.getContext("2d");
  context.translate(sides[0] / 2, sides[1] / 2);
  context.rotate((degrees * Math.PI) / 180);
  if (width) context.drawImage(file, -width / 2, -height / 2); // otherwise it is no picture
}

const isShown = (image) => image.complete && image.naturalWidth > 0;

// Part of a page in a canvas of this size, in CSS pixels: that of the last drawing, if it was shown there.
function cut(page, box, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const size = { width: Math.max(1, Math.round(width * ratio)), height: Math.max(1, Math.round(height * ratio)) };
  const key = [page.id, page.turn ?? 0, ...box, size.width, size.height].join(" ");
  const canvas = crops.before.get(key) ?? makeCrop(page, box, size);
  crops.before.delete(key); // an element has one place
  crops.now.set(key, canvas);
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  return canvas;
}

function makeCrop(page, box, size) {
  const canvas = make("canvas", { ...size, ariaHidden: "true" });
  const { image, waiting } = openPicture(page);
  if (isShown(image)) paint(canvas, image, page, box);
  else if (!image.complete) waiting.set(canvas, box);
  return canvas;
}

function paint(canvas, image, page, box) {
  const scale = image.naturalWidth / page.size[1];
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  const sides = [box[0], box[1], widthOf(box), heightOf(box)].map((side) => side * scale);
  context.drawImage(image, ...sides, 0, 0, canvas.width, canvas.height);
}

// A number with some paper around it; a cell as it is.
function frame(number) {
  const { box, isCell, page } = number;
  const least = (page.digit ??= median(page.rows.flatMap(({ boxes }) => (boxes ?? []).map(heightOf))) ?? 0);
  const height = Math.max(heightOf(box), isCell ? 0 : 0.7 * least);
  const [across, down] = isCell ? [0, 0] : [0.67 * height, 0.37 * height + (height - heightOf(box)) / 2];
  return [
    Math.max(0, box[0] - across),
    Math.max(0, box[1] - down),
    Math.min(page.size[1], box[2] + across),
    Math.min(page.size[0], box[3] + down),
  ];
}

// A small picture of a number, as high as asked for, or as wide.
function thumbnail(number, height, most) {
  const box = number.kind === "few" ? [0, 0, 1, 1] : frame(number);
  const scale = Math.min(height / heightOf(box), most / widthOf(box));
  return cut(number.page, box, Math.round(widthOf(box) * scale), Math.round(heightOf(box) * scale));
}
