// The share area: the state as a link, as files, as a command, as Swift.

import { getFile, postFile, postJSON } from './api.js';
import { complain, tell } from './messages.js';

const element = (id) => document.getElementById(id);

function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const asFile = (canvas) => new Promise((resolve) => { canvas.toBlob(resolve, 'image/png'); });

export class ShareArea {
  #filter;
  #kernel;
  #pictures;
  #link;

  /** `link` gives the link to the present state. */
  constructor({ filter, kernel, pictures, link }) {
    [this.#filter, this.#kernel, this.#pictures, this.#link] = [filter, kernel, pictures, link];
    this.#wire();
  }

  async show() {
    try {
      element('link').value = await this.#link();
      const { current } = this.#pictures;
      element('link-note').textContent = current.isBuiltIn
        ? 'It opens on any machine where the playground runs at this address.'
        : `The picture ${current.name} is on this machine only, and gone when the playground ends: elsewhere the link shows the filter on another picture.`;
      await this.#showWords();
    } catch (error) {
      complain(error);
    }
  }

  async #showWords() {
    const { state } = this.#filter;
    const isNothing = state.isIdentity;
    for (const id of ['save-result', 'save-mask']) element(id).disabled = isNothing;
    element('save-mask').disabled = state.strokes.length === 0;
    element('save-kernel').disabled = this.#kernel.stack.after.width === 300 && this.#kernel.stack.after.height === 150;
    if (isNothing) {
      element('command').textContent = element('swift').textContent = '';
      element('command-note').textContent = 'Nothing is filtered yet: add a filter or paint on the spectrum.';
      return;
    }
    const { command, swift, needs } = await postJSON('/api/filter/words', state.request(this.#pictures.current.id, { side: undefined }));
    element('command').textContent = command;
    element('swift').textContent = swift;
    element('command-note').textContent = needs.length > 0
      ? `It reads ${needs.join(' and ')}: save them beside it with the buttons above.` : '';
  }

  #wire() {
    const { state } = this.#filter;
    const listen = (id, action) => element(id).addEventListener('click', () => Promise.resolve(action()).catch(complain));
    const name = () => this.#pictures.current.name.replace(/\.[a-z]+$/i, '');
    const request = () => state.request(this.#pictures.current.id, { side: undefined });
    listen('save-result', async () => save(await postFile('/api/filter/export', request()), `${name()}-filtered.png`));
    listen('save-mask', async () => save(await postFile('/api/filter/mask', request()), 'mask.png'));
    listen('save-picture', async () => {
      const { id, name: file } = this.#pictures.current;
      save(await getFile(`/api/pictures/${id}/file`), file);
    });
    listen('save-spectrum', async () => save(await asFile(this.#filter.plane.snapshot()), `${name()}-spectrum.png`));
    listen('save-kernel', async () => save(await asFile(this.#kernel.stack.after), `${name()}-kernel.png`));
    for (const button of document.querySelectorAll('[data-copy]')) {
      button.addEventListener('click', async () => {
        const source = element(button.dataset.copy);
        try {
          await navigator.clipboard.writeText(source.value ?? source.textContent);
          tell('Copied.');
        } catch {
          tell('The browser does not let the page copy: select the text and copy it by hand.');
        }
      });
    }
  }
}
