// Where each digit stands under its ink.

// The characters that were read, each with its middle in pixels of the page: a separator stands between two digits.
function readCharacters({ signs, boxes, page }) {
  const found = [];
  for (const [i, [text, chance]] of signs.entries()) {
    const box = boxes[i];
    if (!box) break;
    const middle = (box[0] + box[2]) / 2;
    const next = boxes[i + 1] ? (boxes[i + 1][0] + boxes[i + 1][2]) / 2 : box[2] + widthOf(box) / 2;
    const isDoubtful = chance < KNOWN.certain;
    [...text].forEach((character, j) => {
      found.push({ character, at: middle + ((next - middle) * j) / text.length, isDoubtful: isDoubtful && !j });
    });
  }
  return found;
}

const changeTo = (one, other) => (one === other ? 0 : /\d/.test(one) === /\d/.test(other) ? 1 : 2);

// The fewest changes from the first i characters of a text to the first j of another one.
function countChanges(text, other) {
  const cost = Array.from({ length: text.length + 1 }, (_, i) =>
    Array.from({ length: other.length + 1 }, (__, j) => i + j),
  );
  for (let i = 1; i <= text.length; i += 1) {
    for (let j = 1; j <= other.length; j += 1) {
      const change = changeTo(text[i - 1], other[j - 1]);
      cost[i][j] = Math.min(cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change);
    }
  }
  return cost;
}

// For each character of a text, the index of the one in another text that it stands for, or -1.
function align(text, other) {
  const cost = countChanges(text, other);
  const found = new Array(text.length).fill(-1);
  let [i, j] = [text.length, other.length];
  while (i && j) {
    if (cost[i][j] === cost[i - 1][j - 1] + changeTo(text[i - 1], other[j - 1])) found[(i -= 1)] = j -= 1;
    else if (cost[i][j] === cost[i - 1][j] + 1) i -= 1;
    else j -= 1;
  }
  return found;
}

const WIDE = 48; // pixels of a digit on the screen
const NARROW = 26; // of a separator
const roomFor = (character) => (/\d/.test(character) ? WIDE : NARROW);

// What is typed follows the ink from left to right, whatever was read there.
function inOrder(characters, shapes) {
  const digits = shapes.flatMap((shape, i) => (/\d/.test(shape) ? [i] : []));
  let count = 0;
  return characters.map((character) => {
    if (/\d/.test(character)) return digits[count++] ?? -1;
    const next = (digits[count - 1] ?? NaN) + 1;
    return shapes[next] && !/\d/.test(shapes[next]) ? next : -1;
  });
}

// Return the characters of a text with their places, in pixels of the screen from the left edge of a box of the page.
// style: "new" if it was not read, "un" if it is doubtful. kind: "read", "calculated" or "typed".
function placeDigits(text, number, box, scale, kind) {
  const characters = [...text.replace(/\s/g, "")];
  const read = readCharacters(number);
  const shapes = read.map(({ character }) => character);
  const from = kind === "typed" ? inOrder(characters, shapes) : align(characters, shapes);
  const placed = characters.map((character, i) => {
    const source = read[from[i]];
    const isSame = source?.character === character;
    const style = kind === "calculated" && !isSame ? "new" : kind === "read" && source?.isDoubtful ? "un" : "";
    return { character, style, x: source ? (source.at - box[0]) * scale : null };
  });
  return spread(placed, number, box, scale);
}

function spread(placed, { box: [left, , right] }, frameBox, scale) {
  const middle = ((left + right) / 2 - frameBox[0]) * scale;
  if (placed.every(({ x }) => x === null)) {
    const width = placed.reduce((sum, { character }) => sum + roomFor(character), 0);
    let x = middle - width / 2;
    for (const each of placed) {
      each.x = x + roomFor(each.character) / 2;
      x += roomFor(each.character);
    }
    return placed;
  }
  const gap = (a, b) => (roomFor(a.character) + roomFor(b.character)) / 2;
  const first = placed.findIndex(({ x }) => x !== null);
  for (let i = first - 1; i >= 0; i -= 1) placed[i].x = placed[i + 1].x - gap(placed[i], placed[i + 1]) * 1.2;
  for (let i = first + 1; i < placed.length; i += 1) {
    const next = placed.findIndex(({ x }, j) => j > i && x !== null);
    if (placed[i].x === null) {
      placed[i].x =
        next < 0
          ? placed[i - 1].x + gap(placed[i - 1], placed[i]) * 1.1
          : placed[i - 1].x + (placed[next].x - placed[i - 1].x) / (next - i + 2);
    }
  }
  // Digits that are too close move apart, and the whole back to its middle.
  const before = mean(placed.map(({ x }) => x));
  for (let i = 1; i < placed.length; i += 1) {
    placed[i].x = Math.max(placed[i].x, placed[i - 1].x + gap(placed[i - 1], placed[i]));
  }
  const shift = mean(placed.map(({ x }) => x)) - before;
  for (const each of placed) each.x -= shift;
  return placed;
}

const LONG = 9; // digits, from which a number is shown in strips
const STRIP = 8; // digits of a strip

const isLong = (number) => number.boxes.length > LONG;

// The strips of a long number: eight digits each, with their box.
function makeStrips(number) {
  const strips = [];
  for (let i = 0; i < number.boxes.length; i += STRIP) {
    const [boxes, signs] = [number.boxes.slice(i, i + STRIP), number.signs.slice(i, i + STRIP)];
    strips.push({ ...number, boxes, signs, box: surround(boxes) });
  }
  return strips;
}
