/** The last pairs of steps and gradient changes, oldest first, and the inverse Hessian that they describe. */
export class CurvaturePairs {
  readonly #memory: number;
  readonly #pairs: {
    readonly step: Float64Array;
    readonly change: Float64Array;
    readonly product: number;
  }[] = [];

  constructor(memory: number) {
    this.#memory = memory;
  }

  get length(): number {
    return this.#pairs.length;
  }

  clear(): void {
    this.#pairs.length = 0;
  }

  /** Adds a pair unless its curvature step'change is too small against |change|^2 to be told from rounding. */
  add(step: Float64Array, change: Float64Array): void {
    const product = dot(step, change);
    if (!(product > Number.EPSILON * dot(change, change))) return;
    if (this.#pairs.length === this.#memory) this.#pairs.shift();
    this.#pairs.push({ step, change, product });
  }

  /**
   * H v by the two-loop recursion, with H the BFGS inverse that starts at gamma I and takes in every pair, and gamma =
   * s'y / y'y of the newest one (1 without pairs).
   */
  applyInverse(vector: Float64Array): Float64Array {
    const result = Float64Array.from(vector);
    const alphas = new Float64Array(this.#pairs.length);
    for (let i = this.#pairs.length - 1; i >= 0; i--) {
      const { step, change, product } = this.#pairs[i]!;
      alphas[i] = dot(step, result) / product;
      addScaled(result, -alphas[i]!, change);
    }
    const newest = this.#pairs.at(-1);
    if (newest !== undefined) {
      const gamma = newest.product / dot(newest.change, newest.change);
      for (let i = 0; i < result.length; i++) result[i]! *= gamma;
    }
    this.#pairs.forEach(({ step, change, product }, i) => {
      addScaled(result, alphas[i]! - dot(change, result) / product, step);
    });
    return result;
  }
}

/** x'y. */
export function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** target <- target + scale x. */
export function addScaled(target: Float64Array, scale: number, x: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i]! += scale * x[i]!;
}

/** The largest absolute value; NaN if one is NaN. */
export function maxAbs(x: Float64Array): number {
  let largest = 0;
  for (const value of x) largest = Math.max(largest, Math.abs(value));
  return largest;
}
