import type { numpy as np } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";

/** A scalar of jax-js, or one that an engine holds. */
type ReadableScalar = { item(): number } | np.Array;

/**
 * The hyperparameters that a state holds, as numbers for a log: those of `injectHyperparams`, and the learning rates of
 * schedules, as the last step used them (the first one's before any). Numbers fixed when the optimizer was made are not
 * in the state.
 *
 * Reads scalars back to the host; not for use under `jit`.
 *
 * @param state Of any transformation, as jax-js arrays or as arrays of `sofim/ort`; borrowed.
 * @returns Values by name, such as `learningRate`. Behind `partition`, names begin with the group's label, as in
 * `matrices.learningRate`; where parts of a chain share a name, those after the first get a number, as in
 * `learningRate2`.
 * @throws InvalidArgumentError if `state` is no tree.
 *
 * @example
 * ```ts
 * import { defaultDevice, init, numpy as np } from "@jax-js/jax";
 * import { cosineDecaySchedule, currentHyperparams, injectHyperparams, sofim } from "sofim";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * const optimizer = injectHyperparams(sofim)({ learningRate: cosineDecaySchedule(0.1, 2), rho: 0.5 });
 * let state = optimizer.init(np.zeros([2]));
 * for (let i = 0; i < 2; i++) [, state] = optimizer.update(np.ones([2]), state);
 * const { learningRate, rho } = currentHyperparams(state);
 * if (rho !== 0.5 || Math.abs(learningRate! - 0.05) > 1e-7) throw new Error("expected the second step's");
 * ```
 */
export function currentHyperparams(state: unknown): Record<string, number> {
  if (typeof state !== "object" || state === null) {
    throw new InvalidArgumentError("state", state, "the state of a transformation");
  }
  const found: Record<string, number> = {};
  visit(state, "", found);
  return found;
}

function visit(node: unknown, prefix: string, found: Record<string, number>): void {
  if (Array.isArray(node)) {
    for (const part of node) visit(part, prefix, found);
  } else if (isPlain(node)) {
    const keys = Object.keys(node);
    if (isExactly(keys, ["hyperparams", "inner"]) && isPlain(node.hyperparams)) {
      for (const [name, value] of Object.entries(node.hyperparams)) add(found, prefix + name, value);
      visit(node.inner, prefix, found);
    } else if (isExactly(keys, ["count", "learningRate"]))
      add(found, `${prefix}learningRate`, node.learningRate);
    else if (isExactly(keys, ["groups"]) && isPlain(node.groups)) {
      for (const [label, group] of Object.entries(node.groups)) visit(group, `${prefix}${label}.`, found);
    } else for (const part of Object.values(node)) visit(part, prefix, found);
  }
}

function add(found: Record<string, number>, name: string, value: unknown): void {
  let unused = name;
  for (let i = 2; Object.hasOwn(found, unused); i++) unused = `${name}${i}`;
  const scalar = value as ReadableScalar;
  // Reading consumes the arrays of jax-js, not those of an engine.
  found[unused] = "ref" in scalar ? scalar.ref.item() : scalar.item();
}

function isExactly(keys: readonly string[], wanted: readonly string[]): boolean {
  return keys.length === wanted.length && wanted.every((key) => keys.includes(key));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && value.constructor === Object;
}
