/* A bar for each output: the classes, and "none" if the model has it. */

const NONE = "none";

/** Return the names of all outputs of a model, in order. */
function outputNames(model) {
  return negativeOf(model) === null ? model.classNames : [...model.classNames, NONE];
}

/**
 * Append bars with their percentages to a parent. Returns draw(probabilities), null for none; the largest one is blue,
 * and its element returned. names: of all outputs, so that the percentages add up to 100.
 */
function makeBars(parent, names) {
  const bars = names.map((name) => {
    const share = make("em");
    const element = make(
      `div.bar${name === NONE ? ".none" : ""}`,
      {},
      make("span", {}, name),
      make("div", {}, make("i")),
      share,
    );
    return { element, share };
  });
  parent.append(...bars.map(({ element }) => element));
  parent.classList.add("bars");
  return (probabilities) => {
    const best = probabilities && indexOfLargest(probabilities);
    bars.forEach(({ element, share }, i) => {
      element.style.setProperty("--share", probabilities ? probabilities[i].toFixed(4) : "0");
      element.classList.toggle("best", i === best);
      setText(share, probabilities && probabilities[i] >= 0.005 ? percent(probabilities[i], true) : "");
    });
    return bars[best]?.element ?? null;
  };
}

/**
 * Append a row for each score, with a bar from 0 on. Returns draw(before, now, shown, isChanged), where `shown` has the
 * outputs whose score is written, and marks stay where the scores were.
 */
function makeScoreRows(parent, names) {
  const rows = makeMany(parent, names.length, (i) => {
    const [bar, mark, number] = [make("i"), make("u"), make("span")];
    const element = make("div.score", {}, make("b", {}, names[i]), make("div", {}, bar, mark), number);
    return Object.assign(element, { parts: { bar, mark, number } });
  });
  return (before, now, shown, isChanged) => {
    const [least, most] = [Math.min(0, ...before), Math.max(...before)].map((value) => 1.1 * value);
    const at = (value) => 100 * clamp((value - least) / (most - least), 1);
    rows.forEach((row, i) => {
      const { bar, mark, number } = row.parts;
      const ends = [at(Math.min(now[i], 0)), at(Math.max(now[i], 0))];
      row.style.setProperty("--zero", `${at(0).toFixed(2)}%`);
      Object.assign(bar.style, { left: `${ends[0].toFixed(2)}%`, width: `${(ends[1] - ends[0]).toFixed(2)}%` });
      mark.style.left = `${at(before[i]).toFixed(2)}%`;
      mark.hidden = !isChanged;
      setText(number, shown.has(i) ? two(now[i]) : "");
      row.classList.toggle("best", i === indexOfLargest(now));
      row.classList.toggle("quiet", !shown.has(i));
    });
  };
}
