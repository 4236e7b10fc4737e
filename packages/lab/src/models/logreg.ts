import { dense, flatten, initDense } from "./layers.js";
import { layer, type Model, type ModelShape } from "./model.js";

/** Multinomial logistic regression: one dense layer on the pixels. Its cross-entropy is convex. */
export function logreg({ inputShape, classes }: ModelShape): Model {
  const features = inputShape[0] * inputShape[1] * inputShape[2];
  return Object.freeze<Model>({
    name: "logreg",
    inputShape,
    classes,
    init: (random) => ({ fc: initDense(random, features, classes) }),
    apply: (params, x) => dense(layer(params, "fc"), flatten(x)),
  });
}
