// What is under the cursor: the nearest frequency of the transform, in numbers and as a wave.

import { getJSON, getPicture, query } from './api.js';
import { blit } from './canvas.js';
import { figure, fixed } from './format.js';
import { Latest } from './latest.js';
import { announce } from './messages.js';

const waveSide = 256;

export class Readout {
  picture = null;
  #stack;
  #asked;
  #isPointing = false;

  constructor(stack) {
    this.#stack = stack;
    this.#asked = new Latest((question) => this.#ask(question));
  }

  /** Shows a frequency, `{x, y}` in cycles per pixel; null where nothing is pointed at. */
  show(f, { overPicture, aloud }) {
    this.#isPointing = f !== null;
    if (!f || !overPicture) this.#stack.show('wave', null);
    if (!f || !this.picture) {
      this.#asked.forget();
      return;
    }
    this.#asked.request({ f, overPicture, aloud });
  }

  async #ask({ f, overPicture, aloud }) {
    const [at, where] = [`/api/pictures/${this.picture.id}`, { fx: f.x, fy: f.y }];
    const [values, wave] = await Promise.all([
      getJSON(`${at}/frequency${query(where)}`), getPicture(`${at}/wave${query({ ...where, side: waveSide })}`),
    ]);
    this.#write(values);
    if (aloud) {
      announce(`fx ${fixed(values.fx, 3)}, fy ${fixed(values.fy, 3)}, magnitude ${figure(values.magnitude)}`);
    }
    blit(document.getElementById('wave'), wave);
    if (overPicture && this.#isPointing) this.#stack.show('wave', wave);
  }

  #write({ fx, fy, wavelength, angle, magnitude, phase }) {
    const texts = {
      fx: fixed(fx, 4), fy: fixed(fy, 4),
      wavelength: wavelength === null || wavelength === undefined ? '∞' : `${figure(wavelength)} px`,
      angle: angle === null || angle === undefined ? '–' : `${fixed(angle, 1)}°`, magnitude: figure(magnitude),
      phase: phase === null || phase === undefined ? '–' : `${fixed(phase, 2)} rad`,
    };
    for (const place of document.querySelectorAll('#readout [data-of]')) {
      place.textContent = texts[place.dataset.of];
    }
  }
}
