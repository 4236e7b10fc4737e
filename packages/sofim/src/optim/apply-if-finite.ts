import { DType, numpy as np, tree } from "@jax-js/jax";
import { mapLeaves } from "./map-leaves.js";
import { type GradientTransformation, type OptState, readState } from "./transformation.js";
import { zeroScalar } from "./zeros.js";

interface ApplyIfFiniteState {
  /** Steps whose gradients were not finite, an int32 scalar. */
  readonly notFinite: np.Array;
  readonly inner: OptState;
}

/**
 * Runs a transformation only on finite gradients. If any leaf holds NaN or infinity, the updates are zero and the inner
 * state stays as it is to the last bit, while `notFinite` counts the step.
 *
 * State: `{ notFinite, inner }`.
 *
 * @param inner The transformation to guard; wrap the whole chain, so that weight decay is held back too.
 * @returns The transformation.
 *
 * @example
 * ```ts
 * import { defaultDevice, init, numpy as np } from "@jax-js/jax";
 * import { applyIfFinite, sofim } from "sofim";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * const optimizer = applyIfFinite(sofim({ learningRate: 0.1 }));
 * const state = optimizer.init(np.zeros([2]));
 * const [updates, next] = optimizer.update(np.array([Number.NaN, 1]), state);
 * const [first] = await updates.data();
 * if (first !== 0) throw new Error("expected no update");
 * if ((next as { notFinite: np.Array }).notFinite.item() !== 1) throw new Error("expected it to be counted");
 * ```
 */
export function applyIfFinite(inner: GradientTransformation): GradientTransformation {
  return {
    needsRawGradients: inner.needsRawGradients,
    init: (params) => ({ notFinite: zeroScalar(DType.Int32), inner: inner.init(params) }),
    update(updates, state, params, extra) {
      const old = readState<ApplyIfFiniteState>("applyIfFinite", state, ["notFinite", "inner"]);
      const finite = allFinite(tree.leaves<np.Array>(updates));
      const kept = tree.leaves<np.Array>(tree.ref(old.inner));
      const [inside, insideState] = inner.update(updates, old.inner, params, extra);
      const result = mapLeaves(inside, (u) => np.where(finite.ref, u, np.array(0, { dtype: u.dtype })));
      const nextState = mapLeaves(insideState, (s, i) => np.where(finite.ref, s, kept[i]!));
      const notFinite = old.notFinite.add(np.where(finite, 0, 1).astype(DType.Int32));
      return [result, { notFinite, inner: nextState }];
    },
  };
}

/** Whether every element of every array is finite, a boolean scalar. Borrows the arrays. */
function allFinite(arrays: readonly np.Array[]): np.Array {
  return arrays
    .filter((x) => x.size > 0)
    .reduce((all, x) => np.logicalAnd(all, np.all(np.isfinite(x.ref))), np.array(true));
}
