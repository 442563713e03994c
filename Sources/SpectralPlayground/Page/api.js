// The calls to the process: JSON for words, bytes for pictures.

import { begun } from './diagnostics.js';

/** The process could not do it: a sentence why, and perhaps a remedy. */
export class CallError extends Error {
  constructor(status, body) {
    super([body.error, body.remedy].filter(Boolean).map((sentence) => sentence.replace(/\.$/, '')).join('. '));
    this.status = status;
    this.body = body;
  }
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new CallError(0, { error: 'The process does not answer', remedy: 'Is spectral playground still running?' });
  }
  if (response.ok) return response;
  throw new CallError(response.status, await response.json().catch(() => ({ error: response.statusText })));
}

/** Sends something and reads the answer, and keeps count of what is under way. */
async function counted(path, options, read) {
  const ended = begun();
  try {
    return await read(await call(path, options));
  } finally {
    ended();
  }
}

const json = (response) => response.json();
const post = (value) => value instanceof Blob || value instanceof Uint8Array
  ? { method: 'POST', body: value, headers: { 'Content-Type': 'application/octet-stream' } }
  : { method: 'POST', body: JSON.stringify(value), headers: { 'Content-Type': 'application/json' } };

/** A picture answer: `{height, width, pixels, info}`, RGBA. */
async function picture(response) {
  const header = (name) => response.headers.get(name);
  const pixels = new Uint8ClampedArray(await response.arrayBuffer());
  return {
    height: Number(header('X-Height')), width: Number(header('X-Width')), pixels,
    info: JSON.parse(header('X-Info') ?? '{}'),
  };
}

export const getJSON = (path) => counted(path, {}, json);
export const postJSON = (path, value) => counted(path, post(value), json);
export const getPicture = (path) => counted(path, {}, picture);
export const postPicture = (path, value) => counted(path, post(value), picture);
export const getFile = (path) => counted(path, {}, (response) => response.blob());
export const postFile = (path, value) => counted(path, post(value), (response) => response.blob());

/** A question whose answer may take its time; not counted as something under way. */
export const waitForJSON = async (path, signal) => json(await call(path, { signal }));

/**
 * Words, and the bytes that belong to them: the length of the JSON in four bytes, the JSON, the bytes.
 *
 * A Blob if there are bytes: handing over a large array keeps Chromium's page busy for 20 ms, a Blob for 3.
 */
export function mixed(words, bytes) {
  const text = new TextEncoder().encode(JSON.stringify(words));
  const head = new Uint8Array(4 + text.length);
  new DataView(head.buffer).setUint32(0, text.length, true);
  head.set(text, 4);
  return bytes ? new Blob([head, bytes]) : head;
}

/** `?a=1&b=2`. */
export const query = (values) => `?${new URLSearchParams(values)}`;
