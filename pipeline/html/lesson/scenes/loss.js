/* Scene 5: the loss of a picture over the share of its right digit. */

const ASKED = ["sure", "torn", "wrong"]; // pictures, the easiest first
const DROP = 900; // milliseconds
const LABEL = 192; // pixels that the loss needs beside the ball
const LOSSES = 7; // the least height of the chart
const LEAST_SHARE = 0.001; // to which the ball can be dragged

/** Return the share that the network gives the right digit of each picture. */
function sharesOfPictures(page) {
  page.shares ??= Object.fromEntries(
    ASKED.map((name) => {
      const { label, reading } = pictureOf(page, name);
      return [name, reading.probabilities[label]];
    }),
  );
  return page.shares;
}

/** Return the question, its choices, the last of which is right, and the answer: {question, choices, answer}. */
function askForLoss(page) {
  const { torn, wrong } = sharesOfPictures(page);
  const [before, after] = [torn, wrong].map(lossOfShare);
  const times = Math.floor(after / before);
  return {
    question: `The right digit’s share falls from ${percent(torn)} to ${percent(wrong)}. How does the loss change?`,
    choices: [
      ["below", "Stays below 1"],
      ["double", times > 2 ? "Doubles" : "Stays the same"],
      ["more", times > 1 ? `Over ${times} times` : "Grows"],
    ],
    answer: `it grows from ${two(before)} to ${two(after)}. This loss is called *cross-entropy*.`,
  };
}

const loss = {
  name: "How wrong?",
  title: "Sure and wrong costs the most",
  lead: `The loss looks only at p, the share that the right digit gets: ${MINUS}ln p, its natural logarithm.`,

  // guess: null before. picture: that of the ball. share: where the ball is, if not at its picture. isMoving: to one.
  begin: () => ({ guess: null, picture: "torn", share: null, isMoving: false }),

  build(scene) {
    const { page } = scene;
    const shares = sharesOfPictures(page);
    const column = make("div.pictures", { role: "group", "aria-label": "Pictures" });
    const buttons = ASKED.map((name) => {
      const canvas = make("canvas.pic");
      const caption = describeAnswer(page.model, pictureOf(page, name));
      const button = make("button", { onclick: () => dropBall(scene, name) }, canvas, caption);
      column.append(button);
      return [name, button, () => paintInk(canvas, page.pictures[name].ink, page.model.shape[1])];
    });
    scene.stage.append(column);
    const drawChart = makeChart(
      scene.stage,
      `Loss over the share of the right digit: ${MINUS}ln p, a curve that falls`,
      (x, y, width, height) => dragBall(scene, scaleOfLoss(width, height, shares), [x, y]),
    );
    const { question, choices, answer } = askForLoss(page);
    const drawGuess = makeOptions(scene.ask, {
      ...{ question, choices },
      pick: (guess) => {
        scene.change({ guess });
        dropBall(scene, "wrong");
      },
    });
    const [why, here] = [make("p.why"), make("p.here")];
    scene.ask.append(why, here);
    return (own) => {
      const isAsked = own.guess === null;
      for (const [name, button, paint] of buttons) {
        paint();
        setAttributes(button, { "aria-pressed": name === own.picture && own.share === null });
        button.disabled = isAsked; // the ball drops with the guess
      }
      drawGuess(own.guess, isAsked ? null : "more");
      setWords(why, isAsked ? "" : verdictOn(own.guess, "more") + answer);
      const p = own.share ?? shownShare(shares[own.picture]);
      setText(here, isAsked ? "" : `Drag the dot: at ${percent(p)} the loss is ${formatLoss(p)}.`);
      drawChart((width, height) => paintLoss(width, height, own, shares));
    };
  },

  enter: (scene) => scene.every(READ_AHEAD, () => !readAhead(scene.page)),

  action: (own, scene) => (own.guess === null ? null : { label: "Next", run: scene.next }),

  leave: (scene) => scene.change({ share: null, isMoving: false }),

  /** Arrows move the ball to the next picture, up and down, or by one percent. */
  key(scene, { key }) {
    const { guess, picture, share, isMoving } = scene.own;
    if (!(key in MOVES) || guess === null || isMoving) return false;
    const [x, y] = MOVES[key];
    const p = share ?? shownShare(sharesOfPictures(scene.page)[picture]);
    if (y) dropBall(scene, ASKED[clamp(ASKED.indexOf(picture) + y, ASKED.length - 1)]);
    else scene.change({ share: shownShare(clamp(p + x / 100, 1, LEAST_SHARE)) });
    return true;
  },
};

/** Make the caption of a picture: what it is and what it is read as, with the share of both. */
function describeAnswer(model, { label, reading: { best, probabilities } }) {
  const names = outputNames(model);
  const share = (output) => `${names[output]}: ${percent(probabilities[output], true)}`;
  const shares = [...new Set([label, best])].map(share).join(", ");
  return make("span.label", {}, make("b", {}, `${names[label]}, read as ${names[best]}`), shares);
}

/** Move the ball along the curve to a picture. */
function dropBall(scene, picture) {
  const { own, page } = scene;
  if (own.isMoving) return;
  const shareOf = (name) => shownShare(sharesOfPictures(page)[name]);
  const [from, to] = [own.share ?? shareOf(own.picture), shareOf(picture)].map(Math.log);
  scene.animate(
    DROP,
    (share) => scene.change({ picture, isMoving: true, share: Math.exp(from + (to - from) * share) }),
    () => scene.change({ share: null, isMoving: false }),
  );
}

/** Move the ball to the point of the curve that is nearest to a place, in pixels. */
function dragBall(scene, scale, [x, y]) {
  if (scene.own.guess === null || scene.own.isMoving) return;
  const far = (p) => Math.hypot(scale.x(p) - x, scale.y(-Math.log(p)) - y);
  const shares = spread(Math.log(LEAST_SHARE), 0, 400).map(Math.exp);
  scene.change({ share: shownShare(shares.reduce((best, p) => (far(p) < far(best) ? p : best))) });
}

/** Return the scale of the chart. */
function scaleOfLoss(width, height, shares) {
  const most = Math.max(LOSSES, lossOfShare(shares.wrong) + 0.5);
  return { ...makeScale(width, height, { from: 0, to: 1, most }), most };
}

/** Return the elements of the chart. */
function paintLoss(width, height, { picture, share, guess }, shares) {
  const scale = scaleOfLoss(width, height, shares);
  const { most } = scale;
  const at = (p) => [scale.x(p), scale.y(-Math.log(p))];
  const curve = spread(-most - 0.2, 0, 300).map((log) => at(Math.exp(log)));
  const p = share ?? shownShare(shares[picture]);
  const [x, y] = at(p);
  const seen = ASKED.filter((name) => name !== picture && (name !== "wrong" || guess !== null));
  const isSmall = width < 400;
  const [middle, high] = [scale.x(isSmall ? 0.35 : 0.5), scale.y((isSmall ? 0.95 : 0.8) * most)];
  const label = x + LABEL < width ? [x + 32, y + 6] : [Math.min(x, width - LABEL + 32), y - 32]; // or above the ball
  return [
    ...drawAxes(
      scale,
      [0, 0.25, 0.5, 0.75, 1].map((value) => [value, `${100 * value}${SPACE}%`]),
      spread(0, Math.floor(most), Math.floor(most) + 1).map((value) => [value, String(value)]),
    ),
    drawText(scale.left + 40, 16, "Loss"),
    drawText(middle, high, `Loss = ${MINUS}ln p`, { name: "big" }),
    drawText(middle, high + 26, "p: what the network gives"),
    drawText(middle, high + 46, "the right digit"),
    drawCurve("curve", curve),
    ...seen.map((name) => drawDot("hollow", at(shownShare(shares[name])), 6)),
    drawLine("dotted", [x, y], [x, scale.floor]),
    drawDot("dot", [x, y], 12),
    drawText(...label, `${MINUS}ln ${formatShare(p)} = ${formatLoss(p)}`, { name: "big halo" }),
  ];
}
