// Where everything meets: the areas, the picture they look at, and the link that holds their state.

import { FilterArea } from './filter.js';
import { KernelArea } from './kernel.js';
import { LearnArea } from './learn.js';
import { decode, encode } from './link.js';
import { complain, tell } from './messages.js';
import { Pictures } from './pictures.js';
import { ShareArea } from './share.js';
import { subjects } from './share-subjects.js';
import { SlideArea } from './slide.js';
import { areaNames, choose, chosenArea } from './tabs.js';
import { settled } from './latest.js';

let lastFragment = '';
let isOpen = false;

/** Keeps the state in the address, once it has come to rest. */
const remember = settled(400, async () => {
  if (!isOpen) return;
  lastFragment = await fragment();
  history.replaceState(null, '', `#${lastFragment}`);
}, { quiet: true });

const filter = new FilterArea(remember);
const kernel = new KernelArea(remember);
const slide = new SlideArea(remember);
const learn = new LearnArea(remember);
const pictures = new Pictures((picture) => {
  filter.setPicture(picture).catch(complain);
  kernel.setPicture(picture);
  if (chosenArea() === 'share') share.show();
  remember();
});

const fragment = (area = chosenArea()) => encode(area, {
  picture: pictures.current?.id, pictureName: pictures.current?.name, filter: filter.state.saved, kernel: kernel.state.saved, slide: slide.saved, learn: learn.saved,
});
const share = new ShareArea(
  subjects({ filter, kernel, slide, learn, pictures }),
  {
    pictures,
    refresh: () => learn.refresh(),
    link: async (area) => `${location.origin}/#${await fragment(area)}`,
  });
let lastArea = areaNames[0];

document.addEventListener('area', ({ detail: area }) => {
  document.title = `${document.getElementById(`tab-${area}`).textContent.trim()} · SpectralKit playground`;
  if (area !== 'share') lastArea = area;
  for (const [name, each] of Object.entries({ kernel, slide, learn, share })) {
    if (name === area) each.show(lastArea);
    else each.hide?.();
  }
  if (area === 'filter') filter.plane.draw();
  remember();
});

/** Takes the state of a link. */
async function open(text) {
  const { area, state } = await decode(text);
  if (text.includes('.') && !state) tell('The link is damaged: its state cannot be read.');
  const part = (name) => state?.[name] && typeof state[name] === 'object' ? state[name] : null;
  if (part('filter')) filter.state.restore(state.filter);
  if (part('slide')) slide.restore(state.slide);
  if (part('learn')) learn.restore(state.learn);
  const isHere = Boolean(state?.picture) && pictures.choose(state.picture);
  // Another process has another picture of its command line, under the same id.
  const isAnother = isHere && typeof state.pictureName === 'string' && state.pictureName !== pictures.current.name;
  if (!isHere || isAnother) {
    if (state?.picture) tell('The picture of this link is not here: it was one of its maker’s own.');
    pictures.chooseFirst();
  }
  filter.showAll();
  if (part('kernel')) {
    kernel.state.restore(state.kernel);
    await kernel.restored();
  }
  choose(areaNames.includes(area) ? area : areaNames[0]);
}

window.addEventListener('hashchange', () => {
  if (location.hash.slice(1) !== lastFragment) open(location.hash).catch(complain);
});

// A plain link would take the place of the state in the address.
document.getElementById('skip').addEventListener('click', (event) => {
  event.preventDefault();
  document.getElementById('areas').focus();
});

try {
  const { version, threads, dataSets } = await pictures.load();
  document.getElementById('about').textContent = `SpectralKit ${version}, ${threads} thread${threads === 1 ? '' : 's'}.`;
  learn.dataSets = dataSets;
  await open(location.hash);
} catch (error) {
  choose(areaNames[0]);
  complain(error);
}
isOpen = true;
document.documentElement.dataset.ready = 'yes';
