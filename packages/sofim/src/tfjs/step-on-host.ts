import { add, dispose, mul, sub, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { innerProduct, sumOfSquares } from "./host-products.js";
import type { Slot, StepSettings } from "./step.js";

/** Whether all gradients are free of NaN and infinity. */
export function areFinite(gradients: readonly Tensor[]): boolean {
  return Number.isFinite(sumOfSquares(gradients));
}

/** Gradients whose norm over all is at most `most`. */
export function clip(gradients: readonly Tensor[], most: number): readonly Tensor[] {
  const norm = Math.sqrt(sumOfSquares(gradients));
  return norm > most ? gradients.map((g) => scaled(g, most / norm)) : gradients;
}

/**
 * A step of one block with all scalars as float64 numbers of this process: for backends whose tensors lie in its
 * memory. Four operations on whole tensors, as many as SGD with momentum, and a sum. Each `tidy` frees memory while it
 * is in the caches, for the next operation to use; freeing all at the end made wasm steps a fifth slower.
 *
 * @param slots The variables of the block.
 * @param settings See `StepSettings`.
 * @param count n of Mh = T / n, after this step.
 */
export function stepOnHost(slots: readonly Slot[], settings: StepSettings, count: number): void {
  const { learningRate, beta, rho, weightDecay, direction } = settings;
  const moments = slots.map(({ moment, gradient }) => tidy(() => add(mul(moment, beta), gradient)));
  const sumSquares = sumOfSquares(moments);
  const perMoment = learningRate / (rho * count + sumSquares / count); // the step along the moment is T times this
  const step =
    direction === "moment"
      ? (i: number) => scaled(moments[i]!, perMoment)
      : stepAlongGradient(slots, moments, settings, sumSquares, perMoment * count);
  const keep = 1 - learningRate * weightDecay;
  for (const [i, { variable, moment }] of slots.entries()) {
    tidy(() => {
      const next = sub(keep === 1 ? variable : mul(variable, keep), step(i));
      moment.assign(moments[i]!);
      variable.assign(next);
    });
    dispose(moments[i]!);
  }
}

/**
 * F^-1 g without cancellation, as in `sofim/core`: g is split into a part along the moment and one orthogonal to it, and
 * the latter is written by what g and the old moment contribute, so that it is exactly 0 at the first step.
 */
function stepAlongGradient(
  slots: readonly Slot[],
  moments: readonly Tensor[],
  { learningRate, beta, rho }: StepSettings,
  sumSquares: number,
  scale: number,
): (i: number) => Tensor {
  if (sumSquares === 0) return (i) => scaled(slots[i]!.gradient, learningRate / rho);
  const gradients = slots.map(({ gradient }) => gradient);
  const old = slots.map(({ moment }) => moment);
  const alongGradient = innerProduct(gradients, moments) / sumSquares;
  const alongOld = innerProduct(old, moments) / sumSquares;
  const perOrthogonal = (learningRate * beta) / rho;
  return (i) => {
    const parallel = scaled(moments[i]!, scale * alongGradient);
    const fromGradient = scaled(gradients[i]!, perOrthogonal * alongOld);
    const fromOld = scaled(old[i]!, perOrthogonal * alongGradient);
    return add(parallel, sub(fromGradient, fromOld));
  };
}

/** A tensor times a number, in two steps if the number is none of float32's. */
function scaled(tensor: Tensor, factor: number): Tensor {
  const size = Math.abs(factor);
  if (!(size < 1e-37 || size > 1e37) || factor === 0) return mul(tensor, factor);
  const root = Math.min(Math.sqrt(size), 1e37);
  return mul(mul(tensor, root), Math.sign(factor) * root);
}
