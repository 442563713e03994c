// The filters as a list of controls: everything that can be dragged on the plane can be typed and slid here too.

import { fill } from './choice.js';
import { isUsed, kinds, shapes, setValue } from './steps.js';

/**
 * Shows steps in an element.
 *
 * `act` has `changed(since)` while a number moves, `committed()` when a change is whole, and `remove(index)`.
 */
export function showSteps(element, steps, act) {
  element.replaceChildren(...steps.map((step, index) => card(step, index, act)));
  if (steps.length > 0) return;
  const none = document.createElement('p');
  none.className = 'quiet note';
  none.textContent = 'None: add one below, or paint on the spectrum.';
  element.append(none);
}

/** Shows the numbers of steps that were dragged, in the controls that are there. */
export function refreshSteps(element, steps) {
  for (const input of element.querySelectorAll('input[data-step]')) {
    if (input !== document.activeElement || input.type === 'range') {
      input.value = steps[input.dataset.step]?.values[input.dataset.index] ?? input.value;
    }
  }
}

function card(step, index, act) {
  const { name, fields } = kinds[step.kind];
  const set = document.createElement('fieldset');
  set.className = 'step';
  const legend = document.createElement('legend');
  legend.textContent = name;
  const remove = document.createElement('button');
  remove.type = 'button';
  remove.className = 'remove';
  remove.textContent = '×';
  remove.setAttribute('aria-label', `Remove the filter ${name}`);
  remove.addEventListener('click', () => act.remove(index));
  set.append(legend, remove);
  if (step.kind !== 'laplacian') set.append(shapeRow(step, name, act));
  const rows = fields.map((field, i) => numberRow(step, index, field, i, name, act));
  const showUsed = () => fields.forEach((field, i) => { rows[i].hidden = !isUsed(field, step); });
  showUsed();
  if (kinds[step.kind].modes) set.append(modeRow(step, name, act, showUsed));
  set.append(...rows);
  return set;
}

function modeRow(step, name, act, showUsed) {
  const row = document.createElement('div');
  row.className = 'field';
  const select = document.createElement('select');
  select.setAttribute('aria-label', `What the ${name} does`);
  fill(select, kinds[step.kind].modes, step.mode);
  select.addEventListener('change', () => {
    step.mode = select.value;
    showUsed();
    act.committed();
  });
  const label = document.createElement('span');
  label.textContent = 'Task';
  row.append(label, select);
  return row;
}

function shapeRow(step, name, act) {
  const row = document.createElement('div');
  row.className = 'field';
  const select = document.createElement('select');
  select.setAttribute('aria-label', `Shape of the ${name}`);
  fill(select, { ideal: 'ideal', gaussian: 'Gaussian', butterworth: 'Butterworth' }, step.shape);
  const order = document.createElement('input');
  Object.assign(order, { type: 'number', min: 1, max: 20, step: 1, value: step.order });
  order.setAttribute('aria-label', `Order of the ${name}`);
  order.title = 'Order: the higher, the steeper';
  order.hidden = step.shape !== 'butterworth';
  select.addEventListener('change', () => {
    step.shape = shapes.includes(select.value) ? select.value : 'gaussian';
    order.hidden = step.shape !== 'butterworth';
    act.committed();
  });
  order.addEventListener('change', () => {
    step.order = Math.min(20, Math.max(1, Math.round(Number(order.value)) || 1));
    order.value = step.order;
    act.committed();
  });
  const label = document.createElement('span');
  label.textContent = 'Shape';
  row.append(label, select, order);
  return row;
}

function numberRow(step, stepIndex, field, index, name, act) {
  const row = document.createElement('div');
  row.className = 'field';
  const label = document.createElement('span');
  label.textContent = field.name;
  const [range, number] = ['range', 'number'].map((type) => {
    const input = document.createElement('input');
    Object.assign(input, { type, min: field.min, max: field.max, step: field.step, value: step.values[index] });
    input.dataset.step = stepIndex;
    input.dataset.index = index;
    input.setAttribute('aria-label', `${field.name} of the ${name}, ${field.unit}`);
    return input;
  });
  const take = (input, since) => {
    const value = Number(input.value);
    if (input.value === '' || !Number.isFinite(value)) return;
    setValue(step, index, value);
    (input === range ? number : range).value = step.values[index];
    act.changed(since);
  };
  for (const input of [range, number]) {
    input.addEventListener('input', (event) => take(input, event.timeStamp));
    input.addEventListener('change', () => {
      input.value = step.values[index];
      act.committed();
    });
  }
  number.step = 'any';
  row.append(label, range, number);
  return row;
}
