/* The scenes, in their order; the last one explores. */

const SCENES = [watch, kernel, shapes, rub, loss, slope, backward, train, explore];
