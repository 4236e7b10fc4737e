import { DType, numpy as np, tree } from "@jax-js/jax";
import { fromVector, toVector } from "./flat-vector.js";
import {
  applyInverseFisher,
  emptyWindow,
  type GradientWindow,
  momentOf,
  pushGradient,
} from "./gradient-window.js";
import { cast, type Hyperparameter, scalarDtype } from "./hyperparameter.js";
import { mapLeaves } from "./map-leaves.js";
import { measureStep, type SofimDiagnosticsState, zeroDiagnostics } from "./sofim-diagnostics.js";
import { type ArrayTree, type GradientTransformation, type OptState, readState } from "./transformation.js";
import { checkSameTree } from "./tree.js";

/** What `scaleBySofim` has checked for its form with a window. */
export interface WindowOptions {
  readonly window: number;
  readonly beta: Hyperparameter;
  readonly rho: Hyperparameter;
  readonly diagnostics: boolean;
}

interface ScaleByWindowState extends Omit<GradientWindow, "tail"> {
  /** A tree of the parameters' structure and shapes. */
  readonly tail: ArrayTree;
  readonly diagnostics?: SofimDiagnosticsState;
}

const windowKeys = ["gradients", "tail", "gram", "tailProducts", "shares", "weight", "filled"] as const;

/** `scaleBySofim` with the Fisher matrix of the last gradients. */
export function scaleByWindow({
  window: length,
  beta,
  rho,
  diagnostics,
}: WindowOptions): GradientTransformation {
  const stateKeys = diagnostics ? ([...windowKeys, "diagnostics"] as const) : windowKeys;
  return {
    init(params) {
      const leaves = tree.leaves<np.Array>(params);
      const dtype = scalarDtype(leaves);
      const size = leaves.reduce((sum, x) => sum + x.size, 0);
      const state = { ...emptyWindow(length, size, dtype), tail: mapLeaves(params, wideZeros) };
      return diagnostics ? { ...state, diagnostics: zeroDiagnostics(dtype) } : state;
    },
    update(updates, state, params) {
      const {
        tail,
        diagnostics: old,
        ...rest
      } = readState<ScaleByWindowState>("scaleBySofim with a window", state, stateKeys);
      checkSameTree("gradients", updates, "params", tail, "any");
      tree.dispose(params);
      const { dtype, size } = rest.gradients[0]!;
      if (size === 0) return [updates, state];
      const gradient = toVector(tree.ref(updates), dtype);
      const next = pushGradient(
        { ...rest, tail: toVector(tree.ref(tail), DType.Float64) },
        gradient.ref,
        beta,
      );
      const step = applyInverseFisher(next, rho);
      const measured = diagnostics && measure(gradient, next, step);
      tree.dispose([gradient, { ...old }]);
      const nextState = {
        ...next,
        tail: fromVector(next.tail, tail),
        ...(measured && { diagnostics: measured }),
      };
      return [fromVector(step, updates), nextState as OptState];
    },
  };
}

function wideZeros(x: np.Array): np.Array {
  return np.zerosLike(x, { dtype: DType.Float64 });
}

/** Borrows everything. */
function measure(gradient: np.Array, window: GradientWindow, step: np.Array): SofimDiagnosticsState {
  const moment = cast(momentOf(window), gradient.dtype);
  const weight = cast(window.weight.ref, gradient.dtype);
  const measured = measureStep([gradient], [moment], weight, [step]);
  tree.dispose([moment, weight]);
  return measured;
}
