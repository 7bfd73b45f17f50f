/* The scenes, in their order; the last one explores. */

const SCENES = [
  watch,
  kernel,
  shapes,
  rub,
  ...["How wrong?", "Which way?", "Whose fault?", "Train"].map(comingScene),
  explore,
];
