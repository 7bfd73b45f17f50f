/* Test images to choose. */

/** Return the test images of the page: {image, label, isMisread}, the pixels and the true class. */
function unpackExamples(examples) {
  return examples.map(({ pixels, ...rest }) => ({ image: new Uint8Array(decodeBase64(pixels)), ...rest }));
}

/** Make a button for each test image, which calls `choose(index)`. Returns a function that marks the shown one. */
function makeExamples(list, examples, { classNames, shape }, choose) {
  const buttons = examples.map(({ image, label, isMisread }, i) => {
    const button = append(append(list, "li"), "button");
    button.type = "button";
    button.classList.toggle("misread", isMisread);
    button.setAttribute("aria-label", `${isMisread ? "Misread test" : "Test"} image of ${classNames[label]}`);
    paintInk(append(button, "canvas"), image, shape);
    button.addEventListener("click", () => choose(i));
    return button;
  });
  return (shown) => buttons.forEach((button, i) => button.setAttribute("aria-pressed", i === shown));
}

/** Paint pixels, 0 to 255, light on dark. */
function paintInk(canvas, image, [height, width]) {
  paintValues(canvas, inkOf(image), height, width, inkColour);
}
