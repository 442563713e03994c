// Both methods at once: how far they are apart, how far they may be, what each takes, and where the one overtakes the other.

import { postJSON, postPicture } from './api.js';
import { whenLookChanges } from './canvas.js';
import { drawChart } from './chart.js';
import { figure, milliseconds } from './format.js';
import { complain } from './messages.js';
import { PictureStack } from './picture-stack.js';

const element = (id) => document.getElementById(id);
const chart = element('crossover-chart');

export class Comparison {
  #crossover = null;
  #subject;
  #stacks;

  /** `subject` gives the picture and the kernel to compare with. */
  constructor(subject) {
    this.#subject = subject;
    this.#stacks = {
      direct: new PictureStack(element('by-direct'), 'The picture through the direct method: not computed yet'),
      fft: new PictureStack(element('by-fft'), 'The picture through the FFT: not computed yet'),
    };
    element('compare').addEventListener('click', (event) => this.#busy(event.target, () => this.#compare()));
    element('crossover').addEventListener('click', (event) => this.#busy(event.target, () => this.#findCrossover()));
    chart.hidden = true;
    whenLookChanges(chart, () => this.#draw());
  }

  async #busy(button, work) {
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    try { await work(); } catch (error) { complain(error); } finally { button.setAttribute('aria-disabled', 'false'); }
  }

  async #compare() {
    const { picture, kernel } = this.#subject();
    const question = { picture: picture.id, kernel, boundary: 'reflect' };
    for (const method of ['direct', 'fft']) {
      const answer = await postPicture('/api/kernel/apply', { ...question, method, side: 512 });
      this.#stacks[method].show('after', answer);
      this.#stacks[method].label = `The picture ${picture.name} through the ${method} method`;
    }
    const found = await postJSON('/api/kernel/compare', question);
    const texts = {
      direct: milliseconds(found.direct.milliseconds),
      fft: milliseconds(found.fft.milliseconds) + (found.fft.tile ? `, tiles of ${[found.fft.tile].flat().join(' x ')}` : ''),
      largest: figure(found.largest), rms: figure(found.rms), promised: figure(found.promised), isKept: found.isKept ? 'yes' : 'no',
    };
    for (const place of document.querySelectorAll('#comparison [data-of]')) place.textContent = texts[place.dataset.of];
  }

  async #findCrossover() {
    element('crossover-note').textContent = 'Measuring both methods at many sizes…';
    this.#crossover = await postJSON('/api/kernel/crossover', { largest: 127 });
    chart.hidden = false;
    const { crossing } = this.#crossover;
    const at = figure(crossing, 2);
    const sentence = crossing
      ? `From about ${at} x ${at} on, the FFT is faster on this machine.`
      : 'Neither overtakes the other on this machine up to 127 x 127.';
    element('crossover-note').textContent = sentence;
    chart.setAttribute('aria-label', `Time against kernel size. ${sentence}`);
    this.#draw();
  }

  #draw() {
    if (!this.#crossover) return;
    const { sizes, direct, fft, crossing } = this.#crossover;
    const pairs = (times) => sizes.map((size, i) => [size, times[i]]).filter(([, time]) => Number.isFinite(time));
    drawChart(chart, {
      series: [
        { points: pairs(direct), color: 'first', hasDots: true }, { points: pairs(fft), color: 'second', hasDots: true }],
      lines: crossing ? [{ x: crossing, color: 'quiet' }] : [],
      x: { label: 'kernel, pixels a side', isLog: false, low: 0 }, y: { label: 'ms', isLog: true },
    });
  }
}
