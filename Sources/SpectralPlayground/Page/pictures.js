// Which picture is looked at: those that come with the program, and one's own by picker, drop or paste.

import { getJSON, postJSON, query } from './api.js';
import { announce, complain, tell } from './messages.js';

const element = (id) => document.getElementById(id);

export class Pictures {
  #all = [];
  #chosen;

  /** `chosen` hears which picture is to be shown. */
  constructor(chosen) {
    this.#chosen = chosen;
    this.#listen();
  }

  current = null;

  /** Reads which pictures there are. */
  async load() {
    const state = await getJSON('/api/state');
    this.limits = state.limits;
    this.#all = state.pictures;
    this.#showChoice();
    return state;
  }

  /** Shows a picture; false if there is none of that name. */
  choose(id) {
    const picture = this.#all.find((each) => each.id === id);
    if (!picture) return false;
    this.current = picture;
    this.#showChoice();
    element('picture-size').textContent = `${picture.width} x ${picture.height}`;
    this.#chosen(picture);
    if (picture.warnings.length > 0) tell(`${picture.name}: ${picture.warnings.join('; ')}`);
    return true;
  }

  /** Shows the first picture: that of the command line, if there is one. */
  chooseFirst() {
    this.choose(this.#all[0].id);
  }

  #showChoice() {
    element('picture').replaceChildren(...this.#all.map(({ id, name }) => new Option(name, id)));
    if (this.current) element('picture').value = this.current.id;
  }

  /** Gives a file to the process, and shows it. */
  async take(file) {
    if (this.limits && file.size > this.limits.bodyBytes) {
      tell(`${file.name} is larger than the ${Math.round(this.limits.bodyBytes / 2 ** 20)} MiB that the playground takes.`);
      return;
    }
    try {
      announce(`Reading ${file.name}`);
      const picture = await postJSON(`/api/pictures${query({ name: file.name || 'pasted.png' })}`, file);
      this.#all = (await getJSON('/api/state')).pictures;
      this.choose(picture.id);
      announce(`${picture.name}, ${picture.width} by ${picture.height} pixels`);
    } catch (error) {
      complain(error);
    }
  }

  #listen() {
    element('picture').addEventListener('change', ({ target }) => this.choose(target.value));
    element('open-picture').addEventListener('click', () => element('picture-file').click());
    element('picture-file').addEventListener('change', ({ target }) => {
      if (target.files.length > 0) this.take(target.files[0]);
      target.value = '';
    });
    const drop = element('drop');
    const holdsFile = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
    window.addEventListener('dragenter', (event) => { if (holdsFile(event)) drop.hidden = false; });
    window.addEventListener('dragover', (event) => { if (holdsFile(event)) event.preventDefault(); });
    window.addEventListener('dragleave', (event) => { if (event.relatedTarget === null) drop.hidden = true; });
    window.addEventListener('drop', (event) => {
      drop.hidden = true;
      if (!holdsFile(event)) return;
      event.preventDefault();
      const file = event.dataTransfer.files[0];
      if (file) this.take(file);
    });
    window.addEventListener('paste', (event) => {
      const file = [...(event.clipboardData?.files ?? [])][0];
      if (file) this.take(file);
    });
  }
}
