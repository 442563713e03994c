// The learn area as a picture: the curves, the first filters with their spectra, and what both networks say to the digit.

import { blitLevels, color, sheet, write } from './canvas.js';
import { drawChartOn } from './chart.js';
import { figure, percent } from './format.js';
import { curveNames, learningCharts } from './learning-curves.js';
import { answerSentence, filterLevels } from './network.js';

const [width, margin, gap] = [1000, 32, 24];
const chart = { width: (width - 2 * margin - gap) / 2, height: 240 };
const side = 72;

function draw(context, { rows, paint }, x, y) {
  const small = document.createElement('canvas');
  blitLevels(small, rows, paint);
  context.drawImage(small, x, y, side, side);
}

/**
 * Draws it.
 *
 * - state: what `/api/training` tells
 * - filters: what `/api/training/filters` tells; null before anything was trained
 * - answer: what `/api/training/recognise` tells; null without a digit
 */
export function learnPicture({ state, filters, answer, shift }) {
  const rows = (filters ? 2 * side + 60 : 0) + (answer ? side : 0);
  const { canvas, context } = sheet(width, 2 * margin + 116 + chart.height + rows);
  const last = state.tests.at(-1);
  write(context, `LeNet-5 learns, step ${state.step}`, margin, margin, { size: 18, weight: 650 });
  write(context, [
    `rate ${state.learningRate}`, `batches of ${state.batchSize}`,
    state.methods.map(({ step, method }) => `${method} from step ${step}`).join(', '),
    last ? `test accuracy ${percent(last.lenet)}, dense classifier ${percent(last.dense)}` : '',
    state.points.length > 0 ? `loss ${figure(state.points.at(-1).loss)}` : '',
  ].filter(Boolean).join(' · '), margin, margin + 26, { ink: 'quiet', width: width - 2 * margin });
  const charts = learningCharts(state.points, state.tests);
  for (const [i, [name, each]] of [['Loss', charts.loss], ['Accuracy', charts.accuracy]].entries()) {
    context.save();
    context.translate(margin + i * (chart.width + gap), margin + 76);
    write(context, name, 0, -20, { ink: 'quiet' });
    drawChartOn({ context, ...chart }, each);
    context.restore();
  }
  let left = margin;
  for (const [name, ink] of curveNames) {
    context.fillStyle = color(ink);
    context.fillRect(left, margin + 83 + chart.height, 16, 3);
    write(context, name, left + 22, margin + 78 + chart.height, { size: 12, ink: 'quiet' });
    left += 22 + context.measureText(name).width + 20;
  }
  let top = margin + 76 + chart.height + 40;
  if (filters) {
    write(context, 'First filters, and their spectra', margin, top, { ink: 'quiet' });
    const levels = filterLevels(filters);
    for (const [i, each] of levels.taps.entries()) draw(context, each, margin + i * (side + 12), top + 24);
    for (const [i, each] of levels.spectra.entries()) draw(context, each, margin + i * (side + 12), top + 36 + side);
    top += 2 * side + 60;
  }
  if (answer) {
    draw(context, { rows: answer.seen }, margin, top);
    write(context, answerSentence(answer, shift), margin + side + 16, top + side / 2, { base: 'middle' });
  }
  return canvas;
}
