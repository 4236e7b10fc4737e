import { grad, jvp, type numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { applyUpdates } from "./apply-updates.js";
import type { ArrayTree, ExtraArgs, GradientTransformation, OptState } from "./transformation.js";

/** What training minimizes: a scalar of the parameters and of a batch's arrays. Consumes its arguments. */
export type Loss<Params extends ArrayTree, Batch extends np.Array[]> = (
  params: Params,
  ...batch: Batch
) => np.Array;

/** From parameters, state and batch to the loss before the step, the next parameters and the next state. */
export type TrainingStep<Params extends ArrayTree, Batch extends np.Array[]> = (
  params: Params,
  state: OptState,
  ...batch: Batch
) => [loss: np.Array, params: Params, state: OptState];

/**
 * One step of an optimizer on a loss: gradient, update and new parameters, with everything in `extra` that methods
 * beyond the first order ask for. A pure function for `jit` of jax-js or of `sofim/ort`; it consumes its arguments.
 *
 * Hessian-vector products are forward-over-reverse, H v = jvp(grad loss)(v), on the same batch. What the optimizer does
 * not ask for is not traced.
 *
 * @param loss See `Loss`.
 * @param optimizer Any transformation.
 * @param options.refreshCurvature See `ExtraArgs`. Default true.
 * @returns The step.
 *
 * @example
 * ```ts
 * import { defaultDevice, init, jit, numpy as np, tree } from "@jax-js/jax";
 * import { adahessian, trainingStep } from "sofim";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * const loss = (w: np.Array, target: np.Array) => np.sum(np.square(w.sub(target)));
 * const optimizer = adahessian({ learningRate: 0.3 });
 * const step = jit(trainingStep(loss, optimizer));
 * let w = np.zeros([2], { dtype: np.float32 });
 * let state = optimizer.init(w.ref);
 * let value: np.Array;
 * for (let i = 0; i < 100; i++) {
 *   [value, w, state] = step(w, state, np.array([1, -2], { dtype: np.float32 }));
 *   value.dispose();
 * }
 * tree.dispose(state);
 * const [first, second] = await w.data();
 * if (Math.hypot(first! - 1, second! + 2) > 1e-2) throw new Error("did not converge");
 * ```
 */
export function trainingStep<Params extends ArrayTree, Batch extends np.Array[]>(
  loss: Loss<Params, Batch>,
  optimizer: GradientTransformation,
  { refreshCurvature = true }: { readonly refreshCurvature?: boolean } = {},
): TrainingStep<Params, Batch> {
  const evaluate = valueAndGrad(loss) as unknown as (
    params: ArrayTree,
    ...batch: np.Array[]
  ) => [np.Array, Params];
  const gradient = grad(loss) as unknown as (params: ArrayTree, ...batch: np.Array[]) => ArrayTree;
  return (params, state, ...batch) => {
    const gradientAt = (at: ArrayTree): ArrayTree => gradient(at, ...tree.ref(batch));
    const [value, gradients] = evaluate(tree.ref(params), ...tree.ref(batch));
    const extra: ExtraArgs = {
      value,
      gradientAt: gradientAt as NonNullable<ExtraArgs["gradientAt"]>,
      hessianVectorProduct: (vector) => {
        const [at, product] = jvp(gradientAt, [tree.ref(params) as ArrayTree], [vector]);
        tree.dispose(at);
        return product as typeof vector;
      },
      refreshCurvature,
    };
    const [updates, nextState] = optimizer.update(gradients, state, tree.ref(params), extra);
    tree.dispose(batch);
    return [value, applyUpdates(params, updates), nextState];
  };
}
