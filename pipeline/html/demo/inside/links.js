/* Frames and lines over the stage: from a target to the parts of the picture and maps that it depends on. */

const SVG = "http://www.w3.org/2000/svg";
const MAX_LINK = 4; // width in pixels of the line of the largest contribution

/** Make the overlay of an element. Returns a function that draws {frames, lines}; see `frameOf` and `lineOf`. */
function makeOverlay(parent) {
  const svg = document.createElementNS(SVG, "svg");
  svg.classList.add("overlay");
  svg.setAttribute("aria-hidden", "true");
  parent.append(svg);
  return (shapes) => {
    const origin = parent.getBoundingClientRect();
    const shown = shapes.filter(Boolean);
    const halos = shown.filter(({ name }) => name === "rect").map((frame) => ({ ...frame, class: "halo" }));
    svg.replaceChildren(...[...halos, ...shown].map(({ name, ...rest }) => makeShape(name, rest, origin)));
  };
}

/** Make a line or a rectangle; its coordinates become relative to the origin. */
function makeShape(name, attributes, origin) {
  const shape = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    const start = /^x/.test(key) ? origin.left : /^y/.test(key) ? origin.top : 0;
    shape.setAttribute(key, typeof value === "number" ? (value - start).toFixed(1) : value);
  }
  return shape;
}

/** Return a frame around a part, {top, left, height, width} in cells, of a map of `rows` x `columns` cells. */
function frameOf(element, { top, left, height, width }, [rows, columns]) {
  const box = element.getBoundingClientRect();
  if (box.width === 0) return null; // on a tab that is not shown
  const [cellHeight, cellWidth] = [box.height / rows, box.width / columns];
  const [x, y] = [box.left + left * cellWidth, box.top + top * cellHeight];
  return { name: "rect", x, y, width: width * cellWidth, height: height * cellHeight };
}

/** Return a line from the right side of one frame to the left side of another. share: of the largest contribution. */
function lineOf(from, to, share) {
  if (!from || !to) return null;
  const ends = { x1: from.x + from.width, y1: from.y + from.height / 2, x2: to.x, y2: to.y + to.height / 2 };
  const width = String(Math.max(0.75, MAX_LINK * Math.abs(share)));
  return { name: "line", class: share < 0 ? "lowers" : "raises", ...ends, "stroke-width": width };
}

/** Return the frames and lines of a target: its pixel, its receptive field, and its strongest sources. */
function shapesOf({ layers, columns, model, answer }, target, explained) {
  const [, height = 1, width = 1] = layers[target.index].outputShape;
  const cell = cellAt(target.position, width);
  const end = frameOf(columns[target.index]?.map(target.unit) ?? answer[target.unit].button, cell, [height, width]);
  const field = receptiveField(layers, target.index, target.position);
  const start = frameOf($("picture"), field, model.shape);
  if (target.index === 0) return [start, end];
  const slices = strongestSlices(explained.slices);
  const largest = Math.abs(slices[0].sum) || 1;
  const size = [...layers[target.index - 1].outputShape.slice(1), 1, 1].slice(0, 2);
  const frames = slices.map(({ channel, ...part }) => frameOf(columns[target.index - 1].map(channel), part, size));
  return [start, end, ...frames, ...frames.map((each, i) => lineOf(each, end, slices[i].sum / largest))];
}
