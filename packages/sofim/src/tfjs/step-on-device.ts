import {
  add,
  addN,
  cast,
  div,
  isFinite as finite,
  greater,
  minimum,
  mul,
  type Scalar,
  scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import type { Slot, StepSettings } from "./step.js";

// Float32 squares neither overflow nor underflow in a way that matters if vectors are first scaled so that the length
// that counts, sqrt(rho) or the clipping norm, is at one of these; longer vectors need the room above.
const MOMENT_UNIT = 2 ** -40;
const GRADIENT_UNIT = 2 ** -20;

/** 1 if all gradients are free of NaN and infinity, else 0. */
export function finiteness(gradients: readonly Tensor[]): Scalar {
  return cast(finite(sumOfSquares(gradients.map((g) => mul(g, 2 ** -100)))), "float32");
}

/** Zeros in place of the gradients if `ok` is 0. */
export function keepIf(ok: Scalar, gradients: readonly Tensor[]): readonly Tensor[] {
  return gradients.map((g) => where(cast(ok, "bool"), g, zerosLike(g)));
}

/** Gradients whose norm over all is at most `most`. Right for norms up to 1e31 times `most`. */
export function clip(gradients: readonly Tensor[], most: number): readonly Tensor[] {
  const norm = sqrt(sumOfSquares(gradients.map((g) => mul(g, MOMENT_UNIT / most))));
  const factor = minimum(1, div(MOMENT_UNIT, norm));
  return gradients.map((g) => mul(g, factor));
}

/**
 * A step of one block that reads nothing back, so that the device's queue runs on.
 *
 * Right for |Mh| up to 1e24 sqrt(rho) (`direction: "gradient"`: 1e16); beyond that the step, then shorter than 1e-24
 * learning rates / sqrt(rho), may become zero.
 *
 * @param slots The variables of the block.
 * @param settings See `StepSettings`.
 * @param count n of Mh = T / n, after this step.
 * @param ok 0 to leave variables and moments as they are; the gradients are then 0.
 */
export function stepOnDevice(
  slots: readonly Slot[],
  settings: StepSettings,
  count: Scalar | number,
  ok: Scalar | number,
): void {
  const { beta, weightDecay, direction, rho } = settings;
  const rate = mul(settings.learningRate, ok);
  const decay = ok === 1 ? beta : sub(1, mul(1 - beta, ok));
  const moments = slots.map(({ moment, gradient }) => add(mul(moment, decay), gradient));

  // y = k Mh, and the step along the moment is y times learningRate k / (k^2 rho + |y|^2).
  const unit = direction === "moment" ? MOMENT_UNIT : GRADIENT_UNIT;
  const k = Math.min(Math.max(unit / Math.sqrt(rho), 1e-30), 1e30);
  const toScaled = div(k, count);
  const scaled = moments.map((moment) => mul(moment, toScaled));
  const sumSquares = sumOfSquares(scaled);
  const perScaled = div(mul(rate, k), add(sumSquares, Math.max(k * k * rho, 1e-36)));
  const step =
    direction === "moment"
      ? (i: number) => mul(scaled[i]!, perScaled)
      : stepAlongGradient(slots, scaled, settings, sumSquares, mul(perScaled, count), toScaled, rate);

  const keep = sub(1, mul(rate, weightDecay));
  for (const [i, { variable, moment }] of slots.entries()) {
    const next = sub(weightDecay === 0 ? variable : mul(variable, keep), step(i));
    moment.assign(moments[i]!);
    variable.assign(next);
  }
}

/** F^-1 g as in `step-on-host.ts`; where |Mh|^2 is lost beside rho, g / rho. */
function stepAlongGradient(
  slots: readonly Slot[],
  scaled: readonly Tensor[],
  { beta, rho }: StepSettings,
  sumSquares: Tensor,
  perScaled: Tensor,
  toScaled: Tensor,
  rate: Tensor,
): (i: number) => Tensor {
  const withScaled = (of: (slot: Slot) => Tensor) =>
    addN(slots.map((slot, i) => sum(mul(mul(of(slot), toScaled), scaled[i]!))));
  const counts = greater(sumSquares, GRADIENT_UNIT ** 2 * 1e-10);
  const [whole, none] = beta === 0 ? [1, 0] : [0, 1 / beta];
  const alongGradient = where(
    counts,
    div(
      withScaled(({ gradient }) => gradient),
      sumSquares,
    ),
    scalar(whole),
  );
  const alongOld = where(
    counts,
    div(
      withScaled(({ moment }) => moment),
      sumSquares,
    ),
    scalar(none),
  );
  const perOrthogonal = mul(rate, beta / rho);
  return (i) => {
    const { gradient, moment } = slots[i]!;
    const parallel = mul(scaled[i]!, mul(perScaled, alongGradient));
    const fromGradient = mul(gradient, mul(perOrthogonal, alongOld));
    return add(parallel, sub(fromGradient, mul(moment, mul(perOrthogonal, alongGradient))));
  };
}

function sumOfSquares(tensors: readonly Tensor[]): Scalar {
  return addN(tensors.map((tensor) => sum<Scalar>(square(tensor))));
}
