/* Scene 4: rub out parts of a digit until the network reads another one, and see how scores become percentages. */

const ERASER = { radius: 2.2, soft: 1, apart: 0.4, share: 0.19 }; // pixels, as in pictures.py; share: of the picture
const FIRST_PLACE = [4, 14]; // column and row of the eraser, beside the ink
const CHOICES_OF_RUB = 4;
const NEAR = 1.5; // pixels from the middle of the ring, where the eraser rubs: on its way there it is carried
const RING_GONE = 0.8; // share of the ink in the ring, without which it is rubbed out
const SOFTMAX =
  "Softmax makes the percentages: eˢ of each score, divided by the sum. One point more makes eˢ " +
  `${two(Math.E)} times as large.`;
/* Nothing is rubbed out. isFree: the ring is empty, and the eraser rubs everywhere. */
const FRESH = { places: [], at: FIRST_PLACE, fooled: null, isCounted: false, guess: null, isFree: false };

/** Return the ink that is left after discs around places, [x, y] in pixels, are rubbed out. */
function rubOut(ink, width, places) {
  const left = ink.slice();
  for (const [x, y] of places) {
    for (let i = 0; i < left.length; i++) {
      const distance = Math.hypot((i % width) + 0.5 - x, Math.floor(i / width) + 0.5 - y);
      left[i] *= clamp((distance - ERASER.radius) / ERASER.soft, 1);
    }
  }
  return left;
}

/** Return the share of ink that is gone. */
function shareGone(ink, left) {
  return 1 - sumOf(left) / sumOf(ink);
}

/** Return the picture that is shown: that of the question, or a training picture that is read surely. */
function rubbedPicture({ pictures, lessons }, { index }) {
  if (index === null) return pictures.rub;
  return { ink: lessons.unseen.inks[index], label: lessons.unseen.labels[index] };
}

/** Return the index of the next picture, after one, that the network reads as what it is. */
function nextPicture({ model, lessons }, index) {
  const { inks, labels } = lessons.unseen;
  for (let step = 1; step <= labels.length; step++) {
    const next = ((index ?? -1) + step) % labels.length;
    if (readInk(model, inks[next]).digit === labels[next]) return next;
  }
  return index;
}

function readInk(model, ink) {
  return readImage(
    model,
    Uint8Array.from(ink, (value) => 255 * value),
  );
}

/** Return softmax with all numbers as they are shown, so that it can be checked: {scores, powers, sum, shares}. */
function softmaxAsShown(logits) {
  const scores = Array.from(logits, round2);
  const powers = scores.map((score) => round2(Math.exp(score)));
  const sum = sumShown(powers);
  return { scores, powers, sum, shares: powers.map((power) => power / sum) };
}

const rub = {
  name: "Rub it out",
  title: "Fool it: rub out as little as you can",
  lead: "Rub out parts of the digit and watch which one takes over.",

  // index: of the picture, null for the first one. guess: null before. places: that were rubbed out, [x, y]. at: the
  // eraser. fooled: the share of ink that was gone when it was first fooled since the start, null if it was
  // not. record: the least such share. isCounted: whether the scores are shown.
  begin: () => ({ index: null, ...FRESH, record: null }),

  build(scene) {
    const { page } = scene;
    const [, width] = page.model.shape;
    const alone = readInk(page.model, rubOut(page.pictures.rub.ink, width, [page.ring])).best;
    const { canvas, eraser, ring } = stamp(scene.stage, "rub");
    const drawScores = buildScores(scene);
    const drawQuestion = buildRubQuestion(scene);
    listenToEraser(scene, canvas, width);
    const put = (element, [x, y]) =>
      placeFrame(element, { left: x, top: y, height: 0, width: ERASER.share * width }, page.model.shape);
    put(ring, page.ring);
    return (own) => {
      const { ink, label } = rubbedPicture(page, own);
      const left = rubOut(ink, width, own.places);
      const reading = readInk(page.model, left);
      paintInk(canvas, left, width);
      put(eraser, own.at);
      ring.hidden = own.index !== null || own.isFree;
      drawScores(own, reading);
      drawQuestion(own, { label, gone: shareGone(ink, left), best: reading.best, alone });
    };
  },

  action(own, scene) {
    if (own.isCounted) return { label: "Next", run: scene.next };
    if (own.record === null) return null;
    return { label: "Show the scores", run: () => scene.change({ isCounted: true }) };
  },

  others: (own, scene) => [
    ...(own.places.length
      ? [{ label: "Start again", run: () => scene.change({ ...FRESH, isFree: own.index !== null }) }]
      : []),
    { label: "New digit", run: () => takeNextPicture(scene) },
  ],
};

/** Append the bars, with the numbers of softmax once these are asked for. Returns draw(own, reading). */
function buildScores({ page, stage }) {
  const names = outputNames(page.model);
  const rows = make("div.scores", { style: `--count: ${names.length}` });
  stage.append(rows);
  const drawBars = makeBars(rows, names);
  const numbers = [...rows.children].map((bar) => {
    const cells = [make("span"), make("span"), make("span")];
    bar.append(...cells);
    return cells;
  });
  const total = make("span");
  const texts = (row) => row.map((text) => make("span", {}, text));
  rows.prepend(make("p.sums.label", {}, ...texts(["", "", "Score s", "eˢ", "Percent"])));
  rows.append(make("p.sums", {}, ...texts(["Sum", "", ""]), total));
  return ({ isCounted }, { logits }) => {
    const { scores, powers, sum, shares } = softmaxAsShown(logits);
    drawBars(shares);
    rows.classList.toggle("list", isCounted);
    numbers.forEach(([score, power, share], i) => {
      setText(score, two(scores[i]));
      setText(power, withCommas(two(powers[i])));
      setText(share, percent(shares[i], true));
    });
    setText(total, withCommas(two(sum)));
  };
}

function buildRubQuestion(scene) {
  const { page } = scene;
  const parts = stamp(scene.ask, "rub-question");
  setWords(parts.softmax, SOFTMAX);
  let drawGuess = null;
  let asked; // the index of the picture of the question
  return (own, found) => {
    if (asked !== own.index) {
      parts.question.replaceChildren();
      drawGuess = makeOptions(parts.question, askForDigit(scene, own, found.alone));
      asked = own.index;
    }
    const isFooled = found.best !== found.label && found.best < page.model.classNames.length && own.isFree;
    const right = own.index === null && own.guess === found.alone ? [found.best, found.alone] : found.best;
    drawGuess(own.guess, isFooled ? right : null);
    parts.question.hidden = own.isCounted;
    const texts = describeRubbing(page.model, own, found);
    setText(parts.share, texts.share);
    setText(parts.words, texts.words);
    parts.softmax.hidden = !own.isCounted;
  };
}

/** Return the question to a picture: its digit, and those with the largest scores besides, are to choose from. */
function askForDigit(scene, { index }, alone) {
  const { model } = scene.page;
  const { ink, label } = rubbedPicture(scene.page, { index });
  const digits = readInk(model, ink).logits.slice(0, model.classNames.length);
  const first = index === null ? [label, alone] : [label];
  const likely = [...new Set([...first, ...strongest(digits, digits.length)])].slice(0, CHOICES_OF_RUB);
  return {
    question: index === null ? "Rub out what is in the ring. What will it read?" : "Rub. Which digit takes over?",
    choices: likely.sort((a, b) => a - b).map((digit) => [digit, model.classNames[digit]]),
    pick: (guess) => scene.change({ guess }),
  };
}

function takeNextPicture(scene) {
  scene.change({ index: nextPicture(scene.page, scene.own.index), ...FRESH, isFree: true, record: null });
}

/** Say how much is gone, and what the network reads: {share, words}. */
function describeRubbing({ classNames }, own, { label, gone, best, alone }) {
  const { guess, index, fooled, record, isCounted, isFree } = own;
  if (isCounted || (isFree && gone < 0.005)) return { share: "", words: "" };
  if (!isFree) return { share: "", words: guess === null ? "" : "Carry the disc to the ring, and rub." };
  const whole = (part) => `${Math.round(100 * part)}${SPACE}%`;
  const share = `${whole(gone)} rubbed out`;
  if (best >= classNames.length) return { share, words: "It sees no digit in this." };
  const name = withArticle(classNames[best]);
  if (best === label) return { share, words: `It still reads ${name}.` };
  const isAlone = index === null && best !== alone;
  const other = withArticle(classNames[alone]);
  const verdict = guess === null ? "It" : guess === best ? "Yes: it" : "No: it";
  const least = record < fooled ? ` Your record: ${whole(record)}.` : "";
  const words = !isAlone
    ? `${verdict} reads ${name} now.${least} Can you rub out less?`
    : guess === alone
      ? `Yes for the ring alone: that makes it ${other}. You rubbed out more, and it reads ${name} now.`
      : `${verdict} reads ${name} now. You rubbed out more than the ring; the ring alone makes it ${other}.`;
  return { share: `Fooled: ${whole(fooled ?? gone)}`, words };
}

/** Rub out at a place, or along the way to it; before the ring is empty, only in its middle. */
function rubAt(scene, at, isRubbing) {
  const { page, own } = scene;
  const last = own.places.at(-1);
  const isNear = own.isFree || Math.hypot(at[0] - page.ring[0], at[1] - page.ring[1]) < NEAR;
  const isNew = isRubbing && isNear && !(last && Math.hypot(last[0] - at[0], last[1] - at[1]) < ERASER.apart);
  if (!isNew) return scene.change({ at });
  const places = [...own.places, at];
  const { ink, label } = rubbedPicture(page, own);
  const [, width] = page.model.shape;
  const left = rubOut(ink, width, places);
  const { best } = readInk(page.model, left);
  const inRing = (values) => sumOf(values) - sumOf(rubOut(values, width, [page.ring]));
  const isFree = own.isFree || inRing(left) < (1 - RING_GONE) * inRing(ink);
  const isFooled = best !== label && best < page.model.classNames.length;
  const fooled = own.fooled ?? (isFooled ? shareGone(ink, left) : null);
  const record = fooled === null ? own.record : Math.min(fooled, own.record ?? 1);
  scene.change({ at, places, fooled, record, isFree });
}

/** Rub out by pointer, and by keys: arrows move the eraser, space rubs out. */
function listenToEraser(scene, canvas, width) {
  listenToPlace(canvas, (x, y, { buttons }) => rubAt(scene, [x * width, y * width], buttons > 0), true);
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in MOVES || event.key === " ")) return;
    event.preventDefault();
    const [x, y] = MOVES[event.key] ?? [0, 0];
    const at = [scene.own.at[0] + x, scene.own.at[1] + y].map((each) => clamp(each, width));
    rubAt(scene, at, event.key === " ");
  });
}
