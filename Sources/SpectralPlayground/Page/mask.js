// A response that is drawn by hand: strokes on the frequency plane, each with its twin at (-fx, -fy), as bytes for the
// process. Frequency 0 is at row and column size / 2, and size pixels are one cycle per pixel.

export class Mask {
  /** What the plane is before the first stroke; by default everything passes. */
  base;
  #before;
  #coverage;

  constructor(size = 512) {
    this.size = size;
    this.values = new Uint8Array(size * size).fill(255);
    this.base = this.values.slice();
    this.#before = this.values.slice();
    this.#coverage = new Float32Array(size * size);
  }

  /** Draws strokes from the beginning. */
  replay(strokes) {
    this.values.set(this.base);
    for (const stroke of strokes) {
      this.begin();
      this.draw(stroke);
    }
  }

  /** A new stroke lies over what is there now. */
  begin() {
    this.#before.set(this.values);
    this.#coverage.fill(0);
  }

  /** A stroke whose shape changed is drawn anew; what lies under it comes back first. */
  redraw(stroke) {
    this.values.set(this.#before);
    this.#coverage.fill(0);
    this.draw(stroke);
  }

  /** Draws a stroke; of one by the brush, what comes from its point `first` on. */
  draw(stroke, first = 0) {
    const { points, level } = stroke;
    const reach = stroke.size / 2;
    const everywhere = [-0.5, -0.5, 0.5, 0.5];
    const edge = this.#edge(stroke);
    const [x0, y0, x1 = x0, y1 = y0] = points ?? [];
    switch (stroke.tool) {
      case 'brush': case 'erase':
        for (let i = first; i < Math.max(1, points.length / 2 - 1); i += 1) {
          const [ax, ay] = points.slice(2 * i);
          const [bx, by] = points.length > 2 * i + 3 ? points.slice(2 * i + 2) : [ax, ay];
          const box = [Math.min(ax, bx) - reach, Math.min(ay, by) - reach, Math.max(ax, bx) + reach, Math.max(ay, by) + reach];
          this.#stamp(box, level, tip(stroke, 1 / this.size, toSegment(ax, ay, bx, by)));
        }
        break;
      case 'notch':
        this.#stamp([x0 - reach, y0 - reach, x0 + reach, y0 + reach], level, tip(stroke, 1 / this.size, toSegment(x0, y0, x0, y0)));
        break;
      case 'ring': {
        const [a, b] = [Math.hypot(x0, y0), Math.hypot(x1, y1)].sort((p, q) => p - q);
        this.#stamp(everywhere, level, (x, y) => {
          const r = Math.hypot(x, y);
          return edge(Math.max(a - r, r - b));
        });
        break;
      }
      case 'wedge': {
        const { middle, half } = wedge(stroke);
        this.#stamp(everywhere, level, (x, y) => {
          const r = Math.hypot(x, y);
          if (r < 1 / this.size) return 0;
          return edge(r * Math.sin(Math.min(Math.PI / 2, angleBetween(Math.atan2(y, x), middle) - half)));
        });
        break;
      }
      case 'rectangle':
        this.#stamp(everywhere, level, (x, y) => edge(Math.max(
          Math.min(x0, x1) - x, x - Math.max(x0, x1), Math.min(y0, y1) - y, y - Math.max(y0, y1))));
        break;
      case 'fill':
        this.#stamp(everywhere, level, () => 1);
        break;
    }
  }

  /** From a distance to an edge, negative within, to how much is covered. */
  #edge({ soft, size }) {
    const width = soft ? Math.max(size / 2, 1 / this.size) : 1 / this.size;
    return (distance) => smooth(0.5 - distance / width);
  }

  /** Covers the pixels of a box, and their twins, each as much as the most that a stroke ever covered it. */
  #stamp([left, top, right, bottom], level, coverage) {
    const n = this.size;
    const half = n / 2;
    const clip = (f) => Math.max(0, Math.min(n - 1, f));
    const [x0, x1] = [clip(Math.floor(left * n + half)), clip(Math.ceil(right * n + half))];
    const [y0, y1] = [clip(Math.floor(top * n + half)), clip(Math.ceil(bottom * n + half))];
    for (let y = y0; y <= y1; y += 1) {
      for (let x = x0; x <= x1; x += 1) {
        const covered = coverage((x - half) / n, (y - half) / n);
        if (covered <= 0) continue;
        this.#cover(y * n + x, covered, level);
        this.#cover(((n - y) % n) * n + (n - x) % n, covered, level);
      }
    }
  }

  #cover(i, covered, level) {
    if (covered <= this.#coverage[i]) return;
    this.#coverage[i] = covered;
    this.values[i] = Math.round(this.#before[i] + (255 * level - this.#before[i]) * covered);
  }
}

/** The middle of a wedge's directions and half its width, in radians. */
export function wedge({ points: [x0, y0, x1 = x0, y1 = y0] }) {
  const a = Math.atan2(y0, x0);
  let turn = Math.atan2(y1, x1) - a;
  turn -= 2 * Math.PI * Math.round(turn / (2 * Math.PI));
  return { middle: a + turn / 2, half: Math.max(Math.abs(turn / 2), 0.01) };
}

/** The angle between two lines through the origin, 0 to a quarter of a turn. */
function angleBetween(a, b) {
  const d = Math.abs(a - b) % Math.PI;
  return Math.min(d, Math.PI - d);
}

const smooth = (t) => t <= 0 ? 0 : t >= 1 ? 1 : t * t * (3 - 2 * t);

/** The tip of a brush: full as far as its size with a hard edge, fading from the middle with a soft one. */
function tip({ size, soft }, pixel, distance) {
  const radius = size / 2;
  if (!soft) return (x, y) => Math.max(0, Math.min(1, 0.5 + (radius - distance(x, y)) / pixel));
  return (x, y) => {
    const t = distance(x, y) / radius;
    return t >= 1 ? 0 : (1 - t * t) ** 2;
  };
}

/** The distance from a point to a line between two points. */
export function toSegment(ax, ay, bx, by) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  return (x, y) => {
    const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length));
    return Math.hypot(x - ax - t * dx, y - ay - t * dy);
  };
}
