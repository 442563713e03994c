// A pad for a digit: 28 x 28 pixels, white on black, drawn by a finger, a mouse, or the keyboard.

import { blit } from './canvas.js';
import { toSegment } from './mask.js';

const side = 28;
const radius = 1.35;

/** Digits as lines, for whoever would rather not draw: points of a square of 28. */
const drawings = {
  0: [[14, 5, 9, 8, 8, 14, 9, 20, 14, 23, 19, 20, 20, 14, 19, 8, 14, 5]],
  1: [[10, 9, 15, 5, 15, 23]],
  2: [[8, 9, 11, 5, 17, 5, 20, 9, 18, 13, 8, 23, 21, 23]],
  3: [[8, 6, 14, 5, 19, 8, 18, 12, 13, 14, 19, 16, 20, 20, 15, 23, 8, 22]],
  4: [[12, 5, 8, 16, 21, 16], [17, 10, 17, 24]],
  5: [[19, 5, 10, 5, 9, 13, 15, 12, 20, 15, 19, 21, 14, 23, 8, 21]],
  6: [[17, 5, 11, 10, 9, 17, 11, 22, 16, 23, 20, 19, 17, 14, 12, 15, 9, 18]],
  7: [[8, 6, 20, 6, 13, 23]],
  8: [[14, 13, 9, 9, 13, 5, 18, 7, 17, 11, 14, 13, 9, 18, 12, 23, 18, 22, 19, 17, 14, 13]],
  9: [[18, 12, 13, 14, 9, 11, 11, 6, 16, 5, 19, 8, 18, 16, 14, 23]],
};

export class Pad {
  values = new Uint8Array(side * side);
  /** Each a row of x, y in pixels. */
  strokes = [];
  #canvas;
  #changed;
  #isDown = false;
  #cursor = { x: 14, y: 6 };

  constructor(canvas, changed) {
    this.#canvas = canvas;
    this.#changed = changed;
    this.#listen();
    this.redraw();
  }

  get isEmpty() { return this.strokes.length === 0; }

  clear() {
    this.strokes = [];
    this.redraw();
    this.#changed();
  }

  /** Draws a digit. */
  draw(digit) {
    this.strokes = (drawings[digit] ?? []).map((stroke) => stroke.slice());
    this.redraw();
    this.#changed();
  }

  restore(strokes) {
    const isStroke = (s) => Array.isArray(s) && s.length >= 2 && s.length <= 4000 && s.every((v) => Number.isFinite(v) && v >= 0 && v <= side);
    this.strokes = (Array.isArray(strokes) ? strokes : []).slice(0, 100).filter(isStroke);
    this.redraw();
    this.#changed();
  }

  redraw() {
    this.values.fill(0);
    for (const stroke of this.strokes) {
      for (let i = 0; i < stroke.length; i += 2) this.#ink(stroke, i);
    }
    this.#show();
  }

  /** Inks a stroke from its point before i to i. */
  #ink(stroke, i) {
    const [bx, by] = stroke.slice(i, i + 2);
    const [ax, ay] = i >= 2 ? stroke.slice(i - 2, i) : [bx, by];
    const distance = toSegment(ax, ay, bx, by);
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1) {
        const ink = 255 * Math.max(0, Math.min(1, radius + 0.5 - distance(x + 0.5, y + 0.5)));
        this.values[y * side + x] = Math.max(this.values[y * side + x], ink);
      }
    }
  }

  #show() {
    const pixels = new Uint8ClampedArray(4 * side * side);
    for (let i = 0; i < this.values.length; i += 1) pixels.set([this.values[i], this.values[i], this.values[i], 255], 4 * i);
    if (this.#canvas.matches(':focus-visible')) {
      const at = 4 * (Math.min(side - 1, Math.floor(this.#cursor.y)) * side + Math.min(side - 1, Math.floor(this.#cursor.x)));
      pixels.set([255, 150, 60], at);
    }
    blit(this.#canvas, { height: side, width: side, pixels });
  }

  #begin(x, y) {
    this.#isDown = true;
    this.strokes.push([]);
    this.#goOn(x, y);
  }

  #goOn(x, y) {
    const round = (v) => Math.round(Math.max(0, Math.min(side, v)) * 100) / 100;
    const stroke = this.strokes.at(-1);
    stroke.push(round(x), round(y));
    this.#ink(stroke, stroke.length - 2);
    this.#show();
    this.#changed();
  }

  #listen() {
    const canvas = this.#canvas;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) * side / box.width, (event.clientY - box.top) * side / box.height];
    };
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#begin(...place(event));
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!this.#isDown || event.buttons === 0) return;
      for (const each of event.getCoalescedEvents?.() ?? [event]) this.#goOn(...place(each));
    });
    for (const end of ['pointerup', 'pointercancel', 'blur']) canvas.addEventListener(end, () => { this.#isDown = false; });
    for (const change of ['focus', 'blur']) canvas.addEventListener(change, () => this.#show());
    canvas.addEventListener('keydown', (event) => {
      const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (direction) {
        const move = (v, d) => Math.max(0.5, Math.min(side - 0.5, v + d));
        this.#cursor = { x: move(this.#cursor.x, direction[0]), y: move(this.#cursor.y, direction[1]) };
        if (this.#isDown) this.#goOn(this.#cursor.x, this.#cursor.y);
        else this.#show();
      } else if (event.key === ' ') {
        if (this.#isDown) this.#isDown = false;
        else this.#begin(this.#cursor.x, this.#cursor.y);
      } else if (event.key === 'Delete' || event.key === 'Backspace') {
        this.clear();
      } else {
        return;
      }
      event.preventDefault();
    });
  }
}

export const digits = Object.keys(drawings);
