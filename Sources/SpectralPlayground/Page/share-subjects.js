// What can be taken along of each area: files, a command and a program.

import { getFile, postFile, postJSON, postPicture } from './api.js';
import { blit } from './canvas.js';

const asFile = (canvas) => new Promise((resolve, reject) => {
  const take = (blob) => blob ? resolve(blob) : reject(new Error('The browser cannot make a picture of this size'));
  canvas.toBlob(take, 'image/png');
});

/** The pixels of a picture answer as a file. */
function pixelsAsFile(answer) {
  const canvas = document.createElement('canvas');
  blit(canvas, answer);
  return asFile(canvas);
}

/**
 * For each area `{name, note, files, words}`:
 *
 * - note: what the page says of the files
 * - files(): `[{label, file, isReady, make}]`, with the file's name and what gives its bytes
 * - words(): what gives the command and the program, `{command, swift, needs}`; or `{remark}`, why there is none
 */
export function subjects({ filter, kernel, slide, learn, pictures }) {
  const stem = () => pictures.current.name.replace(/\.[a-z]+$/i, '');
  const request = () => filter.state.request(pictures.current.id, { side: undefined });
  const source = ({ id, name }) => ({
    label: 'Picture as it came', file: name, isReady: true, make: () => getFile(`/api/pictures/${id}/file`),
  });
  return {
    filter: {
      name: 'Filter',
      note: 'The filtered picture has its full size, and is the file that the command below writes, byte for byte.',
      files: () => [
        {
          label: 'Filtered picture', file: `${stem()}-filtered.png`, isReady: !filter.state.isIdentity,
          make: () => postFile('/api/filter/export', request()),
        },
        {
          label: 'Painted mask', file: 'mask.png', isReady: filter.state.strokes.length > 0,
          make: () => postFile('/api/filter/mask', request()),
        },
        source(pictures.current),
        { label: 'Spectrum as shown', file: `${stem()}-spectrum.png`, isReady: true, make: () => asFile(filter.plane.snapshot()) },
      ],
      words: async () => filter.state.isIdentity
        ? { remark: 'Nothing is filtered yet: add a filter or paint on the spectrum.' } : postJSON('/api/filter/words', request()),
    },
    kernel: {
      name: 'Kernel',
      note: 'The picture through the kernel has its full size, and is the file that the command below writes, byte for byte.',
      files: () => [
        {
          label: 'Picture through the kernel', file: `${stem()}-convolved.png`, isReady: true,
          make: async () => postFile('/api/kernel/export', await kernel.question()),
        },
        {
          label: 'Kernel’s numbers', file: 'kernel.npy', isReady: true,
          make: async () => postFile('/api/kernel/file', { kernel: (await kernel.question()).kernel }),
        },
        source(pictures.current),
        {
          label: 'Its response', file: 'response.png', isReady: true,
          make: async () => pixelsAsFile(
            await postPicture('/api/kernel/response', { kernel: (await kernel.question()).kernel, side: 512 })),
        },
      ],
      words: async () => postJSON('/api/kernel/words', await kernel.question()),
    },
    slide: {
      name: 'Slide',
      note: 'The output’s numbers are the file that the command below writes, byte for byte.',
      files: () => [
        { label: 'Numbers as shown', file: 'window.png', isReady: true, make: async () => asFile(await slide.picture()) },
        { label: 'Output’s numbers', file: 'output.npy', isReady: true, make: () => postFile('/api/slide/export', slide.question) },
      ],
      words: () => postJSON('/api/slide/words', slide.question),
    },
    learn: {
      name: 'Learn',
      note: 'The network is the file that the commands below leave, byte for byte, on a machine of the same kind.',
      files: () => [
        { label: 'Curves and filters', file: 'training.png', isReady: true, make: async () => asFile(await learn.picture()) },
        {
          label: 'LeNet-5', file: 'lenet5.safetensors', isReady: learn.whyNoRecord === '', make: () => getFile('/api/training/network'),
        },
      ],
      words: async () => learn.whyNoRecord === '' ? postJSON('/api/training/words', {}) : { remark: learn.whyNoRecord },
    },
  };
}
