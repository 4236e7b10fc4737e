import { InvalidArgumentError } from "../errors.js";
import { checkOptionNames, type OptionNames } from "../option-names.js";
import { checkInteger, checkNonNegative, checkPositive } from "../options.js";
import { type LinePoint, searchStrongWolfe } from "./line-search.js";
import { addScaled, CurvaturePairs, dot, maxAbs } from "./pairs.js";

/** A function's value and gradient at one point. */
export interface ValueAndGradient {
  readonly value: number;
  /** As long as the point. */
  readonly gradient: ArrayLike<number>;
}

/** What `minimizeLbfgs` minimizes. Must neither change nor keep the point. */
export type Differentiable = (x: Float64Array) => ValueAndGradient | Promise<ValueAndGradient>;

/** Options of `minimizeLbfgs`; `lbfgsDefaults` holds the defaults. */
export interface MinimizeLbfgsOptions {
  /** Pairs of steps and gradient changes to keep, an integer >= 1. Default 10. */
  readonly memory?: number;
  /** Iterations after which to stop, an integer >= 0. Default 1000. */
  readonly maxIterations?: number;
  /** Stop once no gradient component is larger than this, finite and >= 0. Default 1e-6. */
  readonly gradientTolerance?: number;
  /** Constant of the decrease condition, in (0, 1). Default 1e-4. */
  readonly sufficientDecrease?: number;
  /** Constant of the curvature condition, in (sufficientDecrease, 1). Default 0.9. */
  readonly curvature?: number;
  /** Is told about every iteration; throw here to stop. */
  readonly onIteration?: (progress: LbfgsProgress) => void;
}

const optionNames: OptionNames<MinimizeLbfgsOptions> = {
  memory: "optional",
  maxIterations: "optional",
  gradientTolerance: "optional",
  sufficientDecrease: "optional",
  curvature: "optional",
  onIteration: "optional",
};

export interface LbfgsProgress {
  readonly iteration: number;
  readonly value: number;
  /** The largest absolute gradient component. */
  readonly gradientNorm: number;
  /** Evaluations of the function so far. */
  readonly evaluations: number;
}

/**
 * Why the minimization ended: the gradient is small enough; the iterations are used up; or no step along the negative
 * gradient lowers the value, which at the end of a run means that rounding hides all further progress.
 */
export type LbfgsStatus = "converged" | "maxIterations" | "lineSearchFailed";

export interface LbfgsResult {
  readonly status: LbfgsStatus;
  /** The best point. */
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  /** The largest absolute gradient component. */
  readonly gradientNorm: number;
  readonly iterations: number;
  readonly evaluations: number;
}

/** The values used where an option is left out. */
export const lbfgsDefaults = Object.freeze({
  memory: 10,
  maxIterations: 1000,
  gradientTolerance: 1e-6,
  sufficientDecrease: 1e-4,
  curvature: 0.9,
} as const);

interface Point extends LinePoint {
  readonly x: Float64Array;
  readonly gradient: Float64Array;
}

/**
 * Minimizes a smooth function by L-BFGS with a strong-Wolfe line search, in float64:
 *
 *     x <- x - a H g,      H = two-loop recursion over the last pairs s = x' - x, y = g' - g
 *
 * Meant for deterministic functions: a loss over the whole data set, not over a minibatch. The first step, before
 * there is any pair, is not longer than 1.
 *
 * @param fn Value and gradient at a point, at once or as a promise (a jitted function on the engine, say).
 * @param start Where to start; left as it is. The function must be finite there.
 * @param options See `MinimizeLbfgsOptions`.
 * @returns The best point and why the search ended; no number in it is NaN.
 * @throws InvalidArgumentError for an option that is unknown or out of range, a gradient of another length, or a start
 * where the function is not finite.
 *
 * @example
 * ```ts
 * import { minimizeLbfgs } from "sofim/core";
 *
 * const rosenbrock = ([x, y]: Float64Array) => ({
 *   value: (1 - x!) ** 2 + 100 * (y! - x! ** 2) ** 2,
 *   gradient: [-2 * (1 - x!) - 400 * x! * (y! - x! ** 2), 200 * (y! - x! ** 2)],
 * });
 * const { status, x } = await minimizeLbfgs(rosenbrock, Float64Array.of(-1.2, 1));
 * if (status !== "converged" || Math.hypot(x[0]! - 1, x[1]! - 1) > 1e-5) throw new Error("not at (1, 1)");
 * ```
 *
 * Source: Liu, Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical Programming 45
 * (1989).
 */
export async function minimizeLbfgs(
  fn: Differentiable,
  start: Float64Array,
  options: MinimizeLbfgsOptions = {},
): Promise<LbfgsResult> {
  const { onIteration, ...limits } = checkOptions(options);
  const pairs = new CurvaturePairs(limits.memory);
  let evaluations = 0;
  const evaluate = async (x: Float64Array): Promise<Evaluated> => {
    evaluations++;
    const { value, gradient } = await fn(x);
    if (gradient.length !== x.length) {
      throw new InvalidArgumentError("gradient", gradient, `${x.length} numbers, as many as the point has`);
    }
    return { x, value, gradient: Float64Array.from(gradient) };
  };
  let current = await evaluate(Float64Array.from(start));
  let gradientNorm = maxAbs(current.gradient);
  if (!Number.isFinite(current.value) || !Number.isFinite(gradientNorm)) {
    throw new InvalidArgumentError("start", start, "a point where the function and its gradient are finite");
  }
  let iterations = 0;
  const finish = (status: LbfgsStatus): LbfgsResult => {
    const { x, value, gradient } = current;
    return { status, x, value, gradient, gradientNorm, iterations, evaluations };
  };
  for (;;) {
    if (gradientNorm <= limits.gradientTolerance) return finish("converged");
    if (iterations >= limits.maxIterations) return finish("maxIterations");
    const next = await takeStep(current, pairs, evaluate, limits);
    if (next === undefined) {
      if (pairs.length === 0) return finish("lineSearchFailed");
      pairs.clear(); // they may have misled: try once more along the gradient
      continue;
    }
    pairs.add(difference(next.x, current.x), difference(next.gradient, current.gradient));
    current = next;
    gradientNorm = maxAbs(next.gradient);
    iterations++;
    onIteration?.({ iteration: iterations, value: next.value, gradientNorm, evaluations });
  }
}

type Evaluated = Pick<Point, "x" | "value" | "gradient">;

/** The point that a line search along -H g finds; undefined if no step lowers the value enough. */
async function takeStep(
  current: Evaluated,
  pairs: CurvaturePairs,
  evaluate: (x: Float64Array) => Promise<Evaluated>,
  conditions: { readonly sufficientDecrease: number; readonly curvature: number },
): Promise<Evaluated | undefined> {
  const direction = pairs.applyInverse(current.gradient).map((d) => -d);
  const slope = dot(direction, current.gradient);
  if (!(slope < 0)) return undefined;
  const pointAt = async (step: number): Promise<Point> => {
    const x = Float64Array.from(current.x);
    addScaled(x, step, direction);
    const found = await evaluate(x);
    return { ...found, step, slope: dot(direction, found.gradient) };
  };
  const firstStep = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
  const { point } = await searchStrongWolfe(pointAt, { ...current, step: 0, slope }, firstStep, conditions);
  return point;
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((x, i) => x - b[i]!);
}

function checkOptions(options: MinimizeLbfgsOptions) {
  const all = { ...lbfgsDefaults, ...checkOptionNames(options, optionNames) };
  checkInteger("memory", all.memory, 1);
  checkInteger("maxIterations", all.maxIterations, 0);
  checkNonNegative("gradientTolerance", all.gradientTolerance);
  const { sufficientDecrease, curvature } = all;
  if (checkPositive("sufficientDecrease", sufficientDecrease) >= 1) {
    throw new InvalidArgumentError("sufficientDecrease", sufficientDecrease, "a number in (0, 1)");
  }
  if (checkPositive("curvature", curvature) >= 1 || curvature <= sufficientDecrease) {
    throw new InvalidArgumentError("curvature", curvature, `a number in (${sufficientDecrease}, 1)`);
  }
  return all;
}
