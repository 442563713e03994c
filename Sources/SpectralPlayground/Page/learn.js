// The learn area: LeNet-5 as it learns, and what it says to a digit that the visitor draws.

import { getJSON, mixed, postJSON, waitForJSON } from './api.js';
import { fill, slider } from './choice.js';
import { figure, percent } from './format.js';
import { Latest, settled } from './latest.js';
import { showCurves } from './learning-curves.js';
import { learnPicture } from './learn-picture.js';
import { showAnswer, showFilters, showMaps, showNoAnswer } from './network.js';
import { complain } from './messages.js';
import { digits, Pad } from './pad.js';

const element = (id) => document.getElementById(id);
const dataNames = { 'centred-digits': 'drawn digits', mnist: 'MNIST' };

/** A training from a link; null unless it is one that the page could have made. The process looks at the numbers. */
function checkedRun(saved) {
  if (!saved || typeof saved !== 'object' || !Array.isArray(saved.methods)) return null;
  const { data, learningRate, batchSize, seed, epochs, methods, pauseAt } = saved;
  const numbers = { learningRate, batchSize, seed, epochs, pauseAt };
  if (!Object.values(numbers).every(Number.isFinite) || typeof data !== 'string') return null;
  return { data, ...numbers, methods: methods.slice(0, 1000).map((m) => ({ step: Number(m?.step), method: String(m?.method) })) };
}

export class LearnArea {
  #points = [];
  #tests = [];
  #count = 0;
  #status = 'idle';
  #isShown = false;
  #listening = null;
  #changed;
  #shift = {};
  /** What is known of the training, as it is repeated; null before there is one. */
  #run = null;
  /** The training of a link. */
  #linked = null;

  constructor(changed) {
    this.#changed = changed;
    this.pad = new Pad(element('pad'), () => { this.recogniseSoon(); this.#changed(); });
    this.answers = new Latest(() => this.#askForAnswer());
    this.filters = new Latest(() => this.#askForFilters());
    this.recogniseSoon = settled(30, () => { if (this.#isShown) this.answers.request(); });
    this.#wire();
  }

  /** Names of data sets, for the choice. */
  set dataSets(names) {
    fill(element('train-data'), Object.fromEntries(names.map((name) => [name, dataNames[name] ?? name])), names.at(-1));
  }

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
    // How it stands at once; then only what is new.
    let wait = 0;
    while (!listening.signal.aborted) {
      try {
        this.#take(await waitForJSON(`/api/training?since=${this.#count}&wait=${wait}`, listening.signal));
        wait = 1000;
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
    this.#showStatus(news);
    showCurves(this.#points, this.#tests);
    if (!isNew) return;
    if (this.#isTrained) this.filters.request();
    this.answers.request();
  }

  /** Whether there is a network to ask. */
  get #isTrained() { return this.#count > 0 || this.#tests.length > 0; }

  #showStatus(news) {
    const { state, error, method, epoch, epochs, step, imagesPerSecond } = news;
    this.#status = state;
    const { data, learningRate, batchSize, seed, methods } = news;
    this.#run = step > 0 ? { data, learningRate, batchSize, seed, epochs, methods, pauseAt: step } : null;
    element('train-repeat').hidden = state !== 'idle' || !this.#linked;
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
    if (!isSet) return;
    // The training is the process's: another page may have begun it with other settings.
    const shown = { 'train-data': data, 'train-rate': learningRate, 'train-batch': batchSize, 'train-method': method };
    for (const [id, value] of Object.entries(shown)) {
      const select = element(id);
      if (select === document.activeElement) continue;
      if (![...select.options].some((option) => option.value === String(value))) select.add(new Option(value, value));
      select.value = value;
    }
  }

  async #act(words) {
    try {
      const news = await postJSON('/api/training', words);
      if (words.action === 'reset' || words.action === 'start') {
        [this.#points, this.#tests, this.#count] = [[], [], 0];
      }
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
      // Somebody reset the training meanwhile, or it has diverged.
      if (error.status !== 409) throw error;
      showNoAnswer(error.message);
    }
  }

  /** Why there is nothing to repeat the training by, in a sentence; empty if there is. */
  get whyNoRecord() {
    if (!this.#run) return 'Nothing has been trained yet.';
    return this.#status === 'running' ? 'The training goes on: pause it, and the network and its commands are those of that step.' : '';
  }

  /** Asks how far the training is: while the area is not seen, nobody tells. */
  async refresh() {
    this.#showStatus(await getJSON('/api/training?since=1000000000&wait=0'));
  }

  /** The area as a picture: of the training as it is in the process, whether or not the area is seen. */
  async picture() {
    const state = await getJSON('/api/training?since=0&wait=0');
    const isTrained = state.tests.length > 0;
    // A training that has diverged has curves, but nothing else to show.
    const unlessDiverged = (error) => {
      if (error.status !== 409) throw error;
      return null;
    };
    const filters = isTrained ? await getJSON('/api/training/filters').catch(unlessDiverged) : null;
    const answer = filters && !this.pad.isEmpty ? await this.#ask().catch(unlessDiverged) : null;
    return learnPicture({ state, filters, answer, shift: this.#shifts });
  }

  // MARK: The digit

  get #shifts() { return [Number(element('shift-x').value), Number(element('shift-y').value)]; }

  #ask() {
    return postJSON(
      '/api/training/recognise', mixed({ height: 28, width: 28, shift: this.#shifts }, this.pad.values));
  }

  async #askForAnswer() {
    if (this.pad.isEmpty || !this.#isTrained) {
      showNoAnswer(this.pad.isEmpty ? 'Draw a digit, and both networks answer.' : 'Train them first, and both networks answer.');
      return;
    }
    const shift = this.#shifts;
    let answer;
    try {
      answer = await this.#ask();
    } catch (error) {
      if (error.status !== 409) throw error;
      showNoAnswer(error.message);
      return;
    }
    showAnswer(answer, shift);
    showMaps(answer);
  }

  get saved() {
    return {
      strokes: this.pad.strokes, shift: this.#shifts, method: element('train-method').value,
      rate: element('train-rate').value, batch: element('train-batch').value, training: this.#run ?? this.#linked,
    };
  }

  restore(saved) {
    for (const [name, id] of [['method', 'train-method'], ['rate', 'train-rate'], ['batch', 'train-batch']]) {
      const select = element(id);
      if ([...select.options].some((option) => option.value === saved[name])) select.value = saved[name];
    }
    this.#linked = checkedRun(saved.training);
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
    listen('train-repeat', 'click', async () => {
      await this.#act({ action: 'start', ...this.#linked });
      // The button has hidden itself.
      element('train').focus();
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
