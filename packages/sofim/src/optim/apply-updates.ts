import { type numpy as np, tree } from "@jax-js/jax";
import { mapLeaves } from "./map-leaves.js";
import type { ArrayTree } from "./transformation.js";
import { checkSameTree } from "./tree.js";

/**
 * Adds updates to parameters: params + updates, leaf by leaf.
 *
 * @param params The parameters; consumed.
 * @param updates What `update` returned, of the same structure and shapes; consumed.
 * @returns The new parameters.
 * @throws TreeMismatchError if the trees differ.
 *
 * @example
 * ```ts
 * import { defaultDevice, grad, init, numpy as np, tree } from "@jax-js/jax";
 * import { applyUpdates, sofim } from "sofim";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * const loss = (params: { w: np.Array }) => np.sum(np.square(params.w.sub(3)));
 * const optimizer = sofim({ learningRate: 0.2, rho: 1 });
 * let params = { w: np.zeros([2]) };
 * let state = optimizer.init(tree.ref(params));
 * for (let i = 0; i < 300; i++) {
 *   const gradients = grad(loss)(tree.ref(params));
 *   const [updates, next] = optimizer.update(gradients, state, tree.ref(params));
 *   params = applyUpdates(params, updates);
 *   state = next;
 * }
 * const [w] = await params.w.data();
 * if (Math.abs(w! - 3) > 1e-2) throw new Error("did not converge");
 * ```
 */
export function applyUpdates<Params extends ArrayTree>(params: Params, updates: Params): Params {
  checkSameTree("updates", updates, "params", params);
  const steps = tree.leaves<np.Array>(updates);
  return mapLeaves(params, (p, i) => p.add(steps[i]!));
}
