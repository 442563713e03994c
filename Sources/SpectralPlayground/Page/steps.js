// The filters of `spectral filter`: what numbers each takes, how it is written, and which of its numbers lie on the
// frequency plane as something to drag.

const cutoff = (name, initial) => ({ name, initial, min: 0.002, max: 0.5, step: 0.001, unit: 'cycles/px' });
const coordinate = (name, initial) => ({ name, initial, min: -0.5, max: 0.5, step: 0.001, unit: 'cycles/px' });
const gain = (name, initial, max) => ({ name, initial, min: 0, max, step: 0.05, unit: '×' });

export const shapes = ['ideal', 'gaussian', 'butterworth'];

export const kinds = {
  lowpass: { name: 'Low-pass', fields: [cutoff('Cut-off', 0.08)] },
  highpass: { name: 'High-pass', fields: [cutoff('Cut-off', 0.08)] },
  bandpass: { name: 'Band-pass', fields: [cutoff('From', 0.05), cutoff('To', 0.2)] },
  bandstop: { name: 'Band-stop', fields: [cutoff('From', 0.1), cutoff('To', 0.2)] },
  notch: { name: 'Notch', fields: [coordinate('fx', 0.25), coordinate('fy', 0.1), cutoff('Radius', 0.03)] },
  directional: {
    name: 'Directional', modes: { keep: 'keep the direction', remove: 'remove the direction' }, fields: [
      { name: 'Angle', initial: 30, min: -90, max: 90, step: 1, unit: '°' },
      { name: 'Half width', initial: 15, min: 0.1, max: 90, step: 0.1, unit: '°' },
      { ...cutoff('Slower pass', 0.02), mode: 'remove' }],
  },
  unsharp: { name: 'Unsharp mask', fields: [cutoff('Cut-off', 0.1), gain('Amount', 0.8, 5)] },
  'high-boost': { name: 'High boost', fields: [cutoff('Cut-off', 0.1), gain('Boost', 1.5, 5)] },
  laplacian: { name: 'Laplacian', fields: [] },
  homomorphic: { name: 'Homomorphic', fields: [cutoff('Cut-off', 0.02), gain('Slow waves', 0.5, 3), gain('Fast waves', 2, 5)] },
};

/** A step with its usual numbers. One of a kind with modes is in the first. */
export const newStep = (kind) => ({
  kind, shape: 'gaussian', order: 2, values: kinds[kind].fields.map((field) => field.initial),
  ...(kinds[kind].modes ? { mode: Object.keys(kinds[kind].modes)[0] } : {}),
});

/** Whether a number counts in the mode that a step is in. */
export const isUsed = (field, step) => !field.mode || field.mode === step.mode;

/** The step as the process and the command read it: `gaussian:0.08`, `butterworth:0.05,0.2,2`, `keep:ideal:30,15`. */
export function words(step) {
  const { kind, shape, order, values, mode } = step;
  if (kind === 'laplacian') return { kind, arguments: '' };
  const numbers = values.filter((_, i) => isUsed(kinds[kind].fields[i], step));
  if (shape === 'butterworth') numbers.push(order);
  return { kind, arguments: `${mode ? `${mode}:` : ''}${shape}:${numbers.join(',')}` };
}

/** A step from a link, with numbers that the page could have made; null if it is none. */
export function checkedStep(value) {
  if (!value || !Object.hasOwn(kinds, value.kind)) return null;
  const step = newStep(value.kind);
  if (shapes.includes(value.shape)) step.shape = value.shape;
  if (step.mode && Object.hasOwn(kinds[step.kind].modes, value.mode)) step.mode = value.mode;
  if (Number.isInteger(value.order) && value.order >= 1 && value.order <= 20) step.order = value.order;
  for (const [i, field] of kinds[step.kind].fields.entries()) {
    const number = Number(value.values?.[i]);
    if (Number.isFinite(number)) step.values[i] = Math.min(field.max, Math.max(field.min, number));
  }
  return step;
}

const bands = new Set(['bandpass', 'bandstop']);

/** Sets a number of a step within its range, and keeps a band's ends in order. */
export function setValue(step, index, value) {
  const field = kinds[step.kind].fields[index];
  let [low, high] = [field.min, field.max];
  if (bands.has(step.kind)) {
    if (index === 0) high = Math.max(low, step.values[1] - field.step);
    else low = Math.min(high, step.values[0] + field.step);
  }
  const digits = field.step < 0.01 ? 1e4 : 100;
  step.values[index] = Math.round(Math.min(high, Math.max(low, value)) * digits) / digits;
}

/** What of a step can be dragged: how far away it is from a frequency, and where it goes. */
export function handles(step) {
  const { kind, values } = step;
  const polar = (f) => Math.hypot(f.x, f.y);
  // The angle of a wave is counter-clockwise as one sees it, and of an axis: half a turn is all there is.
  const angle = (f) => {
    const degrees = Math.atan2(-f.y, f.x) * 180 / Math.PI;
    return degrees > 90 ? degrees - 180 : degrees <= -90 ? degrees + 180 : degrees;
  };
  const between = (a, b) => {
    const d = Math.abs(a - b) % 180;
    return Math.min(d, 180 - d);
  };
  if (kind === 'laplacian') return [];
  if (kind === 'notch') {
    const nearest = (f) => Math.min(
      Math.hypot(f.x - values[0], f.y - values[1]), Math.hypot(f.x + values[0], f.y + values[1]));
    return [
      {
        // The middle is taken from anywhere well within the circle.
        distance: (f) => Math.max(0, nearest(f) - values[2] / 2),
        move: (f) => {
          const sign = Math.hypot(f.x - values[0], f.y - values[1]) <= Math.hypot(f.x + values[0], f.y + values[1]) ? 1 : -1;
          setValue(step, 0, sign * f.x);
          setValue(step, 1, sign * f.y);
        },
      },
      { distance: (f) => Math.abs(nearest(f) - values[2]), move: (f) => setValue(step, 2, nearest(f)) },
    ];
  }
  if (kind === 'directional') {
    const toLine = (f, degrees) => polar(f) * Math.sin(Math.min(90, between(angle(f), degrees)) * Math.PI / 180);
    return [
      { distance: (f) => toLine(f, values[0]), move: (f) => setValue(step, 0, angle(f)) },
      {
        distance: (f) => Math.min(toLine(f, values[0] - values[1]), toLine(f, values[0] + values[1])),
        move: (f) => setValue(step, 1, between(angle(f), values[0])),
      },
      ...(step.mode === 'remove'
        ? [{ distance: (f) => Math.abs(polar(f) - values[2]), move: (f) => setValue(step, 2, polar(f)) }] : []),
    ];
  }
  return kinds[kind].fields.flatMap((field, i) => field.unit === 'cycles/px'
    ? [{ distance: (f) => Math.abs(polar(f) - values[i]), move: (f) => setValue(step, i, polar(f)) }] : []);
}

/** The circles and lines of a step: `{circle: [x, y, r]}`, `{ray: degrees, isEdge}`. */
export function marks({ kind, values, mode }) {
  if (kind === 'notch') {
    const [x, y, r] = values;
    return [{ circle: [x, y, r] }, { circle: [-x, -y, r] }];
  }
  if (kind === 'directional') {
    const [a, half, slowest] = values;
    const rays = [{ ray: a }, { ray: a - half, isEdge: true }, { ray: a + half, isEdge: true }];
    return mode === 'remove' ? [...rays, { circle: [0, 0, slowest] }] : rays;
  }
  return kinds[kind].fields.flatMap((field, i) => field.unit === 'cycles/px' ? [{ circle: [0, 0, values[i]] }] : []);
}
