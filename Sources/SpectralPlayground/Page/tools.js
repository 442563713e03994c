// The tools for drawing on the frequency plane: what each is called, and how a stroke grows from press to release.

import { outlined } from './plane.js';
import { wedge } from './mask.js';

export const tools = {
  look: { name: 'Look and drag', help: 'Point at a wave to see it in the picture. Drag the edge of a filter to move it.' },
  brush: { name: 'Brush', help: 'Paint what is to be dimmed. Its twin at (−fx, −fy) follows by itself.' },
  erase: { name: 'Erase', help: 'Wipe paint away: what is wiped passes again.' },
  ring: { name: 'Ring', help: 'Drag from one radius to another: all waves of these lengths.' },
  wedge: { name: 'Wedge', help: 'Drag from one direction to another: all waves that run there.' },
  notch: { name: 'Notch pair', help: 'Press on a bright point: it and its twin go. Drag for a larger pair.' },
  rectangle: { name: 'Rectangle', help: 'Drag from corner to corner.' },
};

const round = (f) => Math.round(f * 1e4) / 1e4;

/** A stroke that begins at a frequency. */
export function beginStroke(tool, f, { size, soft, level }) {
  return { tool, size: round(size), soft, level: tool === 'erase' ? 1 : round(level), points: [round(f.x), round(f.y)] };
}

/** The stroke goes on to a frequency. True if what was drawn stays, and only the end is new. */
export function extendStroke(stroke, f) {
  const [x, y] = [round(f.x), round(f.y)];
  switch (stroke.tool) {
    case 'brush': case 'erase':
      stroke.points.push(x, y);
      return true;
    case 'notch': {
      const [cx, cy] = stroke.points;
      const radius = Math.hypot(x - cx, y - cy);
      if (radius > 0.004) stroke.size = round(2 * radius);
      return false;
    }
    default:
      stroke.points = [...stroke.points.slice(0, 2), x, y];
      return false;
  }
}

/** Draws where a stroke is, and where it would be. */
export function drawStroke(context, { width, at }, stroke, cursor, { tool, size }) {
  const twins = (f) => [at(f), at({ x: -f.x, y: -f.y })];
  const circle = ([x, y], radius) => outlined(context, () => {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
  }, 1);
  if (cursor && ['brush', 'erase', 'notch'].includes(tool)) {
    const center = stroke?.tool === 'notch' ? { x: stroke.points[0], y: stroke.points[1] } : cursor;
    for (const point of twins(center)) circle(point, (stroke?.size ?? size) / 2 * width);
  }
  if (!stroke) return;
  const [x0, y0, x1 = x0, y1 = y0] = stroke.points;
  if (stroke.tool === 'ring') {
    for (const r of [Math.hypot(x0, y0), Math.hypot(x1, y1)]) circle(at({ x: 0, y: 0 }), r * width);
  } else if (stroke.tool === 'wedge') {
    const { middle, half } = wedge(stroke);
    for (const angle of [middle - half, middle + half]) {
      const end = { x: Math.cos(angle), y: Math.sin(angle) };
      outlined(context, () => line(context, ...twins(end)), 1);
    }
  } else if (stroke.tool === 'rectangle') {
    for (const s of [1, -1]) {
      const [[ax, ay], [bx, by]] = [at({ x: s * x0, y: s * y0 }), at({ x: s * x1, y: s * y1 })];
      outlined(context, () => context.strokeRect(ax, ay, bx - ax, by - ay), 1);
    }
  }
}

export function line(context, [ax, ay], [bx, by]) {
  context.beginPath();
  context.moveTo(ax, ay);
  context.lineTo(bx, by);
  context.stroke();
}
