// Pixels to canvases, and canvases to the sharpness of the screen.

/** A canvas as a child of an element. */
export function layer(parent, className) {
  const canvas = document.createElement('canvas');
  canvas.className = className;
  canvas.setAttribute('aria-hidden', 'true');
  parent.append(canvas);
  return canvas;
}

/** Puts a picture answer on a canvas, pixel by pixel. */
export function blit(canvas, { height, width, pixels }) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  canvas.classList.toggle('pixels', Math.max(height, width) < 200);
  // Read by the processor in tests and shares, and drawn by it: there is nothing here for a graphics card to do.
  canvas.getContext('2d', { willReadFrequently: true }).putImageData(new ImageData(pixels, width, height), 0, 0);
}

/** Makes a canvas as sharp as the screen, and gives a context in units of the page; null while it is not shown. */
export function sharp(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  if (width === 0 || height === 0) return null;
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = canvas.getContext('2d');
  context.setTransform(w / width, 0, 0, h / height, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** A sheet of paper in the colours of the page, twice as sharp as its size says: what is shared of an area as a picture. */
export function sheet(width, height) {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [2 * width, 2 * height];
  const context = canvas.getContext('2d');
  context.scale(2, 2);
  context.fillStyle = color('page');
  context.fillRect(0, 0, width, height);
  context.imageSmoothingEnabled = false;
  return { canvas, context };
}

/** Words on a sheet, from their left upper corner or as told; where they are wider than `width`, narrower letters. */
export function write(
  context, text, x, y, { size = 14, weight = 400, ink = 'text', align = 'left', base = 'top', width } = {}) {
  context.font = `${weight} ${size}px system-ui, sans-serif`;
  context.fillStyle = color(ink);
  context.textAlign = align;
  context.textBaseline = base;
  context.fillText(text, x, y, width);
}

/** A colour of the style sheet, by the name of its variable. */
export const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Calls `redraw` when the size of an element changes, or the colours do. */
export function whenLookChanges(element, redraw) {
  new ResizeObserver(redraw).observe(element);
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
}

/** Rows of numbers 0 to 1 as a small picture, from the dark end of a scale to the bright one. */
export function blitLevels(canvas, rows, paint = (v) => [v, v, v]) {
  const [height, width] = [rows.length, rows[0].length];
  const pixels = new Uint8ClampedArray(4 * height * width);
  let at = 0;
  for (const row of rows) {
    for (const value of row) {
      const [r, g, b] = paint(value);
      pixels.set([255 * r, 255 * g, 255 * b, 255], at);
      at += 4;
    }
  }
  blit(canvas, { height, width, pixels });
}

/** Signed numbers, -1 to 1: blue for what is taken, paper for nothing, orange for what is given. */
export function signed(value) {
  const t = Math.max(-1, Math.min(1, value));
  const paper = [0.97, 0.96, 0.94];
  const end = t < 0 ? [0.10, 0.33, 0.60] : [0.75, 0.30, 0.05];
  return paper.map((p, i) => p + Math.abs(t) ** 0.8 * (end[i] - p));
}
