/* Scene 4: rub out parts of a digit until the network reads another one, and see how scores become percentages. */

const ERASER = { radius: 2.2, soft: 1, apart: 0.4 }; // pixels of the picture; the same disc as in pictures.py
const FIRST_PLACE = [22, 24]; // column and row of the eraser
const GUESSES = [3, 6, 8, 9];
const RING_GONE = 0.9; // share of the ink in the ring, without which it is rubbed out
const SOFTMAX =
  "Softmax makes the percentages: eˢ of each score, divided by the sum. One point more makes eˢ " +
  `${two(Math.E)} times as large.`;
const FRESH = { places: [], at: FIRST_PLACE, fooled: null, isCounted: false }; // nothing is rubbed out

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

  // index: of the picture, null for that of the question. guess: null before. places: that were rubbed out, [x, y].
  // at: the eraser. fooled: the share of ink that was gone when it was first fooled since the start, null if it was
  // not. record: the least such share. isCounted: whether the scores are shown.
  begin: () => ({ index: null, guess: null, ...FRESH, record: null }),

  build(scene) {
    const { page } = scene;
    const [, width] = page.model.shape;
    const right = bestOf(readInk(page.model, rubOut(page.pictures.rub.ink, width, [page.ring])));
    const [canvas, eraser, ring] = [make("canvas.pic"), make("div.eraser"), make("div.eraser.ring")];
    setAttributes(canvas, {
      tabindex: 0,
      role: "application",
      "aria-label": "Picture to rub out",
      "aria-describedby": "rub-keys",
    });
    const keys = make("p.hidden", { id: "rub-keys" }, "Arrow keys move the eraser, and space rubs out.");
    scene.stage.append(make("div.rubbing", {}, canvas, ring, eraser), keys);
    const drawScores = buildScores(scene);
    const drawQuestion = buildRubQuestion(scene);
    listenToEraser(scene, canvas, width);
    const put = ({ style }, at) =>
      Object.assign(style, { left: `${(100 * at[0]) / width}%`, top: `${(100 * at[1]) / width}%` });
    put(ring, page.ring);
    return (own) => {
      const { ink, label } = rubbedPicture(page, own);
      const left = rubOut(ink, width, own.places);
      const reading = readInk(page.model, left);
      const inRing = (values) => sumOf(values) - sumOf(rubOut(values, width, [page.ring]));
      const isRinged = own.index === null && inRing(left) > (1 - RING_GONE) * inRing(ink) && own.record === null;
      paintInk(canvas, left, width);
      put(eraser, own.at);
      ring.hidden = !isRinged;
      drawScores(own, reading);
      drawQuestion(own, { label, gone: shareGone(ink, left), best: bestOf(reading), right: isRinged ? null : right });
    };
  },

  action(own, scene) {
    if (own.isCounted) return { label: "Next", run: scene.next };
    if (own.record === null) return null;
    return { label: "Show the scores", run: () => scene.change({ isCounted: true }) };
  },
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
  const question = make("div.question");
  const [share, words] = [make("b"), make("p.why")];
  const softmax = make("p", {}, SOFTMAX);
  const again = make("button.plain", { onclick: () => scene.change(FRESH) }, "Start again");
  const other = make("button.plain", { onclick: () => takeNextPicture(scene) }, "New digit");
  scene.ask.append(question, make("p.gone", {}, share), words, softmax, make("p.more", {}, again, other));
  const drawGuess = makeOptions(question, {
    question: "Rub out what is in the ring. What will it read?",
    choices: GUESSES.map((digit) => [digit, String(digit)]),
    pick: (guess) => scene.change({ guess }),
  });
  return (own, found) => {
    drawGuess(own.guess, found.right);
    question.hidden = own.index !== null || own.isCounted;
    again.hidden = own.places.length === 0;
    const texts = describeRubbing(scene.page.model, own, found);
    setText(share, texts.share);
    setText(words, texts.words);
    softmax.hidden = !own.isCounted;
  };
}

function takeNextPicture(scene) {
  scene.change({ index: nextPicture(scene.page, scene.own.index), ...FRESH, record: null });
}

/** Say how much is gone, and what the network reads: {share, words}. */
function describeRubbing({ classNames }, own, { label, gone, best, right }) {
  const { guess, places, fooled, record, isCounted } = own;
  const isAsked = right === null;
  if (places.length === 0 && guess !== null && isAsked) return { share: "", words: "Now rub: the disc is the eraser." };
  if (isCounted || gone < 0.005) return { share: "", words: "" };
  const whole = (part) => `${Math.round(100 * part)}${SPACE}%`;
  if (best === label || best >= classNames.length) {
    const read = best === label ? `It still reads ${classNames[label]}.` : "It sees no digit in this.";
    const hint = isAsked ? " Rub out all that is in the ring." : "";
    return { share: `${whole(gone)} rubbed out`, words: read + hint };
  }
  const least = record < fooled ? ` Your record: ${whole(record)}.` : "";
  const words = `of its ink rubbed out. It reads ${classNames[best]} now.${least} Can you rub out less?`;
  return { share: `Fooled: ${whole(fooled)}`, words };
}

/** Rub out at a place, or along the way to it. */
function rubAt(scene, at, isRubbing) {
  const { page, own } = scene;
  const last = own.places.at(-1);
  const isNew = isRubbing && !(last && Math.hypot(last[0] - at[0], last[1] - at[1]) < ERASER.apart);
  if (!isNew) return scene.change({ at });
  const places = [...own.places, at];
  const { ink, label } = rubbedPicture(page, own);
  const left = rubOut(ink, page.model.shape[1], places);
  const best = bestOf(readInk(page.model, left));
  const isFooled = best !== label && best < page.model.classNames.length;
  const fooled = own.fooled ?? (isFooled ? shareGone(ink, left) : null);
  const record = fooled === null ? own.record : Math.min(fooled, own.record ?? 1);
  scene.change({ at, places, fooled, record });
}

/** Rub out by pointer, and by keys: arrows move the eraser, space rubs out. */
function listenToEraser(scene, canvas, width) {
  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((at) => at * width);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    rubAt(scene, placeOf(event), true);
  });
  canvas.addEventListener("pointermove", (event) => rubAt(scene, placeOf(event), event.buttons > 0));
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in MOVES || event.key === " ")) return;
    event.preventDefault();
    const [x, y] = MOVES[event.key] ?? [0, 0];
    const at = [scene.own.at[0] + x, scene.own.at[1] + y].map((each) => clamp(each, width));
    rubAt(scene, at, event.key === " ");
  });
}
