// Loss and accuracy as they come in; the curve's colour says by which method a step was made.

import { whenLookChanges } from './canvas.js';
import { drawChart, legend } from './chart.js';
import { figure, percent } from './format.js';

const [lossChart, accuracyChart] = ['loss', 'accuracy'].map((id) => document.getElementById(id));
const colors = { fft: 'first', direct: 'second', automatic: 'third' };
let shown = { points: [], tests: [] };

/** Cuts steps where the method changes; each part begins where the one before ends, so that the curve goes on. */
function parts(points, name) {
  const found = [];
  for (const [i, point] of points.entries()) {
    if (i === 0 || point.method !== points[i - 1].method) {
      found.push({ color: colors[point.method] ?? 'quiet', points: i > 0 ? [[points[i - 1].step, points[i - 1][name]]] : [] });
    }
    found.at(-1).points.push([point.step, point[name]]);
  }
  return found;
}

/** The two charts of a training, as `drawChart` takes them. */
export function learningCharts(points, tests) {
  const x = { label: 'step', low: 0, high: Math.max(10, points.at(-1)?.step ?? 0, tests.at(-1)?.step ?? 0) };
  return {
    loss: { series: parts(points, 'loss'), x, y: { label: '', low: 0 } },
    accuracy: {
      series: [
        ...parts(points, 'accuracy').map((part) => ({ ...part, isThin: true })),
        { points: tests.map((t) => [t.step, t.lenet]), color: 'text', hasDots: true },
        { points: tests.map((t) => [t.step, t.dense]), color: 'strong', hasDots: true, isDotted: true }],
      x, y: { label: '', low: 0, high: 1 },
    },
  };
}

function draw() {
  const { loss, accuracy } = learningCharts(shown.points, shown.tests);
  drawChart(lossChart, loss);
  drawChart(accuracyChart, accuracy);
}

export function showCurves(points, tests) {
  shown = { points, tests };
  const [last, test] = [points.at(-1), tests.at(-1)];
  lossChart.setAttribute('aria-label', last ? `Loss, now ${figure(last.loss)} at step ${last.step}` : 'Loss: no steps yet');
  accuracyChart.setAttribute(
    'aria-label', test ? `Accuracy on test images: LeNet ${percent(test.lenet)}, dense classifier ${percent(test.dense)}`
      : 'Accuracy: not tested yet');
  draw();
}

/** What the curves are, with their colours. */
export const curveNames = [
  ['steps by FFT', 'first'], ['steps directly', 'second'], ['automatic', 'third'], ['LeNet on test images', 'text'],
  ['dense classifier on test images', 'strong'],
];

legend(document.getElementById('learn-legend'), curveNames);
for (const chart of [lossChart, accuracyChart]) whenLookChanges(chart, draw);
