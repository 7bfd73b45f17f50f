/* A bar for each output: the classes, and "none" if the model has a reject class. */

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
    const best = probabilities && probabilities.indexOf(Math.max(...probabilities));
    bars.forEach(({ element, share }, i) => {
      element.style.setProperty("--share", probabilities ? probabilities[i].toFixed(4) : "0");
      element.classList.toggle("best", i === best);
      setText(share, probabilities && probabilities[i] >= 0.005 ? percent(probabilities[i], true) : "");
    });
    return bars[best]?.element ?? null;
  };
}
