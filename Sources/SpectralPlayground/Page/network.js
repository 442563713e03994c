// The insides of the network: its first filters and their spectra, the maps of a digit, and the answers.

import { blitLevels, signed } from './canvas.js';
import { percent } from './format.js';

const element = (id) => document.getElementById(id);

/** As many canvases in an element as are needed. */
function canvases(parent, count) {
  while (parent.children.length < count) parent.append(document.createElement('canvas'));
  while (parent.children.length > count) parent.lastChild.remove();
  return [...parent.children];
}

const largestOf = (rows) => Math.max(1e-12, ...rows.map((row) => Math.max(...row.map(Math.abs))));

/** How filters and their spectra are painted: rows of levels, and what colour a level has. */
export function filterLevels({ filters, spectra }) {
  return {
    taps: filters.map((rows) => {
      const largest = largestOf(rows);
      return { rows: rows.map((row) => row.map((v) => v / largest)), paint: signed };
    }),
    spectra: spectra.map((rows) => ({ rows, paint: glow })),
  };
}

/** The first layer's filters above, their spectra below. */
export function showFilters(answer) {
  const { taps, spectra } = filterLevels(answer);
  element('filters').hidden = taps.length === 0;
  const places = canvases(element('filters'), taps.length + spectra.length);
  for (const [i, { rows, paint }] of [...taps, ...spectra].entries()) blitLevels(places[i], rows, paint);
  element('filters').style.setProperty('--columns', taps.length);
}

/** From dark through violet and orange to light, as spectra are shown. */
function glow(t) {
  return [Math.min(1, 1.9 * t), Math.max(0, Math.min(1, 1.6 * t * t)), Math.max(0, 0.30 + 0.9 * t - 1.9 * t * t + 0.9 * t ** 4)];
}

/** The feature maps of a digit, layer by layer, and the digit as the networks see it. */
export function showMaps({ maps, seen }) {
  // What pooling picks is seen again behind the rectifier.
  const shown = maps.filter(({ layer }) => !layer.startsWith('MaxPooling'));
  const starts = shown.flatMap((map, i) => i === 0 || map.layer !== shown[i - 1].layer ? [i] : []);
  const parent = element('maps');
  if (parent.children.length !== 2 * starts.length) {
    parent.replaceChildren(...starts.flatMap(() => {
      const [name, group] = [document.createElement('p'), document.createElement('div')];
      name.className = 'quiet note';
      group.className = 'map-row';
      return [name, group];
    }));
  }
  for (const [k, start] of starts.entries()) {
    const layer = shown.slice(start, starts[k + 1] ?? shown.length);
    parent.children[2 * k].textContent = `${layer[0].layer}: ${layer.length} maps of ${layer[0].height} x ${layer[0].width}`;
    for (const [i, place] of canvases(parent.children[2 * k + 1], layer.length).entries()) {
      const { values } = layer[i];
      const largest = largestOf(values);
      const shares = values.map((row) => row.map((v) => v / largest));
      if (layer[0].layer.startsWith('ReLU')) blitLevels(place, shares);
      else blitLevels(place, shares, signed);
    }
  }
  parent.setAttribute('aria-label', `${shown.length} feature maps of the digit, in ${starts.length} layers`);
  blitLevels(element('seen'), seen);
}

const best = (shares) => shares.indexOf(Math.max(...shares));

/** No answer, and why not. */
export function showNoAnswer(why) {
  element('bars').hidden = true;
  element('answer').textContent = why;
  element('maps').replaceChildren();
  element('seen').hidden = true;
}

/** What both networks take the digit for, in words. */
export function answerSentence({ lenet, dense }, shift) {
  const where = shift.some(Boolean) ? ', moved,' : '';
  const says = (shares) => `${best(shares)} (${percent(Math.max(...shares))})`;
  return `LeNet takes it${where} for ${says(lenet)}, the dense classifier for ${says(dense)}.`;
}

/** Ten bars for each network. */
export function showAnswer({ lenet, dense }, shift) {
  element('bars').hidden = false;
  element('seen').hidden = false;
  element('answer').textContent = answerSentence({ lenet, dense }, shift);
  const bars = element('bars');
  if (bars.children.length === 0) {
    bars.append(...lenet.map((_, digit) => {
      const row = document.createElement('div');
      row.className = 'bar';
      const label = document.createElement('b');
      label.textContent = digit;
      row.append(label, ...['lenet', 'dense'].map((name) => {
        const track = document.createElement('span');
        track.className = `track ${name}`;
        track.append(document.createElement('i'));
        return track;
      }));
      return row;
    }));
    const head = document.createElement('div');
    head.className = 'bar head';
    head.append(...['', 'LeNet', 'dense'].map((text) => {
      const cell = document.createElement('span');
      cell.textContent = text;
      return cell;
    }));
    bars.prepend(head);
  }
  for (const [digit, row] of [...bars.children].slice(1).entries()) {
    for (const [name, shares] of [['lenet', lenet], ['dense', dense]]) {
      const track = row.querySelector(`.${name}`);
      track.firstChild.style.width = `${100 * shares[digit]}%`;
      track.classList.toggle('best', digit === best(shares));
      track.title = percent(shares[digit]);
    }
  }
}
