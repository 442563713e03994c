// What the page says: an alert for what went wrong, a quiet voice for screen readers.

import { CallError } from './api.js';

const message = document.getElementById('message');
const announcement = document.getElementById('announcement');
let timer;

/** Shows what went wrong, for a while. An error that is not an answer of the process is a fault of the page: it goes on. */
export function complain(error) {
  if (error?.name === 'AbortError') return;
  tell(error instanceof Error ? error.message : String(error));
  if (error instanceof Error && !(error instanceof CallError)) console.error(error);
}

/** Shows a sentence for a while. */
export function tell(sentence) {
  message.textContent = sentence.endsWith('.') || sentence.endsWith('?') ? sentence : `${sentence}.`;
  message.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { message.hidden = true; }, 8000);
}

/** Says something to screen readers only. */
export function announce(sentence) {
  announcement.textContent = sentence;
}
