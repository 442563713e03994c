// The radial profile: how strong waves are, by how fast they are.

import { getJSON, postJSON } from './api.js';
import { whenLookChanges } from './canvas.js';
import { drawChart, legend } from './chart.js';

const canvas = document.getElementById('profile');
let shown = null;

function draw() {
  if (!shown) return;
  const pairs = (values) => shown.frequencies.map((f, i) => [f, values[i]]);
  const series = [{ points: pairs(shown.before), color: 'first', name: 'picture' }];
  if (shown.after) series.push({ points: pairs(shown.after), color: 'second', name: 'result' });
  // What a filter takes away altogether would stretch the axis without end.
  const largest = Math.max(...shown.before);
  drawChart(canvas, {
    series, lines: shown.cutoffs.map((x) => ({ x, color: 'quiet' })), x: { label: 'cycles per pixel', low: 0 },
    y: { label: 'magnitude', isLog: true, high: largest, low: Math.max(largest * 1e-6, Math.min(...shown.before) / 30) },
  });
}

/** Shows the profile of a picture, and of what a filter makes of it. */
export async function showProfile(picture, state) {
  const cutoffs = state.steps.filter((step) => !['notch', 'directional', 'laplacian'].includes(step.kind))
    .flatMap((step) => step.kind.startsWith('band') ? step.values : step.values.slice(0, 1));
  if (state.isIdentity) {
    const { frequencies, magnitudes } = await getJSON(`/api/pictures/${picture.id}/profile`);
    shown = { frequencies, before: magnitudes, cutoffs };
  } else {
    shown = { ...await postJSON('/api/filter/profile', state.request(picture.id, {})), cutoffs };
  }
  canvas.setAttribute('aria-label', `Mean magnitude from ${shown.frequencies.length} rings of frequencies, picture and result`);
  legend(document.getElementById('profile-legend'), [['picture', 'first'], ...(shown.after ? [['result', 'second']] : [])]);
  draw();
}

whenLookChanges(canvas, draw);
