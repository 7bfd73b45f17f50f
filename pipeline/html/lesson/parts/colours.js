/* Colours of the style sheet, for canvases: blue is above zero, orange below, and ink is ink. */

// By the name of the variable, until the colour scheme changes: to ask for one makes the browser compute all styles.
const colours = new Map();

/** Return a colour variable of the style sheet, "#rrggbb", as [red, green, blue]. */
function colour(name) {
  if (!colours.has(name)) {
    const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    colours.set(
      name,
      [1, 3, 5].map((start) => parseInt(text.slice(start, start + 2), 16)),
    );
  }
  return colours.get(name);
}

/** Interpolate linearly between two colours; share: 0 to 1. */
function mix(from, to, share) {
  return from.map((value, i) => Math.round(value + (to[i] - value) * share));
}

function toCss([red, green, blue]) {
  return `rgb(${red}, ${green}, ${blue})`;
}

/** Return the colour of a signed value as [red, green, blue]. most: the magnitude of the full colour. */
function signedColour(value, most) {
  const share = Math.min(Math.abs(value) / most, 1) ** SOFTER;
  return mix(colour("--well"), colour(value < 0 ? "--neg" : "--pos"), share);
}

/** Return the colours of a cell with a signed number in it, as a style. most: as in `signedColour`. */
function tint(value, most) {
  return cellColours(signedColour(0.85 * value, most));
}

/** Return the colours of a cell with ink, 0 to 1, in it. */
function inkTint(ink) {
  return cellColours(mix(colour("--well"), colour("--ink"), 0.92 * ink));
}

/** Return a background and the text colour, black or white, that contrasts with it by 4.5 or more. (WCAG 2.2) */
function cellColours(background) {
  const contrastWithBlack = (luminance(background) + 0.05) / 0.05;
  const contrastWithWhite = 1.05 / (luminance(background) + 0.05);
  return { background: toCss(background), color: contrastWithBlack >= contrastWithWhite ? "#000" : "#fff" };
}

function luminance(rgb) {
  const [red, green, blue] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
