import type { ExtraArgs, GradientTransformation } from "../../src/optim/index.js";
import { values } from "./jax.js";

/** An optimizer that also tells which vectors it multiplied the Hessian with. */
export function spied(optimizer: GradientTransformation, seen: number[][]): GradientTransformation {
  return {
    init: (params) => optimizer.init(params),
    update(updates, state, params, extra) {
      const hessianVectorProduct: NonNullable<ExtraArgs["hessianVectorProduct"]> = (vector) => {
        seen.push(values(vector));
        return extra!.hessianVectorProduct!(vector);
      };
      return optimizer.update(updates, state, params, { ...extra, hessianVectorProduct });
    },
  };
}
