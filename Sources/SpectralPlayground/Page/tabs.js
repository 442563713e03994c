// The areas, as tabs: the pattern of the ARIA Authoring Practices, with arrow keys, Home and End.

const tabs = [...document.querySelectorAll('#tabs [role=tab]')];
const name = (tab) => tab.id.replace('tab-', '');

export const areaNames = tabs.map(name);
let chosen = '';

export const chosenArea = () => chosen;

/** Shows an area. */
export function choose(area, { focus = false } = {}) {
  const before = chosen;
  chosen = area;
  for (const tab of tabs) {
    const isChosen = name(tab) === area;
    tab.setAttribute('aria-selected', String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    document.getElementById(tab.getAttribute('aria-controls')).hidden = !isChosen;
    if (isChosen && focus) tab.focus();
  }
  if (before !== area) document.dispatchEvent(new CustomEvent('area', { detail: area }));
}

for (const [index, tab] of tabs.entries()) {
  tab.addEventListener('click', () => choose(name(tab)));
  tab.addEventListener('keydown', (event) => {
    const last = tabs.length - 1;
    const next = {
      ArrowRight: (index + 1) % tabs.length, ArrowLeft: (index + last) % tabs.length, Home: 0, End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(name(tabs[next]), { focus: true });
  });
}
