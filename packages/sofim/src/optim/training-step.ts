import { grad, jvp, type numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";
import { checkOptionNames, type OptionNames } from "../core/option-names.js";
import { applyUpdates } from "./apply-updates.js";
import type { ArrayTree, ExtraArgs, GradientTransformation, OptState } from "./transformation.js";

/** What training minimizes: a scalar of the parameters and of a batch's arrays. Consumes its arguments. */
export type Loss<Params extends ArrayTree, Batch extends np.Array[]> = (
  params: Params,
  ...batch: Batch
) => np.Array;

/** A loss that also returns what it came by on the way, a tree of arrays that is not differentiated. */
export type LossWithAux<Params extends ArrayTree, Batch extends np.Array[], Aux extends ArrayTree> = (
  params: Params,
  ...batch: Batch
) => [loss: np.Array, aux: Aux];

/** From parameters, state and batch to the loss before the step, the next parameters and the next state. */
export type TrainingStep<Params extends ArrayTree, Batch extends np.Array[]> = (
  params: Params,
  state: OptState,
  ...batch: Batch
) => [loss: np.Array, params: Params, state: OptState];

/** A `TrainingStep` that passes on what its loss returned beside the value, all of it before the step. */
export type TrainingStepWithAux<Params extends ArrayTree, Batch extends np.Array[], Aux extends ArrayTree> = (
  params: Params,
  state: OptState,
  ...batch: Batch
) => [loss: np.Array, params: Params, state: OptState, aux: Aux];

export interface TrainingStepOptions {
  /** See `ExtraArgs`. Default true. */
  readonly refreshCurvature?: boolean;
  /** Whether the loss returns `[value, aux]`. Default false. */
  readonly hasAux?: boolean;
}

const optionNames: OptionNames<TrainingStepOptions> = { refreshCurvature: "optional", hasAux: "optional" };

/**
 * One step of an optimizer on a loss: gradient, update and new parameters, with everything in `extra` that methods
 * beyond the first order ask for. A pure function for `jit` of jax-js or of `sofim/ort`; it consumes its arguments.
 *
 * Hessian-vector products are forward-over-reverse, H v = jvp(grad loss)(v), on the same batch. What the optimizer does
 * not ask for is not traced.
 *
 * With `hasAux` the loss returns a pair, as for `valueAndGrad` of jax-js: its value and a tree that the step returns
 * last, such as the logits or the batch's statistics of a batch normalization. Nothing is differentiated through it;
 * gradients elsewhere and Hessian-vector products are those of the value.
 *
 * @param loss See `Loss`, and `LossWithAux` for `hasAux`.
 * @param optimizer Any transformation.
 * @param options.refreshCurvature See `ExtraArgs`. Default true.
 * @param options.hasAux Whether the loss returns `[value, aux]`. Default false.
 * @returns The step; with `hasAux` its fourth result is `aux` at the parameters before the step.
 * @throws InvalidArgumentError for an option that is unknown; at the first call of the step, if the loss returns a pair
 * without `hasAux` or none with it.
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
  options?: TrainingStepOptions & { readonly hasAux?: false },
): TrainingStep<Params, Batch>;
export function trainingStep<Params extends ArrayTree, Batch extends np.Array[], Aux extends ArrayTree>(
  loss: LossWithAux<Params, Batch, Aux>,
  optimizer: GradientTransformation,
  options: TrainingStepOptions & { readonly hasAux: true },
): TrainingStepWithAux<Params, Batch, Aux>;
export function trainingStep<Params extends ArrayTree, Batch extends np.Array[]>(
  loss: Loss<Params, Batch> | LossWithAux<Params, Batch, ArrayTree>,
  optimizer: GradientTransformation,
  options: TrainingStepOptions = {},
): TrainingStep<Params, Batch> | TrainingStepWithAux<Params, Batch, ArrayTree> {
  const { refreshCurvature = true, hasAux = false } = checkOptionNames(options, optionNames);
  const pair = (params: Params, ...batch: Batch): [np.Array, ArrayTree] =>
    splitLoss(loss(params, ...batch), hasAux);
  const value = (params: Params, ...batch: Batch): np.Array => {
    const [alone, aux] = pair(params, ...batch);
    tree.dispose(aux);
    return alone;
  };
  const evaluate = valueAndGrad(pair, { hasAux: true }) as unknown as (
    params: ArrayTree,
    ...batch: np.Array[]
  ) => [[np.Array, ArrayTree], Params];
  const gradient = grad(value) as unknown as (params: ArrayTree, ...batch: np.Array[]) => ArrayTree;
  const step: TrainingStepWithAux<Params, Batch, ArrayTree> = (params, state, ...batch) => {
    const gradientAt = (at: ArrayTree): ArrayTree => gradient(at, ...tree.ref(batch));
    const [[value, aux], gradients] = evaluate(tree.ref(params), ...tree.ref(batch));
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
    return [value, applyUpdates(params, updates), nextState, aux];
  };
  if (hasAux) return step;
  return (...args) => {
    const [value, params, state] = step(...args);
    return [value, params, state];
  };
}

/** What a loss returned as a value and the rest, which is empty without `hasAux`. */
function splitLoss(returned: np.Array | [np.Array, ArrayTree], hasAux: boolean): [np.Array, ArrayTree] {
  if (Array.isArray(returned) !== hasAux) {
    const wanted = hasAux ? "[value, aux], as hasAux says" : "a scalar; [value, aux] needs hasAux: true";
    throw new InvalidArgumentError("what loss returned", returned, wanted);
  }
  return Array.isArray(returned) ? returned : [returned, []];
}
