/** Every case, and what is known of where it cannot run. */
import { makeJaxpr, tree } from "@jax-js/jax";
import { UnsupportedPrimitiveError } from "../../../src/ort/index.js";
import type { Primitive } from "../../../src/ort/jaxpr.js";
import { rules } from "../../../src/ort/rules/index.js";
import type { Application } from "../../../src/ort/rules/rule.js";
import { type Case, toArray } from "./case.js";
import { convCases } from "./conv.js";
import { dotCases } from "./dot.js";
import { elementwiseCases } from "./elementwise.js";
import { linalgCases } from "./linalg.js";
import { movementCases } from "./movement.js";
import { poolCases } from "./pool.js";
import { reduceCases } from "./reduce.js";

export const families: Readonly<Record<string, readonly Case[]>> = {
  "element-wise": elementwiseCases,
  movement: movementCases,
  reduce: reduceCases,
  dot: dotCases,
  conv: convCases,
  pool: poolCases,
  "linear algebra": linalgCases,
};

/** All but `jit`, which the trace is cleared of before it is lowered. */
export const primitives = (Object.keys(rules) as Primitive[]).filter((name) => name !== "jit");

/** The primitives that a case is traced to. */
export function primitivesOf({ fn, args }: Case): ReadonlySet<Primitive> {
  const inputs = args.map(toArray);
  const { jaxpr } = makeJaxpr(fn)(...inputs);
  tree.dispose(inputs);
  const names = jaxpr.jaxpr
    .flatten()
    .simplify()
    .eqns.map(({ primitive }) => primitive);
  jaxpr.dispose();
  return new Set(names);
}

/** Why a primitive is never lowered, in any form; undefined if it is. */
export function reasonAgainst(primitive: Primitive): string | undefined {
  const rule = rules[primitive] as (application: Partial<Application<Primitive>>) => unknown;
  try {
    rule({ inputs: [] });
  } catch (error) {
    if (error instanceof UnsupportedPrimitiveError) return error.reason;
  }
  return undefined; // it got as far as looking for operands
}
