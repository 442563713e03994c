// The frequency plane as something to look at and to touch: one cycle per pixel wide and high, frequency 0 in its middle.
// A pointer and the keyboard do the same three things to it: press, drag, release.

import { layer, blit, sharp, whenLookChanges } from './canvas.js';

const limit = (f) => Math.max(-0.5, Math.min(0.5, f));

export class FrequencyPlane {
  /** Where the keyboard's cursor or the pointer is, in cycles per pixel; null if it is elsewhere. */
  cursor = null;
  #canvases;
  #act;
  #isHeld = false;
  #frame = null;
  #mask = null;
  #shade = null;

  /**
   * A plane in an element.
   *
   * `act` has `hover(f)`, `press(f, since)`, `drag(f, since)`, `release(f)` and `draw(context, size)`, where f is `{x, y}`,
   * or null when the pointer leaves, and `since` the time of the event. `press` may answer false: then nothing is held.
   */
  constructor(element, label, act) {
    this.element = element;
    this.#act = act;
    this.#canvases = {
      spectrum: layer(element, 'spectrum'), response: layer(element, 'response'), mask: layer(element, 'mask'),
      marks: layer(element, 'marks'),
    };
    element.tabIndex = 0;
    element.setAttribute('role', 'application');
    element.setAttribute('aria-roledescription', 'frequency plane');
    element.setAttribute('aria-label', label);
    this.#listenToPointer(element);
    element.addEventListener('keydown', (event) => this.#key(event));
    element.addEventListener('blur', () => {
      if (this.#isHeld) this.#release(this.cursor);
      // What the keyboard pointed at is left, as when the pointer leaves.
      this.#act.hover?.(null, false);
    });
    whenLookChanges(element, () => this.draw());
  }

  // Pictures whose frequency 0 is in row and column n/2, rounded down, lie so that it is in the middle of the plane.
  #center(canvas) {
    const shift = (n) => 50 - 100 * (Math.floor(n / 2) + 0.5) / n;
    canvas.style.left = `${shift(canvas.width)}%`;
    canvas.style.top = `${shift(canvas.height)}%`;
  }

  show(name, picture) {
    const canvas = this.#canvases[name];
    canvas.hidden = !picture;
    if (!picture) return;
    blit(canvas, picture);
    this.#center(canvas);
  }

  /** Darkens what a mask does not let pass, with the next frame. */
  showMask(mask) {
    this.#canvases.mask.hidden = false;
    if (!this.#mask) {
      requestAnimationFrame(() => {
        this.#drawMask(this.#mask);
        this.#mask = null;
      });
    }
    this.#mask = mask;
  }

  /** Half as many pixels as the mask has are enough to see it, and four times as fast to paint. */
  #drawMask({ values, size }) {
    const canvas = this.#canvases.mask;
    const side = size / 2;
    if (this.#shade?.width !== side) this.#shade = new ImageData(side, side);
    const pixels = new Uint32Array(this.#shade.data.buffer);
    // Little-endian RGBA of a blue that is darker than any spectrum; as opaque as the mask is shut.
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1) {
        pixels[y * side + x] = ((255 - values[2 * (y * size + x)]) * 0.86 << 24) | 0x3c2010;
      }
    }
    if (canvas.width !== side) [canvas.width, canvas.height] = [side, side];
    canvas.getContext('2d', { willReadFrequently: true }).putImageData(this.#shade, 0, 0);
    this.#center(canvas);
  }

  hideMask() { this.#canvases.mask.hidden = true; }

  /** The plane's pictures on one canvas, as they are shown. */
  snapshot() {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [1024, 1024];
    const context = canvas.getContext('2d');
    context.imageSmoothingEnabled = false;
    for (const [name, source] of Object.entries(this.#canvases)) {
      if (source.hidden || source.width === 0) continue;
      context.globalCompositeOperation = name === 'response' ? 'multiply' : 'source-over';
      context.drawImage(source, 0, 0, 1024, 1024);
    }
    return canvas;
  }

  /** Draws what lies over the spectrum with the next frame. */
  draw() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#drawMarks();
    });
  }

  /** The axes, what the area wants drawn, and the cursor. */
  #drawMarks() {
    const surface = sharp(this.#canvases.marks);
    if (!surface) return;
    const { context, width } = surface;
    const at = (f) => [(f.x + 0.5) * width, (f.y + 0.5) * width];
    context.strokeStyle = 'rgba(255,255,255,.22)';
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(width / 2, 0);
    context.lineTo(width / 2, width);
    context.moveTo(0, width / 2);
    context.lineTo(width, width / 2);
    context.stroke();
    this.#act.draw?.(context, { width, at });
    if (this.cursor && this.element.matches(':focus-visible')) {
      const [x, y] = at(this.cursor);
      outlined(context, () => {
        context.beginPath();
        for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
          context.moveTo(x + 4 * dx, y + 4 * dy);
          context.lineTo(x + 12 * dx, y + 12 * dy);
        }
        context.stroke();
      });
    }
  }

  // MARK: The pointer

  #frequency(event) {
    const box = this.element.getBoundingClientRect();
    return { x: limit((event.clientX - box.left) / box.width - 0.5), y: limit((event.clientY - box.top) / box.height - 0.5) };
  }

  #listenToPointer(element) {
    element.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      this.cursor = this.#frequency(event);
      this.#isHeld = this.#act.press?.(this.cursor, event.timeStamp) !== false;
      // A finger that does not draw may scroll the page; one that draws must not.
      if (this.#isHeld) element.setPointerCapture(event.pointerId);
    });
    // Browsers keep moves back until the next frame, up to 17 ms; a hand that holds something should not wait for that.
    const isRaw = 'onpointerrawupdate' in window;
    const dragged = (event) => {
      if (!this.#isHeld) return;
      this.cursor = this.#frequency(event);
      const between = event.getCoalescedEvents?.() ?? [];
      for (const early of between.slice(0, -1)) this.#act.drag?.(this.#frequency(early), undefined);
      this.#act.drag?.(this.cursor, event.timeStamp);
    };
    element.addEventListener(isRaw ? 'pointerrawupdate' : 'pointermove', dragged);
    element.addEventListener('pointermove', (event) => {
      this.cursor = this.#frequency(event);
      this.#act.hover?.(this.cursor, this.#isHeld);
    });
    for (const end of ['pointerup', 'pointercancel']) {
      element.addEventListener(end, () => { if (this.#isHeld) this.#release(this.cursor); });
    }
    element.addEventListener('pointerleave', () => {
      if (this.#isHeld) return;
      this.cursor = null;
      this.#act.hover?.(null, false);
    });
  }

  #release(f) {
    this.#isHeld = false;
    this.#act.release?.(f);
  }

  // MARK: The keyboard

  #key(event) {
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (direction) {
      event.preventDefault();
      const step = event.shiftKey ? 0.04 : event.altKey ? 0.001 : 0.005;
      const from = this.cursor ?? { x: 0, y: 0 };
      const round = (f) => Math.round(limit(f) * 1000) / 1000;
      this.cursor = { x: round(from.x + step * direction[0]), y: round(from.y + step * direction[1]) };
      if (this.#isHeld) this.#act.drag?.(this.cursor, event.timeStamp);
      this.#act.hover?.(this.cursor, this.#isHeld, true);
      this.draw();
    } else if (event.key === ' ' || event.key === 'Enter') {
      event.preventDefault();
      if (event.repeat) return;
      this.cursor ??= { x: 0, y: 0 };
      if (this.#isHeld) this.#release(this.cursor);
      else this.#isHeld = this.#act.press?.(this.cursor, event.timeStamp) !== false;
      this.draw();
    } else if (event.key === 'Escape' && this.#isHeld) {
      this.#release(this.cursor);
    } else {
      this.#act.key?.(event);
    }
  }
}

/** A line that is seen on dark and on bright. */
export function outlined(context, stroke, width = 1.5, color = '#ffffff') {
  context.lineWidth = width + 2;
  context.strokeStyle = 'rgba(0,0,0,.55)';
  stroke();
  context.lineWidth = width;
  context.strokeStyle = color;
  stroke();
}
