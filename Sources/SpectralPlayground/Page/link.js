// Any state as the fragment of a link: JSON, deflated, in the letters that addresses may have.

async function through(stream, bytes) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

/** The fragment of a state, without the `#`. */
export async function encode(area, state) {
  const packed = await through(new CompressionStream('deflate-raw'), new TextEncoder().encode(JSON.stringify(state)));
  let text = '';
  for (const byte of packed) text += String.fromCharCode(byte);
  return `${area}.${btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}

/** The area and the state of a fragment; `state` is null if there is none that can be read. */
export async function decode(fragment) {
  const [area, packed = ''] = fragment.replace(/^#/, '').split('.');
  if (packed === '') return { area, state: null };
  try {
    const text = atob(packed.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = await through(new DecompressionStream('deflate-raw'), Uint8Array.from(text, (c) => c.charCodeAt(0)));
    const state = JSON.parse(new TextDecoder().decode(bytes));
    return { area, state: state !== null && typeof state === 'object' ? state : null };
  } catch {
    return { area, state: null };
  }
}
