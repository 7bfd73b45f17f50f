// Boxes are [left, top, right, bottom] in pixels of the picture.

const widthOf = ([left, , right]) => right - left;
const heightOf = ([, top, , bottom]) => bottom - top;
const middleOf = ([left, top, right, bottom]) => [(left + right) / 2, (top + bottom) / 2];
const areaOf = (box) => Math.max(widthOf(box), 0) * Math.max(heightOf(box), 0);
const holds = ([left, top, right, bottom], x, y) => left <= x && x <= right && top <= y && y <= bottom;

function commonOf(one, other) {
  const [left, top] = [Math.max(one[0], other[0]), Math.max(one[1], other[1])];
  return areaOf([left, top, Math.max(left, Math.min(one[2], other[2])), Math.max(top, Math.min(one[3], other[3]))]);
}

const isLevel = ([, top, , bottom], other) => top <= middleOf(other)[1] && middleOf(other)[1] <= bottom;

// Common area, relative to the smaller box.
const overlapOf = (one, other) => commonOf(one, other) / Math.max(Math.min(areaOf(one), areaOf(other)), 1);

function surround(boxes) {
  const sides = [0, 1, 2, 3].map((side) => boxes.map((box) => box[side]));
  return [Math.min(...sides[0]), Math.min(...sides[1]), Math.max(...sides[2]), Math.max(...sides[3])];
}

// How far down a point lies on the straightened page.
function depthOf({ upright }, [x, y]) {
  const [a, b, c] = upright ?? [1, 0, 0];
  return a * y - b * x + c;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

// The lines of a page: the depth of the middle of each, by its number.
function findLines(page) {
  const depths = new Map();
  for (const { field, line, box, isCell } of page.numbers) {
    if (line && !isCell && page.pile.fields[field]?.holds === "lines") {
      depths.set(line, [...(depths.get(line) ?? []), depthOf(page, middleOf(box))]);
    }
  }
  return new Map([...depths].map(([line, all]) => [line, mean(all)]).sort((a, b) => a[1] - b[1]));
}

// The box of a cell, which follows the slope of the page: half of the way to the next lines.
function findCell(page, field, line) {
  const regions = page.regions?.[field] ?? [[0, 0, page.size[1], page.size[0]]];
  const lines = [...findLines(page)];
  if (page.pile.fields[field]?.holds !== "lines" || !lines.length) return regions[0];
  const at = lines.findIndex(([number]) => number === line);
  const depths = lines.map(([, depth]) => depth);
  const gaps = depths
    .slice(1)
    .map((depth, i) => depth - depths[i])
    .filter((gap) => gap > 0);
  const pitch = gaps.length ? median(gaps) : 60;
  const depth = at >= 0 ? depths[at] : between(lines, line, pitch);
  const inside =
    regions.find(
      (region) =>
        depthOf(page, middleOf([region[0], region[1], region[2], region[1]])) <= depth &&
        depth <= depthOf(page, middleOf([region[0], region[3], region[2], region[3]])),
    ) ?? regions[0];
  const x = (inside[0] + inside[2]) / 2;
  const [a, b, c] = page.upright ?? [1, 0, 0];
  const y = (depth - c + b * x) / a;
  return [inside[0], Math.round(y - pitch / 2), inside[2], Math.round(y + pitch / 2)];
}

// How far down a line lies that has no numbers yet.
function between(lines, line, pitch) {
  const above = lines.filter(([number]) => number < line).at(-1);
  const below = lines.find(([number]) => number > line);
  if (above && below) return (above[1] + below[1]) / 2;
  return above ? above[1] + pitch : below[1] - pitch;
}

// The cell with the largest overlap, empty ones first if they have a quarter of the box; null if it touches none.
function placeBox(page, box) {
  const taken = new Set(page.numbers.filter(isThere).map(({ field, line }) => `${line} ${field}`));
  const lines = [...findLines(page).keys()];
  const cells = Object.entries(page.pile.fields).flatMap(([field, { holds: kind }]) => {
    const numbers = kind === "lines" ? lines : [kind === "one" ? 1 : 0];
    return numbers.map((line) => ({ field, line, share: commonOf(findCell(page, field, line), box) / areaOf(box) }));
  });
  const empty = ({ field, line, share }) => share >= 0.25 && (line === 0 || !taken.has(`${line} ${field}`));
  const best = cells
    .filter(({ share }) => share > 0)
    .sort((a, b) => Number(empty(b)) - Number(empty(a)) || b.share - a.share)[0];
  return best ? { field: best.field, line: best.line } : null;
}

// The line at whose depth a number stands if its cell is empty, otherwise a new one.
function findLine(page, { field, box }) {
  const depth = depthOf(page, middleOf(box));
  const own = [...findLines(page).keys()].find((line) => {
    const [, top, , bottom] = findCell(page, field, line);
    return depthOf(page, [box[0], top]) <= depth && depth < depthOf(page, [box[0], bottom]);
  });
  const isTaken = page.numbers.some((each) => isThere(each) && each.field === field && each.line === own);
  return own === undefined || isTaken ? newLine(page, box) : own;
}

// The number of a new line at this depth: between those above and below.
function newLine(page, box) {
  const depth = depthOf(page, middleOf(box));
  const lines = [...findLines(page)];
  const above = lines.filter(([, each]) => each < depth).at(-1)?.[0];
  const below = lines.find(([, each]) => each >= depth)?.[0];
  if (above === undefined) return (below ?? 2) / 2;
  return below === undefined ? Math.floor(above) + 1 : (above + below) / 2;
}
