// The slide area: the window moves over the pixels, and its arithmetic is written out.

import { postJSON } from './api.js';
import { boundaries, fill, slider } from './choice.js';
import { figure } from './format.js';
import { Latest } from './latest.js';
import { announce } from './messages.js';
import { showNumbers } from './numbers.js';
import { slidePicture } from './slide-picture.js';
import { checkedSlide, examples, exampleKernel, firstSlide } from './slide-state.js';

const element = (id) => document.getElementById(id);
const names = ['stride', 'padding', 'dilation'];
const placesASecond = 2;

export class SlideArea {
  state = firstSlide();
  #answer = null;
  #circular = null;
  #place = 0;
  #timer = null;
  #sliders = {};
  #isShown = false;
  #changed;

  constructor(changed) {
    this.#changed = changed;
    this.questions = new Latest(() => this.#ask());
    this.#wire();
  }

  show() {
    this.#isShown = true;
    this.update();
  }

  hide() {
    this.#isShown = false;
    this.pause();
  }

  update() {
    if (this.#isShown) this.questions.request();
  }

  /** What the process is asked. */
  get question() {
    const { pixels, kernel, stride, padding, dilation, boundary } = this.state;
    return { pixels, kernel, stride, padding, dilation, boundary };
  }

  async #ask() {
    const { question } = this;
    const answer = await postJSON('/api/slide', question);
    const circular = question.boundary === 'circular' ? null : await postJSON('/api/slide', { ...question, boundary: 'circular' })
      .catch(() => null);
    [this.#answer, this.#circular] = [answer, circular];
    this.#showAllowed();
    this.#showAll();
  }

  /**
   * Takes a number if it is possible. If it is not, the process says why, and the slider goes back.
   */
  async #take(name, value) {
    const range = this.#answer?.allowed?.[name];
    if (range && (value < range[0] || value > range[1])) {
      // Why, where it could be computed, but would show nothing.
      let reason = { stride: 'the window would stand in one place only', padding: 'windows would see nothing but padding' }[name] ?? '';
      try {
        await postJSON('/api/slide', { ...this.question, [name]: value });
      } catch (error) {
        if (error.status !== 422) throw error;
        reason = error.message;
      }
      const possible = Math.max(range[0], Math.min(range[1], value));
      this.#sliders[name](possible);
      this.#block(`${name[0].toUpperCase()}${name.slice(1)} ${value} is not possible here${reason ? `: ${reason}` : ''}`);
      if (possible === this.state[name]) return;
      this.state[name] = possible;
    } else {
      this.#block('');
      this.state[name] = value;
    }
    this.update();
    this.#changed();
  }

  #block(sentence) {
    element('slide-blocked').textContent = sentence;
    element('slide-blocked').hidden = sentence === '';
  }

  /** Marks on each slider how far it may go. */
  #showAllowed() {
    for (const name of names) {
      const input = element(`slide-${name}`);
      const most = this.#answer.allowed[name]?.[1] ?? input.min;
      const share = (Math.min(most, input.max) - input.min) / (input.max - input.min);
      input.style.setProperty('--allowed', `${100 * share}%`);
      input.classList.add('limited');
    }
  }

  // MARK: What is seen

  get #windows() { return this.#answer?.windows ?? []; }

  #showAll() {
    const slider = element('slide-place');
    slider.max = Math.max(0, this.#windows.length - 1);
    this.#place = Math.min(this.#place, slider.max);
    const { formula: { rows, columns }, largestDifference } = this.#answer;
    element('slide-formula').textContent = rows === columns ? `rows and columns: ${rows}` : `rows: ${rows}; columns: ${columns}`;
    element('slide-agreement').textContent =
      `Through the FFT the same numbers come out, ${largestDifference === 0 ? 'to the last bit' : `to within ${figure(largestDifference, 2)}`}.`;
    this.#showPlace();
  }

  /** Where in the output the window stands. */
  #at(output) {
    const columns = output[0].length;
    return { row: Math.floor(this.#place / columns), column: this.#place % columns };
  }

  /** Whether a pixel, counted with the padding, is one of the picture's. */
  #isWithin(r, c) {
    const { pixels, padding } = this.state;
    return r >= padding && c >= padding && r < padding + pixels.length && c < padding + pixels[0].length;
  }

  /** Whether such a pixel lies under a tap of the window at a place of the output. */
  #isUnder(r, c, row, column) {
    const { kernel, stride, dilation } = this.state;
    const [dr, dc] = [r - row * stride, c - column * stride];
    return dr >= 0 && dc >= 0 && dr % dilation === 0 && dc % dilation === 0 && dr / dilation < kernel.length
      && dc / dilation < kernel[0].length;
  }

  #showPlace() {
    if (!this.#answer) return;
    const { kernel, padding, boundary } = this.state;
    const { output, padded } = this.#answer;
    const columns = output[0].length;
    const { row, column } = this.#at(output);
    showNumbers(element('slide-pixels'), padded, {
      look: (r, c) => {
        const isWithin = this.#isWithin(r, c);
        const classes = [
          isWithin ? '' : boundary === 'circular' ? 'wrapped' : 'beyond', this.#isUnder(r, c, row, column) ? 'window' : ''];
        return {
          isEditable: isWithin, className: classes.join(' ').trim(),
          label: `Pixel, row ${r - padding + 1}, column ${c - padding + 1}`,
        };
      },
      edited: (r, c, value) => this.#edit(this.state.pixels, r - padding, c - padding, value),
    });
    showNumbers(element('slide-kernel'), kernel, {
      look: (r, c) => ({ isEditable: true, label: `Kernel, row ${r + 1}, column ${c + 1}` }),
      edited: (r, c, value) => this.#edit(kernel, r, c, value),
    });
    const differs = (r, c) => this.#circular && Math.abs(this.#circular.output[r][c] - output[r][c]) > 1e-6;
    showNumbers(element('slide-output'), output, {
      look: (r, c) => ({ className: r === row && c === column ? 'window' : '' }), picked: (r, c) => this.#go(r * columns + c),
    });
    element('slide-circular-box').hidden = !this.#circular;
    if (this.#circular) {
      showNumbers(element('slide-circular'), this.#circular.output, {
        look: (r, c) => ({ className: [differs(r, c) ? 'wrapped' : '', r === row && c === column ? 'window' : ''].join(' ').trim() }),
        picked: (r, c) => this.#go(r * columns + c),
      });
      const count = output.flatMap((line, r) => line.filter((_, c) => differs(r, c))).length;
      element('slide-circular-note').textContent = count === 0
        ? 'No window reaches beyond the border, so nothing wraps.'
        : `${count} of ${output.length * columns} differ: there the opposite border comes in.`;
    }
    element('slide-legend').textContent = padding === 0 ? 'Type over any number.'
      : boundary === 'circular' ? 'Orange: what comes around from the opposite border.' : 'Dashed: what lies beyond the border.';
    this.#write(row, column);
  }

  #write(row, column) {
    const window = this.#windows[this.#place];
    if (!window) return;
    element('slide-arithmetic').textContent = this.#arithmetic(window);
    element('slide-place').value = this.#place;
    const text = `row ${row + 1}, column ${column + 1}`;
    element('slide-place').setAttribute('aria-valuetext', `${text}: ${figure(window.sum, 5)}`);
    element('slide-place-value').textContent = text;
  }

  #arithmetic({ row, column, sum }) {
    const values = this.#under(row, column);
    const number = (v) => v < 0 ? `(${figure(v, 4)})` : figure(v, 4);
    const products = this.state.kernel.flat().map((weight, i) => `${number(values[i])} · ${number(weight)}`);
    return `${products.join(' + ')} = ${figure(sum, 5)}`;
  }

  /** The area as a picture. */
  async picture() {
    await this.#ask();
    const { stride, padding, dilation, boundary, kernel } = this.state;
    const { output, padded } = this.#answer;
    const window = this.#windows[this.#place];
    const { row, column } = window;
    return slidePicture({
      padded, kernel, output, place: window, isCircular: boundary === 'circular',
      isUnder: (r, c) => this.#isUnder(r, c, row, column), isWithin: (r, c) => this.#isWithin(r, c),
      title: `Stride ${stride}, padding ${padding} (${boundaries[boundary]}), dilation ${dilation}`,
      arithmetic: kernel.flat().length <= 9 ? this.#arithmetic(window)
        : `Row ${row + 1}, column ${column + 1}: ${kernel.flat().length} products, ${figure(window.sum, 5)} together`,
    });
  }

  /** The pixels that lie under the window, of the padded ones. */
  #under(row, column) {
    const { kernel, stride, dilation } = this.state;
    return kernel.flatMap((line, i) => line.map(
      (_, j) => this.#answer.padded[row * stride + i * dilation][column * stride + j * dilation]));
  }

  // MARK: Changes

  #edit(rows, r, c, value) {
    rows[r][c] = value;
    if (rows === this.state.kernel) element('slide-example').value = '';
    this.update();
    this.#changed();
  }

  #go(place) {
    this.#place = Math.max(0, Math.min(this.#windows.length - 1, place));
    this.#showPlace();
  }

  pause() {
    clearInterval(this.#timer);
    this.#timer = null;
    element('slide-play').textContent = 'Play';
  }

  #play() {
    if (this.#timer) {
      this.pause();
      return;
    }
    if (this.#place >= this.#windows.length - 1) this.#place = -1;
    element('slide-play').textContent = 'Pause';
    const step = () => {
      if (this.#place >= this.#windows.length - 1) this.pause();
      else this.#go(this.#place + 1);
    };
    step();
    this.#timer = setInterval(step, 1000 / placesASecond);
  }

  restore(saved) {
    this.state = checkedSlide(saved);
    this.#place = Math.max(0, Math.round(Number(saved.place) || 0));
    this.#showControls();
    this.update();
  }

  get saved() { return { ...this.state, place: this.#place }; }

  #showControls() {
    for (const name of names) this.#sliders[name](this.state[name]);
    element('slide-boundary').value = this.state.boundary;
  }

  #wire() {
    for (const name of names) {
      this.#sliders[name] = slider(element(`slide-${name}`), String, (value) => this.#take(name, value));
    }
    fill(element('slide-boundary'), boundaries, this.state.boundary);
    fill(element('slide-example'), { '': 'numbers of your own', ...Object.fromEntries(examples.map((n) => [n, n])) }, examples[0]);
    const listen = (id, event, action) => element(id).addEventListener(event, action);
    listen('slide-boundary', 'change', ({ target }) => {
      this.state.boundary = target.value;
      this.update();
      this.#changed();
    });
    listen('slide-example', 'change', ({ target }) => {
      if (target.value === '') return;
      this.state.kernel = exampleKernel(target.value);
      this.update();
      this.#changed();
    });
    listen('slide-play', 'click', () => this.#play());
    for (const [id, step] of [['slide-back', -1], ['slide-next', 1]]) {
      listen(id, 'click', () => {
        this.pause();
        this.#go(this.#place + step);
        announce(element('slide-arithmetic').textContent);
      });
    }
    listen('slide-place', 'input', ({ target }) => {
      this.pause();
      this.#go(Number(target.value));
    });
    this.#showControls();
  }
}
