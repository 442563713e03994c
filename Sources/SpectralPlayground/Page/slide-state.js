// What the slide area is set to.

import { boundaries } from './choice.js';

const kernels = {
  'sum of nine': [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
  'slope to the right': [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
  'Laplacian': [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
  'the pixel itself': [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
};

export const examples = Object.keys(kernels);
export const exampleKernel = (name) => kernels[name].map((row) => row.slice());

export const firstSlide = () => ({
  pixels: [
    [1, 2, 0, 3, 1, 0], [0, 1, 5, 1, 2, 2], [2, 4, 1, 0, 1, 3], [1, 0, 2, 6, 1, 0], [3, 1, 0, 2, 4, 1], [0, 2, 1, 1, 0, 7],
  ],
  kernel: exampleKernel(examples[0]), stride: 1, padding: 1, dilation: 1, boundary: 'zero',
});

/** A state from a link, with numbers that the page could have made. */
export function checkedSlide(saved) {
  const state = firstSlide();
  const isGrid = (rows, largest) => Array.isArray(rows) && rows.length > 0 && rows.length <= largest
    && rows.every((row) => Array.isArray(row) && row.length === rows[0].length && row.length > 0 && row.length <= largest
      && row.every(Number.isFinite));
  if (isGrid(saved.pixels, 12)) state.pixels = saved.pixels;
  if (isGrid(saved.kernel, 7)) state.kernel = saved.kernel;
  for (const name of ['stride', 'padding', 'dilation']) {
    const value = Number(saved[name]);
    if (Number.isInteger(value) && value >= 0 && value <= 8) state[name] = value;
  }
  if (Object.hasOwn(boundaries, saved.boundary)) state.boundary = saved.boundary;
  return state;
}
