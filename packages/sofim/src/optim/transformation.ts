import { type JsTree, type numpy as np, tree } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";

/** Parameters, gradients, updates: jax-js arrays nested in plain objects and arrays. */
export type ArrayTree = JsTree<np.Array>;

/** What a transformation carries from step to step; a tree, so that it passes through `jit`. */
export type OptState = ArrayTree;

/** Named values beside gradients and parameters that some transformations ask for. Borrowed, never consumed. */
export type ExtraArgs = Readonly<Record<string, unknown>>;

/**
 * A pair of pure functions that turns gradients into updates: the interface of optax and of `@jax-js/optax`, so that
 * transformations of both libraries chain together.
 *
 * Arrays follow the rules of jax-js: `init` consumes the parameters, `update` consumes updates, state and parameters.
 * Neither reads values back to the host, so both run under `jit`.
 */
export interface GradientTransformation {
  /** Makes the state for parameters of this structure. */
  init<Params extends ArrayTree>(params: Params): OptState;
  /** Transforms `updates` (first the gradients) and returns them with the next state. */
  update<Params extends ArrayTree>(
    updates: Params,
    state: OptState,
    params?: Params,
    extra?: ExtraArgs,
  ): [Params, OptState];
}

/** The state of a transformation that has none. Consumes `params`. */
export function emptyState(params: ArrayTree): OptState {
  tree.dispose(params);
  return [];
}

/** Takes the named parts out of a state; throws if another transformation made it. */
export function readState<T extends object>(owner: string, state: OptState, keys: readonly (keyof T)[]): T {
  const found = typeof state === "object" && state !== null ? Object.keys(state) : [];
  if (keys.length !== found.length || !keys.every((key) => found.includes(String(key)))) {
    const wanted = `the state that init or update of ${owner} returned, { ${keys.join(", ")} }`;
    throw new InvalidArgumentError("state", state, wanted);
  }
  return state as T;
}
