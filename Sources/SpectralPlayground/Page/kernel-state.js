// What the kernel area is set to: a kernel by name, by its numbers, or by the response that it should have.

import { mixed } from './api.js';
import { checkedStrokes } from './filter-state.js';
import { Mask } from './mask.js';

/** Kernels whose size a slider sets: how they are written for n pixels. */
const sized = {
  box: (n) => `box:${n}`,
  gaussian: (n) => `gaussian:${tidy(n / 6)},${(n - 1) / 2}`,
  disk: (n) => `disk:${n}`,
  motion: (n, angle) => `motion:${n},${angle}`,
  log: (n) => `log:${tidy(Math.max(n, 5) / 8)},${(Math.max(n, 5) - 1) / 2}`,
  gabor: (n, angle) => `gabor:${tidy(Math.max(n, 5) / 2)},${angle},${tidy(Math.max(n, 5) / 6)}`,
  random: (n) => `random:${n}`,
};
const turned = new Set(['motion', 'gabor']);
const tidy = (v) => Number(v.toFixed(3));

/** The largest kernel whose numbers are shown one by one. */
export const largestGrid = 11;
export const windows = { hann: 'Hann', hamming: 'Hamming', blackman: 'Blackman', 'kaiser:6': 'Kaiser', rectangular: 'none' };

export class KernelState {
  kernel = 'gaussian:1.5,4';
  preset = 'gaussian';
  size = 9;
  angle = 30;
  window = 'hann';
  method = 'fft';
  /** Where a drawn response begins: `kernel`, or a number that all frequencies have. */
  start = 'kernel';
  strokes = [];
  /** The kernel whose response was drawn upon. */
  drawnOn = null;
  mask = new Mask(128);

  get isSized() { return Object.hasOwn(sized, this.preset) || this.preset === 'own'; }
  get isTurned() { return turned.has(this.preset); }
  get isDrawn() { return this.strokes.length > 0 || this.start !== 'kernel'; }

  /** Takes a preset, by the example that the process gives for it. */
  take(preset, example) {
    this.preset = preset;
    this.kernel = Object.hasOwn(sized, preset) ? sized[preset](this.size, this.angle) : example;
    this.#forgetDrawing();
  }

  /** Another size or angle. Numbers of one's own keep their middle. */
  resize(size, angle) {
    [this.size, this.angle] = [size, angle];
    if (this.isDrawn) return;
    if (this.preset === 'own' && Array.isArray(this.kernel)) this.kernel = fitted(this.kernel, size);
    else if (Object.hasOwn(sized, this.preset)) this.kernel = sized[this.preset](size, angle);
  }

  name(text) {
    this.kernel = text;
    this.preset = text.split(':')[0];
    this.#forgetDrawing();
  }

  edit(taps, row, column, value) {
    this.kernel = taps.map((line) => line.slice());
    this.kernel[row][column] = value;
    this.preset = 'own';
    this.#forgetDrawing();
  }

  /** Notes which kernel's response is drawn upon. */
  beginDrawing() {
    if (!this.isDrawn) this.drawnOn = this.kernel;
  }

  #forgetDrawing() {
    this.strokes = [];
    this.start = 'kernel';
  }

  /** Begins to draw with a response that is the same everywhere. */
  clear(level) {
    this.start = level;
    this.strokes = [];
    this.mask.base.fill(Math.round(255 * level));
    this.mask.replay([]);
  }

  /** What a design is asked with. */
  get design() {
    const { size, values } = this.mask;
    return mixed({ size: this.size, window: this.window, mask: { height: size, width: size } }, values);
  }

  get saved() {
    const { kernel, preset, size, angle, window, method, start, strokes } = this;
    // A drawn kernel is drawn again from its strokes, upon what it was drawn on.
    return { kernel: this.isDrawn ? this.drawnOn : kernel, preset, size, angle, window, method, start, strokes };
  }

  restore(saved) {
    const within = (v, low, high, otherwise) => Number.isFinite(v) ? Math.min(high, Math.max(low, Math.round(v))) : otherwise;
    const isRows = Array.isArray(saved.kernel) && saved.kernel.length <= 127
      && saved.kernel.every((row) => Array.isArray(row) && row.length === saved.kernel[0].length && row.every(Number.isFinite));
    if (isRows || typeof saved.kernel === 'string') this.kernel = saved.kernel;
    this.drawnOn = this.kernel;
    if (typeof saved.preset === 'string') this.preset = saved.preset;
    this.size = within(saved.size, 1, 127, 9);
    this.angle = within(saved.angle, 0, 180, 30);
    if (Object.hasOwn(windows, saved.window)) this.window = saved.window;
    this.method = saved.method === 'direct' ? 'direct' : 'fft';
    this.start = Number.isFinite(saved.start) ? within(saved.start, 0, 1, 0) : 'kernel';
    this.strokes = checkedStrokes(saved.strokes);
  }
}

/** Rows with their middle kept, cut or filled up with zeros to n x n. */
function fitted(rows, n) {
  const shift = (count) => Math.floor(count / 2) - Math.floor(n / 2);
  const [dr, dc] = [shift(rows.length), shift(rows[0].length)];
  return Array.from({ length: n }, (_, r) => Array.from({ length: n }, (_, c) => rows[r + dr]?.[c + dc] ?? 0));
}
