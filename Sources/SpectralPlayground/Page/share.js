// The share area: the state as a link, and each area's as files, as a command, as Swift.

import { choice } from './choice.js';
import { complain, tell } from './messages.js';

const element = (id) => document.getElementById(id);

function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export class ShareArea {
  #subjects;
  #pictures;
  #refresh;
  #link;
  #chosen = '';
  #turn = 0;
  #choose;

  /**
   * `subjects` are what can be taken along of each area; `refresh` asks for what may have changed while nobody looked; `link`
   * gives the link to the present state, which opens an area.
   */
  constructor(subjects, { pictures, refresh, link }) {
    [this.#subjects, this.#pictures, this.#refresh, this.#link] = [subjects, pictures, refresh, link];
    this.#choose = choice(element('share-of'), subjects, (area) => {
      this.#chosen = area;
      this.#showSubject().catch(complain);
    });
    this.#wire();
  }

  /** Shows the link, and what there is of an area: the one that was looked at last, unless another is chosen. */
  show(area = this.#chosen) {
    this.#choose(area);
  }

  async #showSubject() {
    // Somebody who goes on clicking wants the last answer, whichever comes last.
    this.#turn += 1;
    const turn = this.#turn;
    const isStale = () => turn !== this.#turn;
    const { files, note, words } = this.#subjects[this.#chosen];
    const fill = ({ command = '', swift = '', needs = [], remark = '' }) => {
      element('command').textContent = command;
      element('swift').textContent = swift;
      element('command-note').textContent = needs.length > 0
        ? `It reads ${needs.join(' and ')}: save ${needs.length > 1 ? 'them' : 'it'} with the buttons above, where the command runs.`
        : remark;
    };
    fill({});
    element('share-note').textContent = note;
    element('share-files').replaceChildren();
    try {
      await this.#refresh();
      if (isStale()) return;
      element('share-files').replaceChildren(...files().map((file, i) => this.#button(file, i === 0)));
      const answer = await words();
      if (isStale()) return;
      fill(answer);
    } catch (error) {
      if (isStale()) return;
      fill({ remark: error.message });
      complain(error);
    }
    const link = await this.#link(this.#chosen);
    if (isStale()) return;
    element('link').value = link;
    const { current } = this.#pictures;
    element('link-note').textContent = current.isBuiltIn && current.id !== 'image'
      ? 'It opens on any machine where the playground runs at this address.'
      : `The picture ${current.name} is on this machine only, and gone when the playground ends: elsewhere the link shows another.`;
  }

  #button({ label, file, isReady, make }, isFirst) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = label;
    button.dataset.file = file;
    button.disabled = !isReady;
    button.classList.toggle('primary', isFirst);
    button.addEventListener('click', async () => {
      try {
        save(await make(), file);
      } catch (error) {
        complain(error);
      }
    });
    return button;
  }

  #wire() {
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
