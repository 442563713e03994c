// Curves on axes.

import { color, sharp } from './canvas.js';
import { figure } from './format.js';

const margin = { left: 52, right: 14, top: 12, bottom: 34 };

/** Round numbers between two ends; powers of ten on a logarithmic axis. */
function ticks(low, high, isLog, count) {
  if (isLog) {
    const all = [];
    const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    const every = Math.max(1, Math.ceil((last - first) / count));
    for (let e = first; e <= last; e += every) all.push(10 ** e);
    return all.length > 1 ? all : [low, high];
  }
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= raw);
  const all = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + 1e-9 * step; v += step) all.push(Number(v.toPrecision(12)));
  return all;
}

/** The ends of an axis: what it was told, or what the numbers need. */
function ends({ low, high, isLog }, values) {
  const finite = values.filter((v) => Number.isFinite(v) && (!isLog || v > 0));
  let [a, b] = [low ?? Math.min(...finite), high ?? Math.max(...finite)];
  if (!Number.isFinite(a) || !Number.isFinite(b)) [a, b] = [low ?? (isLog ? 0.1 : 0), high ?? 1];
  if (a === b) [a, b] = isLog ? [a / 2, b * 2] : [a - 0.5, b + 0.5];
  return [a, b];
}

/**
 * Draws a chart on a canvas of the page; nothing while that is not shown.
 *
 * `chart` is as `drawChartOn` takes it.
 */
export function drawChart(canvas, chart) {
  const surface = sharp(canvas);
  if (surface) drawChartOn(surface, chart);
}

/**
 * Draws a chart on a surface: a context, and how much of it.
 *
 * - series: `[{points: [[x, y]], color, name, isDotted, hasDots}]`, colours by their names in the style sheet
 * - x, y: `{label, low, high, isLog}`
 * - lines: upright lines, `[{x, color}]`
 */
export function drawChartOn({ context: c, width, height }, { series, x, y, lines = [] }) {
  const all = series.flatMap((s) => s.points);
  const [xLow, xHigh] = ends(x, all.map((p) => p[0]));
  const [yLow, yHigh] = ends(y, all.map((p) => p[1]));
  const place = (value, low, high, isLog, from, to) => {
    const t = isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    return from + t * (to - from);
  };
  const px = (v) => place(v, xLow, xHigh, x.isLog, margin.left, width - margin.right);
  const py = (v) => place(v, yLow, yHigh, y.isLog, height - margin.bottom, margin.top);

  c.font = '12px system-ui, sans-serif';
  c.fillStyle = color('quiet');
  c.strokeStyle = color('rule');
  c.lineWidth = 1;
  c.textAlign = 'right';
  c.textBaseline = 'middle';
  for (const v of ticks(yLow, yHigh, y.isLog, 4)) {
    const at = Math.round(py(v)) + 0.5;
    c.beginPath();
    c.moveTo(margin.left, at);
    c.lineTo(width - margin.right, at);
    c.stroke();
    c.fillText(figure(v, 2), margin.left - 6, at);
  }
  c.textAlign = 'center';
  c.textBaseline = 'top';
  for (const v of ticks(xLow, xHigh, x.isLog, Math.max(2, Math.floor(width / 90)))) {
    c.fillText(figure(v, 2), px(v), height - margin.bottom + 5);
  }
  c.fillText(x.label, (margin.left + width - margin.right) / 2, height - 14);
  c.save();
  c.translate(11, (margin.top + height - margin.bottom) / 2);
  c.rotate(-Math.PI / 2);
  c.fillText(y.label, 0, -5);
  c.restore();

  c.save();
  c.beginPath();
  c.rect(margin.left, margin.top - 3, width - margin.left - margin.right, height - margin.top - margin.bottom + 6);
  c.clip();
  for (const line of lines) {
    c.strokeStyle = color(line.color);
    c.setLineDash([4, 3]);
    c.beginPath();
    c.moveTo(px(line.x), margin.top);
    c.lineTo(px(line.x), height - margin.bottom);
    c.stroke();
  }
  for (const s of series) {
    c.strokeStyle = c.fillStyle = color(s.color);
    c.setLineDash(s.isDotted ? [3, 3] : []);
    c.lineWidth = s.isThin ? 1 : 2;
    c.lineJoin = 'round';
    c.beginPath();
    let isGap = true;
    for (const [a, b] of s.points) {
      // What is no number, as the loss of a training that diverged, is not drawn.
      const isShown = Number.isFinite(b) && (!y.isLog || b > 0);
      if (isShown && isGap) c.moveTo(px(a), py(b));
      else if (isShown) c.lineTo(px(a), py(b));
      isGap = !isShown;
    }
    c.stroke();
    if (s.hasDots) {
      for (const [a, b] of s.points.filter((p) => Number.isFinite(p[1]))) {
        c.beginPath();
        c.arc(px(a), py(b), 3, 0, 2 * Math.PI);
        c.fill();
      }
    }
  }
  c.restore();
}

/** The names of curves beside their colours. */
export function legend(element, names) {
  element.replaceChildren(...names.map(([name, colorName]) => {
    const entry = document.createElement('span');
    const swatch = document.createElement('i');
    swatch.style.background = `var(--${colorName})`;
    entry.append(swatch, name);
    return entry;
  }));
}
