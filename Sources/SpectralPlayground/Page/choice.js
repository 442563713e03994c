// Small controls: a row of buttons of which one is chosen, options of a select, a value beside its slider.

/** A row of buttons as a radio group, with the arrow keys. Gives a function that chooses. */
export function choice(group, options, onChange) {
  const buttons = Object.entries(options).map(([value, { name, help }]) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = name;
    button.dataset.value = value;
    if (help) button.title = help;
    button.setAttribute('role', 'radio');
    group.append(button);
    return button;
  });
  function choose(value, { tell = true, focus = false } = {}) {
    for (const button of buttons) {
      const isChosen = button.dataset.value === value;
      button.setAttribute('aria-checked', String(isChosen));
      button.tabIndex = isChosen ? 0 : -1;
      if (isChosen && focus) button.focus();
    }
    if (tell) onChange(value);
  }
  for (const [index, button] of buttons.entries()) {
    button.addEventListener('click', () => choose(button.dataset.value));
    button.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = buttons[(index + step + buttons.length) % buttons.length];
      choose(next.dataset.value, { focus: true });
    });
  }
  return choose;
}

/** Fills a select: values, or `{value: name}`. */
export function fill(select, options, chosen) {
  const entries = Array.isArray(options) ? options.map((o) => [o, o]) : Object.entries(options);
  select.replaceChildren(...entries.map(([value, name]) => new Option(name, value)));
  if (chosen !== undefined) select.value = chosen;
}

/** Shows a slider's value beside it, as `text` puts it, now and whenever it moves. */
export function slider(input, text, onInput) {
  const output = input.parentElement.querySelector('output');
  const show = () => {
    if (output) output.textContent = text(Number(input.value));
    input.setAttribute('aria-valuetext', text(Number(input.value)));
  };
  input.addEventListener('input', (event) => { show(); onInput?.(Number(input.value), event.timeStamp); });
  show();
  return (value) => { input.value = value; show(); };
}

export const boundaries = {
  reflect: 'reflected', mirror: 'mirrored', replicate: 'repeated edge', zero: 'zeros', circular: 'wraps around',
};
