import { type DType, numpy as np, tree } from "@jax-js/jax";
import { cast } from "./hyperparameter.js";
import { innerProduct, magnitude, scaled } from "./norm.js";
import { zeroScalar } from "./zeros.js";

/** What one step of SOFIM did; see `diagnostics` of `sofim`. Over all weights, whatever the blocks. */
export interface SofimDiagnostics {
  /** |Mh|^2, to be compared with rho: steps are longest where the two are equal. */
  readonly momentNormSquared: number;
  /** Length of the update before learning rate and weight decay: |Mh| / (rho + |Mh|^2), for one block. */
  readonly stepLength: number;
  /** Of the angle between gradient and moment, -1 to 1; 0 where either is zero. */
  readonly cosine: number;
}

/** The same as scalars in the state. */
export type SofimDiagnosticsState = { readonly [Name in keyof SofimDiagnostics]: np.Array };

/** Before the first step. */
export function zeroDiagnostics(dtype: DType): SofimDiagnosticsState {
  return { momentNormSquared: zeroScalar(dtype), stepLength: zeroScalar(dtype), cosine: zeroScalar(dtype) };
}

/** Measures a step. Borrows everything. */
export function measureStep(
  gradients: readonly np.Array[],
  moments: readonly np.Array[],
  weight: np.Array,
  steps: readonly np.Array[],
): SofimDiagnosticsState {
  const [g, m, s] = [gradients, moments, steps].map(unitAndLength) as [Measured, Measured, Measured];
  const cosine = innerProduct(g.direction, m.direction).div(positive(g.relative.mul(m.relative.ref)));
  const momentNorm = m.relative.mul(m.scale).div(cast(weight.ref, weight.dtype));
  tree.dispose([g.direction, m.direction, s.direction, g.scale]);
  return {
    momentNormSquared: np.square(momentNorm),
    stepLength: s.relative.mul(s.scale),
    cosine,
  };
}

interface Measured {
  /** The arrays divided by a scale, so that squares stay in range. */
  readonly direction: np.Array[];
  readonly scale: np.Array;
  /** Norm of `direction`. */
  readonly relative: np.Array;
}

function unitAndLength(arrays: readonly np.Array[]): Measured {
  const scale = magnitude(arrays);
  const inverse = np.reciprocal(scale.ref);
  const direction = scaled(arrays, inverse);
  inverse.dispose();
  return { direction, scale, relative: np.sqrt(innerProduct(direction, direction)) };
}

function positive(x: np.Array): np.Array {
  return np.where(x.ref.greater(0), x, np.array(1, { dtype: x.dtype }));
}

/**
 * Reads SOFIM's diagnostics out of the state of an optimizer, however it is chained, wrapped or injected. Takes states
 * of jax-js arrays and of `sofim/ort` arrays, and borrows them. This waits for the step: call it as often as you log.
 *
 * @param state What `init` or `update` returned.
 * @returns The numbers of the last step, zeros before the first; undefined if no part of the optimizer keeps them.
 *
 * @example
 * ```ts
 * import { defaultDevice, init, numpy as np, tree } from "@jax-js/jax";
 * import { readSofimDiagnostics, sofim } from "sofim";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * const optimizer = sofim({ learningRate: 0.1, rho: 1, diagnostics: true });
 * const [updates, state] = optimizer.update(np.array([3, 4]), optimizer.init(np.zeros([2])));
 * const found = await readSofimDiagnostics(state);
 * if (Math.abs(found!.momentNormSquared - 25) > 1e-4) throw new Error("|g|^2 at the first step");
 * if (Math.abs(found!.stepLength - 5 / 26) > 1e-6) throw new Error("|Mh| / (rho + |Mh|^2)");
 * tree.dispose([updates, state]);
 * ```
 */
export async function readSofimDiagnostics(state: unknown): Promise<SofimDiagnostics | undefined> {
  const found = findDiagnostics(state);
  if (found === undefined) return undefined;
  const [momentNormSquared, stepLength, cosine] = await Promise.all(
    [found.momentNormSquared, found.stepLength, found.cosine].map(
      async (x) => (await tree.ref(x).data())[0]!,
    ),
  );
  return { momentNormSquared: momentNormSquared!, stepLength: stepLength!, cosine: cosine! };
}

function findDiagnostics(node: unknown): SofimDiagnosticsState | undefined {
  if (typeof node !== "object" || node === null) return undefined;
  if (!Array.isArray(node) && node.constructor !== Object) return undefined;
  const children = Object.entries(node);
  const own = children.find(
    ([key, child]) => key === "diagnostics" && typeof child === "object" && "momentNormSquared" in child,
  );
  if (own !== undefined) return own[1] as SofimDiagnosticsState;
  for (const [, child] of children) {
    const found = findDiagnostics(child);
    if (found !== undefined) return found;
  }
  return undefined;
}
