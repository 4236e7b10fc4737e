import { tree } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";
import type { GradientTransformation, OptState } from "./transformation.js";
import { checkSameTree } from "./tree.js";

/**
 * Applies transformations one after another, the updates of each going into the next.
 *
 * State: the list of their states.
 *
 * @param transformations Those of this library, of `@jax-js/optax`, or your own.
 * @returns The transformation.
 * @throws InvalidArgumentError if one behind another needs the gradients of the loss as they are (`lbfgs`, say);
 * TreeMismatchError from `update`, before anything is consumed, if gradients and parameters differ.
 *
 * @example
 * ```ts
 * import { chain, clipByGlobalNorm, sofim } from "sofim";
 *
 * const optimizer = chain(clipByGlobalNorm(1), sofim({ learningRate: 0.1 }));
 * if (typeof optimizer.update !== "function") throw new Error("not a transformation");
 * ```
 */
export function chain(...transformations: readonly GradientTransformation[]): GradientTransformation {
  transformations.forEach(({ needsRawGradients }, i) => {
    if (i > 0 && needsRawGradients !== undefined) {
      const expected = `one that can follow others; this must come first, as ${needsRawGradients}`;
      throw new InvalidArgumentError(`transformations[${i}]`, transformations[i], expected);
    }
  });
  return {
    needsRawGradients: transformations[0]?.needsRawGradients,
    init(params) {
      const states = transformations.map((t) => t.init(tree.ref(params)));
      tree.dispose(params);
      return states;
    },
    update(updates, state, params, extra) {
      if (!Array.isArray(state) || state.length !== transformations.length) {
        throw new InvalidArgumentError(
          "state",
          state,
          `a list of ${transformations.length} states, from init or update`,
        );
      }
      if (params !== undefined) checkSameTree("gradients", updates, "params", params);
      let current = updates;
      const states: OptState[] = [];
      for (const [i, transformation] of transformations.entries()) {
        const borrowed = params === undefined ? undefined : tree.ref(params);
        const [next, nextState] = transformation.update(current, state[i]!, borrowed, extra);
        current = next;
        states.push(nextState);
      }
      tree.dispose(params);
      return [current, states];
    },
  };
}
