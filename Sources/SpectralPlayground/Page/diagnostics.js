// What the page knows about its own speed, for tests and for whoever opens the console: `window.spectral`.

const kept = 500;

/** Milliseconds from an event of the pointer or the keyboard to pixels, the newest last. */
const timings = [];
let underWay = 0;

/** Something was sent; call what is returned when the answer is there. */
export function begun() {
  underWay += 1;
  return () => { underWay -= 1; };
}

/**
 * Pixels have changed because of an event.
 *
 * `drawn` is the time until the pixels are in the canvas, `shown` until the frame that has them begins to be painted,
 * `computed` what the process says it took.
 */
export function drew(since, { computed, bytes } = {}) {
  if (since === undefined) return;
  const timing = { drawn: performance.now() - since, computed, bytes };
  requestAnimationFrame(() => { timing.shown = performance.now() - since; });
  timings.push(timing);
  if (timings.length > kept) timings.shift();
}

function median(values) {
  const sorted = values.filter((v) => v !== undefined).sort((a, b) => a - b);
  return sorted.length ? sorted[Math.floor(sorted.length / 2)] : undefined;
}

export const diagnostics = {
  timings,
  /** Requests that were replaced by newer ones before they were sent. */
  dropped: 0,
  /** Requests without an answer yet, and those that are about to be sent. */
  get underWay() { return underWay; },
  /** Medians of the timings. */
  get medians() {
    return {
      count: timings.length, drawn: median(timings.map((t) => t.drawn)), shown: median(timings.map((t) => t.shown)),
      computed: median(timings.map((t) => t.computed)),
    };
  },
};
window.spectral = diagnostics;
