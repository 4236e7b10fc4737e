import { DType, numpy as np, tree } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";
import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import { checkInteger, checkPositive } from "../core/options.js";
import { cast, checkHyperparameter, type Hyperparameter, operand } from "./hyperparameter.js";
import { mapLeaves } from "./map-leaves.js";
import { checkSeed, keyFromSeed, nextKeys } from "./rademacher.js";
import { randomColumns } from "./random-columns.js";
import { absoluteMatrix, invertPositive } from "./small-matrices.js";
import {
  type ArrayTree,
  type ExtraArgs,
  type GradientTransformation,
  readState,
  requireExtra,
} from "./transformation.js";
import { checkSameTree } from "./tree.js";

/** The values of Nys-Newton's options where they are left out. */
export const nysNewtonDefaults = Object.freeze({ learningRate: 0.1, rho: 1, columns: 8, seed: 0 } as const);

/** More would make graphs of many thousand nodes and m x m algebra that is no longer small. */
const MOST_COLUMNS = 64;

/** Options of `scaleByNysNewton`. */
export interface ScaleByNysNewtonOptions {
  /** Regularization of the Hessian, finite and > 0, in units of curvature. Default 1. */
  readonly rho?: Hyperparameter;
  /** Columns m of the Hessian to sample, 1 to 64 and at most the number of weights. Default 8, or all if there are fewer. */
  readonly columns?: number;
  /** Of the choice of columns, an integer from 0 to 2^32 - 1. Default 0. */
  readonly seed?: number;
}

/** The options' names, for `checkOptionNames`. */
export const scaleByNysNewtonOptionNames: OptionNames<ScaleByNysNewtonOptions> = {
  rho: "optional",
  columns: "optional",
  seed: "optional",
};

interface ScaleByNysNewtonState {
  /** C': every leaf [columns, ...shape]. */
  readonly columns: ArrayTree;
  /** (rho |W| + C'C)^-1, float64, [columns, columns]. */
  readonly inverse: np.Array;
  /** The rho of the last refresh, float64. */
  readonly rho: np.Array;
  readonly key: np.Array;
}

/**
 * A Newton step with Nystrom's approximation of the Hessian from m of its columns.
 *
 *     C = H[:, S]       W = C[S, :]       H ~ C W^+ C'         S: m random places among all weights
 *     update = (C |W|^+ C' + rho I)^-1 g = (g - C (rho |W| + C'C)^-1 C'g) / rho
 *
 * by Woodbury: only an m x m matrix is inverted, in float64. |W| has the magnitudes of W's eigenvalues. Where the loss
 * is convex |W| = W and this is the published step; elsewhere W has negative eigenvalues, with which the step could go
 * uphill and without bound, while this one always points downhill and is never longer than |g| / rho.
 *
 * A step with `extra.refreshCurvature` false reuses columns and inverse from the state. Before the first refresh there
 * is no curvature and the update is g / rho. Where there are no weights, nothing happens.
 *
 * State: `{ columns, inverse, rho, key }`, m buffers per weight, m^2 + 1 float64 and two uint32.
 *
 * @param options See `ScaleByNysNewtonOptions`.
 * @returns The transformation. `update` needs `extra.hessianVectorProduct`, which it calls m times in a refreshing step.
 * The device must have float64.
 * @throws InvalidArgumentError for an option that is unknown or out of range, from `init` for more columns than
 * weights, or from `update` without `extra.hessianVectorProduct`; TreeMismatchError from `update` for gradients that
 * differ from the parameters.
 *
 * Source: our re-implementation of Singh, Tankaria, Yamada, "Nys-Newton: Nystrom-Approximated Curvature for Stochastic
 * Optimization", arXiv 2110.08577. The absolute value of W is ours.
 */
export function scaleByNysNewton(options: ScaleByNysNewtonOptions = {}): GradientTransformation {
  checkOptionNames(options, scaleByNysNewtonOptionNames);
  const rho = checkHyperparameter("rho", options.rho ?? nysNewtonDefaults.rho, checkPositive);
  const given = options.columns === undefined ? undefined : checkColumns(options.columns);
  const seed = checkSeed(options.seed ?? nysNewtonDefaults.seed);
  return {
    init(params) {
      const weights = tree.leaves<np.Array>(params).reduce((sum, x) => sum + x.size, 0);
      const count = countColumns(given, weights);
      const columns = mapLeaves(params as ArrayTree, (x) => {
        const [shape, { dtype }] = [[count, ...x.shape], x];
        x.dispose();
        return np.zeros(shape, { dtype });
      });
      const inverse = np.zeros([count, count], { dtype: DType.Float64 });
      return { columns, inverse, rho: operand(rho, DType.Float64), key: keyFromSeed(seed) };
    },
    update(updates, state, params, extra) {
      const keys = ["columns", "inverse", "rho", "key"] as const;
      const old = readState<ScaleByNysNewtonState>("scaleByNysNewton", state, keys);
      checkGradients(updates, old.columns);
      if (tree.leaves<np.Array>(updates).every((x) => x.size === 0)) {
        tree.dispose(params);
        return [updates, state];
      }
      const next = extra?.refreshCurvature === false ? old : refresh(old, extra, rho);
      tree.dispose(params);
      return [newtonStep(updates, next), { ...next }];
    },
  };
}

/** New columns and the inverse that belongs to them. */
function refresh(
  old: ScaleByNysNewtonState,
  extra: ExtraArgs | undefined,
  rho: Hyperparameter,
): ScaleByNysNewtonState {
  const product = requireExtra("nysNewton", extra, "hessianVectorProduct");
  const count = old.inverse.shape[0]!;
  const [like, structure] = tree.flatten<np.Array>(old.columns);
  const shapes = like.map((x) => x.shape.slice(1));
  const [key, drawKey] = nextKeys(old.key);
  const units = unitVectors(drawKey, like, count);
  const products = Array.from({ length: count }, (_, i) => {
    const vector = units.map((u, leaf) => u.ref.slice(i).reshape([...shapes[leaf]!]));
    return tree.leaves<np.Array>(product(tree.unflatten(structure, vector) as ArrayTree));
  });
  const rows = like.map((x, leaf) =>
    x.size === 0 ? x.ref : np.stack(products.map((leaves) => leaves[leaf]!)).reshape([...x.shape]),
  );
  products.flat().forEach((x, i) => {
    if (like[i % like.length]!.size === 0) x.dispose();
  });
  const flat = rows.map((x) => flattened(x.ref, count));
  const overlap = sumOf(flat, (x, leaf) => float64(np.matmul(units[leaf]!.ref, x.ref.transpose())));
  const symmetric = overlap.ref.add(overlap.transpose()).mul(np.array(0.5, { dtype: DType.Float64 }));
  const gram = sumOf(flat, (x) => {
    const wide = float64(x.ref);
    return np.matmul(wide.ref, wide.transpose());
  });
  const regularizer = absoluteMatrix(symmetric).mul(operand(rho, DType.Float64));
  tree.dispose([like, units, flat, old.inverse, old.rho] as ArrayTree);
  return {
    columns: tree.unflatten(structure, rows) as ArrayTree,
    inverse: invertPositive(regularizer.add(gram)),
    rho: operand(rho, DType.Float64),
    key,
  };
}

/** (g - C K C'g) / rho with K the inverse in the state. Consumes the gradients and borrows the state. */
function newtonStep<T extends ArrayTree>(gradients: T, state: ScaleByNysNewtonState): T {
  const count = state.inverse.shape[0]!;
  const rows = tree.leaves<np.Array>(state.columns).map((x) => flattened(x.ref, count));
  const leaves = tree.leaves<np.Array>(gradients);
  // C'g in float64: near-dependent columns make the inverse large, and float32's rounding with it.
  const projections = sumOf(rows, (x, i) =>
    np.matmul(float64(x.ref), float64(leaves[i]!.ref).reshape([-1, 1])),
  );
  const coefficients = np.matmul(state.inverse.ref, projections).reshape([1, count]);
  const perRho = np.reciprocal(state.rho.ref);
  const steps = mapLeaves(gradients, (g, i) => {
    const { dtype } = g;
    const shape = [...g.shape];
    const along =
      g.size === 0 ? float64(g.ref) : np.matmul(coefficients.ref, float64(rows[i]!.ref)).reshape(shape);
    return cast(float64(g).sub(along).mul(perRho.ref), dtype);
  });
  tree.dispose([rows, coefficients, perRho] as ArrayTree);
  return steps;
}

/** The unit vectors of random places, one row each, in pieces as the leaves have them: [count, leaf size]. */
function unitVectors(key: np.Array, columns: readonly np.Array[], count: number): np.Array[] {
  const sizes = columns.map((x) => x.size / count);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const places = randomColumns(key, count, total).reshape([count, 1]);
  let start = 0;
  const units = columns.map((x, i) => {
    const end = start + sizes[i]!;
    const unit = sizes[i] === 0 ? np.zeros([count, 0]) : places.ref.equal(np.arange(start, end));
    start = end;
    return unit.astype(x.dtype);
  });
  places.dispose();
  return units;
}

/** The sum over all leaves that have elements. Borrows them. */
function sumOf(leaves: readonly np.Array[], term: (leaf: np.Array, index: number) => np.Array): np.Array {
  return leaves.flatMap((x, i) => (x.size === 0 ? [] : [term(x, i)])).reduce((sum, x) => sum.add(x));
}

function flattened(rows: np.Array, count: number): np.Array {
  return rows.reshape([count, rows.size / count]);
}

function float64(x: np.Array): np.Array {
  return cast(x, DType.Float64);
}

function checkGradients(gradients: ArrayTree, columns: ArrayTree): void {
  const like = mapLeaves(tree.ref(columns), (x) => x.slice(0));
  try {
    checkSameTree("gradients", gradients, "params", like);
  } finally {
    tree.dispose(like);
  }
}

/** The columns to sample of so many weights: at least one, as without weights it does not matter how many. */
function countColumns(given: number | undefined, weights: number): number {
  if (given === undefined) return Math.max(Math.min(nysNewtonDefaults.columns, weights), 1);
  if (given > weights && weights > 0) {
    throw new InvalidArgumentError("columns", given, `at most the number of weights, ${weights}`);
  }
  return given;
}

function checkColumns(value: unknown): number {
  const count = checkInteger("columns", value, 1);
  if (count > MOST_COLUMNS) throw new InvalidArgumentError("columns", value, `at most ${MOST_COLUMNS}`);
  return count;
}
