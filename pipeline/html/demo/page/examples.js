/* Test images to choose. */

/** Return the test images of the page: {image, label}, the pixels and the true class. */
function unpackExamples(examples) {
  return examples.map(({ pixels, ...rest }) => ({ image: new Uint8Array(decodeBase64(pixels)), ...rest }));
}

/** Make a button for each test image, to choose(index). Returns a function that marks the shown and misread ones. */
function makeExamples(list, examples, { classNames, shape }, choose) {
  const buttons = examples.map(({ image }, i) => {
    const button = append(append(list, "li"), "button");
    button.type = "button";
    paintInk(append(button, "canvas"), image, shape);
    button.addEventListener("click", () => choose(i));
    return button;
  });
  return (shown, model) =>
    buttons.forEach((button, i) => {
      const { label } = examples[i];
      const isMisread = readExample(model, examples[i]).digit !== label;
      button.classList.toggle("misread", isMisread);
      const name = `${isMisread ? "Misread test" : "Test"} image of ${classNames[label]}`;
      setAttributes(button, { "aria-pressed": i === shown, "aria-label": name });
    });
}

/** Paint pixels, 0 to 255, light on dark. */
function paintInk(canvas, image, [height, width]) {
  paintValues(canvas, inkOf(image), height, width, inkColour);
}
