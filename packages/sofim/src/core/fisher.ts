import type { BlockDiagnostics, StepSettings } from "./block.js";
import type { FloatArray } from "./kernels/index.js";
import type { SofimState } from "./state.js";

/** What `SofimState` holds of a Fisher matrix. */
export type FisherState = Pick<SofimState, "moment" | "window">;

/** A regularized Fisher matrix together with the moment that its inverse is applied to. */
export interface Fisher {
  readonly blocks: readonly BlockDiagnostics[];
  /** Reads what a step needs to know. Returns false, having changed nothing, if the gradient is not finite. */
  measure(gradient: FloatArray, settings: StepSettings): boolean;
  /** Forgets what was measured: the step is skipped. */
  clear(): void;
  /** Takes the gradient in and the step on the weights. */
  apply(weights: FloatArray, gradient: FloatArray, settings: StepSettings): void;
  /** A copy. */
  state(): FisherState;
  /** Takes up a state that was checked, copying it. */
  restore(state: FisherState): void;
}
