import type { Stroke } from "./strokes.js";

/** Straight pieces that stand in for one span of a curve. */
const PIECES_PER_SPAN = 4;

/** The polyline of a stroke as x and y in turn; a curve becomes a uniform Catmull-Rom spline. */
export function flatten(kind: Stroke["kind"], points: readonly number[]): readonly number[] {
  if (kind === "line") return points;
  const last = points.length / 2 - 1;
  const polyline = [points[0]!, points[1]!];
  for (let span = 0; span < last; span++) {
    for (let piece = 1; piece <= PIECES_PER_SPAN; piece++) {
      const t = piece / PIECES_PER_SPAN;
      for (let axis = 0; axis < 2; axis++) {
        const at = (index: number): number => points[2 * Math.min(Math.max(index, 0), last) + axis]!;
        polyline.push(catmullRom(at(span - 1), at(span), at(span + 1), at(span + 2), t));
      }
    }
  }
  return polyline;
}

function catmullRom(p0: number, p1: number, p2: number, p3: number, t: number): number {
  const linear = p2 - p0;
  const square = 2 * p0 - 5 * p1 + 4 * p2 - p3;
  const cube = 3 * (p1 - p2) + p3 - p0;
  return p1 + 0.5 * t * (linear + t * (square + t * cube));
}

/**
 * Draws a polyline with a round pen, anti-aliased: a pixel's coverage falls from 1 to 0 over `softness` pixels
 * around the pen's edge, by its distance to the nearest segment. Overlapping ink does not add up.
 *
 * @param canvas - [size, size] coverage from 0 to 1, drawn into
 * @param polyline - x and y in turn, in pixels; pixel (i, j) has its centre at (i, j)
 */
export function drawPolyline(
  canvas: Float64Array,
  size: number,
  polyline: readonly number[],
  radius: number,
  softness: number,
): void {
  for (let i = 0; i + 3 < polyline.length; i += 2) {
    drawSegment(
      canvas,
      size,
      polyline[i]!,
      polyline[i + 1]!,
      polyline[i + 2]!,
      polyline[i + 3]!,
      radius,
      softness,
    );
  }
}

function drawSegment(
  canvas: Float64Array,
  size: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  radius: number,
  softness: number,
): void {
  const reach = radius + softness / 2;
  const dx = x1 - x0;
  const dy = y1 - y0;
  const lengthSquared = Math.max(dx * dx + dy * dy, 1e-12);
  const left = Math.max(0, Math.ceil(Math.min(x0, x1) - reach));
  const right = Math.min(size - 1, Math.floor(Math.max(x0, x1) + reach));
  const top = Math.max(0, Math.ceil(Math.min(y0, y1) - reach));
  const bottom = Math.min(size - 1, Math.floor(Math.max(y0, y1) + reach));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = ((x - x0) * dx + (y - y0) * dy) / lengthSquared;
      const t = Math.max(0, Math.min(along, 1));
      const offX = x - x0 - t * dx;
      const offY = y - y0 - t * dy;
      const coverage = (reach - Math.sqrt(offX * offX + offY * offY)) / softness;
      const at = y * size + x;
      if (coverage > canvas[at]!) canvas[at] = Math.min(coverage, 1);
    }
  }
}
