// The slide area as a picture: pixels with the window on them, the kernel, the output, and the arithmetic.

import { color, sheet, write } from './canvas.js';
import { figure } from './format.js';

const [cell, margin, gap] = [44, 32, 40];

/** A grid of numbers; `look(row, column)` may give the colour behind a number and whether the window is there. */
function grid(context, rows, left, top, look) {
  for (const [r, row] of rows.entries()) {
    for (const [c, value] of row.entries()) {
      const { ground = 'card', isUnder = false } = look(r, c);
      const [x, y] = [left + c * cell, top + r * cell];
      context.fillStyle = color(ground);
      context.fillRect(x, y, cell, cell);
      context.lineWidth = isUnder ? 2 : 1;
      context.strokeStyle = color(isUnder ? 'link' : 'rule');
      const inside = isUnder ? 1 : 0.5;
      context.strokeRect(x + inside, y + inside, cell - 2 * inside, cell - 2 * inside);
      write(context, figure(value, 4), x + cell / 2, y + cell / 2, {
        size: 14, weight: isUnder ? 650 : 400, align: 'center', base: 'middle',
      });
    }
  }
}

/**
 * Draws it.
 *
 * - padded, kernel, output: rows of numbers
 * - place: the row and the column of the output
 * - isUnder(r, c), isWithin(r, c): whether a padded pixel is under the window, or one of the picture's
 * - title, arithmetic: words
 */
export function slidePicture({ padded, kernel, output, place, isUnder, isWithin, isCircular, title, arithmetic }) {
  const columns = [['Pixels', padded], ['Kernel', kernel], ['Output', output]];
  const wide = columns.reduce((sum, [, rows]) => sum + rows[0].length * cell, 2 * gap);
  const width = Math.max(560, wide + 2 * margin);
  const tall = Math.max(...columns.map(([, rows]) => rows.length)) * cell;
  const { canvas, context } = sheet(width, margin + 34 + 30 + tall + 30 + 24 + margin);
  write(context, title, margin, margin, { size: 16, weight: 650 });
  const looks = [
    (r, c) => ({ ground: isUnder(r, c) ? 'tint' : isWithin(r, c) ? 'card' : isCircular ? 'warm' : 'code', isUnder: isUnder(r, c) }),
    () => ({}),
    (r, c) => ({ ground: r === place.row && c === place.column ? 'tint' : 'card', isUnder: r === place.row && c === place.column }),
  ];
  let left = margin;
  for (const [i, [name, rows]] of columns.entries()) {
    write(context, name, left, margin + 36, { ink: 'quiet' });
    grid(context, rows, left, margin + 62, looks[i]);
    left += rows[0].length * cell + gap;
  }
  write(context, arithmetic, margin, margin + 62 + tall + 24, { width: width - 2 * margin });
  return canvas;
}
