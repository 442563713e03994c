// The learn area: LeNet-5 as it learns, and what it says to a digit that the visitor draws.

import { getJSON, mixed, postJSON, waitForJSON } from './api.js';
import { fill, slider } from './choice.js';
import { figure, percent } from './format.js';
import { Latest, settled } from './latest.js';
import { showCurves } from './learning-curves.js';
import { showAnswer, showFilters, showMaps, showNoAnswer } from './network.js';
import { complain } from './messages.js';
import { digits, Pad } from './pad.js';

const element = (id) => document.getElementById(id);

export class LearnArea {
  #points = [];
  #tests = [];
  #count = 0;
  #status = 'idle';
  #isShown = false;
  #listening = null;
  #changed;
  #shift = {};

  constructor(changed) {
    this.#changed = changed;
    this.pad = new Pad(element('pad'), () => { this.recogniseSoon(); this.#changed(); });
    this.answers = new Latest(() => this.#askForAnswer());
    this.filters = new Latest(() => this.#askForFilters());
    this.recogniseSoon = settled(30, () => { if (this.#isShown) this.answers.request(); });
    this.#wire();
  }

  /** Names of data sets, for the choice. */
  set dataSets(names) { fill(element('train-data'), names, names.includes('mnist') ? 'mnist' : names[0]); }

  show() {
    this.#isShown = true;
    this.recogniseSoon();
    if (!this.#listening) this.#listen();
  }

  hide() {
    this.#isShown = false;
    this.#listening?.abort();
    this.#listening = null;
  }

  // MARK: The training that goes on in the process

  /** Waits for what is new, again and again, as long as the area is seen. */
  async #listen() {
    const listening = new AbortController();
    this.#listening = listening;
    while (!listening.signal.aborted) {
      try {
        this.#take(await waitForJSON(`/api/training?since=${this.#count}&wait=1000`, listening.signal));
      } catch (error) {
        if (error.name === 'AbortError') return;
        complain(error);
        await new Promise((resolve) => { setTimeout(resolve, 2000); });
      }
    }
  }

  #take(news) {
    // Fewer points than before: somebody reset the training.
    if (news.count < this.#count) [this.#points, this.#tests] = [[], []];
    const isNew = news.points.length > 0 || news.count !== this.#count || (news.tests?.length ?? 0) !== this.#tests.length;
    this.#points = news.count - news.points.length <= 0 ? news.points : [...this.#points, ...news.points];
    this.#tests = news.tests ?? this.#tests;
    this.#count = news.count;
    this.#status = news.state;
    this.#showStatus(news);
    showCurves(this.#points, this.#tests);
    if (!isNew) return;
    if (this.#isTrained) this.filters.request();
    this.answers.request();
  }

  /** Whether there is a network to ask. */
  get #isTrained() { return this.#count > 0 || this.#tests.length > 0; }

  #showStatus({ state, error, method, epoch, epochs, step, imagesPerSecond }) {
    element('train').textContent = { running: 'Pause', paused: 'Go on' }[state] ?? 'Train';
    element('train').classList.toggle('primary', state !== 'running');
    const last = this.#tests.at(-1);
    const parts = {
      idle: ['not started'], loading: ['reading the data'], finished: ['finished'], paused: ['paused'],
      running: [`epoch ${epoch + 1} of ${epochs}`, imagesPerSecond ? `${figure(imagesPerSecond)} images/s` : ''],
    }[state] ?? [];
    if (step > 0) parts.push(`step ${step}`, `by ${method}`);
    if (error) parts.push(error);
    if (last) parts.push(`test accuracy ${percent(last.lenet)}`);
    element('training-state').textContent = parts.filter(Boolean).join(' · ');
    const isSet = ['loading', 'running', 'paused'].includes(state);
    for (const id of ['train-data', 'train-rate', 'train-batch']) element(id).disabled = isSet;
    if (isSet && document.activeElement !== element('train-method')) element('train-method').value = method;
  }

  async #act(words) {
    try {
      const news = await postJSON('/api/training', words);
      if (words.action === 'reset' || words.action === 'start') {
        [this.#points, this.#tests, this.#count] = [[], [], 0];
      }
      this.#status = news.state;
      this.#showStatus(news);
      if (words.action === 'reset') {
        showCurves([], []);
        this.recogniseSoon();
      }
    } catch (error) {
      complain(error);
    }
  }

  async #askForFilters() {
    if (!this.#isTrained) return;
    try {
      showFilters(await getJSON('/api/training/filters'));
    } catch (error) {
      // Somebody reset the training meanwhile.
      if (error.status !== 409) throw error;
    }
  }

  // MARK: The digit

  async #askForAnswer() {
    if (this.pad.isEmpty || !this.#isTrained) {
      showNoAnswer(this.pad.isEmpty ? 'Draw a digit, and both networks answer.' : 'Train them first, and both networks answer.');
      return;
    }
    const shift = [Number(element('shift-x').value), Number(element('shift-y').value)];
    let answer;
    try {
      answer = await postJSON('/api/training/recognise', mixed({ height: 28, width: 28, shift }, this.pad.values));
    } catch (error) {
      // Somebody reset the training meanwhile.
      if (error.status === 409) return;
      throw error;
    }
    showAnswer(answer, shift);
    showMaps(answer);
  }

  get saved() {
    return {
      strokes: this.pad.strokes, shift: [Number(element('shift-x').value), Number(element('shift-y').value)],
      method: element('train-method').value, rate: element('train-rate').value, batch: element('train-batch').value,
    };
  }

  restore(saved) {
    for (const [name, id] of [['method', 'train-method'], ['rate', 'train-rate'], ['batch', 'train-batch']]) {
      const select = element(id);
      if ([...select.options].some((option) => option.value === saved[name])) select.value = saved[name];
    }
    const within = (v) => Math.max(-10, Math.min(10, Math.round(Number(v) || 0)));
    this.#shift.x(within(saved.shift?.[0]));
    this.#shift.y(within(saved.shift?.[1]));
    this.pad.restore(saved.strokes);
  }

  #wire() {
    const listen = (id, event, action) => element(id).addEventListener(event, action);
    listen('train', 'click', () => {
      const value = (id) => element(id).value;
      const words = {
        running: { action: 'pause' }, paused: { action: 'resume' },
      }[this.#status] ?? {
        action: 'start', data: value('train-data'), method: value('train-method'), learningRate: Number(value('train-rate')),
        batchSize: Number(value('train-batch')),
      };
      this.#act(words);
    });
    listen('train-reset', 'click', () => this.#act({ action: 'reset' }));
    listen('train-method', 'change', ({ target }) => {
      if (['loading', 'running', 'paused'].includes(this.#status)) this.#act({ action: 'method', method: target.value });
      this.#changed();
    });
    listen('pad-clear', 'click', () => this.pad.clear());
    fill(element('pad-digit'), { '': 'choose', ...Object.fromEntries(digits.map((d) => [d, d])) }, '');
    listen('pad-digit', 'change', ({ target }) => { if (target.value !== '') this.pad.draw(target.value); });
    for (const axis of ['x', 'y']) {
      this.#shift[axis] = slider(element(`shift-${axis}`), (v) => `${v} px`, () => {
        this.recogniseSoon();
        this.#changed();
      });
    }
  }
}
