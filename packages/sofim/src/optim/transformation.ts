import { type JsTree, type numpy as np, tree } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";

/** Parameters, gradients, updates: jax-js arrays nested in plain objects and arrays. */
export type ArrayTree = JsTree<np.Array>;

/** What a transformation carries from step to step; a tree, so that it passes through `jit`. */
export type OptState = ArrayTree;

/**
 * What some transformations ask for beside gradients and parameters, all of it at the current parameters and batch.
 * `trainingStep` fills it; a loop of your own passes what its optimizer needs. The functions are traced where an
 * optimizer calls them: one that is never called adds nothing to a compiled step.
 *
 * Arrays in here are borrowed. The functions consume what they are given.
 */
export interface ExtraArgs {
  /** The loss before the update, a scalar. */
  readonly value?: np.Array;
  /** The gradient of the same loss on the same batch at other parameters. Costs one gradient. */
  readonly gradientAt?: <Params extends ArrayTree>(params: Params) => Params;
  /** The Hessian times a tree of the parameters' structure, shapes and dtypes. Costs one to two gradients. */
  readonly hessianVectorProduct?: <Vector extends ArrayTree>(vector: Vector) => Vector;
  /**
   * False in a step that is to keep the curvature found by an earlier one: methods with Hessian-vector products then
   * call none. It is read when the step is traced; a loop that refreshes every k steps compiles two. Default true.
   */
  readonly refreshCurvature?: boolean;
  /** Transformations of your own may ask for more. */
  readonly [name: string]: unknown;
}

/**
 * A pair of pure functions that turns gradients into updates: the interface of optax and of `@jax-js/optax`, so that
 * transformations of both libraries chain together.
 *
 * Arrays follow the rules of jax-js: `init` consumes the parameters, `update` consumes updates, state and parameters.
 * Neither reads values back to the host, so both run under `jit`.
 */
export interface GradientTransformation {
  /**
   * Set where `update` must be given the gradients of the loss as they are: the reason, "it ...". `chain` refuses to put
   * such a transformation behind another; a wrapper that changes no gradients passes the reason on.
   */
  readonly needsRawGradients?: string | undefined;
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

/**
 * Takes one argument out of `extra`.
 *
 * @throws InvalidArgumentError naming what is missing and who needs it.
 */
export function requireExtra<Name extends keyof ExtraArgs & string>(
  owner: string,
  extra: ExtraArgs | undefined,
  name: Name,
): NonNullable<ExtraArgs[Name]> {
  const value = extra?.[name];
  if (value === undefined || value === null) {
    throw new InvalidArgumentError(`extra.${name}`, value, `what ${owner} needs; trainingStep provides it`);
  }
  return value;
}
