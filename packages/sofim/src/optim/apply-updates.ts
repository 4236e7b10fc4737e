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
 * import { init, numpy as np } from "@jax-js/jax";
 * import { applyUpdates } from "sofim";
 *
 * await init("wasm");
 * const params = applyUpdates({ w: np.array([1, 2]) }, { w: np.array([0.5, -0.5]) });
 * if ((await params.w.data()).join() !== "1.5,1.5") throw new Error("expected params + updates");
 * ```
 */
export function applyUpdates<Params extends ArrayTree>(params: Params, updates: Params): Params {
  checkSameTree("updates", updates, "params", params);
  const steps = tree.leaves<np.Array>(updates);
  return mapLeaves(params, (p, i) => p.add(steps[i]!));
}
