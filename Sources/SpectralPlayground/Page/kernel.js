// The kernel area: a kernel and its response, each of which can be changed and is answered by the other.

import { postJSON, postPicture } from './api.js';
import { blitLevels, signed } from './canvas.js';
import { choice, fill, slider } from './choice.js';
import { Comparison } from './comparison.js';
import { drew } from './diagnostics.js';
import { shownSide } from './filter-state.js';
import { figure, milliseconds } from './format.js';
import { KernelState, largestGrid, windows } from './kernel-state.js';
import { Latest } from './latest.js';
import { complain } from './messages.js';
import { showNumbers } from './numbers.js';
import { PictureStack } from './picture-stack.js';
import { FrequencyPlane } from './plane.js';
import { beginStroke, drawStroke, extendStroke, tools } from './tools.js';

const element = (id) => document.getElementById(id);
const responseSide = 256;

export class KernelArea {
  state = new KernelState();
  #picture = null;
  #taps = [];
  #examples = {};
  #tool = 'look';
  #stroke = null;
  #isShown = false;
  #changed;

  constructor(changed) {
    this.#changed = changed;
    this.plane = new FrequencyPlane(
      element('response-plane'), 'Response of the kernel. Arrow keys move, the space bar takes and lets go.', {
        hover: () => this.plane.draw(), press: (f, since) => this.#press(f, since), drag: (f, since) => this.#drag(f, since),
        release: () => this.#release(),
        draw: (context, plane) => drawStroke(
          context, plane, this.#stroke, this.plane.cursor, { tool: this.#tool, size: this.#brush.size }),
      });
    this.stack = new PictureStack(element('kernel-result'), 'The picture through the kernel');
    this.kernels = new Latest((question) => this.#askForKernel(question));
    this.pictures = new Latest((question) => this.#askForPicture(question));
    this.comparison = new Comparison(() => ({ picture: this.#picture, kernel: this.state.kernel }));
    this.#wire();
  }

  /** The area is seen: only then is anything asked. */
  show() {
    this.#isShown = true;
    this.update();
  }

  setPicture(picture) {
    this.#picture = picture;
    if (this.#isShown) this.pictures.request({});
  }

  /** Asks for all that belongs to the state. */
  update(since) {
    if (this.#isShown && this.#picture) this.kernels.request({ since });
  }

  #question(kernel) {
    return { picture: this.#picture.id, kernel, boundary: 'reflect', method: this.state.method };
  }

  /** What the process is asked for the picture through the kernel, which is made anew of a response that is drawn. */
  async question() {
    const { state } = this;
    return this.#question(state.isDrawn ? (await postJSON('/api/kernel/design', state.design)).taps : state.kernel);
  }

  async #askForKernel({ since }) {
    const { state } = this;
    const facts = state.isDrawn
      ? await postJSON('/api/kernel/design', state.design) : await postJSON('/api/kernel', { kernel: state.kernel });
    if (state.isDrawn) {
      state.kernel = facts.taps;
      state.preset = 'own';
    }
    if (facts.presets) this.#takePresets(facts.presets);
    this.#showKernel(facts);
    await this.#showResponse();
    this.pictures.request({ since });
  }

  async #askForPicture({ since }) {
    const answer = await postPicture('/api/kernel/apply', { ...this.#question(this.state.kernel), side: shownSide });
    this.stack.show('after', answer);
    drew(since, { computed: answer.info.milliseconds, bytes: answer.pixels.length });
    const { isSigned, low, high, milliseconds: time } = answer.info;
    element('kernel-result-note').textContent = `computed in ${milliseconds(time)}`
      + (isSigned ? `; from ${figure(low)} to ${figure(high)}, grey for 0` : '');
  }

  // MARK: What is seen

  #takePresets(presets) {
    const select = element('kernel-preset');
    if (select.options.length === 0) {
      this.#examples = Object.fromEntries(presets.map(({ name, example }) => [name, example]));
      fill(select, { ...Object.fromEntries(presets.map(({ name }) => [name, name])), own: 'numbers of your own' });
    }
  }

  #showKernel({ taps, height, width, sum, isSeparable, deviation }) {
    this.#taps = taps;
    const { state } = this;
    element('kernel-facts').textContent =
      `${height} x ${width}, sum ${figure(sum, 4)}${isSeparable ? ', separable' : ''}`;
    element('kernel-preset').value = Object.hasOwn(this.#examples, state.preset) ? state.preset : 'own';
    const name = element('kernel-name');
    if (name !== document.activeElement) name.value = typeof state.kernel === 'string' ? state.kernel : '';
    this.setSize(state.preset === 'own' || state.isSized ? state.size : Math.max(height, width));
    element('kernel-size').disabled = !state.isSized;
    element('kernel-angle-row').hidden = !state.isTurned;
    this.setAngle(state.angle);

    const isGrid = Math.max(height, width) <= largestGrid;
    element('kernel-grid').hidden = !isGrid;
    const picture = element('kernel-picture');
    picture.hidden = isGrid;
    const largest = Math.max(...taps.map((row) => Math.max(...row.map(Math.abs)))) || 1;
    if (isGrid) {
      showNumbers(element('kernel-grid'), taps, {
        look: (r, c) => ({
          isEditable: true, label: `Kernel, row ${r + 1}, column ${c + 1}`,
          className: Math.abs(taps[r][c]) < largest / 50 ? '' : taps[r][c] < 0 ? 'negative' : 'positive',
        }),
        edited: (r, c, value, since) => {
          state.edit(this.#taps, r, c, value);
          this.#commit(since);
        },
        digits: 3,
      });
    } else {
      blitLevels(picture, taps.map((row) => row.map((v) => v / largest)), signed);
      picture.setAttribute('aria-label', `Taps of a kernel of ${height} by ${width}, orange above 0 and blue below`);
    }
    element('kernel-note').textContent = isGrid
      ? 'Type over any number.' : `Orange above 0, blue below; up to ${largestGrid} x ${largestGrid} as numbers.`;
    element('design-note').textContent = deviation === undefined
      ? 'Draw the response you want, and the kernel of the chosen size follows.'
      : `Off what is drawn by at most ${figure(deviation.largest, 2)}, ${figure(deviation.rms, 2)} RMS.`;
  }

  async #showResponse() {
    const kind = element('response-kind').value;
    const { state } = this;
    if (state.isDrawn && kind === 'wanted') return;
    const picture = await postPicture('/api/kernel/response', { kernel: state.kernel, side: responseSide, kind: kind === 'phase' ? 'phase' : 'magnitude' });
    this.plane.show('spectrum', picture);
    this.plane.hideMask();
  }

  /** Shows what is drawn, white for 1 and black for 0. */
  #showWanted() {
    const { size, values } = this.state.mask;
    const pixels = new Uint8ClampedArray(4 * size * size);
    for (let i = 0; i < values.length; i += 1) pixels.set([values[i], values[i], values[i], 255], 4 * i);
    this.plane.show('spectrum', { height: size, width: size, pixels });
  }

  // MARK: Drawing a response

  get #brush() {
    return { size: element('response-brush').value / 500, soft: true, level: Number(element('response-level').value) };
  }

  /** A response that is drawn begins with the one that the kernel has. */
  async #prepare() {
    const { state } = this;
    if (state.isDrawn) return;
    const size = state.mask.size;
    const { pixels } = await postPicture('/api/kernel/response', { kernel: state.kernel, side: size, kind: 'level' });
    if (state.isDrawn) return;
    state.mask.base = state.mask.base.map((_, i) => pixels[4 * i]);
    state.mask.replay([]);
  }

  #press(f, since) {
    if (this.#tool === 'look') return false;
    const { state } = this;
    state.mask.replay(state.strokes);
    state.beginDrawing();
    this.#stroke = beginStroke(this.#tool, f, this.#brush);
    state.strokes.push(this.#stroke);
    state.mask.begin();
    element('response-kind').value = 'wanted';
    this.#paint(0, since, false);
    return true;
  }

  #drag(f, since) {
    if (!this.#stroke) return;
    const before = this.#stroke.points.length / 2;
    const goesOn = extendStroke(this.#stroke, f);
    this.#paint(goesOn ? before - 1 : 0, since, goesOn);
  }

  #paint(first, since, goesOn) {
    if (goesOn) this.state.mask.draw(this.#stroke, first);
    else this.state.mask.redraw(this.#stroke);
    if (since === undefined) return;
    this.#showWanted();
    this.plane.draw();
    this.update(since);
  }

  #release() {
    this.#stroke = null;
    this.plane.draw();
    this.#changed();
  }

  // MARK: Controls

  #commit(since) {
    if (element('response-kind').value === 'wanted') element('response-kind').value = 'magnitude';
    this.update(since);
    this.#prepareSoon();
    this.#changed();
  }

  #prepareSoon() {
    if (this.#tool !== 'look') this.#prepare().catch(complain);
  }

  /** Draws the response of a link again, and shows all. */
  async restored() {
    const { state } = this;
    if (state.start !== 'kernel') state.mask.base.fill(255 * state.start);
    else if (state.strokes.length > 0) {
      const { pixels } = await postPicture('/api/kernel/response', { kernel: state.kernel ?? 'box:1', side: state.mask.size, kind: 'level' });
      state.mask.base = state.mask.base.map((_, i) => pixels[4 * i]);
    }
    state.mask.replay(state.strokes);
    element('design-window').value = state.window;
    element('apply-method').value = state.method;
    if (state.isDrawn) {
      element('response-kind').value = 'wanted';
      this.#showWanted();
    }
    this.update();
  }

  #wire() {
    const { state } = this;
    const names = ['look', 'brush', 'ring', 'wedge', 'rectangle'];
    const offered = Object.fromEntries(names.map((name) => [name, { name: name === 'look' ? 'Look' : tools[name].name }]));
    choice(element('response-tools'), offered, (tool) => {
      this.#tool = tool;
      this.plane.element.dataset.tool = tool;
      this.#prepareSoon();
    })('look');
    fill(element('design-window'), windows, state.window);
    const listen = (id, event, action) => element(id).addEventListener(event, action);
    this.setSize = slider(element('kernel-size'), (v) => `${v} x ${v}`, (value, since) => {
      state.resize(value, state.angle);
      this.#commit(since);
    });
    this.setAngle = slider(element('kernel-angle'), (v) => `${v}°`, (value, since) => {
      state.resize(state.size, value);
      this.#commit(since);
    });
    listen('kernel-preset', 'change', ({ target }) => {
      if (target.value === 'own') state.edit(this.#taps, 0, 0, this.#taps[0][0]);
      else state.take(target.value, this.#examples[target.value]);
      this.#commit();
    });
    listen('kernel-name', 'change', ({ target }) => {
      if (target.value.trim() === '') return;
      state.name(target.value.trim());
      this.#commit();
    });
    listen('response-kind', 'change', ({ target }) => {
      if (target.value === 'wanted') this.#prepare().then(() => this.#showWanted()).catch(complain);
      else this.#showResponse().catch(complain);
    });
    listen('response-clear', 'click', () => {
      state.clear(0);
      element('response-kind').value = 'wanted';
      element('response-level').value = 1;
      this.#showWanted();
      this.update();
      this.#changed();
    });
    listen('response-undo', 'click', () => {
      state.strokes.pop();
      state.mask.replay(state.strokes);
      if (element('response-kind').value === 'wanted') this.#showWanted();
      if (state.isDrawn) this.update();
      this.#changed();
    });
    listen('design-window', 'change', ({ target }) => {
      state.window = target.value;
      if (state.isDrawn) this.update();
      this.#changed();
    });
    listen('apply-method', 'change', ({ target }) => {
      state.method = target.value;
      this.pictures.request({});
      this.#changed();
    });
  }
}
