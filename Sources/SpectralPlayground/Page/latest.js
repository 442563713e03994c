// Live questions: one is under way, the newest of the others waits, the rest are dropped.

import { begun, diagnostics } from './diagnostics.js';
import { complain } from './messages.js';

export class Latest {
  #ask;
  #isUnderWay = false;
  #waiting = null;

  /** `ask` sends a question and does what is to be done with its answer. */
  constructor(ask) {
    this.#ask = ask;
  }

  get isBusy() { return this.#isUnderWay; }

  /** Whether a newer question waits, so that an answer is worth less. */
  get isStale() { return this.#waiting !== null; }

  async request(question) {
    if (this.#isUnderWay) {
      if (this.#waiting) diagnostics.dropped += 1;
      this.#waiting = { question };
      return;
    }
    this.#isUnderWay = true;
    try {
      await this.#ask(question);
    } catch (error) {
      complain(error);
    } finally {
      this.#isUnderWay = false;
      const waiting = this.#waiting;
      this.#waiting = null;
      if (waiting) this.request(waiting.question);
    }
  }

  /** Forgets the question that waits. */
  forget() {
    this.#waiting = null;
  }
}

/**
 * Calls `action` once nothing has asked for it for so many milliseconds. Until then the page counts as busy, unless it is
 * `quiet` work that nobody sees.
 */
export function settled(milliseconds, action, { quiet = false } = {}) {
  let timer = null;
  let ended = () => {};
  return () => {
    if (timer === null && !quiet) ended = begun();
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      action();
      ended();
    }, milliseconds);
  };
}
