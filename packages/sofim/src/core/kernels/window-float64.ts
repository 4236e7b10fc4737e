// The loops of `window-float32.ts` over Float64Array, word for word: see there.

/** Inner product over [start, end) of xScale x and yScale y. */
export function innerProduct(
  x: Float64Array,
  y: Float64Array,
  start: number,
  end: number,
  xScale: number,
  yScale: number,
): number {
  const end4 = end - ((end - start) % 4);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = start;
  for (; i < end4; i += 4) {
    s0 += x[i]! * xScale * (y[i]! * yScale);
    s1 += x[i + 1]! * xScale * (y[i + 1]! * yScale);
    s2 += x[i + 2]! * xScale * (y[i + 2]! * yScale);
    s3 += x[i + 3]! * xScale * (y[i + 3]! * yScale);
  }
  for (; i < end; i++) s0 += x[i]! * xScale * (y[i]! * yScale);
  return s0 + s1 + (s2 + s3);
}

/** wide <- beta (wide + share x) over [start, end). */
export function decayInto(
  wide: Float64Array,
  x: Float64Array,
  start: number,
  end: number,
  beta: number,
  share: number,
): void {
  for (let i = start; i < end; i++) wide[i] = beta * (wide[i]! + share * x[i]!);
}

/** Inner product over [start, end) of scale x and wide. */
export function innerProductWide(
  x: Float64Array,
  wide: Float64Array,
  start: number,
  end: number,
  scale: number,
): number {
  const end2 = end - ((end - start) % 2);
  let s0 = 0;
  let s1 = 0;
  let i = start;
  for (; i < end2; i += 2) {
    s0 += x[i]! * scale * wide[i]!;
    s1 += x[i + 1]! * scale * wide[i + 1]!;
  }
  for (; i < end; i++) s0 += x[i]! * scale * wide[i]!;
  return s0 + s1;
}

/** step <- step + factor x, where step begins at x[start]. */
export function addScaled(
  step: Float64Array,
  x: Float64Array,
  start: number,
  end: number,
  factor: number,
): void {
  const count = end - start;
  const count4 = count - (count % 4);
  let i = 0;
  for (; i < count4; i += 4) {
    const s0 = step[i]! + factor * x[start + i]!;
    const s1 = step[i + 1]! + factor * x[start + i + 1]!;
    const s2 = step[i + 2]! + factor * x[start + i + 2]!;
    const s3 = step[i + 3]! + factor * x[start + i + 3]!;
    step[i] = s0;
    step[i + 1] = s1;
    step[i + 2] = s2;
    step[i + 3] = s3;
  }
  for (; i < count; i++) step[i] = step[i]! + factor * x[start + i]!;
}

/** weights <- keep weights - learningRate step, where step begins at weights[start]. */
export function descend(
  weights: Float64Array,
  step: Float64Array,
  start: number,
  end: number,
  keep: number,
  learningRate: number,
): void {
  for (let i = start; i < end; i++) weights[i] = keep * weights[i]! - learningRate * step[i - start]!;
}
