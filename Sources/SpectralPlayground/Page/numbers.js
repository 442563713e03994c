// Grids of numbers, some of which can be typed over.

import { figure } from './format.js';

/**
 * Shows rows of numbers.
 *
 * `look(row, column)` may give `{className, isEditable, label, title}`; `edited(row, column, value, since)` hears what was
 * typed, `picked(row, column)` which number was pressed. Numbers are shown in the cells that are there as long as the grid
 * has the same shape, so that whoever types is not disturbed.
 */
export function showNumbers(element, rows, { look = () => ({}), edited, picked, digits = 4 } = {}) {
  const shape = rows.map((row, r) => row.map((_, c) => look(r, c).isEditable ? 'e' : 'n').join('')).join('/');
  if (element.dataset.shape !== shape) {
    element.dataset.shape = shape;
    element.style.setProperty('--columns', rows[0]?.length ?? 0);
    element.replaceChildren(...rows.map((row, r) => {
      const line = document.createElement('div');
      line.setAttribute('role', 'row');
      line.append(...row.map((_, c) => cell(r, c, look(r, c).isEditable)));
      return line;
    }));
  }
  element.edited = edited;
  element.picked = picked;
  for (const [r, row] of rows.entries()) {
    for (const [c, value] of row.entries()) {
      const place = element.children[r].children[c];
      const { className = '', label = `row ${r + 1}, column ${c + 1}`, title = '' } = look(r, c);
      place.className = className;
      place.title = title;
      const input = place.querySelector('input');
      if (!input) {
        place.textContent = figure(value, digits);
        continue;
      }
      input.setAttribute('aria-label', label);
      if (input !== document.activeElement) input.value = brief(value, digits, row.length);
    }
  }
}

/** A number that fits its cell: where there are many columns, four digits after the point and no zero before it. */
function brief(value, digits, columns) {
  if (columns <= 5) return String(Number(value.toPrecision(digits)));
  return String(Number(value.toFixed(4))).replace(/^(-?)0\./, '$1.');
}

function cell(r, c, isEditable) {
  const place = document.createElement('div');
  place.setAttribute('role', 'gridcell');
  const grid = () => place.closest('.numbers');
  place.addEventListener('pointerdown', () => grid().picked?.(r, c));
  if (!isEditable) return place;
  const input = document.createElement('input');
  Object.assign(input, { type: 'text', inputMode: 'text', autocomplete: 'off', spellcheck: false });
  input.addEventListener('focus', () => input.select());
  input.addEventListener('input', (event) => {
    const text = input.value.trim().replace('−', '-').replace(',', '.');
    const isNumber = text !== '' && Number.isFinite(Number(text));
    input.setAttribute('aria-invalid', String(!isNumber));
    if (isNumber) grid().edited?.(r, c, Number(text), event.timeStamp);
  });
  input.addEventListener('keydown', (event) => {
    const [dr, dc] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], Enter: [1, 0] }[event.key] ?? horizontal(event, input);
    const next = (dr || dc) && grid().children[r + dr]?.children[c + dc]?.querySelector('input');
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  place.append(input);
  return place;
}

/** Left and right leave a number only from its ends. */
function horizontal({ key }, { selectionStart, selectionEnd, value }) {
  const isAll = selectionStart === 0 && selectionEnd === value.length;
  if (key === 'ArrowLeft' && (isAll || selectionEnd === 0)) return [0, -1];
  if (key === 'ArrowRight' && (isAll || selectionStart === value.length)) return [0, 1];
  return [0, 0];
}
