// The filter area: a picture beside its spectrum, and a hand on the spectrum.

import { getPicture, postPicture, query } from './api.js';
import { boundaries, choice, fill, slider } from './choice.js';
import { drew } from './diagnostics.js';
import { FilterState, shownSide } from './filter-state.js';
import { figure, fixed, milliseconds } from './format.js';
import { Latest, settled } from './latest.js';
import { announce, complain } from './messages.js';
import { PictureStack } from './picture-stack.js';
import { FrequencyPlane, outlined } from './plane.js';
import { showProfile } from './profile.js';
import { Readout } from './readout.js';
import { refreshSteps, showSteps } from './step-list.js';
import { handles, kinds, marks, newStep } from './steps.js';
import { beginStroke, drawStroke, extendStroke, line, tools } from './tools.js';

const element = (id) => document.getElementById(id);

export class FilterArea {
  state = new FilterState();
  #picture = null;
  #tool = 'look';
  #view = 'result';
  #stroke = null;
  #held = null;
  #changed;

  /** `changed` hears when the state is another. */
  constructor(changed) {
    this.#changed = changed;
    this.plane = new FrequencyPlane(
      element('plane'), 'Spectrum. Arrow keys move the cursor, the space bar takes and lets go, brackets change the brush.', {
        hover: (f, isHeld, byKey) => this.#hover(f, isHeld, byKey), press: (f, since) => this.#press(f, since),
        drag: (f, since) => this.#drag(f, since), release: () => this.#release(),
        draw: (context, plane) => this.#draw(context, plane), key: (event) => this.#key(event),
      });
    this.stack = new PictureStack(element('result'), 'The filtered picture', (share) => this.#setSplit(share));
    this.readout = new Readout(this.stack);
    this.results = new Latest((question) => this.#ask(question));
    this.responses = new Latest(() => this.#askForResponse());
    this.profileSoon = settled(150, () => { if (this.#picture) showProfile(this.#picture, this.state).catch(complain); });
    this.responseSoon = settled(60, () => this.responses.request());
    this.wholeSoon = settled(150, () => this.results.request({ isWhole: true }));
    this.#wire();
    this.#showSteps();
  }

  // MARK: What is asked of the process

  async setPicture(picture) {
    this.#picture = picture;
    this.readout.picture = picture;
    const at = `/api/pictures/${picture.id}`;
    const [before] = await Promise.all([getPicture(`${at}/pixels${query({ side: shownSide })}`), this.#showSpectrum()]);
    if (this.#picture !== picture) return;
    this.before = before;
    this.stack.show('before', before);
    this.stack.label = `The picture ${picture.name}, filtered`;
    this.update();
    this.profileSoon();
  }

  async #showSpectrum() {
    const picture = this.#picture;
    const kind = element('spectrum-kind').value;
    const spectrum = await getPicture(`/api/pictures/${picture.id}/spectrum${query({ kind, side: shownSide })}`);
    if (this.#picture === picture) this.plane.show('spectrum', spectrum);
  }

  /** Asks for the picture that belongs to the state; `since` is the time of the event that changed it. */
  update(since) {
    if (!this.#picture) return;
    this.plane.draw();
    // While a hand moves, as many pixels as are seen; when it rests, all of them.
    this.results.request({ since, isWhole: since === undefined });
    if (since !== undefined) this.wholeSoon();
    if (this.state.steps.length > 0) this.responseSoon();
    else this.plane.show('response', null);
  }

  async #ask({ since, isWhole }) {
    const picture = this.#picture;
    const side = isWhole ? shownSide : this.stack.seenSide;
    const isDifference = this.#view === 'difference';
    // Nothing to filter is the picture itself, without a difference that would be worth looking at.
    const answer = this.state.isIdentity && !isDifference
      ? { ...this.before, info: {} }
      : await postPicture('/api/filter', this.state.request(picture.id, { view: isDifference ? 'difference' : 'result', side, hasty: !isWhole }));
    if (this.#picture !== picture) return;
    this.stack.show('after', answer);
    drew(since, { computed: answer.info.milliseconds, bytes: answer.pixels.length });
    // Laying out a line of text anew at every move would cost more than reading it is worth.
    if (isWhole) this.#note(answer.info);
  }

  async #askForResponse() {
    if (this.state.steps.length === 0) return;
    const response = await postPicture('/api/filter/response', this.state.request(this.#picture.id, { side: 256, withMask: false }));
    this.plane.show('response', this.state.steps.length === 0 ? null : response);
  }

  #note({ milliseconds: time, isSigned, low, high, clipped }) {
    const parts = [];
    if (time !== undefined) parts.push(`computed in ${milliseconds(time)}`);
    if (this.#view === 'difference') parts.push(`result less picture, from ${figure(low)} to ${figure(high)}, grey for none`);
    else if (isSigned) parts.push(`differences from ${figure(low)} to ${figure(high)}, grey for none`);
    else if (clipped > 0) parts.push(`${clipped} values beyond black or white are clipped`);
    element('result-note').textContent = parts.join('; ');
  }

  // MARK: The hand on the plane

  get #brush() {
    return {
      size: element('brush-size').value / 1000, soft: element('brush-soft').checked, level: element('brush-level').value / 100,
    };
  }

  #press(f, since) {
    this.readout.show(null, {});
    if (this.#tool === 'look') {
      const near = 24 / this.plane.element.clientWidth;
      const all = this.state.steps.flatMap(handles).map((handle) => ({ handle, distance: handle.distance(f) }));
      const nearest = all.sort((a, b) => a.distance - b.distance)[0];
      if (!nearest || nearest.distance > near) return false;
      this.#held = nearest.handle;
      this.#drag(f, since);
      return true;
    }
    this.#stroke = beginStroke(this.#tool, f, this.#brush);
    this.state.strokes.push(this.#stroke);
    this.state.mask.begin();
    this.#paint(0, since);
    return true;
  }

  #drag(f, since) {
    if (this.#held) {
      this.#held.move(f);
      refreshSteps(element('steps'), this.state.steps);
    } else if (this.#stroke) {
      const before = this.#stroke.points.length / 2;
      const goesOn = extendStroke(this.#stroke, f);
      this.#paint(goesOn ? before - 1 : 0, since, goesOn);
      return;
    }
    if (since !== undefined) this.update(since);
  }

  #paint(first, since, goesOn = false) {
    if (goesOn) this.state.mask.draw(this.#stroke, first);
    else this.state.mask.redraw(this.#stroke);
    // Of several points that came with one event, the last one shows them all.
    if (since === undefined) return;
    this.plane.showMask(this.state.mask);
    this.update(since);
  }

  #release() {
    this.#held = null;
    this.#stroke = null;
    this.plane.draw();
    this.#commit();
  }

  #hover(f, isHeld, byKey = false) {
    this.plane.draw();
    if (isHeld) {
      if (byKey) announce(`fx ${fixed(f.x, 3)}, fy ${fixed(f.y, 3)}`);
      return;
    }
    const near = 24 / this.plane.element.clientWidth;
    const isNear = f !== null && this.state.steps.flatMap(handles).some((handle) => handle.distance(f) <= near);
    this.plane.element.classList.toggle('grabs', isNear);
    // Where there is something to take hold of, one wants to see the result and no wave over it.
    this.readout.show(f, { overPicture: this.#tool === 'look' && !isNear, aloud: byKey });
  }

  #draw(context, plane) {
    const { width, at } = plane;
    const [x0, y0] = at({ x: 0, y: 0 });
    for (const step of this.state.steps) {
      for (const mark of marks(step)) {
        outlined(context, () => {
          if (mark.circle) {
            const [x, y, r] = mark.circle;
            context.beginPath();
            context.arc(...at({ x, y }), r * width, 0, 2 * Math.PI);
            context.stroke();
          } else {
            const angle = mark.ray * Math.PI / 180;
            const [dx, dy] = [width * Math.cos(angle), -width * Math.sin(angle)];
            context.setLineDash(mark.isEdge ? [6, 4] : []);
            line(context, [x0 - dx, y0 - dy], [x0 + dx, y0 + dy]);
            context.setLineDash([]);
          }
        }, 1.5, '#ffd28a');
      }
    }
    drawStroke(context, plane, this.#stroke, this.plane.cursor, { tool: this.#tool, ...this.#brush });
  }

  #key(event) {
    if (event.key === '[' || event.key === ']') {
      this.setBrushSize(Number(element('brush-size').value) + (event.key === ']' ? 6 : -6));
      this.plane.draw();
      announce(`Brush ${figure(this.#brush.size)} cycles per pixel`);
    }
  }

  // MARK: Changes

  #commit() {
    this.state.commit();
    this.#showButtons();
    this.profileSoon();
    this.#changed();
  }

  /** Shows the state anew, after it was undone, redone or restored. */
  showAll() {
    this.#showSteps();
    if (this.state.strokes.length > 0) this.plane.showMask(this.state.mask);
    else this.plane.hideMask();
    const { boundary, luminance, linearLight } = this.state.options;
    element('boundary').value = boundary;
    element('luminance').checked = luminance;
    element('linear-light').checked = linearLight;
    this.#showButtons();
    this.update();
    this.profileSoon();
  }

  #showButtons() {
    element('undo').disabled = !this.state.canUndo;
    element('redo').disabled = !this.state.canRedo;
  }

  #showSteps() {
    showSteps(element('steps'), this.state.steps, {
      changed: (since) => this.update(since),
      committed: () => { this.update(); this.#commit(); },
      remove: (index) => {
        this.state.steps.splice(index, 1);
        this.#showSteps();
        this.update();
        this.#commit();
      },
    });
  }

  #fillMask(level) {
    this.state.strokes = level === 1 ? [] : [{ tool: 'fill', size: 1, soft: false, level, points: [] }];
    this.state.mask.replay(this.state.strokes);
    this.#commit();
    this.showAll();
  }

  #travel(move) {
    this.state[move]();
    this.showAll();
    this.#changed();
    announce(move === 'undo' ? 'Undone' : 'Redone');
  }

  #setSplit(share) {
    element('split').value = 100 * share;
    this.stack.share = share;
  }

  // MARK: Controls

  #wire() {
    choice(element('tools'), tools, (tool) => {
      this.#tool = tool;
      element('tool-help').textContent = tools[tool].help;
      this.plane.element.dataset.tool = tool;
      this.plane.draw();
    })('look');
    const cycles = (v) => `${fixed(v / 1000, 3)}`;
    this.setBrushSize = slider(element('brush-size'), cycles);
    slider(element('brush-level'), (v) => `${v} %`);
    fill(element('step-kind'), Object.fromEntries(Object.entries(kinds).map(([kind, { name }]) => [kind, name])));
    fill(element('boundary'), boundaries, 'reflect');
    const listen = (id, event, action) => element(id).addEventListener(event, action);
    listen('add-step', 'click', () => {
      this.state.steps.push(newStep(element('step-kind').value));
      this.#showSteps();
      this.update();
      this.#commit();
    });
    for (const [id, name] of [['boundary', 'boundary'], ['luminance', 'luminance'], ['linear-light', 'linearLight']]) {
      listen(id, 'change', ({ target }) => {
        this.state.options[name] = target.type === 'checkbox' ? target.checked : target.value;
        this.update();
        this.#commit();
      });
    }
    listen('undo', 'click', () => this.#travel('undo'));
    listen('redo', 'click', () => this.#travel('redo'));
    listen('keep-all', 'click', () => this.#fillMask(1));
    listen('keep-none', 'click', () => this.#fillMask(0));
    listen('spectrum-kind', 'change', () => this.#showSpectrum().catch(complain));
    listen('result-mode', 'change', ({ target }) => {
      this.#view = target.value;
      this.stack.mode = target.value;
      element('split-row').hidden = target.value !== 'split';
      element('result-title').textContent = { before: 'Picture', difference: 'Difference' }[target.value] ?? 'Result';
      this.update();
    });
    listen('split', 'input', ({ target }) => { this.stack.share = target.value / 100; });
    element('area-filter').addEventListener('keydown', (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.target.matches('input[type=number], input[type=text]')) return;
      const isRedo = event.key === 'y' || (event.key.toLowerCase() === 'z' && event.shiftKey);
      if (!isRedo && event.key !== 'z') return;
      event.preventDefault();
      this.#travel(isRedo ? 'redo' : 'undo');
    });
  }
}
