// What the filter area is set to, with everything undone and redone; and how the process is asked for it.

import { mixed } from './api.js';
import { boundaries } from './choice.js';
import { Mask } from './mask.js';
import { checkedStep, newStep, words } from './steps.js';
import { tools } from './tools.js';

/** The longest side that is asked for while one looks; exports have them all. */
export const shownSide = 1024;

const longestStroke = 20000;

export class FilterState {
  steps = [newStep('lowpass')];
  strokes = [];
  options = { boundary: 'reflect', luminance: false, linearLight: false };
  mask = new Mask();
  #past = [];
  #future = [];
  #present = this.#copy();

  #copy() {
    return JSON.stringify({ steps: this.steps, strokes: this.strokes, options: this.options });
  }

  #take(text) {
    this.#present = text;
    Object.assign(this, JSON.parse(text));
    this.mask.replay(this.strokes);
  }

  get canUndo() { return this.#past.length > 0; }
  get canRedo() { return this.#future.length > 0; }

  /** A change is whole: it can be undone from now on. */
  commit() {
    const now = this.#copy();
    if (now === this.#present) return;
    this.#past.push(this.#present);
    if (this.#past.length > 200) this.#past.shift();
    this.#present = now;
    this.#future = [];
  }

  undo() {
    if (!this.canUndo) return;
    this.#future.push(this.#present);
    this.#take(this.#past.pop());
  }

  redo() {
    if (!this.canRedo) return;
    this.#past.push(this.#present);
    this.#take(this.#future.pop());
  }

  /** Nothing is filtered. */
  get isIdentity() { return this.steps.length === 0 && this.strokes.length === 0; }

  /** A filter request for a picture. */
  request(picture, { view = 'result', side = shownSide, withMask = true, hasty = false } = {}) {
    const isMasked = withMask && this.strokes.length > 0;
    const { size, values } = this.mask;
    const said = {
      picture, steps: this.steps.map(words), mask: isMasked ? { height: size, width: size } : null, ...this.options, view, side, hasty,
    };
    return isMasked ? mixed(said, values) : mixed(said);
  }

  /** For a link. */
  get saved() { return JSON.parse(this.#copy()); }

  /** From a link, which anybody may have written. */
  restore(saved) {
    this.steps = (Array.isArray(saved.steps) ? saved.steps : []).slice(0, 20).map(checkedStep).filter(Boolean);
    this.strokes = checkedStrokes(saved.strokes);
    const { boundary, luminance, linearLight } = saved.options ?? {};
    this.options = {
      boundary: Object.hasOwn(boundaries, boundary) ? boundary : 'reflect', luminance: luminance === true,
      linearLight: linearLight === true,
    };
    this.mask.replay(this.strokes);
    this.commit();
  }
}

/** Strokes from a link, with numbers that the page could have made. */
export function checkedStrokes(strokes) {
  const within = (v, low, high) => Math.min(high, Math.max(low, Number(v) || 0));
  return (Array.isArray(strokes) ? strokes : []).slice(0, 2000).flatMap((s) => {
    if (!s || (s.tool !== 'fill' && !Object.hasOwn(tools, s.tool)) || s.tool === 'look') return [];
    const points = (Array.isArray(s.points) ? s.points : []).slice(0, longestStroke).map((p) => within(p, -0.5, 0.5));
    if (s.tool !== 'fill' && (points.length < 2 || points.length % 2 === 1)) return [];
    return [{ tool: s.tool, size: within(s.size, 0.001, 2), soft: s.soft === true, level: within(s.level, 0, 1), points }];
  });
}
