import type { FloatArray, Kernels } from "./kernels/index.js";
import type { Direction } from "./options.js";

/** What one block of weights did at a step. */
export interface BlockDiagnostics {
  /** |Mh|^2 over the block's weights; NaN if the step was skipped, Infinity if beyond float64. */
  readonly momentNormSquared: number;
  /**
   * learningRate / (rho + |Mh|^2), the factor on the moment; with a window the length of the step over that of the
   * moment. 0 if the step was skipped.
   */
  readonly scale: number;
}

/** What one step needs to know beside the arrays. */
export interface StepSettings {
  readonly kernels: Kernels;
  readonly direction: Direction;
  readonly learningRate: number;
  readonly beta: number;
  readonly rho: number;
  /** Bias-correction weight d after this step: Mh = M / d. */
  readonly momentWeight: number;
  /** Factor on the old weights: 1 - learningRate * weightDecay. */
  readonly keep: number;
}

// Below and above these, a float64 sum of squares is rounded too coarsely or overflows; rho below TINY_RHO could be
// outweighed by squares that underflow. Float32 data never gets there: its squares lie in 1e-90 .. 1e77.
const TINY_SUM = 1e-280;
const HUGE_SUM = 1e300;
const TINY_RHO = 1e-250;

// The loops run over pieces of this many weights. A loop over everything is compiled while it runs the first time,
// before the code after it was ever seen; V8 then leaves and re-enters that code at every call, which measured
// 2 to 3 times slower. Sums by pieces are also the more accurate ones.
export const CHUNK = 4096;

/**
 * One block of the block-diagonal Fisher matrix: the weights [start, end). First `measure` reads, then `apply`
 * writes; between the two every block has had the chance to report a gradient that is not finite.
 *
 * For both directions the step is written as v (scale factor) + forGradient g - forMoment m, where m is the old
 * moment and v = beta m + (1 - beta) g the new one, not yet divided by d.
 */
export class Block implements BlockDiagnostics {
  momentNormSquared = Number.NaN;
  scale = 0;

  #prescale = 1;
  #factor = 0;
  #forGradient = 0;
  #forMoment = 0;
  readonly #products = new Float64Array(3);

  constructor(
    readonly start: number,
    readonly end: number,
  ) {}

  /** Reads moment and gradient and works out the step. Returns false if the gradient is not finite. */
  measure(moment: FloatArray, gradient: FloatArray, settings: StepSettings): boolean {
    const { kernels, direction, rho } = settings;
    let prescale = 1;
    this.#multiply(moment, gradient, settings, prescale);
    if (this.#needsPrescale(direction, rho)) {
      const largest = kernels.maxAbs(moment, gradient, this.start, this.end);
      if (!Number.isFinite(largest)) return false;
      prescale = powerOfTwoNear(1 / largest);
      this.#multiply(moment, gradient, settings, prescale);
    }
    this.#plan(settings, prescale);
    return true;
  }

  /** Forgets the last step: nothing was measured and nothing was applied. */
  clear(): void {
    this.momentNormSquared = Number.NaN;
    this.scale = 0;
  }

  apply(weights: FloatArray, moment: FloatArray, gradient: FloatArray, settings: StepSettings): void {
    const { kernels, beta, keep } = settings;
    const scale = this.#prescale;
    const factor = this.#factor;
    const forGradient = this.#forGradient;
    const forMoment = this.#forMoment;
    const alongMoment = settings.direction === "moment";
    for (let i = this.start; i < this.end; i += CHUNK) {
      const end = Math.min(i + CHUNK, this.end);
      if (alongMoment) {
        kernels.stepAlongMoment(weights, moment, gradient, i, end, beta, keep, scale, factor);
      } else {
        kernels.stepAlongGradient(
          weights,
          moment,
          gradient,
          i,
          end,
          beta,
          keep,
          scale,
          factor,
          forGradient,
          forMoment,
        );
      }
    }
  }

  #multiply(moment: FloatArray, gradient: FloatArray, settings: StepSettings, prescale: number): void {
    const { kernels, beta } = settings;
    const products = this.#products.fill(0);
    const alongMoment = settings.direction === "moment";
    for (let i = this.start; i < this.end; i += CHUNK) {
      const end = Math.min(i + CHUNK, this.end);
      if (alongMoment) {
        products[0]! += kernels.sumSquares(moment, gradient, i, end, beta * prescale, (1 - beta) * prescale);
      } else {
        kernels.addInnerProducts(moment, gradient, i, end, beta, prescale, products);
      }
    }
  }

  #needsPrescale(direction: Direction, rho: number): boolean {
    const products = this.#products;
    const vv = products[0]!;
    if (direction === "moment") return !(vv < HUGE_SUM) || (vv < TINY_SUM && rho < TINY_RHO);
    const largest = Math.max(vv, Math.abs(products[1]!), Math.abs(products[2]!));
    return !(largest < HUGE_SUM) || vv < TINY_SUM;
  }

  #plan(settings: StepSettings, prescale: number): void {
    const { learningRate, rho, momentWeight, direction } = settings;
    const vv = this.#products[0]!;
    const unit = 1 / (prescale * momentWeight); // Mh = (prescale v) unit
    this.momentNormSquared = vv * unit * unit;
    const denominator = rho + this.momentNormSquared;
    this.scale = learningRate / denominator;

    // The step along the moment, Mh / (rho + |Mh|^2). Never v / rho - Mh (Mh'v) / (...): that cancels.
    if (denominator > TINY_SUM && denominator < HUGE_SUM) {
      this.#prescale = 1;
      this.#factor = learningRate / (momentWeight * denominator);
    } else {
      this.#prescale = prescale;
      this.#factor = vv === 0 ? 0 : learningRate / (rho / unit + vv * unit);
    }
    if (direction === "gradient") this.#planGradient(settings, vv);
  }

  /**
   * F^-1 g by splitting g into g_perp, orthogonal to Mh, and the rest, along Mh:
   *
   *     F^-1 g = g_perp / rho + Mh (Mh'g) / (|Mh|^2 (rho + |Mh|^2)),      g_perp = g - Mh (Mh'g) / |Mh|^2
   *
   * Subtracting as written loses g_perp when g is nearly parallel to Mh, and dividing by a small rho blows up what
   * rounding left. With v = beta m + (1 - beta) g the parts along g cancel on paper,
   *
   *     g_perp = beta (g (m'v) - m (g'v)) / v'v
   *
   * which is exactly 0 at the first step (m = 0) and small with beta m when the gradient dominates.
   */
  #planGradient(settings: StepSettings, vv: number): void {
    const { learningRate, beta, rho, momentWeight } = settings;
    if (vv === 0) {
      this.#forGradient = held(learningRate / rho);
      this.#forMoment = 0;
      return;
    }
    const alongGradient = this.#products[1]! / vv;
    const alongMoment = this.#products[2]! / vv;
    this.#factor *= momentWeight * alongGradient;
    this.#forGradient = held((learningRate * beta * alongMoment) / rho);
    this.#forMoment = held((learningRate * beta * alongGradient) / rho);
  }
}

/** Keeps a factor finite, so that it gives 0 and not NaN where it meets an element that is 0. */
export function held(factor: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, factor));
}

/** A power of two near `x`, so that multiplying by it is exact; never 0, subnormal or infinite. */
export function powerOfTwoNear(x: number): number {
  const exponent = Math.round(Math.log2(x));
  return 2 ** Math.min(1020, Math.max(-1020, exponent));
}
