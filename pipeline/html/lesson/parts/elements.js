/* Making elements. Texts are set as textContent, so names need no escaping. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element of a tag with classes, as in "button.pick". given: attributes, and listeners as `onclick`; null or
 * false leaves an attribute out. children: elements and texts.
 */
function make(selector, given = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag);
  if (tag === "button") element.type = "button";
  if (classes.length) element.className = classes.join(" ");
  return fill(element, given, children);
}

/** Make an element of SVG, as `make`. */
function makeSvg(tag, given = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), given, children);
}

function fill(element, given, children) {
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Append the template of a name to a parent; return its parts by the name in `data-part`. */
function stamp(parent, name) {
  parent.append(document.getElementById(`template-${name}`).content.cloneNode(true));
  return Object.fromEntries([...parent.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
}

/** Append `count` elements, made by its number; return them. */
function makeMany(parent, count, makeOne) {
  const elements = Array.from({ length: count }, (_, i) => makeOne(i));
  parent.append(...elements);
  return elements;
}

/** Set a text in which *new words* are bold, only if it changes. */
function setWords(element, text) {
  if (element.dataset.text === text) return;
  element.dataset.text = text;
  element.replaceChildren(...text.split("*").map((part, i) => (i % 2 ? make("b", {}, part) : part)));
}

/** Set a text or attributes only if they change, so that the browser has less to lay out. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
}

/**
 * Append a question with buttons to choose from. choices: of each a value and what its button shows. pick: receives a
 * value. Returns draw(chosen, right, isShown), which presses the chosen one; once the right one, or a list of them, is
 * known, it is ticked, and another one that was chosen is crossed.
 */
function makeOptions(parent, { question, choices, pick }) {
  const buttons = choices.map(([value, ...label]) => make("button.pick", { onclick: () => pick(value) }, ...label));
  const row = make("div.row", { role: "group", "aria-label": question }, ...buttons);
  const box = make("div", {}, make("p.q", {}, question), row);
  parent.append(box);
  return (chosen, right = null, isShown = true) => {
    box.hidden = !isShown;
    box.classList.toggle("answered", right !== null);
    choices.forEach(([value], i) => {
      const isChosen = value === chosen;
      const mark = right !== null && ([right].flat().includes(value) ? "right" : isChosen && "wrong");
      setAttributes(buttons[i], { "aria-pressed": isChosen, "data-mark": mark || "" });
    });
  };
}

/** Return how an answer to a guess begins; there may be none, null. */
function verdictOn(guess, right) {
  return guess === null ? "" : guess === right ? "Yes: " : "No: ";
}

/** Return the box of an element in the coordinates of another, whatever the zoom of the page is. */
function boxWithin(element, parent) {
  const [inner, outer] = [element.getBoundingClientRect(), parent.getBoundingClientRect()];
  const scale = outer.width / parent.offsetWidth || 1;
  const [x, y] = [(inner.left - outer.left) / scale, (inner.top - outer.top) / scale];
  return { x, y, width: inner.width / scale, height: inner.height / scale };
}
