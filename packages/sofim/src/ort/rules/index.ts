/**
 * The rule of every primitive. The map is total: when jax-js gains a primitive, this file no longer compiles
 * until someone has written its rule or said why there is none.
 */
import type { Primitive } from "../jaxpr.js";
import { bitCountRule, bitcastRule, bitShiftRule, randomBitsRule } from "./bits.js";
import { convRule } from "./conv/conv.js";
import { dotRule } from "./dot.js";
import { elementwiseRules } from "./elementwise.js";
import { jacobiEighRule } from "./linalg/eigh.js";
import { luRule } from "./linalg/lu.js";
import { choleskyRule, triangularSolveRule } from "./linalg/triangular.js";
import { movementRules } from "./movement.js";
import { argsortRule, scatterRule, sortRule } from "./order.js";
import { poolRule, poolTransposeRule } from "./pool.js";
import { reduceRule } from "./reduce.js";
import { type Rule, refuse } from "./rule.js";
import { erfcRule, fftRule } from "./transforms.js";

export const rules: { readonly [P in Primitive]: Rule<P> } = {
  ...elementwiseRules,
  ...movementRules,
  reduce: reduceRule,
  dot: dotRule,
  conv: convRule,
  pool: poolRule,
  pool_transpose: poolTransposeRule,
  bit_shift: bitShiftRule,
  bit_count: bitCountRule,
  random_bits: randomBitsRule,
  scatter: scatterRule,
  sort: sortRule,
  argsort: argsortRule,
  fft: fftRule,
  erfc: erfcRule,
  bitcast: bitcastRule,
  triangular_solve: triangularSolveRule,
  cholesky: choleskyRule,
  lu: luRule,
  jacobi_eigh: jacobiEighRule,
  jit: refuse("jit", "nested jit is flattened before lowering; this is an error in sofim"),
};
