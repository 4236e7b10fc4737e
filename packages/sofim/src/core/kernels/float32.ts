// The loops over Float32Array. `float64.ts` holds the same text over Float64Array (a test keeps them so): one
// loop that saw both classes would be compiled for both, and measured 2 to 3 times slower.
// All arithmetic is in float64. The loops take four elements at a time: four independent sums keep the adder busy,
// and four loads before the stores spare the compiler from ordering each store against the next loads.

/** Sum of squares over [start, end) of forMoment m + forGradient g. Writes nothing. */
export function sumSquares(
  moment: Float32Array,
  gradient: Float32Array,
  start: number,
  end: number,
  forMoment: number,
  forGradient: number,
): number {
  const end4 = end - ((end - start) % 4);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = start;
  for (; i < end4; i += 4) {
    const v0 = forMoment * moment[i]! + forGradient * gradient[i]!;
    const v1 = forMoment * moment[i + 1]! + forGradient * gradient[i + 1]!;
    const v2 = forMoment * moment[i + 2]! + forGradient * gradient[i + 2]!;
    const v3 = forMoment * moment[i + 3]! + forGradient * gradient[i + 3]!;
    s0 += v0 * v0;
    s1 += v1 * v1;
    s2 += v2 * v2;
    s3 += v3 * v3;
  }
  for (; i < end; i++) {
    const v = forMoment * moment[i]! + forGradient * gradient[i]!;
    s0 += v * v;
  }
  return s0 + s1 + (s2 + s3);
}

/**
 * With m and g times `scale` and v = beta m + (1 - beta) g, over [start, end): adds v'v, g'v and m'v to `sums`.
 */
export function addInnerProducts(
  moment: Float32Array,
  gradient: Float32Array,
  start: number,
  end: number,
  beta: number,
  scale: number,
  sums: Float64Array,
): void {
  const gamma = 1 - beta;
  let vv0 = 0;
  let vv1 = 0;
  let gv0 = 0;
  let gv1 = 0;
  let mv0 = 0;
  let mv1 = 0;
  const end2 = end - ((end - start) % 2);
  let i = start;
  for (; i < end2; i += 2) {
    const m0 = moment[i]! * scale;
    const m1 = moment[i + 1]! * scale;
    const g0 = gradient[i]! * scale;
    const g1 = gradient[i + 1]! * scale;
    const v0 = beta * m0 + gamma * g0;
    const v1 = beta * m1 + gamma * g1;
    vv0 += v0 * v0;
    vv1 += v1 * v1;
    gv0 += g0 * v0;
    gv1 += g1 * v1;
    mv0 += m0 * v0;
    mv1 += m1 * v1;
  }
  for (; i < end; i++) {
    const m = moment[i]! * scale;
    const g = gradient[i]! * scale;
    const v = beta * m + gamma * g;
    vv0 += v * v;
    gv0 += g * v;
    mv0 += m * v;
  }
  sums[0]! += vv0 + vv1;
  sums[1]! += gv0 + gv1;
  sums[2]! += mv0 + mv1;
}

/** Largest absolute value of m and g over [start, end); NaN or Infinity if an element is. */
export function maxAbs(moment: Float32Array, gradient: Float32Array, start: number, end: number): number {
  let max = 0;
  for (let i = start; i < end; i++) max = Math.max(max, Math.abs(moment[i]!), Math.abs(gradient[i]!));
  return max;
}

/** m <- v = beta m + (1 - beta) g, then w <- keep w - v scale factor, over [start, end). */
export function stepAlongMoment(
  weights: Float32Array,
  moment: Float32Array,
  gradient: Float32Array,
  start: number,
  end: number,
  beta: number,
  keep: number,
  scale: number,
  factor: number,
): void {
  const gamma = 1 - beta;
  const end4 = end - ((end - start) % 4);
  let i = start;
  for (; i < end4; i += 4) {
    const v0 = beta * moment[i]! + gamma * gradient[i]!;
    const v1 = beta * moment[i + 1]! + gamma * gradient[i + 1]!;
    const v2 = beta * moment[i + 2]! + gamma * gradient[i + 2]!;
    const v3 = beta * moment[i + 3]! + gamma * gradient[i + 3]!;
    const w0 = keep * weights[i]! - v0 * scale * factor;
    const w1 = keep * weights[i + 1]! - v1 * scale * factor;
    const w2 = keep * weights[i + 2]! - v2 * scale * factor;
    const w3 = keep * weights[i + 3]! - v3 * scale * factor;
    moment[i] = v0;
    moment[i + 1] = v1;
    moment[i + 2] = v2;
    moment[i + 3] = v3;
    weights[i] = w0;
    weights[i + 1] = w1;
    weights[i + 2] = w2;
    weights[i + 3] = w3;
  }
  for (; i < end; i++) {
    const v = beta * moment[i]! + gamma * gradient[i]!;
    weights[i] = keep * weights[i]! - v * scale * factor;
    moment[i] = v;
  }
}

/**
 * m <- v = beta m + (1 - beta) g, then w <- keep w - v scale factor - (forGradient g - forMoment m) with the old m,
 * over [start, end).
 */
export function stepAlongGradient(
  weights: Float32Array,
  moment: Float32Array,
  gradient: Float32Array,
  start: number,
  end: number,
  beta: number,
  keep: number,
  scale: number,
  factor: number,
  forGradient: number,
  forMoment: number,
): void {
  const gamma = 1 - beta;
  for (let i = start; i < end; i++) {
    const m = moment[i]!;
    const g = gradient[i]!;
    const v = beta * m + gamma * g;
    weights[i] = keep * weights[i]! - v * scale * factor - (forGradient * g - forMoment * m);
    moment[i] = v;
  }
}
