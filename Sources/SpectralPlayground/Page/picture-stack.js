// A picture before and after, one above the other: what is shown of each, and a wave over both.

import { blit, layer } from './canvas.js';

export class PictureStack {
  #canvases;
  #element;
  #mode = 'result';
  #share = 0.5;
  #shapeOf;

  /** A stack in an element; `onSplit` hears where between 0 and 1 the divider is dragged. */
  constructor(element, label, onSplit) {
    this.#element = element;
    this.#shapeOf = onSplit ? 'before' : 'after';
    this.#canvases = {
      before: layer(element, 'before'), after: layer(element, 'after'), wave: layer(element, 'wave-over'),
    };
    this.#canvases.wave.hidden = true;
    element.setAttribute('role', 'img');
    this.label = label;
    if (!onSplit) return;
    const drag = (event) => {
      if (this.#mode !== 'split' || event.buttons === 0) return;
      const box = element.getBoundingClientRect();
      onSplit(Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)));
    };
    element.addEventListener('pointerdown', (event) => {
      if (this.#mode !== 'split') return;
      element.setPointerCapture(event.pointerId);
      drag(event);
    });
    element.addEventListener('pointermove', drag);
  }

  set label(text) { this.#element.setAttribute('aria-label', text); }

  /** The longest side in pixels of the screen, which is all that can be seen of a picture. */
  get seenSide() {
    const { clientWidth, clientHeight } = this.#element;
    return Math.max(64, Math.min(1024, Math.ceil(Math.max(clientWidth, clientHeight) * (window.devicePixelRatio || 1))));
  }

  get after() { return this.#canvases.after; }

  /** Puts a picture answer on a layer, `before`, `after` or `wave`; null hides it. */
  show(name, picture) {
    const canvas = this.#canvases[name];
    canvas.hidden = !picture;
    if (!picture) return;
    blit(canvas, picture);
    // Set by one of them: made smaller, a picture may be off by a rounding.
    if (name === this.#shapeOf) this.#element.style.aspectRatio = `${picture.width} / ${picture.height}`;
    this.arrange();
  }

  /** What is seen: `result`, `split`, `difference` or `before`. */
  set mode(mode) {
    this.#mode = mode;
    this.arrange();
  }

  /** Where the divider is, 0 to 1. */
  set share(share) {
    this.#share = share;
    this.arrange();
  }

  arrange() {
    const isSplit = this.#mode === 'split';
    this.#element.classList.toggle('split', isSplit);
    this.#element.style.setProperty('--split', `${100 * this.#share}%`);
    this.#canvases.after.style.clipPath = isSplit ? `inset(0 0 0 ${100 * this.#share}%)` : '';
    this.#canvases.after.style.visibility = this.#mode === 'before' ? 'hidden' : '';
  }
}
