import { numpy as np, tree } from "@jax-js/jax";
import { type GradientTransformation, trainingStep } from "sofim";

/** What one optimizer step asks of the loss. */
export interface StepCalls {
  /** Gradients, the step's own among them. */
  readonly gradients: number;
  /** Hessian-vector products. */
  readonly products: number;
}

/** Counts what a step asks for, by taking one on a small loss; needs jax-js started. */
export function countStepCalls(optimizer: GradientTransformation, refreshCurvature: boolean): StepCalls {
  const calls = { gradients: 1, products: 0 };
  const spy: GradientTransformation = {
    init: (params) => optimizer.init(params),
    update(updates, state, params, extra) {
      const { gradientAt, hessianVectorProduct } = extra!;
      return optimizer.update(updates, state, params, {
        ...extra,
        gradientAt(at) {
          calls.gradients++;
          return gradientAt!(at);
        },
        hessianVectorProduct(vector) {
          calls.products++;
          return hessianVectorProduct!(vector);
        },
      });
    },
  };
  const weights = np.ones([64], { dtype: np.float32 });
  const step = trainingStep((w: np.Array) => np.square(w).sum(), spy, { refreshCurvature });
  tree.dispose(step(weights.ref, spy.init(weights)));
  return calls;
}
